/** Which transport a stream's media is asked for over, learnt over its sessions. Pure. @module */
import type { RtspTransport } from "../config/settings.ts";
import type { SourceTransport } from "./source.ts";

/** TCP passes firewalls and loses nothing; UDP is all that some servers have (quirk 74); the tunnel is the last resort. */
const ORDER: readonly SourceTransport[] = ["tcp", "udp", "http"];
/** With TLS media stays inside of it. */
const SECURE_ORDER: readonly SourceTransport[] = ["tcp", "http"];

export class TransportChoice {
	readonly #order: readonly SourceTransport[];
	#current: SourceTransport;
	/** It gave video: where it fails later, the camera is the cause and not the transport. */
	#proven: SourceTransport | undefined;

	constructor(wanted: RtspTransport, scheme: "rtsp" | "rtsps") {
		if (wanted === "auto") this.#order = scheme === "rtsps" ? SECURE_ORDER : ORDER;
		else this.#order = [wanted];
		this.#current = this.#order[0] ?? "tcp";
	}

	/** What a new session begins with. */
	get current(): SourceTransport {
		return this.#current;
	}

	/** Some transport gave video in the past. */
	get proven(): boolean {
		return this.#proven !== undefined;
	}

	/** This one gave video: sessions begin with it from now on. */
	noteVideo(transport: SourceTransport): void {
		this.#proven = transport;
		this.#current = transport;
	}

	/** The next transport for a session that has tried these in vain; `undefined` when there is none left. */
	next(tried: readonly SourceTransport[]): SourceTransport | undefined {
		return this.#order.find((transport) => !tried.includes(transport));
	}

	/**
	 * A session was accepted over this transport and brought nothing at all: the next one begins with another, unless
	 * this one gave video before, because then the camera is to blame.
	 */
	noteSilence(transport: SourceTransport): void {
		if (this.#current !== transport || this.#proven === transport) return;
		const index = this.#order.indexOf(transport);
		this.#current = this.#order[(index + 1) % this.#order.length] ?? transport;
	}
}
