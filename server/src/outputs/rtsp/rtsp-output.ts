/**
 * Our RTSP server: what a camera sends, for recorders and players that pull from us instead of from the camera. One
 * connection with the camera serves all of them. RFC 2326.
 * @module
 */
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { Credentials } from "../../config/credentials.ts";
import type { Clock } from "../../platform/clock.ts";
import type { StreamDirectory } from "../../streams/reader.ts";
import { RtspOutputCounters } from "./counters.ts";
import { PasswordGuard } from "./password-guard.ts";
import { type ConnectionHost, RtspConnection } from "./rtsp-connection.ts";
import { UdpPorts } from "./udp-ports.ts";

/** Clients at a time: both streams of 256 cameras. */
export const MAX_SESSIONS = 512;
/** Connections at a time: some clients ask on one and play on another. */
export const MAX_CONNECTIONS = 1024;
/** Of these from one address, so that a single one does not keep all others out. */
export const MAX_CONNECTIONS_PER_ADDRESS = 640;

export interface RtspOutputOptions {
	/** Address to listen on. */
	readonly host: string;
	/** TCP; 0 takes any free one. */
	readonly port: number;
	/** Asked for by Digest; absent: anybody may see the cameras. */
	readonly credentials?: Credentials | undefined;
	/** The streams as the cameras send them. */
	readonly directory: StreamDirectory;
	readonly clock: Clock;
	/** Hears what is the server's own fault, for its log. */
	readonly onError?: (error: unknown) => void;
}

export class RtspOutput {
	readonly counters: RtspOutputCounters = new RtspOutputCounters();
	readonly #server: Server;
	readonly #udp: UdpPorts;
	readonly #host: ConnectionHost;
	readonly #connections = new Set<RtspConnection>();
	#sessions = 0;
	#closing: Promise<void> | undefined;

	/** @param server is to listen once this is made. */
	constructor(options: RtspOutputOptions, server: Server, udp: UdpPorts) {
		const { directory, clock, credentials } = options;
		this.#server = server;
		this.#udp = udp;
		this.#host = {
			directory,
			clock,
			credentials,
			udp,
			guard: new PasswordGuard(clock),
			counters: this.counters,
			budget: { bytes: 0 },
			takeSession: () => {
				if (this.#sessions >= MAX_SESSIONS) return false;
				this.#sessions++;
				return true;
			},
			releaseSession: () => this.#sessions--,
			onClosed: (connection) => this.#connections.delete(connection),
			onError: (error) => options.onError?.(error),
		};
		server.on("connection", (socket) => this.#onConnection(socket));
	}

	/** The TCP port. */
	get port(): number {
		const address = this.#server.address();
		return typeof address === "object" && address ? address.port : 0;
	}

	/** Connections that are open now. */
	get connections(): number {
		return this.#connections.size;
	}

	/** Sessions that are set up now. */
	get sessions(): number {
		return this.#sessions;
	}

	/** Ends all sessions and lets the ports go. Safe to call twice. */
	close(): Promise<void> {
		return (this.#closing ??= this.#close());
	}

	async #close(): Promise<void> {
		const closed = once(this.#server, "close");
		this.#server.close();
		for (const connection of [...this.#connections]) connection.close();
		await Promise.all([closed, this.#udp.close()]);
	}

	#onConnection(socket: Socket): void {
		const { remoteAddress: address } = socket;
		let ofAddress = 0;
		for (const connection of this.#connections) if (connection.address === address) ofAddress++;
		const full = this.#connections.size >= MAX_CONNECTIONS || ofAddress >= MAX_CONNECTIONS_PER_ADDRESS;
		// Without an address it is gone already.
		if (full || address === undefined) {
			if (full) this.counters.refusedConnections++;
			socket.destroy();
			return;
		}
		this.#connections.add(new RtspConnection(socket, this.#host));
	}
}

/** Takes the port. @throws Error with the remedy when it is taken. */
export async function openRtspOutput(options: RtspOutputOptions): Promise<RtspOutput> {
	const { port } = options;
	const { address, family } = await lookup(options.host);
	const udp = await UdpPorts.open(address, family === 6 ? "udp6" : "udp4");
	const server = createServer({ noDelay: true });
	const output = new RtspOutput(options, server, udp);
	try {
		const listening = once(server, "listening");
		server.listen(port, address);
		await listening;
		// Too many open files, for instance: connections that are there go on.
		server.on("error", (error) => options.onError?.(error));
		return output;
	} catch (error) {
		await udp.close();
		if (!(error instanceof Error && "code" in error && error.code === "EADDRINUSE")) throw error;
		const remedy = "go2rtc, MediaMTX and Frigate use it too: stop the other program or choose another port";
		throw new Error(`TCP port ${port} is already in use. ${remedy}, e.g. RTSP_PORT=8654`, { cause: error });
	}
}
