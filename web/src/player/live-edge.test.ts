import fc from "fast-check";
import { expect, test } from "vitest";
import { LEAST_TARGET, LiveEdge, MOST_TARGET, type Ranges } from "./live-edge.ts";

/** One range after the other, as `TimeRanges` tells them. */
class FakeRanges implements Ranges {
	readonly list: [start: number, end: number][] = [];
	get length(): number {
		return this.list.length;
	}
	start(index: number): number {
		return this.list[index]?.[0] ?? 0;
	}
	end(index: number): number {
		return this.list[index]?.[1] ?? 0;
	}
}

interface Scenario {
	readonly seconds: number;
	/** Media seconds in a second of the page. */
	readonly speed?: number;
	readonly fps?: number;
	/** How late picture `k`, due at `dueMs`, arrives. They arrive in order all the same. */
	readonly delayMs?: (k: number, dueMs: number) => number;
	/** Pictures that never come. */
	readonly missing?: (mediaSeconds: number) => boolean;
	readonly hidden?: (nowMs: number) => boolean;
	/** The cached pictures before the first live one, in seconds. */
	readonly cached?: number;
}

/** A second of the outcome, from its `from`-th. */
interface Outcome {
	readonly rateChanges: number[];
	readonly seeks: { readonly atMs: number; readonly bySeconds: number }[];
	readonly stalledMs: { readonly atMs: number; readonly forMs: number }[];
	/** Behind the picture that is just taken, in seconds, every 100 ms. */
	readonly latency: { readonly atMs: number; readonly seconds: number }[];
	readonly targets: number[];
}

const FIRST_TIME = 5000;
const STEP_MS = 10;
/** A decoder starts and goes on with this much ahead, in seconds. */
const DECODER_NEEDS = 0.05;

/** Plays as a browser does: on at the wanted rate while there is something ahead, and it stands at the end and at holes. */
function play(scenario: Scenario): Outcome {
	const { seconds, speed = 1, fps = 15, delayMs = () => 0, missing = () => false, hidden = () => false } = scenario;
	const edge = new LiveEdge();
	const ranges = new FakeRanges();
	const outcome: Outcome = { rateChanges: [], seeks: [], stalledMs: [], latency: [], targets: [] };
	let currentTime = 0;
	let rate = 1;
	let stalledSince: number | undefined;
	let k = -Math.round((scenario.cached ?? 0) * fps);
	let latestMs = 0;
	for (let nowMs = 0; nowMs < seconds * 1000; nowMs += STEP_MS) {
		let arrived = false;
		for (;;) {
			const dueMs = (k / fps / speed) * 1000;
			latestMs = Math.max(latestMs, dueMs + delayMs(k, dueMs), 0);
			if (latestMs > nowMs) break;
			const at = FIRST_TIME + k / fps;
			if (!missing(k / fps)) {
				const last = ranges.list.at(-1);
				if (last && Math.abs(last[1] - at) < 0.01) last[1] = at + 1 / fps;
				else ranges.list.push([at, at + 1 / fps]);
				arrived = true;
			}
			k++;
		}
		const isHidden = hidden(nowMs);
		const range = ranges.list.find(([start, end]) => currentTime >= start && currentTime < end);
		const ahead = range ? range[1] - currentTime : 0;
		const plays = !isHidden && (stalledSince === undefined ? ahead > STEP_MS / 1000 : ahead > DECODER_NEEDS);
		if (plays) {
			currentTime += (rate * STEP_MS) / 1000;
			if (stalledSince !== undefined && ranges.length > 0) {
				outcome.stalledMs.push({ atMs: stalledSince, forMs: nowMs - stalledSince });
			}
			stalledSince = undefined;
		} else if (!isHidden) stalledSince ??= nowMs;
		if (arrived) edge.arrived(ranges, nowMs);
		if (arrived || nowMs % 500 === 0) {
			const correction = edge.correct({ nowMs, currentTime, buffered: ranges, seeking: false, hidden: isHidden });
			if (correction.rate !== rate) outcome.rateChanges.push(nowMs);
			rate = correction.rate;
			if (correction.seekTo !== undefined) {
				outcome.seeks.push({ atMs: nowMs, bySeconds: correction.seekTo - currentTime });
				currentTime = correction.seekTo;
			}
		}
		if (nowMs % 100 === 0) {
			outcome.latency.push({ atMs: nowMs, seconds: FIRST_TIME + (nowMs / 1000) * speed - currentTime });
			outcome.targets.push(edge.target);
		}
	}
	return outcome;
}

