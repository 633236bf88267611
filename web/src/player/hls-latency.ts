/**
 * Brings hls.js back to the live edge where it stays behind by itself: each stall adds to the latency that it aims at,
 * which it never takes back, and what it is behind at the start or after a cut it makes good by playing a little faster,
 * for half a minute. Pure: what hls.js says and the time come in; another target or a jump goes out. Seconds, as hls.js has them; the clock is in milliseconds.
 * @module
 */

/** Each stall adds so much to the latency that is aimed at, in seconds; hls.js's own 1 is most of a segment. */
export const STALL_ADDS = 0.25;
/** And so long without one takes as much away again, in milliseconds. */
export const CALM_MS = 20_000;
/** Further behind than this is jumped over where the pictures are in the buffer already, in seconds. */
export const JUMP_BEYOND = 1;
/** The same while playback begins: what is loaded first has grown old until it plays. */
export const JUMP_BEYOND_AT_FIRST = 0.3;
export const BEGINNING_MS = 5000;
/** Between two jumps, in milliseconds. */
export const JUMP_PAUSE_MS = 10_000;
export const JUMP_PAUSE_AT_FIRST_MS = 1000;
/** After a jump this part of the aimed latency is still in the buffer: what arrives in steps has its time. */
const KEPT_AHEAD_PART = 0.5;

export interface HlsPlayback {
	/** The latency that is aimed at, and the one that the playlist asks for; 0 while it is not known. */
	readonly target: number;
	readonly least: number;
	readonly latency: number;
	readonly targetDuration: number;
	readonly currentTime: number;
	/** Where playback is to be for the target latency. */
	readonly livePosition: number | undefined;
	/** The end of what is buffered without a hole from the current time on. */
	readonly bufferedTo: number;
}

export interface HlsCorrection {
	readonly target: number | undefined;
	readonly seekTo: number | undefined;
}

export class HlsLatency {
	#target = 0;
	#calmSinceMs = 0;
	#jumpedMs = -Infinity;
	#firstMs: number | undefined;

	update(playback: HlsPlayback, nowMs: number): HlsCorrection {
		const { target, least } = playback;
		const hasStalled = target > this.#target;
		this.#target = target;
		if (hasStalled || least === 0 || target <= least) this.#calmSinceMs = nowMs;
		const isCalm = nowMs - this.#calmSinceMs >= CALM_MS;
		if (isCalm) {
			this.#calmSinceMs = nowMs;
			this.#target = Math.max(least, target - STALL_ADDS);
		}
		return { target: isCalm ? this.#target : undefined, seekTo: this.#jump(playback, nowMs) };
	}

	/** Where the pictures for it are not buffered a jump waits for them: only what is far behind is worth that. */
	#jump(playback: HlsPlayback, nowMs: number): number | undefined {
		const { target, latency, targetDuration, currentTime, livePosition, bufferedTo } = playback;
		if (livePosition === undefined || livePosition <= currentTime) return undefined;
		this.#firstMs ??= nowMs;
		const begins = nowMs - this.#firstMs < BEGINNING_MS;
		if (nowMs - this.#jumpedMs < (begins ? JUMP_PAUSE_AT_FIRST_MS : JUMP_PAUSE_MS)) return undefined;
		const isBuffered = bufferedTo - livePosition >= KEPT_AHEAD_PART * target;
		const beyond = !isBuffered ? targetDuration : begins ? JUMP_BEYOND_AT_FIRST : JUMP_BEYOND;
		if (latency - target <= beyond) return undefined;
		this.#jumpedMs = nowMs;
		return livePosition;
	}
}
