import type { CameraStatus } from "@vigia/api";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { TileWant } from "../player/ladder.ts";
import { FIRST_RETRY_MS, FIRST_SLOW_RETRY_MS } from "../player/ladder-rung.ts";
import type { WhepFeedOptions } from "../player/whep-feed.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { type FakeElement, FakeFeed, installFakeDom } from "../testing/fake-dom.ts";
import type { SlotWish } from "./slots.ts";
import { WallTile } from "./wall-tile.ts";
import { FIRST_PICTURE_MS, MOST_BEGUN, WhepFeeds } from "./whep-feeds.ts";

const BEST: TileWant = { shown: "webrtc", preparing: undefined, reason: "best", refusal: undefined };
const GO2RTC = { name: "go2rtc", run: 1 } as const;
const status = (id: string, lastVideoMs = 30): CameraStatus => ({
	id,
	name: id,
	state: "live",
	since: "2026-01-01T00:00:00Z",
	streams: { sub: { state: "live", lastVideoMs, fps: 15 } },
});

let clock: FakeClock;
let whep: WhepFeeds;
let tiles: WallTile[];
let made: { readonly feed: FakeFeed; readonly camera: string; readonly options: Omit<WhepFeedOptions, "url"> }[];
let slots: Map<string, FakeFeed>;
let want: TileWant;
let loud: string | undefined;
let lastVideoMs: number;

const wishOf = ({ status: { id } }: WallTile): SlotWish => ({ slot: 0, camera: id, stream: "sub", role: "grid" });
const shownOf = (tile: WallTile) => tile.picture.layerOn("grid", "webrtc")?.feed;
const nextOf = (tile: WallTile) => tile.picture.next("grid")?.feed;
const plays = () => tiles.filter((tile) => whep.plays(wishOf(tile))).map(({ status: { id } }) => id);
const first = () => tiles[0] as WallTile;

/** As the wall does it at each tick. */
function follow(): void {
	whep.follow(tiles.map((tile) => ({ wish: wishOf(tile), want, tile, loud: tile.status.id === loud })));
	for (const tile of tiles) {
		const wish = wishOf(tile);
		const slot = slots.get(wish.camera) ?? new FakeFeed();
		slots.set(wish.camera, slot);
		tile.picture.show("grid", "sub", whep.feedOf(wish) ?? slot);
	}
}

/** Half a second in which everything delivers but the feeds given. */
function tick(silent: readonly FakeFeed[] = []): void {
	clock.advance(500);
	const count = clock.nowMs();
	for (const tile of tiles) {
		tile.report(status(tile.status.id, lastVideoMs));
		for (const layer of [tile.picture.layer("grid"), tile.picture.next("grid")]) {
			if (!layer || silent.includes(layer.feed as unknown as FakeFeed)) continue;
			(layer.feed as unknown as FakeFeed).values = { received: count, decoded: count, bytes: count };
			layer.sample();
			(layer.element as unknown as FakeElement).paint(count);
		}
	}
	follow();
}

function open(count: number): void {
	tiles = Array.from({ length: count }, (_, index) => {
		const options = { clock, onPicture: () => {}, onFault: () => {}, onBlocked: () => {} };
		return new WallTile(status(`cam${index + 1}`), options);
	});
	follow();
}

beforeEach(() => {
	installFakeDom();
	vi.spyOn(console, "warn").mockImplementation(() => {});
	clock = new FakeClock();
	[made, slots, want, loud, lastVideoMs] = [[], new Map(), BEST, undefined, 30];
	whep = new WhepFeeds({
		make: ({ camera }, options) => {
			const feed = new FakeFeed();
			made.push({ feed, camera, options });
			return feed;
		},
		nowMs: () => clock.nowMs(),
	});
});

afterEach(() => {
	vi.restoreAllMocks();
	vi.unstubAllGlobals();
});

test("without another program there are no connections of their own", () => {
	open(1);
	for (let count = 0; count < 4; count++) tick();
	expect(made).toEqual([]);
});

test("a picture begins over the page's connection, and moves once its own has painted", () => {
	whep.setIceServers([{ urls: ["stun:stun.example.org"] }]);
	whep.setEngine(GO2RTC);
	open(1);
	expect(made).toEqual([]);
	tick();
	const [own] = made;
	expect(own).toMatchObject({ camera: "cam1", options: { engine: "go2rtc", iceServers: [{}] } });
	expect([shownOf(first()), nextOf(first()), plays()]).toEqual([slots.get("cam1"), own?.feed, []]);
	tick();
	expect([shownOf(first()), plays()]).toEqual([own?.feed, ["cam1"]]);
	for (let count = 0; count < 200; count++) tick();
	expect(made).toHaveLength(1);
});

