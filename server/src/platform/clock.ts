/** Time as an argument: everything that waits takes a {@link Clock}, so that tests turn the hands themselves. @module */

/** A timer that can be called off. */
export interface Timer {
	cancel(): void;
}

export interface Clock {
	/** Monotonic milliseconds with a fraction; the origin means nothing. */
	nowMs(): number;
	/** Milliseconds since 1970, for people and headers only. */
	wallMs(): number;
	/** Calls once, no sooner than `delayMs` from now. */
	after(delayMs: number, callback: () => void): Timer;
}

export const systemClock: Clock = {
	nowMs: () => performance.now(),
	wallMs: () => Date.now(),
	after(delayMs, callback) {
		const handle = setTimeout(callback, delayMs);
		return { cancel: () => clearTimeout(handle) };
	},
};
