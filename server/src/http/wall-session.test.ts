/** What holds for a page whatever carries its link: each test runs over both carriers. */
import { type ClientMessage, STATUS_INTERVAL_MS, WALL_PROTOCOL_VERSION } from "@vigia/api";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { CLIP_GOP } from "../outputs/cmaf/testing/clip-camera.ts";
import { HELLO, openWallServer, SocketPage, StreamPage, type WallServer } from "./testing/wall-server.ts";
import { CHECK_INTERVAL_MS } from "./wall-session.ts";

/** Only a fault reaches it. */
const WAIT = { timeout: 15_000, interval: 5 };

const VIEW: ClientMessage = {
	type: "view",
	revision: 1,
	tiles: [],
	channels: [{ channel: 3, camera: "cam1", stream: "sub", audio: false }],
};

let server: WallServer;

beforeEach(async () => {
	server = await openWallServer();
});

afterEach(async () => {
	const { errors, clock, camera } = server;
	await server[Symbol.asyncDispose]();
	await vi.waitUntil(() => clock.pending === 0, WAIT);
	expect({ errors, readers: camera.readers }).toEqual({ errors: [], readers: 0 });
});

describe.each([
	["WebSocket", () => SocketPage.open(server.url)],
	["streaming response", () => StreamPage.open(server.url)],
])("over a %s", (_name, open) => {
	async function openWelcomed() {
		const page = await open();
		page.say(HELLO);
		await vi.waitUntil(() => page.of("welcome").length === 1, WAIT);
		return page;
	}

	/** Moves time on until the condition holds. */
	const advanceUntil = (stepMs: number, holds: () => boolean): Promise<true> =>
		vi.waitUntil(() => {
			server.clock.advance(stepMs);
			return holds();
		}, WAIT) as Promise<true>;

	test("the page is welcomed, hears the status each second, and gets the media that it asks for", async () => {
		const page = await openWelcomed();
		server.clock.advance(STATUS_INTERVAL_MS);
		await vi.waitUntil(() => page.of("status").length === 1, WAIT);
		server.camera.play(3);
		page.say(VIEW);
		await vi.waitUntil(() => page.frames.length === 4, WAIT);
		expect(page.of("channel")).toMatchObject([{ channel: 3, camera: "cam1", stream: "sub", route: "pass" }]);
		expect(page.frames.map(({ kind, randomAccess }) => [kind, randomAccess])).toEqual([
			["init", false],
			["media", true],
			["media", false],
			["media", false],
		]);
		server.camera.push();
		await vi.waitUntil(() => page.frames.length === 5, WAIT);
		expect(server.mse.counters).toMatchObject({ chunks: 4, bytes: page.mediaBytes });
		page.leave();
		await vi.waitUntil(() => server.mse.channels === 0, WAIT);
	});

	test("a page that does not acknowledge still hears the status in time, and media again once it does", async () => {
		const page = await openWelcomed();
		page.say(VIEW);
		await vi.waitUntil(() => server.camera.readers === 1, WAIT);
		server.camera.play(CLIP_GOP * 8);
		await vi.waitUntil(() => page.of("status").length >= 15, WAIT);
		expect(server.mse.counters.keyFrameSkips).toBeGreaterThan(0);
		await vi.waitUntil(() => page.mediaBytes === server.mse.counters.bytes, WAIT);
		page.say({ type: "received", bytes: page.mediaBytes });
		const before = server.mse.counters.chunks;
		await vi.waitUntil(() => {
			server.camera.play(1);
			return server.mse.counters.chunks > before;
		}, WAIT);
		page.leave();
	});

	test("a page that owes an acknowledgement for half a minute is let go", async () => {
		const page = await openWelcomed();
		page.say(VIEW);
		await vi.waitUntil(() => server.camera.readers === 1, WAIT);
		server.camera.play(1);
		await vi.waitUntil(() => page.frames.length === 2, WAIT);
		await advanceUntil(1000, () => page.closed);
	});

	test("a page that neither reads nor acknowledges costs no more than what is on its way", async () => {
		const page = await openWelcomed();
		page.say(VIEW);
		await vi.waitUntil(() => server.camera.readers === 1, WAIT);
		page.pause();
		server.camera.play(CLIP_GOP * 5);
		expect(server.mse.counters.bytes).toBeLessThan(400_000);
		await advanceUntil(CHECK_INTERVAL_MS, () => server.mse.channels === 0);
		page.leave();
	});

	test("a page that acknowledges what it does not read costs a few megabytes, and is let go", async () => {
		const page = await openWelcomed();
		page.say(VIEW);
		await vi.waitUntil(() => server.camera.readers === 1, WAIT);
		page.pause();
		await vi.waitUntil(() => {
			server.camera.play(CLIP_GOP);
			page.say({ type: "received", bytes: Number.MAX_SAFE_INTEGER });
			return server.mse.channels === 0;
		}, WAIT);
		expect(server.mse.counters.bytes).toBeLessThan(30_000_000);
		page.leave();
	});

	test("a page of another version is told to load again, whatever its hello looks like", async () => {
		for (const hello of [
			{ ...HELLO, version: WALL_PROTOCOL_VERSION + 1 },
			{ type: "hello", version: 1, webrtcH264: true },
		]) {
			const page = await open();
			page.sayText(JSON.stringify(hello));
			await vi.waitUntil(() => page.closed, WAIT);
			expect(page.of("error").map(({ code }) => code)).toEqual(["version-mismatch"]);
		}
	});

	test.each([
		["no message", '{"type":"nonsense"}'],
		["a second hello", JSON.stringify(HELLO)],
		["a view of too many channels", JSON.stringify({ ...VIEW, channels: Array(257).fill(VIEW.channels[0]) })],
		["a camera that is no id", JSON.stringify(VIEW).replace("cam1", "../etc/passwd")],
	])("%s ends the link with the reason", async (_kind, text) => {
		const page = await openWelcomed();
		page.sayText(text);
		await vi.waitUntil(() => page.closed, WAIT);
		expect(page.of("error").map(({ code }) => code)).toEqual(["bad-message"]);
	});

	test("who says anything before hello is refused, and who says nothing after five seconds", async () => {
		const early = await open();
		early.say(VIEW);
		await vi.waitUntil(() => early.closed, WAIT);
		const silent = await open();
		await advanceUntil(1000, () => silent.closed);
		for (const page of [early, silent]) {
			expect(page.of("error").map(({ code }) => code)).toEqual(["hello-expected"]);
		}
	});

	test("a flood of messages ends the link", async () => {
		const page = await openWelcomed();
		for (let i = 0; i < 5; i++) page.sayAll(Array<string>(50).fill('{"type":"received","bytes":1}'));
		await vi.waitUntil(() => page.closed, WAIT);
		expect(page.of("error").map(({ message }) => message)).toEqual(["too many messages"]);
	});

	test("a camera that is not there is said, and the link goes on", async () => {
		const page = await openWelcomed();
		page.sayText(JSON.stringify(VIEW).replace("cam1", "cam9"));
		await vi.waitUntil(() => page.of("error").length === 1, WAIT);
		expect(page.of("error")[0]?.code).toBe("unknown-camera");
		server.clock.advance(STATUS_INTERVAL_MS);
		await vi.waitUntil(() => page.of("status").length > 0, WAIT);
		page.leave();
	});
});

test.each([
	["a binary message", Uint8Array.of(1, 2, 3)],
	["what is no JSON", "nonsense"],
	["what is nested too deep", `${"[".repeat(10_000)}${"]".repeat(10_000)}`],
])("over a WebSocket %s ends the link", async (_kind, data) => {
	const page = await SocketPage.open(server.url);
	page.send(data);
	await vi.waitUntil(() => page.closed, WAIT);
	expect([page.closeCode, page.of("error")[0]?.code]).toEqual([1002, "bad-message"]);
});
