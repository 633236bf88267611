/** Box writing: ISO/IEC 14496-12 section 4.2. @module */

/** Size and type in front of every box. */
export const BOX_HEADER_BYTES = 8;

/** Units of a 16.16 fixed point number, as in `tkhd` and sample entries. */
const FIXED_POINT_ONE = 0x1_0000;

/** The bytes of fields, one behind the other. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
	const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
	let at = 0;
	for (const part of parts) {
		bytes.set(part, at);
		at += part.length;
	}
	return bytes;
}

/** @param type four ASCII characters. */
export function box(type: string, ...parts: readonly Uint8Array[]): Uint8Array {
	const body = concatBytes(...parts);
	const bytes = new Uint8Array(BOX_HEADER_BYTES + body.length);
	const view = new DataView(bytes.buffer);
	writeBoxHeader(view, 0, bytes.length, type);
	bytes.set(body, BOX_HEADER_BYTES);
	return bytes;
}

/** A box that begins with a version and 24 bits of flags. */
export function fullBox(type: string, version: number, flags: number, ...parts: readonly Uint8Array[]): Uint8Array {
	return box(type, u32(version * 2 ** 24 + flags), ...parts);
}

/** Writes size and type. @param type four ASCII characters. */
export function writeBoxHeader(view: DataView, at: number, sizeBytes: number, type: string): void {
	view.setUint32(at, sizeBytes);
	for (let i = 0; i < 4; i++) view.setUint8(at + 4 + i, type.charCodeAt(i));
}

/** Writes 64 bits of a number below 2^53, which 32-bit operators would cut. */
export function writeUint64(view: DataView, at: number, value: number): void {
	view.setUint32(at, Math.floor(value / 2 ** 32));
	view.setUint32(at + 4, value % 2 ** 32);
}

/** One byte each. */
export function u8(...values: readonly number[]): Uint8Array {
	return Uint8Array.from(values);
}

/** Two bytes each. */
export function u16(...values: readonly number[]): Uint8Array {
	const bytes = new Uint8Array(values.length * 2);
	const view = new DataView(bytes.buffer);
	for (const [i, value] of values.entries()) view.setUint16(i * 2, value);
	return bytes;
}

/** Four bytes each. */
export function u32(...values: readonly number[]): Uint8Array {
	const bytes = new Uint8Array(values.length * 4);
	const view = new DataView(bytes.buffer);
	for (const [i, value] of values.entries()) view.setUint32(i * 4, value);
	return bytes;
}

/** 16.16 fixed point. */
export function fixed16(value: number): Uint8Array {
	return u32(value * FIXED_POINT_ONE);
}

/** ASCII without a terminating zero. */
export function ascii(text: string): Uint8Array {
	return Uint8Array.from(text, (character) => character.charCodeAt(0) & 0x7f);
}
