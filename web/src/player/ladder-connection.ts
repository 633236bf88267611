/**
 * The page's WebRTC connection on the ladder: whether it works for any tile, and when it is tried again. Pure: facts and
 * time come in, and each update tells by {@link ConnectionLadder.fault} whether all tiles have to do without it.
 * @module
 */
import type { ConnectionFacts, RungReason } from "./ladder.ts";
import type { LadderMemory } from "./ladder-memory.ts";

/** From the answer to connected takes less than 300 ms on a LAN: after this, in milliseconds, the tiles do not wait. */
export const CONNECT_MS = 2000;
/** A server that has WebRTC offers at once; after this, in milliseconds, the tiles do not wait. */
export const OFFER_MS = 4000;
/**
 * Nothing on any tile for this long means that the connection is dead, in milliseconds. It is less than what condemns a
 * single tile's rung, so that a fault of all is never taken for one of each.
 */
export const DEAD_AFTER_MS = 2500;
/** What a probe may take, in milliseconds: a slow network connects late, and is welcome all the same. */
export const PROBE_MS = 8000;
/** The wait before the first probe and what each further one adds, in milliseconds. */
export const PROBE_WAIT_MS = 5000;
/** The longest wait between two probes, in milliseconds: UDP that comes back is noticed within half a minute. */
export const LONGEST_PROBE_WAIT_MS = 15_000;
/** A connection that stood this long was good, in milliseconds; one that falls sooner flaps. */
export const GOOD_AFTER_MS = 60_000;
/** The wait after the first flap, in milliseconds; it doubles with each. */
export const FLAP_WAIT_MS = 10_000;
/** The longest wait after a flap, in milliseconds. */
export const LONGEST_FLAP_WAIT_MS = 300_000;
/** Packets that make no picture on most tiles for this long fill the link for nothing, in milliseconds. */
export const CHOKED_AFTER_MS = 3000;
/** The wait before a link that was too slow is tried again; it doubles with each failure. Each try costs what others need. */
export const SLOW_WAIT_MS = 30_000;
/** The longest of these waits, in milliseconds: a link that is fast again is noticed within two minutes. */
export const LONGEST_SLOW_WAIT_MS = 120_000;
/** Wait before trying again what the browser refused as a whole, in milliseconds. */
const UNPLAYABLE_WAIT_MS = 300_000;

export interface ConnectionInput {
	readonly nowMs: number;
	/** The link is open and carries offers and answers. */
	readonly signalling: boolean;
	readonly connection: ConnectionFacts;
	/** A tile shows or prepares WebRTC. */
	readonly wanted: boolean;
	/** Packets came for at least one of them since it was asked for. */
	readonly arrived: boolean;
	/** Packets are due on some, and none came on any for {@link DEAD_AFTER_MS}. */
	readonly silent: boolean;
	/** Packets come, and on most tiles they have made no picture for {@link CHOKED_AFTER_MS}: the link drops the rest. */
	readonly choked: boolean;
	/** The tile that tries the connection gets all its pictures. */
	readonly steady: boolean;
	/** There is a tile that can try the connection. */
	readonly canProbe: boolean;
}

type State =
	/** All tiles may use it, and it has not connected yet. */
	| { readonly kind: "trying"; readonly sinceMs: number | undefined }
	| {
			readonly kind: "up";
			readonly sinceMs: number;
			readonly answeredMs: number | undefined;
	  }
	| { readonly kind: "down"; readonly fault: RungReason; readonly retryAtMs: number }
	/** One tile tries it. A connection counts when it was answered at `fromMs` or later. */
	| { readonly kind: "probing"; readonly fault: RungReason; readonly sinceMs: number; readonly fromMs: number };

/** One page's connection through all its attempts. */
export class ConnectionLadder {
	#state: State = { kind: "trying", sinceMs: undefined };
	#attempt = 0;
	#failedProbes = 0;
	#flaps = 0;
	#slowTries = 0;
	readonly #memory: LadderMemory;
	readonly #wallMs: () => number;

	constructor({ memory, wallMs }: { readonly memory: LadderMemory; readonly wallMs: () => number }) {
		this.#memory = memory;
		this.#wallMs = wallMs;
		if (memory.webrtcFailed(wallMs())) this.#state = { kind: "down", fault: "remembered", retryAtMs: -Infinity };
	}

	/** Why all tiles have to do without WebRTC. The one that probes is excepted. */
	get fault(): RungReason | undefined {
		const state = this.#state;
		return state.kind === "down" || state.kind === "probing" ? state.fault : undefined;
	}

	/** The tiles wait for it. */
	get connecting(): boolean {
		return this.#state.kind === "trying";
	}

	get probing(): boolean {
		return this.#state.kind === "probing";
	}

	/**
	 * It is more than the link takes. As long as it is there, the page asks for what was lost again and again, and what the
	 * server sends for that fills the link beside the pictures.
	 */
	get hangsUp(): boolean {
		return this.#state.kind === "down" && this.#state.fault === "slow-link";
	}

	/** Grows when another connection is to be asked for. */
	get attempt(): number {
		return this.#attempt;
	}

