/**
 * Brings hls.js back to the live edge where it stays behind by itself: each stall adds to the latency that it aims at,
 * which it never takes back, and from further behind than a target duration it does not catch up. Pure: what hls.js says
 * and the time come in; another target or a jump goes out. Seconds, as hls.js has them; the clock is in milliseconds.
 * @module
 */

/** Each stall adds so much to the latency that is aimed at, in seconds; hls.js's own 1 is most of a segment. */
export const STALL_ADDS = 0.25;
/** And so long without one takes as much away again, in milliseconds. */
export const CALM_MS = 20_000;
/** What is too far behind is jumped over: not more often than this, in milliseconds. */
export const JUMP_PAUSE_MS = 10_000;

export interface HlsPlayback {
	/** The latency that is aimed at, and the one that the playlist asks for; 0 while it is not known. */
	readonly target: number;
	readonly least: number;
	readonly latency: number;
	readonly targetDuration: number;
	readonly currentTime: number;
	/** Where playback is to be for the target latency. */
	readonly livePosition: number | undefined;
}

export interface HlsCorrection {
	readonly target: number | undefined;
	readonly seekTo: number | undefined;
}

export class HlsLatency {
	#target = 0;
	#calmSinceMs = 0;
	#jumpedMs = -Infinity;

	update(
		{ target, least, latency, targetDuration, currentTime, livePosition }: HlsPlayback,
		nowMs: number,
	): HlsCorrection {
		const hasStalled = target > this.#target;
		this.#target = target;
		if (hasStalled || least === 0 || target <= least) this.#calmSinceMs = nowMs;
		const isCalm = nowMs - this.#calmSinceMs >= CALM_MS;
		if (isCalm) {
			this.#calmSinceMs = nowMs;
			this.#target = Math.max(least, target - STALL_ADDS);
		}
		const isFarBehind = latency - target > targetDuration && nowMs - this.#jumpedMs >= JUMP_PAUSE_MS;
		const seekTo = isFarBehind && livePosition !== undefined && livePosition > currentTime ? livePosition : undefined;
		if (seekTo !== undefined) this.#jumpedMs = nowMs;
		return { target: isCalm ? this.#target : undefined, seekTo };
	}
}
