/** What worked here the last time, so that a page does not wait for what did not. @module */

/** A failure is remembered this long, in milliseconds: a firewall may be changed, and a laptop carried elsewhere. */
export const FAILURE_LASTS_MS = 24 * 60 * 60 * 1000;
/** Networks that are remembered; the one that failed longest ago is forgotten first. */
export const MAX_REMEMBERED = 8;
/** A text longer than this is not ours, in characters. */
const MAX_STORED_CHARS = 4096;
const KEY = "vigia.ladder";
const VERSION = 1;

export interface LadderMemoryOptions {
	/** Survives the page; may throw or be missing, and then nothing is remembered. */
	readonly storage: () => Pick<Storage, "getItem" | "setItem"> | undefined;
	/** The server's origin. */
	readonly origin: string;
	/** What the browser says of the network, e.g. `wifi`: `navigator.connection?.type`, where there is any. */
	readonly network: () => string | undefined;
}

/** When WebRTC failed, in milliseconds since 1970, by origin and network. A success is the default, and not kept. */
export class LadderMemory {
	readonly #options: LadderMemoryOptions;

	constructor(options: LadderMemoryOptions) {
		this.#options = options;
	}

	/** Whether WebRTC failed here within the last day, and has not worked since. */
	webrtcFailed(wallMs: number): boolean {
		const failedMs = this.#read().get(this.#place());
		return failedMs !== undefined && failedMs <= wallMs && wallMs - failedMs < FAILURE_LASTS_MS;
	}

	/** Remembers whether WebRTC worked. */
	remember(worked: boolean, wallMs: number): void {
		const failures = this.#read();
		const place = this.#place();
		if (worked && !failures.has(place)) return;
		failures.delete(place);
		if (!worked) failures.set(place, wallMs);
		const kept = [...failures].toSorted(([, a], [, b]) => b - a).slice(0, MAX_REMEMBERED);
		try {
			this.#options
				.storage()
				?.setItem(KEY, JSON.stringify({ version: VERSION, webrtcFailed: Object.fromEntries(kept) }));
		} catch {
			// Nothing is remembered then.
		}
	}

	#place(): string {
		return `${this.#options.origin} ${this.#options.network() ?? "any"}`;
	}

	#read(): Map<string, number> {
		const failures = new Map<string, number>();
		try {
			const text = this.#options.storage()?.getItem(KEY);
			if (!text || text.length > MAX_STORED_CHARS) return failures;
			const stored = JSON.parse(text) as { version?: unknown; webrtcFailed?: unknown } | null;
			if (stored?.version !== VERSION || typeof stored.webrtcFailed !== "object") return failures;
			for (const [place, failedMs] of Object.entries(stored.webrtcFailed ?? {})) {
				if (typeof failedMs === "number") failures.set(place, failedMs);
			}
		} catch {
			// What cannot be read is no memory.
		}
		return failures;
	}
}
