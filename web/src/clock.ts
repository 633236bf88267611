/** Time as an argument: everything in the page that waits takes a {@link Clock}, so that tests turn the hands themselves. @module */

/** A timer that can be called off. */
export interface Timer {
	cancel(): void;
}

export interface Clock {
	/** Monotonic milliseconds; the origin means nothing. It goes on while the computer sleeps. */
	nowMs(): number;
	/** Milliseconds since 1970, for people only. */
	wallMs(): number;
	/** Calls once, no sooner than `delayMs` from now. */
	after(delayMs: number, callback: () => void): Timer;
}

/** A larger gap than this between the two clocks is a sleep of the computer, in milliseconds; less is drift. */
const SLEEP_NOTICED_MS = 2000;

/**
 * The browser's clock. `performance.now()` stands still while some systems sleep, so that a picture from before the
 * sleep would look fresh: the time of day tells how long it was.
 */
export function createBrowserClock(): Clock {
	let sleptMs = 0;
	let offsetMs = Date.now() - performance.now();
	return {
		nowMs() {
			const monotonicMs = performance.now();
			const offsetNowMs = Date.now() - monotonicMs;
			if (offsetNowMs - offsetMs > SLEEP_NOTICED_MS) sleptMs += offsetNowMs - offsetMs;
			offsetMs = offsetNowMs;
			return monotonicMs + sleptMs;
		},
		wallMs: () => Date.now(),
		after(delayMs, callback) {
			const handle = setTimeout(callback, delayMs);
			return { cancel: () => clearTimeout(handle) };
		},
	};
}
