/**
 * One stream's clock. Cameras' RTP timestamps wrap, jump and start anew with every session; readers need one that
 * only goes forward. RFC 3550 section 5.1 (timestamp). @module
 */

/** H.264 over RTP counts in 90 kHz: RFC 6184 section 8.2.1. */
export const TICKS_PER_MS = 90;
/** A step that differs this much from the arrival clock is a jump of the camera's clock, not a pause of its video. */
const MAX_CLOCK_ERROR_TICKS = 5000 * TICKS_PER_MS;

export class Timeline {
	/** What to add to the unwrapped RTP timestamp. */
	#offset = 0;
	/** The newest RTP timestamp, unwrapped. */
	#unwrapped: number | undefined;
	#lastTicks = 0;
	#lastArrivalMs: number | undefined;

	/** The camera begins a new session: its next timestamp has nothing to do with the last one. */
	restart(): void {
		this.#unwrapped = undefined;
	}

	/** The stream's time of an access unit in 90 kHz ticks: always more than the one before. */
	next(rtpTimestamp: number, arrivalMs: number): number {
		const elapsedTicks = Math.round((arrivalMs - (this.#lastArrivalMs ?? arrivalMs)) * TICKS_PER_MS);
		if (this.#unwrapped !== undefined) {
			const step = (rtpTimestamp - this.#unwrapped) | 0; // signed 32-bit difference takes care of the wrap
			if (Math.abs(step - elapsedTicks) > MAX_CLOCK_ERROR_TICKS) this.#unwrapped = undefined;
			else this.#unwrapped += step;
		}
		if (this.#unwrapped === undefined) {
			this.#unwrapped = rtpTimestamp;
			this.#offset = this.#lastTicks + Math.max(1, elapsedTicks) - rtpTimestamp;
		}
		this.#lastArrivalMs = arrivalMs;
		// Equal or falling timestamps still get a tick of their own: a reader may use them as a key.
		this.#lastTicks = Math.max(this.#lastTicks + 1, this.#unwrapped + this.#offset);
		return this.#lastTicks;
	}
}
