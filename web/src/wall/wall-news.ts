/**
 * When the views hear of the wall as a whole. To draw many tiles holds up a slow device, so behind a `welcome` the answer to
 * the first offer goes out before them.
 * @module
 */
import type { Clock, Timer } from "../clock.ts";

/** The views wait for the answer to the first offer, but no longer than this, in milliseconds. */
export const ANSWER_FIRST_MS = 300;

export interface WallNewsOptions {
	readonly clock: Clock;
	/** Of the first `welcome`, and when something of it has changed. */
	readonly onWelcome: (info: { readonly demo: boolean }) => void;
	/** The cameras in the order of the wall. */
	readonly onOrder: (ids: readonly string[]) => void;
}

export class WallNews {
	readonly #options: WallNewsOptions;
	#order: readonly string[] = [];
	#demo: boolean | undefined;
	#toldDemo: boolean | undefined;
	/** Runs while the views wait. */
	#waiting: Timer | undefined;

	constructor(options: WallNewsOptions) {
		this.#options = options;
	}

	/** All of a `welcome`: told when its offer is answered, also where nothing is new. */
	welcomed(demo: boolean, order: readonly string[]): void {
		this.#demo = demo;
		this.#order = order;
		this.#waiting?.cancel();
		this.#waiting = this.#options.clock.after(ANSWER_FIRST_MS, () => this.answered());
	}

	/** The answer to an offer has gone out. */
	answered(): void {
		if (!this.#waiting) return;
		this.stop();
		this.#tellDemo();
		this.#options.onOrder(this.#order);
	}

	/** The server's cameras are simulated, or are so no more. */
	setDemo(demo: boolean): void {
		this.#demo = demo;
		if (!this.#waiting) this.#tellDemo();
	}

	/** Other cameras, or in another order. */
	setOrder(order: readonly string[]): void {
		this.#order = order;
		if (!this.#waiting) this.#options.onOrder(order);
	}

	/** What has not been told is not told: another `welcome` follows. */
	stop(): void {
		this.#waiting?.cancel();
		this.#waiting = undefined;
	}

	#tellDemo(): void {
		if (this.#demo === undefined || this.#demo === this.#toldDemo) return;
		this.#toldDemo = this.#demo;
		this.#options.onWelcome({ demo: this.#demo });
	}
}
