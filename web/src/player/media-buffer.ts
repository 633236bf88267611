/**
 * One `SourceBuffer` and what waits for it. A SourceBuffer takes one thing at a time: everything goes through one queue,
 * in order. W3C Media Source Extensions 2.
 * @module
 */
import type { MediaFrame } from "@vigia/api";
import type { FeedFault } from "./feed.ts";
import { readDecodeTime, readTimescale } from "./media-segment.ts";

/** More waiting bytes than this are not played any more: two seconds of a 4K camera's GOP, twice. */
export const MAX_WAITING_BYTES = 8 * 1024 * 1024;
/** Fragments are joined up to this: an append is copied and parsed in one go, in bytes. */
export const MAX_APPEND_BYTES = 1024 * 1024;
/** Random access points that are remembered: more than what is kept of one picture a second, all of them key frames. */
const MAX_RANDOM_ACCESS_POINTS = 256;

export interface MediaBufferOptions {
	/** Something was appended or removed. */
	readonly onChange: () => void;
	/** It takes nothing any more. */
	readonly onFault: (fault: FeedFault, detail: string) => void;
	/** Where playback is, in seconds. */
	readonly currentTime: () => number;
}

interface Waiting {
	readonly bytes: Uint8Array;
	readonly randomAccess: boolean;
	/** Of an initialization segment: its MIME type. */
	readonly type: string | undefined;
}

export class MediaBuffer {
	readonly #options: MediaBufferOptions;
	#buffer: SourceBuffer | undefined;
	#type: string | undefined;
	#waiting: Waiting[] = [];
	#waitingBytes = 0;
	#dropping = false;
	#hasMedia = false;
	/** The browser wants data. Only a ManagedMediaSource ever says that it does not. */
	#streaming = true;
	/** Was refused for want of room, and is tried once more. */
	#refused: Uint8Array<ArrayBuffer> | undefined;
	/** Everything before is to be removed, in seconds. */
	#removeBefore: number | undefined;
	#timescale: number | undefined;
	/** Decode times of the random access points, in seconds, rising. */
	#randomAccess: number[] = [];
	#ended = false;

	constructor(options: MediaBufferOptions) {
		this.#options = options;
	}

	/** MIME type of the first initialization segment; until it came the SourceBuffer cannot be made. */
	get type(): string | undefined {
		return this.#type;
	}

	/** A fragment has come after its initialization segment. */
	get hasMedia(): boolean {
		return this.#hasMedia;
	}

	/** Appends from now on to `buffer`, which was made for {@link type}. */
	open(buffer: SourceBuffer): void {
		this.#buffer = buffer;
		buffer.onupdateend = () => {
			this.#pump();
			this.#options.onChange();
		};
		buffer.onerror = () => this.#fail("decoder", "the browser cannot read what was appended");
		this.#pump();
	}

