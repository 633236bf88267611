/** Tracks of a camera that are not H.264: pictures and sounds with their numbers in them. @module */
import { packetizeH265 } from "@vigia/rtp";
import type { TrackScript } from "./camera-script.ts";
import type { RtpOut } from "./rtp-out.ts";

const PAYLOAD_BYTES = 1400;
const VIDEO_CLOCK_HZ = 90_000;

/** Main, 640x360, as libx265 writes them. */
export const VPS: Uint8Array = Buffer.from("40010c01ffff01600000030090000003000003003f928090", "hex");
export const H265_SPS: Uint8Array = Buffer.from(
	"42010101600000030090000003000003003fa0050201696592a4932bc05a020000030002000003001e10",
	"hex",
);
export const H265_PPS: Uint8Array = Buffer.from("4401c172b46240", "hex");
export const H265_TYPE = { trailN: 0, trailR: 1, rasl: 8, idr: 19, cra: 21 } as const;

/** A slice of H.265 whose body holds no start code. */
export function h265Slice(
	type: number,
	tag: number,
	options: { sizeBytes?: number; isFirst?: boolean } = {},
): Uint8Array {
	const bytes = new Uint8Array(options.sizeBytes ?? 60).fill(0xa5);
	bytes.set([type << 1, 1, options.isFirst === false ? 0x40 : 0xa8, 0x80 | (tag & 0x7f)]);
	return bytes;
}

export function tagOfH265(nal: Uint8Array | undefined): number {
	return (nal?.[3] ?? 0) & 0x7f;
}

interface CommonOptions {
	readonly units?: number;
	readonly packets?: (packets: readonly RtpOut[], index: number) => readonly RtpOut[];
	readonly sdp?: string;
}

function common(options: CommonOptions): Pick<TrackScript, "units" | "firstSequenceNumber"> & Partial<TrackScript> {
	return {
		units: options.units ?? 8,
		firstSequenceNumber: 65_530,
		...(options.packets ? { packets: options.packets } : {}),
	};
}

export function h265(
	options: CommonOptions & {
		readonly picture?: (tag: number, index: number) => readonly Uint8Array[];
		readonly payloads?: (nalUnits: readonly Uint8Array[]) => readonly Uint8Array[];
	} = {},
): TrackScript {
	const picture =
		options.picture ??
		((tag, index) =>
			index % 25 === 0
				? [VPS, H265_SPS, H265_PPS, h265Slice(H265_TYPE.idr, tag, { sizeBytes: 3000 })]
				: [h265Slice(H265_TYPE.trailR, tag)]);
	const payloads = options.payloads ?? ((nalUnits) => packetizeH265(nalUnits, PAYLOAD_BYTES));
	return {
		...common(options),
		sdp: options.sdp ?? "m=video 0 RTP/AVP 98\r\na=rtpmap:98 H265/90000",
		control: "trackID=1",
		payloadType: 98,
		ssrc: 0x2650,
		firstTimestamp: 0xffff_fc00,
		intervalMs: 40,
		payloads: (tag, index) => payloads(picture(tag, index)),
		ticks: (index) => (index * 40 * VIDEO_CLOCK_HZ) / 1000,
	};
}

export function jpeg(
	options: CommonOptions & { readonly payloads: (tag: number, index: number) => readonly Uint8Array[] },
): TrackScript {
	return {
		...common(options),
		sdp: options.sdp ?? "m=video 0 RTP/AVP 26",
		control: "trackID=1",
		payloadType: 26,
		ssrc: 0x1be6,
		firstTimestamp: 1000,
		intervalMs: 40,
		payloads: options.payloads,
		ticks: (index) => (index * 40 * VIDEO_CLOCK_HZ) / 1000,
	};
}

export interface AudioOptions extends CommonOptions {
	/** Of the rtpmap: `PCMA/8000`. */
	readonly format: string;
	readonly payloadType?: number;
	readonly fmtp?: string;
	readonly intervalMs?: number;
	/** RTP ticks from one packet's start to the next. */
	readonly ticksEach: number;
	readonly payloads: (tag: number, index: number) => readonly Uint8Array[];
	readonly ticks?: (index: number) => number;
	readonly atMs?: (index: number) => number;
	readonly rtcp?: TrackScript["rtcp"];
}

export function audio(options: AudioOptions): TrackScript {
	const { payloadType = 97, intervalMs = 20, format, fmtp } = options;
	return {
		...common(options),
		sdp:
			options.sdp ??
			[
				`m=audio 0 RTP/AVP ${payloadType}`,
				`a=rtpmap:${payloadType} ${format}`,
				...(fmtp === undefined ? [] : [`a=fmtp:${payloadType} ${fmtp}`]),
			].join("\r\n"),
		control: "trackID=2",
		payloadType,
		ssrc: 0xa0d1,
		firstTimestamp: 0xffff_ff00,
		intervalMs,
		payloads: options.payloads,
		ticks: options.ticks ?? ((index) => index * options.ticksEach),
		...(options.atMs ? { atMs: options.atMs } : {}),
		...(options.rtcp ? { rtcp: options.rtcp } : {}),
	};
}

/** 20 ms of PCMA at 8 kHz whose first byte is the tag. */
export function pcma(options: Partial<AudioOptions> = {}): TrackScript {
	return audio({
		format: "PCMA/8000",
		payloadType: 8,
		ticksEach: 160,
		units: 20,
		payloads: (tag) => [new Uint8Array(160).fill(tag & 0xff)],
		...options,
	});
}
