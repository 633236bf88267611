/**
 * When pictures of a stream with B-frames are shown. The hub's time line rises in decoding order and cannot say it; the
 * camera's RTP timestamps can, by their distance from the last random access point. @module
 */

/** ITU-T H.264 section A.3.1 allows 16 pictures of reordering: more than this many ticks apart is a clock that jumped. */
const MAX_REORDER_TICKS = 2 * 90_000;
/** How fast the camera's clock is brought back to the hub's time line, from one random access point to the next. */
const MAX_SLEW = 0.01;

export class PresentationClock {
	/** Of the last random access point: its time, and the camera's timestamp. */
	#anchorTicks = Number.NEGATIVE_INFINITY;
	#anchorRtp = 0;
	/** The latest time that was given. */
	#latestTicks = Number.NEGATIVE_INFINITY;

	/**
	 * The presentation time in the hub's ticks. That of a random access point is above all before it.
	 * @param timestamp its time on the hub's line, 90 kHz.
	 * @param rtpTimestamp the camera's, 32 bits, 90 kHz.
	 */
	next(timestamp: number, rtpTimestamp: number, randomAccess: boolean): number {
		let shown = this.#anchorTicks + ((rtpTimestamp - this.#anchorRtp) | 0);
		const jumped = !(Math.abs(shown - timestamp) <= MAX_REORDER_TICKS);
		if (jumped || randomAccess) {
			shown = jumped ? timestamp : shown + this.#correction(timestamp - shown, shown);
			shown = Math.max(shown, this.#latestTicks + 1);
			this.#anchorTicks = shown;
			this.#anchorRtp = rtpTimestamp;
		}
		this.#latestTicks = Math.max(this.#latestTicks, shown);
		return shown;
	}

	/** By and by, and never by more than half the distance to the picture before: nobody sees it. */
	#correction(errorTicks: number, shown: number): number {
		const slew = MAX_SLEW * (shown - this.#anchorTicks);
		const back = Math.min(slew, (shown - this.#latestTicks) / 2);
		return Math.round(Math.max(-back, Math.min(slew, errorTicks)));
	}
}
