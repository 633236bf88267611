/** Which stream of a camera in the settings is probed, and how it is reached. @module */
import type { StreamName } from "@vigia/api";
import type { CameraSettings, RtspTransport } from "../config/settings.ts";
import type { ProbeOptions } from "./run-probe.ts";

/** What a probe has to know of a camera. */
export type ProbeTarget = Pick<ProbeOptions, "address" | "credentials" | "transport" | "tls" | "use" | "watch">;

/**
 * @param stream default: the one that fills the grid, as in cameras/camera.ts: the sub stream, or the only one there is.
 * @param transport of the settings as a whole.
 * @returns `undefined` if the camera has no such stream.
 */
export function cameraStream(
	camera: CameraSettings,
	stream: StreamName | undefined,
	transport: RtspTransport,
): (ProbeTarget & { readonly name: StreamName }) | undefined {
	const gridStream: StreamName = camera.streams.sub ? "sub" : "main";
	const name = stream ?? gridStream;
	const address = camera.streams[name];
	return (
		address && {
			name,
			address,
			credentials: camera.credentials,
			transport: camera.transport ?? transport,
			tls: camera.tls ?? { mode: "verify" },
			use: { inGrid: name === gridStream, isOnly: Object.keys(camera.streams).length === 1 },
		}
	);
}
