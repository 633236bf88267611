/**
 * Media frames: what the server sends on a link beside JSON, for Media Source Extensions. A header of 16 bytes, numbers
 * big-endian, and the payload:
 *
 * ```
 *  0      1      2             4             8                           16
 *  | kind | track|   channel   |   flags     | received (float64)        | payload
 * ```
 *
 * @module
 */

export const MEDIA_FRAME_HEADER_BYTES = 16;

/** `init`: an initialization segment, led by the codecs. `media`: one `moof` and its `mdat`. */
export type MediaFrameKind = "init" | "media";
export type MediaTrack = "video" | "audio";

export interface MediaFrame {
	readonly kind: MediaFrameKind;
	readonly track: MediaTrack;
	readonly channel: number;
	/** Decoding can start here. */
	readonly randomAccess: boolean;
	/** When the server received the picture from the camera, in milliseconds since 1970 by the server's clock. */
	readonly receivedAtMs: number;
	/** Of `init`: RFC 6381 codecs such as `avc1.42c01e`; empty otherwise. */
	readonly codecs: string;
	/** A view of the message's bytes. */
	readonly payload: Uint8Array;
}

const KIND_INIT = 1;
const KIND_MEDIA = 2;
const TRACK_VIDEO = 0;
const TRACK_AUDIO = 1;
const FLAG_RANDOM_ACCESS = 1;
/** One byte tells the length of the codecs. */
const MAX_CODECS_CHARS = 255;

/** Writes a frame into bytes of its own. `codecs` is cut to ASCII and 255 characters. */
export function writeMediaFrame(frame: MediaFrame): Uint8Array {
	const codecs = frame.kind === "init" ? frame.codecs.slice(0, MAX_CODECS_CHARS) : undefined;
	const codecsBytes = codecs === undefined ? 0 : 1 + codecs.length;
	const bytes = new Uint8Array(MEDIA_FRAME_HEADER_BYTES + codecsBytes + frame.payload.length);
	const view = new DataView(bytes.buffer);
	view.setUint8(0, frame.kind === "init" ? KIND_INIT : KIND_MEDIA);
	view.setUint8(1, frame.track === "video" ? TRACK_VIDEO : TRACK_AUDIO);
	view.setUint16(2, frame.channel);
	view.setUint32(4, frame.randomAccess ? FLAG_RANDOM_ACCESS : 0);
	view.setFloat64(8, frame.receivedAtMs);
	if (codecs !== undefined) {
		bytes[MEDIA_FRAME_HEADER_BYTES] = codecs.length;
		for (let i = 0; i < codecs.length; i++) bytes[MEDIA_FRAME_HEADER_BYTES + 1 + i] = codecs.charCodeAt(i) & 0x7f;
	}
	bytes.set(frame.payload, MEDIA_FRAME_HEADER_BYTES + codecsBytes);
	return bytes;
}

/** Reads a frame; `undefined` for anything else. The payload is a view of `bytes`. Never throws. */
export function readMediaFrame(bytes: Uint8Array): MediaFrame | undefined {
	if (bytes.length < MEDIA_FRAME_HEADER_BYTES) return undefined;
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	const kind = view.getUint8(0);
	const track = view.getUint8(1);
	if ((kind !== KIND_INIT && kind !== KIND_MEDIA) || (track !== TRACK_VIDEO && track !== TRACK_AUDIO)) return undefined;
	let payloadAt = MEDIA_FRAME_HEADER_BYTES;
	let codecs = "";
	if (kind === KIND_INIT) {
		const length = bytes[payloadAt] ?? 0;
		payloadAt += 1;
		if (payloadAt + length > bytes.length) return undefined;
		codecs = String.fromCharCode(...bytes.subarray(payloadAt, payloadAt + length));
		payloadAt += length;
	}
	return {
		kind: kind === KIND_INIT ? "init" : "media",
		track: track === TRACK_VIDEO ? "video" : "audio",
		channel: view.getUint16(2),
		randomAccess: (view.getUint32(4) & FLAG_RANDOM_ACCESS) !== 0,
		receivedAtMs: view.getFloat64(8),
		codecs,
		payload: bytes.subarray(payloadAt),
	};
}
