import fc from "fast-check";
import { expect, test } from "vitest";
import { PresentationClock } from "./presentation-clock.ts";

const FRAME = 3600;

test("pictures are shown as far apart as their timestamps say, over the wrap (quirk 114)", () => {
	const clock = new PresentationClock();
	const rtp = (place: number): number => (0xffff_f000 + place * FRAME) >>> 0;
	const shown = [0, 3, 1, 2, 6, 4, 5].map((place, index) => clock.next(1_000_000 + index, rtp(place), index === 0));
	expect(shown).toEqual([0, 3, 1, 2, 6, 4, 5].map((place) => 1_000_000 + place * FRAME));
});

test("the camera's clock is brought back to the time line by and by, and no picture overtakes another", () => {
	const clock = new PresentationClock();
	const shown: number[] = [];
	// The first picture came two frames late: the time line knows better from the second on.
	for (let place = 0; place < 1000; place++) {
		const timestamp = (place === 0 ? 2 : place) * FRAME;
		shown.push(clock.next(timestamp, place * FRAME, place % 25 === 0));
	}
	expect(shown[1]).toBe(3 * FRAME);
	expect(shown.at(-1)).toBe(999 * FRAME);
	for (const [index, time] of shown.entries()) {
		if (index > 0) expect(time - (shown[index - 1] ?? 0)).toBeGreaterThanOrEqual(FRAME / 2);
	}
});

test("a timestamp that jumps is not followed", () => {
	const clock = new PresentationClock();
	clock.next(0, 0, true);
	expect(clock.next(FRAME, 900_000 * FRAME, false)).toBe(FRAME);
	expect(clock.next(2 * FRAME, 900_001 * FRAME, false)).toBe(2 * FRAME);
});

test("a random access point is shown after all before it, whatever the timestamps do", () => {
	const picture = fc.record({
		step: fc.nat(200_000),
		rtpTimestamp: fc.oneof(fc.nat(0xffff_ffff), fc.nat(100_000)),
		randomAccess: fc.boolean(),
	});
	fc.assert(
		fc.property(fc.array(picture, { maxLength: 60 }), (pictures) => {
			const clock = new PresentationClock();
			let timestamp = 0;
			let latest = Number.NEGATIVE_INFINITY;
			for (const { step, rtpTimestamp, randomAccess } of pictures) {
				timestamp += step + 1;
				const shown = clock.next(timestamp, rtpTimestamp, randomAccess);
				expect(Number.isSafeInteger(shown)).toBe(true);
				if (randomAccess) expect(shown).toBeGreaterThan(latest);
				latest = Math.max(latest, shown);
			}
		}),
	);
});
