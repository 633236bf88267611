/** A clock for tests: time stands still until the test moves it. @module */
import type { Clock, Timer } from "../clock.ts";

export class FakeClock implements Clock {
	#nowMs = 1000;
	readonly #due = new Map<Timer, { atMs: number; callback: () => void }>();

	nowMs(): number {
		return this.#nowMs;
	}

	wallMs(): number {
		return Date.UTC(2026, 0, 1) + this.#nowMs;
	}

	after(delayMs: number, callback: () => void): Timer {
		const timer: Timer = { cancel: () => this.#due.delete(timer) };
		this.#due.set(timer, { atMs: this.#nowMs + Math.max(0, delayMs), callback });
		return timer;
	}

	/** Timers that are still to fire. */
	get pending(): number {
		return this.#due.size;
	}

	/** Moves time on and fires what falls due, in order. */
	advance(byMs: number): void {
		const endMs = this.#nowMs + byMs;
		for (;;) {
			let next: [Timer, { atMs: number; callback: () => void }] | undefined;
			for (const entry of this.#due) {
				if (entry[1].atMs <= endMs && (!next || entry[1].atMs < next[1].atMs)) next = entry;
			}
			if (!next) break;
			this.#due.delete(next[0]);
			this.#nowMs = Math.max(this.#nowMs, next[1].atMs);
			next[1].callback();
		}
		this.#nowMs = endMs;
	}
}
