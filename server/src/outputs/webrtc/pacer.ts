/**
 * Spreads the bursts of one viewer over time: a browser's UDP receive buffer holds some 100 packets, and what overflows
 * before the first received packet of a track is never asked for again. Key frames of all slots go first, so that every
 * tile has a picture before any has motion; the rest follows when a slow browser has had the time to paint them.
 *
 * @module
 */
import type { Clock, Timer } from "../../platform/clock.ts";

/** 80 Mbit/s in bytes per ms: sixteen GOPs of 112 kB in 180 ms, and slow enough for a busy browser. */
export const PACE_BYTES_PER_MS = 10_000;
/** The most that is sent at once, in bytes: 3 ms of the pace, about 27 packets. */
export const MAX_CREDIT_BYTES = 32_000;
/** What may wait for one viewer, in bytes: 3 s of the pace, 64 slots with a GOP of 10 s at 400 kbit/s. */
export const MAX_PENDING_BYTES = 32_000_000;
/**
 * What a browser gets for each key frame before the rest comes, in ms: a new decoder and a first picture take it about
 * this long, and pictures that come meanwhile would be decoded in between.
 */
export const HEAD_START_MS = 8;
/** How often a burst goes on, in ms. */
const TICK_MS = 1;

/** A slot with packets that wait. */
export interface PacedSender {
	/** The next packet belongs to the key frame that a new picture starts with. */
	nextIsUrgent(): boolean;
	hasPending(): boolean;
	/** The next packet is the first of its access unit: a good moment to let the others have their turn. */
	atUnitStart(): boolean;
	/** Sends the next packet and returns its size in bytes. */
	sendNext(): number;
}

/** One per viewer. Has a timer only while something waits. */
export class Pacer {
	readonly #clock: Clock;
	/** Senders whose key frame waits, then those with the rest: each is in at most one of the two. */
	readonly #urgent: PacedSender[] = [];
	readonly #rest: PacedSender[] = [];
	#timer: Timer | undefined;
	#creditBytes = MAX_CREDIT_BYTES;
	#creditAtMs: number;
	/** What is not urgent waits until then. */
	#restFromMs = Number.NEGATIVE_INFINITY;
	#pendingBytes = 0;

	constructor(clock: Clock) {
		this.#clock = clock;
		this.#creditAtMs = clock.nowMs();
	}

	/** Payload bytes that wait in all senders. */
	get pendingBytes(): number {
		return this.#pendingBytes;
	}

	/** A sender says that so many payload bytes more (or fewer) wait. */
	changePending(bytes: number): void {
		this.#pendingBytes += bytes;
	}

	/** Takes in a sender that has begun to wait. The first packets go in a later turn, to let other slots come too. */
	add(sender: PacedSender): void {
		this.#enter(sender);
		// A pause for what was urgent before must not hold up what is urgent now.
		if (sender.nextIsUrgent()) this.close();
		this.#timer ??= this.#clock.after(0, this.#tick);
	}

	/** Forgets a sender whose queue was emptied from outside. */
	remove(sender: PacedSender): void {
		for (const list of [this.#urgent, this.#rest]) {
			const at = list.indexOf(sender);
			if (at >= 0) list.splice(at, 1);
		}
		if (this.#urgent.length + this.#rest.length === 0) this.close();
	}

	/** Stops the timer. */
	close(): void {
		this.#timer?.cancel();
		this.#timer = undefined;
	}

	readonly #tick = (): void => {
		this.#timer = undefined;
		const nowMs = this.#clock.nowMs();
		const earned = (nowMs - this.#creditAtMs) * PACE_BYTES_PER_MS;
		this.#creditBytes = Math.min(MAX_CREDIT_BYTES, this.#creditBytes + earned);
		this.#creditAtMs = nowMs;
		while (this.#creditBytes > 0) {
			const urgent = this.#urgent.length > 0;
			if (!urgent && nowMs < this.#restFromMs) break;
			const list = urgent ? this.#urgent : this.#rest;
			const sender = list[0];
			if (!sender) return;
			this.#creditBytes -= sender.sendNext();
			const done = !sender.hasPending();
			if (!done && (urgent ? sender.nextIsUrgent() : !sender.atUnitStart())) continue;
			list.shift();
			if (!done) this.#enter(sender);
			if (urgent) this.#restFromMs = Math.max(nowMs, this.#restFromMs) + HEAD_START_MS;
		}
		const pauseMs = this.#urgent.length > 0 ? 0 : this.#restFromMs - nowMs;
		if (this.#urgent.length + this.#rest.length > 0) {
			this.#timer = this.#clock.after(Math.max(TICK_MS, pauseMs), this.#tick);
		}
	};

	#enter(sender: PacedSender): void {
		(sender.nextIsUrgent() ? this.#urgent : this.#rest).push(sender);
	}
}
