/** One POST to a device that is not trusted, on a connection of its own: bounded in bytes and time, never redirected. @module */
import { createHash } from "node:crypto";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect, isIP, type LookupFunction, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { TlsPolicy } from "../config/settings.ts";
import type { Clock } from "../platform/clock.ts";
import { CLIENT } from "../sources/client-identity.ts";
import type { OnvifAddress } from "./onvif-address.ts";
import { OnvifError, type OnvifErrorCode } from "./onvif-error.ts";

/** A device in the same building answers within milliseconds. */
export const CONNECT_TIMEOUT_MS = 2000;
/** From the first packet to the last of an answer: old recorders take seconds to list the profiles of all channels. */
export const REQUEST_TIMEOUT_MS = 10_000;
/** A profile is up to 8 KB, recorders have up to 512 of them. */
export const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** How a device is reached. */
export interface DeviceConnection {
	readonly clock: Clock;
	/** Of `https` addresses. Default: `verify`. */
	readonly tls?: TlsPolicy;
	readonly lookup?: LookupFunction;
	/** Ends the request with its reason where that is an {@link OnvifError}, else with `cancelled`. */
	readonly signal?: AbortSignal;
}

export interface SoapPost {
	readonly address: OnvifAddress;
	/** XML. */
	readonly envelope: string;
	readonly action: string;
	readonly authorization: string | undefined;
}

export interface HttpAnswer {
	readonly status: number;
	/** The WWW-Authenticate fields. */
	readonly challenges: readonly string[];
	readonly text: string;
}

/** @throws {OnvifError} whenever no whole answer came; an answer with an error status is one. */
export async function postSoap(post: SoapPost, connection: DeviceConnection): Promise<HttpAnswer> {
	const end = new AbortController();
	const timer = connection.clock.after(REQUEST_TIMEOUT_MS, () => end.abort(new OnvifError("no-answer")));
	const { signal } = connection;
	const onCancel = (): void =>
		end.abort(signal?.reason instanceof OnvifError ? signal.reason : new OnvifError("cancelled"));
	signal?.addEventListener("abort", onCancel);
	try {
		if (signal?.aborted === true) onCancel();
		const socket = await openSocket(post.address, connection, end.signal);
		return await exchange(socket, post, end.signal);
	} catch (error) {
		throw error instanceof OnvifError ? error : failureOf(error);
	} finally {
		timer.cancel();
		signal?.removeEventListener("abort", onCancel);
		end.abort();
	}
}

/** The socket is destroyed when the signal aborts. */
async function openSocket(
	{ scheme, host, port }: OnvifAddress,
	{ clock, tls = { mode: "verify" }, lookup }: DeviceConnection,
	signal: AbortSignal,
): Promise<Socket> {
	signal.throwIfAborted();
	const target = { host, port, ...(lookup && { lookup }) };
	const socket =
		scheme === "https"
			? connectTls({
					...target,
					rejectUnauthorized: tls.mode === "verify",
					// RFC 6066 section 3: an address is no server name.
					...(isIP(host) === 0 && { servername: host }),
				})
			: connect(target);
	signal.addEventListener("abort", () => socket.destroy(), { once: true });
	const { promise, resolve, reject } = Promise.withResolvers<undefined>();
	const timer = clock.after(CONNECT_TIMEOUT_MS, () => reject(new OnvifError("no-route")));
	signal.addEventListener("abort", () => reject(signal.reason as OnvifError), { once: true });
	// Stays: an error that comes after all is over must not end the process.
	socket.on("error", reject);
	socket.on("close", () => reject(new OnvifError("connection-lost")));
	// A device that accepts is there, however long its handshake takes.
	socket.once("connect", () => timer.cancel());
	socket.once(scheme === "https" ? "secureConnect" : "connect", () => resolve(undefined));
	try {
		await promise;
	} finally {
		timer.cancel();
	}
	if (scheme === "https") requirePin(socket as TLSSocket, tls);
	return socket;
}

