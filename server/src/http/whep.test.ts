import { randomBytes } from "node:crypto";
import fastify, { type FastifyInstance } from "fastify";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CONNECT_LIMIT_MS } from "../outputs/webrtc/player-session.ts";
import { FakeStream, fakeUnit } from "../outputs/webrtc/testing/fake-stream.ts";
import { openWebrtc, type Webrtc } from "../outputs/webrtc/webrtc.ts";
import { FakeClock } from "../platform/fake-clock.ts";
import { installErrorHandlers } from "./errors.ts";
import { Player } from "./testing/player.ts";
import { installVisitors } from "./visitor.ts";
import { registerWhep } from "./whep.ts";

/** Only a fault reaches it. */
const WAIT = { timeout: 15_000, interval: 20 };
const ENDPOINT = "/api/cameras/cam1/whep";
const ICE_SERVERS = [
	{ urls: ["stun:stun.example.org"] },
	{ urls: ["turn:turn.example.org?transport=udp"], username: 'a"b', credential: "p@ss:w#rd%/" },
	{ urls: ["turn:other.example.org"], username: "a", credential: "p@ss:w#rd%/ñ" },
];

let app: FastifyInstance;
let webrtc: Webrtc;
let clock: FakeClock;
let main: FakeStream;
let sub: FakeStream;
let players: Player[];
let known: Set<string>;

beforeEach(async () => {
	clock = new FakeClock();
	players = [];
	known = new Set(["cam1"]);
	[main, sub] = [new FakeStream(), new FakeStream()];
	for (const [mark, stream] of [main, sub].entries()) {
		stream.push(fakeUnit({ timestamp: 0, randomAccess: true, packets: 2, mark }));
	}
	const directory = {
		hasCamera: (camera: string) => known.has(camera),
		stream: (camera: string, name: string) => (known.has(camera) ? (name === "main" ? main : sub) : undefined),
	};
	const settings = { webrtcPort: 0, webrtcHosts: [], iceServers: [] };
	webrtc = await openWebrtc({ settings, directory, clock });
	app = fastify({ bodyLimit: 16 * 1024 });
	installErrorHandlers(app, pino({ level: "silent" }));
	installVisitors(app, { trustProxy: [], basePath: "" });
	await registerWhep(app, { engine: webrtc, directory, iceServers: ICE_SERVERS });
});

afterEach(async () => {
	await app.close();
	webrtc.close();
	for (const player of players) player[Symbol.dispose]();
	expect({ peers: webrtc.peers, readers: main.readers.size + sub.readers.size, timers: clock.pending }).toEqual({
		peers: 0,
		readers: 0,
		timers: 0,
	});
});

function newPlayer(codec?: "H264" | "VP8"): Player {
	const player = new Player(codec);
	players.push(player);
	return player;
}

const post = (payload: string | Buffer, url = ENDPOINT, type = "application/sdp") =>
	app.inject({ method: "POST", url, payload, headers: { "content-type": type } });
const patch = (url: string, payload: string, ifMatch?: string, type = "application/trickle-ice-sdpfrag") =>
	app.inject({
		method: "PATCH",
		url,
		payload,
		headers: { "content-type": type, ...(ifMatch !== undefined && { "if-match": ifMatch }) },
	});

/** RFC 3986 section 5: it is relative to the endpoint. */
const sessionOf = ({ headers }: { readonly headers: { readonly location?: string | undefined } }): string =>
	new URL(headers.location ?? "", `http://127.0.0.1${ENDPOINT}?stream=sub`).pathname;

test("a player gets 201 with all that the draft asks for, and then the pictures", async () => {
	const player = newPlayer();
	const response = await post(await player.offer());
	expect(response.statusCode).toBe(201);
	expect(response.headers).toMatchObject({
		"content-type": "application/sdp",
		location: expect.stringMatching(/^whep\/[\w-]{36}$/),
		etag: expect.stringMatching(/^"[\w-]{36}"$/),
		"access-control-allow-origin": "*",
		"access-control-expose-headers": expect.stringContaining("Location, ETag, Link"),
		// A credential that a header cannot carry leaves its server out.
		link:
			'<stun:stun.example.org>; rel="ice-server", <turn:turn.example.org?transport=udp>; rel="ice-server"; ' +
			'username="a\\"b"; credential="p@ss:w#rd%/"; credential-type="password"',
	});
	expect(response.body).toContain("a=mid:picture\r\n");
	expect(response.body).toContain("a=sendonly\r\n");
	expect(response.body).toContain(` ${webrtc.port} typ host\r\n`);
	player.accept(response.body);
	await vi.waitUntil(() => {
		clock.advance(1);
		return player.received.length === 2;
	}, WAIT);
	expect(player.received.map(({ payloadType, payload }) => [payloadType, payload[0]])).toEqual([
		[102, 0],
		[102, 0],
	]);
	const url = sessionOf(response);
	expect((await app.inject({ method: "DELETE", url })).statusCode).toBe(200);
	expect((await app.inject({ method: "DELETE", url })).statusCode).toBe(404);
});

test("stream=sub plays the sub stream", async () => {
	const player = newPlayer();
	const response = await post(await player.offer(), `${ENDPOINT}?stream=sub`);
	expect(response.statusCode).toBe(201);
	expect([main.readers.size, sub.readers.size]).toEqual([0, 1]);
});

