/** One status message for all pages: built once, sent each second and soon after every change. @module */
import { STATUS_INTERVAL_MS, type ServerMessage, type WebrtcEngine } from "@vigia/api";
import type { Cameras } from "../cameras/cameras.ts";
import type { Clock, Timer } from "../platform/clock.ts";

/** Changes that come together (a recorder's sixteen channels) go out together. */
const COALESCE_MS = 50;
/** A recorder that is down changes states without end; more than this helps nobody who watches. */
const MIN_INTERVAL_MS = 250;

export class StatusBroadcast {
	readonly #cameras: Cameras;
	readonly #clock: Clock;
	readonly #isDemo: () => boolean;
	readonly #engine: () => WebrtcEngine | undefined;
	readonly #listeners = new Set<(text: string) => void>();
	#timer: Timer | undefined;
	#dueMs = 0;
	#sentMs = Number.NEGATIVE_INFINITY;
	#stopListening: (() => void) | undefined;

	/**
	 * @param isDemo whether the cameras are simulated now.
	 * @param engine what plays in place of our own WebRTC now.
	 */
	constructor(
		cameras: Cameras,
		clock: Clock,
		isDemo: () => boolean,
		engine: () => WebrtcEngine | undefined = () => undefined,
	) {
		this.#cameras = cameras;
		this.#clock = clock;
		this.#isDemo = isDemo;
		this.#engine = engine;
	}

	/** Calls `listener` with the message as JSON text; runs a timer only while somebody listens. */
	subscribe(listener: (text: string) => void): () => void {
		this.#listeners.add(listener);
		if (this.#listeners.size === 1) {
			this.#stopListening = this.#cameras.onChange(() => this.#schedule(COALESCE_MS));
			this.#schedule(STATUS_INTERVAL_MS);
		}
		return () => {
			if (!this.#listeners.delete(listener) || this.#listeners.size > 0) return;
			this.#stopListening?.();
			this.#timer?.cancel();
			this.#timer = undefined;
		};
	}

	#schedule(delayMs: number): void {
		const nowMs = this.#clock.nowMs();
		const dueMs = Math.max(nowMs + delayMs, this.#sentMs + MIN_INTERVAL_MS);
		if (this.#timer && this.#dueMs <= dueMs) return;
		this.#timer?.cancel();
		this.#dueMs = dueMs;
		this.#timer = this.#clock.after(dueMs - nowMs, () => this.#send());
	}

	#send(): void {
		this.#timer = undefined;
		this.#sentMs = this.#clock.nowMs();
		const message: ServerMessage = {
			type: "status",
			cameras: this.#cameras.statuses(),
			demo: this.#isDemo(),
			webrtcEngine: this.#engine(),
		};
		const text = JSON.stringify(message);
		for (const listener of this.#listeners) listener(text);
		this.#schedule(STATUS_INTERVAL_MS);
	}
}
