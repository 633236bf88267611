import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DecodeTimeline, MAX_REORDER_DEPTH } from "./decode-timeline.ts";

const PICTURE_TICKS = 3000;

/** Presentation times in decoding order, the first shown first, with at most `depth` pictures before an earlier one. */
const reordered = fc
	.record({
		depth: fc.integer({ min: 0, max: MAX_REORDER_DEPTH }),
		gaps: fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 60 }),
		choices: fc.infiniteStream(fc.nat(1000)),
	})
	.map(({ depth, gaps, choices }) => {
		let ticks = 0;
		const waiting = gaps.map((gap) => (ticks += gap));
		const times = [0];
		// Behind each picture that is not the next to be shown stands one that overtakes it.
		const overtakers = new Set<number>();
		while (waiting.length > 0) {
			const next = waiting[0] ?? 0;
			const ahead = [...overtakers].filter((time) => time > next).length;
			const choice = ahead >= depth ? 0 : (choices.next().value ?? 0) % Math.min(waiting.length, depth + 1);
			const [taken] = waiting.splice(choice, 1);
			if (taken === undefined) break;
			if (choice > 0) overtakers.add(taken);
			times.push(taken);
		}
		return { depth, times };
	});

/** Most pictures that stand before any other and are shown after it. */
function depthOf(times: readonly number[]): number {
	return Math.max(...times.map((time, i) => times.slice(0, i).filter((other) => other > time).length));
}

describe("decoding times", () => {
	it("S51: are the presentation times where nothing is reordered", () => {
		const timeline = new DecodeTimeline({ reorderDepth: 0, pictureTicks: PICTURE_TICKS });
		expect([0, 3000, 6100, 9000].map((time) => timeline.push(time))).toEqual([0, 3000, 6100, 9000]);
	});

	it("S51: run ahead by the reorder depth of the SPS (quirk 114)", () => {
		const timeline = new DecodeTimeline({ reorderDepth: 2, pictureTicks: PICTURE_TICKS });
		// I P B b b, a pyramid of B pictures as x264 makes it.
		const times = [0, 12_000, 6000, 3000, 9000, 24_000, 18_000, 15_000, 21_000];
		expect(times.map((time) => timeline.push(time))).toEqual([
			-6000, -3000, 0, 3000, 6000, 9000, 12_000, 15_000, 18_000,
		]);
	});

	it("S51: rise strictly and are never above presentation times, whatever the order of pictures", () => {
		fc.assert(
			fc.property(reordered, fc.integer({ min: 1, max: 9000 }), ({ depth, times }, pictureTicks) => {
				fc.pre(depthOf(times) <= depth);
				const timeline = new DecodeTimeline({ reorderDepth: depth, pictureTicks });
				let last = Number.NEGATIVE_INFINITY;
				for (const time of times) {
					const decodingTime = timeline.push(time);
					expect(decodingTime).toBeGreaterThan(last);
					expect(decodingTime).toBeLessThanOrEqual(time);
					last = decodingTime;
				}
				expect(timeline.reorderDepth).toBe(depth);
			}),
			{ numRuns: 500 },
		);
	});

	it("S51: get right without the depth as soon as presentation has passed the pictures that taught it", () => {
		fc.assert(
			fc.property(reordered, ({ times }) => {
				const timeline = new DecodeTimeline({ reorderDepth: 0, pictureTicks: PICTURE_TICKS });
				let last = Number.NEGATIVE_INFINITY;
				let latest = 0;
				let catchUp = 0;
				for (const [i, time] of times.entries()) {
					const depthBefore = timeline.reorderDepth;
					const decodingTime = timeline.push(time);
					latest = Math.max(latest, time);
					if (timeline.reorderDepth > depthBefore) catchUp = latest;
					expect(decodingTime).toBeGreaterThan(last);
					if (time > catchUp + i) expect(decodingTime).toBeLessThanOrEqual(time);
					last = decodingTime;
				}
				expect(timeline.reorderDepth).toBe(depthOf(times));
			}),
			{ numRuns: 500 },
		);
	});

	it("rise for any numbers", () => {
		fc.assert(
			fc.property(fc.array(fc.integer(), { maxLength: 80 }), fc.nat(20), (times, reorderDepth) => {
				const timeline = new DecodeTimeline({ reorderDepth, pictureTicks: PICTURE_TICKS });
				let last = Number.NEGATIVE_INFINITY;
				for (const time of times) {
					const decodingTime = timeline.push(time);
					expect(decodingTime).toBeGreaterThan(last);
					last = decodingTime;
				}
				expect(timeline.reorderDepth).toBeLessThanOrEqual(MAX_REORDER_DEPTH);
			}),
		);
	});
});
