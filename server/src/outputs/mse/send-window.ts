/**
 * How much media may be on its way to a page. Proxies and kernels buffer megabytes without saying so, so only what the
 * page acknowledges counts as arrived. Like a congestion window of TCP that goes by delay: it grows while
 * acknowledgements come quickly, and shrinks when they do not. Time comes in as an argument.
 *
 * @module
 */

/**
 * A second and a half of 256 kbit/s: a status behind it is not yet too late for a page to judge by. It doubles with
 * each round trip, so that a fast link has the first pictures of a large wall within half a second.
 */
export const START_WINDOW_BYTES = 48 * 1024;
/** Half a second of 256 kbit/s: texts come between the pictures. */
export const MIN_WINDOW_BYTES = 16 * 1024;
/** 100 Mbit/s over a round trip of 300 ms. */
export const MAX_WINDOW_BYTES = 4 * 1024 * 1024;
/** A page that has not acknowledged a byte after this long, in ms, is behind, and a status would be as late. */
export const STALE_AFTER_MS = 1500;
/** Acknowledgements this much later, in ms, than the quickest one mean that a queue builds up somewhere: enough. */
const QUEUEING_MS = 300;
/** And this much later, in ms, that it is too long. */
const SLOW_MS = 600;
const SHRINK = 0.7;
/** So many bytes, sent within so many ms, share one mark. */
const MARK_BYTES = 8 * 1024;
const MARK_MS = 20;

interface Mark {
	/** Counts of all bytes sent, before this mark and with it. */
	readonly startBytes: number;
	endBytes: number;
	readonly sentAtMs: number;
}

export class SendWindow {
	#sentBytes = 0;
	#acknowledgedBytes = 0;
	#sizeBytes = START_WINDOW_BYTES;
	/** Oldest first; a few hundred, because of the window. */
	readonly #marks: Mark[] = [];
	#quickestMs = Number.POSITIVE_INFINITY;
	#congested = false;
	/** What had been sent when the window shrank; it shrinks again only by what was sent after. */
	#shrunkAtBytes = -1;

	get bytesInFlight(): number {
		return this.#sentBytes - this.#acknowledgedBytes;
	}

	get sizeBytes(): number {
		return this.#sizeBytes;
	}

	/** How long the oldest byte in flight has been waiting for its acknowledgement; 0 without any. */
	oldestMs(nowMs: number): number {
		const oldest = this.#marks[0];
		return oldest ? nowMs - oldest.sentAtMs : 0;
	}

	/** Whether a chunk of so many bytes may be sent. Alone on its way it always may, however large it is. */
	isOpen(bytes: number, nowMs: number): boolean {
		if (this.oldestMs(nowMs) > STALE_AFTER_MS) {
			if (!this.#congested) this.#shrink();
			this.#congested = true;
			return false;
		}
		// What is on its way has to drain first, or it would be stale again at once.
		if (this.#congested && this.bytesInFlight > this.#sizeBytes / 2) return false;
		this.#congested = false;
		return this.bytesInFlight === 0 || this.bytesInFlight + bytes <= this.#sizeBytes;
	}

	sent(bytes: number, nowMs: number): void {
		const startBytes = this.#sentBytes;
		const endBytes = startBytes + bytes;
		this.#sentBytes = endBytes;
		const last = this.#marks.at(-1);
		const shares = last && nowMs - last.sentAtMs < MARK_MS && endBytes - last.startBytes <= MARK_BYTES;
		if (shares) last.endBytes = endBytes;
		else this.#marks.push({ startBytes, endBytes, sentAtMs: nowMs });
	}

	/** @param totalBytes all that the page has taken so far; what cannot be true is cut down to what can. */
	acknowledge(totalBytes: number, nowMs: number): void {
		const acknowledged = Math.min(totalBytes, this.#sentBytes) - this.#acknowledgedBytes;
		if (acknowledged <= 0) return;
		const wasLimiting = this.bytesInFlight >= this.#sizeBytes / 2;
		this.#acknowledgedBytes += acknowledged;
		let newest: Mark | undefined;
		while (this.#marks[0] && this.#marks[0].endBytes <= this.#acknowledgedBytes) newest = this.#marks.shift();
		if (!newest) return;
		const tookMs = nowMs - newest.sentAtMs;
		this.#quickestMs = Math.min(this.#quickestMs, tookMs);
		if (tookMs > this.#quickestMs + SLOW_MS) this.#shrink();
		else if (wasLimiting && !this.#congested && tookMs <= this.#quickestMs + QUEUEING_MS) {
			this.#sizeBytes = Math.min(MAX_WINDOW_BYTES, this.#sizeBytes + acknowledged);
		}
	}

	#shrink(): void {
		if (this.#acknowledgedBytes <= this.#shrunkAtBytes) return;
		this.#shrunkAtBytes = this.#sentBytes;
		this.#sizeBytes = Math.max(MIN_WINDOW_BYTES, this.#sizeBytes * SHRINK);
	}
}
