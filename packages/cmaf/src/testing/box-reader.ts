/** Box reading: ISO/IEC 14496-12 section 4.2. Nothing here throws; what lies outside the bytes is undefined or 0. @module */
import { BOX_HEADER_BYTES } from "../boxes.ts";

/** Most boxes looked at side by side: more is no file that anybody writes. */
const MAX_SIBLINGS = 256;

/** The body of a box, read from its beginning. */
export class BoxCursor {
	/** More was asked for than there is. Everything read since is 0. */
	failed = false;
	at: number;
	readonly #bytes: Uint8Array;
	readonly #view: DataView;

	constructor(bytes: Uint8Array, at = 0) {
		this.#bytes = bytes;
		this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
		this.at = at;
	}

	get left(): number {
		return this.#bytes.length - this.at;
	}

	u8(): number {
		const at = this.#take(1);
		return at < 0 ? 0 : this.#view.getUint8(at);
	}

	u16(): number {
		const at = this.#take(2);
		return at < 0 ? 0 : this.#view.getUint16(at);
	}

	u32(): number {
		const at = this.#take(4);
		return at < 0 ? 0 : this.#view.getUint32(at);
	}

	i32(): number {
		const at = this.#take(4);
		return at < 0 ? 0 : this.#view.getInt32(at);
	}

	/** Above 2^53 no longer exact. */
	u64(): number {
		return this.u32() * 2 ** 32 + this.u32();
	}

	skip(count: number): void {
		this.#take(count);
	}

	/** A view; empty when there are not as many. */
	bytes(count: number): Uint8Array {
		const at = this.#take(count);
		return at < 0 ? new Uint8Array(0) : this.#bytes.subarray(at, at + count);
	}

	#take(count: number): number {
		const at = this.at;
		if (count < 0 || count > this.left) {
			this.failed = true;
			this.at = this.#bytes.length;
			return -1;
		}
		this.at += count;
		return at;
	}
}

export interface BoxView {
	readonly type: string;
	/** Without header: a view. */
	readonly body: Uint8Array;
}

/** The boxes that lie side by side in these bytes, as far as they are whole; undefined when one is not. */
export function childBoxes(bytes: Uint8Array, at = 0): readonly BoxView[] | undefined {
	const boxes: BoxView[] = [];
	const cursor = new BoxCursor(bytes, at);
	while (cursor.left >= BOX_HEADER_BYTES) {
		const sizeBytes = cursor.u32();
		const type = fourCharacters(cursor);
		const body = cursor.bytes(sizeBytes - BOX_HEADER_BYTES);
		if (sizeBytes < BOX_HEADER_BYTES || cursor.failed || boxes.length === MAX_SIBLINGS) return undefined;
		boxes.push({ type, body });
	}
	return boxes;
}

/** The first box on this way down from the given bytes. */
export function findBox(bytes: Uint8Array, ...path: readonly string[]): Uint8Array | undefined {
	let body: Uint8Array | undefined = bytes;
	for (const type of path) body = body && childBoxes(body)?.find((child) => child.type === type)?.body;
	return body;
}

/** A type of four characters. */
export function fourCharacters(cursor: BoxCursor): string {
	return String.fromCharCode(cursor.u8(), cursor.u8(), cursor.u8(), cursor.u8());
}
