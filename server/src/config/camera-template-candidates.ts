/** Which templates to try on a device whose maker is not known for sure, the likeliest first. Pure. @module */
import { DEFAULT_RTSP_PORT } from "@vigia/rtsp";
import { CAMERA_TEMPLATES, expandTemplate } from "./camera-template.ts";
import { CAMERA_VENDORS, type CameraVendor, findVendor } from "./camera-template-vendors.ts";

/** One thing to try. */
export interface TemplateCandidate {
	/** As `template` takes it: a name, or for makers nobody knows a path. */
	readonly template: string;
	/** {@link CAMERA_TEMPLATES}. */
	readonly path: string;
	readonly port: number;
}

/**
 * Of makers without a name: CamioCam/rtsp issues 149 and 86, and 187; go2rtc's README (Sonoff). The last one is for
 * devices that have one stream whatever the path.
 */
const GENERIC_PATHS = ["/1{1|2}", "/live/ch{0|1}", "/av_stream/ch{0|1}", "/live/ch00_{0|1}", "/"] as const;

/**
 * A known vendor's own first, at all its ports, then those of all others at their usual port. Candidates that ask for
 * the same at channel 1 are there once.
 * @param vendor id, name or alias; one that nobody knows is as good as none.
 */
export function likelyTemplates(vendor?: string): readonly TemplateCandidate[] {
	const known = vendor === undefined ? undefined : findVendor(vendor);
	const candidates = [
		...(known ? ofVendor(known, known.ports) : []),
		...CAMERA_VENDORS.flatMap((other) => ofVendor(other, other.ports.slice(0, 1))),
		...GENERIC_PATHS.map((path) => ({ template: path, path, port: known?.ports[0] ?? DEFAULT_RTSP_PORT })),
	];
	const seen = new Set<string>();
	return candidates.filter(({ path, port }) => {
		const key = `${port}${expandTemplate(path, 1, "main")}`;
		return !seen.has(key) && seen.add(key);
	});
}

function ofVendor({ templates }: CameraVendor, ports: readonly number[]): TemplateCandidate[] {
	return ports.flatMap((port) => templates.map((template) => ({ template, path: CAMERA_TEMPLATES[template], port })));
}
