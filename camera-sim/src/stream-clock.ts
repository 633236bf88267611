/**
 * The shared clock of one stream: which picture is on at a moment is a function of time alone, so all viewers see the
 * same picture. Ticks only while somebody watches. @module
 */
import type { Clip, ClipPicture } from "./clip-store.ts";

/** One picture at its moment. */
export interface DuePicture {
	readonly picture: ClipPicture;
	/** Pictures since the clock's origin, over all loops. */
	readonly index: number;
}

export interface StreamViewer {
	/** A picture is due. */
	sendPicture(due: DuePicture): void;
	/** Called with every tick after the pictures: the moment for sound and RTCP. */
	tick(nowMs: number): void;
}

/** After a longer pause of the process the missed pictures are not sent at once but left out. */
const MAX_CATCH_UP_MS = 1000;

export class StreamClock {
	readonly clip: Clip;
	/** On the clock of `performance.now()`: when picture 0 was on. */
	readonly #originMs: number;
	readonly #viewers = new Set<StreamViewer>();
	readonly #onPictureSent: ((index: number) => void) | undefined;
	#next = 0;
	#timer: NodeJS.Timeout | undefined;

	/** @param onPictureSent is called before a picture is handed to its viewers. */
	constructor(clip: Clip, originMs: number, onPictureSent?: (index: number) => void) {
		this.clip = clip;
		this.#originMs = originMs;
		this.#onPictureSent = onPictureSent;
	}

	/** The index of the picture that is sent next. */
	get nextIndex(): number {
		return this.#timer ? this.#next : this.#indexAt(performance.now()) + 1;
	}

	/** A picture's RTP timestamp, counted from the clock's origin; not wrapped. */
	timestampOf(index: number): number {
		return Math.round((index * 90_000) / this.clip.entry.framesPerSecond);
	}

	/** The RTP timestamp of a moment, counted from the clock's origin; not wrapped. */
	timestampAt(nowMs: number): number {
		return Math.round((nowMs - this.#originMs) * 90);
	}

	/** From the clock's origin to a moment. */
	elapsedMs(nowMs: number): number {
		return nowMs - this.#originMs;
	}

	add(viewer: StreamViewer): void {
		this.#viewers.add(viewer);
		if (this.#timer) return;
		this.#next = this.#indexAt(performance.now()) + 1;
		this.#schedule();
	}

	delete(viewer: StreamViewer): void {
		this.#viewers.delete(viewer);
		if (this.#viewers.size > 0) return;
		clearTimeout(this.#timer);
		this.#timer = undefined;
	}

	get ticking(): boolean {
		return this.#timer !== undefined;
	}

	#indexAt(nowMs: number): number {
		return Math.floor(((nowMs - this.#originMs) * this.clip.entry.framesPerSecond) / 1000);
	}

	/** Every moment is counted from the origin, so that the timer's lateness does not add up. */
	#schedule(): void {
		const dueMs = this.#originMs + (this.#next * 1000) / this.clip.entry.framesPerSecond;
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => this.#tick(), Math.max(1, Math.ceil(dueMs - performance.now())));
	}

	#tick(): void {
		const nowMs = performance.now();
		const current = this.#indexAt(nowMs);
		const oldest = this.#indexAt(nowMs - MAX_CATCH_UP_MS);
		if (this.#next < oldest) this.#next = oldest;
		for (; this.#next <= current; this.#next++) {
			const picture = this.clip.pictures[this.#next % this.clip.pictures.length];
			if (!picture) continue;
			const due = { picture, index: this.#next };
			this.#onPictureSent?.(this.#next);
			for (const viewer of this.#viewers) viewer.sendPicture(due);
		}
		for (const viewer of this.#viewers) viewer.tick(nowMs);
		if (this.#viewers.size > 0) this.#schedule();
	}
}