	/** What failed on another network says nothing of this one. */
	networkChanged(): void {
		this.#failedProbes = this.#flaps = this.#slowTries = 0;
		if (this.#state.kind === "down") this.#state = { ...this.#state, retryAtMs: -Infinity };
	}

	update(input: ConnectionInput): void {
		switch (this.#state.kind) {
			case "trying":
				this.#try(this.#state, input);
				break;
			case "up":
				this.#watch(this.#state, input);
				break;
			case "down":
				if (!input.signalling || !input.canProbe || input.nowMs < this.#state.retryAtMs) break;
				this.#attempt += 1;
				this.#state = { kind: "probing", fault: this.#state.fault, sinceMs: input.nowMs, fromMs: input.nowMs };
				break;
			case "probing":
				this.#probe(this.#state, input);
				break;
		}
	}

	#try(state: State & { kind: "trying" }, { nowMs, signalling, connection, wanted }: ConnectionInput): void {
		if (connection.state === "connected") this.#up(nowMs, connection);
		else if (!signalling || !wanted) this.#state = { kind: "trying", sinceMs: undefined };
		else if (state.sinceMs === undefined) this.#state = { kind: "trying", sinceMs: nowMs };
		else if (connection.unplayable) this.#down("codec", nowMs, UNPLAYABLE_WAIT_MS);
		else if (connection.state === "failed") {
			this.#memory.remember(false, this.#wallMs());
			this.#down("ice-failed", nowMs, this.#probeWaitMs());
		} else if (connection.answeredMs === undefined) {
			if (nowMs - state.sinceMs >= OFFER_MS) this.#down("no-offer", nowMs, this.#probeWaitMs());
		} else if (nowMs - Math.max(connection.answeredMs, state.sinceMs) >= CONNECT_MS) {
			// The tiles go on without it; that it may still connect is the first probe.
			this.#memory.remember(false, this.#wallMs());
			this.#state = { kind: "probing", fault: "udp-blocked", sinceMs: nowMs, fromMs: connection.answeredMs };
		}
	}

	#watch(state: State & { kind: "up" }, { nowMs, connection, silent, choked }: ConnectionInput): void {
		const good = nowMs - state.sinceMs >= GOOD_AFTER_MS;
		if (good) this.#flaps = this.#slowTries = 0;
		const dead = silent && nowMs - state.sinceMs >= DEAD_AFTER_MS;
		if (connection.state === "failed" || dead) {
			let waitMs = this.#probeWaitMs();
			if (!good) {
				waitMs = Math.min(LONGEST_FLAP_WAIT_MS, FLAP_WAIT_MS * 2 ** this.#flaps);
				this.#flaps += 1;
			}
			this.#down(dead ? "connection-dead" : "ice-failed", nowMs, waitMs);
		} else if (choked && nowMs - state.sinceMs >= CHOKED_AFTER_MS) {
			this.#down("slow-link", nowMs, this.#slowWaitMs());
		} else if (connection.state !== "connected" && connection.answeredMs !== state.answeredMs) {
			// Another one is being made: the link was opened anew.
			this.#state = { kind: "trying", sinceMs: undefined };
		}
	}

	#probe(state: State & { kind: "probing" }, input: ConnectionInput): void {
		const { nowMs, signalling, connection, arrived } = input;
		const counts = connection.answeredMs !== undefined && connection.answeredMs >= state.fromMs;
		// That packets come over a slow link was never in doubt.
		const works = state.fault === "slow-link" ? input.steady : arrived;
		if (counts && connection.state === "connected" && works) this.#up(nowMs, connection);
		else if (state.fault === "slow-link" && nowMs - state.sinceMs >= PROBE_MS) {
			this.#down(state.fault, nowMs, this.#slowWaitMs());
		} else if (counts && connection.unplayable) this.#down("codec", nowMs, UNPLAYABLE_WAIT_MS);
		else if (!signalling) this.#down(state.fault, nowMs, 0);
		else if ((counts && connection.state === "failed") || nowMs - state.sinceMs >= PROBE_MS) {
			this.#down(state.fault === "remembered" ? "udp-blocked" : state.fault, nowMs, this.#probeWaitMs());
		}
	}

	#up(nowMs: number, { answeredMs }: ConnectionFacts): void {
		this.#failedProbes = 0;
		this.#memory.remember(true, this.#wallMs());
		this.#state = { kind: "up", sinceMs: nowMs, answeredMs };
	}

	#down(fault: RungReason, nowMs: number, waitMs: number): void {
		this.#state = { kind: "down", fault, retryAtMs: nowMs + waitMs };
	}

	#slowWaitMs(): number {
		this.#slowTries += 1;
		return Math.min(LONGEST_SLOW_WAIT_MS, SLOW_WAIT_MS * 2 ** (this.#slowTries - 1));
	}

	#probeWaitMs(): number {
		this.#failedProbes += 1;
		return Math.min(LONGEST_PROBE_WAIT_MS, PROBE_WAIT_MS * this.#failedProbes);
	}
}
