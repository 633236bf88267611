/**
 * The wall link where nothing but short requests comes through: the cameras' states, asked for again and again, and no
 * more. What the page says is not heard, so there is no signalling and no media.
 * @module
 */
import { STATUS_INTERVAL_MS } from "@vigia/api";
import type { Clock, Timer } from "../clock.ts";
import type { SocketLike } from "./wall-socket.ts";

/** A request that takes longer is given up, in milliseconds. */
export const POLL_WITHIN_MS = 3000;

export interface PollSocketOptions {
	/** Address of the directory that the page is in, with the slash. */
	readonly base: string;
	readonly clock: Clock;
	readonly fetch: typeof fetch;
}

/**
 * Open with the first answer. Fails where the first one fails; later on the silence tells its owner that the server is
 * gone. The messages are written as the server would: whoever reads them checks them.
 */
export class PollSocket implements SocketLike {
	readonly carrier = "poll";
	onopen: SocketLike["onopen"] = null;
	onmessage: SocketLike["onmessage"] = null;
	onclose: SocketLike["onclose"] = null;
	onerror: SocketLike["onerror"] = null;
	readonly #options: PollSocketOptions;
	readonly #abort = new AbortController();
	#timer: Timer | undefined;
	#closed = false;

	constructor(options: PollSocketOptions) {
		this.#options = options;
		void this.#open();
	}

	/** There is no way to the server. */
	send(): void {}

	close(): void {
		this.#closed = true;
		this.#timer?.cancel();
		this.#abort.abort();
	}

	async #open(): Promise<void> {
		const welcome = await this.#get("api/wall/welcome");
		if (this.#closed) return;
		if (welcome === undefined) {
			this.close();
			this.onclose?.(new CloseEvent("close"));
			return;
		}
		this.onopen?.(new Event("open"));
		this.#say(welcome);
		this.#pollLater();
	}

	#pollLater(): void {
		const { clock } = this.#options;
		const dueMs = clock.nowMs() + STATUS_INTERVAL_MS;
		this.#timer = clock.after(STATUS_INTERVAL_MS, () => void this.#poll(dueMs));
	}

	/** As often as the server says it by itself, so that the page's judgement of old reports holds here too. */
	async #poll(dueMs: number): Promise<void> {
		const cameras = await this.#get("api/cameras");
		if (this.#closed) return;
		if (cameras !== undefined) this.#say({ type: "status", cameras });
		const { clock } = this.#options;
		const nextMs = Math.max(dueMs + STATUS_INTERVAL_MS, clock.nowMs());
		this.#timer = clock.after(nextMs - clock.nowMs(), () => void this.#poll(nextMs));
	}

	#say(message: unknown): void {
		if (!this.#closed) this.onmessage?.(new MessageEvent("message", { data: JSON.stringify(message) }));
	}

	/** The JSON of one answer; `undefined` without any. */
	async #get(path: string): Promise<unknown> {
		const { base, clock, fetch: get } = this.#options;
		const abort = new AbortController();
		const deadline = clock.after(POLL_WITHIN_MS, () => abort.abort());
		const signal = AbortSignal.any([abort.signal, this.#abort.signal]);
		try {
			const response = await get(base + path, { signal, cache: "no-store" });
			return response.ok ? ((await response.json()) as unknown) : undefined;
		} catch {
			return undefined;
		} finally {
			deadline.cancel();
		}
	}
}
