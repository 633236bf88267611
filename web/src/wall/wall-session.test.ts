import { type CameraStatus, type ClientMessage, type Rung, WALL_PROTOCOL_VERSION, writeMediaFrame } from "@vigia/api";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { SocketLike } from "../api/wall-socket.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import type { StillPicture } from "../player/still-feed.ts";
import { LadderMemory } from "../player/ladder-memory.ts";
import { type FakeElement, FakeFeed, FakePeer, installFakeDom, settle } from "../testing/fake-dom.ts";
import { MAIN_AFTER_MS } from "./main-stream.ts";
import { ANSWER_FIRST_MS } from "./wall-news.ts";
import { WallSession } from "./wall-session.ts";

class FakeSocket implements SocketLike {
	onopen: SocketLike["onopen"] = null;
	onmessage: SocketLike["onmessage"] = null;
	onclose: SocketLike["onclose"] = null;
	onerror: SocketLike["onerror"] = null;
	readonly sent: ClientMessage[] = [];
	send(text: string): void {
		this.sent.push(JSON.parse(text) as ClientMessage);
	}
	close(): void {}
	says(message: object): void {
		this.onmessage?.({ data: JSON.stringify(message) } as MessageEvent);
	}
}

const camera = (id: string): CameraStatus => ({
	id,
	name: id,
	state: "live",
	since: "2026-01-01T00:00:00Z",
	streams: { main: { state: "live" }, sub: { state: "live", lastVideoMs: 10 } },
});

let clock: FakeClock;
let sockets: FakeSocket[];
let told: string[];
let canPlay: boolean;
let canMse: boolean;
let feeds: FakeFeed[];
let session: WallSession;
const socket = () => sockets[sockets.length - 1] as FakeSocket;
const sentOf = (type: ClientMessage["type"]) => socket().sent.filter((message) => message.type === type);
/** What each view asked for, for example `cam1 cam2 cam1+`. */
const views = () =>
	socket().sent.flatMap((message) =>
		message.type === "view"
			? [message.tiles.map(({ camera: id, stream }) => (stream === "main" ? `${id}+` : id)).join(" ")]
			: [],
	);

/** The slot of each camera's grid picture in the last view. */
const slotsAsked = () => {
	const view = socket().sent.findLast((message) => message.type === "view");
	return Object.fromEntries(view?.type === "view" ? view.tiles.map(({ camera: id, slot }) => [id, slot]) : []);
};

function welcome(ids: readonly string[], serverId = "s1"): void {
	socket().onopen?.({} as Event);
	const cameras = ids.map(camera);
	const more = { version: WALL_PROTOCOL_VERSION, iceServers: [], protocol: "auto", ffmpeg: true };
	socket().says({ type: "welcome", ...more, serverId, release: "1", demo: true, cameras });
}

function offer(connection: number, slots: number): void {
	const all = Array.from({ length: slots }, (_, slot) => slot);
	socket().says({
		type: "offer",
		connection,
		negotiation: 1,
		sdp: all.map((slot) => `m${slot}=${connection}/${slot}`).join(" "),
		slots: all.map((slot) => ({ slot, mid: `m${slot}` })),
	});
}

function newFeed(rung: Rung): FakeFeed {
	const feed = new FakeFeed(rung);
	feeds.push(feed);
	return feed;
}

const videosOf = (id: string) => (session.pictureOf(id) as unknown as FakeElement).children;
const tracksOf = (id: string) => videosOf(id).flatMap(({ trackId }) => trackId ?? []);

