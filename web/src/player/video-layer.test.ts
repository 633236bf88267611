import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeElement, FakeTrack, installFakeDom, settle } from "../testing/fake-dom.ts";
import { VideoLayer } from "./video-layer.ts";

let blocked: number;
let layer: VideoLayer;
let video: FakeElement;

function make(): void {
	blocked = 0;
	layer = new VideoLayer({
		slot: 0,
		stream: "sub",
		track: new FakeTrack("1/0") as unknown as MediaStreamTrack,
		onPaint: () => {},
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
