import fc from "fast-check";
import { expect, test } from "vitest";
import { TICKS_PER_MS, Timeline } from "./timeline.ts";

test("steps follow the camera's timestamps, over the wrap of 32 bits", () => {
	const timeline = new Timeline();
	const first = timeline.next(2 ** 32 - 3000, 1000);
	expect(timeline.next(3000, 1066) - first).toBe(6000);
	expect(timeline.next(9000, 1133) - first).toBe(12000);
});

test("a new session goes on after the last one, by the time that passed", () => {
	const timeline = new Timeline();
	const before = timeline.next(1_000_000, 1000);
	timeline.restart();
	expect(timeline.next(77, 4000) - before).toBe(3000 * TICKS_PER_MS);
	expect(timeline.next(77 + 6000, 4066) - before).toBe(3000 * TICKS_PER_MS + 6000);
});

test("a jump of the camera's clock does not reach the readers", () => {
	const timeline = new Timeline();
	const before = timeline.next(1_000_000, 1000);
	expect(timeline.next(1_000_000 + 60_000 * TICKS_PER_MS, 1040) - before).toBe(40 * TICKS_PER_MS);
	expect(timeline.next(1_000_000 + 60_040 * TICKS_PER_MS, 1080) - before).toBe(80 * TICKS_PER_MS);
});

test("equal and falling timestamps still go forward", () => {
	const timeline = new Timeline();
	const first = timeline.next(9000, 1000);
	expect(timeline.next(9000, 1001)).toBe(first + 1);
	expect(timeline.next(8000, 1002)).toBe(first + 2);
});

test("whatever a camera stamps, time rises and stays finite", () => {
	fc.assert(
		fc.property(fc.array(fc.tuple(fc.nat(0xffffffff), fc.nat(20_000), fc.boolean())), (steps) => {
			const timeline = new Timeline();
			let nowMs = 0;
			let last = Number.NEGATIVE_INFINITY;
			for (const [rtpTimestamp, elapsedMs, restart] of steps) {
				nowMs += elapsedMs;
				if (restart) timeline.restart();
				const ticks = timeline.next(rtpTimestamp, nowMs);
				expect(ticks).toBeGreaterThan(last);
				expect(ticks).toBeLessThan((nowMs + 10_000 * (steps.length + 1)) * TICKS_PER_MS);
				last = ticks;
			}
		}),
	);
});
