import type { CameraStatus, StreamStatus } from "@vigia/api";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FakeClock } from "../testing/fake-clock.ts";
import { type FakeElement, FakeFeed, installFakeDom } from "../testing/fake-dom.ts";
import { WallTile } from "./wall-tile.ts";

const text = "";
const live: StreamStatus = { state: "live", lastVideoMs: 30, fps: 15 };
const camera = (main: StreamStatus, sub: StreamStatus = live): CameraStatus => ({
	id: "cam1",
	name: "Door",
	state: sub.state,
	since: "2026-01-01T00:00:00Z",
	streams: { main, sub },
	...(sub.reason && { reason: sub.reason }),
});

let clock: FakeClock;
let tile: WallTile;
let sub: FakeFeed;
let main: FakeFeed;
const video = (stream: string) =>
	(tile.picture.element as unknown as FakeElement).children.find((child) => child.dataset["stream"] === stream);
/** Half a second in which both streams deliver, as far as they are said to. */
function tick(status: CameraStatus, mainArrives = true): void {
	clock.advance(500);
	tile.report(status);
	const count = clock.nowMs();
	const values = { received: count, decoded: count, bytes: count };
	sub.values = values;
	if (mainArrives) main.values = values;
	tile.picture.sample();
	video("sub")?.paint(count);
	if (mainArrives) video("main")?.paint(count);
	tile.update(true, true);
}

beforeEach(() => {
	installFakeDom();
	clock = new FakeClock();
	tile = new WallTile(camera(live), { clock, onPicture: () => {}, onFault: () => {}, onBlocked: () => {} });
	tile.setVisible(true);
	sub = new FakeFeed();
	main = new FakeFeed();
	main.own = false;
	tile.picture.show("grid", "sub", sub);
	tile.wantMain(true);
	tile.picture.show("main", "main", main);
});

afterEach(() => vi.unstubAllGlobals());

describe("an enlarged tile", () => {
	test("shows main from its announced picture on", () => {
		tick(camera(live), false);
		expect(tile.view).toMatchObject({ stream: "sub", mainComing: true, state: { kind: "live" } });
		main.own = true;
		tick(camera(live));
		tick(camera(live));
		expect(tile.view).toMatchObject({ stream: "main", mainComing: false, state: { kind: "live" } });
	});

	test("stays with main although the statistics come after its first picture", () => {
		clock.advance(60_000);
		tick(camera(live), false);
		main.own = true;
		tile.picture.sample();
		video("main")?.paint(1);
		clock.advance(50);
		tile.update(true, true);
		expect(tile.view).toMatchObject({ stream: "main", state: { kind: "live" } });
	});

	test("goes back to the live sub stream at once when the server has lost main", () => {
		main.own = true;
		tick(camera(live));
		tick(camera(live));
		expect(tile.view.stream).toBe("main");
		const lost: StreamStatus = { state: "waiting", reason: { code: "connection-lost", text }, retryInMs: 500 };
		tick(camera(lost), false);
		expect(tile.view).toMatchObject({ stream: "sub", state: { kind: "live" }, mainRefused: "connection-lost" });
	});

	test("is offline with the grid's own reason when both are lost", () => {
		const reason = (code: "no-route" | "auth-refused") => ({ reason: { code, text } });
		tick(camera({ state: "refused", ...reason("auth-refused") }, { state: "waiting", ...reason("no-route") }), false);
		expect(tile.view.state).toMatchObject({ kind: "offline", reason: "no-route" });
	});
});

describe("a main stream in whose place the server sends the sub stream", () => {
	/** Nobody pulls it any more, and its last picture gets older and older. */
	const idle = (lastVideoMs: number) => camera({ state: "idle", lastVideoMs, fps: 25 });

	test("is judged by the sub stream, also long after its own last picture", () => {
		tile.noteRoute("main", "other-profile");
		main.own = true;
		for (let lastVideoMs = 500; lastVideoMs < 20_000; lastVideoMs += 500) tick(idle(lastVideoMs));
		expect(tile.view).toMatchObject({ stream: "main", state: { kind: "live" } });
		expect(tile.isServerLive("main", true)).toBe(true);
		expect(tile.ladderFacts("main", true).fps).toBe(15);
		const silent = camera({ state: "idle" }, { state: "stalled", lastVideoMs: 5000, fps: 15 });
		tick(silent);
		expect(tile.view.state.kind).not.toBe("live");
	});

	test("is noticed over HLS too, where no message tells the way", () => {
		tile.follow("main", { shown: "hls", preparing: undefined, reason: "forced", refusal: undefined });
		main.own = true;
		for (let lastVideoMs = 500; lastVideoMs < 20_000; lastVideoMs += 500) tick(idle(lastVideoMs));
		expect(tile.view).toMatchObject({ stream: "main", state: { kind: "live" } });
	});
});

describe("a main stream that cannot be had", () => {
	test.each([
		["refused", "auth-refused"],
		["waiting", "not-found"],
		["unsupported", "no-video"],
		["unsupported", "codec-unsupported"],
		["busy", "camera-full"],
		["connecting", "no-answer"],
	] as const)("is told with its own reason while it is %s: %s", (state, code) => {
		tick(camera({ state, reason: { code, text } }), false);
		expect(tile.view).toMatchObject({ stream: "sub", mainComing: false, mainRefused: code, state: { kind: "live" } });
	});

	test("is coming while nothing speaks against it", () => {
		tick(camera({ state: "buffering" }), false);
		expect(tile.view).toMatchObject({ mainComing: true, mainRefused: undefined });
	});
});

describe("a camera of one picture in two seconds", () => {
	const slow = (lastVideoMs: number, fps = 0.5) => camera(live, { state: "live", lastVideoMs, fps });

	test("is live between its pictures", () => {
		tick(slow(100), false);
		for (let ageMs = 600; ageMs < 2600; ageMs += 500) {
			clock.advance(500);
			tile.report(slow(ageMs));
			tile.update(true, true);
			expect(tile.view.state.kind).toBe("live");
		}
	});

	test("a fast camera's outage does not make it a slow one", () => {
		tick(camera(live), false);
		for (const [ageMs, fps] of [
			[600, 15],
			[1600, 12],
			[2600, 9],
			[4600, 0.2],
		] as const) {
			clock.advance(1000);
			tile.report(slow(ageMs, fps));
			tile.update(true, true);
		}
		expect(tile.view.state).toMatchObject({ kind: "frozen", fault: "camera" });
	});
});

test("a tile that waits for its first still says how old the picture is that it shows", () => {
	tick(camera(live));
	tile.follow("grid", { shown: "still", preparing: undefined, reason: "slow-link", refusal: undefined });
	clock.advance(6000);
	tile.report(camera(live));
	tile.update(true, true);
	expect(tile.view.state).toEqual({ kind: "still", ageMs: 6000 });
});

test("what is prepared is judged by its own pictures, not by those of an earlier layer on the same rung", () => {
	tick(camera(live));
	tile.follow("grid", { shown: "still", preparing: "webrtc", reason: "no-frames", refusal: undefined });
	const again = new FakeFeed();
	tile.picture.show("grid", "sub", again);
	expect(tile.ladderFacts("grid", true).preparing?.watch).toMatchObject({
		lastFrameMs: undefined,
		lastPaintMs: undefined,
	});
});
