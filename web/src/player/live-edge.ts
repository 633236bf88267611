/**
 * How far behind the newest picture the playback of a live buffer stays: close enough to be live, far enough that
 * pictures which come late are still in time. Pure: arrivals, positions and time come in; a rate or a seek goes out.
 *
 * Everything is measured against the edge: where the end of the buffer would be if all pictures had come as fast as the
 * fastest of the last seconds. The end itself jumps with every burst of a network and stands still in its pauses; the
 * edge moves like a clock.
 *
 * Media times are in seconds, as the DOM has them; the page's clock is in milliseconds.
 * @module
 */

/**
 * The least distance from the edge, in seconds. Of sixteen tiles in Chromium on two cores some stall at 0.15, none at
 * 0.17; a single one plays at 0.1 and stalls at 0.05.
 */
export const LEAST_TARGET = 0.18;
/** The most, in seconds: pictures that come later than this are an outage, which no buffer covers. */
export const MOST_TARGET = 1.2;
/** What a decoder needs ahead of the latest of the expected arrivals, in seconds: at 0.08 sixteen tiles stall. */
export const DECODER_MARGIN = 0.11;
/** Each stall adds so much to the target, in seconds: this browser's decoder needs more than others. */
export const STALL_ADDS = 0.05;
/** Once all is calm the target comes down: in a second by this part of what is too much, and by at least so many seconds. */
const TARGET_DECAY = 0.05;
const LEAST_TARGET_DECAY = 0.01;
/** Later than the target by this much is let be, in seconds: each short stall leaves playback anywhere in it. */
export const TOLERANCE = 0.02;
/** Earlier by this much, in seconds: less, because a stall is worse than a little latency. */
export const TOLERANCE_EARLY = 0.01;
/** Or by this part of the target: what jitters much is known less exactly. */
const TOLERANCE_PART = 0.1;
const TOLERANCE_EARLY_PART = 0.05;
/** Further behind the target than this is jumped over, in seconds; less is caught up by {@link FASTER}. */
export const SEEK_BEYOND = 1;
export const FASTER = 1.1;
export const SLOWER = 0.95;
/** The same while the pictures of the beginning still come in: what is shown first is a few seconds old. */
export const SEEK_BEYOND_AT_FIRST = 0.2;
/** In a hidden page nobody sees it: only the buffer is kept from growing beyond this, in seconds. */
export const SEEK_BEYOND_HIDDEN = 10;

/** Arrivals are remembered for {@link PERIODS} of these, in milliseconds. */
const PERIOD_MS = 2000;
const PERIODS = 5;
/** Arrivals this soon after the first are a burst of older pictures and say nothing about the network. */
const SETTLING_MS = 2000;
/** A seek goes to where at least this is buffered after it, in seconds. */
const AHEAD_OF_SEEK = 0.1;
/** A seek lands this far after the start of a range, in seconds: what browsers tell of its start is rounded. */
const INSIDE_RANGE = 0.01;
/** A decoder's clock runs so far over the end of a range, or stands before its start, in seconds. */
const OUTSIDE_RANGE = 0.05;
/** A seek gains at least this part of what it is for: while nothing arrives there is nowhere to go. */
const LEAST_GAIN = 0.5;
/** Playback that did not move for so long in front of a hole stands at it, in milliseconds. */
const STUCK_MS = 300;
/** Between two seeks of the beginning, in milliseconds. */
const FIRST_SEEK_PAUSE_MS = 200;
/** Between two seeks; it doubles where seeking does not help, because the computer is too slow. In milliseconds. */
const SEEK_PAUSE_MS = 1000;
const LONGEST_SEEK_PAUSE_MS = 16_000;

/** What was buffered, as `TimeRanges` tells. */
export interface Ranges {
	readonly length: number;
	start(index: number): number;
	end(index: number): number;
}

export interface Playback {
	readonly nowMs: number;
	readonly currentTime: number;
	readonly buffered: Ranges;
	readonly seeking: boolean;
	/** The page is not visible. Browsers may stop playing there. */
	readonly hidden: boolean;
}

