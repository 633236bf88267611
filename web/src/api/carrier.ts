/**
 * Which way the link to the server goes: WebSocket, else a streaming response, else short requests. What works is
 * remembered for the page's life, and something better is tried again in the background.
 * @module
 */
import type { Clock, Timer } from "../clock.ts";
import { PollSocket } from "./poll-socket.ts";
import { StreamSocket } from "./stream-socket.ts";
import type { Carrier, SocketLike } from "./wall-socket.ts";

/** A carrier opens, and brings its first message, within so many milliseconds each; else the next one is tried. */
export const CARRIER_WITHIN_MS = 3000;
/** After the wait that a better carrier is tried first, in milliseconds; the wait doubles. */
export const FIRST_BETTER_MS = 5000;
/** The longest wait, in milliseconds. A proxy's configuration changes rarely, and a woken page tries at once. */
export const LONGEST_BETTER_MS = 300_000;
/**
 * What has worked in this page is tried so often before anything else: a server that restarts, or a network that is
 * away, refuses all carriers, and the first to come back is not always the best.
 */
export const LOYAL_ATTEMPTS = 3;

/** From the best. */
const CARRIERS: readonly Carrier[] = ["websocket", "stream", "poll"];

export interface CarriersOptions {
	/** Address of the directory that the page is in, with the slash, e.g. `https://host/wall/`. */
	readonly base: string;
	readonly clock: Clock;
	readonly createWebSocket: (url: string) => SocketLike;
	readonly fetch: typeof fetch;
	/** Fills the bytes with chance that nobody can guess. */
	readonly fillRandom: (bytes: Uint8Array<ArrayBuffer>) => void;
}

/** Makes the page's sockets. One for the page's life. */
export class Carriers {
	readonly clock: Clock;
	readonly #options: CarriersOptions;
	#choice: Carrier = "websocket";
	#hasWorked = false;
	#failures = 0;

	constructor(options: CarriersOptions) {
		this.#options = options;
		this.clock = options.clock;
	}

	/** A socket over whatever works. It fails when nothing does. */
	connect(): SocketLike {
		const loyal = this.#hasWorked && this.#failures < LOYAL_ATTEMPTS;
		const others = loyal ? [] : CARRIERS.filter((carrier) => carrier !== this.#choice);
		return new CarrierSocket(this, [this.#choice, ...others]);
	}

	/** One carrier's own socket. Throws where the browser does not let it. */
	create(carrier: Carrier): SocketLike {
		const { base, clock, createWebSocket, fetch, fillRandom } = this.#options;
		switch (carrier) {
			case "websocket":
				return createWebSocket(`${base.replace(/^http/, "ws")}api/wall`);
			case "stream":
				return new StreamSocket({ url: `${base}api/wall/stream/`, clock, fetch, fillRandom });
			case "poll":
				return new PollSocket({ base, clock, fetch });
		}
	}

	/** The carrier brought a message of the server. */
	worked(carrier: Carrier): void {
		this.#choice = carrier;
		this.#hasWorked = true;
		this.#failures = 0;
	}

	/** None of those that were tried brought anything. */
	failed(): void {
		this.#failures += 1;
	}
}

/** Tries one carrier after the other until one brings a message, and replaces that one by a better one. */
class CarrierSocket implements SocketLike {
	binaryType = "arraybuffer";
	onopen: SocketLike["onopen"] = null;
	onmessage: SocketLike["onmessage"] = null;
	onclose: SocketLike["onclose"] = null;
	onerror: SocketLike["onerror"] = null;
	readonly #carriers: Carriers;
	/** Those that are still to be tried. */
	readonly #order: Carrier[];
	#trial: Trial | undefined;
	#active: { readonly carrier: Carrier; readonly socket: SocketLike } | undefined;
	/** What the owner said when the socket opened; said again on each better one. */
	#hello = "";
	#betterTimer: Timer | undefined;
	#betterDelayMs = FIRST_BETTER_MS;
	#closed = false;

	constructor(carriers: Carriers, order: Carrier[]) {
		this.#carriers = carriers;
		this.#order = order;
		// The owner has not set its handlers yet.
		queueMicrotask(() => this.#next());
	}

	get carrier(): Carrier {
		return this.#active?.carrier ?? "websocket";
	}

	send(text: string): void {
		if (this.#active) this.#active.socket.send(text);
		else {
			this.#hello = text;
			this.#trial?.socket?.send(text);
		}
	}

	/** Tries something better at once. */
	wake(): void {
		this.#betterDelayMs = FIRST_BETTER_MS;
		if (!this.#active || this.#trial) return;
		this.#betterTimer?.cancel();
		this.#tryBetter(this.#betterThanActive());
	}

	close(): void {
		this.#closed = true;
		this.#betterTimer?.cancel();
		this.#trial?.end();
		this.#trial = undefined;
		if (this.#active) release(this.#active.socket);
	}

	#next(): void {
		if (this.#closed) return;
		const carrier = this.#order.shift();
		if (carrier === undefined) {
			this.#carriers.failed();
			this.onclose?.(new CloseEvent("close"));
			return;
		}
		this.#trial = new Trial(this.#carriers, carrier, {
			opened: () => this.onopen?.(new Event("open")),
			failed: () => this.#next(),
			worked: (socket, first) => this.#use(carrier, socket, first),
		});
		this.#trial.begin();
	}

	#use(carrier: Carrier, socket: SocketLike, first: MessageEvent): void {
		this.#trial = undefined;
		const before = this.#active;
		this.#active = { carrier, socket };
		if (before) release(before.socket);
		this.#carriers.worked(carrier);
		socket.onmessage = (event) => this.onmessage?.(event);
		socket.onclose = socket.onerror = () => this.onclose?.(new CloseEvent("close"));
		this.#betterDelayMs = FIRST_BETTER_MS;
		this.#tryBetterLater();
		this.onmessage?.(first);
	}

	#betterThanActive(): Carrier[] {
		return CARRIERS.slice(0, CARRIERS.indexOf(this.carrier));
	}

	#tryBetterLater(): void {
		if (this.#closed || this.#betterThanActive().length === 0) return;
		this.#betterTimer = this.#carriers.clock.after(this.#betterDelayMs, () => {
			this.#betterDelayMs = Math.min(LONGEST_BETTER_MS, this.#betterDelayMs * 2);
			this.#tryBetter(this.#betterThanActive());
		});
	}

	/** The link that is there goes on until the new one has welcomed the page. */
	#tryBetter(order: Carrier[]): void {
		const carrier = order.shift();
		if (carrier === undefined) {
			this.#trial = undefined;
			this.#tryBetterLater();
			return;
		}
		const trial = new Trial(this.#carriers, carrier, {
			opened: () => trial.socket?.send(this.#hello),
			failed: () => this.#tryBetter(order),
			worked: (socket, first) => {
				if (isWelcome(first.data)) {
					this.#use(carrier, socket, first);
					return;
				}
				release(socket);
				this.#tryBetter(order);
			},
		});
		this.#trial = trial;
		trial.begin();
	}
}

