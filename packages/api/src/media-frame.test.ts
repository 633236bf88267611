import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MEDIA_FRAME_HEADER_BYTES, type MediaFrame, readMediaFrame, writeMediaFrame } from "./media-frame.ts";

const ascii = fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)) });
const frames: fc.Arbitrary<MediaFrame> = fc
	.record({
		kind: fc.constantFrom("init" as const, "media" as const),
		track: fc.constantFrom("video" as const, "audio" as const),
		channel: fc.nat(0xffff),
		randomAccess: fc.boolean(),
		receivedAtMs: fc.double({ min: 0, max: 1e13, noNaN: true }),
		codecs: ascii,
		payload: fc.uint8Array({ maxLength: 500 }),
	})
	.map((frame) => ({ ...frame, codecs: frame.kind === "init" ? frame.codecs.slice(0, 255) : "" }));

const INIT: MediaFrame = {
	kind: "init",
	track: "video",
	channel: 0x0102,
	randomAccess: true,
	receivedAtMs: 1_795_367_613_653.5,
	codecs: "avc1.42c01e",
	payload: Uint8Array.of(7, 8, 9),
};

describe("a media frame", () => {
	test("is read as it was written, from anywhere in a buffer", () => {
		fc.assert(
			fc.property(frames, fc.nat(9), (frame, before) => {
				const written = writeMediaFrame(frame);
				const buffer = new Uint8Array(before + written.length);
				buffer.set(written, before);
				expect(readMediaFrame(buffer.subarray(before))).toEqual(frame);
			}),
		);
	});

	test("has its fields where the contract says", () => {
		const bytes = writeMediaFrame(INIT);
		expect([...bytes.subarray(0, 8)]).toEqual([1, 0, 1, 2, 0, 0, 0, 1]);
		expect(new DataView(bytes.buffer).getFloat64(8)).toBe(INIT.receivedAtMs);
		expect(bytes[MEDIA_FRAME_HEADER_BYTES]).toBe(11);
		expect([...bytes.subarray(-3)]).toEqual([7, 8, 9]);
		const audio = writeMediaFrame({ ...INIT, kind: "media", track: "audio", randomAccess: false, codecs: "" });
		expect([...audio.subarray(0, 8)]).toEqual([2, 1, 1, 2, 0, 0, 0, 0]);
		expect(audio).toHaveLength(MEDIA_FRAME_HEADER_BYTES + 3);
	});

	test("gives its payload as a view, and leaves out codecs that are none of ASCII or too long", () => {
		const bytes = writeMediaFrame({ ...INIT, codecs: `é${"x".repeat(300)}` });
		const frame = readMediaFrame(bytes);
		expect(frame?.payload.buffer).toBe(bytes.buffer);
		expect(frame?.codecs).toMatch(/^[\0-\x7f]{255}$/);
		expect(frame?.payload).toEqual(INIT.payload);
	});

	test("that is cut is none, or one with less payload", () => {
		const bytes = writeMediaFrame(INIT);
		for (let length = 0; length < bytes.length; length++) {
			const frame = readMediaFrame(bytes.subarray(0, length));
			if (length < bytes.length - 3) expect(frame, `${length} bytes`).toBeUndefined();
			else expect(frame?.payload).toEqual(INIT.payload.subarray(0, length - bytes.length + 3));
		}
	});

	test("of any bytes never throws", () => {
		const likely = fc.tuple(fc.constantFrom(0, 1, 2, 3), fc.constantFrom(0, 1, 2), fc.uint8Array({ maxLength: 60 }));
		const any = fc.oneof(
			fc.uint8Array({ maxLength: 60 }),
			likely.map(([kind, track, rest]) => Uint8Array.of(kind, track, ...rest)),
		);
		fc.assert(
			fc.property(any, (bytes) => {
				const frame = readMediaFrame(bytes);
				if (!frame) return;
				expect(frame.payload.length + frame.codecs.length).toBeLessThan(bytes.length);
				expect(frame.channel).toBeLessThanOrEqual(0xffff);
			}),
		);
	});
});
