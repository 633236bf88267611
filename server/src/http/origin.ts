/** Which web pages may use this server from a browser. @module */
import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";

export interface OriginRules {
	/** The host and port of the visitor's address bar. */
	readonly host: string | undefined;
	/** Further origins, from the settings; `*` lets all in. */
	readonly allowed: readonly string[];
}

/**
 * A browser sends `Origin` with every WebSocket and every cross-origin request. Without a login the address is the
 * only protection there is, so another site's page must not open the wall through its visitor's browser. A page whose
 * own name was bound to our address (DNS rebinding) is refused too: over plain HTTP only names that cannot be bought
 * are taken for ours. Over HTTPS the certificate proves the name.
 *
 * @param origin the Origin header; programs that are no browsers send none and are let in.
 */
export function isAllowedOrigin(origin: string | undefined, { host, allowed }: OriginRules): boolean {
	if (origin === undefined) return true;
	if (allowed.includes("*") || allowed.includes(origin)) return true;
	const [, scheme, authority] = /^(https?):\/\/([^/]+)$/.exec(origin) ?? [];
	if (authority === undefined || authority.toLowerCase() !== host?.toLowerCase()) return false;
	return scheme === "https" || isLocalName(hostOf(authority) ?? "");
}

/** RFC 6761, RFC 6762, RFC 8375, and the endings that routers give: nobody else can have these names. */
const LOCAL_ENDINGS = [".localhost", ".local", ".lan", ".home", ".home.arpa", ".internal", ".intranet"];

function isLocalName(name: string): boolean {
	const lower = name.toLowerCase();
	return isIP(lower) !== 0 || !lower.includes(".") || LOCAL_ENDINGS.some((ending) => lower.endsWith(ending));
}

/** The host and port that we were asked for ourselves. HTTP/2 has a pseudo-header for it: RFC 9113 section 8.3.1. */
export function askedHost(headers: IncomingHttpHeaders): string | undefined {
	const authority = headers[":authority"];
	return headers.host ?? (typeof authority === "string" ? authority : undefined);
}

/** The host of a Host header, without port and without the brackets of IPv6. */
export function hostOf(hostHeader: string | undefined): string | undefined {
	const match = /^(?:\[([^\]]+)\]|([^:]+))(?::\d+)?$/.exec(hostHeader ?? "");
	return match?.[1] ?? match?.[2];
}