test("offers that cannot be served are refused with the reason", async () => {
	const offer = await newPlayer().offer();
	const codeOf = async (response: ReturnType<typeof post>): Promise<[number, string]> => {
		const { statusCode, body } = await response;
		return [statusCode, (JSON.parse(body) as { error: { code: string } }).error.code];
	};
	expect(await codeOf(post(offer, "/api/cameras/none/whep"))).toEqual([404, "unknown-camera"]);
	expect(await codeOf(post(offer, `${ENDPOINT}?stream=third`))).toEqual([404, "unknown-stream"]);
	expect(await codeOf(post(offer, `${ENDPOINT}?stream=main&stream=sub`))).toEqual([404, "unknown-stream"]);
	expect(await codeOf(post(offer, ENDPOINT, "application/json"))).toEqual([415, "media-type-unsupported"]);
	expect(await codeOf(post(offer, ENDPOINT, "application/trickle-ice-sdpfrag"))).toEqual([
		415,
		"media-type-unsupported",
	]);
	expect(await codeOf(post(await newPlayer("VP8").offer()))).toEqual([406, "no-h264"]);
	expect(await codeOf(post(offer.padEnd(64 * 1024 + 1, "\r\n")))).toEqual([413, "body-too-large"]);
	const broken = ["", "v=0", "nonsense", "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n", "\0".repeat(1000)];
	for (const payload of [...broken, randomBytes(5000), offer.replace(/^a=fingerprint:.*$/gm, "a=fingerprint:x y")]) {
		expect(await codeOf(post(payload))).toEqual([400, "bad-offer"]);
	}
	expect(webrtc.peers).toBe(0);
});

test("trickled candidates are taken with the session's ETag only, and ICE is not restarted", async () => {
	const offer = await newPlayer().offer();
	const response = await post(offer);
	const session = sessionOf(response);
	const etag = response.headers.etag as string;
	const ufrag = /^a=ice-ufrag:.*$/m.exec(offer)?.[0] as string;
	const candidate = "a=mid:picture\r\na=candidate:9 1 UDP 2130706431 127.0.0.1 9 typ host\r\na=end-of-candidates\r\n";
	const fragment = `${ufrag}\r\na=ice-pwd:secretsecretsecretsecret\r\nm=video 9 UDP/TLS/RTP/SAVPF 102\r\n${candidate}`;
	const statusOf = async (response: ReturnType<typeof patch>): Promise<number> => (await response).statusCode;
	expect(await statusOf(patch(session, fragment, etag))).toBe(204);
	expect(await statusOf(patch(session, "a=end-of-candidates\r\n", etag))).toBe(204);
	expect(await statusOf(patch(session, fragment))).toBe(428);
	expect(await statusOf(patch(session, fragment, '"another"'))).toBe(412);
	expect(await statusOf(patch(session, fragment, "*"))).toBe(422);
	expect(await statusOf(patch(session, fragment.replace(ufrag, "a=ice-ufrag:new"), etag))).toBe(422);
	expect(await statusOf(patch(session, fragment, etag, "application/sdp"))).toBe(415);
	for (const body of ["", "nonsense", '{"a":1}', "v=0\r\n", candidate.repeat(100)]) {
		expect(await statusOf(patch(session, body, etag))).toBe(400);
	}
	expect(await statusOf(patch(`${ENDPOINT}/nothing`, fragment, etag))).toBe(404);
	expect(await statusOf(patch(session.replace("cam1", "cam2"), fragment, etag))).toBe(404);
});

test("other methods are refused with those that are allowed, and OPTIONS tells a foreign page what it may do", async () => {
	for (const method of ["GET", "HEAD", "PUT", "PATCH", "DELETE"] as const) {
		const response = await app.inject({ method, url: ENDPOINT });
		expect([response.statusCode, response.headers.allow]).toEqual([405, "POST, OPTIONS"]);
	}
	for (const method of ["GET", "HEAD", "PUT", "POST"] as const) {
		const response = await app.inject({ method, url: `${ENDPOINT}/x` });
		expect([response.statusCode, response.headers.allow]).toEqual([405, "PATCH, DELETE, OPTIONS"]);
	}
	const headers = { origin: "https://player.example", "access-control-request-method": "POST" };
	const preflight = await app.inject({ method: "OPTIONS", url: ENDPOINT, headers });
	expect(preflight.statusCode).toBe(204);
	expect(preflight.headers).toMatchObject({
		"accept-post": "application/sdp",
		"access-control-allow-origin": "https://player.example",
		"access-control-allow-methods": "POST, OPTIONS",
		"access-control-allow-headers": "Authorization, Content-Type, If-Match",
		vary: "Origin",
	});
});

test("a player that never connects is dropped", async () => {
	const response = await post(await newPlayer().offer());
	expect(webrtc.peers).toBe(1);
	clock.advance(CONNECT_LIMIT_MS);
	expect(webrtc.peers).toBe(0);
	expect((await patch(sessionOf(response), "a=mid:0", response.headers.etag as string)).statusCode).toBe(404);
});

test("a camera without pictures is played as soon as it has some", async () => {
	main.gop = [];
	const player = newPlayer();
	const { body } = await post(await player.offer());
	player.accept(body);
	await vi.waitUntil(() => {
		main.push(fakeUnit({ timestamp: 0, randomAccess: true, mark: 7 }));
		clock.advance(1);
		return player.received.length > 0;
	}, WAIT);
	expect(player.received[0]?.payload[0]).toBe(7);
});

test("a camera that is taken out of the settings ends its sessions", async () => {
	const response = await post(await newPlayer().offer());
	webrtc.endGone();
	expect([webrtc.peers, main.readers.size]).toEqual([1, 1]);
	known.clear();
	webrtc.endGone();
	expect([webrtc.peers, main.readers.size]).toEqual([0, 0]);
	expect((await app.inject({ method: "DELETE", url: sessionOf(response) })).statusCode).toBe(404);
});
