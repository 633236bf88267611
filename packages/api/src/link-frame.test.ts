import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
	LINK_BINARY,
	LINK_FRAME_HEADER_BYTES,
	LINK_ID,
	LINK_TEXT,
	LinkFrameReader,
	linkFrameHeader,
	MAX_LINK_FRAME_BYTES,
} from "./link-frame.ts";

interface Message {
	readonly type: number;
	readonly bytes: Uint8Array;
}

function open(): { reader: LinkFrameReader; messages: Message[] } {
	const messages: Message[] = [];
	return { messages, reader: new LinkFrameReader((type, bytes) => messages.push({ type, bytes })) };
}

function written(messages: readonly Message[]): Uint8Array {
	const parts = messages.flatMap(({ type, bytes }) => [
		linkFrameHeader(type === LINK_TEXT ? LINK_TEXT : LINK_BINARY, bytes.length),
		bytes,
	]);
	const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
	let at = 0;
	for (const part of parts) {
		all.set(part, at);
		at += part.length;
	}
	return all;
}

describe("the link without WebSocket", () => {
	test("gives its messages whole and in order, however the response is cut", () => {
		const message = fc.record({
			type: fc.constantFrom(LINK_TEXT, LINK_BINARY),
			bytes: fc.uint8Array({ maxLength: 40 }),
		});
		fc.assert(
			fc.property(fc.array(message), fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1 }), (sent, sizes) => {
				const { reader, messages } = open();
				const all = written(sent);
				for (let at = 0, cut = 0; at < all.length; cut++) {
					const size = sizes[cut % sizes.length] ?? 1;
					const piece = all.slice(at, at + size);
					expect(reader.push(piece)).toBe(true);
					// Whoever reads may use the piece again.
					piece.fill(0xee);
					at += size;
				}
				expect(messages).toEqual(sent);
			}),
		);
	});

	test("takes a message without a body", () => {
		const { reader, messages } = open();
		reader.push(linkFrameHeader(LINK_TEXT, 0));
		expect(messages).toEqual([{ type: LINK_TEXT, bytes: new Uint8Array(0) }]);
	});

	test("has a header of the length and the kind", () => {
		expect([...linkFrameHeader(LINK_BINARY, 0x01020304)]).toEqual([1, 2, 3, 4, 1]);
		expect(linkFrameHeader(LINK_TEXT, 0)).toHaveLength(LINK_FRAME_HEADER_BYTES);
	});

	test.each([
		["a message that is too long", Uint8Array.of(0x01, 0, 0, 1, 0)],
		["a message of no kind", Uint8Array.of(0, 0, 0, 1, 2)],
		["the answer of something else", new TextEncoder().encode("<!doctype html>")],
	])("refuses %s", (_what, bytes) => {
		const { reader, messages } = open();
		expect(reader.push(bytes)).toBe(false);
		expect(messages).toEqual([]);
	});

	test("takes a message of the largest size", () => {
		const { reader, messages } = open();
		expect(reader.push(linkFrameHeader(LINK_BINARY, MAX_LINK_FRAME_BYTES))).toBe(true);
		expect(reader.push(new Uint8Array(MAX_LINK_FRAME_BYTES))).toBe(true);
		expect(messages.map(({ bytes }) => bytes.length)).toEqual([MAX_LINK_FRAME_BYTES]);
	});

	test("reads any bytes without throwing, and no more than came", () => {
		fc.assert(
			fc.property(fc.array(fc.uint8Array({ maxLength: 30 })), (pieces) => {
				const { reader, messages } = open();
				for (const piece of pieces) if (!reader.push(piece)) break;
				const came = pieces.reduce((sum, { length }) => sum + length, 0);
				expect(
					messages.reduce((sum, { bytes }) => sum + bytes.length + LINK_FRAME_HEADER_BYTES, 0),
				).toBeLessThanOrEqual(came);
			}),
		);
	});

	test("is named by 32 hexadecimal digits", () => {
		expect(LINK_ID.test("0123456789abcdef0123456789abcdef")).toBe(true);
		for (const id of ["", "0".repeat(31), "0".repeat(33), "G".repeat(32), `${"0".repeat(32)}\n`]) {
			expect(LINK_ID.test(id)).toBe(false);
		}
	});
});
