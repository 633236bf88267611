/** Decoding times for pictures of which RTP gives the presentation times only: ITU-T H.264 section C.4. @module */

/** MaxDpbFrames and MaxDpbSize: ITU-T H.264 section A.3.1, ITU-T H.265 section A.4.2. No stream reorders more. */
export const MAX_REORDER_DEPTH = 16;

export interface DecodeTimelineOptions {
	/**
	 * Most pictures that are decoded before and shown after any other: `maxNumReorderFrames` or `maxNumReorderPictures`
	 * of the SPS. 0 where it does not say; the timeline learns then.
	 */
	readonly reorderDepth: number;
	/** Usual ticks between pictures. They space the decoding times of the first pictures only. */
	readonly pictureTicks: number;
}

/**
 * Gives each picture a decoding time at once, without waiting for later ones. Decoding times rise strictly. They are
 * never above presentation times as long as the reorder depth is not too small, no two pictures have the same
 * presentation time and the first picture is shown first. After a picture that shows the depth to be larger than it
 * was taken for, the next ones may be decoded late until presentation has passed all pictures seen by then.
 *
 * One timeline serves one run of pictures whose presentation times do not jump; after a jump a new one starts.
 */
export class DecodeTimeline {
	readonly #pictureTicks: number;
	/** The latest presentation times, rising; MAX_REORDER_DEPTH + 1 at most. */
	readonly #latest: number[] = [];
	#reorderDepth: number;
	#last = Number.NEGATIVE_INFINITY;

	constructor(options: DecodeTimelineOptions) {
		this.#reorderDepth = Math.min(options.reorderDepth, MAX_REORDER_DEPTH);
		this.#pictureTicks = options.pictureTicks;
	}

	/** The depth given, or a larger one that pictures have shown. */
	get reorderDepth(): number {
		return this.#reorderDepth;
	}

	/**
	 * The decoding time of the next picture in decoding order.
	 * @param presentationTicks in any unit and without wrap-around.
	 */
	push(presentationTicks: number): number {
		const latest = this.#latest;
		let at = latest.length;
		while (at > 0 && (latest[at - 1] ?? 0) > presentationTicks) at--;
		this.#reorderDepth = Math.max(this.#reorderDepth, Math.min(latest.length - at, MAX_REORDER_DEPTH));
		latest.splice(at, 0, presentationTicks);
		if (latest.length > MAX_REORDER_DEPTH + 1) latest.shift();
		// With n pictures delayed at most, the n-th latest time so far rises and is not above that of any picture to come.
		const index = latest.length - 1 - this.#reorderDepth;
		const earliest = latest[Math.max(0, index)] ?? presentationTicks;
		const due = earliest + Math.min(0, index) * this.#pictureTicks;
		this.#last = Math.max(due, this.#last + 1);
		return this.#last;
	}
}
