/** The tables that RFC 2435 leaves out of the packets: ITU-T T.81 annex K. @module */

/** Entries of a quantization table. */
export const QUANTIZATION_ENTRIES = 64;

/** Of one picture, each in zigzag order: 64 bytes of 8-bit entries or 128 bytes of 16-bit big-endian entries. */
export interface QuantizationTables {
	readonly luma: Uint8Array;
	readonly chroma: Uint8Array;
}

/** ITU-T T.81 table K.1 in zigzag order. */
const LUMA_QUANTIZERS = fromHex(
	"100b0c0e0c0a100e0d0e1211101318281a181616183123251d283a333d3c3933383740485c4e404457453738506d51575f626768673e4d71797064785c656763",
);
/** ITU-T T.81 table K.2 in zigzag order. */
const CHROMA_QUANTIZERS = fromHex(
	"1112121815182f1a1a2f634238426363636363636363636363636363636363636363636363636363636363636363636363636363636363636363636363636363",
);

/**
 * Huffman tables by class (high four bits; 0 is DC, 1 is AC) and destination (low four bits), as a DHT segment holds
 * them: 16 counts of codes by length, then the symbols. ITU-T T.81 tables K.3 to K.6.
 */
export const STANDARD_HUFFMAN_TABLES: ReadonlyMap<number, Uint8Array> = new Map([
	[0x00, fromHex("00010501010101010100000000000000000102030405060708090a0b")],
	[
		0x10,
		fromHex(
			"0002010303020403050504040000017d01020300041105122131410613516107227114328191a1082342b1c11552d1f02433" +
				"627282090a161718191a25262728292a3435363738393a434445464748494a535455565758595a636465666768696a737475" +
				"767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2" +
				"d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa",
		),
	],
	[0x01, fromHex("00030101010101010101010000000000000102030405060708090a0b")],
	[
		0x11,
		fromHex(
			"00020102040403040705040400010277000102031104052131061241510761711322328108144291a1b1c109233352f01562" +
				"72d10a162434e125f11718191a262728292a35363738393a434445464748494a535455565758595a636465666768696a7374" +
				"75767778797a82838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9" +
				"cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa",
		),
	],
]);

/** The ends of the scale of Q: RFC 2435 section 4.2. */
const MIN_QUALITY = 1;
const MAX_QUALITY = 99;

/**
 * The tables that a Q of 1 to 99 stands for: RFC 2435 section 4.2 and appendix A. The reserved values 0 and 100 to 127
 * count as the next valid one: some cameras send them.
 */
export function quantizationTablesOf(quality: number): QuantizationTables {
	const q = Math.min(Math.max(quality, MIN_QUALITY), MAX_QUALITY);
	const factor = q < 50 ? Math.floor(5000 / q) : 200 - 2 * q;
	return { luma: scale(LUMA_QUANTIZERS, factor), chroma: scale(CHROMA_QUANTIZERS, factor) };
}

function scale(quantizers: Uint8Array, factor: number): Uint8Array {
	return quantizers.map((entry) => Math.min(Math.max(Math.floor((entry * factor + 50) / 100), 1), 255));
}

function fromHex(hex: string): Uint8Array {
	const bytes = new Uint8Array(hex.length / 2);
	for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
	return bytes;
}
