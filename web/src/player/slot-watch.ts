/** When a slot last made progress, from counters that only grow. Pure: counters and time come in. @module */

/** When something last happened, in milliseconds of the page's clock; `undefined` is never. */
export interface SlotFacts {
	/** A packet arrived. */
	readonly lastPacketMs: number | undefined;
	/** A picture was decoded. */
	readonly lastFrameMs: number | undefined;
	/** A picture was painted. Only what is visible is painted. */
	readonly lastPaintMs: number | undefined;
	/** How much later than aimed at playback is, in milliseconds: pictures that move can show the past. */
	readonly lateMs: number;
}

/** Watches one slot (or nothing yet). A new PeerConnection begins its counters at zero: that is noticed by itself. */
export class SlotWatch implements SlotFacts {
	lastPacketMs: number | undefined;
	lastFrameMs: number | undefined;
	lastPaintMs: number | undefined;
	lateMs = 0;
	#packets = 0;
	#frames = 0;
	#presented = 0;

	/** Pictures that the video element presented so far. */
	get presented(): number {
		return this.#presented;
	}

	/** Takes the counters of `inbound-rtp` statistics: packets received and frames decoded since the track began. */
	received(packets: number, frames: number, nowMs: number): void {
		if (packets !== this.#packets && packets > 0) this.lastPacketMs = nowMs;
		if (frames !== this.#frames && frames > 0) this.lastFrameMs = nowMs;
		this.#packets = packets;
		this.#frames = frames;
	}

	/** A picture that was waited for was painted: it arrived and was decoded, though no statistics may say so yet. */
	cameIntoSight(nowMs: number): void {
		this.lastPacketMs = this.lastFrameMs = nowMs;
	}

	/**
	 * Takes the count of pictures that the video element presented. A refused track paints one blank picture: what
	 * is painted says something only together with what is decoded.
	 */
	painted(presented: number, nowMs: number): void {
		if (presented !== this.#presented) this.lastPaintMs = nowMs;
		this.#presented = presented;
	}
}
