/** Small pictures for tests. @module */
import type { VideoSample } from "../contract.ts";

export function fromHex(hex: string): Uint8Array {
	return Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}

/** Parameter sets that libx264 and libx265 made by way of FFmpeg: 160x120, 25 pictures a second. */
export const H264_SETS: readonly Uint8Array[] = [
	fromHex("6742c00bd902847e5c0440000003004000000c83c50a92"),
	fromHex("68cb83cb20"),
];
/** High profile, of which two pictures are reordered. */
export const H264_HIGH_SETS: readonly Uint8Array[] = [
	fromHex("6764000bacd942847e5c0440000003004000000c83c50a6580"),
	fromHex("68ebe3cb22c0"),
];
export const H265_SETS: readonly Uint8Array[] = [
	fromHex("40010c01ffff01600000030090000003000003001e928090"),
	fromHex("42010101600000030090000003000003001ea01420796592a4932bc05a020000030002000003003210"),
	fromHex("4401c172b46240"),
];
/** Main profile without a VUI, 160x128: nothing tells the reorder depth nor the rate. */
export const H264_SILENT_SETS: readonly Uint8Array[] = [fromHex("674d000bed8508c8"), fromHex("68cb83cb20")];
export const H264_AUD: Uint8Array = fromHex("0910");
export const H264_FILLER: Uint8Array = fromHex("0cffff80");
export const H264_SEI: Uint8Array = fromHex("0605012a80");

/** One slice of a picture. */
export function slice(codec: VideoSample["codec"], randomAccess: boolean, body: readonly number[]): Uint8Array {
	if (codec === "h264") return Uint8Array.of(randomAccess ? 0x65 : 0x41, 0x88, ...body);
	return Uint8Array.of(randomAccess ? 0x26 : 0x02, 1, 0xa8, ...body);
}

export interface PictureOptions {
	readonly codec?: VideoSample["codec"];
	/** In front of a random access point, which the picture is when they are given. */
	readonly sets?: readonly Uint8Array[];
	readonly timestamp: number;
	/** The timestamp unless told otherwise. */
	readonly presentation?: number;
	readonly body?: readonly number[];
}

export function picture(options: PictureOptions): VideoSample {
	const { codec = "h264", sets, timestamp, presentation = timestamp, body = [1, 2, 3] } = options;
	const randomAccess = sets !== undefined;
	return {
		codec,
		nalUnits: [...(sets ?? []), slice(codec, randomAccess, body)],
		randomAccess,
		timestamp,
		presentation,
	};
}
