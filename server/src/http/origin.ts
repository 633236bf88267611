/** Which web pages may use this server from a browser. @module */

/**
 * A browser sends `Origin` with every WebSocket and every cross-origin request. Without a login the address is the
 * only protection there is, so another site's page must not open the wall through its visitor's browser.
 *
 * @param origin the Origin header; programs that are no browsers send none and are let in.
 * @param hosts the Host header, and X-Forwarded-Host where a proxy set it.
 * @param allowed further origins, from the settings.
 */
export function isAllowedOrigin(
	origin: string | undefined,
	hosts: readonly (string | undefined)[],
	allowed: readonly string[],
): boolean {
	if (origin === undefined) return true;
	if (allowed.includes("*") || allowed.includes(origin)) return true;
	const match = /^https?:\/\/([^/]+)$/.exec(origin);
	return match !== null && hosts.some((host) => host?.toLowerCase() === match[1]?.toLowerCase());
}

/** The host of a Host header, without port and without the brackets of IPv6. */
export function hostOf(hostHeader: string | undefined): string | undefined {
	const match = /^(?:\[([^\]]+)\]|([^:]+))(?::\d+)?$/.exec(hostHeader ?? "");
	return match?.[1] ?? match?.[2];
}
