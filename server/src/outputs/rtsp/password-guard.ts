/** What guessing passwords costs: an address that sent too many wrong ones is not listened to for a while. @module */
import type { Clock } from "../../platform/clock.ts";

/** Wrong passwords that an address may send at once: a recorder with many cameras and an old password tries each. */
export const FREE_ATTEMPTS = 10;
/** It may send one more after so long, in ms: a recorder that tries every few seconds still gets its answers. */
export const ATTEMPT_INTERVAL_MS = 5000;
/** Addresses that are remembered; beyond, who sent none for longest is forgotten. */
export const MAX_ADDRESSES = 1024;

interface Attempts {
	/** Wrong ones that are not forgiven yet, as of `atMs`. */
	readonly count: number;
	readonly atMs: number;
}

export class PasswordGuard {
	readonly #clock: Clock;
	/** The address that sent none for longest first. */
	readonly #attempts = new Map<string, Attempts>();

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	/** Whether passwords of this address are looked at now. */
	admits(address: string): boolean {
		return this.#countOf(networkOf(address)) + 1 <= FREE_ATTEMPTS;
	}

	/** A wrong one came. */
	noteWrong(address: string): void {
		const network = networkOf(address);
		const count = this.#countOf(network) + 1;
		this.#attempts.delete(network);
		this.#attempts.set(network, { count, atMs: this.#clock.nowMs() });
		if (this.#attempts.size <= MAX_ADDRESSES) return;
		for (const oldest of this.#attempts.keys()) {
			this.#attempts.delete(oldest);
			break;
		}
	}

	#countOf(network: string): number {
		const known = this.#attempts.get(network);
		if (!known) return 0;
		return Math.max(0, known.count - (this.#clock.nowMs() - known.atMs) / ATTEMPT_INTERVAL_MS);
	}
}

/** Who has one IPv6 address has all of its /64: RFC 4291 section 2.5.1. */
export function networkOf(address: string): string {
	const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
	if (mapped !== undefined) return mapped;
	if (!address.includes(":")) return address;
	const [head = "", tail] = (address.split("%")[0] ?? "").toLowerCase().split("::");
	const groups = head.split(":").filter((group) => group !== "");
	const behind = tail?.split(":").filter((group) => group !== "").length ?? 0;
	while (tail !== undefined && groups.length + behind < 8) groups.push("0");
	return `${groups.slice(0, 4).join(":")}::/64`;
}
