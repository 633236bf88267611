/** Reads RBSP bits, which H.264 and H.265 write alike: ITU-T H.264 sections 7.2 and 9.1, ITU-T H.265 7.2 and 9.2. @module */

/** Longest prefix of an Exp-Golomb code that still fits 32 bits: ITU-T H.264 section 9.1. */
const MAX_LEADING_ZERO_BITS = 31;

/**
 * Reads the bits of a NAL unit and skips its emulation prevention bytes on the way (ITU-T H.264 section 7.4.1). Past
 * the end it gives zeros and sets {@link BitReader.failed}, so that a parser needs one check at its end.
 */
export class BitReader {
	/** Bits beyond the end were asked for, or a code was longer than 32 bits. */
	failed = false;
	readonly #bytes: Uint8Array;
	#at: number;
	#bit = 0;
	#zeros = 0;

	/** @param start index of the first byte to read, behind the NAL header. */
	constructor(bytes: Uint8Array, start: number) {
		this.#bytes = bytes;
		this.#at = start;
	}

	flag(): boolean {
		return this.bit() === 1;
	}

	bit(): number {
		const byte = this.#bytes[this.#at];
		if (byte === undefined) {
			this.failed = true;
			return 0;
		}
		const value = (byte >> (7 - this.#bit)) & 1;
		this.#bit++;
		if (this.#bit === 8) this.#nextByte(byte);
		return value;
	}

	/** u(n): 32 bits at most. */
	bits(count: number): number {
		let value = 0;
		for (let i = 0; i < count && !this.failed; i++) value = value * 2 + this.bit();
		return value;
	}

	/** ue(v): ITU-T H.264 section 9.1. */
	unsigned(): number {
		let zeros = 0;
		while (!this.failed && this.bit() === 0) {
			zeros++;
			if (zeros > MAX_LEADING_ZERO_BITS) this.failed = true;
		}
		return this.failed ? 0 : 2 ** zeros - 1 + this.bits(zeros);
	}

	/** se(v): ITU-T H.264 section 9.1.1. */
	signed(): number {
		const code = this.unsigned();
		return code % 2 === 1 ? (code + 1) / 2 : -code / 2;
	}

	#nextByte(finished: number): void {
		this.#bit = 0;
		this.#at++;
		this.#zeros = finished === 0 ? this.#zeros + 1 : 0;
		if (this.#zeros >= 2 && this.#bytes[this.#at] === 3) {
			this.#at++;
			this.#zeros = 0;
		}
	}
}
