/** A byte pipe to a camera over TCP or TLS: opened once, never opened again. @module */
import { constants, createHash, timingSafeEqual } from "node:crypto";
import { connect, isIP, type LookupFunction, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions, TLSSocket } from "node:tls";
import type { RtspError } from "@vigia/rtsp";
import type { TlsPolicy } from "../config/settings.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import { failureOfSocketError, internalFailure } from "./rtsp-failure.ts";
import type { SourceFailure } from "./source.ts";

/**
 * A camera in the same building answers within milliseconds. The system repeats its SYN after 1 and 3 s, then ever more
 * rarely: a new try after 2 s finds a camera that has come back sooner than the next repetition would.
 */
export const CONNECT_TIMEOUT_MS = 2000;
/** A camera's processor takes a second for an RSA handshake, several of them at once take their turns. */
export const TLS_TIMEOUT_MS = 5000;
/** Requests and reports are small: a camera that lets so much pile up does not read. */
const MAX_UNSENT_BYTES = 262_144;
/** A camera that does not read any more is not waited for. */
const END_TIMEOUT_MS = 1000;
/** One read of the socket. */
export const READ_BUFFER_BYTES = 65_536;

/** Where to connect to, and how. */
export interface ConnectionTarget {
	readonly host: string;
	readonly port: number;
	/** Absent: no TLS. */
	readonly tls?: TlsPolicy | undefined;
	readonly clock: Clock;
	readonly lookup?: LookupFunction | undefined;
}

/** None is called before {@link openConnection} has returned. */
export interface ConnectionHandlers {
	/** The camera proved to be who it should be: bytes may be written. */
	onOpen(): void;
	/** Hot path. A view that is valid until the call returns. */
	onInput(bytes: Uint8Array): void;
	/** The camera closed its side. Nothing is called after it. */
	onEnd(): void;
	/** It never came up, or broke. Nothing is called after it. `error`: where the camera refused it on purpose. */
	onFailure(failure: SourceFailure, error?: RtspError): void;
}

export interface Connection {
	/** Both ends' addresses; `undefined` before it is open. */
	readonly peer: Peer | undefined;
	/** The bytes are the connection's from now on. */
	write(bytes: Uint8Array): void;
	/** Closes once what was written is sent. No handler is called any more. */
	end(): void;
}

/** The camera as the system knows it. */
export interface Peer {
	/** With its zone where it has one. */
	readonly address: string;
	readonly family: "IPv4" | "IPv6";
}

/** Opens a connection; what goes wrong comes by the handlers. */
export function openConnection(options: ConnectionTarget, handlers: ConnectionHandlers): Connection {
	return new SocketConnection(options, handlers);
}

class SocketConnection implements Connection {
	readonly #options: ConnectionTarget;
	readonly #handlers: ConnectionHandlers;
	readonly #lookup: RevocableLookup | undefined;
	#socket: Socket | undefined;
	#timer: Timer | undefined;
	#open = false;
	/** Nothing is told any more. */
	#over = false;
	/** The host's name has an address. */
	#resolved: boolean;

