/** `HOST[:PORT]` as people type it. Pure but for Node's knowledge of IP addresses. @module */
import { isIP, isIPv6 } from "node:net";
import { yamlCameraSchema } from "../config/schema.ts";

export interface HostPort {
	/** IPv6 without brackets. */
	readonly host: string;
	readonly port: number | undefined;
}

/** An IPv4 address, an IPv6 address between brackets or a name; `undefined` for anything else. It never throws. */
export function parseHostPort(text: string): HostPort | undefined {
	const parts = /^(?:\[([^[\]]+)\]|([^:[\]]+))(?::(\d+))?$/.exec(text);
	if (!parts) return undefined;
	const [, bracketed, plain, port] = parts;
	if (bracketed !== undefined && !isIPv6(bracketed)) return undefined;
	// The system's resolver takes 192.168.1 for 192.168.0.1, which is another device.
	if (plain !== undefined && /^[\d.]+$/.test(plain) && isIP(plain) === 0) return undefined;
	const { host, port: portSchema } = yamlCameraSchema.shape;
	const read = { host: host.safeParse(bracketed ?? plain), port: portSchema.safeParse(port) };
	if (!read.host.success || !read.port.success || read.host.data === undefined) return undefined;
	return { host: read.host.data, port: read.port.data };
}
