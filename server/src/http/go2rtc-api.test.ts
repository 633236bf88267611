import { once } from "node:events";
import type { AddressInfo } from "node:net";
import fastifyWebsocket from "@fastify/websocket";
import type { CameraStatus } from "@vigia/api";
import fc from "fast-check";
import fastify, { type FastifyInstance } from "fastify";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { CmafFeeds } from "../outputs/cmaf/cmaf-feed.ts";
import { ClipCamera, playable } from "../outputs/cmaf/testing/clip-camera.ts";
import { FakeStream, fakeUnit } from "../outputs/webrtc/testing/fake-stream.ts";
import { openWebrtc, type Webrtc } from "../outputs/webrtc/webrtc.ts";
import { FakeClock } from "../platform/fake-clock.ts";
import { installErrorHandlers } from "./errors.ts";
import { installVisitors } from "./visitor.ts";
import { readSourceName, registerGo2rtcApi } from "./go2rtc-api.ts";
import { Player } from "./testing/player.ts";

/** Only a fault reaches it. */
const WAIT = { timeout: 15_000, interval: 20 };
const SINCE = "2026-11-22T16:33:34.653Z";
const STATUSES: CameraStatus[] = [
	{
		id: "cam1",
		name: "Front",
		state: "live",
		since: SINCE,
		streams: {
			sub: { state: "live", codec: "h264", audio: "pcma", readers: 2 },
			main: { state: "idle", readers: 0 },
		},
	},
	{ id: "yard", name: "Yard", state: "waiting", since: SINCE, streams: { main: { state: "waiting" } } },
];

let app: FastifyInstance;
let webrtc: Webrtc;
let list: Map<string, ClipCamera>;
let feeds: CmafFeeds;
let clock: FakeClock;
let main: FakeStream;
let sub: FakeStream;
let camera: ClipCamera;
let errors: unknown[];
let stills: unknown[];

beforeEach(async () => {
	clock = new FakeClock();
	errors = [];
	stills = [];
	[main, sub] = [new FakeStream(), new FakeStream()];
	for (const [mark, stream] of [main, sub].entries()) {
		stream.push(fakeUnit({ timestamp: 0, randomAccess: true, packets: 2, mark }));
	}
	camera = new ClipCamera(clock);
	const directory = {
		hasCamera: (id: string) => id === "cam1" || id === "yard",
		stream: (_camera: string, name: string) => (name === "main" ? main : sub),
	};
	const onError = (error: unknown): void => void errors.push(error);
	webrtc = await openWebrtc({
		settings: { webrtcPort: 0, webrtcHosts: [], iceServers: [] },
		directory,
		clock,
		onError,
	});
	list = new Map([["cam1", camera]]);
	feeds = new CmafFeeds({ streams: playable(list), clock, onError });
	app = fastify({ bodyLimit: 16 * 1024, forceCloseConnections: true });
	installVisitors(app, { trustProxy: [], basePath: "" });
	installErrorHandlers(app, pino({ level: "silent" }));
	await app.register(fastifyWebsocket, { options: { maxPayload: 256 * 1024 } });
	await registerGo2rtcApi(app, {
		engine: webrtc,
		directory,
		feeds,
		statuses: () => STATUSES,
		snapshots: {
			take: async (request) => {
				stills.push(request);
				return request.cameraId === "yard" ? "no-picture" : { jpeg: Uint8Array.of(255, 216), capturedWallMs: 0 };
			},
		},
		clock,
		onError,
	});
});

afterEach(async () => {
	await app.close();
	webrtc.close();
	await vi.waitUntil(() => clock.pending === 0, WAIT);
	expect({ errors, peers: webrtc.peers, readers: main.readers.size + sub.readers.size + camera.readers }).toEqual({
		errors: [],
		peers: 0,
		readers: 0,
	});
});

const post = (src: string, payload: string, type?: string) =>
	app.inject({
		method: "POST",
		url: `/api/webrtc?src=${encodeURIComponent(src)}`,
		payload,
		headers: type === undefined ? {} : { "content-type": type },
	});

/** A player of go2rtc's protocol. */
async function connect(src: string) {
	if (!app.server.listening) await app.listen({ host: "127.0.0.1", port: 0 });
	const { port } = app.server.address() as AddressInfo;
	const socket = new WebSocket(`ws://127.0.0.1:${port}/api/ws?src=${src}`);
	const heard = { messages: [] as { type: string; value: string }[], boxes: [] as string[], closeCode: 0 };
	socket.on("message", (data: Buffer, isBinary) => {
		if (isBinary) heard.boxes.push(data.toString("latin1", 4, 8));
		else heard.messages.push(JSON.parse(data.toString()));
	});
	socket.on("close", (code) => {
		heard.closeCode = code;
	});
	await once(socket, "open");
	return { socket, heard, say: (type: string, value?: unknown) => socket.send(JSON.stringify({ type, value })) };
}

