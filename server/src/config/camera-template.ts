/**
 * Paths of cameras and recorders by maker, and the small language they are written in:
 * `{channel}` is the channel's number from 1, `{channel:02}` the same with two digits, `{A|B}` is `A` for the main
 * stream and `B` for the sub stream. `{subtype}` is short for `{0|1}`.
 *
 * @module
 */
import type { StreamName } from "@vigia/api";

/** What `CAM_TEMPLATE` and `template` take by name. */
export const CAMERA_TEMPLATES = {
	dahua: "/cam/realmonitor?channel={channel}&subtype={0|1}",
	amcrest: "/cam/realmonitor?channel={channel}&subtype={0|1}",
	lorex: "/cam/realmonitor?channel={channel}&subtype={0|1}",
	hikvision: "/Streaming/Channels/{channel}0{1|2}",
	annke: "/Streaming/Channels/{channel}0{1|2}",
	hilook: "/Streaming/Channels/{channel}0{1|2}",
	reolink: "/h264Preview_{channel:02}_{main|sub}",
	uniview: "/unicast/c{channel}/s{0|1}/live",
	axis: "/axis-media/media.amp?camera={channel}&videocodec=h264{|&resolution=640x360}",
	tvt: "/chID={channel}&streamType={main|sub}",
	tapo: "/stream{1|2}",
	foscam: "/video{Main|Sub}",
	milesight: "/{main|sub}",
} as const satisfies Record<string, string>;

/** Channels and two alternatives; nothing else stands between braces. */
const PLACE = /\{(?:(channel)|(channel:02)|(subtype)|([^{}|]*)\|([^{}|]*))\}/g;

/** A template by its maker's name, or itself if it is a path; `undefined` if it is neither. */
export function findTemplate(text: string): string | undefined {
	if (text.startsWith("/")) return isPathTemplate(text) ? text : undefined;
	return Object.entries(CAMERA_TEMPLATES).find(([name]) => name === text.toLowerCase())?.[1];
}

function isPathTemplate(text: string): boolean {
	return /^\/[\x21-\x7e]*$/.test(text) && !/[{}]/.test(text.replace(PLACE, ""));
}

/** Whether the path differs from channel to channel. */
export function hasChannel(template: string): boolean {
	return /\{channel(:02)?\}/.test(template);
}

/** Whether the path differs between main and sub stream. */
export function hasTwoStreams(template: string): boolean {
	return /\{(subtype|[^{}]*\|[^{}]*)\}/.test(template);
}

/** The path of one stream. `channel` counts from 1. */
export function expandTemplate(template: string, channel: number, stream: StreamName): string {
	return template.replace(
		PLACE,
		(_whole, plain?: string, padded?: string, subtype?: string, main?: string, sub?: string) => {
			if (plain !== undefined) return String(channel);
			if (padded !== undefined) return String(channel).padStart(2, "0");
			if (subtype !== undefined) return stream === "main" ? "0" : "1";
			return (stream === "main" ? main : sub) ?? "";
		},
	);
}
