/** Facts of a camera that is as one wishes it, for tests to change. @module */
import type { ProbeFacts } from "../facts.ts";

export const GOOD: ProbeFacts = {
	encrypted: false,
	tls: { mode: "verify" },
	transportAsked: "auto",
	hasCredentials: true,
	use: { inGrid: true },
	failure: undefined,
	brokenOff: undefined,
	measuredSeconds: 4,
	silentSeconds: 0,
	mediaSeconds: 4,
	server: "Camera/1.0",
	transport: "tcp",
	certificate: undefined,
	tracks: [track("video", "H264", 90_000), track("audio", "PCMA", 8000)],
	video: {
		codec: "h264",
		codecString: "avc1.42c016",
		width: 640,
		height: 360,
		fps: 15,
		bitrateBps: 365_156,
		pictures: 61,
		keyFrames: 3,
		keyFrameSeconds: 2,
		bFrames: false,
	},
	audio: { codec: "pcma", frames: 100, bitrateBps: 64_000 },
	firstPictureMs: 400,
	packets: { received: 500, lost: 0, reordered: 0, malformed: 0, damagedPictures: 0 },
	quirks: [],
};

export function track(
	type: string,
	encoding: string,
	clockRate: number,
	more: Partial<ProbeFacts["tracks"][number]> = {},
): ProbeFacts["tracks"][number] {
	return {
		type,
		encoding,
		clockRate,
		channels: 1,
		formatParameters: new Map(),
		dimensions: undefined,
		payloadType: 96,
		used: true,
		backchannel: false,
		...more,
	};
}

/** Of a camera that failed before a picture came. */
export function failed(code: NonNullable<ProbeFacts["failure"]>["code"], more: Partial<ProbeFacts> = {}): ProbeFacts {
	return {
		...GOOD,
		failure: { code, detail: "what happened" },
		measuredSeconds: 0,
		mediaSeconds: 0,
		video: undefined,
		audio: undefined,
		firstPictureMs: undefined,
		tracks: [],
		server: "",
		transport: undefined,
		packets: { received: 0, lost: 0, reordered: 0, malformed: 0, damagedPictures: 0 },
		...more,
	};
}
