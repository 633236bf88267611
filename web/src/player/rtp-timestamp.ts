/** RTP timestamps are 32 bits wide and wrap: comparing them means asking which way round is shorter (RFC 3550 section 5.1). @module */

/** Whether `timestamp` is `reference` or comes after it, by less than half of the 32-bit circle. */
export function isAtOrAfter(timestamp: number, reference: number): boolean {
	return (timestamp - reference) >>> 0 < 0x8000_0000;
}
