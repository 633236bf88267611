import type { CameraStatus, ClientMessage } from "@vigia/api";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { SocketLike } from "../api/wall-socket.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { type FakeElement, FakePeer, installFakeDom, settle } from "../testing/fake-dom.ts";
import { ANSWER_FIRST_MS, MAIN_AFTER_MS, WallSession } from "./wall-session.ts";

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

function welcome(ids: readonly string[], serverId = "s1"): void {
	socket().onopen?.({} as Event);
	const cameras = ids.map(camera);
	socket().says({ type: "welcome", version: 1, serverId, release: "1", demo: true, iceServers: [], cameras });
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

const videosOf = (id: string) => (session.pictureOf(id) as unknown as FakeElement).children;
const tracksOf = (id: string) => videosOf(id).map(({ trackId }) => trackId);

beforeEach(() => {
	installFakeDom();
	vi.spyOn(console, "warn").mockImplementation(() => {});
	clock = new FakeClock();
	sockets = [];
	told = [];
	canPlay = true;
	session = new WallSession({
		url: "ws://host/api/wall",
		clock,
		random: () => 0.5,
		createSocket: () => {
			const made = new FakeSocket();
			sockets.push(made);
			return made;
		},
		webrtcH264: () => canPlay,
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
		welcome(["cam1"]);
		clock.advance(4000);
		socket().says({ type: "status", cameras: [camera("cam1")] });
		clock.advance(2000);
		expect(views()).toEqual(["cam1", ""]);
		offer(1, 1);
		await settle();
		expect(tracksOf("cam1")).toEqual([]);
		session.setVisible(true);
		expect(views()).toEqual(["cam1", "", "cam1"]);
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

	test("no slot of the old connection is taken for another camera's", async () => {
		await lose();
		welcome(["cam2", "cam1"]);
		expect(FakePeer.made[0]?.closed).toBe(true);
		expect([tracksOf("cam1"), tracksOf("cam2")]).toEqual([["1/0"], ["1/1"]]);
		offer(1, 2);
		await settle();
		expect(FakePeer.made).toHaveLength(2);
		clock.advance(0);
		expect(tracksOf("cam1")).toEqual(["1/1", "1/0"]);
	});

	test("nor is one of a server that was started anew", async () => {
		await lose();
		welcome(["cam1", "cam2"], "s2");
		expect(FakePeer.made[0]?.closed).toBe(true);
	});
});

describe("a browser that refuses the codec", () => {
	beforeEach(async () => {
		FakePeer.refusesAll = true;
		welcome(["cam1"]);
		offer(1, 1);
		await settle();
		socket().says({ type: "error", code: "codec-not-accepted", message: "" });
	});

	test("is told once and asks for nothing more", () => {
		expect(told.filter((text) => text.startsWith("playable"))).toEqual(["playable true", "playable false"]);
		for (let second = 0; second < 30; second++) {
			clock.advance(1000);
			socket().says({ type: "status", cameras: [camera("cam1")] });
		}
		expect(views()).toEqual(["cam1", ""]);
		expect(sentOf("reconnect")).toEqual([]);
		expect(sentOf("refresh")).toEqual([]);
	});

	test("is asked anew with the next socket", () => {
		socket().onclose?.({} as CloseEvent);
		clock.advance(1000);
		welcome(["cam1"]);
		expect(told[told.length - 1]).toBe("playable true");
		expect(views()).toEqual(["cam1"]);
	});
});

test("what the browser can play is asked at each hello", () => {
	canPlay = false;
	welcome(["cam1"]);
	expect(sentOf("hello")).toMatchObject([{ webrtcH264: false }]);
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
