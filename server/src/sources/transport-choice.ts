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
	/** They gave video: where one fails later, the camera is the cause and not the transport. */
	readonly #proven = new Set<SourceTransport>();
	/** Silent in one session, whose camera may have been starting. */
	readonly #doubtful = new Set<SourceTransport>();

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
		return this.#proven.size > 0;
	}

	/**
	 * This one gave video: sessions begin with it from now on, or with one before it in the order that gave video too, or
	 * that was silent no more than once.
	 */
	noteVideo(transport: SourceTransport): void {
		this.#proven.add(transport);
		this.#current = this.#order.find((one) => this.#proven.has(one) || this.#doubtful.has(one)) ?? transport;
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
		if (this.#current !== transport || this.#proven.has(transport)) return;
		if (!this.#doubtful.delete(transport)) this.#doubtful.add(transport);
		const index = this.#order.indexOf(transport);
		this.#current = this.#order[(index + 1) % this.#order.length] ?? transport;
	}
}
