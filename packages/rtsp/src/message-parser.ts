/**
 * One incremental parser for everything that arrives on an RTSP connection: messages (RFC 2326 section 4) and
 * interleaved frames (section 10.12). Client and server use it. Lenient where cameras need it; bounded everywhere.
 * @module
 */
import { toByteString } from "./bytes.ts";
import { RtspError } from "./errors.ts";
import type { RtspMessage, RtspResponse } from "./message.ts";
import { contentLengthOf, parseHead } from "./message-head.ts";

/** Start line and header fields together: real heads stay under 2 KiB. */
export const MAX_HEAD_BYTES: number = 32 * 1024;
/** Lines of one head. */
export const MAX_HEAD_LINES: number = 256;
/** A body: session descriptions stay under 16 KiB. */
export const MAX_BODY_BYTES: number = 128 * 1024;
/** Bytes that may be skipped in one go to find the next message or frame (Canon VB-H47 sends some). */
export const MAX_GARBAGE_BYTES: number = 64 * 1024;
/** A method is a short word; a longer one is garbage. */
const MAX_METHOD_CHARS = 24;
/** `$`, channel, two bytes of length. */
const FRAME_HEADER_BYTES = 4;
/** The shortest RTCP packet; RTP needs twelve. */
const MIN_MEDIA_BYTES = 8;
/**
 * A frame on a channel that was never set up is real (tracks that were not asked for, a stale session's) only with a
 * low channel and a length that packets have (Tapo sends some of 10 kB): else it is garbage that holds a `$`.
 */
const MAX_STRAY_CHANNEL = 31;
const MAX_STRAY_BYTES = 16_384;
/** RTP and RTCP both begin with version 2 in two bits: RFC 3550 sections 5.1 and 6.4.1. */
const RTP_VERSION = 2;
/** Grows from here by doubling; never beyond one head, one body and one read. */
const INITIAL_BUFFER_BYTES = 4096;

const LF = 0x0a;
const CR = 0x0d;
const TAB = 0x09;
const SPACE = 0x20;
const DOT = 0x2e;
const DIGIT_NINE = 0x39;
const UNDERSCORE = 0x5f;
const DOLLAR = 0x24;
const LETTER_R = 0x52;
const STATUS_START = "RTSP/";

export interface RtspParserHandler {
	/** A whole message; its body is a copy of its own. */
	onMessage(message: RtspMessage): void;
	/** An interleaved frame; `payload` is a view that is valid until the call returns. May be empty. */
	onInterleaved(channel: number, payload: Uint8Array): void;
	/**
	 * Asked for a response without Content-Length, or with one beyond all measure: does its body run to the end of the
	 * connection, or to {@link RtspParser.finishBody}? Without this method it has no body, or is refused.
	 */
	bodyRunsToEnd?(head: RtspResponse): boolean;
	/**
	 * Asked to tell frames from garbage. Without this method every frame is taken as it stands and other garbage is an
	 * error at once, as a server wants it.
	 */
	isKnownChannel?(channel: number): boolean;
}

interface Body {
	readonly head: RtspMessage;
	/** `undefined`: to the end. */
	readonly length: number | undefined;
}

export class RtspParser {
	readonly #handler: RtspParserHandler;
	/** Either the caller's chunk, while {@link push} runs, or {@link #own}. */
	#data: Uint8Array;
	#own: Uint8Array;
	#at = 0;
	#end = 0;
	/** Where the search for the end of the head goes on, from {@link #at}. */
	#scanned = 0;
	#lines = 0;
	#lineStart = 0;
	#pastFirstWord = false;
	#body: Body | undefined;
	#garbageRun = 0;
	#stopped = false;
	/** Bytes skipped as garbage so far. */
	garbageBytes = 0;

	constructor(handler: RtspParserHandler) {
		this.#handler = handler;
		this.#own = new Uint8Array(INITIAL_BUFFER_BYTES);
		this.#data = this.#own;
	}

