import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FakeClock } from "../testing/fake-clock.ts";
import { createTranslate } from "../i18n/index.ts";
import type { TileView } from "../wall/wall-tile.ts";
import { TOGETHER_MS } from "./announcer.ts";
import { WallStore } from "./store.ts";

let clock: FakeClock;
let store: WallStore;
let reloads: string[];
let screen: { fullscreenEnabled: boolean; fullscreenElement: object | null; refuses: boolean };
const view = (name: string, kind: "live" | "offline"): TileView => ({
	name,
	state: kind === "live" ? { kind } : { kind, ageMs: 1, reason: undefined, retryInMs: undefined, trying: false },
	stream: "sub",
	aspect: 16 / 9,
	width: 640,
	height: 360,
	mainComing: false,
	mainRefused: undefined,
	rung: "webrtc" as const,
	rungReason: "best" as const,
	refusal: undefined,
	stillProblem: undefined,
	route: "pass",
	hasSound: false,
});

beforeEach(() => {
	clock = new FakeClock();
	reloads = [];
	screen = { fullscreenEnabled: true, fullscreenElement: null, refuses: false };
	const change = (element: object | null) => {
		if (screen.refuses) return Promise.reject(new TypeError("refused"));
		screen.fullscreenElement = element;
		return Promise.resolve();
	};
	vi.stubGlobal(
		"document",
		Object.assign(screen, {
			documentElement: { requestFullscreen: () => change({}) },
			exitFullscreen: () => change(null),
		}),
	);
	store = new WallStore({
		clock,
		translate: createTranslate("en"),
		reloader: { outdated: () => reloads.push("outdated"), upToDate: () => reloads.push("up to date") },
	});
	for (const id of ["cam1", "cam2"]) store.tile(id, view(id, "live"));
	store.order(["cam1", "cam2"]);
});

afterEach(() => vi.unstubAllGlobals());

describe("full screen", () => {
	test("is entered and left", async () => {
		await store.toggleFullScreen();
		expect([store.fullScreen.value, screen.fullscreenElement]).toEqual([true, {}]);
		await store.toggleFullScreen();
		expect([store.fullScreen.value, screen.fullscreenElement]).toEqual([false, null]);
	});

	test.each([
		["refused", { refuses: true }],
		["missing", { fullscreenEnabled: false }],
	])("that is %s fills the window, and can be left", async (_, state) => {
		Object.assign(screen, state);
		await store.toggleFullScreen();
		expect(store.fullScreen.value).toBe(true);
		await store.toggleFullScreen();
		expect(store.fullScreen.value).toBe(false);
	});

	test("that the browser left is left", async () => {
		await store.toggleFullScreen();
		screen.fullscreenElement = null;
		store.followFullScreen();
		expect(store.fullScreen.value).toBe(false);
	});
});

describe("a camera that is gone", () => {
	test("takes its menu and its enlargement with it", () => {
		store.enlarge("cam2");
		store.menu.value = { id: "cam2", x: 0, y: 0 };
		store.order(["cam1"]);
		expect([store.menu.value, store.enlarged.value, store.focused.value]).toEqual([undefined, undefined, "cam1"]);
	});

	test("is not enlarged", () => {
		store.enlarge("cam9");
		expect(store.enlarged.value).toBeUndefined();
	});
});

test("a codec that is missing can come back", () => {
	store.playable(false);
	expect(store.codecMissing.value).toBe(true);
	store.playable(true);
	expect(store.codecMissing.value).toBe(false);
});

test("what happens at a time is announced together", () => {
	store.tile("cam1", view("Door", "offline"));
	clock.advance(TOGETHER_MS);
	store.tile("cam1", view("Door", "live"));
	store.tile("cam2", view("Yard", "offline"));
	clock.advance(TOGETHER_MS);
	expect(store.announcement.value).toBe("Yard: Offline. Door: Live");
});

test("the demo notice is put away for this page only, and the wall still says that it is one", () => {
	store.welcome({ demo: true });
	store.dismissDemo();
	expect([store.demo.value, store.demoDismissed.value]).toEqual([true, true]);
});

test("an outdated page is reloaded, and told when it is up to date", () => {
	store.link({ kind: "outdated" });
	store.link({ kind: "open" });
	expect(reloads).toEqual(["outdated", "up to date"]);
});
