/** Whether a request comes from the machine itself. @module */
import { BlockList, isIP } from "node:net";
import type { FastifyRequest } from "fastify";
import { askedHost, hostOf } from "./origin.ts";

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** What proxies add: then the peer is the proxy, and who asks may be anywhere. */
const PROXY_FIELDS = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via"];

/** The request comes from this machine, to a loopback address, as far as one can tell without accounts. */
export function isLocal({ socket, headers }: FastifyRequest): boolean {
	if (PROXY_FIELDS.some((name) => headers[name] !== undefined)) return false;
	// A proxy that adds no field often keeps the name that it was asked for itself.
	const host = hostOf(askedHost(headers))?.toLowerCase();
	return isLoopback(socket.remoteAddress) && (host === "localhost" || isLoopback(host));
}

function isLoopback(address: string | undefined): boolean {
	const family = isIP(address ?? "");
	// A socket that takes both families writes IPv4 addresses as ::ffff:127.0.0.1; the list knows that form.
	return address !== undefined && family !== 0 && loopback.check(address, family === 6 ? "ipv6" : "ipv4");
}
