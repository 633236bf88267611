/** The wall without cameras: sixteen simulated ones on loopback, so that a newcomer sees it live at once. @module */
import { CAMERA_NAMES, type CameraSim, startCameraSim } from "@vigia/camera-sim";
import type { CameraSettings } from "./config/settings.ts";

const DEMO_CAMERAS = 16;

/** The simulated cameras, while there are no others. */
export class Demo implements AsyncDisposable {
	#sim: CameraSim | undefined;

	get isRunning(): boolean {
		return this.#sim !== undefined;
	}

	/**
	 * The cameras of the settings, or simulated ones where there are none. The simulated ones go on until
	 * {@link Demo.endUnless}, so that whoever watches them can let go first.
	 */
	async camerasOr(configured: readonly CameraSettings[]): Promise<readonly CameraSettings[]> {
		if (configured.length > 0) return configured;
		this.#sim ??= await startCameraSim({ count: DEMO_CAMERAS });
		const { port } = this.#sim;
		return Array.from({ length: DEMO_CAMERAS }, (_, index) => simulated(index, port));
	}

	/** Ends the simulated cameras, unless they are needed. */
	async endUnless(needed: boolean): Promise<void> {
		if (needed) return;
		const sim = this.#sim;
		this.#sim = undefined;
		await sim?.close();
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.endUnless(false);
	}
}

function simulated(index: number, port: number): CameraSettings {
	const address = (subtype: 0 | 1) => ({
		scheme: "rtsp" as const,
		host: "127.0.0.1",
		port,
		path: `/cam/realmonitor?channel=${index + 1}&subtype=${subtype}`,
	});
	return {
		id: `cam${index + 1}`,
		name: CAMERA_NAMES[index]?.en ?? `Camera ${index + 1}`,
		streams: { main: address(0), sub: address(1) },
	};
}