test("a name is a camera's id, alone for the grid's stream, or with its stream behind it", () => {
	const has = (id: string): boolean => ["cam1", "a_main", "a"].includes(id);
	expect(readSourceName("cam1", has)).toEqual({ cameraId: "cam1", stream: "sub" });
	expect(readSourceName("cam1_main", has)).toEqual({ cameraId: "cam1", stream: "main" });
	expect(readSourceName("cam1/main", has)).toEqual({ cameraId: "cam1", stream: "main" });
	expect(readSourceName("cam1/sub", has)).toEqual({ cameraId: "cam1", stream: "sub" });
	expect(readSourceName("a_main", has)).toEqual({ cameraId: "a_main", stream: "sub" });
	expect(readSourceName("a/main", has)).toEqual({ cameraId: "a", stream: "main" });
	fc.assert(
		fc.property(
			fc.oneof(fc.string(), fc.anything(), fc.constantFrom("cam2", "cam1_", "_main", "cam1/third")),
			(src) => {
				const name = readSourceName(src, has);
				if (name) expect(has(name.cameraId)).toBe(true);
			},
		),
	);
});

test("the streams are the cameras, without their addresses", async () => {
	const response = await app.inject({ url: "/api/streams" });
	expect(response.json()).toEqual({
		cam1: {
			producers: [{ url: "vigia:cam1", medias: ["video, recvonly, H264", "audio, recvonly, PCMA"] }],
			consumers: [{ format_name: "vigia" }, { format_name: "vigia" }],
		},
		cam1_main: { producers: [{ url: "vigia:cam1/main" }], consumers: null },
		yard: { producers: [{ url: "vigia:yard" }], consumers: null },
	});
	expect((await app.inject({ url: "/api/streams?src=cam1_main" })).json()).toEqual(response.json().cam1_main);
	expect((await app.inject({ url: "/api/streams?src=yard_main" })).json()).toEqual(response.json().yard);
	for (const src of ["none", "rtsp://10.0.0.1/x", "__proto__", "constructor"]) {
		expect((await app.inject({ url: `/api/streams?src=${src}` })).statusCode).toBe(404);
	}
	for (const method of ["PUT", "PATCH", "POST", "DELETE"] as const) {
		const { statusCode, headers } = await app.inject({ method, url: "/api/streams?name=x&src=exec:id" });
		expect([statusCode, headers.allow]).toEqual([405, "GET, HEAD"]);
	}
});

test("a still is had under go2rtc's address", async () => {
	const still = await app.inject({ url: "/api/frame.jpeg?src=cam1_main&w=320" });
	expect([still.statusCode, still.headers["content-type"], still.rawPayload.length]).toEqual([200, "image/jpeg", 2]);
	await app.inject({ url: "/api/frame.jpeg?src=cam1" });
	expect(stills).toEqual([
		{ cameraId: "cam1", stream: "main", width: 320 },
		{ cameraId: "cam1", stream: "sub", width: undefined },
	]);
	const statusOf = async (query: string): Promise<number> =>
		(await app.inject({ url: `/api/frame.jpeg${query}` })).statusCode;
	expect(await statusOf("?src=yard")).toBe(503);
	for (const query of ["", "?src=none", "?src=cam1&src=yard"]) expect(await statusOf(query)).toBe(404);
	for (const query of ["&w=0", "&w=x", "&width=99999", "&w=20&w=30"]) {
		expect(await statusOf(`?src=cam1${query}`)).toBe(400);
	}
});

test.each([
	["application/sdp", 201],
	["application/json; charset=utf-8", 200],
	["text/plain", 200],
	[undefined, 200],
] as const)("an offer as %s is answered in the same form, and the pictures come", async (type, status) => {
	using player = new Player();
	const offer = await player.offer();
	const isJson = type?.startsWith("application/json") ?? false;
	const response = await post("cam1", isJson ? JSON.stringify({ type: "offer", sdp: offer }) : offer, type);
	expect(response.statusCode).toBe(status);
	const answer = isJson ? response.json() : { type: "answer", sdp: response.body };
	expect(answer).toEqual({ type: "answer", sdp: expect.stringMatching(/^v=0\r\n/) });
	if (status === 201) expect(response.headers["content-type"]).toBe("application/sdp");
	expect([main.readers.size, sub.readers.size]).toEqual([0, 1]);
	player.accept(answer.sdp);
	await vi.waitUntil(() => {
		clock.advance(1);
		return player.received.length === 2;
	}, WAIT);
	expect(player.received[0]?.payload[0]).toBe(1);
	webrtc.close();
});

