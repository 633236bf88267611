/** The page's one link to the server, which is always there or on its way back. The messages: `@vigia/api`. @module */
import {
	type ClientMessage,
	type Codec,
	parseServerMessage,
	type ServerMessage,
	STATUS_INTERVAL_MS,
	WALL_PROTOCOL_VERSION,
} from "@vigia/api";
import type { Clock, Timer } from "../clock.ts";
import { BackOff } from "./back-off.ts";

/** Silence of this length means that the socket is dead, in milliseconds: the server speaks every second. */
export const SILENCE_MS = STATUS_INTERVAL_MS * 5;
/** An open socket takes this long at most, in milliseconds: a carrier fails sooner by itself, one after the other. */
export const OPEN_WITHIN_MS = 15_000;
/**
 * Media that arrived is acknowledged after this long, in milliseconds, because the server sends no more than a window
 * ahead of it: over a WebSocket, and where each message is a request of its own.
 */
export const ACKNOWLEDGE_AFTER_MS = 100;
export const ACKNOWLEDGE_BY_POST_AFTER_MS = 250;
/**
 * Over a WebSocket so many bytes are acknowledged sooner: the server's window, which is small at first, grows with each
 * acknowledgement. Not more often than this, in milliseconds, because the server takes 50 messages a second.
 */
export const ACKNOWLEDGE_BYTES = 16 * 1024;
export const ACKNOWLEDGE_EVERY_MS = 30;
/** An open socket that lasted this long was healthy, and the waits begin anew, in milliseconds. */
export const HEALTHY_AFTER_MS = 10_000;
/** A timer that fires this much late means that the page was held up, in milliseconds. */
const HELD_UP_MS = 1000;
/** What a page that was held up gives the messages that wait for it, in milliseconds. */
const CATCH_UP_MS = 1000;

/** How messages are carried. `stream` is fetch and POSTs. `poll` is short GETs only: no signalling and no media. */
export type Carrier = "websocket" | "stream" | "poll";

/** The part of the browser's `WebSocket` that is used here, with text and `ArrayBuffer` for data. */
export interface SocketLike {
	binaryType?: string;
	/** Absent of the browser's own WebSocket. */
	readonly carrier?: Carrier;
	/** Called anew where the first carrier that opened turned out to be none. */
	onopen: ((event: Event) => void) | null;
	onmessage: ((event: MessageEvent) => void) | null;
	onclose: ((event: CloseEvent) => void) | null;
	onerror: ((event: Event) => void) | null;
	send(text: string): void;
	close(): void;
	/** The network may be better now. */
	wake?(): void;
}

/** How the link to the server is. */
export type LinkState =
	| { readonly kind: "connecting" }
	/** The server said `welcome`. */
	| { readonly kind: "open" }
	/** The last try failed; the next one is at `retryAtMs` of the clock. */
	| { readonly kind: "waiting"; readonly retryAtMs: number }
	/** The server speaks another version than this page: only loading the page again helps. */
	| { readonly kind: "outdated" }
	| { readonly kind: "closed" };

export interface WallSocketOptions {
	/** What the browser decodes: asked for each `hello`. */
	readonly capabilities: () => { readonly webrtc: readonly Codec[]; readonly mse: readonly Codec[] };
	readonly clock: Clock;
	/** In [0, 1). */
	readonly random: () => number;
	readonly createSocket: () => SocketLike;
	readonly onState: (state: LinkState) => void;
	/** After a `welcome` while the link is open, the link was replaced by a better one: everything is to be asked anew. */
	readonly onMessage: (message: ServerMessage) => void;
	/** A media frame, whose bytes are the receiver's from now on. */
	readonly onMedia: (bytes: Uint8Array) => void;
}

/** Connects on {@link start}, and again with growing waits whenever the socket closes or falls silent. */
export class WallSocket {
	#state: LinkState = { kind: "closed" };
	#socket: SocketLike | undefined;
	#timer: Timer | undefined;
	#openSinceMs: number | undefined;
	#heardMs = 0;
	/** Of the media frames that came since the `welcome`. */
	#mediaBytes = 0;
	#acknowledgedBytes = 0;
	#acknowledgedMs = Number.NEGATIVE_INFINITY;
	#acknowledgement: Timer | undefined;
	readonly #backOff: BackOff;
	readonly #options: WallSocketOptions;

	constructor(options: WallSocketOptions) {
		this.#options = options;
		this.#backOff = new BackOff(options.random);
	}

	get state(): LinkState {
		return this.#state;
	}

	/** How the link comes; it says something while the link is open. */
	get carrier(): Carrier {
		return this.#socket?.carrier ?? "websocket";
	}

