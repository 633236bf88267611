/** RTSP 1.0 messages: RFC 2326 sections 4 to 7. @module */
import { fromByteString } from "./bytes.ts";
import { RtspError } from "./errors.ts";

/**
 * Header fields by lower-case name, each with its values in the order received. Values are byte strings (one character
 * per byte) and are never joined: a comma inside a quoted challenge would make the joint ambiguous.
 */
export type RtspHeaders = ReadonlyMap<string, readonly string[]>;

export interface RtspRequest {
	readonly type: "request";
	readonly method: string;
	/** The Request-URI as it stands on the wire, a byte string: an absolute URL or `*`. */
	readonly target: string;
	readonly headers: RtspHeaders;
	readonly body: Uint8Array;
}

export interface RtspResponse {
	readonly type: "response";
	readonly status: number;
	readonly reason: string;
	readonly headers: RtspHeaders;
	readonly body: Uint8Array;
}

export type RtspMessage = RtspRequest | RtspResponse;

/** What {@link makeHeaders} takes: `undefined` leaves the field out, an array repeats it. */
export type HeaderInit = Readonly<Record<string, string | number | readonly string[] | undefined>>;

/**
 * The order and spelling on the wire. Cameras that do not compare names as RFC 2326 section 4.2 wants need the
 * canonical spelling; a Foscam C1 answers `CSeq: 0` if CSeq is the first header of a request, so User-Agent leads.
 */
const CANONICAL_NAMES = [
	"User-Agent",
	"CSeq",
	"Server",
	"Date",
	"Authorization",
	"WWW-Authenticate",
	"Require",
	"Unsupported",
	"Accept",
	"Public",
	"Allow",
	"Session",
	"Transport",
	"Range",
	"RTP-Info",
	"Location",
	"Connection",
	"Content-Base",
	"Content-Type",
] as const;

const ORDER: ReadonlyMap<string, number> = new Map(CANONICAL_NAMES.map((name, index) => [name.toLowerCase(), index]));
const EMPTY_BODY: Uint8Array = new Uint8Array(0);

/** Reason phrases of RFC 2326 section 7.1.1 for the codes this package sends. */
const REASONS: Readonly<Record<number, string>> = {
	200: "OK",
	302: "Moved Temporarily",
	400: "Bad Request",
	401: "Unauthorized",
	403: "Forbidden",
	404: "Not Found",
	405: "Method Not Allowed",
	413: "Request Entity Too Large",
	451: "Parameter Not Understood",
	453: "Not Enough Bandwidth",
	454: "Session Not Found",
	455: "Method Not Valid in This State",
	457: "Invalid Range",
	459: "Aggregate Operation Not Allowed",
	460: "Only Aggregate Operation Allowed",
	461: "Unsupported Transport",
	500: "Internal Server Error",
	501: "Not Implemented",
	503: "Service Unavailable",
	505: "RTSP Version Not Supported",
	551: "Option Not Supported",
};

/** Header fields from an object literal, in any spelling. */
export function makeHeaders(init: HeaderInit): RtspHeaders {
	const headers = new Map<string, readonly string[]>();
	for (const [name, value] of Object.entries(init)) {
		if (value === undefined) continue;
		headers.set(name.toLowerCase(), typeof value === "object" ? value : [String(value)]);
	}
	return headers;
}

/** The first value of a field, or `undefined`. */
export function headerOf(message: { readonly headers: RtspHeaders }, name: string): string | undefined {
	return message.headers.get(name.toLowerCase())?.[0];
}

/** A request; `target` is a byte string. */
export function makeRequest(method: string, target: string, headers: HeaderInit, body?: Uint8Array): RtspRequest {
	return { type: "request", method, target, headers: makeHeaders(headers), body: body ?? EMPTY_BODY };
}

/** A response; without `reason` the standard phrase is used. */
export function makeResponse(status: number, headers: HeaderInit, body?: Uint8Array, reason?: string): RtspResponse {
	return {
		type: "response",
		status,
		reason: reason ?? REASONS[status] ?? "",
		headers: makeHeaders(headers),
		body: body ?? EMPTY_BODY,
	};
}

/**
 * The bytes of a request, in a buffer of its own. Content-Length is written from the body.
 * @throws {RtspError} kind `usage` if a part holds a line break or a character that is not a byte.
 */
export function serializeRequest(request: RtspRequest): Uint8Array {
	return serialize(`${request.method} ${request.target} RTSP/1.0`, request);
}

/**
 * The bytes of a response, in a buffer of its own. Content-Length is written from the body.
 * @throws {RtspError} kind `usage` if a part holds a line break or a character that is not a byte.
 */
export function serializeResponse(response: RtspResponse): Uint8Array {
	return serialize(`RTSP/1.0 ${response.status} ${response.reason}`, response);
}

function serialize(startLine: string, message: RtspMessage): Uint8Array {
	const names = [...message.headers.keys()].filter((name) => name !== "content-length");
	names.sort((a, b) => (ORDER.get(a) ?? ORDER.size) - (ORDER.get(b) ?? ORDER.size));
	let head = `${checked(startLine)}\r\n`;
	for (const name of names) {
		for (const value of message.headers.get(name) ?? []) head += `${checked(`${spelling(name)}: ${value}`)}\r\n`;
	}
	if (message.body.length > 0) head += `Content-Length: ${message.body.length}\r\n`;
	const headBytes = fromByteString(`${head}\r\n`);
	if (message.body.length === 0) return headBytes;
	const bytes = new Uint8Array(headBytes.length + message.body.length);
	bytes.set(headBytes);
	bytes.set(message.body, headBytes.length);
	return bytes;
}

function spelling(lowerCaseName: string): string {
	const index = ORDER.get(lowerCaseName);
	if (index !== undefined) return CANONICAL_NAMES[index] ?? lowerCaseName;
	return lowerCaseName.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());
}

function checked(line: string): string {
	// oxlint-disable-next-line no-control-regex -- exactly these characters must not get on the wire.
	if (/[\r\n\0]|[^\0-\xff]/.test(line)) {
		throw new RtspError(
			"usage",
			"RTSP_BAD_FIELD",
			"a start line or header field holds a line break or a non-byte character",
		);
	}
	return line;
}
