/** The two orders in which G.726 code words are packed into bytes. @module */

/** Bits of a code word: 2 at 16 kbit/s to 5 at 40 kbit/s. */
export type G726Bits = 2 | 3 | 4 | 5;

/**
 * From the order of AAL2 (ITU-T I.366.2 annex E: the first code word in the highest bits) to that of RFC 3551 section
 * 4.5.4 (the first code word in the lowest bits). Gives new bytes, as many; bits behind the last whole code word get lost.
 */
export function g726FromAal2(bytes: Uint8Array, bits: G726Bits): Uint8Array {
	const result = new Uint8Array(bytes.length);
	const mask = (1 << bits) - 1;
	let input = 0;
	let inputBits = 0;
	let output = 0;
	let outputBits = 0;
	let at = 0;
	for (const byte of bytes) {
		input = ((input << 8) | byte) & 0xffff;
		inputBits += 8;
		while (inputBits >= bits) {
			inputBits -= bits;
			output |= ((input >> inputBits) & mask) << outputBits;
			outputBits += bits;
			if (outputBits < 8) continue;
			result[at] = output;
			at++;
			output >>= 8;
			outputBits -= 8;
		}
	}
	if (outputBits > 0) result[at] = output;
	return result;
}

/** The reverse of {@link g726FromAal2}. */
export function g726ToAal2(bytes: Uint8Array, bits: G726Bits): Uint8Array {
	const result = new Uint8Array(bytes.length);
	const mask = (1 << bits) - 1;
	let input = 0;
	let inputBits = 0;
	let output = 0;
	let outputBits = 0;
	let at = 0;
	for (const byte of bytes) {
		input |= byte << inputBits;
		inputBits += 8;
		while (inputBits >= bits) {
			output = ((output << bits) | (input & mask)) & 0xffff;
			input >>= bits;
			inputBits -= bits;
			outputBits += bits;
			if (outputBits < 8) continue;
			outputBits -= 8;
			result[at] = output >> outputBits;
			at++;
		}
	}
	if (outputBits > 0) result[at] = output << (8 - outputBits);
	return result;
}