	/** Connects, unless it is connected or trying. */
	start(): void {
		if (this.#state.kind === "closed") this.#connect();
	}

	/** Ends a wait: the network is back, or somebody looks at the page. */
	wake(): void {
		if (this.#state.kind === "waiting") this.#connect();
		else this.#socket?.wake?.();
	}

	/** Sends if the server has said `welcome`; the whole state is sent anew after the next one, so nothing is queued. */
	send(message: ClientMessage): void {
		if (this.#state.kind === "open") this.#socket?.send(JSON.stringify(message));
	}

	/** Closes and stays closed until the next {@link start}. */
	close(): void {
		this.#drop();
		this.#setState({ kind: "closed" });
	}

	#connect(): void {
		this.#drop();
		this.#setState({ kind: "connecting" });
		let socket: SocketLike;
		try {
			socket = this.#options.createSocket();
		} catch {
			this.#failed();
			return;
		}
		this.#socket = socket;
		socket.binaryType = "arraybuffer";
		this.#heardMs = this.#options.clock.nowMs() + OPEN_WITHIN_MS - SILENCE_MS;
		socket.onopen = () => this.#opened(socket);
		socket.onmessage = ({ data }: MessageEvent<unknown>) => {
			if (data instanceof ArrayBuffer) this.#receivedMedia(new Uint8Array(data));
			else this.#received(data);
		};
		socket.onclose = socket.onerror = () => this.#failed();
		this.#watchSilence(OPEN_WITHIN_MS);
	}

	#opened(socket: SocketLike): void {
		const { webrtc, mse } = this.#options.capabilities();
		const hello: ClientMessage = {
			type: "hello",
			version: WALL_PROTOCOL_VERSION,
			webrtc: [...webrtc],
			mse: [...mse],
		};
		socket.send(JSON.stringify(hello));
		this.#heardMs = this.#options.clock.nowMs();
		this.#timer?.cancel();
		this.#watchSilence(SILENCE_MS);
	}

	#receivedMedia(bytes: Uint8Array): void {
		if (this.#state.kind !== "open") return;
		// A status may wait behind a long row of key frames: these are a sign of life too.
		this.#heardMs = this.#options.clock.nowMs();
		this.#mediaBytes += bytes.byteLength;
		const isSocket = this.carrier === "websocket";
		const isMuch = this.#mediaBytes - this.#acknowledgedBytes >= ACKNOWLEDGE_BYTES;
		if (isSocket && isMuch && this.#heardMs - this.#acknowledgedMs >= ACKNOWLEDGE_EVERY_MS) this.#acknowledge();
		else {
			const delayMs = isSocket ? ACKNOWLEDGE_AFTER_MS : ACKNOWLEDGE_BY_POST_AFTER_MS;
			this.#acknowledgement ??= this.#options.clock.after(delayMs, () => this.#acknowledge());
		}
		this.#options.onMedia(bytes);
	}

	#acknowledge(): void {
		this.#acknowledgement?.cancel();
		this.#acknowledgement = undefined;
		this.#acknowledgedBytes = this.#mediaBytes;
		this.#acknowledgedMs = this.#options.clock.nowMs();
		this.send({ type: "received", bytes: this.#mediaBytes });
	}

	#received(data: unknown): void {
		const parsed = parseServerMessage(typeof data === "string" ? data : "");
		if (!parsed.ok) {
			console.warn(`Vigía: a message of the server was not understood (${parsed.problem})`);
			// A server whose first words mean nothing here is of another version. Later on, only what can be read
			// counts as a sign of life.
			if (this.#state.kind === "connecting") this.#outdated();
			return;
		}
		this.#heardMs = this.#options.clock.nowMs();
		const message = parsed.message;
		const outdated =
			message.type === "welcome"
				? message.version !== WALL_PROTOCOL_VERSION
				: message.type === "error" && message.code === "version-mismatch";
		if (outdated) {
			this.#outdated();
			return;
		}
		if (message.type === "welcome") {
			this.#openSinceMs = this.#heardMs;
			this.#noMedia();
			this.#setState({ kind: "open" });
		}
		this.#options.onMessage(message);
	}

	#outdated(): void {
		this.#drop();
		this.#setState({ kind: "outdated" });
	}

	#watchSilence(delayMs: number): void {
		const clock = this.#options.clock;
		const dueMs = clock.nowMs() + delayMs;
		this.#timer = clock.after(delayMs, () => {
			const nowMs = clock.nowMs();
			const leftMs = this.#heardMs + SILENCE_MS - nowMs;
			if (leftMs > 0) this.#watchSilence(leftMs);
			else if (nowMs - dueMs > HELD_UP_MS) this.#watchSilence(CATCH_UP_MS);
			else this.#failed();
		});
	}

	#failed(): void {
		const clock = this.#options.clock;
		const healthy = this.#openSinceMs !== undefined && clock.nowMs() - this.#openSinceMs >= HEALTHY_AFTER_MS;
		this.#drop();
		if (healthy) this.#backOff.reset();
		const delayMs = this.#backOff.nextDelayMs();
		this.#timer = clock.after(delayMs, () => this.#connect());
		this.#setState({ kind: "waiting", retryAtMs: clock.nowMs() + delayMs });
	}

	#drop(): void {
		this.#timer?.cancel();
		this.#timer = undefined;
		this.#openSinceMs = undefined;
		this.#noMedia();
		const socket = this.#socket;
		this.#socket = undefined;
		if (!socket) return;
		socket.onopen = socket.onmessage = socket.onclose = socket.onerror = null;
		socket.close();
	}

	/** A new link counts from zero. */
	#noMedia(): void {
		this.#mediaBytes = this.#acknowledgedBytes = 0;
		this.#acknowledgement?.cancel();
		this.#acknowledgement = undefined;
	}

	#setState(state: LinkState): void {
		this.#state = state;
		this.#options.onState(state);
	}
}
