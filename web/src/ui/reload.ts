/** A page of another version than its server's loads itself anew, once: nobody may be there to press the button. @module */
import type { Clock } from "../clock.ts";

/** Walls do not all reload at the same moment: within this time, in milliseconds, beginning with the first. */
export const RELOAD_WITHIN_MS = 10_000;
export const RELOAD_AFTER_MS = 2000;
/** Where it is kept that the page was reloaded for this. */
const RELOADED_KEY = "vigia.reloaded";

export interface ReloaderOptions {
	readonly clock: Clock;
	/** In [0, 1). */
	readonly random: () => number;
	/** Survives a reload; may throw. */
	readonly storage: () => Pick<Storage, "getItem" | "setItem" | "removeItem">;
	readonly reload: () => void;
}

/** Without a storage that works it never reloads, because it could not know when to stop. */
export class Reloader {
	readonly #options: ReloaderOptions;

	constructor(options: ReloaderOptions) {
		this.#options = options;
	}

	/** The server is of another version. */
	outdated(): void {
		const { clock, random, storage, reload } = this.#options;
		try {
			if (storage().getItem(RELOADED_KEY) !== null) return;
			storage().setItem(RELOADED_KEY, "1");
		} catch {
			return;
		}
		clock.after(RELOAD_AFTER_MS + random() * RELOAD_WITHIN_MS, reload);
	}

	/** Page and server understand each other: another update may come. */
	upToDate(): void {
		try {
			this.#options.storage().removeItem(RELOADED_KEY);
		} catch {
			// Nothing was kept either.
		}
	}
}
