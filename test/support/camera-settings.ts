/** Settings of single cameras for a server under test. @module */
import type { PlainCredentials } from "@vigia/rtsp";

/** An address for the grid, or those of both streams. */
export type CameraAddresses = string | { readonly sub: string; readonly main: string };

/** `CAMERA_1_URL` and so on: cam1, cam2, ... in this order. */
export function cameraSettings(cameras: readonly CameraAddresses[], login: PlainCredentials): Record<string, string> {
	const settings: Record<string, string> = {};
	for (const [index, camera] of cameras.entries()) {
		const name = `CAMERA_${index + 1}`;
		if (typeof camera === "string") settings[`${name}_URL`] = camera;
		else {
			settings[`${name}_URL`] = camera.sub;
			settings[`${name}_MAIN_URL`] = camera.main;
		}
		settings[`${name}_USER`] = login.username;
		settings[`${name}_PASS`] = login.password;
	}
	return settings;
}
