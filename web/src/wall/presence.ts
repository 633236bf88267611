/** Whether anybody can see the page: a hidden one stops its video after a grace, and asks again when it is seen. @module */
import type { Clock, Timer } from "../clock.ts";

/** A look at another tab of this length does not stop the video, in milliseconds. */
export const HIDDEN_GRACE_MS = 10_000;

export interface PresenceOptions {
	readonly clock: Clock;
	/** Nobody has seen the page for {@link HIDDEN_GRACE_MS}. */
	readonly onAway: () => void;
	/** Somebody is back after `onAway`. */
	readonly onBack: () => void;
}

/** Begins with a page in sight. */
export class Presence {
	#away = false;
	#timer: Timer | undefined;
	readonly #options: PresenceOptions;

	constructor(options: PresenceOptions) {
		this.#options = options;
	}

	/** The video is stopped. */
	get away(): boolean {
		return this.#away;
	}

	/** Takes the page's visibility, at every change and as often as one likes. */
	set(visible: boolean): void {
		if (visible) {
			this.stop();
			if (!this.#away) return;
			this.#away = false;
			this.#options.onBack();
		} else if (!this.#away) {
			this.#timer ??= this.#options.clock.after(HIDDEN_GRACE_MS, () => {
				this.#timer = undefined;
				this.#away = true;
				this.#options.onAway();
			});
		}
	}

	/** Calls the grace off. */
	stop(): void {
		this.#timer?.cancel();
		this.#timer = undefined;
	}
}
