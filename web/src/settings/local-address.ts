/** Where the server takes a browser for one of its own machine. @module */

/**
 * The page's address for a browser on the server's own machine.
 *
 * @returns `undefined` where the page is at such an address already: in a container and behind a proxy that is not enough.
 */
export function localAddress({
	protocol,
	hostname,
	port,
	pathname,
}: Pick<Location, "protocol" | "hostname" | "port" | "pathname">): string | undefined {
	if (/^(?:(?:.*\.)?localhost|127\.[\d.]+|\[::1\])$/.test(hostname)) return undefined;
	return `${protocol}//localhost${port === "" ? "" : `:${port}`}${pathname}`;
}
