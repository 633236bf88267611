/**
 * Reads what FFmpeg writes: FLV (Adobe Flash Video File Format Specification version 10.1, annex E) with H.264 or AAC.
 * FFmpeg's other writers hold a picture back until the next one is there, because they write its duration.
 *
 * @module
 */
import { ByteQueue } from "./byte-queue.ts";

/** One coded picture or audio frame, as it is in the file; the bytes are the receiver's. */
export interface FlvFrame {
	readonly kind: "video" | "audio";
	readonly timeMs: number;
	/** An IDR picture. */
	readonly randomAccess: boolean;
	/** Video: NAL units in front of which is their length in four bytes. Audio: one raw AAC access unit. */
	readonly data: Uint8Array;
}

/** AVCDecoderConfigurationRecord (ISO/IEC 14496-15 section 5.3.3.1) or AudioSpecificConfig. */
export interface FlvConfig {
	readonly kind: "video" | "audio";
	readonly config: Uint8Array;
}

/** FFmpeg writes 31 bits of the time: it begins anew after 24.9 days. */
const TIME_PERIOD_MS = 2 ** 31;
const FILE_HEADER_BYTES = 9 + 4;
const TAG_HEADER_BYTES = 11;
/** Behind each tag its length stands once more. */
const TRAILER_BYTES = 4;
const AUDIO_TAG = 8;
const VIDEO_TAG = 9;
const VIDEO_HEADER_BYTES = 5;
const AUDIO_HEADER_BYTES = 2;
const KEY_FRAME = 1;
const AVC = 7;
const AAC = 10;
const CONFIG_PACKET = 0;
const FRAME_PACKET = 1;

export class FlvReader {
	readonly #queue = new ByteQueue();
	#headerRead = false;
	/** Of the last tag, and what its 31 bits leave out. */
	#lastMs = 0;
	#periodsMs = 0;

	/** Takes the bytes over; gives what is complete. Tags of other codecs are left out. A tag has at most 16 MiB. */
	push(bytes: Uint8Array): (FlvFrame | FlvConfig)[] {
		this.#queue.push(bytes);
		const found: (FlvFrame | FlvConfig)[] = [];
		if (!this.#headerRead) {
			if (this.#queue.length < FILE_HEADER_BYTES) return found;
			this.#queue.take(FILE_HEADER_BYTES);
			this.#headerRead = true;
		}
		for (;;) {
			const head = this.#queue.peek();
			if (head.length < TAG_HEADER_BYTES) return found;
			const bodyBytes = uint24(head, 1);
			if (head.length < TAG_HEADER_BYTES + bodyBytes + TRAILER_BYTES) return found;
			const tag = this.#queue.take(TAG_HEADER_BYTES + bodyBytes + TRAILER_BYTES);
			const body = tag.subarray(TAG_HEADER_BYTES, TAG_HEADER_BYTES + bodyBytes);
			const timeMs = this.#timeOf(tag);
			const item = tag[0] === VIDEO_TAG ? readVideo(body, timeMs) : readAudio(tag[0], body, timeMs);
			if (item) found.push(item);
		}
	}

	#timeOf(tag: Uint8Array): number {
		// The highest byte stands last.
		const timeMs = uint24(tag, 4) + ((tag[7] ?? 0) & 0x7f) * 0x1_00_00_00;
		if (this.#lastMs - timeMs > TIME_PERIOD_MS / 2) this.#periodsMs += TIME_PERIOD_MS;
		this.#lastMs = timeMs;
		return this.#periodsMs + timeMs;
	}
}

function readVideo(body: Uint8Array, timeMs: number): FlvFrame | FlvConfig | undefined {
	const [head = 0, packetType] = body;
	if (body.length < VIDEO_HEADER_BYTES || (head & 0x0f) !== AVC) return undefined;
	const data = body.subarray(VIDEO_HEADER_BYTES);
	if (packetType === CONFIG_PACKET) return { kind: "video", config: data };
	if (packetType !== FRAME_PACKET || data.length === 0) return undefined;
	return { kind: "video", timeMs, randomAccess: head >> 4 === KEY_FRAME, data };
}

function readAudio(type: number | undefined, body: Uint8Array, timeMs: number): FlvFrame | FlvConfig | undefined {
	const [head = 0, packetType] = body;
	if (type !== AUDIO_TAG || body.length < AUDIO_HEADER_BYTES || head >> 4 !== AAC) return undefined;
	const data = body.subarray(AUDIO_HEADER_BYTES);
	if (packetType === CONFIG_PACKET) return { kind: "audio", config: data };
	return data.length === 0 ? undefined : { kind: "audio", timeMs, randomAccess: true, data };
}

/** The NAL units of a picture, as views; what does not fit is left out. ISO/IEC 14496-15 section 5.3.4.2. */
export function splitLengthPrefixed(data: Uint8Array): Uint8Array[] {
	const nalUnits: Uint8Array[] = [];
	let at = 0;
	while (at + 4 < data.length) {
		const length = uint24(data, at) * 0x100 + (data[at + 3] ?? 0);
		at += 4;
		if (length === 0 || at + length > data.length) break;
		nalUnits.push(data.subarray(at, at + length));
		at += length;
	}
	return nalUnits;
}

/** The parameter sets of an AVCDecoderConfigurationRecord, as views: ISO/IEC 14496-15 section 5.3.3.1.2. */
export function parameterSetsOf(config: Uint8Array): Uint8Array[] {
	const sets: Uint8Array[] = [];
	let at = 5;
	for (const mask of [0x1f, 0xff]) {
		let count = (config[at] ?? 0) & mask;
		at++;
		for (; count > 0 && at + 2 <= config.length; count--) {
			const length = ((config[at] ?? 0) << 8) | (config[at + 1] ?? 0);
			at += 2;
			if (length === 0 || at + length > config.length) return sets;
			sets.push(config.subarray(at, at + length));
			at += length;
		}
	}
	return sets;
}

function uint24(bytes: Uint8Array, at: number): number {
	return ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
}