test("only a few begin at a time", () => {
	whep.setEngine(GO2RTC);
	open(MOST_BEGUN + 2);
	tick();
	expect(made).toHaveLength(MOST_BEGUN);
	tick(made.map(({ feed }) => feed));
	expect(made).toHaveLength(MOST_BEGUN);
	tick();
	expect(made).toHaveLength(MOST_BEGUN + 2);
	tick();
	expect(plays()).toHaveLength(MOST_BEGUN + 2);
});

test.each([
	["is gone", undefined],
	["was started anew", { name: "go2rtc", run: 2 } as const],
])("once the program %s, the picture comes over the page's connection at once", (_case, engine) => {
	whep.setEngine(GO2RTC);
	open(1);
	tick();
	tick();
	const [own] = made;
	whep.setEngine({ ...GO2RTC });
	expect(own?.feed.isOver).toBe(false);
	whep.setEngine(engine);
	follow();
	expect(own?.feed).toMatchObject({ isOver: true, closed: false });
	expect([nextOf(first()), plays()]).toEqual([slots.get("cam1"), []]);
	tick(own ? [own.feed] : []);
	expect([shownOf(first()), own?.feed.closed]).toEqual([slots.get("cam1"), true]);
	tick();
	tick();
	expect(plays()).toEqual(engine ? ["cam1"] : []);
});

test("a picture that stands comes over the page's connection before it is marked, and tries again later", () => {
	whep.setEngine(GO2RTC);
	open(1);
	tick();
	tick();
	const own = made[0]?.feed as FakeFeed;
	for (let count = 0; count < 3; count++) tick([own]);
	expect(plays()).toEqual(["cam1"]);
	tick([own]);
	expect([own.isOver, nextOf(first()), plays()]).toEqual([true, slots.get("cam1"), []]);
	tick([own]);
	expect(shownOf(first())).toBe(slots.get("cam1"));
	for (let passed = 1000; passed < FIRST_RETRY_MS; passed += 500) tick();
	expect(made).toHaveLength(1);
	tick();
	expect(made).toHaveLength(2);
});

test("a camera that is silent is nobody's fault", () => {
	whep.setEngine(GO2RTC);
	open(1);
	tick();
	tick();
	for (lastVideoMs = 500; lastVideoMs < 20_000; lastVideoMs += 500) tick(made.map(({ feed }) => feed));
	expect([plays(), made.length]).toEqual([["cam1"], 1]);
});

test("a connection that never paints, or is refused, leaves the picture where it is", () => {
	whep.setEngine(GO2RTC);
	open(2);
	tick();
	const [silent, refused] = made;
	refused?.feed.hangUp();
	refused?.options.onEnd("refused", "the built-in engine answered");
	follow();
	expect([nextOf(tiles[1] as WallTile), refused?.feed.closed]).toEqual([undefined, true]);
	for (let passed = 0; passed < FIRST_PICTURE_MS; passed += 500) tick(silent ? [silent.feed] : []);
	expect([nextOf(first()), silent?.feed.closed, shownOf(first())]).toEqual([undefined, true, slots.get("cam1")]);
	expect(made).toHaveLength(2);
	for (let passed = 0; passed < FIRST_SLOW_RETRY_MS; passed += 500) tick(silent ? [silent.feed] : []);
	expect(made.filter(({ camera }) => camera === "cam2")).toHaveLength(2);
});

test("the picture that is heard comes over the page's connection, as its sound does", () => {
	whep.setEngine(GO2RTC);
	open(2);
	tick();
	tick();
	loud = "cam1";
	follow();
	const own = made[0]?.feed as FakeFeed;
	expect([plays(), nextOf(first()), own.isOver]).toEqual([["cam2"], slots.get("cam1"), false]);
	tick();
	expect([shownOf(first()), own.closed]).toEqual([slots.get("cam1"), true]);
	loud = undefined;
	follow();
	tick();
	expect(plays()).toEqual(["cam1", "cam2"]);
});

test("while the ladder prepares another rung nothing begins, and what is not wanted ends", () => {
	whep.setEngine(GO2RTC);
	want = { ...BEST, preparing: "mse" };
	open(1);
	tick();
	expect(made).toEqual([]);
	want = BEST;
	tick();
	tick();
	whep.follow([]);
	expect(made[0]?.feed).toMatchObject({ isOver: true, closed: false });
});

test("asked for anew, a camera's pictures begin again over the page's connection", () => {
	whep.setEngine(GO2RTC);
	open(2);
	tick();
	tick();
	whep.remake("cam1");
	follow();
	expect(plays()).toEqual(["cam2"]);
	expect(made.map(({ feed }) => feed.isOver)).toEqual([true, false]);
});
