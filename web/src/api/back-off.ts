/** How long to wait before the next try. @module */

/** The wait after the first failure, before jitter, in milliseconds: a restarting server is back within seconds. */
export const FIRST_DELAY_MS = 500;
/** The longest wait, in milliseconds: a wall that nobody touches is back soon after its server is. */
export const LONGEST_DELAY_MS = 10_000;

/** Doubling waits with jitter, so that many pages do not return to a restarted server in the same instant. */
export class BackOff {
	#failures = 0;
	readonly #random: () => number;

	/** `random` answers in [0, 1). */
	constructor(random: () => number) {
		this.#random = random;
	}

	/** The wait before the next try, in milliseconds: between half of the doubled delay and all of it. */
	nextDelayMs(): number {
		const fullMs = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** this.#failures);
		if (fullMs < LONGEST_DELAY_MS) this.#failures += 1;
		return fullMs * (0.5 + 0.5 * this.#random());
	}

	/** Begins anew with the shortest wait. */
	reset(): void {
		this.#failures = 0;
	}
}