interface TrialEvents {
	/** It opened, and wants the hello. */
	opened(): void;
	/** Let go of already. */
	failed(): void;
	/** It brought its first message, and the socket is the receiver's from now on. */
	worked(socket: SocketLike, first: MessageEvent): void;
}

/** One carrier until its first message, or until it has had its time. Exactly one of the last two events comes. */
class Trial {
	socket: SocketLike | undefined;
	readonly #carriers: Carriers;
	readonly #carrier: Carrier;
	readonly #events: TrialEvents;
	#timer: Timer | undefined;

	constructor(carriers: Carriers, carrier: Carrier, events: TrialEvents) {
		this.#carriers = carriers;
		this.#carrier = carrier;
		this.#events = events;
	}

	begin(): void {
		let socket: SocketLike;
		try {
			socket = this.#carriers.create(this.#carrier);
		} catch {
			this.#events.failed();
			return;
		}
		this.socket = socket;
		socket.binaryType = "arraybuffer";
		this.#expect();
		socket.onopen = () => {
			this.#expect();
			this.#events.opened();
		};
		socket.onmessage = (first) => {
			this.#timer?.cancel();
			this.#events.worked(socket, first);
		};
		socket.onclose = socket.onerror = () => this.#fail();
	}

	/** Lets go of the socket without a word. */
	end(): void {
		this.#timer?.cancel();
		if (this.socket) release(this.socket);
	}

	#expect(): void {
		this.#timer?.cancel();
		this.#timer = this.#carriers.clock.after(CARRIER_WITHIN_MS, () => this.#fail());
	}

	#fail(): void {
		this.end();
		this.#events.failed();
	}
}

function release(socket: SocketLike): void {
	socket.onopen = socket.onmessage = socket.onclose = socket.onerror = null;
	socket.close();
}

function isWelcome(data: unknown): boolean {
	if (typeof data !== "string") return false;
	try {
		return (JSON.parse(data) as { type?: unknown } | null)?.type === "welcome";
	} catch {
		return false;
	}
}
