/**
 * From a track's RTP timestamps to the clock of arrival: RFC 3550 section 5.1 (timestamp). Cameras' timestamps wrap,
 * jump, drift and start anywhere; arrival is uneven. What comes out runs as evenly as the timestamps and as true as
 * arrival. @module
 */

/** A track's first pictures may come from before the session, all at once: what came soonest after it was taken counts. */
export const ANCHOR_MS = 2000;
/** A timestamp this far off the arrival clock is wrong, whatever the network did. */
export const OUTLIER_MS = 5000;
/** Wrong timestamps in a row that are not followed: some cameras stamp a few pictures hours off and come back. */
export const HELD_UNITS = 3;
/** A smaller error is never stepped over: video. */
export const VIDEO_STEP_MS = 500;
/** A smaller error is never stepped over: audio, which must keep up with its picture. */
export const AUDIO_STEP_MS = 200;
/**
 * The shortest delay within this time tells how the clocks stand. It is long enough for a stalled link to drain, so
 * that later arrival throughout means that the camera's clock was set or the way has become longer; and short enough
 * for a clock that is 500 ppm off to run away by 5 ms only.
 */
export const DELAY_WINDOW_MS = 10_000;
/** Errors below this are left alone, so that the steps of a good camera's timestamps come out exactly. */
export const SLEW_ABOVE_MS = 5;
/**
 * The fastest correction towards earlier, which nobody sees: what comes sooner than the time line says is sure to have
 * been there.
 */
export const MAX_SLEW = 0.002;
/** The fastest correction towards later: twice the drift of the worst clocks (500 ppm), but little for a few seconds' jitter. */
export const MAX_SLEW_LATER = 0.001;
/** The fastest correction of audio to video: quick enough for lips, slow enough for ears. */
export const MAX_ALIGN_SLEW = 0.01;

/**
 * A clock that is anchored anew this often, each time within {@link RUNAWAY_MS} of the last, is of no use: it stands
 * still, or counts at another rate than the session description says. Then arrival alone decides for a while.
 */
export const RUNAWAY_ANCHORS = 3;
/** A clock that is 2 % off runs away by {@link VIDEO_STEP_MS} in half of this. */
export const RUNAWAY_MS = 60_000;
/** So rarely that the attempts are not seen, so often that a clock that was only set a few times is used again. */
export const BY_ARRIVAL_MS = 600_000;

const BUCKETS = 10;
const BUCKET_MS = DELAY_WINDOW_MS / BUCKETS;
/** A slew that has begun goes on until the error is below this. */
const SLEW_UNTIL_MS = 0.5;

/** What a {@link MediaClock} needs to know about its track. */
export interface MediaClockOptions {
	readonly type: "video" | "audio";
	/** Units of the RTP timestamp per second, from the rtpmap. */
	readonly clockRateHz: number;
}

/** The clock of one track in one session. */
export class MediaClock {
	/** How often the time line was anchored anew because the timestamps jumped. */
	discontinuities = 0;

	readonly #ticksPerMs: number;
	readonly #stepMs: number;
	/** The last good timestamp, unwrapped; undefined before the first one and while arrival alone decides. */
	#ticks: number | undefined;
	/** From the unwrapped timestamp in ms to the arrival clock. */
	#offsetMs = 0;
	#anchoredAtMs = 0;
	#discontinuityAtMs = Number.NEGATIVE_INFINITY;
	/** Discontinuities that came soon after one another. */
	#runaways = 0;
	#byArrivalUntilMs = Number.NEGATIVE_INFINITY;
	#slewing = false;
	/** What {@link align} asks for, and how much of it is done. */
	#wantedShiftMs = 0;
	#shiftMs = 0;
	#lastMediaMs = Number.NEGATIVE_INFINITY;
	/** How far the last good unit's media time was before its arrival: what carries on where timestamps are wrong. */
	#lagMs = 0;
	/** Timestamps in a row that are wrong in the same way, and the last one of them. */
	#suspects = 0;
	#suspectTimestamp = 0;
	#suspectArrivalMs = 0;
	/** The shortest delay (arrival minus timestamp) within each part of the window, in a ring by arrival time. */
	readonly #delays: Float64Array = new Float64Array(BUCKETS).fill(Number.POSITIVE_INFINITY);
	#bucket = 0;
	/** The shortest delay in the whole window. */
	#shortestDelayMs = Number.POSITIVE_INFINITY;