	/**
	 * Takes what arrived, split anyhow, and calls the handler for each whole message and frame. `chunk` stays the
	 * caller's and is not kept.
	 * @throws {RtspError} kind `protocol` if a limit is passed or the bytes are not RTSP; the parser is then of no use.
	 */
	push(chunk: Uint8Array): void {
		if (this.#stopped) return;
		this.#take(chunk);
		try {
			while (!this.#stopped && this.#at < this.#end && this.#step());
		} catch (error) {
			this.#stopped = true;
			throw error;
		}
		this.#keepRest();
	}

	/** Nothing more is delivered: for a handler that has seen enough. */
	stop(): void {
		this.#stopped = true;
	}

	/** The message whose body is being read is delivered with what has come of it; `false` if there is none. */
	finishBody(): boolean {
		const body = this.#body;
		if (!body || this.#stopped) return false;
		this.#deliver(body.head, this.#end - this.#at);
		return true;
	}

	#take(input: Uint8Array): void {
		// Of Node's Buffer, `slice` is a view: whoever keeps a copy of a payload would keep the reader's buffer instead.
		const plain = input.constructor === Uint8Array;
		const chunk = plain ? input : new Uint8Array(input.buffer, input.byteOffset, input.length);
		const rest = this.#end - this.#at;
		if (rest === 0) {
			// The common case: frames are parsed where they lie.
			this.#data = chunk;
			this.#at = 0;
			this.#end = chunk.length;
			return;
		}
		if (this.#end + chunk.length > this.#own.length) {
			const needed = rest + chunk.length;
			let size = this.#own.length;
			while (size < needed) size *= 2;
			const target = size === this.#own.length ? this.#own : new Uint8Array(size);
			target.set(this.#own.subarray(this.#at, this.#end));
			this.#own = target;
			this.#at = 0;
			this.#end = rest;
		}
		this.#data = this.#own;
		this.#own.set(chunk, this.#end);
		this.#end += chunk.length;
	}

	#keepRest(): void {
		if (this.#data === this.#own) return;
		const rest = this.#end - this.#at;
		if (rest > this.#own.length) {
			let size = this.#own.length;
			while (size < rest) size *= 2;
			this.#own = new Uint8Array(size);
		}
		this.#own.set(this.#data.subarray(this.#at, this.#end));
		this.#data = this.#own;
		this.#at = 0;
		this.#end = rest;
	}

	/** Handles one piece; `false` if more bytes are needed. */
	#step(): boolean {
		if (this.#body) return this.#readBody(this.#body);
		const first = this.#data[this.#at];
		if (this.#garbageRun > 0) return this.#resynchronize();
		if (first === DOLLAR) return this.#readFrame();
		if (this.#scanned === 0 && (first === CR || first === LF)) {
			this.#at++;
			return true;
		}
		return this.#readHead();
	}

	#readFrame(): boolean {
		const data = this.#data;
		const at = this.#at;
		if (this.#end - at < FRAME_HEADER_BYTES) return false;
		const length = ((data[at + 2] ?? 0) << 8) | (data[at + 3] ?? 0);
		const end = at + FRAME_HEADER_BYTES + length;
		const channel = data[at + 1] ?? 0;
		if (this.#handler.isKnownChannel) {
			// The first byte of the payload tells; without it there is no deciding yet.
			if (length > 0 && this.#end - at === FRAME_HEADER_BYTES) return false;
			const version = (data[at + FRAME_HEADER_BYTES] ?? 0) >> 6;
			if (!this.#handler.isKnownChannel(channel)) {
				const verdict = this.#stray(channel, length);
				if (verdict === "wait") return false;
				if (verdict === "none") return this.#garbage();
			} else if (length > 0 && version !== RTP_VERSION) return this.#garbage();
		}
		if (this.#end < end) return false;
		this.#at = end;
		this.#handler.onInterleaved(channel, data.subarray(at + FRAME_HEADER_BYTES, end));
		return true;
	}

	/** Is what stands here, on a channel that was never set up, a frame? */
	#stray(channel: number, length: number): "found" | "none" | "wait" {
		if (channel > MAX_STRAY_CHANNEL || length > MAX_STRAY_BYTES) return "none";
		return this.#framed(length);
	}

	#readHead(): boolean {
		const data = this.#data;
		const start = this.#at;
		for (let at = start + this.#scanned; at < this.#end; at++) {
			const byte = data[at] ?? 0;
			if (this.#lines === 0 && !this.#belongsToStartLine(byte, at - start)) return this.#garbage();
			if (at - start >= MAX_HEAD_BYTES) throw tooLarge("head", MAX_HEAD_BYTES, "bytes");
			if (byte !== LF) continue;
			const empty = this.#isEmptyLine(start + this.#lineStart, at);
			this.#lines++;
			this.#lineStart = at + 1 - start;
			if (this.#lines > MAX_HEAD_LINES) throw tooLarge("head", MAX_HEAD_LINES, "lines");
			if (empty) return this.#endHead(start, at + 1);
		}
		this.#scanned = this.#end - start;
		return false;
	}

	/** Tells text from garbage early, so that garbage does not swallow frames up to the next line feed. */
	#belongsToStartLine(byte: number, offset: number): boolean {
		if (byte === LF || byte === CR || byte === TAB) return offset > 0;
		if (byte < SPACE || byte === 0x7f) return false;
		if (this.#pastFirstWord) return true;
		if (byte === SPACE) {
			this.#pastFirstWord = true;
			return offset > 0;
		}
		if (offset >= MAX_METHOD_CHARS) return false;
		// A method: RFC 2326 section 6.1 lets it be any token, in use are capitals and `_`.
		if ((byte >= 0x41 && byte <= 0x5a) || byte === UNDERSCORE) return true;
		// The slash, the digits and the dot of RTSP/1.0.
		return offset >= 4 && byte >= DOT && byte <= DIGIT_NINE;
	}

	/** Only carriage returns, or nothing: a line of blanks is a fold ("Customer RTSP Server/1.0.0"). */
	#isEmptyLine(from: number, to: number): boolean {
		for (let at = from; at < to; at++) if (this.#data[at] !== CR) return false;
		return true;
	}

	#endHead(start: number, end: number): boolean {
		const text = toByteString(this.#data, start, end);
		this.#resetHead();
		const head = parseHead(text);
		if (!head) return this.#garbage();
		this.#at = end;
		const length = contentLengthOf(head);
		const unknown = length === undefined || length > MAX_BODY_BYTES;
		if (unknown && head.type === "response" && this.#handler.bodyRunsToEnd?.(head) === true) {
			this.#body = { head, length: undefined };
			return true;
		}
		if ((length ?? 0) > MAX_BODY_BYTES) throw tooLarge("body", MAX_BODY_BYTES, "bytes");
		this.#body = { head, length: length ?? 0 };
		// A message without a body must not wait for the next byte.
		return this.#readBody(this.#body);
	}

	#readBody(body: Body): boolean {
		const available = this.#end - this.#at;
		if (body.length === undefined) {
			if (available > MAX_BODY_BYTES) throw tooLarge("body", MAX_BODY_BYTES, "bytes");
			// The next response, and so no body at all.
			if (available === 0 || this.#data[this.#at] !== LETTER_R || this.#candidate() !== "found") return false;
			this.#deliver(body.head, 0);
			return true;
		}
		if (available < body.length) return false;
		this.#deliver(body.head, body.length);
		return true;
	}

	#deliver(head: RtspMessage, bodyBytes: number): void {
		const body = this.#data.slice(this.#at, this.#at + bodyBytes);
		this.#at += bodyBytes;
		this.#body = undefined;
		this.#handler.onMessage({ ...head, body });
	}

	#resetHead(): void {
		this.#scanned = 0;
		this.#lines = 0;
		this.#lineStart = 0;
		this.#pastFirstWord = false;
	}

	/** The byte at hand begins neither a message nor a frame. */
	#garbage(): boolean {
		this.#resetHead();
		if (!this.#handler.isKnownChannel) {
			throw new RtspError(
				"protocol",
				"RTSP_GARBAGE",
				"the peer sent bytes that are neither an RTSP message nor a frame",
			);
		}
		this.#skipByte();
		return true;
	}

	#skipByte(): void {
		this.#at++;
		this.#garbageRun++;
		this.garbageBytes++;
		if (this.#garbageRun > MAX_GARBAGE_BYTES) throw tooLarge("garbage between messages", MAX_GARBAGE_BYTES, "bytes");
	}

	/**
	 * Looks for the next frame or response. It decides only with all bytes of a candidate at hand, so that the result
	 * does not depend on how they were split.
	 */
	#resynchronize(): boolean {
		while (this.#at < this.#end) {
			const candidate = this.#candidate();
			if (candidate === "wait") return false;
			if (candidate === "found") {
				this.#garbageRun = 0;
				return true;
			}
			this.#skipByte();
		}
		return false;
	}

	#candidate(): "found" | "none" | "wait" {
		const data = this.#data;
		const at = this.#at;
		const available = this.#end - at;
		if (data[at] === LETTER_R) {
			for (let offset = 1; offset < STATUS_START.length; offset++) {
				if (offset >= available) return "wait";
				if (data[at + offset] !== STATUS_START.charCodeAt(offset)) return "none";
			}
			return "found";
		}
		if (data[at] !== DOLLAR) return "none";
		if (available < 2) return "wait";
		if (this.#handler.isKnownChannel?.(data[at + 1] ?? 0) !== true) return "none";
		if (available < FRAME_HEADER_BYTES) return "wait";
		return this.#framed(((data[at + 2] ?? 0) << 8) | (data[at + 3] ?? 0));
	}

	/** Does a frame of this length at hand hold a packet, with something that may follow a frame behind it? */
	#framed(length: number): "found" | "none" | "wait" {
		const data = this.#data;
		const at = this.#at;
		const available = this.#end - at;
		if (length < MIN_MEDIA_BYTES) return "none";
		if (available < FRAME_HEADER_BYTES + 1) return "wait";
		if ((data[at + FRAME_HEADER_BYTES] ?? 0) >> 6 !== RTP_VERSION) return "none";
		if (available < FRAME_HEADER_BYTES + length + 1) return "wait";
		const next = data[at + FRAME_HEADER_BYTES + length];
		return next === DOLLAR || next === LETTER_R || next === CR || next === LF ? "found" : "none";
	}
}

function tooLarge(what: string, limit: number, unit: string): RtspError {
	return new RtspError("protocol", "RTSP_TOO_LARGE", `the peer sent a ${what} of more than ${limit} ${unit}`);
}

/** The four bytes before an interleaved payload: RFC 2326 section 10.12. */
export function writeInterleavedHeader(channel: number, payloadBytes: number): Uint8Array {
	const header = new Uint8Array(FRAME_HEADER_BYTES);
	writeInterleavedHeaderAt(header, 0, channel, payloadBytes);
	return header;
}

/** As {@link writeInterleavedHeader}, into `target`: for whoever sends many. */
export function writeInterleavedHeaderAt(target: Uint8Array, at: number, channel: number, payloadBytes: number): void {
	target[at] = DOLLAR;
	target[at + 1] = channel;
	target[at + 2] = payloadBytes >> 8;
	target[at + 3] = payloadBytes;
}
