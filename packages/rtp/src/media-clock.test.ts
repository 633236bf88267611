import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
	ANCHOR_MS,
	BY_ARRIVAL_MS,
	DELAY_WINDOW_MS,
	HELD_UNITS,
	MAX_SLEW,
	MediaClock,
	OUTLIER_MS,
	RUNAWAY_ANCHORS,
	RUNAWAY_MS,
	SLEW_ABOVE_MS,
} from "./media-clock.ts";

const TICKS_PER_MS = 90;
const START_MS = 1_000_000;
/** What the deadband, the window's lag and the shortest delay's uncertainty may add up to. */
const MAX_ERROR_MS = 20;

function timestamp(ms: number): number {
	return Math.round(ms * TICKS_PER_MS) >>> 0;
}

/** One unit: when it was taken by a true clock, how it was stamped, when it came. All in ms. */
interface Unit {
	readonly takenMs: number;
	readonly stampMs: number;
	readonly arrivalMs: number;
}

interface Placed extends Unit {
	readonly mediaMs: number;
}

function place(clock: MediaClock, units: readonly Unit[]): Placed[] {
	return units.map((unit) => ({ ...unit, mediaMs: clock.mediaMs(timestamp(unit.stampMs), unit.arrivalMs) }));
}

/** A camera whose pictures are on time unless told otherwise. */
function camera(
	pictures: number,
	options: {
		readonly intervalMs?: number;
		readonly stampMs?: (takenMs: number, index: number) => number;
		readonly delayMs?: (takenMs: number, index: number) => number;
	} = {},
): Unit[] {
	const { intervalMs = 40, stampMs = (ms) => ms, delayMs = () => 0 } = options;
	let arrivalMs = 0;
	return Array.from({ length: pictures }, (_, index) => {
		const takenMs = index * intervalMs;
		arrivalMs = Math.max(arrivalMs, START_MS + takenMs + delayMs(takenMs, index));
		return { takenMs, stampMs: stampMs(takenMs, index), arrivalMs };
	});
}

function video(): MediaClock {
	return new MediaClock({ type: "video", clockRateHz: 90_000 });
}

/** The largest step against the true one. */
function largestStepErrorMs(placed: readonly Placed[]): number {
	return placed.reduce((largest, one, i) => {
		const before = placed[i - 1];
		if (!before) return 0;
		return Math.max(largest, Math.abs(one.mediaMs - before.mediaMs - (one.takenMs - before.takenMs)));
	}, 0);
}

function largestErrorMs(placed: readonly Placed[], delayMs = 0): number {
	return placed.reduce((worst, { mediaMs, takenMs }) => {
		return Math.max(worst, Math.abs(mediaMs - START_MS - takenMs - delayMs));
	}, 0);
}

function expectNotFalling(placed: readonly Placed[]): void {
	expect(placed.findIndex(({ mediaMs }, i) => mediaMs < (placed[i - 1]?.mediaMs ?? 0))).toBe(-1);
}

/** Even numbers in [0, 1) from a seed: Numerical Recipes' congruential generator. */
function noise(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
		return state / 2 ** 32;
	};
}

