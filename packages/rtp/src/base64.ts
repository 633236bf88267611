/** Base64 decoding, which this ring's platform lacks: RFC 4648 section 4. @module */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const VALUES: ReadonlyMap<string, number> = new Map(
	Array.from(ALPHABET, (character, value) => [character, value] as const),
);

/** Decodes base64 with or without its padding. Undefined when another character or a cut-off group occurs. */
export function decodeBase64(text: string): Uint8Array | undefined {
	let length = text.length;
	while (text[length - 1] === "=") length--;
	const characters = text.slice(0, length);
	if (characters.length % 4 === 1) return undefined;
	const bytes = new Uint8Array(Math.floor((characters.length * 3) / 4));
	let pending = 0;
	let pendingBits = 0;
	let at = 0;
	for (const character of characters) {
		const value = VALUES.get(character);
		if (value === undefined) return undefined;
		pending = ((pending << 6) | value) & 0xffff;
		pendingBits += 6;
		if (pendingBits < 8) continue;
		pendingBits -= 8;
		bytes[at] = pending >> pendingBits;
		at++;
	}
	return bytes;
}