	constructor(options: ConnectionTarget, handlers: ConnectionHandlers) {
		this.#options = options;
		this.#handlers = handlers;
		this.#lookup = options.lookup && revocable(options.lookup);
		this.#resolved = isIP(options.host) !== 0;
		this.#limit(CONNECT_TIMEOUT_MS, () => ({
			code: this.#resolved ? "no-route" : "address-unknown",
			detail: `no connection within ${CONNECT_TIMEOUT_MS / 1000} s`,
		}));
		try {
			this.#socket = this.#connect();
		} catch (error) {
			queueMicrotask(() => this.#fail(internalFailure(error)));
		}
	}

	get peer(): Peer | undefined {
		const { remoteAddress, remoteFamily } = this.#socket ?? {};
		if (remoteAddress === undefined) return undefined;
		return { address: remoteAddress, family: remoteFamily === "IPv6" ? "IPv6" : "IPv4" };
	}

	write(bytes: Uint8Array): void {
		const socket = this.#socket;
		if (this.#over || !socket) return;
		socket.write(bytes);
		if (socket.writableLength > MAX_UNSENT_BYTES) {
			// From within the caller's own call nothing is told.
			queueMicrotask(() => this.#fail({ code: "connection-lost", detail: "the camera does not read what is sent" }));
		}
	}

	end(): void {
		if (this.#over) return;
		this.#close();
	}

	#connect(): Socket {
		const { host, port, tls } = this.#options;
		// The socket is drained at once, always, into one buffer: a camera that cannot send drops packets.
		const onread = {
			buffer: new Uint8Array(READ_BUFFER_BYTES),
			callback: (length: number, buffer: Uint8Array): boolean => {
				if (!this.#over) this.#handlers.onInput(buffer.subarray(0, length));
				return true;
			},
		};
		const address = { host, port, noDelay: true, onread, ...(this.#lookup && { lookup: this.#lookup.lookup }) };
		const socket = tls
			? connectTls({ ...address, ...tlsOptions(tls, host) }, () => this.#onSecure(tls))
			: connect(address, () => this.#onOpen());
		if (tls) {
			socket.on("connect", () => {
				const detail = `the camera did not finish the TLS handshake within ${TLS_TIMEOUT_MS / 1000} s`;
				this.#limit(TLS_TIMEOUT_MS, () => ({ code: "no-answer", detail }));
			});
		}
		socket.on("lookup", (error) => {
			this.#resolved = error === null;
		});
		socket.on("error", (error) => this.#fail(failureOfSocketError(error, this.#open)));
		socket.on("end", () => this.#onEnd());
		socket.on("close", () => this.#fail({ code: "connection-lost", detail: "the connection closed" }));
		return socket;
	}

	#onSecure(tls: TlsPolicy): void {
		if (this.#over) return;
		const certificate = this.#socket instanceof TLSSocket ? this.#socket.getPeerX509Certificate()?.raw : undefined;
		if (tls.mode === "pin" && !isPinned(certificate, tls.sha256)) {
			const shown = certificate ? createHash("sha256").update(certificate).digest("hex") : "none";
			const detail = `the camera's certificate is not the pinned one: it shows sha256:${shown}`;
			this.#fail({ code: "certificate-untrusted", detail });
			return;
		}
		this.#onOpen();
	}

	#onOpen(): void {
		if (this.#over) return;
		this.#open = true;
		this.#timer?.cancel();
		this.#handlers.onOpen();
	}

	#onEnd(): void {
		if (this.#over) return;
		if (!this.#open) {
			this.#fail({ code: "connection-lost", detail: "the camera closed the connection before it was up" });
			return;
		}
		this.#close();
		this.#handlers.onEnd();
	}

	#fail(failure: SourceFailure): void {
		if (this.#over) return;
		this.#close();
		this.#handlers.onFailure(failure);
	}

	#close(): void {
		this.#over = true;
		this.#timer?.cancel();
		this.#lookup?.revoke();
		const socket = this.#socket;
		if (!socket) return;
		if (!this.#open) {
			socket.destroy();
			return;
		}
		// What was written last, a TEARDOWN, still goes out.
		socket.destroySoon();
		if (socket.writableLength === 0) return;
		const timer = this.#options.clock.after(END_TIMEOUT_MS, () => socket.destroy());
		socket.on("close", () => timer.cancel());
	}

	#limit(afterMs: number, failure: () => SourceFailure): void {
		this.#timer?.cancel();
		if (!this.#over) this.#timer = this.#options.clock.after(afterMs, () => this.#fail(failure()));
	}
}

interface RevocableLookup {
	readonly lookup: LookupFunction;
	/** What is found from now on is told nobody. */
	revoke(): void;
}

/** A dead name server keeps its askers for minutes: it must not keep the sockets that gave up, each with its buffer. */
function revocable(lookup: LookupFunction): RevocableLookup {
	let waiting: Parameters<LookupFunction>[2] | undefined;
	return {
		lookup: (name, options, callback) => {
			waiting = callback;
			lookup(name, options, (...found) => waiting?.(...found));
		},
		revoke: () => {
			waiting = undefined;
		},
	};
}

/** What a policy means for one connection; the process's own TLS settings (NODE_TLS_REJECT_UNAUTHORIZED) do not count. */
function tlsOptions(policy: TlsPolicy, host: string): ConnectionOptions {
	const legacy = policy.mode === "insecure" && policy.legacy;
	return {
		rejectUnauthorized: policy.mode === "verify",
		// RFC 6066 section 3: an address is no server name.
		...(isIP(host) === 0 && { servername: host }),
		// OpenSSL's security level 0 also takes short keys and old signatures, the option servers without RFC 5746 (quirk 12).
		...(legacy && {
			minVersion: "TLSv1",
			ciphers: "DEFAULT@SECLEVEL=0",
			secureOptions: constants.SSL_OP_LEGACY_SERVER_CONNECT,
		}),
	};
}

function isPinned(certificate: Uint8Array | undefined, sha256: string): boolean {
	if (!certificate) return false;
	const pinned = Buffer.from(sha256, "hex");
	const shown = createHash("sha256").update(certificate).digest();
	return pinned.length === shown.length && timingSafeEqual(pinned, shown);
}