describe("MediaClock", () => {
	it("S43: follows the timestamps exactly over the wrap of 32 bits (quirk 102)", () => {
		const clock = video();
		const placed = place(clock, camera(500, { stampMs: (ms) => 2 ** 32 / TICKS_PER_MS - 5000 + ms }));
		expect(largestStepErrorMs(placed)).toBeLessThan(0.02);
		expect(clock.discontinuities).toBe(0);
	});

	it("does not show the jitter of arrival", () => {
		const random = noise(1);
		const clock = video();
		const placed = place(clock, camera(15_000, { delayMs: () => 5 + random() * 80 })).slice(50);
		expect(largestStepErrorMs(placed)).toBeLessThanOrEqual(40 * MAX_SLEW + 0.02);
		expect(largestErrorMs(placed, 5)).toBeLessThan(10);
	});

	it("S43: an hour of a clock 500 ppm off, either way, is followed within 20 ms and without a step (quirk 103)", () => {
		for (const ppm of [-500, 500]) {
			const random = noise(ppm);
			const clock = video();
			const units = camera(90_000, { stampMs: (ms) => ms * (1 + ppm / 1e6), delayMs: () => random() * 40 });
			const placed = place(clock, units);
			expect(largestErrorMs(placed.slice(250))).toBeLessThan(MAX_ERROR_MS);
			expect(largestStepErrorMs(placed.slice(50))).toBeLessThan(40 * (MAX_SLEW + 0.0005) + 0.02);
			expect(clock.discontinuities).toBe(0);
		}
	});

	it("S43: whatever drift up to 300 ppm and jitter up to 80 ms: rises, and is within 20 ms when it has settled (quirk 103)", () => {
		fc.assert(
			fc.property(
				fc.integer({ min: -300, max: 300 }),
				fc.integer({ min: 0, max: 80 }),
				fc.constantFrom(10, 12.5, 15, 25, 30),
				fc.nat(0xffffffff),
				fc.nat(0xffffffff),
				(ppm, jitterMs, fps, firstTimestamp, seed) => {
					const random = noise(seed);
					const clock = video();
					let lastMs = 0;
					let lastArrivalMs = 0;
					let worstMs = 0;
					for (let i = 0; i < fps * 3600; i++) {
						const takenMs = (i * 1000) / fps;
						lastArrivalMs = Math.max(lastArrivalMs, START_MS + takenMs + random() * jitterMs);
						const stamp = (firstTimestamp + Math.round(takenMs * (1 + ppm / 1e6) * TICKS_PER_MS)) >>> 0;
						const mediaMs = clock.mediaMs(stamp, lastArrivalMs);
						// While it is anchored, two pictures that come at once can be one time.
						const rises = takenMs < 2 * ANCHOR_MS ? mediaMs >= lastMs : mediaMs > lastMs;
						if (!rises) throw new Error(`${mediaMs} after ${lastMs}`);
						lastMs = mediaMs;
						if (takenMs > 60_000) worstMs = Math.max(worstMs, Math.abs(mediaMs - START_MS - takenMs));
					}
					expect(worstMs).toBeLessThan(MAX_ERROR_MS);
					expect(clock.discontinuities).toBe(0);
				},
			),
			{ numRuns: 25 },
		);
	});

	it("S43: up to three timestamps hours off are passed over (Intelbras, mediamtx PR#6255; quirk 102)", () => {
		for (const offMs of [-9_800_000, 37_600_000, 5500, -5500]) {
			const clock = video();
			const placed = place(
				clock,
				camera(500, {
					stampMs: (ms, i) => (i >= 200 && i < 200 + HELD_UNITS ? ms + 20_000_000 + offMs : ms + 20_000_000),
				}),
			);
			expect(clock.discontinuities).toBe(0);
			expect(largestErrorMs(placed)).toBeLessThan(1);
		}
	});

	it("S43: timestamps that each say something else never lead off (quirk 102)", () => {
		const random = noise(3);
		const clock = video();
		const placed = place(clock, camera(2000, { stampMs: (ms) => (ms < 10_000 ? ms : random() * 40_000_000) }));
		expectNotFalling(placed);
		expect(largestErrorMs(placed)).toBeLessThan(OUTLIER_MS);
		expect(clock.discontinuities).toBeLessThanOrEqual(1);
	});

	it("S43: a clock that jumps, is set back or starts at 0 again is one discontinuity, and time goes on (quirk 102)", () => {
		for (const offMs of [37_600_000, -9_800_000, -20_004_000, 3000, -3000, 700, -700, 600, -560]) {
			const clock = video();
			const placed = place(clock, camera(500, { stampMs: (ms) => ms + 20_000_000 + (ms < 8000 ? 0 : offMs) }));
			expect(clock.discontinuities).toBe(1);
			expectNotFalling(placed);
			expect(largestErrorMs(placed)).toBeLessThan(1);
		}
	});

	it("S43: equal timestamps are one time, and falling ones never fall (quirks 101, 102)", () => {
		const clock = video();
		const first = clock.mediaMs(9000, START_MS);
		expect(clock.mediaMs(9000, START_MS + 5)).toBe(first);
		expect(clock.mediaMs(9000 + 7200, START_MS + 80)).toBe(first + 80);
		expect(clock.mediaMs(9000 + 3600, START_MS + 85)).toBe(first + 80);
		expect(clock.mediaMs(9000 + 10_800, START_MS + 120)).toBe(first + 120);
		expect(clock.discontinuities).toBe(0);
	});

	it("S45: after a start burst of a 2 s GOP the time line is live at once, and rises throughout (quirk 106)", () => {
		const clock = video();
		const placed = place(clock, camera(200, { delayMs: (ms) => (ms < 2000 ? 2000 - ms + ms / 100 : 0) }));
		expectNotFalling(placed);
		const live = placed.filter(({ takenMs }) => takenMs > 2100);
		for (const { mediaMs, arrivalMs } of live) expect(arrivalMs - mediaMs).toBeLessThan(SLEW_ABOVE_MS);
		expect(largestStepErrorMs(live)).toBeLessThan(0.1);
		expect(clock.discontinuities).toBe(0);
	});

	it("S45: a burst at one picture per second is no clock that jumps (quirk 106)", () => {
		const clock = video();
		const placed = place(clock, camera(10, { intervalMs: 1000, delayMs: (ms) => (ms < 4000 ? 4000 - ms : 0) }));
		expect(clock.discontinuities).toBe(0);
		expect(largestErrorMs(placed.slice(4))).toBeLessThan(1);
	});

	it("a link that stalls for 3 s and then drains does not move the time line (quirk 90)", () => {
		const clock = video();
		const placed = place(
			clock,
			camera(1000, { delayMs: (ms) => (ms >= 10_000 && ms < 14_000 ? (14_000 - ms) * 0.75 : 0) }),
		);
		expect(clock.discontinuities).toBe(0);
		expect(largestErrorMs(placed)).toBeLessThan(0.1);
	});

	it("a link that stalls for longer than 5 s is anchored anew, and is live again when it has drained", () => {
		const clock = video();
		const placed = place(clock, camera(1000, { delayMs: (ms) => (ms >= 10_000 && ms < 17_000 ? 17_000 - ms : 0) }));
		expect(clock.discontinuities).toBeGreaterThan(0);
		expectNotFalling(placed);
		expect(largestErrorMs(placed.filter(({ takenMs }) => takenMs > 20_000))).toBeLessThan(MAX_ERROR_MS);
	});

	it("S43: a way that has become longer by less than 500 ms is followed without a step (quirk 103)", () => {
		for (const laterMs of [200, 450, -200]) {
			const clock = video();
			const placed = place(clock, camera(13_000, { delayMs: (ms) => (ms < 20_000 ? 250 : 250 + laterMs) }));
			expect(largestStepErrorMs(placed)).toBeLessThanOrEqual(40 * MAX_SLEW + 0.02);
			expect(largestErrorMs(placed.slice(-100), 250 + laterMs)).toBeLessThan(SLEW_ABOVE_MS);
			expect(clock.discontinuities).toBe(0);
		}
	});

	it("S43: arrival that is later by 500 ms to 5 s for 10 s is a discontinuity, not sooner (quirk 103)", () => {
		const clock = video();
		const laterAtMs = 20_000;
		const placed = place(clock, camera(1500, { delayMs: (ms) => (ms < laterAtMs ? 0 : 1500) }));
		expect(clock.discontinuities).toBe(1);
		const before = START_MS + laterAtMs + DELAY_WINDOW_MS - 1000;
		expect(largestErrorMs(placed.filter(({ arrivalMs }) => arrivalMs < before))).toBeLessThan(1);
		expect(largestErrorMs(placed.slice(-100), 1500)).toBeLessThan(SLEW_ABOVE_MS);
	});

	it("S43: a clock that stands still or counts at another rate than declared gives way to arrival (quirk 103)", () => {
		for (const rate of [0, 0.5, 0.9, 0.97, 1.03, 1.1, 2, 11.25]) {
			const clock = video();
			const placed = place(clock, camera(6000, { stampMs: (ms) => ms * rate }));
			expectNotFalling(placed);
			expect(clock.discontinuities).toBe(RUNAWAY_ANCHORS);
			expect(largestErrorMs(placed.filter(({ takenMs }) => takenMs > 2 * RUNAWAY_MS))).toBeLessThan(1);
		}
	});

	it("S43: a clock that was set three times in a minute is used again after ten minutes (quirk 102)", () => {
		const random = noise(5);
		const clock = video();
		const stampMs = (ms: number): number => ms + Math.min(3, Math.floor(ms / 10_000)) * 60_000;
		const placed = place(clock, camera(25 * 800, { stampMs, delayMs: () => random() * 30 }));
		expect(clock.discontinuities).toBe(RUNAWAY_ANCHORS);
		expect(largestErrorMs(placed)).toBeLessThan(31);
		const again = placed.filter(({ takenMs }) => takenMs > 30_000 + BY_ARRIVAL_MS + 5000);
		expect(largestStepErrorMs(again)).toBeLessThan(0.1);
	});

	it("anchors audio that is more than 200 ms off anew, and video not (quirk 105)", () => {
		const units = camera(500, { stampMs: (ms) => ms + 10_000 - (ms < 8000 ? 0 : 300) });
		const audio = new MediaClock({ type: "audio", clockRateHz: 90_000 });
		expect(largestErrorMs(place(audio, units))).toBeLessThan(1);
		expect(audio.discontinuities).toBe(1);
		const clock = video();
		expectNotFalling(place(clock, units));
		expect(clock.discontinuities).toBe(0);
	});

	it("says where a timestamp near the newest one stands, and no other", () => {
		const clock = video();
		expect(clock.placeOf(0)).toBeUndefined();
		place(clock, camera(100, { stampMs: (ms) => ms + 1000 }));
		expect(clock.placeOf(timestamp(1000 + 4100))).toBeCloseTo(START_MS + 4100, 5);
		expect(clock.placeOf(timestamp(1000 + 60_000))).toBeUndefined();
	});

	it("aligns by and by when little is wrong, and at once when much is", () => {
		const clock = video();
		const units = camera(1000);
		place(clock, units.slice(0, 100));
		clock.align(150);
		const placed = place(clock, units.slice(100, 500));
		expect(largestStepErrorMs(placed)).toBeLessThan(0.5);
		expect(largestErrorMs(placed.slice(-1), 150)).toBeLessThan(0.1);
		clock.align(500);
		expect(largestErrorMs(place(clock, units.slice(500)), 500)).toBeLessThan(0.1);
	});

	it("whatever a camera stamps and whenever it comes: never falls, never far from arrival", () => {
		const step = fc.record({
			stamp: fc.oneof(
				fc.nat(0xffffffff).map((value) => ({ jump: true, value })),
				fc.integer({ min: -60_000, max: 200_000 }).map((value) => ({ jump: false, value })),
			),
			elapsedMs: fc.oneof(fc.nat(100), fc.nat(20_000)),
		});
		fc.assert(
			fc.property(fc.constantFrom<"video" | "audio">("video", "audio"), fc.array(step), (type, steps) => {
				const clock = new MediaClock({ type, clockRateHz: 90_000 });
				let nowMs = START_MS;
				let stamped = 0;
				let lastMs = 0;
				for (const { stamp, elapsedMs } of steps) {
					nowMs += elapsedMs;
					stamped = (stamp.jump ? stamp.value : stamped + stamp.value) >>> 0;
					const mediaMs = clock.mediaMs(stamped, nowMs);
					expect(mediaMs).toBeGreaterThanOrEqual(lastMs);
					expect(Math.abs(mediaMs - nowMs)).toBeLessThan(2 * OUTLIER_MS);
					lastMs = mediaMs;
				}
				expect(clock.discontinuities).toBeLessThanOrEqual(steps.length);
			}),
		);
	});
});