/** Nothing has been sent yet. */
function requirePin(socket: TLSSocket, tls: TlsPolicy): void {
	if (tls.mode !== "pin") return;
	const certificate = socket.getPeerX509Certificate()?.raw;
	const shown = certificate ? createHash("sha256").update(certificate).digest("hex") : "none";
	if (shown !== tls.sha256) throw new OnvifError("certificate-untrusted", `it shows sha256:${shown}`);
}

function exchange(socket: Socket, post: SoapPost, signal: AbortSignal): Promise<HttpAnswer> {
	const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
	const { host, port, path } = post.address;
	const body = Buffer.from(post.envelope, "utf8");
	const request = httpRequest({
		createConnection: () => socket,
		method: "POST",
		path,
		headers: {
			host: `${host.includes(":") ? `[${host}]` : host}:${port}`,
			"content-type": `application/soap+xml; charset=utf-8; action="${post.action}"`,
			"content-length": body.length,
			"user-agent": CLIENT.userAgent,
			connection: "close",
			...(post.authorization !== undefined && { authorization: post.authorization }),
		},
		// Devices' own servers write heads that a strict parser refuses; there is no second reader who could disagree.
		insecureHTTPParser: true,
	});
	signal.addEventListener("abort", () => reject(signal.reason as OnvifError), { once: true });
	request.on("error", reject);
	request.on("response", (response) => {
		readAnswer(response).then(resolve, reject);
	});
	request.end(body);
	return promise;
}

async function readAnswer(response: IncomingMessage): Promise<HttpAnswer> {
	const status = response.statusCode ?? 0;
	if (status >= 300 && status < 400) throw new OnvifError("redirect-refused", `status ${status}`);
	const chunks: Buffer[] = [];
	let sizeBytes = 0;
	for await (const chunk of response as AsyncIterable<Buffer>) {
		sizeBytes += chunk.length;
		if (sizeBytes > MAX_ANSWER_BYTES) throw new OnvifError("answer-too-large", `more than ${MAX_ANSWER_BYTES} bytes`);
		chunks.push(chunk);
	}
	const challenges = response.headersDistinct["www-authenticate"] ?? [];
	return { status, challenges, text: new TextDecoder().decode(Buffer.concat(chunks)) };
}

/** Errors of `connect` and of the name lookup before it; all others are connections that broke. */
const BY_SYSTEM_CODE: ReadonlyMap<string, OnvifErrorCode> = new Map([
	["ECONNREFUSED", "connection-refused"],
	["EHOSTUNREACH", "no-route"],
	["EHOSTDOWN", "no-route"],
	["ENETUNREACH", "no-route"],
	["ENETDOWN", "no-route"],
	["ETIMEDOUT", "no-route"],
	["EADDRNOTAVAIL", "no-route"],
	["EACCES", "no-route"],
	["EPERM", "no-route"],
	["ENOTFOUND", "address-unknown"],
	["EAI_AGAIN", "address-unknown"],
]);

function failureOf(error: unknown): OnvifError {
	// Several addresses of a name were tried (RFC 8305): the last one's error stands for all.
	const told: unknown = error instanceof AggregateError ? error.errors.at(-1) : error;
	const code = told instanceof Error && "code" in told && typeof told.code === "string" ? told.code : "";
	if (/CERT|UNABLE_TO_VERIFY|SELF_SIGNED|ALTNAME/.test(code)) return new OnvifError("certificate-untrusted", code);
	// Node's HTTP parser, OpenSSL where a port does not speak TLS, and a challenge that fits into no header field.
	if (/^(?:HPE_|ERR_SSL_|EPROTO$|ERR_INVALID_CHAR$)/.test(code)) return new OnvifError("not-onvif", code);
	return new OnvifError(BY_SYSTEM_CODE.get(code) ?? "connection-lost", code);
}
