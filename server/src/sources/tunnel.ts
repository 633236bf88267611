/** An RTSP connection inside of HTTP: two connections to the camera, one for each direction (quirk 14). @module */
import { HttpTunnelClient, RtspError } from "@vigia/rtsp";
import type { Credentials } from "../config/credentials.ts";
import type { StreamAddress } from "../config/settings.ts";
import type { Timer } from "../platform/clock.ts";
import { CLIENT } from "./client-identity.ts";
import {
	type Connection,
	type ConnectionHandlers,
	type ConnectionTarget,
	openConnection,
	type Peer,
} from "./connection.ts";
import { failureOfRtspError } from "./rtsp-failure.ts";
import type { SourceFailure } from "./source.ts";

/** From a connection to the answer of its GET: a camera that carries RTSP in HTTP says so at once. */
export const TUNNEL_ANSWER_MS = 5000;

/** While a POST is opened: requests and reports are few and small, only a camera that asks all the time makes more. */
const MAX_UNSENT_PIECES = 64;

export interface TunnelOptions extends Omit<ConnectionTarget, "host" | "port"> {
	readonly address: StreamAddress;
	readonly credentials: Credentials | undefined;
}

/** Opens a tunnel; what goes wrong comes by the handlers. */
export function openTunnel(options: TunnelOptions, handlers: ConnectionHandlers): Connection {
	return new Tunnel(options, handlers);
}

class Tunnel implements Connection {
	readonly #options: TunnelOptions;
	readonly #handlers: ConnectionHandlers;
	readonly #client: HttpTunnelClient;
	#get: Connection;
	#post: Connection | undefined;
	/** For the POST's connection, once it is open. */
	#unsent: Uint8Array[] | undefined;
	#answerTimer: Timer | undefined;
	/** The camera has said something inside of the tunnel. */
	#proven = false;
	#open = false;
	#over = false;

	constructor(options: TunnelOptions, handlers: ConnectionHandlers) {
		this.#options = options;
		this.#handlers = handlers;
		const { address, credentials } = options;
		this.#client = new HttpTunnelClient({ ...CLIENT, address, credentials: credentials?.reveal() });
		this.#get = this.#openGet();
	}

	get peer(): Peer | undefined {
		return this.#get.peer;
	}

	write(bytes: Uint8Array): void {
		if (this.#over) return;
		const encoded = this.#client.encode(bytes);
		// A camera that keeps to the length of the POST's body closes it after a while: another one goes on.
		this.#post ??= this.#openPost();
		if (!this.#unsent) {
			this.#post.write(encoded);
			return;
		}
		this.#unsent.push(encoded);
		if (this.#unsent.length > MAX_UNSENT_PIECES) {
			// From within the caller's own call nothing is told.
			queueMicrotask(() => this.#fail({ code: "connection-lost", detail: "the camera does not take what is sent" }));
		}
	}

	end(): void {
		if (this.#over) return;
		this.#over = true;
		this.#answerTimer?.cancel();
		this.#post?.end();
		this.#get.end();
	}

	#openGet(): Connection {
		const connection = this.#connect({
			onOpen: () => {
				connection.write(this.#client.getHead());
				this.#answerTimer = this.#options.clock.after(TUNNEL_ANSWER_MS, () => {
					const message = `the camera did not answer GET within ${TUNNEL_ANSWER_MS / 1000} s`;
					this.#failBy(new RtspError("unsupported-transport", "RTSP_TUNNEL_UNANSWERED", message));
				});
			},
			onInput: (bytes) => {
				if (this.#open) {
					this.#proven = true;
					this.#handlers.onInput(bytes);
				} else if (connection === this.#get && !this.#client.isOpen) this.#onAnswer(bytes);
			},
			onEnd: () => {
				if (this.#over || connection !== this.#get) return;
				this.end();
				this.#handlers.onEnd();
			},
			onFailure: (failure) => connection === this.#get && this.#fail(failure),
		});
		return connection;
	}

	#onAnswer(bytes: Uint8Array): void {
		const input = this.#client.pushGet(bytes);
		if (input.type === "wait") return;
		this.#answerTimer?.cancel();
		switch (input.type) {
			case "retry":
				this.#get.end();
				this.#get = this.#openGet();
				return;
			case "failed":
				this.#failBy(input.error);
				return;
			case "rtsp":
				// Nothing was asked yet, so that bytes behind the head mean nothing.
				this.#post = this.#openPost();
		}
	}

	#openPost(): Connection {
		this.#unsent = [];
		const connection = this.#connect({
			onOpen: () => {
				connection.write(this.#client.postHead());
				for (const piece of this.#unsent ?? []) connection.write(piece);
				this.#unsent = undefined;
				if (this.#open) return;
				this.#open = true;
				this.#handlers.onOpen();
			},
			// An answer to the POST means nothing, whatever it says.
			onInput: () => undefined,
			onEnd: () => {
				if (this.#proven) this.#post = undefined;
				else this.#failBy(new RtspError("unsupported-transport", "RTSP_TUNNEL_REFUSED", "the camera closed the POST"));
			},
			onFailure: (failure) => {
				// A camera that has read its fill, while more was on its way, resets the connection.
				if (this.#proven && !this.#unsent) this.#post = undefined;
				else this.#fail(failure);
			},
		});
		return connection;
	}

	#connect(handlers: ConnectionHandlers): Connection {
		const { address, tls, clock, lookup } = this.#options;
		const { host, port } = address;
		return openConnection({ host, port, tls, clock, lookup }, handlers);
	}

	#failBy(error: RtspError): void {
		this.#fail(failureOfRtspError(error), error);
	}

	#fail(failure: SourceFailure, error?: RtspError): void {
		if (this.#over) return;
		this.end();
		this.#handlers.onFailure(failure, error);
	}
}
