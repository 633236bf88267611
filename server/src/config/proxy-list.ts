/** Which peers are the operator's own proxies. @module */
import { BlockList, isIP } from "node:net";

/** RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3. */
const LOOPBACK = ["127.0.0.0/8", "::1/128"];
/** RFC 1918, RFC 3927, RFC 4193, RFC 4291 section 2.5.6. */
const PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10"];
const NAMED: Readonly<Record<string, readonly string[]>> = { loopback: LOOPBACK, private: [...LOOPBACK, ...PRIVATE] };

/** An address, a network (`10.0.0.0/8`), `loopback`, or `private`: whether it is one of them. */
export function isProxyName(text: string): boolean {
	if (Object.hasOwn(NAMED, text)) return true;
	const [, address = "", bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
	const family = isIP(address);
	// A network of every address would let each visitor be whoever they say.
	return family !== 0 && !address.includes("%") && (bits === undefined || isPrefix(Number(bits), family));
}

function isPrefix(bits: number, family: number): boolean {
	return bits >= 1 && bits <= (family === 6 ? 128 : 32);
}

/** @param names each one an {@link isProxyName}. */
export function proxyList(names: readonly string[]): BlockList {
	const list = new BlockList();
	for (const entry of names.flatMap((name) => NAMED[name] ?? [name])) {
		const [address = "", bits] = entry.split("/", 2);
		const family = familyOf(address);
		if (bits === undefined) list.addAddress(address, family);
		else list.addSubnet(address, Number(bits), family);
	}
	return list;
}

const loopback = proxyList(["loopback"]);

export function isLoopback(address: string | undefined): boolean {
	return isIn(loopback, address);
}

/** A socket that takes both families writes IPv4 addresses as `::ffff:127.0.0.1`; the list knows that form. */
export function isIn(list: BlockList, address: string | undefined): boolean {
	// A link-local address names its interface.
	const plain = address?.split("%", 1)[0];
	return plain !== undefined && isIP(plain) !== 0 && list.check(plain, familyOf(plain));
}

function familyOf(address: string): "ipv4" | "ipv6" {
	return isIP(address) === 6 ? "ipv6" : "ipv4";
}
