/** Sees to it that a wrong password is tried once, not once for each stream: cameras lock after a few tries (quirk 29). @module */
import { createHmac, randomBytes } from "node:crypto";
import type { Credentials } from "../config/credentials.ts";
import type { Clock } from "../platform/clock.ts";

/** A refused password is not tried again so soon: whoever presses a button once presses it again. */
export const REFUSED_HOLD_MS = 60_000;
/** Devices and passwords of a large installation; the oldest are forgotten first. */
const MAX_LOGINS = 256;

/** What a try says of the login; `unknown`: it did not get that far. */
export type LoginVerdict = "accepted" | "refused" | "unknown";

/** What was found out with logins at hosts, `T`. They are kept as keyed digests only. */
export class TriedLogins<T> {
	readonly #clock: Clock;
	readonly #verdictOf: (found: T) => LoginVerdict;
	readonly #key = randomBytes(32);
	readonly #refused = new Map<string, { readonly found: T; readonly untilMs: number }>();
	readonly #accepted = new Map<string, true>();
	readonly #running = new Map<string, Promise<unknown>>();

	constructor(clock: Clock, verdictOf: (found: T) => LoginVerdict) {
		this.#clock = clock;
		this.#verdictOf = verdictOf;
	}

	/**
	 * What `work` finds out. Where the host refused this login within the last minute it is what was found then, and
	 * while nobody knows about the login one try waits for the other.
	 */
	async use(host: string, credentials: Credentials | undefined, work: () => Promise<T>): Promise<T> {
		if (!credentials) return await work();
		const digest = this.#digest(host, credentials);
		for (;;) {
			const refused = this.#refused.get(digest);
			if (refused && refused.untilMs > this.#clock.nowMs()) return refused.found;
			const running = this.#running.get(digest);
			if (!running || this.#accepted.has(digest)) break;
			await running;
		}
		const trying = work();
		const settled = trying.catch(() => undefined);
		this.#running.set(digest, settled);
		try {
			const found = await trying;
			this.#note(digest, found);
			return found;
		} finally {
			if (this.#running.get(digest) === settled) this.#running.delete(digest);
		}
	}

	#note(digest: string, found: T): void {
		const verdict = this.#verdictOf(found);
		if (verdict === "unknown") return;
		this.#accepted.delete(digest);
		this.#refused.delete(digest);
		if (verdict === "accepted") addBounded(this.#accepted, digest, true);
		else addBounded(this.#refused, digest, { found, untilMs: this.#clock.nowMs() + REFUSED_HOLD_MS });
	}

	#digest(host: string, credentials: Credentials): string {
		const { username, password } = credentials.reveal();
		const text = JSON.stringify([host.toLowerCase(), username, password]);
		return createHmac("sha256", this.#key).update(text).digest("base64");
	}
}

function addBounded<V>(map: Map<string, V>, key: string, value: V): void {
	map.set(key, value);
	const [oldest] = map.keys();
	if (map.size > MAX_LOGINS && oldest !== undefined) map.delete(oldest);
}
