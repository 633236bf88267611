/**
 * RTP timestamps of sound that is passed on: counted in samples, so that nothing jitters, and set anew after a gap.
 * RFC 3550 section 5.1. @module
 */
import { TICKS_PER_MS } from "../../streams/timeline.ts";

/** Sound that is this much off its count of samples, in ms, had a gap: below it, only the clock's jitter. */
const RESYNC_MS = 100;

export class AudioTimeline {
	/** Not cut to 32 bits, as all here. */
	#next: number;
	#clockRate = 0;
	#ticksPerSample = 1;
	/** From the hub's time, in samples, to the timestamps. */
	#offset = 0;
	/** The newest frame's timestamp, and its time in the hub's ticks. */
	#frameRtp = 0;
	#frameTicks = 0;
	/** Nothing came since {@link align}. */
	#isFirst = true;
	#isSpurt = true;

	/** @param next timestamp of the first sample, 32 bits: random. */
	constructor(next: number) {
		this.#next = next;
	}

	/** Timestamp of the next packet. */
	get next(): number {
		return this.#next;
	}

	/** The next packet begins a talk spurt: RFC 3551 section 4.1. */
	get isSpurt(): boolean {
		return this.#isSpurt;
	}

	/** Sound of another clock comes: what is to be heard at `ticks` of the hub's clock has the timestamp {@link next}. */
	align(ticks: number, clockRate: number): void {
		this.#clockRate = clockRate;
		this.#ticksPerSample = (TICKS_PER_MS * 1000) / clockRate;
		this.#offset = this.#next - ticks / this.#ticksPerSample;
		this.#frameRtp = this.#next;
		this.#frameTicks = ticks;
		this.#isFirst = true;
		this.#isSpurt = true;
	}

	/** A frame begins at `ticks` of the hub's clock: {@link next} is its timestamp now, and never lower than before. */
	begin(ticks: number): void {
		const expected = ticks / this.#ticksPerSample + this.#offset;
		if (this.#isFirst || Math.abs(expected - this.#next) > (RESYNC_MS * this.#clockRate) / 1000) {
			this.#next = Math.max(this.#next, Math.round(expected));
			this.#offset = this.#next - ticks / this.#ticksPerSample;
			this.#isFirst = false;
			this.#isSpurt = true;
		}
		this.#frameRtp = this.#next;
		this.#frameTicks = ticks;
	}

	/** A packet with so many samples was made. */
	advance(samples: number): void {
		this.#next += samples;
		this.#isSpurt = false;
	}

	/** The timestamp of a moment in the hub's ticks, as the newest frame has it: for sender reports. */
	at(ticks: number): number {
		return Math.round(this.#frameRtp + (ticks - this.#frameTicks) / this.#ticksPerSample);
	}
}