test("cam1_main plays the main stream, and what is no offer is refused with the reason", async () => {
	using player = new Player();
	const offer = await player.offer();
	expect((await post("cam1_main", offer, "application/sdp")).statusCode).toBe(201);
	expect([main.readers.size, sub.readers.size]).toEqual([1, 0]);
	const refused: [src: string, body: string, type: string | undefined, status: number, code: string][] = [
		["none", offer, "application/sdp", 404, "unknown-stream"],
		["rtsp://10.0.0.1/x", offer, "application/sdp", 404, "unknown-stream"],
		["cam1", "v=0", "application/sdp", 400, "bad-offer"],
		["cam1", "{", "application/json", 400, "bad-offer"],
		["cam1", JSON.stringify({ type: "answer", sdp: offer }), "application/json", 400, "bad-offer"],
		["cam1", JSON.stringify({ type: "offer", sdp: [offer] }), "application/json", 400, "bad-offer"],
		["cam1", "x".repeat(140 * 1024), undefined, 413, "body-too-large"],
	];
	for (const [src, body, type, status, code] of refused) {
		const response = await post(src, body, type);
		expect([response.statusCode, response.json().error.code]).toEqual([status, code]);
	}
});

test("the player of Home Assistant's cards gets its answer over the socket, and plays on without it", async () => {
	using player = new Player();
	const { socket, heard, say } = await connect("cam1");
	// Trickled candidates may come first.
	say("webrtc/candidate", "candidate:9 1 UDP 2130706431 127.0.0.1 9 typ host");
	say("webrtc/offer", await player.offer());
	say("webrtc/candidate", "candidate:8 1 UDP 2130706431 127.0.0.1 8 typ host");
	say("webrtc/candidate", "");
	await vi.waitUntil(() => heard.messages.length === 1, WAIT);
	expect(heard.messages[0]).toEqual({ type: "webrtc/answer", value: expect.stringContaining(" typ host\r\n") });
	player.accept(heard.messages[0]?.value ?? "");
	socket.close();
	await vi.waitUntil(() => heard.closeCode !== 0, WAIT);
	await vi.waitUntil(() => {
		clock.advance(1);
		return player.received.length === 2;
	}, WAIT);
	webrtc.close();
});

test("the newer form of the offer is answered in its form, and takes the place of the one before", async () => {
	using first = new Player();
	using second = new Player();
	const { socket, heard, say } = await connect("cam1");
	for (const [index, player] of [first, second].entries()) {
		say("webrtc", { type: "offer", sdp: await player.offer() });
		await vi.waitUntil(() => heard.messages.length === index + 1, WAIT);
		expect(heard.messages[index]).toMatchObject({ type: "webrtc", value: { type: "answer" } });
		expect(sub.readers.size).toBe(1);
	}
	socket.close();
	webrtc.close();
});

test("fragmented MP4 comes behind the name of its codecs", async () => {
	camera.play(2);
	const { socket, heard, say } = await connect("cam1");
	say("mse", "avc1.640029,avc1.64002A,hvc1.1.6.L153.B0,mp4a.40.2");
	await vi.waitUntil(() => heard.boxes.length >= 3, WAIT);
	expect(heard.messages).toEqual([{ type: "mse", value: expect.stringMatching(/^video\/mp4; codecs="avc1\.\w+"$/) }]);
	expect(heard.boxes[0]).toBe("ftyp");
	socket.terminate();
});

test("what cannot be had over the socket is refused as go2rtc does, and noise is not answered", async () => {
	const { socket, heard, say } = await connect("none");
	socket.send("no JSON");
	socket.send(Buffer.from("binary"));
	socket.send("[1]");
	say("webrtc/candidate", { no: "text" });
	say("webrtc/offer", "v=0");
	say("mse", "avc1.640029");
	say("mjpeg");
	await vi.waitUntil(() => heard.messages.length === 3, WAIT);
	expect(heard.messages.map(({ type, value }) => [type, value])).toEqual([
		["error", "webrtc/offer: stream not found"],
		["error", "mse: stream not found"],
		["error", expect.stringMatching(/^mjpeg: /)],
	]);
	const other = await connect("cam1");
	other.say("webrtc/offer", "v=0");
	other.say("mse", "av01.0.05M.08");
	await vi.waitUntil(() => other.heard.messages.length === 2, WAIT);
	expect(other.heard.messages.map(({ value }) => value)).toEqual([
		expect.stringMatching(/^mse: codecs/),
		expect.stringMatching(/^webrtc\/offer: The body is not a valid SDP offer/),
	]);
	for (let count = 0; count < 600; count++) say("webrtc/candidate", "");
	await vi.waitUntil(() => heard.closeCode === 1013, WAIT);
	other.socket.terminate();
	socket.terminate();
});

test("a camera that is taken out of the settings closes the sockets that play it", async () => {
	const { heard, say } = await connect("cam1");
	say("mse", "avc1.640029");
	await vi.waitUntil(() => camera.readers === 1, WAIT);
	list.clear();
	feeds.endGone();
	await vi.waitUntil(() => heard.closeCode === 1000, WAIT);
});
