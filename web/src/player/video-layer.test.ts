import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeElement, FakeFeed, installFakeDom, settle } from "../testing/fake-dom.ts";
import { CATCH_UP_MS, VideoLayer } from "./video-layer.ts";

let blocked: number;
let ready: number;
let nowMs: number;
let faults: string[];
let feed: FakeFeed;
let layer: VideoLayer;
let video: FakeElement;

function make(replaces = false): void {
	blocked = ready = nowMs = 0;
	faults = [];
	feed = new FakeFeed();
	layer = new VideoLayer({
		stream: "sub",
		feed,
		replaces,
		nowMs: () => nowMs,
		onPaint: () => {},
		onReady: () => ready++,
		onFault: (_, fault) => faults.push(fault),
		onBlocked: () => blocked++,
	});
	video = layer.element as unknown as FakeElement;
}

beforeEach(installFakeDom);
afterEach(() => vi.unstubAllGlobals());

test("a video that the browser paused in a visible page goes on", () => {
	make();
	video.paused = true;
	layer.sample();
	expect([video.paused, video.plays]).toEqual([false, 2]);
	layer.sample();
	expect(video.plays).toBe(2);
});

test("in a hidden page it waits", () => {
	make();
	Object.assign(document, { visibilityState: "hidden" });
	video.paused = true;
	layer.sample();
	expect(video.plays).toBe(1);
});

test("a browser that wants a touch is not asked again before it", async () => {
	FakeElement.refusesToPlay = true;
	make();
	await settle();
	layer.sample();
	expect([video.plays, blocked]).toEqual([1, 1]);
	FakeElement.refusesToPlay = false;
	layer.play();
	expect(video.paused).toBe(false);
});

test("is ready with the first painted picture that is its feed's own", () => {
	make();
	feed.own = false;
	nowMs = 100;
	video.paint(1);
	expect([ready, layer.isReady]).toEqual([0, false]);
	feed.own = true;
	layer.recheck();
	expect([ready, layer.isReady, layer.watch.lastFrameMs]).toEqual([1, true, 100]);
	video.paint(2);
	layer.recheck();
	expect(ready).toBe(1);
});

test("that takes another's place waits until it shows the present, but not for ever", () => {
	make(true);
	feed.past = true;
	video.paint(1);
	nowMs = CATCH_UP_MS - 1;
	video.paint(2);
	expect(ready).toBe(0);
	feed.past = false;
	video.paint(3);
	expect(ready).toBe(1);
	make(true);
	feed.past = true;
	video.paint(1);
	nowMs = CATCH_UP_MS;
	video.paint(2);
	expect(ready).toBe(1);
});

test("that is the first shows the past at once", () => {
	make();
	feed.past = true;
	video.paint(1);
	expect(ready).toBe(1);
});

test("that was held is ready again with its next picture", () => {
	make();
	video.paint(1);
	layer.hold();
	expect(layer.isReady).toBe(false);
	video.paint(2);
	expect([ready, layer.isReady]).toEqual([2, true]);
});

test("a picture that a seek paints once more is no new one", () => {
	make();
	nowMs = 100;
	video.paint(1);
	nowMs = 3000;
	video.repaint();
	expect(layer.watch.lastPaintMs).toBe(100);
	layer.hold();
	video.repaint();
	expect(layer.isReady).toBe(false);
	video.paint(2);
	expect([layer.isReady, layer.watch.lastPaintMs]).toEqual([true, 3000]);
});

test("its counters become facts at each sample", () => {
	make();
	layer.sample();
	feed.values = { received: 7, decoded: 3, bytes: 900 };
	feed.late = 40;
	nowMs = 500;
	layer.sample();
	expect(layer.watch).toMatchObject({ lastPacketMs: 500, lastFrameMs: 500, lateMs: 40 });
	expect(feed.ticks).toEqual([0, 500]);
});

test("a feed's fault is told until it is closed, and closing lets the feed go", () => {
	make();
	feed.onFault?.("decoder", "broken");
	layer.close();
	feed.onFault?.("network", "late");
	expect(faults).toEqual(["decoder"]);
	expect(feed.closed).toBe(true);
});