function worst(outcome: Outcome, fromSeconds: number, toSeconds = Infinity): number {
	return Math.max(...within(outcome, fromSeconds, toSeconds));
}

function within(outcome: Outcome, fromSeconds: number, toSeconds = Infinity): number[] {
	return outcome.latency
		.filter(({ atMs }) => atMs >= fromSeconds * 1000 && atMs < toSeconds * 1000)
		.map(({ seconds }) => seconds);
}

function after<T extends { readonly atMs: number }>(list: readonly T[], fromSeconds: number): T[] {
	return list.filter(({ atMs }) => atMs >= fromSeconds * 1000);
}

/** The same "random" number for the same picture, between 0 and 1. */
const chance = (k: number) => Math.abs(Math.sin(k * 12.9898) * 43758.5453) % 1;

test("cached pictures are left behind at once, and then nothing is corrected any more", () => {
	const outcome = play({ seconds: 60, cached: 2 });
	expect(outcome.seeks.filter(({ atMs }) => atMs > 0).length).toBeLessThanOrEqual(1);
	expect(worst(outcome, 1)).toBeLessThan(0.25);
	expect(outcome.rateChanges.filter((atMs) => atMs > 3000)).toEqual([]);
	expect(after(outcome.stalledMs, 1)).toEqual([]);
});

test.each([1.01, 0.99, 1.0002])(
	"a camera whose clock runs at %s neither drifts away nor makes playback flap",
	(speed) => {
		const outcome = play({ seconds: 600, speed, cached: 1 });
		expect(worst(outcome, 5)).toBeLessThan(0.45);
		expect(after(outcome.seeks, 1)).toEqual([]);
		expect(after(outcome.stalledMs, 10)).toEqual([]);
		// At 1 % the tolerance is used up every two seconds.
		expect(outcome.rateChanges.length / 600).toBeLessThan(1);
	},
);

test("with pictures that come up to 400 ms late the target grows until nothing stalls", () => {
	const outcome = play({ seconds: 120, delayMs: (k) => 400 * chance(k) });
	expect(after(outcome.stalledMs, 20)).toEqual([]);
	expect(after(outcome.seeks, 3)).toEqual([]);
	expect(worst(outcome, 20)).toBeLessThan(0.8);
});

test("after the jitter it comes back slowly to the least latency", () => {
	const outcome = play({ seconds: 120, delayMs: (k, dueMs) => (dueMs < 30_000 ? 400 * chance(k) : 0) });
	expect(outcome.targets.at(290)).toBeGreaterThan(0.4);
	expect(outcome.targets.at(-1)).toBeCloseTo(LEAST_TARGET, 2);
	expect(worst(outcome, 90)).toBeLessThan(0.26);
	expect(after(outcome.seeks, 3)).toEqual([]);
});

test("one pause of a second is caught up without a jump, and the target does not grow for it", () => {
	const pause = (dueMs: number) => (dueMs >= 20_000 && dueMs < 21_000 ? 21_000 - dueMs : 0);
	const outcome = play({ seconds: 60, delayMs: (_, dueMs) => pause(dueMs) });
	expect(after(outcome.stalledMs, 3)).toHaveLength(1);
	expect(after(outcome.seeks, 3)).toEqual([]);
	expect(worst(outcome, 31)).toBeLessThan(0.3);
	expect(Math.max(...outcome.targets)).toBeCloseTo(LEAST_TARGET, 2);
});

test("pauses that come back are covered by the target", () => {
	const pause = (dueMs: number) => (dueMs % 3000 < 600 ? 600 - (dueMs % 3000) : 0);
	const outcome = play({ seconds: 120, delayMs: (_, dueMs) => pause(dueMs) });
	expect(after(outcome.stalledMs, 30)).toEqual([]);
	expect(worst(outcome, 30)).toBeLessThan(1);
});

