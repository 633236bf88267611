/** The byte stream format, which H.264 and H.265 share: ITU-T H.264 and H.265, Annex B. @module */

/** Bytes of the start code without the zero byte that may stand before it. */
const START_CODE_BYTES = 3;

/**
 * Splits a byte stream at its start codes and gives views of the NAL units without start codes and trailing zeros:
 * ITU-T H.264 Annex B. What stands before the first start code counts as a NAL unit, so bytes without a start code
 * come back as they are.
 */
export function splitAnnexB(bytes: Uint8Array): Uint8Array[] {
	return [...nalUnitsIn(bytes)];
}

/** {@link splitAnnexB}, one after the other: a few bytes for each NAL unit would make a list much larger than its bytes. */
export function* nalUnitsIn(bytes: Uint8Array): Generator<Uint8Array> {
	let start = 0;
	for (;;) {
		const startCode = findStartCode(bytes, start);
		if (startCode < 0 && start === 0) {
			if (bytes.length > 0) yield bytes;
			return;
		}
		let end = startCode < 0 ? bytes.length : startCode;
		while (end > start && bytes[end - 1] === 0) end--;
		if (end > start) yield bytes.subarray(start, end);
		if (startCode < 0) return;
		start = startCode + START_CODE_BYTES;
	}
}

/** Index of the next `00 00 01`, or -1. Looks at every third byte of ordinary data. */
export function findStartCode(bytes: Uint8Array, from: number): number {
	let at = from + 2;
	while (at < bytes.length) {
		const byte = bytes[at] ?? 0;
		if (byte > 1) at += 3;
		else if (byte === 0) at++;
		else if (bytes[at - 1] === 0 && bytes[at - 2] === 0) return at - 2;
		else at += 3;
	}
	return -1;
}
