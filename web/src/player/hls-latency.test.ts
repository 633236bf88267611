import { expect, test } from "vitest";
import { BEGINNING_MS, CALM_MS, HlsLatency, type HlsPlayback, JUMP_PAUSE_MS, STALL_ADDS } from "./hls-latency.ts";

const TICK_MS = 500;
const PLAYING: HlsPlayback = {
	target: 0.6,
	least: 0.6,
	latency: 0.7,
	targetDuration: 2,
	currentTime: 100,
	livePosition: 100.1,
	bufferedTo: 100.5,
};

test("what stalls have added is taken back, a step for each time of calm, and no more", () => {
	const latency = new HlsLatency();
	let target = PLAYING.least + 2 * STALL_ADDS + 0.1;
	const steps: number[] = [];
	for (let nowMs = 0; nowMs < 5 * CALM_MS; nowMs += TICK_MS) {
		const correction = latency.update({ ...PLAYING, target }, nowMs);
		if (correction.target === undefined) continue;
		target = correction.target;
		steps.push(nowMs);
	}
	expect(steps).toEqual([CALM_MS, 2 * CALM_MS, 3 * CALM_MS]);
	expect(target).toBe(PLAYING.least);
});

test("a stall begins the calm anew", () => {
	const latency = new HlsLatency();
	latency.update({ ...PLAYING, target: 1 }, 0);
	latency.update({ ...PLAYING, target: 1.25 }, CALM_MS - TICK_MS);
	expect(latency.update({ ...PLAYING, target: 1.25 }, CALM_MS).target).toBeUndefined();
	expect(latency.update({ ...PLAYING, target: 1.25 }, 2 * CALM_MS - TICK_MS).target).toBe(1);
});

/** Has begun some time ago. */
function begun(): HlsLatency {
	const latency = new HlsLatency();
	latency.update(PLAYING, -BEGINNING_MS);
	return latency;
}

test("more than a target duration behind is jumped over though it must be loaded, and not again at once", () => {
	const latency = begun();
	const behind = { ...PLAYING, latency: 4, currentTime: 100, livePosition: 103, bufferedTo: 102 };
	expect(latency.update({ ...behind, latency: 2.5 }, 0).seekTo).toBeUndefined();
	expect(latency.update(behind, 500).seekTo).toBe(103);
	expect(latency.update(behind, 500 + JUMP_PAUSE_MS - 1).seekTo).toBeUndefined();
	expect(latency.update(behind, 500 + JUMP_PAUSE_MS).seekTo).toBe(103);
});

test("what is buffered is jumped over sooner, and soonest at the beginning", () => {
	const behind = { ...PLAYING, latency: 1.2, currentTime: 100, livePosition: 100.6, bufferedTo: 101 };
	expect(new HlsLatency().update(behind, 0).seekTo).toBe(100.6);
	expect(new HlsLatency().update({ ...behind, bufferedTo: 100.8 }, 0).seekTo).toBeUndefined();
	expect(begun().update(behind, 0).seekTo).toBeUndefined();
	expect(begun().update({ ...behind, latency: 1.7 }, 0).seekTo).toBe(100.6);
});

test("it never jumps back, and not before it knows where to", () => {
	const latency = begun();
	const behind = { ...PLAYING, latency: 4, currentTime: 100 };
	expect(latency.update({ ...behind, livePosition: 99 }, 0).seekTo).toBeUndefined();
	expect(latency.update({ ...behind, livePosition: undefined }, 500).seekTo).toBeUndefined();
	expect(latency.update({ ...behind, livePosition: 103 }, 1000).seekTo).toBe(103);
});
