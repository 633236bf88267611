import fc from "fast-check";
import { expect, test } from "vitest";
import type { CodedPicture } from "./access-unit.ts";
import { mpeg4ConfigOf, Mpeg4Depacketizer } from "./mpeg4-depacketizer.ts";
import { packetizeMpeg4 } from "./mpeg4-packetizer.ts";

const CONFIG = [0, 0, 1, 0xb0, 3, 0, 0, 1, 0x20, 0x44];

test("a picture of any size comes out of its packets as it was", () => {
	const property = fc.property(
		fc.uint8Array({ minLength: 1, maxLength: 500 }),
		fc.integer({ min: 20, max: 300 }),
		(body, maxPayloadBytes) => {
			// Four equal bytes apart, so that no start code lies within.
			const vop = Uint8Array.of(0, 0, 1, 0xb6, 0x10, ...body.map((byte) => byte | 2));
			const data = Uint8Array.of(...CONFIG, ...vop);
			const pictures: CodedPicture[] = [];
			const depacketizer = new Mpeg4Depacketizer({ formatParameters: new Map() }, (unit) => pictures.push(unit));
			const payloads = packetizeMpeg4(data, maxPayloadBytes);
			for (const [index, payload] of payloads.entries()) {
				expect(payload.length).toBeLessThanOrEqual(maxPayloadBytes);
				const marker = index === payloads.length - 1;
				depacketizer.push({ payload, marker, timestamp: 7, ssrc: 1, payloadType: 96, sequenceNumber: index }, 0);
			}
			expect(pictures.map((picture) => [...picture.data])).toEqual([[...data]]);
			expect([...(mpeg4ConfigOf(pictures[0]?.data ?? data) ?? [])]).toEqual(CONFIG);
		},
	);
	fc.assert(property);
});

test("a picture without a video object layer has no configuration", () => {
	expect(mpeg4ConfigOf(Uint8Array.of(0, 0, 1, 0xb6, 0x50, 1))).toBeUndefined();
	expect(mpeg4ConfigOf(new Uint8Array(0))).toBeUndefined();
});

test("a limit that leaves no room is a mistake of the caller", () => {
	expect(() => packetizeMpeg4(new Uint8Array(3), 0)).toThrow(RangeError);
	expect(() => packetizeMpeg4(new Uint8Array(3), 65_536)).toThrow(RangeError);
});
