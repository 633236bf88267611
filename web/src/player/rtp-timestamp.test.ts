import { expect, test } from "vitest";
import { isAtOrAfter } from "./rtp-timestamp.ts";

test("equal and later timestamps are at or after the reference, earlier ones are not", () => {
	expect(isAtOrAfter(90_000, 90_000)).toBe(true);
	expect(isAtOrAfter(93_000, 90_000)).toBe(true);
	expect(isAtOrAfter(89_999, 90_000)).toBe(false);
});

test("the comparison goes on across the wrap of the 32 bits", () => {
	expect(isAtOrAfter(5, 0xffff_fff0)).toBe(true);
	expect(isAtOrAfter(0xffff_fff0, 5)).toBe(false);
});
