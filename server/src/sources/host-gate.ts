/** Lets only so many handshakes at one address run at once, so that a recorder with 64 channels is not stormed. @module */

import type { Clock, Timer } from "../platform/clock.ts";

/** An NVR answers a few sessions a second; more at once only makes it refuse them (quirk 93). */
export const MAX_HANDSHAKES_PER_HOST = 4;
/** A handshake that takes longer gives its place up: channels that hang must not keep healthy ones waiting. */
export const MAX_HOLD_MS = 2_000;

export interface Pass {
	/** Gives the place (or the place in the queue) back; safe to call twice. */
	leave(): void;
}

export class HostGate {
	readonly #clock: Clock;
	readonly #hosts = new Map<string, { running: number; readonly queue: { pass: Pass; run: () => void }[] }>();

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	/** Calls `run` at once or when a place at this host is free, unless the pass was given back before. */
	enter(host: string, run: () => void): Pass {
		let entry = this.#hosts.get(host);
		if (!entry) {
			entry = { running: 0, queue: [] };
			this.#hosts.set(host, entry);
		}
		const place = entry;
		let holding: Timer | undefined;
		const pass: Pass = {
			leave: () => {
				const queued = place.queue.findIndex((waiting) => waiting.pass === pass);
				if (queued >= 0) place.queue.splice(queued, 1);
				if (!holding) return;
				holding.cancel();
				holding = undefined;
				place.running--;
				place.queue.shift()?.run();
				if (place.running === 0 && place.queue.length === 0) this.#hosts.delete(host);
			},
		};
		const start = (): void => {
			holding = this.#clock.after(MAX_HOLD_MS, () => pass.leave());
			place.running++;
			run();
		};
		if (place.running < MAX_HANDSHAKES_PER_HOST) start();
		else place.queue.push({ pass, run: start });
		return pass;
	}
}
