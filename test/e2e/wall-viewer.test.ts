/** The WebRTC output in real Chromium, with a page of the test's own: slots, switches, growth, reconnects. */
import { readFileSync } from "node:fs";
import type { ServerMessage } from "@vigia/api";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { systemClock } from "../../server/src/platform/clock.ts";
import { LoopedStream, readClip } from "../../server/src/outputs/webrtc/testing/looped-stream.ts";
import { type PageSession, type PageTrack, servePage } from "../../server/src/outputs/webrtc/testing/page.ts";
import { openWebrtc, type Webrtc } from "../../server/src/outputs/webrtc/webrtc.ts";
import { launchChromium } from "../support/browser.ts";

const CAMERAS = 20;
const TILES = 16;
const FPS = 15;
/** Only a fault reaches it: a loaded machine takes a second or two. */
const WAIT = { timeout: 60_000, interval: 50 };
const LIMIT_MS = 180_000;
/** Frames after which a tile counts as playing: more than a cached GOP of two seconds holds. */
const PLAYING_FRAMES = 45;

let streams: Map<string, LoopedStream>;
let webrtc: Webrtc;
let server: Awaited<ReturnType<typeof servePage>>;
let browser: Browser;
let page: Page;

beforeAll(async () => {
	streams = new Map();
	for (let i = 1; i <= CAMERAS; i++) {
		const name = String(((i - 1) % 16) + 1).padStart(2, "0");
		const clip = readFileSync(new URL(`../../camera-sim/clips/camera-${name}-sub.h264`, import.meta.url));
		streams.set(`cam${i}`, new LoopedStream(readClip(clip), FPS, systemClock, i * 3));
	}
	const directory = { hasCamera: (id: string) => streams.has(id), stream: (id: string) => streams.get(id) };
	const settings = { webrtcPort: 0, webrtcHosts: [], iceServers: [] };
	webrtc = await openWebrtc({ settings, directory, clock: systemClock });
	server = await servePage((send) => session(send));
	browser = await launchChromium();
}, LIMIT_MS);

afterAll(async () => {
	await browser.close();
	await server.close();
	webrtc.close();
	for (const stream of streams.values()) stream.stop();
});

beforeEach(async () => {
	page = await browser.newPage();
	await page.goto(server.url);
	return async () => {
		await page.close();
		await vi.waitUntil(() => webrtc.peers === 0, WAIT);
		for (const stream of streams.values()) expect(stream.readers).toBe(0);
	};
});

/** The socket's side of a page: the first view comes with hello. */
function session(send: (message: ServerMessage) => void): PageSession {
	const viewer = webrtc.openViewer(send, "127.0.0.1");
	if (!viewer) throw new Error("no viewer");
	return {
		handle(message) {
			if (message.type === "hello") viewer.setView(1, tiles(TILES));
			else if (message.type === "view") viewer.setView(message.revision, message.tiles);
			else if (message.type === "answer") viewer.answer(message.connection, message.negotiation, message.sdp);
			else if (message.type === "candidate") viewer.candidate(message.connection, message.mid, message.candidate);
			else if (message.type === "refresh") viewer.refresh(message.slot);
			else if (message.type === "reconnect") viewer.reconnect(message.connection);
		},
		close: () => viewer.close(),
	};
}

function tiles(count: number, first = 1) {
	return Array.from({ length: count }, (_, slot) => ({ slot, camera: `cam${first + slot}`, stream: "sub" as const }));
}

const say = (message: unknown): Promise<unknown> => page.evaluate(`wall.say(${JSON.stringify(message)})`);
const stats = (): Promise<Record<string, PageTrack>> => page.evaluate("wall.stats()");
const ask = <T>(expression: string): Promise<T> => page.evaluate(expression);

async function untilPlaying(count: number): Promise<void> {
	await vi.waitUntil(async () => {
		const playing = Object.values(await stats()).filter(({ frames }) => frames >= PLAYING_FRAMES);
		return playing.length >= count;
	}, WAIT);
}

test("sixteen tiles decode, and none shows less than the others", { timeout: LIMIT_MS }, async () => {
	await untilPlaying(TILES);
	expect(await ask("wall.errors")).toEqual([]);
	expect(await ask("wall.offers")).toBe(1);
	expect(await ask("wall.slots.length")).toBe(TILES);
});

test("a slot is switched without an offer, and the page sees the first picture at the told timestamp", {
	timeout: LIMIT_MS,
}, async () => {
	await untilPlaying(TILES);
	const before = (await stats())["5"]?.frames ?? 0;
	await say({
		type: "view",
		revision: 2,
		tiles: tiles(TILES).map((tile) => (tile.slot === 5 ? { ...tile, camera: "cam20" } : tile)),
		channels: [],
	});
	await vi.waitUntil(() => ask<boolean>("wall.slots.length === 17"), WAIT);
	expect(await ask("wall.slots[16]")).toMatchObject({ slot: 5, camera: "cam20", revision: 2 });
	// The painted pictures reach the told timestamp: compared modulo 2^32.
	await vi.waitUntil(
		() => ask<boolean>(`((wall.byMid.get("5").rtpTimestamp - wall.slots[16].rtpTimestamp) >>> 0) < 2 ** 31`),
		WAIT,
	);
	await vi.waitUntil(async () => ((await stats())["5"]?.frames ?? 0) > before + 2 * PLAYING_FRAMES, WAIT);
	expect(await ask("wall.offers")).toBe(1);
});

test("more slots come by renegotiation, and the others play on", { timeout: LIMIT_MS }, async () => {
	await untilPlaying(TILES);
	await say({ type: "view", revision: 2, tiles: tiles(CAMERAS), channels: [] });
	await untilPlaying(CAMERAS);
	expect(await ask("wall.offers")).toBe(2);
	expect(await ask("wall.connections")).toEqual([1]);
});

test("a page that hangs up is forgotten until it asks again", { timeout: LIMIT_MS }, async () => {
	await untilPlaying(TILES);
	await ask("wall.peer.close()");
	await vi.waitUntil(() => webrtc.peers === 0, WAIT);
	for (const stream of streams.values()) expect(stream.readers).toBe(0);
	await say({ type: "reconnect", connection: 1 });
	await vi.waitUntil(() => ask<boolean>("wall.connections.length === 2"), WAIT);
	await untilPlaying(TILES);
});

test("in forty loads in a row no tile is ever missing", { timeout: LIMIT_MS }, async () => {
	for (let load = 0; load < 40; load++) {
		await page.reload();
		await vi.waitUntil(() => ask<boolean>(`Object.keys(wall.firstFrameMs).length === ${TILES}`), WAIT);
	}
	expect(await ask("wall.errors")).toEqual([]);
});
