/**
 * Who asks: as far as we see it ourselves, and as far as the operator's own proxies tell. RFC 7239 (`Forwarded`) and the
 * older fields that it replaces, `X-Forwarded-For`, `-Host` and `-Proto`.
 *
 * @module
 */
import type { IncomingHttpHeaders } from "node:http";
import type { BlockList } from "node:net";
import type { FastifyInstance } from "fastify";
import { askedHost, hostOf } from "./origin.ts";
import { isIn, isLoopback, proxyList } from "../config/proxy-list.ts";

export interface Visitor {
	/** The host and port of the visitor's address bar. */
	readonly host: string | undefined;
	/** The visitor's browser came over HTTPS: cookies for it can be `Secure`. */
	readonly isSecure: boolean;
	/**
	 * The visitor is this machine itself, at a loopback address, as far as one can tell without accounts. Nobody is where
	 * a proxy is known to stand before the server: whoever asks it looks the same from here.
	 */
	readonly isLocal: boolean;
	/** A proxy stands between that `TRUST_PROXY` does not name: what it says was not taken. */
	readonly hasUntrustedProxy: boolean;
}

declare module "fastify" {
	interface FastifyRequest {
		/** Who asks, by what the trusted proxies say. */
		readonly visitor: Visitor;
	}
}

/** What the settings tell of proxies before the server. */
export interface ProxySettings {
	/** Addresses and networks of proxies whose word counts: `TRUST_PROXY`. */
	readonly trustProxy: readonly string[];
	/** The path that a proxy passes on: `BASE_PATH`; empty: none. */
	readonly basePath: string;
}

/** With one of the two settings a proxy stands before the server, so that nobody counts as the machine itself. */
export function isBehindProxy({ trustProxy, basePath }: ProxySettings): boolean {
	return trustProxy.length > 0 || basePath !== "";
}

/** Gives each request its `visitor`. */
export function installVisitors(app: FastifyInstance, settings: ProxySettings): void {
	const proxies = { trusted: proxyList(settings.trustProxy), isBehindProxy: isBehindProxy(settings) };
	app.decorateRequest("visitor", {
		getter() {
			const { remoteAddress } = this.socket;
			return readVisitor(
				{ peer: remoteAddress, isEncrypted: "encrypted" in this.socket, headers: this.headers },
				proxies,
			);
		},
	});
}

export interface Asked {
	/** The address at the other end of the connection. */
	readonly peer: string | undefined;
	/** The connection itself is TLS. */
	readonly isEncrypted: boolean;
	readonly headers: IncomingHttpHeaders;
}

/** What proxies add: then the peer is the proxy, and who asks may be anywhere. */
const PROXY_FIELDS = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via"];

export interface Proxies {
	/** Those whose fields count. */
	readonly trusted: BlockList;
	/** By the settings there is one before the server, whether its fields come or not. */
	readonly isBehindProxy: boolean;
}

export function readVisitor({ peer, isEncrypted, headers }: Asked, proxies: Proxies): Visitor {
	const { trusted } = proxies;
	const host = askedHost(headers);
	const isProxied = PROXY_FIELDS.some((name) => headers[name] !== undefined);
	if (!isProxied || !isIn(trusted, peer)) {
		const isLocal = !proxies.isBehindProxy && !isProxied && isLoopback(peer) && isLoopbackHost(host);
		return { host, isSecure: isEncrypted, isLocal, hasUntrustedProxy: isProxied };
	}
	const older = believed(
		listOf(headers, "x-forwarded-for").map((text) => ({ address: addressOf(text) })),
		trusted,
	);
	const newer = believed(forwardedHops(headers), trusted);
	// Each proxy adds one, or the outermost sets one that the others pass on.
	const nth = (name: string): string | undefined => listOf(headers, name).slice(0, Math.max(1, older.length)).at(-1);
	const outermost = newer.at(-1);
	const forwardedHost = nth("x-forwarded-host") ?? outermost?.host ?? host;
	const scheme = nth("x-forwarded-proto") ?? outermost?.proto;
	return {
		host: forwardedHost,
		isSecure: scheme === undefined ? isEncrypted : scheme.toLowerCase() === "https",
		isLocal: false,
		hasUntrustedProxy: false,
	};
}

/** The name is one of the machine itself. A proxy that adds no field often keeps the one that it was asked for. */
export function isLoopbackHost(host: string | undefined): boolean {
	const name = hostOf(host)?.toLowerCase();
	return name === "localhost" || isLoopback(name);
}

/** What one proxy says of whoever asked it. */
interface Hop {
	readonly address: string | undefined;
	readonly host?: string | undefined;
	readonly proto?: string | undefined;
}

/** @param hops from the nearest proxy outward; each is believed as long as those before it came from trusted proxies. */
function believed(hops: readonly Hop[], trusted: BlockList): readonly Hop[] {
	const visitor = hops.findIndex(({ address }) => !isIn(trusted, address));
	return visitor < 0 ? hops : hops.slice(0, visitor + 1);
}

/** The values of a field that is a list without quotes, the nearest proxy's first. */
function listOf(headers: IncomingHttpHeaders, name: string): string[] {
	const text = textOf(headers, name);
	return text
		.split(",")
		.map((value) => value.trim())
		.filter((value) => value !== "")
		.toReversed();
}

function textOf(headers: IncomingHttpHeaders, name: string): string {
	const value = headers[name];
	return typeof value === "string" ? value : (value ?? []).join(",");
}

/** RFC 9110 section 5.6: a token or a quoted string. RFC 7239 section 4: pairs by `;`, proxies by `,`. */
const PAIR = /\s*([\w!#$%&'*+.^`|~-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s",;]*))\s*([;,]|$)/y;

/** The nearest proxy's first. From where the field breaks the grammar on outward, nobody is believed. */
function forwardedHops(headers: IncomingHttpHeaders): Hop[] {
	const text = textOf(headers, "forwarded");
	const elements: Map<string, string>[] = [new Map()];
	PAIR.lastIndex = 0;
	while (PAIR.lastIndex < text.length) {
		const pair = PAIR.exec(text);
		// Whoever asks could hide a true element behind a broken one.
		if (!pair) return [{ address: undefined }];
		const [, name = "", quoted, token = "", end] = pair;
		elements.at(-1)?.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, "$1") ?? token);
		if (end === ",") elements.push(new Map());
	}
	if (text === "") return [];
	return elements.toReversed().map((element) => ({
		address: addressOf(element.get("for") ?? ""),
		host: element.get("host"),
		proto: element.get("proto"),
	}));
}

/** RFC 7239 section 6: IPv6 in brackets, a port perhaps; `unknown` and hidden names are no addresses. */
function addressOf(text: string): string | undefined {
	const [, bracketed, v4] = /^(?:\[([^\]]*)\](?::\w+)?|([\d.]+):\w+)$/.exec(text) ?? [];
	return bracketed ?? v4 ?? (text === "" ? undefined : text);
}