export interface Correction {
	readonly rate: number;
	/** Where to seek to. */
	readonly seekTo: number | undefined;
}

interface Period {
	index: number;
	/** The fastest arrival: clock minus media time, in seconds. */
	fastest: number;
	/** How far behind the edge playback had to be so that nothing was missing when something arrived, in seconds. */
	need: number;
}

export class LiveEdge {
	readonly #periods: Period[] = [];
	/** Clock minus media time at the edge, in seconds. */
	#fastest: number | undefined;
	#firstMs = 0;
	#lastArrivalMs = 0;
	#end = 0;
	#target = LEAST_TARGET;
	#rate = 1;
	#lastTime = 0;
	#lastMovedMs = 0;
	/** `undefined` until playback was put where it begins. */
	#lastSeekMs: number | undefined;
	#seekPauseMs = SEEK_PAUSE_MS;

	/** The distance from the edge that is aimed at, in seconds. */
	get target(): number {
		return this.#target;
	}

	/** How far a position is behind the edge, in seconds; `undefined` before anything arrived. */
	behind(currentTime: number, nowMs: number): number | undefined {
		return this.#fastest === undefined ? undefined : nowMs / 1000 - this.#fastest - currentTime;
	}

	/** The newest range of the buffer grew. Call it whenever something was appended. */
	arrived(buffered: Ranges, nowMs: number): void {
		const newest = buffered.length - 1;
		if (newest < 0) return;
		const end = buffered.end(newest);
		const first = this.#fastest === undefined;
		if (!first && end <= this.#end) return;
		if (first) this.#firstMs = this.#lastArrivalMs = nowMs;
		const now = nowMs / 1000;
		const period = this.#period(nowMs);
		period.fastest = Math.min(period.fastest, now - end);
		let fastest = Infinity;
		for (const each of this.#periods) fastest = Math.min(fastest, each.fastest);
		// After a hole the pictures before it are not late: they do not exist.
		const continued = buffered.start(newest) <= this.#end;
		if (continued && nowMs - this.#firstMs > SETTLING_MS) {
			period.need = Math.max(period.need, now - this.#end - fastest);
		}
		this.#fastest = fastest;
		this.#end = end;
		this.#adapt((nowMs - this.#lastArrivalMs) / 1000);
		this.#lastArrivalMs = nowMs;
	}

	/** Playback ran out of pictures and waits. That it does so at the beginning and after a seek means nothing. */
	stalled(nowMs: number): void {
		const expectedUntilMs = Math.max(this.#firstMs, this.#lastSeekMs ?? nowMs) + SETTLING_MS;
		if (nowMs < expectedUntilMs) return;
		this.#target = Math.min(MOST_TARGET, this.#target + STALL_ADDS);
	}

	/** What to do now. Call it after arrivals and at least twice a second. */
	correct(playback: Playback): Correction {
		const { nowMs, currentTime, buffered, seeking, hidden } = playback;
		const newest = buffered.length - 1;
		const behind = this.behind(currentTime, nowMs);
		if (newest < 0 || behind === undefined) return { rate: 1, seekTo: undefined };
		if (currentTime !== this.#lastTime || seeking) this.#lastMovedMs = nowMs;
		this.#lastTime = currentTime;
		if (seeking) return { rate: this.#rate, seekTo: undefined };

		const tooLate = behind - this.#target;
		const position = clamp(
			currentTime + tooLate,
			buffered.start(newest) + INSIDE_RANGE,
			buffered.end(newest) - AHEAD_OF_SEEK,
		);
		if (this.#lastSeekMs === undefined) return this.#seek(position, nowMs);
		const range = rangeOf(buffered, currentTime);
		if (range === undefined || (range < newest && this.#isOver(buffered, range, playback, tooLate))) {
			// Behind what was trimmed, or at a hole: playback cannot go on by itself.
			return this.#seek(position, nowMs);
		}
		const beginning = nowMs - this.#firstMs < SETTLING_MS;
		const beyond = hidden ? SEEK_BEYOND_HIDDEN : beginning ? SEEK_BEYOND_AT_FIRST : SEEK_BEYOND;
		if (tooLate > beyond && position - currentTime >= LEAST_GAIN * beyond) {
			const sinceMs = nowMs - this.#lastSeekMs;
			if (beginning ? sinceMs >= FIRST_SEEK_PAUSE_MS : sinceMs >= this.#seekPauseMs) {
				const helped = beginning || sinceMs > 4 * this.#seekPauseMs;
				this.#seekPauseMs = helped ? SEEK_PAUSE_MS : Math.min(LONGEST_SEEK_PAUSE_MS, 2 * this.#seekPauseMs);
				return this.#seek(position, nowMs);
			}
		}
		this.#rate = hidden ? 1 : this.#rateFor(tooLate);
		return { rate: this.#rate, seekTo: undefined };
	}

	/** A correction goes on until the target is met, so that it does not begin again at once. */
	#rateFor(tooLate: number): number {
		const early = Math.max(TOLERANCE_EARLY, TOLERANCE_EARLY_PART * this.#target);
		if (tooLate > Math.max(TOLERANCE, TOLERANCE_PART * this.#target)) return FASTER;
		if (tooLate < -early) return SLOWER;
		if (this.#rate > 1 && tooLate > 0) return FASTER;
		if (this.#rate < 1 && tooLate < early) return SLOWER;
		return 1;
	}

	/** Whether playback is at the end of this range, and it is time for what comes after it. */
	#isOver(buffered: Ranges, range: number, { nowMs, currentTime }: Playback, tooLate: number): boolean {
		const stuck = nowMs - this.#lastMovedMs > STUCK_MS;
		if (!stuck && buffered.end(range) - currentTime > OUTSIDE_RANGE) return false;
		return stuck || currentTime + tooLate >= buffered.start(range + 1);
	}

	#seek(seekTo: number, nowMs: number): Correction {
		this.#lastSeekMs = this.#lastMovedMs = nowMs;
		this.#rate = 1;
		return { rate: 1, seekTo };
	}

	/** The third largest need counts, of five: what happens in most periods is how this network is, the rest is accident. */
	#adapt(elapsed: number): void {
		let largest = 0;
		let second = 0;
		let third = 0;
		for (const { need } of this.#periods) {
			if (need > largest) [largest, second, third] = [need, largest, second];
			else if (need > second) [second, third] = [need, second];
			else if (need > third) third = need;
		}
		const wanted = clamp(third + DECODER_MARGIN, LEAST_TARGET, MOST_TARGET);
		const tooMuch = this.#target - wanted;
		this.#target = wanted + Math.max(0, tooMuch - Math.max(LEAST_TARGET_DECAY, TARGET_DECAY * tooMuch) * elapsed);
	}

	/** The period of now; those that are too old are forgotten. */
	#period(nowMs: number): Period {
		const index = Math.floor(nowMs / PERIOD_MS);
		const last = this.#periods.at(-1);
		if (last?.index === index) return last;
		while (this.#periods[0] && this.#periods[0].index <= index - PERIODS) this.#periods.shift();
		const period = { index, fastest: Infinity, need: 0 };
		this.#periods.push(period);
		return period;
	}
}

/**
 * The range that playback is in or at whose end it stands. Browsers let the position stand a little outside of what they
 * say is buffered: a decoder's clock runs on until it notices that nothing is left.
 */
function rangeOf(buffered: Ranges, time: number): number | undefined {
	const newest = buffered.length - 1;
	if (time > buffered.end(newest) + SEEK_BEYOND) return undefined;
	for (let i = newest; i >= 0; i--) {
		if (time >= buffered.start(i) - OUTSIDE_RANGE) return i;
	}
	return undefined;
}

function clamp(value: number, least: number, most: number): number {
	return Math.max(least, Math.min(most, value));
}
