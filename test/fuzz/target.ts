/** What is fuzzed, and how a target reads its input. @module */

/** One parser, session or depacketizer. Any exception out of `run` is a finding, so properties are thrown errors. */
export interface FuzzTarget {
	/** Kebab case; names its folders of corpus and regressions. */
	readonly name: string;
	/** Valid inputs to start from; those of the corpus folder come on top. */
	readonly seeds: readonly Uint8Array[];
	/** What the format's grammar knows, to be inserted anywhere: a byte a character. */
	readonly words?: readonly string[];
	/** Inputs take milliseconds, not microseconds: the coverage is looked at more often, which then costs little. */
	readonly slow?: boolean;
	/** Takes one input with everything made afresh: the same input always does the same. */
	run(input: Uint8Array): void;
	/** One instance that is given many inputs, to see whether it grows. */
	open?(): (input: Uint8Array) => void;
}

/** A property of a target does not hold. */
export class PropertyError extends Error {
	override readonly name = "PropertyError";
}

export function must(holds: boolean, property: string): asserts holds {
	if (!holds) throw new PropertyError(property);
}

/** The bytes of a text, a byte a character. */
export function bytesOf(text: string): Uint8Array {
	return Uint8Array.from(text, (character) => character.charCodeAt(0) & 0xff);
}

/** A character a byte. */
export function textOf(bytes: Uint8Array): string {
	return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

/** Takes an input apart. Reading beyond its end gives zeros and empty views. */
export class InputReader {
	readonly #bytes: Uint8Array;
	#at = 0;

	constructor(bytes: Uint8Array) {
		this.#bytes = bytes;
	}

	get done(): boolean {
		return this.#at >= this.#bytes.length;
	}

	u8(): number {
		return this.#bytes[this.#at++] ?? 0;
	}

	u16(): number {
		return (this.u8() << 8) | this.u8();
	}

	u32(): number {
		return ((this.u16() << 16) | this.u16()) >>> 0;
	}

	/** A piece behind its 16-bit length, which may lie. */
	chunk(): Uint8Array {
		const start = this.#at + 2;
		const length = this.u16();
		this.#at = Math.min(this.#bytes.length, start + length);
		return this.#bytes.subarray(start, this.#at);
	}

	rest(): Uint8Array {
		const rest = this.#bytes.subarray(this.#at);
		this.#at = this.#bytes.length;
		return rest;
	}
}

/** Puts together what an {@link InputReader} takes apart. */
export class InputWriter {
	readonly #bytes: number[] = [];

	u8(value: number): this {
		this.#bytes.push(value & 0xff);
		return this;
	}

	u16(value: number): this {
		return this.u8(value >> 8).u8(value);
	}

	u32(value: number): this {
		return this.u16(value >>> 16).u16(value);
	}

	chunk(content: Uint8Array | string): this {
		return this.u16(content.length).raw(content);
	}

	raw(content: Uint8Array | string): this {
		for (const byte of typeof content === "string" ? bytesOf(content) : content) this.#bytes.push(byte);
		return this;
	}

	done(): Uint8Array {
		return Uint8Array.from(this.#bytes);
	}
}
