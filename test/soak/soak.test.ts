import { describe, expect, it } from "vitest";
import { Random } from "../fuzz/random.ts";
import { FAULT_KINDS, type FaultName, pickCameras, pickKind, runFault } from "./faults.ts";
import type { CameraAction } from "./ipc.ts";
import { RecoveryWatch } from "./recovery.ts";
import { reportOf, type SoakFacts } from "./report.ts";
import { trendOf } from "./statistics.ts";

describe("a recovery", () => {
	it("takes from the moment the camera is well until it is live and received", () => {
		const watch = new RecoveryWatch(2);
		watch.noteState(1, true, 100);
		watch.begin([1], "power");
		watch.noteState(1, false, 1000);
		watch.well([1], 5000);
		watch.notePackets(1, 5500, 5900);
		expect(watch.pending).toEqual([{ camera: 1, kind: "power" }]);
		watch.noteState(1, true, 6200);
		watch.notePackets(1, 6300, 6400);
		expect(watch.done).toEqual([{ camera: 1, kind: "power", tookMs: 1300 }]);
		expect(watch.pending).toEqual([]);
	});

	it("is not proven by packets from before, and takes no time where nobody noticed anything", () => {
		const watch = new RecoveryWatch(1);
		watch.noteState(1, true, 100);
		watch.begin([1], "frozen");
		watch.well([1], 5000);
		watch.notePackets(1, 4900, 5000);
		expect(watch.done).toEqual([]);
		watch.notePackets(1, 4900, 5010);
		expect(watch.done).toMatchObject([{ tookMs: 10 }]);
	});

	it("of a connection that was lost unsaid begins with its being noticed", () => {
		const watch = new RecoveryWatch(1);
		watch.noteState(1, true, 100);
		watch.begin([1], "abandoned");
		watch.well([1], 5000);
		watch.notePackets(1, 5001, 5002);
		watch.noteState(1, false, 7000);
		watch.noteState(1, true, 9000);
		watch.notePackets(1, 9001, 9002);
		expect(watch.done).toMatchObject([{ tookMs: 4001 }]);
	});

	it("makes a camera calm some time later", () => {
		const watch = new RecoveryWatch(2);
		for (const camera of [1, 2]) watch.noteState(camera, true, 100);
		watch.begin([1], "power");
		expect(watch.calm(0, 200)).toEqual([2]);
		watch.well([1], 300);
		watch.notePackets(1, 400, 400);
		expect(watch.calm(1000, 1300)).toEqual([2]);
		expect(watch.calm(1000, 1400)).toEqual([1, 2]);
	});
});

describe("a fault", () => {
	const names = Object.keys(FAULT_KINDS) as FaultName[];

	it.each(names)(
		"leaves the cameras well: %s",
		async (name) => {
			const orders: CameraAction[] = [];
			const wellAtMs = await runFault({
				name,
				cameras: [1],
				random: new Random("fault"),
				rightPassword: "right",
				order: async (_cameras, action) => orders.push(action),
				sleep: async () => {},
			});
			expect(wellAtMs).toBe(orders.length);
			const last = orders.at(-1);
			if (name === "password") expect(last).toEqual({ act: "change-password", password: "right" });
			else expect(last?.act).toBe(name === "abandoned" ? "abandon-connections" : "start");
		},
		60_000,
	);

	it("is of every kind in the long run, and the same for the same seed", () => {
		const random = new Random("kinds");
		const picked = Array.from({ length: 500 }, () => pickKind(random, () => true));
		expect(new Set(picked)).toEqual(new Set(names));
		const again = new Random("kinds");
		expect(Array.from({ length: 500 }, () => pickKind(again, () => true))).toEqual(picked);
		expect(pickKind(random, () => false)).toBeUndefined();
	});

	it("hits those that it can hit", () => {
		const well = [1, 2, 3, 4, 5, 6, 7, 8];
		const random = new Random("cameras");
		expect(pickCameras(random, "restart", well, 4)).toEqual(expect.arrayContaining([1, 2, 3, 4]));
		expect(pickCameras(random, "powerCut", well, 4)).toHaveLength(4);
		for (let round = 0; round < 20; round++) expect(pickCameras(random, "password", well, 4)[0]).toBeGreaterThan(4);
		expect(pickCameras(random, "power", [], 4)).toEqual([]);
	});
});

describe("a trend", () => {
	it("is found in noise, with an error that covers it", () => {
		const random = new Random("noise");
		const points = Array.from({ length: 400 }, (_, at) => [at / 100, 200 + at / 20 + random.between(-3, 3)] as const);
		const { slope = 0, standardError = 0 } = trendOf(points) ?? {};
		expect(Math.abs(slope - 5)).toBeLessThan(3 * standardError);
		expect(standardError).toBeLessThan(0.5);
	});

	it("has a larger error where values hang on to those before them", () => {
		const random = new Random("walk");
		let level = 0;
		const points = Array.from({ length: 400 }, (_, at) => {
			level = 0.95 * level + random.between(-1, 1);
			return [at / 100, level] as const;
		});
		const independent = points.map(([, y], at) => [((at * 149) % 400) / 100, y] as const).sort(([a], [b]) => a - b);
		expect(trendOf(points)?.standardError).toBeGreaterThan(2 * (trendOf(independent)?.standardError ?? 0));
	});

	it("needs three points", () => {
		expect(
			trendOf([
				[0, 1],
				[1, 2],
			]),
		).toBeUndefined();
	});
});

describe("the report", () => {
	const facts: SoakFacts = {
		seed: "1",
		interrupted: false,
		minutes: 30,
		cameras: 64,
		viewers: 3,
		tiles: 64,
		faults: new Map([["power", 2]]),
		recoveries: [
			{ camera: 1, kind: "power", tookMs: 1000 },
			{ camera: 2, kind: "power", tookMs: 2000 },
			{ camera: 3, kind: "password", tookMs: 70_000 },
		],
		samples: Array.from({ length: 90 }, (_, at) => ({ atHours: at / 180, megabytes: 200 + (at % 7), openFiles: 90 })),
		processorPercent: { server: 30, cameras: 7, viewers: 34 },
		machinePercent: 50,
		load: [1, 1, 1],
		resources: [10, 10],
		packets: 1000,
		viewerReconnects: 0,
		viewersEnded: 0,
		notLive: [],
		notReceived: [],
		secretsSeen: [],
		mistakes: [],
	};

	it("holds where everything holds: what is told apart is not held against the limit", () => {
		expect(reportOf(facts)).toMatchObject({ holds: true, text: expect.not.stringContaining("FAIL") });
	});

	it.each<[string, Partial<SoakFacts>]>([
		["recoveries are slow", { recoveries: [{ camera: 1, kind: "halfOpen", tookMs: 3001 }] }],
		["a camera stays away", { notLive: ["cam7 waiting no-route"] }],
		["nobody receives a camera", { notReceived: [7] }],
		["a viewer ended", { viewersEnded: 1 }],
		["a credential was seen", { secretsSeen: [3] }],
		["the server made a mistake", { mistakes: ["internal error"] }],
		["memory grows", { samples: facts.samples.map((sample, at) => ({ ...sample, megabytes: 200 + at })) }],
	])("does not hold when %s", (_what, change) => {
		expect(reportOf({ ...facts, ...change }).holds).toBe(false);
	});
});
