/** The wall without cameras: sixteen simulated ones on loopback, so that a newcomer sees it live at once. @module */
import { CAMERA_NAMES, startCameraSim } from "@vigia/camera-sim";
import type { CameraSettings } from "./config/settings.ts";

const DEMO_CAMERAS = 16;

/** Dispose of it to stop the cameras. */
export async function startDemo(): Promise<AsyncDisposable & { readonly cameras: readonly CameraSettings[] }> {
	const sim = await startCameraSim({ count: DEMO_CAMERAS });
	const cameras = Array.from({ length: DEMO_CAMERAS }, (_, index): CameraSettings => {
		const address = (subtype: 0 | 1) => ({
			scheme: "rtsp" as const,
			host: "127.0.0.1",
			port: sim.port,
			path: `/cam/realmonitor?channel=${index + 1}&subtype=${subtype}`,
		});
		return {
			id: `cam${index + 1}`,
			name: CAMERA_NAMES[index]?.en ?? `Camera ${index + 1}`,
			streams: { main: address(0), sub: address(1) },
		};
	});
	return { cameras, [Symbol.asyncDispose]: () => sim.close() };
}
