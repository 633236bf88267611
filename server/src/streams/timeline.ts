/**
 * One stream's clock in 90 kHz: RFC 6184 section 8.2.1. Sessions come and go; their time lines lie on the same monotonic
 * clock, so that readers see one that only goes forward. @module
 */

export const TICKS_PER_MS = 90;

export class Timeline {
	#lastTicks = Number.NEGATIVE_INFINITY;

	/**
	 * The stream's time of an access unit in ticks: always more than the one before. Equal or falling times still get a
	 * tick of their own: a reader may use them as a key.
	 * @param mediaMs its place on its session's time line, a monotonic time.
	 */
	next(mediaMs: number): number {
		this.#lastTicks = Math.max(this.#lastTicks + 1, Math.round(mediaMs * TICKS_PER_MS));
		return this.#lastTicks;
	}
}
