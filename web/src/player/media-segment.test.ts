import fc from "fast-check";
import { expect, test } from "vitest";
import { FAKE_TIMESCALE, fakeFragment, fakeInit } from "../testing/fake-media-source.ts";
import { readDecodeTime, readTimescale } from "./media-segment.ts";

test("reads the timescale and the decode time", () => {
	expect(readTimescale(fakeInit())).toBe(FAKE_TIMESCALE);
	expect(readDecodeTime(fakeFragment(12.5, 100))).toBe(12.5 * FAKE_TIMESCALE);
});

test("reads a view in the middle of a message", () => {
	const fragment = fakeFragment(3);
	const message = new Uint8Array(fragment.length + 40).fill(0xff);
	message.set(fragment, 20);
	expect(readDecodeTime(message.subarray(20, 20 + fragment.length))).toBe(3 * FAKE_TIMESCALE);
});

test("the wrong kind of segment has neither", () => {
	expect(readTimescale(fakeFragment(1))).toBeUndefined();
	expect(readDecodeTime(fakeInit())).toBeUndefined();
});

test("whatever bytes come, it does not throw and comes to an end", () => {
	const changed = fc.tuple(fc.constantFrom(fakeInit(), fakeFragment(7)), fc.nat(60), fc.nat(255), fc.nat(60));
	fc.assert(
		fc.property(changed, ([segment, at, value, length]) => {
			const bytes = segment.slice(0, length);
			if (at < bytes.length) bytes[at] = value;
			readTimescale(bytes);
			readDecodeTime(bytes);
		}),
	);
	fc.assert(
		fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
			readTimescale(bytes);
			readDecodeTime(bytes);
		}),
	);
});
