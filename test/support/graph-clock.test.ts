import { expect, test } from "vitest";
import { type ClockMessage, pageTimeOf } from "./graph-clock.ts";

/** Ten seconds of messages; each takes up to a tenth of a second, and one of five none. */
function messages(stoodStillMs: (graphMs: number) => number): ClockMessage[] {
	return Array.from({ length: 230 }, (_, index) => {
		const graphMs = index * 43;
		return { graphMs, pageMs: 5000 + graphMs + stoodStillMs(graphMs) + (index % 5) * 25 };
	});
}

test("what messages take at best is left out", () => {
	expect(
		pageTimeOf(
			4000,
			messages(() => 0),
		),
	).toBe(9000);
});

test("a clock that stood still long ago counts from then on", () => {
	expect(
		pageTimeOf(
			7000,
			messages((graphMs) => (graphMs > 3000 ? 400 : 0)),
		),
	).toBe(12_400);
});

test("soon after a stand of the clock nothing is told", () => {
	for (const stoodAtMs of [2200, 3500, 3950]) {
		expect(
			pageTimeOf(
				4000,
				messages((graphMs) => (graphMs > stoodAtMs ? 400 : 0)),
			),
		).toBeUndefined();
	}
});

test("at the ends of what was heard nothing is told", () => {
	expect(
		pageTimeOf(
			100,
			messages(() => 0),
		),
	).toBeUndefined();
	expect(
		pageTimeOf(
			9800,
			messages(() => 0),
		),
	).toBeUndefined();
	expect(pageTimeOf(4000, [])).toBeUndefined();
});
