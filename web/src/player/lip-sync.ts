/**
 * How long pictures have to wait for their sound over WebRTC. Browsers keep one sound and one video of the same stream in
 * step, and a wall has one sound for all its videos. Pure: statistics come in, a delay goes out.
 * @module
 */

/** A smaller difference is not heard, and not worth a jump of the pictures, in milliseconds. */
const TOLERANCE_MS = 15;
/** Pictures wait no longer than this, in milliseconds: they are live before they are in step. */
export const LONGEST_WAIT_MS = 1000;

/** W3C webrtc-stats: seconds that all samples together waited, and how many they were. */
export type PlayoutStats = Pick<RTCInboundRtpStreamStats, "jitterBufferDelay" | "jitterBufferEmittedCount">;

/** Of one sound track. */
export class LipSync {
	#delay = 0;
	#emitted = 0;
	#waitMs = 0;

	/** Takes the sound's statistics of now; answers how long its pictures should wait for it, in milliseconds. */
	take({ jitterBufferDelay: delay = 0, jitterBufferEmittedCount: emitted = 0 }: PlayoutStats): number {
		// Another track begins to count anew.
		const count = emitted < this.#emitted ? 0 : emitted - this.#emitted;
		const waitMs = (1000 * (delay - this.#delay)) / count;
		this.#delay = delay;
		this.#emitted = emitted;
		if (count > 0 && Math.abs(waitMs - this.#waitMs) > TOLERANCE_MS) {
			this.#waitMs = Math.round(Math.min(LONGEST_WAIT_MS, Math.max(0, waitMs)));
		}
		return this.#waitMs;
	}
}
