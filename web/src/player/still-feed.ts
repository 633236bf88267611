/** Stills again and again, where no moving pictures come through: one short GET at a time. @module */
import type { StreamName } from "@vigia/api";
import type { Clock, Timer } from "../clock.ts";

/**
 * So many stills of a page are under way at the same time. All at once, each of them would be as late as the last, and
 * over HTTP/1.1 they would take every connection that a browser has for a server.
 */
export const MOST_STILLS_AT_ONCE = 2;
/** From the end of one load to the beginning of the next, at least, in milliseconds. */
export const STILL_INTERVAL_MS = 1000;
/** It is also this many times as long as the load took, with the wait for its turn: a slow link is not filled with stills. */
export const STILL_REST_FACTOR = 2;
/** After an error, doubled by each further one up to the longest, in milliseconds. */
export const STILL_RETRY_MS = 2000;
export const LONGEST_STILL_RETRY_MS = 30_000;
/** A load that takes longer is given up, in milliseconds: the server answers within seconds, the rest is the network. */
export const STILL_TIMEOUT_MS = 20_000;
/** When the picture was taken, by the server's clock: an HTTP date or ISO 8601. */
const CAPTURED_AT_HEADER = "x-vigia-captured-at";

/** Stills are asked for in this width, in pixels: small enough for the links that need them. */
const STILL_WIDTH = 320;

/** Of a camera's still. @param base of the directory that the page is in, with the slash; empty: the page's own. */
export function stillAddress(base: string, camera: string, stream: StreamName): string {
	return `${base}api/cameras/${encodeURIComponent(camera)}/snapshot.jpg?stream=${stream}&width=${STILL_WIDTH}`;
}

export interface StillEvents {
	/** Another picture is in sight. */
	readonly onPicture: () => void;
	/** A load failed and is tried again: the server's code, or `network` (nothing came, or not in time) or `not-an-image`. */
	readonly onError: (code: string) => void;
}

export interface StillPictureOptions extends StillEvents {
	/** Of the snapshot, with all parameters. */
	readonly url: string;
	readonly clock: Clock;
}

/** Owns {@link element}; its picture stays when a later one does not come. */
export class StillPicture {
	readonly element: HTMLImageElement;
	readonly #options: StillPictureOptions;
	/** When the picture in sight was taken, by the page's clock. */
	#takenMs: number | undefined;
	#abort: AbortController | undefined;
	#timer: Timer | undefined;
	#objectUrl: string | undefined;
	#errors = 0;
	#closed = false;

	constructor(options: StillPictureOptions) {
		this.#options = options;
		this.element = document.createElement("img");
		this.element.alt = "";
		this.element.decoding = "async";
		void this.#load();
	}

	/** How old the picture in sight is, in milliseconds, whatever the clock of this computer says; to a second. */
	ageMs(): number | undefined {
		return this.#takenMs === undefined ? undefined : Math.max(0, this.#options.clock.nowMs() - this.#takenMs);
	}

	/** Loads no more and takes the picture away. Safe to call twice. */
	close(): void {
		this.#closed = true;
		this.#timer?.cancel();
		this.#abort?.abort();
		this.element.remove();
		if (this.#objectUrl !== undefined) URL.revokeObjectURL(this.#objectUrl);
		this.#objectUrl = undefined;
	}

	/** Never rejects. */
	async #load(): Promise<void> {
		const { clock, url } = this.#options;
		const startedMs = clock.nowMs();
		const turn = turns.take();
		if (turn) await turn;
		if (this.#closed) {
			turns.give();
			return;
		}
		const abort = new AbortController();
		this.#abort = abort;
		const timeout = clock.after(STILL_TIMEOUT_MS, () => abort.abort());
		let failure: StillError | undefined;
		try {
			const response = await fetch(url, { signal: abort.signal, cache: "no-store" });
			if (!response.ok) throw await serverError(response);
			const picture = await response.blob();
			await this.#show(picture, response.headers);
		} catch (error) {
			failure = error instanceof StillError ? error : new StillError("network");
		}
		timeout.cancel();
		turns.give();
		if (this.#closed) return;
		const tookMs = clock.nowMs() - startedMs;
		this.#errors = failure ? this.#errors + 1 : 0;
		const delayMs = failure
			? Math.min(LONGEST_STILL_RETRY_MS, STILL_RETRY_MS * 2 ** (this.#errors - 1))
			: Math.max(STILL_INTERVAL_MS, STILL_REST_FACTOR * tookMs);
		this.#timer = clock.after(delayMs, () => void this.#load());
		if (failure) this.#options.onError(failure.code);
		else this.#options.onPicture();
	}

	/** The picture before stays in sight until this one is decoded. */
	async #show(picture: Blob, headers: Headers): Promise<void> {
		if (this.#closed) return;
		const receivedMs = this.#options.clock.nowMs();
		const objectUrl = URL.createObjectURL(picture);
		const next = new Image();
		next.src = objectUrl;
		try {
			await next.decode();
		} catch {
			URL.revokeObjectURL(objectUrl);
			throw new StillError("not-an-image");
		}
		if (this.#closed) {
			URL.revokeObjectURL(objectUrl);
			return;
		}
		this.element.src = objectUrl;
		if (this.#objectUrl !== undefined) URL.revokeObjectURL(this.#objectUrl);
		this.#objectUrl = objectUrl;
		const capturedAtMs = readDate(headers.get(CAPTURED_AT_HEADER));
		// Both times are the server's: what this computer takes for the time of day does not matter.
		const answeredAtMs = readDate(headers.get("date")) ?? this.#options.clock.wallMs();
		this.#takenMs = capturedAtMs === undefined ? undefined : receivedMs - Math.max(0, answeredAtMs - capturedAtMs);
	}
}

/** Whose turn it is to load; first come, first served. */
class Turns {
	#free = MOST_STILLS_AT_ONCE;
	readonly #waiting: (() => void)[] = [];

	/** `undefined` when the turn has come at once. Each is to be given back. */
	take(): Promise<void> | undefined {
		if (this.#free === 0) return new Promise((resolve) => this.#waiting.push(resolve));
		this.#free -= 1;
		return undefined;
	}

	give(): void {
		const next = this.#waiting.shift();
		if (next) next();
		else this.#free += 1;
	}
}

const turns = new Turns();

class StillError extends Error {
	readonly code: string;
	constructor(code: string) {
		super(code);
		this.code = code;
	}
}

/** The error of an answer: the server's own JSON, or what a proxy in between said. */
async function serverError(response: Response): Promise<StillError> {
	const body: unknown = await response.json().catch(() => undefined);
	const code = (body as { error?: { code?: unknown } } | undefined)?.error?.code;
	return new StillError(typeof code === "string" ? code : "network");
}

function readDate(text: string | null): number | undefined {
	if (text === null) return undefined;
	const ms = Date.parse(text);
	return Number.isNaN(ms) ? undefined : ms;
}
