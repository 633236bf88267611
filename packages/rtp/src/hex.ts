/** Bytes written in hexadecimal digits, as format parameters have them. @module */

/** Undefined for anything but whole bytes, for none, and for more than `maxBytes`. */
export function parseHex(text: string, maxBytes: number): Uint8Array | undefined {
	if (text.length > 2 * maxBytes || !/^(?:[0-9a-f]{2})+$/i.test(text)) return undefined;
	const bytes = new Uint8Array(text.length / 2);
	for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
	return bytes;
}
