/**
 * Writes what FFmpeg reads: Matroska (RFC 9559) of one track, live, each access unit in a cluster of its own, so that
 * FFmpeg has it at once. Of all containers that FFmpeg reads from a pipe this one takes every codec of the hub with a
 * presentation time in milliseconds and as the hub has it: NAL units with start codes and parameter sets in band.
 *
 * @module
 */
import type { StreamUnit } from "../streams/reader.ts";

export interface MatroskaVideo {
	readonly kind: "video";
	readonly codec: StreamUnit["codec"];
	/** In pixels; 0 if unknown. */
	readonly width: number;
	readonly height: number;
	/** Between pictures, in ms: encoders share out their bits by it. */
	readonly intervalMs: number;
}

export interface MatroskaAudio {
	readonly kind: "audio";
	/** RFC 9559 section 5.1.4.1.21, e.g. `A_AAC`. */
	readonly codecId: string;
	/** The decoder's configuration in the form of the codec. */
	readonly codecPrivate: Uint8Array | undefined;
	/** In Hz. */
	readonly sampleRate: number;
	readonly channels: number;
	/** Of linear PCM. */
	readonly bitDepth: number | undefined;
}

const VIDEO_CODEC_IDS: Readonly<Record<StreamUnit["codec"], string>> = {
	h264: "V_MPEG4/ISO/AVC",
	h265: "V_MPEGH/ISO/HEVC",
	jpeg: "V_MJPEG",
	mpeg4: "V_MPEG4/ISO/ASP",
};
/** Matroska knows no picture without size; the decoder finds the right one. */
const UNKNOWN_SIZE = 16;
/** A segment that ends when the pipe does: RFC 8794 section 6.2. */
const UNKNOWN_LENGTH = Uint8Array.of(0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
const NANOSECONDS_PER_MS = 1_000_000;
const TRACK = 1;
const KEY_FRAME = 0x80;
const START_CODE = Uint8Array.of(0, 0, 0, 1);
const SIZE_BYTES = 8;

/** Everything before the first access unit. */
export function writeMatroskaHeader(track: MatroskaVideo | MatroskaAudio): Uint8Array {
	const entry = track.kind === "video" ? videoEntry(track) : audioEntry(track);
	return join([
		element([0x1a, 0x45, 0xdf, 0xa3], element([0x42, 0x82], text("matroska"))),
		Uint8Array.of(0x18, 0x53, 0x80, 0x67),
		UNKNOWN_LENGTH,
		element([0x15, 0x49, 0xa9, 0x66], element([0x2a, 0xd7, 0xb1], uint(NANOSECONDS_PER_MS))),
		element([0x16, 0x54, 0xae, 0x6b], element([0xae], ...entry)),
	]);
}

/**
 * One access unit.
 * @param timeMs when it is shown: whole milliseconds, not negative.
 * @param parts its bytes, joined.
 */
export function writeMatroskaBlock(timeMs: number, randomAccess: boolean, parts: readonly Uint8Array[]): Uint8Array {
	const time = element([0xe7], uint(timeMs));
	const blockHeader = Uint8Array.of(0x80 | TRACK, 0, 0, randomAccess ? KEY_FRAME : 0);
	const block = element([0xa3], blockHeader, ...parts);
	return element([0x1f, 0x43, 0xb6, 0x75], time, block);
}

/** A picture of the hub as the parts of a block. */
export function pictureParts(unit: StreamUnit): readonly Uint8Array[] {
	return "data" in unit ? [unit.data] : unit.nalUnits.flatMap((nal) => [START_CODE, nal]);
}

function videoEntry({ codec, width, height, intervalMs }: MatroskaVideo): Uint8Array[] {
	return [
		...trackHead(1, VIDEO_CODEC_IDS[codec]),
		element([0x23, 0xe3, 0x83], uint(Math.round(intervalMs * NANOSECONDS_PER_MS))),
		element([0xe0], element([0xb0], uint(width || UNKNOWN_SIZE)), element([0xba], uint(height || UNKNOWN_SIZE))),
	];
}

function audioEntry({ codecId, codecPrivate, sampleRate, channels, bitDepth }: MatroskaAudio): Uint8Array[] {
	const depth = bitDepth === undefined ? [] : [element([0x62, 0x64], uint(bitDepth))];
	return [
		...trackHead(2, codecId),
		...(codecPrivate ? [element([0x63, 0xa2], codecPrivate)] : []),
		element([0xe1], element([0xb5], float(sampleRate)), element([0x9f], uint(channels)), ...depth),
	];
}

function trackHead(type: number, codecId: string): Uint8Array[] {
	return [
		element([0xd7], uint(TRACK)),
		element([0x73, 0xc5], uint(TRACK)),
		element([0x83], uint(type)),
		element([0x86], text(codecId)),
	];
}

/** An element with its length in eight bytes: RFC 8794 section 4. */
function element(id: readonly number[], ...content: readonly Uint8Array[]): Uint8Array {
	let length = 0;
	for (const part of content) length += part.length;
	const bytes = new Uint8Array(id.length + SIZE_BYTES + length);
	bytes.set(id);
	const view = new DataView(bytes.buffer);
	// Lengths fit into 32 bits: a picture has at most some megabytes.
	view.setUint8(id.length, 0x01);
	view.setUint32(id.length + 4, length);
	let at = id.length + SIZE_BYTES;
	for (const part of content) {
		bytes.set(part, at);
		at += part.length;
	}
	return bytes;
}

function uint(value: number): Uint8Array {
	const bytes = new Uint8Array(8);
	new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
	return bytes;
}

function float(value: number): Uint8Array {
	const bytes = new Uint8Array(8);
	new DataView(bytes.buffer).setFloat64(0, value);
	return bytes;
}

function text(value: string): Uint8Array {
	return Uint8Array.from(value, (character) => character.charCodeAt(0));
}

function join(parts: readonly Uint8Array[]): Uint8Array {
	return new Uint8Array(Buffer.concat(parts));
}
