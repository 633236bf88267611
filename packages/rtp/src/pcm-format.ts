/** Audio whose packets are runs of samples: PCMU, PCMA, G.726 and L16, RFC 3551 section 4.5. @module */
import type { AudioFrame } from "./access-unit.ts";
import type { RtpFormat } from "./depacketizer.ts";
import { type G726Bits, g726FromAal2, g726ToAal2 } from "./g726-order.ts";

/** How an encoding's payload is laid out, and how it becomes the data of an `AudioFrame`. */
export interface PcmFormat {
	readonly codec: Exclude<AudioFrame["codec"], "aac" | "opus">;
	/** The smallest run of bytes that holds whole samples of all channels. */
	readonly groupBytes: number;
	/** Samples of each channel in such a run: ticks of the RTP clock. */
	readonly groupSamples: number;
	/** Gives new bytes. */
	fromPayload(payload: Uint8Array): Uint8Array;
	/** The reverse; gives new bytes. */
	toPayload(data: Uint8Array): Uint8Array;
}

/** No camera has more; a description that says so is wrong. */
const MAX_CHANNELS = 8;
/** Code words and bytes of the shortest run that ends with a byte's end: RFC 3551 section 4.5.4. */
const G726_GROUPS: ReadonlyMap<number, { readonly words: number; readonly bytes: number }> = new Map([
	[2, { words: 4, bytes: 1 }],
	[3, { words: 8, bytes: 3 }],
	[4, { words: 2, bytes: 1 }],
	[5, { words: 8, bytes: 5 }],
]);
const G726_BITS: ReadonlyMap<string, G726Bits> = new Map([
	["16", 2],
	["24", 3],
	["32", 4],
	["40", 5],
]);

/**
 * The layout of `PCMU`, `PCMA`, `L16`, `PCM` (little-endian L16, as Hikvision means it), `G726-16` to `G726-40` (RFC 3551)
 * and `AAL2-G726-16` to `AAL2-G726-40` (I.366.2). Undefined for other encodings and more than 8 channels. A camera that
 * names the wrong order of the two is put right by giving the other encoding here.
 */
export function pcmFormatOf(format: Pick<RtpFormat, "encoding" | "channels">): PcmFormat | undefined {
	const { encoding, channels } = format;
	if (!Number.isInteger(channels) || channels < 1 || channels > MAX_CHANNELS) return undefined;
	switch (encoding) {
		case "PCMU":
		case "PCMA":
			return {
				codec: encoding === "PCMU" ? "pcmu" : "pcma",
				groupBytes: channels,
				groupSamples: 1,
				fromPayload: copy,
				toPayload: copy,
			};
		case "L16":
			return { codec: "l16", groupBytes: 2 * channels, groupSamples: 1, fromPayload: copy, toPayload: copy };
		case "PCM":
			return { codec: "l16", groupBytes: 2 * channels, groupSamples: 1, fromPayload: swapPairs, toPayload: swapPairs };
		default:
			return g726FormatOf(encoding);
	}
}

/** RFC 3551 section 4.5.4. Always one channel. */
function g726FormatOf(encoding: string): PcmFormat | undefined {
	const [, order, rate] = /^(AAL2-)?G726-(16|24|32|40)$/.exec(encoding) ?? [];
	const bits = G726_BITS.get(rate ?? "");
	const group = G726_GROUPS.get(bits ?? 0);
	if (bits === undefined || group === undefined) return undefined;
	const isAal2 = order !== undefined;
	return {
		codec: "g726",
		groupBytes: group.bytes,
		groupSamples: group.words,
		fromPayload: isAal2 ? (payload) => g726FromAal2(payload, bits) : copy,
		toPayload: isAal2 ? (data) => g726ToAal2(data, bits) : copy,
	};
}

function copy(bytes: Uint8Array): Uint8Array {
	return new Uint8Array(bytes);
}

function swapPairs(bytes: Uint8Array): Uint8Array {
	return bytes.map((_, i) => bytes[i ^ 1] ?? 0);
}