	constructor(options: MediaClockOptions) {
		this.#ticksPerMs = options.clockRateHz / 1000;
		this.#stepMs = options.type === "video" ? VIDEO_STEP_MS : AUDIO_STEP_MS;
	}

	/**
	 * The place of a unit on the time line: ms of the arrival clock, never falling. It is the same for equal timestamps;
	 * it stands still while timestamps fall.
	 * @param rtpTimestamp the unit's timestamp, 32 bits.
	 * @param arrivalMs when its last packet came, by a monotonic clock.
	 */
	mediaMs(rtpTimestamp: number, arrivalMs: number): number {
		if (this.#ticks === undefined) {
			if (arrivalMs < this.#byArrivalUntilMs) return this.#give(arrivalMs + this.#shiftMs, arrivalMs);
			this.#anchor(rtpTimestamp, arrivalMs, arrivalMs);
			return this.#give(arrivalMs + this.#shiftMs, arrivalMs);
		}
		const step = (rtpTimestamp - this.#ticks) | 0; // signed 32-bit difference takes care of the wrap
		const delayMs = arrivalMs - (this.#ticks + step) / this.#ticksPerMs;
		if (this.#isWrong(step, delayMs - this.#offsetMs, arrivalMs)) return this.#hold(rtpTimestamp, arrivalMs);
		this.#suspects = 0;
		this.#ticks += step;
		this.#noteDelay(delayMs, arrivalMs);
		const ticks = this.#ticks;
		this.#correct(arrivalMs, Math.max(0, step) / this.#ticksPerMs);
		return this.#give(ticks / this.#ticksPerMs + this.#offsetMs + this.#shiftMs, arrivalMs);
	}

	/**
	 * Where a timestamp near the newest one stands on the time line by arrival alone, without what {@link align} added;
	 * undefined when it is not near it, or nothing has come. Sender reports name such timestamps.
	 */
	placeOf(rtpTimestamp: number): number | undefined {
		if (this.#ticks === undefined) return undefined;
		const step = (rtpTimestamp - this.#ticks) | 0;
		if (Math.abs(step) > OUTLIER_MS * 2 * this.#ticksPerMs) return undefined;
		return (this.#ticks + step) / this.#ticksPerMs + this.#offsetMs;
	}

	/** How much of {@link align} is done, in ms. */
	get shiftMs(): number {
		return this.#shiftMs;
	}

	/**
	 * Moves the time line by this much against arrival, to bring it in step with another track's. An error of more than
	 * {@link AUDIO_STEP_MS} is corrected at once, a smaller one by and by.
	 */
	align(shiftMs: number): void {
		this.#wantedShiftMs = shiftMs;
		if (Math.abs(shiftMs - this.#shiftMs) > AUDIO_STEP_MS) this.#shiftMs = shiftMs;
	}

	/**
	 * The network makes units late and never early: one that is early shows that the camera's clock was set, and so does
	 * one whose timestamp goes back and which is late by that. At the start early ones show that those before were late.
	 * @param errorMs how much later than the time line says the unit came.
	 */
	#isWrong(step: number, errorMs: number, arrivalMs: number): boolean {
		if (Math.abs(errorMs) > OUTLIER_MS) return true;
		if (errorMs < -this.#stepMs) return arrivalMs - this.#anchoredAtMs >= ANCHOR_MS;
		if (errorMs <= this.#stepMs) return false;
		return this.#suspects > 0 || (step < 0 && errorMs - this.#lagMs - this.#shiftMs > this.#stepMs);
	}

	#hold(rtpTimestamp: number, arrivalMs: number): number {
		const stepMs = ((rtpTimestamp - this.#suspectTimestamp) | 0) / this.#ticksPerMs;
		const goesOn = Math.abs(stepMs - (arrivalMs - this.#suspectArrivalMs)) < this.#stepMs;
		this.#suspects = this.#suspects > 0 && goesOn ? this.#suspects + 1 : 1;
		this.#suspectTimestamp = rtpTimestamp;
		this.#suspectArrivalMs = arrivalMs;
		const mediaMs = arrivalMs - this.#lagMs;
		if (this.#suspects > HELD_UNITS) {
			this.#anchor(rtpTimestamp, mediaMs - this.#shiftMs, arrivalMs);
			this.#noteDiscontinuity(arrivalMs);
		}
		return this.#give(mediaMs, arrivalMs);
	}

	#anchor(rtpTimestamp: number, mediaMs: number, arrivalMs: number): void {
		this.#ticks = rtpTimestamp;
		this.#offsetMs = mediaMs - rtpTimestamp / this.#ticksPerMs;
		this.#anchoredAtMs = arrivalMs;
		this.#slewing = false;
		this.#suspects = 0;
		this.#delays.fill(Number.POSITIVE_INFINITY);
		this.#bucket = Math.floor(arrivalMs / BUCKET_MS);
		this.#shortestDelayMs = Number.POSITIVE_INFINITY;
		this.#noteDelay(arrivalMs - rtpTimestamp / this.#ticksPerMs, arrivalMs);
	}

	#noteDiscontinuity(arrivalMs: number): void {
		this.discontinuities++;
		this.#runaways = arrivalMs - this.#discontinuityAtMs < RUNAWAY_MS ? this.#runaways + 1 : 1;
		this.#discontinuityAtMs = arrivalMs;
		if (this.#runaways < RUNAWAY_ANCHORS) return;
		this.#runaways = 0;
		this.#byArrivalUntilMs = arrivalMs + BY_ARRIVAL_MS;
		this.#ticks = undefined;
	}

	#noteDelay(delayMs: number, arrivalMs: number): void {
		const bucket = Math.floor(arrivalMs / BUCKET_MS);
		if (bucket > this.#bucket) {
			for (let passed = Math.max(this.#bucket + 1, bucket - BUCKETS + 1); passed <= bucket; passed++) {
				this.#delays[passed % BUCKETS] = Number.POSITIVE_INFINITY;
			}
			this.#bucket = bucket;
			this.#shortestDelayMs = Math.min(...this.#delays);
		}
		const index = this.#bucket % BUCKETS;
		if (delayMs < (this.#delays[index] as number)) this.#delays[index] = delayMs;
		if (delayMs < this.#shortestDelayMs) this.#shortestDelayMs = delayMs;
	}

	/** Brings the time line nearer to where the shortest delays say it is, `stepMs` after the last time. */
	#correct(arrivalMs: number, stepMs: number): void {
		const errorMs = this.#shortestDelayMs - this.#offsetMs;
		const sinceAnchorMs = arrivalMs - this.#anchoredAtMs;
		if (errorMs < 0 && sinceAnchorMs < ANCHOR_MS) {
			this.#offsetMs = this.#shortestDelayMs;
		} else if (errorMs > this.#stepMs && sinceAnchorMs > DELAY_WINDOW_MS) {
			this.#offsetMs = this.#shortestDelayMs;
			this.#anchoredAtMs = arrivalMs;
			this.#noteDiscontinuity(arrivalMs);
		} else if (Math.abs(errorMs) > (this.#slewing ? SLEW_UNTIL_MS : SLEW_ABOVE_MS)) {
			this.#slewing = true;
			this.#offsetMs += Math.max(-MAX_SLEW * stepMs, Math.min(MAX_SLEW_LATER * stepMs, errorMs));
		} else this.#slewing = false;
		const slewMs = MAX_ALIGN_SLEW * stepMs;
		this.#shiftMs += Math.max(-slewMs, Math.min(slewMs, this.#wantedShiftMs - this.#shiftMs));
	}

	#give(mediaMs: number, arrivalMs: number): number {
		if (this.#suspects === 0) this.#lagMs = arrivalMs - mediaMs;
		this.#lastMediaMs = Math.max(this.#lastMediaMs, mediaMs);
		return this.#lastMediaMs;
	}
}
