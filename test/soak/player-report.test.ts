import { expect, test } from "vitest";
import type { PageSample } from "./player-page.ts";
import { type PlayersFacts, type PlayersSample, reportOfPlayers } from "./player-report.ts";

interface Change {
	readonly minutes?: number;
	readonly server?: (hours: number) => number;
	readonly latency?: (hours: number) => number;
	readonly page?: Partial<PageSample>;
	readonly tile?: Partial<PageSample["tiles"][number]>;
	readonly facts?: Partial<PlayersFacts>;
}

/** Two tiles on each of two pages, every ten seconds. */
function factsWith({ minutes = 60, server = () => 200, latency = () => 0, page = {}, tile = {}, facts = {} }: Change) {
	const samples = Array.from({ length: minutes * 6 + 1 }, (_, at): PlayersSample => {
		const atHours = at / 360;
		const pageOn = (rung: string, latencyMs: number): PageSample => ({
			heapMegabytes: 3 + (at % 5),
			collectedMegabytes: at % 6 === 0 ? 3 + (at % 4) / 10 : undefined,
			nodes: 700,
			browserMegabytes: 500 + (at % 9),
			tiles: ["cam1", "cam2"].map((camera) => ({
				camera,
				state: "live",
				rung,
				pictures: 150,
				pauses: 0,
				longestPauseMs: 80,
				seeks: 0,
				bufferedSeconds: 12,
				latencyMs: latencyMs + (at % 7) + latency(atHours),
				...tile,
			})),
			...page,
		});
		const pages = [pageOn("mse", 150), pageOn("hls", 900)];
		return { atHours, serverMegabytes: server(atHours) + (at % 3), hlsMegabytes: 9, hlsTracks: 4, pages };
	});
	return {
		interrupted: false,
		tiles: 2,
		rungs: ["mse", "hls"],
		hlsOver: "HTTP/2",
		samples,
		serverPercent: 5,
		machinePercent: 40,
		load: [1, 1, 1],
		resources: [30, 30],
		mistakes: [],
		...facts,
	} satisfies PlayersFacts;
}

test("it holds where nothing grows, drifts or pauses", () => {
	expect(reportOfPlayers(factsWith({}))).toMatchObject({ holds: true, text: expect.not.stringContaining("told") });
});

test("it holds where playback comes nearer, as on a machine that gets quieter", () => {
	expect(reportOfPlayers(factsWith({ latency: (hours) => 60 - 50 * hours })).holds).toBe(true);
});

test.each<[string, Change]>([
	["the server grows", { server: (hours) => 200 + 30 * hours }],
	["a page's heap was never measured after a collection", { page: { collectedMegabytes: undefined } }],
	["playback falls behind", { latency: (hours) => 200 * hours }],
	["the latency is over the budget", { latency: () => 700 }],
	["a tile keeps too much", { tile: { bufferedSeconds: 31 } }],
	["pictures pause", { tile: { pauses: 1 } }],
	["a tile is on another rung", { tile: { rung: "still" } }],
	["a tile is not live", { tile: { state: "stalled" } }],
	["tiles are missing", { page: { tiles: [] } }],
	[
		"the server keeps too much",
		{ facts: { samples: [{ ...(factsWith({}).samples[0] as PlayersSample), hlsMegabytes: 70 }] } },
	],
	["the server made a mistake", { facts: { mistakes: ["internal error"] } }],
])("it does not hold where %s", (_what, change) => {
	expect(reportOfPlayers(factsWith(change)).holds).toBe(false);
});

test("slopes of a short run are told and not judged", () => {
	const { holds, text } = reportOfPlayers(factsWith({ minutes: 10, server: (hours) => 200 + 300 * hours }));
	expect([holds, text]).toEqual([true, expect.stringContaining("told  server memory grows by +")]);
});

test("times that a busy machine made are told and not judged", () => {
	const change = { latency: () => 5000, tile: { pauses: 1 }, facts: { machinePercent: 99 } };
	const { holds, text } = reportOfPlayers(factsWith(change));
	expect([holds, text]).toEqual([true, expect.stringContaining("SATURATED")]);
});
