/** Bytes that come in pieces of any length and are read in pieces of other lengths. @module */

/** Holds what was not read yet in one buffer. */
export class ByteQueue {
	#bytes: Uint8Array = new Uint8Array(0);

	get length(): number {
		return this.#bytes.length;
	}

	/** Takes the bytes over. */
	push(bytes: Uint8Array): void {
		this.#bytes = this.#bytes.length === 0 ? bytes : Buffer.concat([this.#bytes, bytes]);
	}

	/** The bytes that wait, as a view: valid until the next call of any other method. */
	peek(): Uint8Array {
		return this.#bytes;
	}

	/** The next bytes, as a view that nobody else writes into. There must be that many. */
	take(length: number): Uint8Array {
		const taken = this.#bytes.subarray(0, length);
		this.#bytes = this.#bytes.subarray(length);
		return taken;
	}
}
