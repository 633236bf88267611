/**
 * Looks camera names up for all sources together. The system's resolver (getaddrinfo, so that /etc/hosts and mDNS count
 * too) blocks one of libuv's four threads for as long as a dead name server makes it wait, and those threads also read
 * files: so few lookups run at once, one a name, and names that were slow or unknown do not keep the others waiting.
 * @module
 */
import { lookup as systemLookup, type LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";
import type { Clock } from "../platform/clock.ts";

/** Lookups at once: one of the four threads of libuv's pool stays free. */
export const MAX_LOOKUPS = 3;
/** Of those, lookups of names that were slow or unknown the last time. */
export const MAX_SUSPECT_LOOKUPS = 1;
/** A found address serves this long: channels of one recorder share it, and a camera that moved is found soon. */
export const ADDRESS_LIFETIME_MS = 3_000;
/** A healthy resolver in the same network answers within milliseconds. */
export const SLOW_LOOKUP_MS = 1_000;
/** Names that are waited for, or whose addresses or bad ways are remembered; above, a lookup fails at once. */
export const MAX_NAMES = 4_096;

/** Finds all addresses of a name; the error is one of `dns.lookup`. */
export type ResolveName = (
	name: string,
	callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

interface Name {
	addresses: readonly LookupAddress[];
	expiresAtMs: number;
	/** Slow or unknown the last time. */
	suspect: boolean;
	/** Callbacks of those who wait; empty when no lookup is under way or queued. */
	waiting: ((error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]) => void)[];
}

export class NameLookup {
	readonly #clock: Clock;
	readonly #resolve: ResolveName;
	readonly #names = new Map<string, Name>();
	#queue: string[] = [];
	#running = 0;
	#runningSuspects = 0;

	constructor(clock: Clock, resolve: ResolveName = (name, callback) => systemLookup(name, { all: true }, callback)) {
		this.#clock = clock;
		this.#resolve = resolve;
	}

	/** As `net.connect` and `tls.connect` take it. */
	readonly lookup: LookupFunction = (name, options, callback) => {
		this.#find(name.toLowerCase(), (error, found) => {
			const wanted = options.family === 4 || options.family === 6 ? options.family : undefined;
			const addresses = wanted === undefined ? found : found.filter(({ family }) => family === wanted);
			const [first] = addresses;
			if (error || !first) callback(error ?? notFound(name), options.all === true ? [] : "", 0);
			else if (options.all === true) callback(null, [...addresses]);
			else callback(null, first.address, first.family);
		});
	};

	#find(key: string, done: Name["waiting"][number]): void {
		const known = this.#names.get(key);
		if (known && known.waiting.length > 0) {
			known.waiting.push(done);
			return;
		}
		if (known && known.expiresAtMs > this.#clock.nowMs()) {
			// As a lookup does: not before the caller has its socket.
			queueMicrotask(() => done(null, known.addresses));
			return;
		}
		if (!known && this.#names.size >= MAX_NAMES) {
			this.#forgetUnused();
			if (this.#names.size >= MAX_NAMES) {
				queueMicrotask(() => done(notFound(key), []));
				return;
			}
		}
		const name: Name = known ?? { addresses: [], expiresAtMs: 0, suspect: false, waiting: [] };
		name.waiting = [done];
		this.#names.set(key, name);
		this.#queue.push(key);
		this.#startNext();
	}

	#startNext(): void {
		while (this.#running < MAX_LOOKUPS) {
			const suspectsMayRun = this.#runningSuspects < MAX_SUSPECT_LOOKUPS;
			const index = this.#queue.findIndex((key) => this.#names.get(key)?.suspect === false);
			const chosen = index >= 0 ? index : suspectsMayRun && this.#queue.length > 0 ? 0 : -1;
			if (chosen < 0) return;
			const [key = ""] = this.#queue.splice(chosen, 1);
			const name = this.#names.get(key);
			if (name) this.#start(key, name);
		}
	}

	#start(key: string, name: Name): void {
		const wasSuspect = name.suspect;
		const startedMs = this.#clock.nowMs();
		this.#running++;
		if (wasSuspect) this.#runningSuspects++;
		this.#resolve(key, (error, addresses) => {
			this.#running--;
			if (wasSuspect) this.#runningSuspects--;
			const nowMs = this.#clock.nowMs();
			name.suspect = error !== null || nowMs - startedMs >= SLOW_LOOKUP_MS;
			name.addresses = error ? [] : addresses;
			name.expiresAtMs = error ? 0 : nowMs + ADDRESS_LIFETIME_MS;
			const { waiting } = name;
			name.waiting = [];
			for (const done of waiting) done(error, name.addresses);
			this.#startNext();
		});
	}

	#forgetUnused(): void {
		const nowMs = this.#clock.nowMs();
		for (const [key, name] of this.#names) {
			if (name.waiting.length === 0 && name.expiresAtMs <= nowMs) this.#names.delete(key);
		}
	}
}

function notFound(name: string): NodeJS.ErrnoException {
	return Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: "ENOTFOUND", syscall: "getaddrinfo" });
}
