/**
 * Addresses of the names that pages are loaded from. Anyone can send any Host header, and each look-up holds one of the
 * four threads that the file system of the whole process shares (getaddrinfo on libuv's pool).
 *
 * @module
 */
import { lookup } from "node:dns/promises";
import type { Clock } from "../../platform/clock.ts";

/** How long an answer holds, in ms, a failure too: a name of the local network rarely moves. */
export const NAME_LIFETIME_MS = 60_000;
/** Look-ups at a time: half of libuv's threads stay free for files. */
export const MAX_LOOKUPS = 2;
/** Names that wait for their look-up: the page's host and a few of `WEBRTC_HOSTS`, for some pages at once. */
export const MAX_WAITING_NAMES = 32;
/** Names that are known at a time; the oldest goes first. */
export const MAX_KNOWN_NAMES = 256;

interface KnownName {
	readonly addresses: Promise<readonly string[]>;
	/** {@link Clock.nowMs}; not before the answer is there. */
	expiresAtMs: number;
}

/** One for the process. */
export class NameCache {
	readonly #clock: Clock;
	readonly #lookUp: (name: string) => Promise<readonly string[]>;
	/** By lower-case name, oldest first. */
	readonly #known = new Map<string, KnownName>();
	#running = 0;
	/** Each begins a look-up. */
	readonly #waiting: (() => void)[] = [];

	/** `lookUp` is the system's resolver unless a test gives another; it may reject. */
	constructor(clock: Clock, lookUp: (name: string) => Promise<readonly string[]> = systemLookUp) {
		this.#clock = clock;
		this.#lookUp = lookUp;
	}

	/** The addresses of a name; empty when it has none or too many others wait. Never rejects. */
	resolve(name: string): Promise<readonly string[]> {
		const key = name.toLowerCase();
		const known = this.#known.get(key);
		if (known && known.expiresAtMs > this.#clock.nowMs()) return known.addresses;
		if (this.#waiting.length >= MAX_WAITING_NAMES) return Promise.resolve([]);
		this.#known.delete(key);
		const entry: KnownName = { addresses: this.#enqueue(key), expiresAtMs: Number.POSITIVE_INFINITY };
		void entry.addresses.then(() => {
			entry.expiresAtMs = this.#clock.nowMs() + NAME_LIFETIME_MS;
		});
		this.#known.set(key, entry);
		for (const oldest of this.#known.keys()) {
			if (this.#known.size <= MAX_KNOWN_NAMES) break;
			this.#known.delete(oldest);
		}
		return entry.addresses;
	}

	async #enqueue(name: string): Promise<readonly string[]> {
		if (this.#running >= MAX_LOOKUPS) await new Promise<void>((begin) => this.#waiting.push(begin));
		else this.#running++;
		try {
			return await this.#lookUp(name);
		} catch {
			return [];
		} finally {
			// The next one takes this one's place, so that the count stays.
			const next = this.#waiting.shift();
			if (next) next();
			else this.#running--;
		}
	}
}

async function systemLookUp(name: string): Promise<readonly string[]> {
	const found = await lookup(name, { all: true });
	return found.map(({ address }) => address);
}
