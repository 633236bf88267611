/** Reads the bit fields of MPEG-4 audio headers, most significant bit first. @module */

/** Past the end it gives zeros and sets {@link AacBits.failed}, so that a parser needs one check at its end. */
export class AacBits {
	/** Bits beyond the end were asked for. */
	failed = false;
	readonly #bytes: Uint8Array;
	#at: number;

	/** @param startBit index of the first bit to read. */
	constructor(bytes: Uint8Array, startBit: number) {
		this.#bytes = bytes;
		this.#at = startBit;
	}

	get remaining(): number {
		return Math.max(0, 8 * this.#bytes.length - this.#at);
	}

	/** Index of the next bit. */
	get position(): number {
		return this.#at;
	}

	/** 32 bits at most. */
	read(count: number): number {
		if (count > this.remaining) {
			this.failed = true;
			this.#at = 8 * this.#bytes.length;
			return 0;
		}
		let value = 0;
		for (let i = 0; i < count; i++) {
			const byte = this.#bytes[this.#at >> 3] ?? 0;
			value = value * 2 + ((byte >> (7 - (this.#at & 7))) & 1);
			this.#at++;
		}
		return value;
	}

	flag(): boolean {
		return this.read(1) === 1;
	}
}
