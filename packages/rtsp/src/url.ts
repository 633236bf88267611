/**
 * RTSP URLs by hand: RFC 2326 section 3.2 for the form, people and cameras for the rest. A general URL parser would
 * re-encode the request target (and so spoil a digest) and throw on passwords that people have.
 * @module
 */
import { utf8ByteString } from "./bytes.ts";
import { RtspError } from "./errors.ts";

/** RFC 2326 section 3.2. */
export const DEFAULT_RTSP_PORT: number = 554;
/** RTSP over TLS: RFC 7826 section 4.2; some makers use 7441. */
export const DEFAULT_RTSPS_PORT: number = 322;

/** Where a presentation is. */
export interface RtspAddress {
	readonly scheme: "rtsp" | "rtsps";
	/** Host name or IP address, IPv6 without brackets. */
	readonly host: string;
	readonly port: number;
	/** Begins with `/`, goes on the wire byte for byte with its query, never holds user information. */
	readonly path: string;
}

export interface ParsedRtspUrl extends RtspAddress {
	/** Decoded; `undefined` if the URL has no user information. */
	readonly username: string | undefined;
	readonly password: string | undefined;
}

interface Authority {
	readonly host: string;
	readonly port: number | undefined;
	/** It cannot be a piece of a password: an IP address or a name with a dot. */
	readonly certain: boolean;
}

/**
 * Takes a URL apart that a person typed, with a password that may hold any of `@ : / # ? %`, escaped or not. An escape
 * that is none (`p%ss`) stays as it is.
 * @throws {RtspError} kind `usage`; the message never holds the URL.
 */
export function parseRtspUrl(text: string): ParsedRtspUrl {
	const match = /^(rtsps?):\/\/([^]*)$/i.exec(text.trim());
	if (!match) throw badUrl("it must begin with rtsp:// or rtsps://");
	const scheme = (match[1] ?? "").toLowerCase() === "rtsps" ? "rtsps" : "rtsp";
	const rest = match[2] ?? "";
	const at = findUserInfoEnd(rest);
	const authorityStart = at + 1;
	const pathStart = endOfAuthority(rest, authorityStart);
	const authority = parseAuthority(rest.slice(authorityStart, pathStart));
	if (!authority) throw badUrl("its host or port is not valid");
	const path = rest.slice(pathStart);
	const userInfo = at < 0 ? undefined : rest.slice(0, at);
	const colon = userInfo?.indexOf(":") ?? -1;
	return {
		scheme,
		host: authority.host,
		port: authority.port ?? (scheme === "rtsps" ? DEFAULT_RTSPS_PORT : DEFAULT_RTSP_PORT),
		path: path.startsWith("/") ? path : `/${path}`,
		username: userInfo === undefined ? undefined : decodeEscapes(colon < 0 ? userInfo : userInfo.slice(0, colon)),
		password: userInfo === undefined ? undefined : decodeEscapes(colon < 0 ? "" : userInfo.slice(colon + 1)),
	};
}

/**
 * The URL of an address as it goes on the wire, a byte string (a character outside ASCII as UTF-8). The port is left
 * out where it is the scheme's own.
 */
export function formatRtspUrl(address: RtspAddress): string {
	return originOf(address) + utf8ByteString(address.path);
}

/**
 * The address without `enableSrtp` in its query, which UniFi's own addresses hold: with it the camera encrypts its
 * media (RTP/SAVP, RFC 3711). Nothing else of the path changes.
 */
export function withoutSrtp(address: RtspAddress): RtspAddress {
	const question = address.path.indexOf("?");
	if (question < 0) return address;
	const parameters = address.path.slice(question + 1).split("&");
	const kept = parameters.filter((parameter) => !/^enablesrtp(?:=|$)/i.test(parameter));
	if (kept.length === parameters.length) return address;
	const query = kept.length === 0 ? "" : `?${kept.join("&")}`;
	return { ...address, path: address.path.slice(0, question) + query };
}

/** `rtsp://host:port` without a path. */
function originOf(address: RtspAddress): string {
	const host = address.host.includes(":") ? `[${address.host.replace("%", "%25")}]` : address.host;
	const usual = address.scheme === "rtsps" ? DEFAULT_RTSPS_PORT : DEFAULT_RTSP_PORT;
	return utf8ByteString(`${address.scheme}://${host}${address.port === usual ? "" : `:${address.port}`}`);
}

/**
 * The index of the `@` before the host, or -1. That is the last one before the first `/` or `?`, unless what follows
 * it cannot be a host (or may be a piece of a password) while what follows a later one is certain to be.
 */
function findUserInfoEnd(rest: string): number {
	const head = rest.slice(0, endOfAuthority(rest, 0));
	const candidates = [head.lastIndexOf("@")];
	// A slash is in a password or behind the host, never in a user name: `cam/user=a&password=b@c.d` has none.
	const mayBeInPassword = head.includes(":");
	for (
		let at = rest.lastIndexOf("@");
		mayBeInPassword && at > (candidates[0] ?? -1);
		at = rest.lastIndexOf("@", at - 1)
	) {
		candidates.push(at);
		if (at === 0) break;
	}
	let possible: number | undefined;
	for (const at of candidates) {
		const authority = parseAuthority(rest.slice(at + 1, endOfAuthority(rest, at + 1)));
		// Behind an @ only brackets tell IPv6 from colons in a password.
		const mayBePassword = at >= 0 && rest[at + 1] !== "[" && authority?.host.includes(":") === true;
		if (authority?.certain === true && !mayBePassword) return at;
		if (authority) possible ??= at;
	}
	return possible ?? candidates[0] ?? -1;
}

