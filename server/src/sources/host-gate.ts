/** Lets only so many handshakes at one address run at once, so that a recorder with 64 channels is not stormed. @module */

import type { Clock, Timer } from "../platform/clock.ts";

/**
 * A recorder answers a handshake in 50 to 200 ms. Eight at once bring 64 channels back in about a second and a half;
 * many more at once only make it refuse them (quirk 93).
 */
export const MAX_HANDSHAKES_PER_HOST = 8;
/** A handshake that takes longer gives its place up: channels that hang must not keep healthy ones waiting. */
export const MAX_HOLD_MS = 2_000;

export interface Pass {
	/** Gives the place (or the place in the queue) back; safe to call twice. */
	leave(): void;
}

export interface Entry {
	/** Calls `run` with the pass when there is a place. */
	readonly run: (pass: Pass) => void;
	/** How many handshakes at this host may run, this one included, {@link MAX_HANDSHAKES_PER_HOST} at most. */
	readonly limit?: () => number;
}

interface Place {
	running: number;
	readonly queue: { readonly entry: Entry; readonly pass: Pass; readonly start: () => void }[];
	/** The queue is being worked off: whoever leaves meanwhile only frees the place. */
	admitting: boolean;
}

export class HostGate {
	readonly #clock: Clock;
	readonly #hosts = new Map<string, Place>();

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	/** Runs the entry at once or when a place at this host is free, in turn, unless its pass was given back before. */
	enter(host: string, entry: Entry): Pass {
		let place = this.#hosts.get(host);
		if (!place) {
			place = { running: 0, queue: [], admitting: false };
			this.#hosts.set(host, place);
		}
		const pass = this.#queue(host, place, entry);
		this.#admit(host, place);
		return pass;
	}

	#queue(host: string, place: Place, entry: Entry): Pass {
		let holding: Timer | undefined;
		const pass: Pass = {
			leave: () => {
				const queued = place.queue.findIndex((waiting) => waiting.pass === pass);
				if (queued >= 0) place.queue.splice(queued, 1);
				if (!holding) return;
				holding.cancel();
				holding = undefined;
				place.running--;
				this.#admit(host, place);
			},
		};
		const start = (): void => {
			holding = this.#clock.after(MAX_HOLD_MS, () => pass.leave());
			place.running++;
			entry.run(pass);
		};
		place.queue.push({ entry, pass, start });
		return pass;
	}

	#admit(host: string, place: Place): void {
		if (place.admitting) return;
		place.admitting = true;
		for (let next = place.queue[0]; next; next = place.queue[0]) {
			if (place.running >= Math.min(MAX_HANDSHAKES_PER_HOST, next.entry.limit?.() ?? MAX_HANDSHAKES_PER_HOST)) break;
			place.queue.shift();
			next.start();
		}
		place.admitting = false;
		if (place.running === 0 && place.queue.length === 0) this.#hosts.delete(host);
	}
}
