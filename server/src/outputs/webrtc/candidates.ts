/**
 * Which addresses a browser is told to send to: RFC 8839 section 5.1 (candidate attribute), RFC 8445 section 5.1.2.1
 * (priorities). libdatachannel knows only its own interfaces; behind Docker or NAT the address that reaches us is the
 * one the page was loaded from, so the host candidates of a description are written anew.
 *
 * @module
 */
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";

/** Longest wait for names to be resolved, in ms: an offer must not hang on a dead DNS server. */
export const RESOLVE_LIMIT_MS = 1000;
/** Host candidates of one description: a browser pairs each with each of its own (at most 100 pairs, RFC 8445 6.1.2.5). */
export const MAX_HOST_CANDIDATES = 16;

/** RFC 8445 section 5.1.2.2. */
const HOST_TYPE_PREFERENCE = 126;
const MAX_LOCAL_PREFERENCE = 65_535;
/** RTP and RTCP share component 1: RFC 8843. */
const COMPONENT = 1;
/** RFC 1123 section 2.1. */
const NAME = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*\.?$/i;

/** Finds the addresses of a name; empty when there are none, and it never rejects. */
export type Resolve = (name: string) => Promise<readonly string[]>;

export interface AdvertisedHostsOptions {
	/** Host name or address the page was loaded from, without port; brackets of IPv6 may stay. */
	readonly pageHost: string | undefined;
	/** The setting `WEBRTC_HOSTS`. */
	readonly webrtcHosts: readonly string[];
	/** Asked for names only, never for addresses. */
	readonly resolve: Resolve;
	/** For tests; the system's interfaces otherwise. */
	readonly interfaceAddresses?: () => readonly string[];
}

/**
 * The hosts to offer, best first and without duplicates: the page's host, `WEBRTC_HOSTS`, the interfaces, loopback.
 * A name is replaced by its addresses. One that this machine cannot resolve is offered as it is: browsers that accept
 * names (RFC 8839 section 5.1 allows them) may know it.
 */
export async function advertisedHosts(options: AdvertisedHostsOptions): Promise<string[]> {
	const { pageHost, webrtcHosts, resolve, interfaceAddresses = systemAddresses } = options;
	const wanted = pageHost === undefined ? webrtcHosts : [pageHost, ...webrtcHosts];
	const resolved = await Promise.all(wanted.map((host) => addressesOf(stripBrackets(host), resolve)));
	return [...new Set([...resolved.flat(), ...interfaceAddresses()])].slice(0, MAX_HOST_CANDIDATES);
}

/**
 * Replaces the host candidates of a session description by one for each of `hosts`, all on `port`, in their order of
 * preference. Candidates of STUN and TURN servers stay. They go into the first media section, which carries the
 * transport of the bundle (RFC 8843).
 */
export function rewriteHostCandidates(sdp: string, hosts: readonly string[], port: number): string {
	const lines = sdp.split("\r\n").filter((line) => !/^a=candidate:.* typ host\b/.test(line));
	const firstMedia = lines.findIndex((line) => line.startsWith("m="));
	const password = lines.findIndex((line, at) => at > firstMedia && line.startsWith("a=ice-pwd:"));
	if (firstMedia < 0 || password < 0) return sdp;
	lines.splice(password + 1, 0, ...hosts.map((host, index) => hostCandidate(host, port, index)));
	return lines.join("\r\n");
}

function hostCandidate(host: string, port: number, index: number): string {
	// RFC 8445 section 5.1.2.1.
	const priority = HOST_TYPE_PREFERENCE * 2 ** 24 + (MAX_LOCAL_PREFERENCE - index) * 2 ** 8 + (256 - COMPONENT);
	return `a=candidate:h${index + 1} ${COMPONENT} UDP ${priority} ${host} ${port} typ host`;
}

async function addressesOf(host: string, resolve: Resolve): Promise<readonly string[]> {
	if (isIP(host) !== 0) return [host];
	if (!NAME.test(host)) return [];
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<readonly string[]>((settle) => {
		timer = setTimeout(settle, RESOLVE_LIMIT_MS, []);
	});
	try {
		const addresses = await Promise.race([resolve(host), late]);
		return addresses.length > 0 ? addresses : [host];
	} finally {
		clearTimeout(timer);
	}
}

function stripBrackets(host: string): string {
	return host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
}

/** IPv4 before IPv6, loopback last; link-local IPv6 is left out, because a candidate cannot carry its zone. */
function systemAddresses(): string[] {
	const all = Object.values(networkInterfaces()).flatMap((infos) => infos ?? []);
	const usable = all.filter(({ address }) => !address.toLowerCase().startsWith("fe80:"));
	const rank = (info: (typeof usable)[number]) => (info.internal ? 2 : 0) + (info.family === "IPv4" ? 0 : 1);
	return usable.sort((a, b) => rank(a) - rank(b)).map(({ address }) => address);
}
