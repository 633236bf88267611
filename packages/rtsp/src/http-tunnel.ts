/**
 * The client's end of RTSP tunnelled through HTTP, without I/O, as Apple's "Tunnelling RTSP and RTP over HTTP" describes
 * it and cameras and GStreamer serve it: a GET whose answer never ends carries what the camera says, a POST whose body
 * never ends carries what the client says, in base64. A cookie ties the two connections together.
 * @module
 */
import { Authenticator, type AuthenticatorOptions } from "./auth.ts";
import { encodeBase64, fromByteString, toByteString, utf8ByteString } from "./bytes.ts";
import { authError, basicError } from "./client-errors.ts";
import { RtspError } from "./errors.ts";
import { type RtspAddress, withoutSrtp } from "./url.ts";

/** An answer's head: real ones stay under 1 KiB. */
export const MAX_TUNNEL_HEAD_BYTES: number = 16 * 1024;
/** Cameras accept 22 characters and more; this is what QuickTime sent. */
const COOKIE_HEX_DIGITS = 22;
/** Never reached nor kept to: servers want a length, and read the body as it comes. */
const POST_LENGTH = 32_767;
const TUNNEL_TYPE = "application/x-rtsp-tunnelled";

export interface HttpTunnelOptions extends AuthenticatorOptions {
	/** Where the stream is; its path with the query is what GET and POST ask for. */
	readonly address: RtspAddress;
	readonly userAgent: string;
}

/** What the bytes that came on the GET's connection amount to. */
export type TunnelInput =
	/** The answer's head is not complete. */
	| { readonly type: "wait" }
	/** The tunnel is open, and these bytes (there may be none) are RTSP: for `RtspClientSession.handleInput`. */
	| { readonly type: "rtsp"; readonly bytes: Uint8Array }
	/** The camera asks for credentials. Close the connection and send {@link HttpTunnelClient.getHead} on a new one. */
	| { readonly type: "retry" }
	/** There is no tunnel to be had. */
	| { readonly type: "failed"; readonly error: RtspError };

/**
 * One tunnel, which may take several connections to open. On the first connection send {@link getHead} and give what
 * comes to {@link pushGet}; once that says `rtsp`, send {@link postHead} on a second one, and after it, without waiting
 * for its answer, everything that the RTSP session transmits, through {@link encode}. What comes on the second
 * connection means nothing.
 */
export class HttpTunnelClient {
	readonly #options: HttpTunnelOptions;
	readonly #authenticator: Authenticator;
	/** The request target: no scheme and host, cameras refuse those. */
	readonly #path: string;
	readonly #cookie: string;
	#state: "head" | "open" | "over" = "head";
	/** The beginning of the answer, a byte string. */
	#head = "";
	#attempt = 0;
	#authorized = false;

	constructor(options: HttpTunnelOptions) {
		this.#options = options;
		this.#authenticator = new Authenticator(options);
		this.#path = utf8ByteString(withoutSrtp(options.address).path);
		this.#cookie = options.randomHex(COOKIE_HEX_DIGITS);
	}

	/** The answer to the GET has come: what comes on its connection is RTSP as it stands. */
	get isOpen(): boolean {
		return this.#state === "open";
	}

	/** The whole of what is sent on the GET's connection. Begins anew: the connection is a new one. */
	getHead(): Uint8Array {
		this.#state = "head";
		this.#head = "";
		return this.#requestHead("GET", [`Accept: ${TUNNEL_TYPE}`]);
	}

	/** What is sent first on the POST's connection. */
	postHead(): Uint8Array {
		return this.#requestHead("POST", [
			`Content-Type: ${TUNNEL_TYPE}`,
			`Content-Length: ${POST_LENGTH}`,
			"Expires: Sun, 9 Jan 1972 00:00:00 GMT",
		]);
	}

	/** Bytes of the RTSP session as they go on the POST's connection: each piece for itself, padded. */
	encode(bytes: Uint8Array): Uint8Array {
		return fromByteString(encodeBase64(toByteString(bytes)));
	}

	/** Takes what arrived on the GET's connection, split anyhow. Never throws. The bytes stay the caller's. */
	pushGet(bytes: Uint8Array): TunnelInput {
		if (this.#state === "open") return { type: "rtsp", bytes };
		if (this.#state === "over") return { type: "wait" };
		const before = this.#head.length;
		this.#head += toByteString(bytes);
		const end = /\r?\n\r*\n/.exec(this.#head);
		if (!end) {
			if (this.#head.length <= MAX_TUNNEL_HEAD_BYTES) return { type: "wait" };
			return this.#fail(unsupported("the camera answered HTTP with something else"));
		}
		const head = this.#head.slice(0, end.index);
		const headBytes = end.index + end[0].length - before;
		this.#head = "";
		return this.#onHead(head) ?? this.#open(bytes.subarray(Math.max(0, headBytes)));
	}

	#open(rest: Uint8Array): TunnelInput {
		this.#state = "open";
		return { type: "rtsp", bytes: rest };
	}

	#fail(error: RtspError): TunnelInput {
		this.#state = "over";
		return { type: "failed", error };
	}

	/** `undefined` if the tunnel is open. */
	#onHead(head: string): TunnelInput | undefined {
		const [first = "", ...lines] = head.split("\n").map((line) => line.trimEnd());
		const status = Number(/^(?:HTTP|RTSP)\/\d+(?:\.\d+)?[ \t]+(\d{3})/.exec(first)?.[1] ?? 0);
		if (status >= 200 && status < 300) return undefined;
		if (status === 401) return this.#reauthenticate(lines);
		if (status === 503 || status === 453) {
			return this.#fail(new RtspError("busy", `RTSP_TUNNEL_${status}`, `the camera answered GET with ${status}`));
		}
		if (status === 0) return this.#fail(unsupported("the camera answered HTTP with something else"));
		return this.#fail(unsupported(`the camera does not carry RTSP in HTTP: it answered GET with ${status}`));
	}

	#reauthenticate(lines: readonly string[]): TunnelInput {
		const challenges = lines.flatMap((line) => /^www-authenticate[ \t]*:(.*)$/i.exec(line)?.[1]?.trim() ?? []);
		if (!this.#authenticator.handleUnauthorized(challenges, this.#attempt, this.#authorized)) {
			if (this.#authenticator.withheldBasic) return this.#fail(basicError());
			return this.#fail(authError(this.#options.credentials !== undefined));
		}
		this.#attempt++;
		this.#state = "over";
		return { type: "retry" };
	}

	#requestHead(method: "GET" | "POST", fields: readonly string[]): Uint8Array {
		const { host, port } = this.#options.address;
		const authorization = this.#authenticator.authorization(method, this.#path);
		this.#authorized = authorization !== undefined;
		const lines = [
			// HTTP/1.0, so that nobody answers in chunks.
			`${method} ${this.#path} HTTP/1.0`,
			`Host: ${host.includes(":") ? `[${host}]` : host}:${port}`,
			`User-Agent: ${this.#options.userAgent}`,
			`x-sessioncookie: ${this.#cookie}`,
			...fields,
			"Pragma: no-cache",
			"Cache-Control: no-cache",
			...(authorization === undefined ? [] : [`Authorization: ${authorization}`]),
		];
		return fromByteString(`${lines.map((line) => line.replace(/[\r\n]/g, " ")).join("\r\n")}\r\n\r\n`);
	}
}

function unsupported(message: string): RtspError {
	return new RtspError("unsupported-transport", "RTSP_TUNNEL_REFUSED", message);
}
