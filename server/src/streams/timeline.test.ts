import fc from "fast-check";
import { expect, test } from "vitest";
import { TICKS_PER_MS, Timeline } from "./timeline.ts";

test("steps follow the session's time line to a tick", () => {
	const timeline = new Timeline();
	const first = timeline.next(1_000_000);
	expect(timeline.next(1_000_000 + 1000 / 15) - first).toBe(6000);
	expect(timeline.next(1_000_000 + 2000 / 15) - first).toBe(12_000);
});

test("a new session goes on after the last one, by the time that passed", () => {
	const timeline = new Timeline();
	const before = timeline.next(1000);
	expect(timeline.next(4000) - before).toBe(3000 * TICKS_PER_MS);
});

test("S43: equal and falling times still go forward (quirks 101, 102)", () => {
	const timeline = new Timeline();
	const first = timeline.next(100);
	expect(timeline.next(100)).toBe(first + 1);
	expect(timeline.next(90)).toBe(first + 2);
	expect(timeline.next(110)).toBe(first + 10 * TICKS_PER_MS);
});

test("whatever comes, time rises and is never far from what was asked", () => {
	fc.assert(
		fc.property(fc.array(fc.double({ min: 0, max: 1e10, noNaN: true })), (times) => {
			const timeline = new Timeline();
			let last = Number.NEGATIVE_INFINITY;
			let highestMs = 0;
			for (const mediaMs of times) {
				highestMs = Math.max(highestMs, mediaMs);
				const ticks = timeline.next(mediaMs);
				expect(ticks).toBeGreaterThan(last);
				expect(ticks).toBeLessThanOrEqual(Math.round(highestMs * TICKS_PER_MS) + times.length);
				last = ticks;
			}
		}),
	);
});
