import { expect, test } from "vitest";
import type { TilePicture } from "../support/browser.ts";
import { formatSummary, Observer } from "./observer.ts";

function tile(camera: number, counter: number | undefined, state = "live", rung = "mse"): TilePicture {
	const base = { camera: `cam${camera}`, state, fault: undefined, rung, width: 640, height: 360, blank: false };
	return counter === undefined ? base : { ...base, code: { camera, counter } };
}

test("a tile that stands and says live is told after three seconds, one that says frozen is not", () => {
	const observer = new Observer("mse", "cut", 2);
	expect(observer.look("before", [tile(1, 1), tile(2, 1)], 0).moving).toBe(0);
	expect(observer.look("before", [tile(1, 2), tile(2, 2)], 1_000).moving).toBe(2);
	for (let second = 2; second <= 4; second++) {
		const seen = observer.look("fault", [tile(1, 2), tile(2, 2, "frozen")], second * 1_000);
		expect(seen).toMatchObject({ moving: 0, unmarked: [] });
	}
	const late = observer.look("fault", [tile(1, undefined), tile(2, 2, "frozen")], 5_000);
	expect(late.unmarked).toEqual(["cam1"]);
	observer.look("after", [tile(1, 9), tile(2, 2)], 6_000);
	observer.look("after", [tile(1, 20), tile(2, 9)], 7_000);
	const summary = observer.summary();
	expect(summary).toMatchObject({
		movingShare: 0,
		stillSeconds: 4,
		recoveredS: 2,
		longestUnmarkedS: 1,
		rungsAtEnd: "mse 2",
	});
	expect(formatSummary([summary])).toContain("| mse  | cut       | 0 %");
});

test("changes of rung are counted within a minute, and the last one in the fault tells when the page settled", () => {
	const observer = new Observer("auto", "rate", 1);
	const seconds = { 0: "webrtc", 10: "webrtc", 14: "mse", 20: "still", 81: "mse" } as const;
	for (const [second, rung] of Object.entries(seconds)) {
		observer.look(second === "0" ? "before" : "fault", [tile(1, 1, "still", rung)], Number(second) * 1000);
	}
	expect(observer.summary()).toMatchObject({ mostMoves: 2, settledS: 71 });
});
