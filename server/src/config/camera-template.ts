/**
 * Paths of cameras and recorders by maker, and the small language they are written in:
 * `{channel}` is the channel's number from 1, `{channel:02}` the same with two digits, `{channel-1}` counts from 0,
 * `{A|B}` is `A` for the main stream and `B` for the sub stream. `{subtype}` is short for `{0|1}`.
 *
 * @module
 */
import type { StreamName } from "@vigia/api";
import { findVendor } from "./camera-template-vendors.ts";

/**
 * What `CAM_TEMPLATE` and `template` take by name. Where they are from stands at each vendor in
 * camera-template-vendors.ts; whoever reads several of a vendor tries them in that order.
 */
export const CAMERA_TEMPLATES = {
	dahua: "/cam/realmonitor?channel={channel}&subtype={0|1}",
	amcrest: "/cam/realmonitor?channel={channel}&subtype={0|1}",
	lorex: "/cam/realmonitor?channel={channel}&subtype={0|1}",
	imou: "/cam/realmonitor?channel={channel}&subtype={0|1}",
	hikvision: "/Streaming/Channels/{channel}0{1|2}",
	annke: "/Streaming/Channels/{channel}0{1|2}",
	hilook: "/Streaming/Channels/{channel}0{1|2}",
	"hikvision-old": "/h264/ch{channel}/{main|sub}/av_stream",
	reolink: "/h264Preview_{channel:02}_{main|sub}",
	"reolink-preview": "/Preview_{channel:02}_{main|sub}",
	uniview: "/unicast/c{channel}/s{0|1}/live",
	"uniview-camera": "/media/video{1|2}",
	axis: "/axis-media/media.amp?camera={channel}&videocodec=h264{|&resolution=640x360}",
	tvt: "/chID={channel}&streamType={main|sub}",
	tapo: "/stream{1|2}",
	vigi: "/stream{1|2}",
	hanwha: "/profile2/media.smp",
	"hanwha-sensors": "/{channel-1}/profile2/media.smp",
	"hanwha-nvr": "/LiveChannel/{channel-1}/media.smp",
	foscam: "/video{Main|Sub}",
	vivotek: "/live{channel}s{1|2}.sdp",
	"vivotek-old": "/live{|2}.sdp",
	milesight: "/{main|sub}",
} as const satisfies Record<string, string>;

/** Channels and two alternatives; nothing else stands between braces. */
const PLACE = /\{(?:(channel)|(channel:02)|(channel-1)|(subtype)|([^{}|]*)\|([^{}|]*))\}/g;

/** A template by its name or its maker's, or itself if it is a path; `undefined` if it is neither. */
export function findTemplate(text: string): string | undefined {
	if (text.startsWith("/")) return isPathTemplate(text) ? text : undefined;
	const named = (name: string): string | undefined =>
		Object.entries(CAMERA_TEMPLATES).find(([known]) => known === name)?.[1];
	return named(text.toLowerCase()) ?? named(findVendor(text)?.templates[0] ?? "");
}

function isPathTemplate(text: string): boolean {
	return /^\/[\x21-\x7e]*$/.test(text) && !/[{}]/.test(text.replace(PLACE, ""));
}

/** Whether the path differs from channel to channel. */
export function hasChannel(template: string): boolean {
	return /\{channel(:02|-1)?\}/.test(template);
}

/** Whether the path differs between main and sub stream. */
export function hasTwoStreams(template: string): boolean {
	return /\{(subtype|[^{}]*\|[^{}]*)\}/.test(template);
}

/** The path of one stream. `channel` counts from 1. */
export function expandTemplate(template: string, channel: number, stream: StreamName): string {
	return template.replace(
		PLACE,
		(_whole, plain?: string, padded?: string, zero?: string, subtype?: string, main?: string, sub?: string) => {
			if (plain !== undefined) return String(channel);
			if (padded !== undefined) return String(channel).padStart(2, "0");
			if (zero !== undefined) return String(channel - 1);
			if (subtype !== undefined) return stream === "main" ? "0" : "1";
			return (stream === "main" ? main : sub) ?? "";
		},
	);
}