	/** Takes the next frame of this track. The bytes must not change any more. */
	push(frame: MediaFrame): void {
		if (this.#ended) return;
		const type = frame.kind === "init" ? `${frame.track}/mp4; codecs="${frame.codecs}"` : undefined;
		this.#type ??= type;
		if (type === undefined) {
			if (this.#type === undefined || (this.#dropping && !frame.randomAccess)) return;
			this.#dropping = false;
			this.#hasMedia = true;
		}
		this.#waiting.push({ bytes: frame.payload, randomAccess: frame.randomAccess, type });
		this.#waitingBytes += frame.payload.length;
		if (this.#waitingBytes > MAX_WAITING_BYTES) this.#drop();
		this.#pump();
	}

	/** Removes what is older than `before`, in seconds, but nothing that later pictures are decoded from. */
	trim(before: number): void {
		const buffered = this.#buffered();
		if (!buffered || buffered.length === 0) return;
		const cut = this.#cut(before);
		if (cut === undefined || cut <= buffered.start(0)) return;
		this.#removeBefore = cut;
		this.#pump();
	}

	/** Whether the browser takes data: a ManagedMediaSource says so with `startstreaming` and `endstreaming`. */
	setStreaming(streaming: boolean): void {
		this.#streaming = streaming;
		this.#pump();
	}

	/** The end of what is buffered, in seconds. */
	get end(): number | undefined {
		const buffered = this.#buffered();
		return buffered && buffered.length > 0 ? buffered.end(buffered.length - 1) : undefined;
	}

	/** Lets go of everything. @returns the SourceBuffer that it had */
	close(): SourceBuffer | undefined {
		const buffer = this.#buffer;
		this.#ended = true;
		this.#waiting = [];
		this.#waitingBytes = 0;
		this.#refused = undefined;
		if (buffer) buffer.onupdateend = buffer.onerror = null;
		this.#buffer = undefined;
		return buffer;
	}

	/** The browser throws once the buffer was taken from its source, which it does by itself after an error. */
	#buffered(): TimeRanges | undefined {
		try {
			return this.#buffer?.buffered;
		} catch (error) {
			this.#fail("decoder", describe(error));
			return undefined;
		}
	}

	#remember({ bytes, type, randomAccess }: Waiting): void {
		if (type !== undefined) this.#timescale = readTimescale(bytes);
		if (!randomAccess || type !== undefined) return;
		const ticks = readDecodeTime(bytes);
		if (ticks === undefined || this.#timescale === undefined) return;
		this.#randomAccess.push(ticks / this.#timescale);
		if (this.#randomAccess.length > MAX_RANDOM_ACCESS_POINTS) this.#randomAccess.shift();
	}

	/**
	 * `remove()` takes away everything up to the next random access point after its end, and all there is if none has
	 * come yet: it may only end at one (section 3.5.9, coded frame removal). Without video every fragment is one.
	 */
	#cut(before: number): number | undefined {
		if (this.#type?.startsWith("audio/")) return before;
		let cut: number | undefined;
		while (this.#randomAccess[0] !== undefined && this.#randomAccess[0] <= before) cut = this.#randomAccess.shift();
		if (cut !== undefined) this.#randomAccess.unshift(cut);
		return cut;
	}

	/** Lets go of what waits up to the newest random access point, or of everything until the next one comes. */
	#drop(): void {
		let keepFrom = this.#waiting.length;
		for (let i = this.#waiting.length - 1; i > 0; i--) {
			if (this.#waiting[i]?.randomAccess) {
				keepFrom = i;
				break;
			}
		}
		const kept = this.#waiting.slice(keepFrom);
		const init = this.#waiting.slice(0, keepFrom).findLast(({ type }) => type !== undefined);
		this.#dropping = kept.length === 0;
		this.#waiting = init ? [init, ...kept] : kept;
		this.#waitingBytes = this.#waiting.reduce((sum, { bytes }) => sum + bytes.length, 0);
	}

	/** Does the next thing, if the browser is ready for it. */
	#pump(): void {
		const buffer = this.#buffer;
		if (!buffer || this.#ended || buffer.updating) return;
		try {
			if (this.#removeBefore !== undefined) {
				const before = this.#removeBefore;
				this.#removeBefore = undefined;
				buffer.remove(0, before);
				return;
			}
			if (!this.#streaming) return;
			const bytes = this.#refused ?? this.#next(buffer);
			if (bytes) this.#append(buffer, bytes);
		} catch (error) {
			this.#fail("decoder", describe(error));
		}
	}

	#append(buffer: SourceBuffer, bytes: Uint8Array<ArrayBuffer>): void {
		try {
			buffer.appendBuffer(bytes);
			this.#refused = undefined;
		} catch (error) {
			const full = error instanceof DOMException && error.name === "QuotaExceededError";
			if (!full || this.#refused) throw error;
			this.#refused = bytes;
			this.trim(this.#options.currentTime());
			// Nothing that could be removed.
			if (!buffer.updating) throw error;
		}
	}

	/** Takes from the queue what is appended next; an initialization segment of another type changes the buffer's. */
	#next(buffer: SourceBuffer): Uint8Array<ArrayBuffer> | undefined {
		const first = this.#waiting[0];
		if (!first) return undefined;
		if (first.type !== undefined && first.type !== this.#type) {
			if (!isTypeSupported(first.type)) {
				this.#fail("codec", `the browser does not play ${first.type}`);
				return undefined;
			}
			buffer.changeType(first.type);
			this.#type = first.type;
		}
		let count = 1;
		let bytes = first.bytes.length;
		for (; count < this.#waiting.length; count++) {
			const next = this.#waiting[count];
			if (!next || next.type !== undefined || bytes + next.bytes.length > MAX_APPEND_BYTES) break;
			bytes += next.bytes.length;
		}
		const parts = this.#waiting.splice(0, count);
		this.#waitingBytes -= bytes;
		for (const part of parts) this.#remember(part);
		// What comes from a socket is never in shared memory.
		if (count === 1) return first.bytes as Uint8Array<ArrayBuffer>;
		const joined = new Uint8Array(bytes);
		let at = 0;
		for (const part of parts) {
			joined.set(part.bytes, at);
			at += part.bytes.length;
		}
		return joined;
	}

	#fail(fault: FeedFault, detail: string): void {
		if (this.#ended) return;
		this.close();
		this.#options.onFault(fault, detail);
	}
}

/** The browser's constructor: a ManagedMediaSource where there is no other, which is so on iPhones. */
export function mediaSourceClass(): typeof MediaSource | undefined {
	if (typeof MediaSource !== "undefined") return MediaSource;
	return (globalThis as { ManagedMediaSource?: typeof MediaSource }).ManagedMediaSource;
}

/** Whether the browser says that it can play a MIME type with codecs. */
export function isTypeSupported(type: string): boolean {
	return mediaSourceClass()?.isTypeSupported(type) ?? false;
}

function describe(error: unknown): string {
	return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
