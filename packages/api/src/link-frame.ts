/**
 * The link of the wall protocol without WebSocket: the messages of the server as one endless response to
 * `GET /api/wall/stream/{id}`, those of the page as `POST /api/wall/stream/{id}` with a JSON array of them. The page
 * makes the id, 32 random hexadecimal digits, which nobody else can guess. In the response each message has a header of
 * 5 bytes: its length (unsigned 32 bits, big-endian, without the header), and 0 for JSON text in UTF-8 or 1 for a media
 * frame.
 *
 * @module
 */

export const LINK_ID = /^[0-9a-f]{32}$/;
export const LINK_FRAME_HEADER_BYTES = 5;
export const LINK_TEXT = 0;
export const LINK_BINARY = 1;
/** A key frame of a 4K camera is about 1 MB: what is longer is not ours. */
export const MAX_LINK_FRAME_BYTES = 16 * 1024 * 1024;

/** The header of a message. */
export function linkFrameHeader(type: typeof LINK_TEXT | typeof LINK_BINARY, lengthBytes: number): Uint8Array {
	const header = new Uint8Array(LINK_FRAME_HEADER_BYTES);
	new DataView(header.buffer).setUint32(0, lengthBytes);
	header[4] = type;
	return header;
}

/** Cuts the response, which comes in any pieces, into messages. */
export class LinkFrameReader {
	readonly #onFrame: (type: number, bytes: Uint8Array) => void;
	readonly #header = new Uint8Array(LINK_FRAME_HEADER_BYTES);
	#headerBytes = 0;
	#body: Uint8Array | undefined;
	#bodyBytes = 0;

	/** `onFrame` owns the bytes that it gets. */
	constructor(onFrame: (type: number, bytes: Uint8Array) => void) {
		this.#onFrame = onFrame;
	}

	/** Takes the next piece; answers false for what is no link at all: the rest cannot be read then. */
	push(piece: Uint8Array): boolean {
		let at = 0;
		while (at < piece.length) {
			if (!this.#body) {
				const taken = Math.min(LINK_FRAME_HEADER_BYTES - this.#headerBytes, piece.length - at);
				this.#header.set(piece.subarray(at, at + taken), this.#headerBytes);
				this.#headerBytes += taken;
				at += taken;
				if (this.#headerBytes < LINK_FRAME_HEADER_BYTES) break;
				const lengthBytes = new DataView(this.#header.buffer).getUint32(0);
				const type = this.#header[4];
				if (lengthBytes > MAX_LINK_FRAME_BYTES || (type !== LINK_TEXT && type !== LINK_BINARY)) return false;
				this.#body = new Uint8Array(lengthBytes);
				this.#bodyBytes = 0;
			}
			const taken = Math.min(this.#body.length - this.#bodyBytes, piece.length - at);
			this.#body.set(piece.subarray(at, at + taken), this.#bodyBytes);
			this.#bodyBytes += taken;
			at += taken;
			if (this.#bodyBytes < this.#body.length) break;
			const body = this.#body;
			this.#body = undefined;
			this.#headerBytes = 0;
			this.#onFrame(this.#header[4] ?? LINK_TEXT, body);
		}
		return true;
	}
}
