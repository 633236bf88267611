/** Which camera's main stream is asked for: the enlarged one's, unless somebody is only passing. @module */
import type { Clock, Timer } from "../clock.ts";

/** From one enlarged tile to the next, main is asked for only where somebody stays this long, in milliseconds. */
export const MAIN_AFTER_MS = 250;

export interface MainStreamOptions {
	readonly clock: Clock;
	/** {@link MainStream.camera} is another one. */
	readonly onChange: () => void;
}

export class MainStream {
	readonly #options: MainStreamOptions;
	#enlarged: string | undefined;
	#camera: string | undefined;
	#timer: Timer | undefined;

	constructor(options: MainStreamOptions) {
		this.#options = options;
	}

	/** Whose main stream is asked for. */
	get camera(): string | undefined {
		return this.#camera;
	}

	/** Takes another enlarged camera, or none. */
	enlarge(id: string | undefined): void {
		const before = this.#enlarged;
		this.#enlarged = id;
		this.#timer?.cancel();
		this.#timer = undefined;
		if (before === undefined || id === undefined) this.#ask();
		else this.#timer = this.#options.clock.after(MAIN_AFTER_MS, () => this.#ask());
	}

	/** Nothing is asked for any more; next time it is the one that is enlarged now. */
	stop(): void {
		this.#timer?.cancel();
		this.#timer = undefined;
		this.#camera = this.#enlarged;
	}

	#ask(): void {
		this.#timer = undefined;
		this.#camera = this.#enlarged;
		this.#options.onChange();
	}
}