beforeEach(() => {
	installFakeDom();
	vi.spyOn(console, "warn").mockImplementation(() => {});
	clock = new FakeClock();
	sockets = [];
	told = [];
	canPlay = true;
	canMse = false;
	feeds = [];
	session = new WallSession({
		clock,
		random: () => 0.5,
		createSocket: () => {
			const made = new FakeSocket();
			sockets.push(made);
			return made;
		},
		capabilities: () => ({ webrtc: canPlay ? ["h264"] : [], mse: canMse ? ["h264"] : [], nativeHls: false }),
		protocol: undefined,
		makers: {
			mse: () => newFeed("mse"),
			hls: () => newFeed("hls"),
			whep: () => newFeed("webrtc"),
			still: () => ({ element: document.createElement("img"), ageMs: () => 0, close() {} }) as unknown as StillPicture,
		},
		memory: new LadderMemory({ storage: () => undefined, origin: "http://host", network: () => undefined }),
		events: {
			link: () => {},
			welcome: ({ demo }) => told.push(`welcome ${demo}`),
			refused: () => {},
			order: (ids) => told.push(`order ${ids.join(" ")}`),
			tile: () => {},
			playable: (can) => told.push(`playable ${can}`),
			blocked: () => {},
		},
	});
	session.start();
});

afterEach(() => {
	session.stop();
	vi.restoreAllMocks();
	vi.unstubAllGlobals();
});

describe("an offer right after the welcome", () => {
	test("is answered before the wall is drawn", async () => {
		welcome(["cam1", "cam2"]);
		expect(told).toEqual(["playable true"]);
		offer(1, 2);
		expect(told).toHaveLength(1);
		await settle();
		expect(sentOf("answer")).toHaveLength(1);
		expect(told).toEqual(["playable true", "welcome true", "order cam1 cam2"]);
		expect([tracksOf("cam1"), tracksOf("cam2")]).toEqual([["1/0"], ["1/1"]]);
	});

	test("asks for nothing twice", async () => {
		welcome(["cam1", "cam2"]);
		offer(1, 2);
		await settle();
		clock.advance(2500);
		expect(socket().sent.map(({ type }) => type)).toEqual(["hello", "view", "answer"]);
	});

	test("keeps its tracks for a page that is not seen until somebody is back", async () => {
		session.setVisible(false);
		clock.advance(4000);
		socket().says({ type: "status", cameras: [] });
		clock.advance(4000);
		socket().says({ type: "status", cameras: [] });
		clock.advance(1500);
		welcome(["cam1"]);
		clock.advance(500);
		expect(views()).toEqual(["cam1", ""]);
		offer(1, 1);
		await settle();
		expect(tracksOf("cam1")).toEqual([]);
		session.setVisible(true);
		clock.advance(50);
		expect(views().at(-1)).toBe("cam1");
		expect(tracksOf("cam1")).toEqual(["1/0"]);
	});
});

test("the wall is drawn without an offer too, a little later", () => {
	welcome(["cam1"]);
	clock.advance(ANSWER_FIRST_MS);
	expect(told).toEqual(["playable true", "welcome true", "order cam1"]);
});

describe("after the socket was lost", () => {
	async function lose(): Promise<void> {
		welcome(["cam1", "cam2"]);
		offer(1, 2);
		await settle();
		socket().onclose?.({} as CloseEvent);
		clock.advance(1000);
		expect(sockets).toHaveLength(2);
	}

	test("the connection goes on with the same server and the same cameras", async () => {
		await lose();
		welcome(["cam1", "cam2"]);
		expect(FakePeer.made[0]?.closed).toBe(false);
	});

	test("each camera keeps its slot of the old connection, wherever it stands now", async () => {
		await lose();
		welcome(["cam2", "cam1"]);
		expect(FakePeer.made[0]?.closed).toBe(false);
		expect(new Set(tracksOf("cam1"))).toEqual(new Set(["1/0"]));
		expect(slotsAsked()).toEqual({ cam1: 0, cam2: 1 });
		offer(1, 2);
		await settle();
		expect(FakePeer.made).toHaveLength(2);
		clock.advance(0);
		expect(tracksOf("cam1")).toEqual(["1/0", "1/0"]);
	});

	test("but not of a server that was started anew", async () => {
		await lose();
		welcome(["cam1", "cam2"], "s2");
		expect(FakePeer.made[0]?.closed).toBe(true);
	});
});