test("after an outage of 20 s it jumps to the live edge", () => {
	const pause = (dueMs: number) => (dueMs >= 20_000 && dueMs < 40_000 ? 40_000 - dueMs : 0);
	const outcome = play({ seconds: 90, delayMs: (_, dueMs) => pause(dueMs) });
	const jumps = after(outcome.seeks, 3);
	expect(jumps.length).toBeGreaterThanOrEqual(1);
	expect(jumps.length).toBeLessThanOrEqual(2);
	expect(worst(outcome, 42)).toBeLessThan(1.3);
	expect(worst(outcome, 80)).toBeLessThan(0.3);
});

test("pictures that never came are jumped over when it is time for those after them", () => {
	const outcome = play({ seconds: 40, missing: (at) => at >= 20 && at < 23 });
	expect(after(outcome.seeks, 3)).toHaveLength(1);
	expect(within(outcome, 30).every((seconds) => seconds > 0.1 && seconds < 0.3)).toBe(true);
});

test("in a hidden page only the buffer is bounded, and on return it jumps to the live edge", () => {
	const outcome = play({ seconds: 120, hidden: (nowMs) => nowMs > 20_000 && nowMs < 80_000 });
	const seeks = after(outcome.seeks, 3);
	expect(seeks.filter(({ atMs }) => atMs < 80_000).length).toBeLessThanOrEqual(6);
	expect(worst(outcome, 20, 80)).toBeLessThan(11.5);
	expect(worst(outcome, 81)).toBeLessThan(1.3);
	expect(worst(outcome, 100)).toBeLessThan(0.3);
});

test("one picture a second plays without a stall", () => {
	const outcome = play({ seconds: 120, fps: 1 });
	expect(after(outcome.stalledMs, 30)).toEqual([]);
	expect(after(outcome.seeks, 10)).toEqual([]);
});

test("where nothing was buffered nothing is done", () => {
	const buffered = new FakeRanges();
	const playback = { nowMs: 5, currentTime: 0, buffered, seeking: false, hidden: false };
	const edge = new LiveEdge();
	edge.arrived(buffered, 5);
	expect(edge.correct(playback)).toEqual({ rate: 1, seekTo: undefined });
	expect(edge.behind(0, 5)).toBeUndefined();
});

test("whatever the network does, the latency is bounded, seeks are rare and rates do not flap", () => {
	fc.assert(
		fc.property(
			fc.record({
				fps: fc.constantFrom(5, 15, 25),
				speed: fc.double({ min: 0.99, max: 1.01, noNaN: true }),
				jitterMs: fc.integer({ min: 0, max: 800 }),
				pauseEveryMs: fc.integer({ min: 2000, max: 20_000 }),
				pauseMs: fc.integer({ min: 0, max: 1500 }),
			}),
			({ fps, speed, jitterMs, pauseEveryMs, pauseMs }) => {
				const outcome = play({
					seconds: 120,
					fps,
					speed,
					delayMs: (k, dueMs) => {
						const sincePauseMs = ((dueMs % pauseEveryMs) + pauseEveryMs) % pauseEveryMs;
						return jitterMs * chance(k) + Math.max(0, pauseMs - sincePauseMs);
					},
				});
				// What it aims at, what it lets be, and what just came late.
				expect(worst(outcome, 10)).toBeLessThan(MOST_TARGET + 1 + 0.8 + 1.5);
				expect(Math.max(...outcome.targets)).toBeLessThanOrEqual(MOST_TARGET);
				// Pictures later than the target can become, and a second more, are jumped over again and again.
				expect(after(outcome.seeks, 10).length).toBeLessThan(jitterMs + pauseMs < 1000 ? 1 : 40);
				expect(outcome.rateChanges.length).toBeLessThan(150);
				for (const { bySeconds } of after(outcome.seeks, 3)) expect(bySeconds).toBeGreaterThan(0);
			},
		),
		{ numRuns: 60 },
	);
});
