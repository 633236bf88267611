/**
 * What guessing passwords costs. Whole houses stand behind one address (NAT, Docker's bridge), so one recorder with an
 * old password must not keep out the others: a right password is taken however many wrong ones came. The refusals of
 * wrong ones come late instead, as those of MediaMTX do, and a client that waits for its answer guesses no faster.
 * Only a flood, of those who do not wait, is not looked at.
 * @module
 */
import type { Clock } from "../../platform/clock.ts";

/** Wrong passwords that an address may send at once before refusals come late: whoever mistypes is told so. */
export const FREE_ATTEMPTS = 10;
/** How late, in ms. */
export const LATE_REFUSAL_MS = 10_000;
/** Wrong ones of an address in {@link LATE_REFUSAL_MS}: two recorders with the old password for both streams of 32 cameras. */
export const MAX_ATTEMPTS = 128;
/** One is forgiven after so long, in ms. */
export const FORGIVEN_AFTER_MS = LATE_REFUSAL_MS / MAX_ATTEMPTS;
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
		return this.#countOf(networkOf(address)) + 1 <= MAX_ATTEMPTS;
	}

	/** A wrong one came. @returns when it is to be refused: `later` is after {@link LATE_REFUSAL_MS}. */
	noteWrong(address: string): "now" | "later" {
		const network = networkOf(address);
		const count = this.#countOf(network) + 1;
		this.#attempts.delete(network);
		this.#attempts.set(network, { count, atMs: this.#clock.nowMs() });
		if (this.#attempts.size > MAX_ADDRESSES) {
			const [oldest = network] = this.#attempts.keys();
			this.#attempts.delete(oldest);
		}
		return count <= FREE_ATTEMPTS ? "now" : "later";
	}

	#countOf(network: string): number {
		const known = this.#attempts.get(network);
		if (!known) return 0;
		return Math.max(0, known.count - (this.#clock.nowMs() - known.atMs) / FORGIVEN_AFTER_MS);
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
