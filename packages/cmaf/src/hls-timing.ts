/**
 * The two durations that a playlist announces and keeps for its whole life: the part target and the target duration.
 * draft-pantos-hls-rfc8216bis sections 4.4.3.1 and 4.4.3.7.
 *
 * @module
 */
import { TICKS_PER_SECOND } from "./contract.ts";

/** What a Partial Segment aims at: three pictures at 15 a second. Shorter ones cost a request each and gain little. */
const PART_SECONDS = 0.2;
/**
 * The announced part target over the nominal length of a part, which must be 85 % to 100 % of it: nearly in the middle,
 * so that pictures which come a little early or late keep within.
 */
const PART_MARGIN = 1.05;
/** A part target of less cannot be printed apart from its parts, and of more is no low latency: one picture in 5 s. */
const MAX_PART_SECONDS = 5;

/** Playlists are polled once a target duration by players that know no blocking reload: not more often than this. */
const MIN_TARGET_SECONDS = 2;
/** Players begin three target durations behind the live edge, and the server keeps them in memory. */
const MAX_TARGET_SECONDS = 10;
/** Of a camera whose GOP has not been measured yet. */
const UNKNOWN_TARGET_SECONDS = 4;
/** An EXTINF is rounded to the nearest second before it is compared with the target duration (section 4.4.4.1). */
export const ROUNDING_SECONDS = 0.49;
/** By how much the camera's next GOP may be longer than the measured one. */
const GOP_SLACK_SECONDS = 0.1;

/**
 * The part target in ticks: as many whole pictures (or audio frames) as come nearest to {@link PART_SECONDS}, at least
 * one, with some room.
 * @param intervalTicks the usual distance between two of them.
 */
export function choosePartTarget(intervalTicks: number): number {
	const interval = Math.min(Math.max(intervalTicks, 1), MAX_PART_SECONDS * TICKS_PER_SECOND);
	const count = Math.max(1, Math.round((PART_SECONDS * TICKS_PER_SECOND) / interval));
	// A whole number of milliseconds prints exactly.
	return Math.ceil((count * interval * PART_MARGIN) / 90) * 90;
}

/** The median of distances: a lost picture or two change nothing. 0 when there are none. */
export function usualInterval(intervals: readonly number[]): number {
	const sorted = intervals.toSorted((a, b) => a - b);
	return sorted[sorted.length >> 1] ?? 0;
}

/**
 * The target duration in seconds. It must not change while the playlist lives, so it is announced from the camera's GOP
 * as it is known at the start: segments then go from key frame to key frame, and a player that comes in the middle of a
 * long GOP finds its key frame at the beginning of a segment. A GOP that turns out longer is cut at other pictures.
 * @param gopSeconds measured, of each stream; `undefined` while unknown.
 * @param cachedSeconds since the last key frame: of an unknown GOP, more than usual means that it is a long one.
 */
export function chooseTargetDuration(gopSeconds: readonly (number | undefined)[], cachedSeconds = 0): number {
	if (cachedSeconds > UNKNOWN_TARGET_SECONDS + ROUNDING_SECONDS) return MAX_TARGET_SECONDS;
	const seconds = gopSeconds.map((gop) => gop ?? UNKNOWN_TARGET_SECONDS);
	const longest = Math.ceil(Math.max(...seconds, cachedSeconds) + GOP_SLACK_SECONDS - ROUNDING_SECONDS);
	return Math.min(Math.max(longest, MIN_TARGET_SECONDS), MAX_TARGET_SECONDS);
}
