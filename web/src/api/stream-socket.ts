/** The wall link over fetch, where a proxy refuses WebSocket: `link-frame.ts` of `@vigia/api`. @module */
import { LINK_BINARY, LinkFrameReader, MAX_WALL_MESSAGE_BYTES } from "@vigia/api";
import type { Clock, Timer } from "../clock.ts";
import type { SocketLike } from "./wall-socket.ts";

/** Messages of one POST, as the server takes them. */
export const MAX_POST_MESSAGES = 64;
/** Characters of one POST, unless a single message is longer: in UTF-8 this stays below what the server takes. */
const MAX_POST_CHARS = MAX_WALL_MESSAGE_BYTES / 4;
/** A POST that takes longer means that the link is dead, in milliseconds. */
export const POST_WITHIN_MS = 10_000;
/** Messages that wait to be sent; a page says some ten in a second. */
const MAX_WAITING = 1000;
const ID_BYTES = 16;

export interface StreamSocketOptions {
	/** Address of `api/wall/stream/`, with the slash. */
	readonly url: string;
	readonly clock: Clock;
	readonly fetch: typeof fetch;
	/** Fills the bytes with chance that nobody can guess. */
	readonly fillRandom: (bytes: Uint8Array<ArrayBuffer>) => void;
}

/** One link: open from its construction until {@link close}, or until the response ends. */
export class StreamSocket implements SocketLike {
	readonly carrier = "stream";
	onopen: SocketLike["onopen"] = null;
	onmessage: SocketLike["onmessage"] = null;
	onclose: SocketLike["onclose"] = null;
	onerror: SocketLike["onerror"] = null;
	readonly #options: StreamSocketOptions;
	readonly #url: string;
	readonly #abort = new AbortController();
	readonly #decoder = new TextDecoder();
	/** JSON texts, oldest first. */
	#waiting: string[] = [];
	#posting = false;
	#closed = false;

	constructor(options: StreamSocketOptions) {
		this.#options = options;
		// The page has no crypto.randomUUID over plain HTTP.
		const id = new Uint8Array(ID_BYTES);
		options.fillRandom(id);
		this.#url = options.url + Array.from(id, (byte) => byte.toString(16).padStart(2, "0")).join("");
		void this.#read();
	}

	/** Takes a message of JSON. They arrive in order: the next POST begins when the one before is done. */
	send(text: string): void {
		if (this.#closed) return;
		this.#waiting.push(text);
		if (this.#waiting.length > MAX_WAITING) this.#end();
		else if (!this.#posting) void this.#post();
	}

	close(): void {
		this.#closed = true;
		this.#waiting = [];
		this.#abort.abort();
	}

	async #read(): Promise<void> {
		try {
			const { fetch: get } = this.#options;
			const response = await get(this.#url, { signal: this.#abort.signal, cache: "no-store" });
			if (!response.ok || !response.body) throw new Error(`the server answered ${response.status}`);
			if (this.#closed) return;
			this.onopen?.(new Event("open"));
			const frames = new LinkFrameReader((type, bytes) => this.#received(type, bytes));
			const reader = response.body.getReader();
			for (;;) {
				const { done, value } = await reader.read();
				if (done || this.#closed || !frames.push(value)) break;
			}
		} catch {
			// Whoever owns the link only has to know that it is gone.
		}
		this.#end();
	}

	#received(type: number, bytes: Uint8Array): void {
		if (this.#closed) return;
		const data = type === LINK_BINARY ? bytes.buffer : this.#decoder.decode(bytes);
		this.onmessage?.(new MessageEvent("message", { data }));
	}

	async #post(): Promise<void> {
		this.#posting = true;
		const { clock, fetch: send } = this.#options;
		let deadline: Timer | undefined;
		try {
			while (this.#waiting.length > 0) {
				deadline = clock.after(POST_WITHIN_MS, () => this.#end());
				const response = await send(this.#url, {
					method: "POST",
					headers: { "content-type": "application/json" },
					body: `[${this.#nextBatch().join(",")}]`,
					signal: this.#abort.signal,
				});
				deadline.cancel();
				if (!response.ok) throw new Error(`the server answered ${response.status}`);
			}
		} catch {
			this.#end();
		}
		deadline?.cancel();
		this.#posting = false;
	}

	#nextBatch(): string[] {
		let chars = 0;
		let count = 0;
		for (const text of this.#waiting) {
			chars += text.length;
			if (count === MAX_POST_MESSAGES || (count > 0 && chars > MAX_POST_CHARS)) break;
			count += 1;
		}
		return this.#waiting.splice(0, count);
	}

	#end(): void {
		if (this.#closed) return;
		this.close();
		this.onclose?.(new CloseEvent("close"));
	}
}
