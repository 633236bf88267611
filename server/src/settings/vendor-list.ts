/** Makers for the page's picker. @module */
import type { SettingsVendor } from "@vigia/api";
import { DEFAULT_RTSP_PORT } from "@vigia/rtsp";
import { CAMERA_VENDORS } from "../config/camera-template-vendors.ts";

/** In the order in which they are met most. */
export function vendorList(language: "en" | "es"): SettingsVendor[] {
	return CAMERA_VENDORS.map(({ id, name, templates: [template], ports: [port = DEFAULT_RTSP_PORT], notes }) => ({
		id,
		name,
		...(template !== undefined && { template }),
		port,
		notes: notes.map((note) => note[language]),
	}));
}
