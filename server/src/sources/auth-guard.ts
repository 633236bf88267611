/**
 * Keeps the channels of one recorder from trying a wrong password one after the other: cameras and recorders lock an
 * address out, often for half an hour, after a few refused tries (quirk 29). Channels that share host, port and
 * credentials share what is known of them. Credentials are kept as keyed digests only.
 * @module
 */
import { createHmac, randomBytes } from "node:crypto";
import type { Credentials } from "../config/credentials.ts";
import type { Clock } from "../platform/clock.ts";
import { MAX_HANDSHAKES_PER_HOST } from "./host-gate.ts";
import { REFUSED_STEPS_MS } from "./retry-policy.ts";
import type { SourceFailure } from "./source.ts";

/**
 * So many channels (or all, where there are fewer) refused in a row, with none let in between, prove the credentials
 * wrong: one may be a channel that this user may not see. Cameras lock after five tries or more, and a session makes two
 * where the camera offers two schemes.
 */
export const MAX_REFUSED_CHANNELS = 2;

/** What keeps a channel from trying, and until when. */
export interface Refusal {
	readonly failure: SourceFailure;
	/** {@link Clock.nowMs}. */
	readonly untilMs: number;
}

/** Channels that were refused themselves come after those that only waited, who may be let in. */
const YIELD_MS = 1_000;

interface Entry {
	/** Channels with these credentials. */
	tickets: number;
	/** Channels that were let in the last time. */
	readonly accepted: Set<object>;
	/** Channels refused since one was let in. */
	readonly refused: Set<object>;
	/** How often in a row everybody was told to wait. */
	blocks: number;
	block: Refusal | undefined;
}

/** What one channel knows of its credentials; the object itself stands for the channel. */
export interface AuthTicket {
	/** Why it must not try now; `undefined` if it may. */
	refusal(): Refusal | undefined;
	/** How many handshakes may run at the host: until somebody was let in, no more than may be refused. */
	limit(): number;
	/** The camera let this channel in. */
	accepted(): void;
	/** The camera refused this channel. */
	refused(failure: SourceFailure): void;
	/** The channel has other credentials or is gone: the others do without it. Nothing is asked of it after this. */
	leave(): void;
}

export class AuthGuard {
	readonly #clock: Clock;
	readonly #key = randomBytes(32);
	readonly #entries = new Map<string, Entry>();

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	/** @param host with its port: two cameras may share an address behind a router. */
	ticket(host: string, credentials: Credentials | undefined): AuthTicket {
		if (!credentials) return UNGUARDED;
		const { username, password } = credentials.reveal();
		const key = createHmac("sha256", this.#key)
			.update(JSON.stringify([host, username, password]))
			.digest("base64");
		let entry = this.#entries.get(key);
		if (!entry) {
			entry = { tickets: 0, accepted: new Set(), refused: new Set(), blocks: 0, block: undefined };
			this.#entries.set(key, entry);
		}
		entry.tickets++;
		return new Ticket(entry, this.#clock, () => this.#entries.delete(key));
	}
}

/** Without a password no wrong one is sent. */
const UNGUARDED: AuthTicket = {
	refusal: () => undefined,
	limit: () => MAX_HANDSHAKES_PER_HOST,
	accepted: () => undefined,
	refused: () => undefined,
	leave: () => undefined,
};

class Ticket implements AuthTicket {
	readonly #entry: Entry;
	readonly #clock: Clock;
	readonly #forget: () => void;

	constructor(entry: Entry, clock: Clock, forget: () => void) {
		this.#entry = entry;
		this.#clock = clock;
		this.#forget = forget;
	}

	refusal(): Refusal | undefined {
		const { block, refused, tickets } = this.#entry;
		if (!block) return undefined;
		const yields = refused.has(this) && refused.size < tickets;
		const untilMs = block.untilMs + (yields ? YIELD_MS : 0);
		return untilMs > this.#clock.nowMs() ? { failure: block.failure, untilMs } : undefined;
	}

	limit(): number {
		const { accepted, refused } = this.#entry;
		if (accepted.size > 0 && refused.size === 0) return MAX_HANDSHAKES_PER_HOST;
		return Math.max(1, MAX_REFUSED_CHANNELS - refused.size);
	}

	accepted(): void {
		const entry = this.#entry;
		entry.accepted.add(this);
		entry.refused.clear();
		entry.blocks = 0;
		entry.block = undefined;
	}

	refused(failure: SourceFailure): void {
		const entry = this.#entry;
		// Where others are let in, a channel that never was is one that this user may not see.
		if (entry.accepted.size > 0 && !entry.accepted.delete(this)) return;
		entry.refused.add(this);
		if (entry.refused.size < Math.min(MAX_REFUSED_CHANNELS, entry.tickets)) return;
		const step = REFUSED_STEPS_MS[Math.min(entry.blocks, REFUSED_STEPS_MS.length - 1)] ?? 0;
		entry.blocks++;
		entry.block = { failure, untilMs: this.#clock.nowMs() + step };
	}

	leave(): void {
		const entry = this.#entry;
		entry.accepted.delete(this);
		entry.refused.delete(this);
		entry.tickets--;
		// What was refused is remembered: whoever comes back with the same password is told the same.
		const blocks = entry.block && entry.block.untilMs > this.#clock.nowMs();
		if (entry.tickets === 0 && !blocks) this.#forget();
	}
}
