/** A camera's H.264 track: tiny valid pictures, each with its number in it. @module */
import { packetizeH264 } from "@vigia/rtp";
import type { RtpOut } from "./rtp-out.ts";
import type { TrackScript } from "./camera-script.ts";

/** 1280x720, as a Foscam promises it in its session description. */
export const SPS: Uint8Array = Buffer.from("Z00AH5WoFAFuQA==", "base64");
export const PPS: Uint8Array = Buffer.from("aO48gA==", "base64");
export const SPROP = "Z00AH5WoFAFuQA==,aO48gA==";
const PAYLOAD_BYTES = 1400;
const CLOCK_HZ = 90_000;
/** Starts near the wraps, which all scenarios pass by this. */
const FIRST_TIMESTAMP = 0xffff_fc00;

/** An IDR slice; the tag stands after the slice header, in two bytes that need no emulation prevention. */
export function idrSlice(tag: number, sizeBytes = 60): Uint8Array {
	return slice(0x65, 0x88, tag, sizeBytes);
}

/** A P slice of a whole picture, or of its start. */
export function pSlice(tag: number, sizeBytes = 40): Uint8Array {
	return slice(0x41, 0x9a, tag, sizeBytes);
}

/** A further slice of an IDR picture: first_mb_in_slice is 1. */
export function laterIdrSlice(tag: number, sizeBytes = 60): Uint8Array {
	return slice(0x65, 0x44, tag, sizeBytes);
}

/** A further slice of a P picture: first_mb_in_slice is 1, slice_type 5. */
export function laterPSlice(tag: number, sizeBytes = 60): Uint8Array {
	return slice(0x41, 0x4d, tag, sizeBytes);
}

function slice(header: number, sliceHeader: number, tag: number, sizeBytes: number): Uint8Array {
	const bytes = new Uint8Array(sizeBytes).fill(0xa5);
	bytes.set([header, sliceHeader, 0x80 | (tag >> 7), 0x80 | (tag & 0x7f)]);
	return bytes;
}

/** The number of a picture, from its last NAL unit. */
export function tagOfSlice(nal: Uint8Array | undefined): number {
	return (((nal?.[2] ?? 0) & 0x7f) << 7) | ((nal?.[3] ?? 0) & 0x7f);
}

/** The usual picture: parameter sets before an IDR slice of several packets, or a P slice. */
export function usualPicture(tag: number, isKey: boolean): readonly Uint8Array[] {
	return isKey ? [SPS, PPS, idrSlice(tag, 3000)] : [pSlice(tag)];
}

/** A parameter set, SEI or delimiter. */
export function isSet(payload: Uint8Array): boolean {
	return [6, 7, 8, 9].includes((payload[0] ?? 0) & 31);
}

/** Each NAL unit in a packet of its own. */
export const oneEach = (nalUnits: readonly Uint8Array[]): readonly Uint8Array[] => nalUnits;

export interface H264Options {
	/** Pictures per session; default 8. */
	readonly units?: number;
	/** A key frame comes every so many; default 25. */
	readonly gop?: number;
	readonly intervalMs?: number;
	readonly picture?: (tag: number, isKey: boolean) => readonly Uint8Array[];
	/** RTP payloads of a picture; default: packetization mode 1. */
	readonly payloads?: (nalUnits: readonly Uint8Array[], tag: number) => readonly Uint8Array[];
	/** Changes the packets of a picture; `index` counts the session's pictures from 0. */
	readonly packets?: (packets: readonly RtpOut[], index: number) => readonly RtpOut[];
	/** When a picture is sent, from the start of the session; default: every interval. */
	readonly atMs?: (index: number) => number;
	/** Its RTP timestamp before the offset; default: as its time says. */
	readonly ticks?: (index: number) => number;
	readonly firstSequenceNumber?: number;
	readonly fmtp?: string;
	readonly sdp?: string;
	readonly control?: string | null;
	/** RTCP after this picture. */
	readonly rtcp?: TrackScript["rtcp"];
}

export function h264(options: H264Options = {}): TrackScript {
	const { units = 8, gop = 25, intervalMs = 40, picture = usualPicture } = options;
	const fmtp = options.fmtp ?? `packetization-mode=1;sprop-parameter-sets=${SPROP}`;
	const payloads = options.payloads ?? ((nalUnits) => packetizeH264(nalUnits, PAYLOAD_BYTES));
	return {
		sdp:
			options.sdp ??
			["m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000", ...(fmtp === "" ? [] : [`a=fmtp:96 ${fmtp}`])].join("\r\n"),
		control: options.control === undefined ? "trackID=1" : options.control,
		payloadType: 96,
		ssrc: 0x1234,
		firstTimestamp: FIRST_TIMESTAMP,
		firstSequenceNumber: options.firstSequenceNumber ?? 65_530,
		units,
		intervalMs,
		payloads: (tag, index) => payloads(picture(tag, index % gop === 0), tag),
		ticks: options.ticks ?? ((index) => (index * intervalMs * CLOCK_HZ) / 1000),
		...(options.atMs ? { atMs: options.atMs } : {}),
		...(options.packets ? { packets: options.packets } : {}),
		...(options.rtcp ? { rtcp: options.rtcp } : {}),
	};
}
