/** One media channel of a page: what is to be sent on it, in order, and where it goes on after a skip. @module */
import type { ChannelWish, MediaTrack } from "@vigia/api";
import type { Chunk, InitSegment } from "@vigia/cmaf";

/** A chunk that waits, with the header that it belongs to. */
export interface QueuedChunk {
	readonly track: MediaTrack;
	readonly init: InitSegment;
	readonly chunk: Chunk;
	/** In milliseconds since 1970. */
	readonly receivedAtMs: number;
	/** {@link Clock.nowMs} when it was queued, and from when on it is too late. */
	readonly queuedAtMs: number;
	readonly dueMs: number;
}

/** The queue of one channel. Knows neither link nor feed. */
export class MseChannel {
	readonly wish: ChannelWish;
	/** Nothing can be sent but a key frame: at the start, and after a skip. */
	resuming = true;
	/** {@link Clock.nowMs} of the last picture that was sent. */
	sentAtMs = Number.NEGATIVE_INFINITY;
	/** The newest header of each track, for the chunks that come after it. */
	videoInit: InitSegment | undefined;
	audioInit: InitSegment | undefined;
	/** The headers that the page has. */
	sentVideoInit: InitSegment | undefined;
	sentAudioInit: InitSegment | undefined;
	/** Bytes of the pictures that wait. */
	queuedBytes = 0;
	readonly #pictures: QueuedChunk[] = [];
	readonly #sound: QueuedChunk[] = [];
	#waitsForKeyFrame = true;

	constructor(wish: ChannelWish) {
		this.wish = wish;
	}

	get queued(): number {
		return this.#pictures.length + this.#sound.length;
	}

	/** The oldest picture that waits. */
	get picture(): QueuedChunk | undefined {
		return this.#pictures[0];
	}

	/** What is sent next: the first picture, then sound before pictures. */
	get next(): QueuedChunk | undefined {
		return this.started ? (this.#sound[0] ?? this.#pictures[0]) : this.#pictures[0];
	}

	/** A picture was sent. */
	get started(): boolean {
		return this.sentVideoInit !== undefined;
	}

	/** Whether a chunk can be used: after a skip pictures go on at a key frame. To be asked once for each chunk. */
	takes(track: MediaTrack, chunk: Chunk): boolean {
		if (track === "audio") return true;
		if (this.#waitsForKeyFrame && !chunk.randomAccess) return false;
		this.#waitsForKeyFrame = false;
		return true;
	}

	/** Adds to the end; what follows a chunk is due no sooner than it, so that a long start is not taken for a delay. */
	queue(item: QueuedChunk): void {
		const queue = item.track === "video" ? this.#pictures : this.#sound;
		const before = queue.at(-1)?.dueMs ?? 0;
		queue.push(before > item.dueMs ? { ...item, dueMs: before } : item);
		if (item.track === "video") this.queuedBytes += item.chunk.bytes.length;
	}

	/** Takes {@link next} out. */
	shift(): QueuedChunk | undefined {
		const { next } = this;
		if (next?.track === "audio") return this.#sound.shift();
		this.#pictures.shift();
		if (next) this.queuedBytes -= next.chunk.bytes.length;
		return next;
	}

	/** Drops the pictures that wait, and all up to the next key frame; answers how many waited. */
	skip(): number {
		const dropped = this.#pictures.length;
		this.#pictures.length = 0;
		this.queuedBytes = 0;
		this.#waitsForKeyFrame = true;
		this.resuming = true;
		return dropped;
	}

	/** Drops the sound that is too late; answers how many chunks. */
	dropLateSound(nowMs: number): number {
		let dropped = 0;
		while (this.#sound[0] && this.#sound[0].dueMs < nowMs) {
			this.#sound.shift();
			dropped++;
		}
		return dropped;
	}
}