test("a status with other cameras adds and removes tiles, and touches no other", async () => {
	welcome(["cam1", "cam2"]);
	offer(1, 4);
	await settle();
	const before = videosOf("cam2")[0];
	told = [];
	socket().says({ type: "status", cameras: ["cam3", "cam2"].map(camera), demo: false });
	expect(told).toEqual(["order cam3 cam2", "welcome false"]);
	expect(session.pictureOf("cam1")).toBeUndefined();
	expect(slotsAsked()).toEqual({ cam2: 1, cam3: 0 });
	expect(videosOf("cam2")[0]).toBe(before);
	expect(FakePeer.made[0]?.closed).toBe(false);
	expect(tracksOf("cam3")).toEqual(["1/0"]);
	socket().says({ type: "status", cameras: ["cam3", "cam2"].map(camera), demo: false });
	expect(told).toHaveLength(2);
});

describe("a browser that refuses every track of the offer", () => {
	const channels = () =>
		socket().sent.flatMap((message) => (message.type === "view" ? [message.channels.map((wish) => wish.camera)] : []));

	function watch(seconds: number): void {
		for (let second = 0; second < seconds; second++) {
			clock.advance(1000);
			socket().says({ type: "status", cameras: [camera("cam1")] });
		}
	}

	async function refuse(): Promise<void> {
		FakePeer.refusesAll = true;
		welcome(["cam1"]);
		offer(1, 1);
		await settle();
		socket().says({ type: "error", code: "codec-not-accepted", message: "" });
	}

	test("gets its pictures by media channels, and asks for no other connection soon", async () => {
		canMse = true;
		await refuse();
		watch(4);
		expect(channels().at(-1)).toEqual(["cam1"]);
		expect(feeds.map(({ rung }) => rung)).toEqual(["mse"]);
		expect(told.filter((text) => text.startsWith("playable"))).toEqual(["playable true"]);
		expect(sentOf("reconnect")).toEqual([]);
		expect(sentOf("refresh")).toEqual([]);
	});

	test("the frames of its channel reach the feed, and those of others nobody", async () => {
		canMse = true;
		await refuse();
		watch(4);
		const view = socket().sent.findLast((message) => message.type === "view");
		const channel = view?.type === "view" ? (view.channels[0]?.channel ?? -1) : -1;
		const media = { kind: "media", track: "video", randomAccess: true, receivedAtMs: 1, codecs: "" } as const;
		for (const number of [channel, channel + 1]) {
			const bytes = writeMediaFrame({ ...media, channel: number, payload: Uint8Array.of(7) });
			socket().onmessage?.({ data: bytes.buffer } as MessageEvent);
		}
		expect(feeds[0]?.frames.map((frame) => [...frame.payload])).toEqual([[7]]);
	});
});

test("what the browser can play is asked at each hello", () => {
	canPlay = false;
	welcome(["cam1"]);
	expect(sentOf("hello")).toMatchObject([{ webrtc: [], mse: [] }]);
	expect(told).toEqual(["playable false"]);
	expect(views()).toEqual([""]);
});

describe("enlarging", () => {
	beforeEach(() => welcome(["cam1", "cam2", "cam3"]));
	const grid = "cam1 cam2 cam3";

	test("asks for main at once, and drops it at once", () => {
		session.enlarge("cam1");
		expect(views()).toEqual([grid, `${grid} cam1+`]);
		session.enlarge(undefined);
		expect(views()).toEqual([grid, `${grid} cam1+`, grid]);
	});

	test("passing over several cameras asks for the last one's main only", () => {
		session.enlarge("cam1");
		session.enlarge("cam2");
		clock.advance(MAIN_AFTER_MS - 1);
		session.enlarge("cam3");
		clock.advance(MAIN_AFTER_MS - 1);
		expect(views()).toEqual([grid, `${grid} cam1+`]);
		clock.advance(1);
		expect(views()).toEqual([grid, `${grid} cam1+`, `${grid} cam3+`]);
	});

	test("going back while passing leaves nothing behind", () => {
		session.enlarge("cam1");
		session.enlarge("cam2");
		session.enlarge(undefined);
		clock.advance(MAIN_AFTER_MS * 2);
		expect(views()).toEqual([grid, `${grid} cam1+`, grid]);
	});
});
