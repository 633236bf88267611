import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type FakeElement, FakeFeed, installFakeDom } from "../testing/fake-dom.ts";
import type { StillEvents } from "./still-feed.ts";
import { TilePicture } from "./tile-picture.ts";

let picture: TilePicture;
let changes: number;
const videos = () => (picture.element as unknown as FakeElement).children;
const inSight = () => videos().filter((video) => !video.classes.has("waiting"));
/** The video that a feed of this rung fills. */
const videoOf = (rung: string, stream = "sub") =>
	videos().find(({ dataset }) => dataset["rung"] === rung && dataset["stream"] === stream) as FakeElement;

beforeEach(() => {
	installFakeDom();
	changes = 0;
	picture = new TilePicture({
		nowMs: () => 0,
		onPaint: () => {},
		onChange: () => changes++,
		onFault: () => {},
		onBlocked: () => {},
	});
});

afterEach(() => vi.unstubAllGlobals());

describe("another rung", () => {
	test("waits behind the picture until its first own one is painted, and then the old feed is let go", () => {
		const first = new FakeFeed("webrtc");
		const second = new FakeFeed("mse");
		picture.show("grid", "sub", first);
		videoOf("webrtc").paint(1);
		picture.show("grid", "sub", second);
		expect(inSight()).toEqual([videoOf("webrtc")]);
		expect([picture.layerOn("grid", "mse"), picture.inSight?.feed]).toEqual([picture.next("grid"), first]);
		videoOf("mse").paint(1);
		expect(inSight()).toEqual([videoOf("mse")]);
		expect([first.closed, second.closed, picture.inSight?.feed]).toEqual([true, false, second]);
		expect(picture.next("grid")).toBeUndefined();
	});

	test("that is given up leaves the picture as it was", () => {
		const first = new FakeFeed("webrtc");
		const second = new FakeFeed("mse");
		picture.show("grid", "sub", first);
		picture.show("grid", "sub", second);
		picture.dropNext("grid");
		expect([first.closed, second.closed, videos().length]).toEqual([false, true, 1]);
	});

	test("replaces one that was still being prepared", () => {
		const feeds = ["webrtc", "mse", "hls"].map((rung) => new FakeFeed(rung as "mse"));
		for (const feed of feeds) picture.show("grid", "sub", feed);
		expect(feeds.map(({ closed }) => closed)).toEqual([false, true, false]);
	});

	test("that is there already is not shown twice", () => {
		const feed = new FakeFeed("mse");
		picture.show("grid", "sub", feed);
		picture.show("grid", "sub", feed);
		expect(videos()).toHaveLength(1);
	});
});

describe("main", () => {
	test("covers the grid's picture once it has painted, and goes without leaving a hole", () => {
		picture.show("grid", "sub", new FakeFeed("webrtc"));
		const main = new FakeFeed("mse");
		picture.show("main", "main", main);
		expect([picture.mainShown, inSight().length]).toEqual([false, 1]);
		videoOf("mse", "main").paint(1);
		expect([picture.mainShown, picture.inSight?.stream]).toEqual([true, "main"]);
		picture.hideMain();
		expect([picture.mainShown, picture.inSight?.stream]).toEqual([false, "sub"]);
		videoOf("mse", "main").paint(2);
		expect(picture.mainShown).toBe(true);
		picture.dropMain();
		expect([main.closed, picture.inSight?.stream]).toEqual([true, "sub"]);
	});
});

test("only what is in sight is heard", () => {
	picture.show("grid", "sub", new FakeFeed("mse"));
	picture.setLoud(true);
	const [grid] = videos();
	picture.show("main", "main", new FakeFeed("hls"));
	expect([grid?.muted, videoOf("hls", "main").muted]).toEqual([false, true]);
	videoOf("hls", "main").paint(1);
	expect([grid?.muted, videoOf("hls", "main").muted]).toEqual([true, false]);
	picture.setLoud(false);
	expect(videos().every(({ muted }) => muted)).toBe(true);
});

test("a still is in sight once it has come, and its age is that of the picture", () => {
	const element = document.createElement("img");
	let events: StillEvents | undefined;
	const still = { element, ageMs: () => 4200, close: vi.fn() };
	const make = (given: StillEvents) => {
		events = given;
		return still as never;
	};
	picture.show("grid", "sub", new FakeFeed("webrtc"));
	picture.showStill(true, make);
	expect((element as unknown as FakeElement).classes.has("waiting")).toBe(true);
	events?.onError("ffmpeg-missing");
	expect(picture.stillProblem).toBe("ffmpeg-missing");
	events?.onPicture();
	expect(picture.stillProblem).toBeUndefined();
	picture.showStill(true, make);
	expect((element as unknown as FakeElement).classes.has("waiting")).toBe(false);
	expect([picture.stillAgeMs, picture.stillWatch?.lastPaintMs]).toEqual([4200, 0]);
	picture.dropStill();
	expect(still.close).toHaveBeenCalledOnce();
	expect(picture.stillAgeMs).toBeUndefined();
});

test("closing lets every feed go", () => {
	const feeds = [new FakeFeed("webrtc"), new FakeFeed("mse"), new FakeFeed("hls")];
	picture.show("grid", "sub", feeds[0] as FakeFeed);
	picture.show("grid", "sub", feeds[1] as FakeFeed);
	picture.show("main", "main", feeds[2] as FakeFeed);
	picture.close();
	expect(feeds.every(({ closed }) => closed)).toBe(true);
});
