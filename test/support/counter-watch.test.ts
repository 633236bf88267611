import { expect, test } from "vitest";
import { type CounterNote, judgeCounters } from "./counter-watch.ts";

const notes = (camera: string, ...seen: readonly (readonly [number, number])[]): CounterNote[] =>
	seen.map(([atMs, counter]) => ({ camera, atMs, counter }));

test("pauses and steps back are told of each tile, and the end of the loop is neither", () => {
	const all = [
		...notes("cam1", [0, 57], [100, 59], [200, 0], [300, 2]),
		...notes("cam2", [0, 10], [700, 12], [800, 9], [900, 14]),
	];
	expect(judgeCounters(all, 1_000, 60)).toEqual([
		{ camera: "cam1", pictures: 4, longestPauseMs: 700, stepsBack: 0 },
		{ camera: "cam2", pictures: 4, longestPauseMs: 700, stepsBack: 1 },
	]);
});