function endOfAuthority(rest: string, from: number): number {
	const end = rest.slice(from).search(/[/?]/);
	return end < 0 ? rest.length : from + end;
}

function parseAuthority(text: string): Authority | undefined {
	const bracketed = /^\[([0-9a-f:.]+)(?:%(?:25)?([\w.-]+))?\](?::(\d{1,5}))?$/i.exec(text);
	if (bracketed?.[1]?.includes(":") === true) {
		const zone = bracketed[2] === undefined ? "" : `%${bracketed[2]}`;
		return withPort(bracketed[1] + zone, bracketed[3], true);
	}
	// IPv6 without its brackets, as some people and servers write it: then there is no port.
	if (/^[0-9a-f]*:[0-9a-f]*:[0-9a-f:.]*$/i.test(text)) return withPort(text, undefined, true);
	const named = /^([^\s:@[\]#%"<>\\^`{|}]+)(?::(\d{1,5}))?$/.exec(text);
	if (!named) return undefined;
	const host = named[1] ?? "";
	return withPort(host, named[2], /[^.]\.[^.]/.test(host));
}

function withPort(host: string, portText: string | undefined, certain: boolean): Authority | undefined {
	const port = portText === undefined ? undefined : Number(portText);
	if (port !== undefined && (port < 1 || port > 65_535)) return undefined;
	return { host, port, certain };
}

function decodeEscapes(text: string): string {
	return text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
		try {
			return decodeURIComponent(run);
		} catch {
			return run;
		}
	});
}

function badUrl(why: string): RtspError {
	return new RtspError("usage", "RTSP_BAD_URL", `the URL cannot be used: ${why}`);
}

/**
 * The URL of a control attribute: RFC 2326 appendix C.1.1, joined as cameras' servers do it, by concatenation and not
 * by RFC 3986: `rtsp://h/cam?channel=1` and `trackID=0` give `rtsp://h/cam?channel=1/trackID=0`. An absolute one keeps
 * its path and query and gets the host and port of the connection. All byte strings.
 */
export function joinControlUrl(base: string, control: string | undefined, address: RtspAddress): string {
	if (control === undefined || control === "" || control === "*") return base;
	if (hasScheme(control)) return originOf(address) + pathOf(control);
	const slash = base.endsWith("/") || control.startsWith("/") || control.startsWith("?") ? "" : "/";
	return base + slash + control;
}

export interface BaseUrlInput {
	readonly sessionControl: string | undefined;
	readonly contentBase: string | undefined;
	readonly contentLocation: string | undefined;
	/** The target of the DESCRIBE request. */
	readonly requestUrl: string;
	readonly address: RtspAddress;
}

/**
 * What media controls are joined to: an absolute session control, else Content-Base, else Content-Location, else the
 * request's URL (RFC 2326 appendix C.1.1). Of each only path and query count: hosts and ports in them are often wrong.
 */
export function chooseBaseUrl(input: BaseUrlInput): string {
	const control = input.sessionControl;
	if (control !== undefined && hasScheme(control)) return originOf(input.address) + pathOf(control);
	for (const candidate of [input.contentBase, input.contentLocation]) {
		const path = candidate === undefined ? undefined : repairedPath(candidate.trim());
		if (path !== undefined) return originOf(input.address) + path;
	}
	return input.requestUrl;
}

/** An absolute URL of the camera's that names another host or port than the connection's. */
export function isElsewhere(url: string, address: RtspAddress): boolean {
	if (!hasScheme(url)) return false;
	const authority = parseAuthority(url.replace(/^rtsp[su]?:\/\/(?:[^/?]*@)?/i, "").replace(/[/?][^]*$/, ""));
	const usual = /^rtsps/i.test(url) ? DEFAULT_RTSPS_PORT : DEFAULT_RTSP_PORT;
	return authority?.host.toLowerCase() !== address.host.toLowerCase() || (authority.port ?? usual) !== address.port;
}

function hasScheme(text: string): boolean {
	return /^rtsp[su]?:\/\//i.test(text);
}

/** What follows host and port, from behind one or more schemes (`rtsp://rtsp://h/x` occurs). */
function pathOf(url: string): string {
	const bare = url.replace(/^(?:rtsp[su]?:\/\/)+/i, "");
	return bare.slice(endOfAuthority(bare, 0));
}

/** The path of a Content-Base of any quality; `undefined` if there is none to be had. */
function repairedPath(text: string): string | undefined {
	if (text === "" || /\s/.test(text)) return undefined;
	if (text.startsWith("/")) return text;
	// Without a scheme the first segment is a host if it looks like one: 192.168.1.10:554/stream0/.
	if (!hasScheme(text) && !/^[^/?]*[.:]/.test(text)) return undefined;
	return pathOf(text);
}
