/** Where the fragments of one picture meet. @module */

/** First size; it grows with the largest picture. */
const FIRST_BYTES = 65_536;

/** Its memory is kept from one picture to the next. */
export class PictureBuffer {
	readonly #maxBytes: number;
	#bytes: Uint8Array = new Uint8Array(0);
	#length = 0;

	/** @param maxBytes most bytes of one picture. */
	constructor(maxBytes: number) {
		this.#maxBytes = maxBytes;
	}

	/** Bytes collected. */
	get length(): number {
		return this.#length;
	}

	/** A view of them, valid until the next call. */
	get bytes(): Uint8Array {
		return this.#bytes.subarray(0, this.#length);
	}

	clear(): void {
		this.#length = 0;
	}

	/** Copies the bytes behind the others; false, without doing so, if the picture grew too large by them. */
	append(bytes: Uint8Array): boolean {
		const needed = this.#length + bytes.length;
		if (needed > this.#maxBytes) return false;
		if (needed > this.#bytes.length) {
			const grown = new Uint8Array(Math.max(FIRST_BYTES, Math.min(2 * this.#bytes.length, this.#maxBytes), needed));
			grown.set(this.bytes);
			this.#bytes = grown;
		}
		this.#bytes.set(bytes, this.#length);
		this.#length = needed;
		return true;
	}
}
