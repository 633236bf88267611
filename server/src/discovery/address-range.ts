/** Ranges of IPv4 addresses that are probed one by one. Pure. @module */
import { OnvifError } from "./onvif-error.ts";

/** Four networks of the usual size: ten seconds of probing. */
export const MAX_RANGE_ADDRESSES = 1024;

const ADDRESS = String.raw`(\d{1,3}(?:\.\d{1,3}){3})`;
const CIDR = new RegExp(`^${ADDRESS}/(\\d{1,2})$`);
const FROM_TO = new RegExp(`^${ADDRESS}(?:\\s*-\\s*(?:${ADDRESS}|(\\d{1,3})))?$`);

/**
 * The addresses of `192.168.1.0/24` (without those of the network and of its broadcast), `192.168.1.10-192.168.1.50`,
 * `192.168.1.10-50`, or a single one, in order.
 * @throws {OnvifError} `range-invalid` or `range-too-large`.
 */
export function parseAddressRange(text: string): string[] {
	const [first, last] = boundsOf(text.trim());
	if (last < first || !isUnicast(first) || !isUnicast(last)) throw new OnvifError("range-invalid");
	const count = last - first + 1;
	if (count > MAX_RANGE_ADDRESSES) throw new OnvifError("range-too-large");
	return Array.from({ length: count }, (_, index) => formatAddress(first + index));
}

function boundsOf(text: string): readonly [number, number] {
	const cidr = CIDR.exec(text);
	if (cidr) return cidrBounds(parseAddress(cidr[1]), Number(cidr[2]));
	const range = FROM_TO.exec(text);
	if (!range) throw new OnvifError("range-invalid");
	const first = parseAddress(range[1]);
	if (range[2] !== undefined) return [first, parseAddress(range[2])];
	return [
		first,
		range[3] === undefined ? first : parseAddress(`${formatAddress(first).replace(/\d+$/, "")}${range[3]}`),
	];
}

function cidrBounds(address: number, prefixLength: number): readonly [number, number] {
	if (prefixLength > 32) throw new OnvifError("range-invalid");
	const size = 2 ** (32 - prefixLength);
	const first = Math.floor(address / size) * size;
	// RFC 3021: a network of two addresses has no broadcast.
	return size <= 2 ? [first, first + size - 1] : [first + 1, first + size - 2];
}

function parseAddress(text = ""): number {
	const parts = text.split(".").map(Number);
	if (parts.length !== 4 || parts.some((part) => part > 255)) throw new OnvifError("range-invalid");
	return parts.reduce((address, part) => address * 256 + part, 0);
}

function formatAddress(address: number): string {
	return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}

/** Neither "this network" (0/8) nor multicast, reserved and broadcast (224/3): RFC 6890. */
function isUnicast(address: number): boolean {
	return address >= 2 ** 24 && address < 224 * 2 ** 24;
}
