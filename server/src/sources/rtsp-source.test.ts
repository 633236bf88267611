import { type AddressInfo, createServer } from "node:net";
import { parseRtcp } from "@vigia/rtp";
import { fromByteString, headerOf, toByteString } from "@vigia/rtsp";
import { describe, expect, test } from "vitest";
import { FakeClock } from "../platform/fake-clock.ts";
import { CONNECT_TIMEOUT_MS } from "./connection.ts";
import { RECEIVER_REPORT_INTERVAL_MS } from "./rtsp-attempt.ts";
import type { SourceFailure } from "./source.ts";
import { openRecorded, RecordedSource, until } from "./testing/recorded-source.ts";
import {
	answerTo,
	type CameraScript,
	idrSlice,
	PICTURES,
	PPS,
	pSlice,
	ScriptedCamera,
	SPS,
	sdpOf,
	tagOf,
	VIDEO_MEDIA,
} from "./testing/scripted-camera.ts";

const PASSWORD = "p@ss:w#rd%/ñ";
const tags = (source: RecordedSource): (number | undefined)[] => source.units.map((unit) => tagOf(unit.nalUnits));

/** Plays the usual pictures to the end and closes. */
async function playThrough(
	camera: ScriptedCamera,
	login: { username?: string; password?: string; path?: string } = {},
): Promise<RecordedSource> {
	const source = new RecordedSource({ port: camera.port, ...login });
	await until(() => source.units.length >= PICTURES.length || source.ended, "the pictures");
	expect(source.failure).toBeUndefined();
	expect(tags(source)).toEqual([1, 2, 3, 4]);
	await source.session.close();
	expect(source.events).toEqual(["playing", "ended"]);
	expect(camera.methods.at(-1)).toBe("TEARDOWN");
	return source;
}

async function failureOf(
	script: CameraScript,
	login: { username?: string; password?: string; isFound?: boolean } = {},
): Promise<string | undefined> {
	await using camera = await ScriptedCamera.open(script);
	const source = new RecordedSource({ port: camera.port, ...login });
	await until(() => source.ended, "the end");
	expect(JSON.stringify(source.failure)).not.toContain("p@ss");
	await source.session.close();
	expect(source.events.filter((event) => event === "ended")).toHaveLength(1);
	return source.failure?.code;
}

describe("a session", () => {
	test("gives whole access units of H.264 over TCP and says TEARDOWN when closed", async () => {
		// S01.
		await using camera = await ScriptedCamera.open();
		const source = new RecordedSource({ port: camera.port });
		await until(() => source.units.length >= 4, "four pictures");
		expect(tags(source)).toEqual([1, 2, 3, 4]);
		expect(source.units[0]?.randomAccess).toBe(true);
		expect(source.units[0]?.nalUnits).toEqual([SPS, PPS, idrSlice(1, 4000)].map((nal) => new Uint8Array(nal)));
		expect(source.session.counters).toMatchObject({ lostPackets: 0, malformedPackets: 0, damagedAccessUnits: 0 });
		expect(source.session.counters.rtpPackets).toBeGreaterThan(5);
		expect(source.session.counters.rtpBytes).toBeGreaterThan(4000);
		await Promise.all([source.session.close(), source.session.close()]);
		expect(camera.methods).toEqual(["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"]);
		expect(source.events).toEqual(["playing", "ended"]);
		expect(source.failure).toBeUndefined();
	});

	test.each([
		// S17, quirks 35, 46, 47.
		["one byte at a time", (bytes: Uint8Array) => [...bytes].map((byte) => Uint8Array.of(byte))],
		[
			"in pieces of seven bytes",
			(bytes: Uint8Array) =>
				Array.from({ length: Math.ceil(bytes.length / 7) }, (_, index) => bytes.subarray(index * 7, index * 7 + 7)),
		],
	])("is the same when the camera sends %s", async (_name, split) => {
		await using camera = await ScriptedCamera.open({
			pictures: [[SPS, PPS, idrSlice(1, 600)], ...PICTURES.slice(1)],
			write: (socket, bytes) => {
				for (const piece of split(bytes)) socket.write(piece);
			},
		});
		await playThrough(camera);
	});

	test("is the same when the camera ends lines with LF alone", async () => {
		// S12, quirks 35, 38.
		await using camera = await ScriptedCamera.open({
			write: (socket, bytes) => {
				const text = toByteString(bytes);
				socket.write(
					text.startsWith("RTSP/") ? fromByteString(text.replaceAll("\r\n", "\n").replace("CSeq: ", "cseq:")) : bytes,
				);
			},
			// Its Content-Length counts the bytes with CRLF, so the description is sent with LF from the start.
			sdp: sdpOf(VIDEO_MEDIA).replaceAll("\r\n", "\n"),
		});
		await playThrough(camera);
	});

	test("is playing before its first picture, even if that comes before the answer to PLAY", async () => {
		// S21, quirk 51.
		await using camera = await ScriptedCamera.open({
			pictures: [],
			answer: (request, connection) => {
				if (request.method !== "PLAY") return undefined;
				for (const picture of PICTURES) connection.sendPicture(picture);
				return undefined;
			},
		});
		await playThrough(camera);
	});

	test("goes on over frames that are no RTP, other payload types and channels, RTCP and garbage, and counts them", async () => {
		// S18, S20, S22, quirks 48, 50, 52, 53, 97.
		await using camera = await ScriptedCamera.open({
			answer: (request, connection) => {
				if (request.method !== "PLAY") return undefined;
				connection.sendFrame(0, Uint8Array.of(0x80, 0x60, 3));
				connection.sendFrame(0, new Uint8Array(0));
				connection.sendFrame(0, fromByteString("\x80\x70\0\x01\0\0\0\0\0\0\x12\x34private"));
				connection.sendFrame(6, fromByteString("\x80\x60never set up"));
				connection.sendFrame(0, fromByteString("\x80\xc8\0\x06cut off"));
				connection.send("\x01\x02 garbage \0");
				return undefined;
			},
		});
		const source = await playThrough(camera);
		expect(source.session.counters).toMatchObject({ malformedPackets: 1, lostPackets: 0, damagedAccessUnits: 0 });
		expect(source.session.quirks).toEqual(
			expect.arrayContaining(["garbage-between-frames", "unassigned-channel", "foreign-payload-types"]),
		);
	});

	test("ends as our own mistake when its owner throws", async () => {
		await using camera = await ScriptedCamera.open();
		let ends = 0;
		const open = openRecorded({ port: camera.port, clock: new FakeClock() });
		let failure: SourceFailure | undefined;
		open({
			onPlaying: () => {
				throw new RangeError("with a secret in it");
			},
			onParameterSets: () => {},
			onVideo: () => {},
			onEnd: (why) => {
				ends++;
				failure = why;
			},
		});
		await until(() => ends > 0, "the end");
		expect(failure?.code).toBe("internal-error");
		expect(failure?.detail).toMatch(/^RangeError .*rtsp-source\.test/);
		expect(failure?.detail).not.toContain("secret");
	});

	test("sends receiver reports for its track on the camera's RTCP channel", async () => {
		// Quirk 87.
		await using camera = await ScriptedCamera.open({ transport: "RTP/AVP/TCP;interleaved=4-5", channel: 4 });
		const clock = new FakeClock();
		const source = new RecordedSource({ port: camera.port, clock });
		await until(() => source.units.length >= 4, "the pictures");
		for (const count of [1, 2]) {
			clock.advance(RECEIVER_REPORT_INTERVAL_MS);
			await until(() => camera.frames.length >= count, "a receiver report");
		}
		const [frame] = camera.frames;
		expect(frame?.channel).toBe(5);
		const { packets } = parseRtcp(frame?.payload ?? new Uint8Array(0));
		expect(packets).toMatchObject([
			{ type: "receiverReport", reports: [{ ssrc: 0x1234, cumulativeLost: 0 }] },
			{ type: "sdes" },
		]);
		await source.session.close();
	});
});

describe("authentication", () => {
	const credentials = { username: "admin", password: PASSWORD };
	const login = credentials;
	const digest = { scheme: "digest", realm: 'IP Camera "1", east ', nonce: "98481030" } as const;

	test("Digest MD5 without qop: one challenge, then every request is authorised", async () => {
		// S02, quirks 20, 31, 32.
		await using camera = await ScriptedCamera.open({ auth: { offers: [digest], credentials } });
		await playThrough(camera, { ...login, path: "/cam/realmonitor?channel=1&subtype=0" });
		expect(camera.methods).toEqual(["OPTIONS", "OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"]);
	});

	test("Digest with qop and opaque counts its requests", async () => {
		// S03, quirk 21.
		await using camera = await ScriptedCamera.open({
			auth: { offers: [{ ...digest, qopAuth: true, opaque: "o" }], credentials },
		});
		await playThrough(camera, login);
		const counts = camera.requests.map((request) => /nc=(\w{8})/.exec(headerOf(request, "authorization") ?? "")?.[1]);
		expect(counts).toEqual([undefined, "00000001", "00000002", "00000003", "00000004", "00000005"]);
	});

	test("of SHA-256, MD5 and Basic the strongest is used", async () => {
		// S04, quirks 23, 25.
		const offers = [{ scheme: "basic", realm: "r" }, digest, { ...digest, algorithm: "SHA-256" }] as const;
		await using camera = await ScriptedCamera.open({ auth: { offers, credentials } });
		await playThrough(camera, login);
		for (const request of camera.requests.slice(1))
			expect(headerOf(request, "authorization")).toContain("algorithm=SHA-256");
	});

	test("a camera that always says 401 is asked three times at most and reported as refusing", async () => {
		// S08, quirks 29, 33.
		await using camera = await ScriptedCamera.open({
			auth: { offers: [digest], credentials: { username: "admin", password: "other" } },
		});
		const source = new RecordedSource({ port: camera.port, ...login });
		await until(() => source.ended, "the refusal");
		expect(source.failure?.code).toBe("auth-refused");
		expect(camera.requests.length).toBeLessThanOrEqual(3);
		expect(JSON.stringify(source.failure)).not.toContain("p@ss");
	});

	test.each([["p@:/#?%ss"], ["pässwörd"], ['"'], ["\\"], [""], [PASSWORD]])(
		"the password %j opens the camera and is never on the wire",
		async (password) => {
			// S10, quirks 1 to 5, 34.
			const wire: string[] = [];
			await using camera = await ScriptedCamera.open({
				auth: { offers: [digest], credentials: { username: "admin", password } },
				answer: (request) => {
					wire.push(request.target, headerOf(request, "authorization") ?? "");
					return undefined;
				},
			});
			await playThrough(camera, { username: "admin", password });
			if (password.length > 2) expect(wire.join()).not.toContain(password);
		},
	);

	test("only where nobody entered the address is the password not sent readable", async () => {
		const offers = [{ scheme: "basic", realm: "r" }] as const;
		const sent: (string | undefined)[] = [];
		const script: CameraScript = {
			auth: { offers, credentials },
			answer: (request) => void sent.push(headerOf(request, "authorization")),
		};
		expect(await failureOf(script, { ...login, isFound: true })).toBe("address-unconfirmed");
		expect(sent.filter((value) => value !== undefined)).toEqual([]);
		await using camera = await ScriptedCamera.open(script);
		await playThrough(camera, login);
	});

	test("without credentials the refusal says that they are missing", async () => {
		expect(await failureOf({ auth: { offers: [digest], credentials } })).toBe("auth-refused");
	});
});

describe("descriptions and transports", () => {
	// S25, quirk 64.
	test.each([
		["trackID=1", "/stream/trackID=1"],
		["/trackID=1", "/stream/trackID=1"],
		["?ctype=video", "/stream?ctype=video"],
		["rtsp://192.168.1.64:9999/Streaming/trackID=1?a=b", "/Streaming/trackID=1?a=b"],
		["*", "/stream"],
	])("the control %s is set up as %s", async (control, path) => {
		await using camera = await ScriptedCamera.open({ sdp: sdpOf(VIDEO_MEDIA.replace("trackID=1", control)) });
		await playThrough(camera);
		expect(camera.request("SETUP")?.target).toBe(`rtsp://127.0.0.1:${camera.port}${path}`);
		expect(camera.request("PLAY")?.target).toBe(`rtsp://127.0.0.1:${camera.port}/stream`);
	});

	test("a query in the base is joined as text, as Dahua does it", async () => {
		await using camera = await ScriptedCamera.open({
			describeLines: ["Content-Base: rtsp://192.168.5.111/cam?channel=1&subtype=0/"],
		});
		await playThrough(camera);
		expect(camera.request("SETUP")?.target).toBe(`rtsp://127.0.0.1:${camera.port}/cam?channel=1&subtype=0/trackID=1`);
	});

	// S26, S27, quirks 69, 70.
	test.each([
		["RTP/AVP/TCP;unicast;interleaved=8-9", 8],
		["RTP/AVP/TCP;ssrc=22345684;interleaved=3-4", 3],
		["RTP/AVP/TCP;unicast;interleaved=6;ssrc= d6d6627", 6],
		['RTP/AVP;unicast;interleaved=2-3;mode="PLAY"', 2],
		["RTP/AVP/TCP;unicast", 0],
		[null, 0],
	])("the answer %j to SETUP puts the pictures on channel %i", async (transport, channel) => {
		await using camera = await ScriptedCamera.open({ transport, channel });
		await playThrough(camera);
	});

	test.each([["       708345999;timeout=60"], ["9a90de54; timeout=120"], ["1;timeout=0"]])(
		"the session %j is named by its id alone",
		async (session) => {
			// S28, quirk 72.
			await using camera = await ScriptedCamera.open({ session });
			await playThrough(camera);
			expect(headerOf(camera.request("PLAY")!, "session")).toBe(session.split(";")[0]?.trim());
		},
	);

	test("a short session timeout is met by keep-alives in time", async () => {
		// S28, quirk 86.
		await using camera = await ScriptedCamera.open({ session: "1;timeout=10" });
		const clock = new FakeClock();
		const source = new RecordedSource({ port: camera.port, clock });
		await until(() => source.units.length >= 4, "the pictures");
		for (const count of [1, 2, 3]) {
			clock.advance(5000);
			await until(() => camera.methods.filter((method) => method === "GET_PARAMETER").length >= count, "a keep-alive");
		}
		await source.session.close();
	});
});

describe("parameter sets and markers", () => {
	test("parameter sets of the description are handed on, with those in the stream or without", async () => {
		// S46, quirks 60, 61, 107.
		await using camera = await ScriptedCamera.open({ pictures: [[idrSlice(1)], ...PICTURES.slice(1)] });
		const source = await playThrough(camera);
		expect(source.parameterSets).toEqual([[SPS, PPS].map((nal) => new Uint8Array(nal))]);
		expect(source.units[0]?.nalUnits).toHaveLength(1);
	});

	test.each([["packetization-mode=1"], ["sprop-parameter-sets="], ["sprop-parameter-sets=QAEMAf//,AAAA"]])(
		"with %s in the description they come in the stream alone",
		async (parameters) => {
			await using camera = await ScriptedCamera.open({
				sdp: sdpOf(VIDEO_MEDIA.replace(/a=fmtp:96 .*/, `a=fmtp:96 ${parameters}`)),
			});
			const source = await playThrough(camera);
			expect(source.parameterSets).toEqual([]);
			expect(source.units[0]?.nalUnits).toHaveLength(3);
		},
	);

	test.each([
		// S42, quirks 99, 100, 101.
		["on no packet", () => false],
		["on every packet", () => true],
		["on the parameter sets too", (index: number, count: number) => index === 0 || index === count - 1],
	])("pictures are whole with the marker %s", async (_name, marker) => {
		await using camera = await ScriptedCamera.open({ marker, pictures: [...PICTURES, [pSlice(5)], [pSlice(6)]] });
		const source = new RecordedSource({ port: camera.port });
		await until(() => source.units.length >= 4, "the pictures");
		expect(tags(source).slice(0, 4)).toEqual([1, 2, 3, 4]);
		expect(source.units[0]?.nalUnits).toHaveLength(3);
		await source.session.close();
	});
});

describe("what goes wrong is told apart", () => {
	test.each([
		["453 Not Enough Bandwidth", "camera-full"],
		["503 Service Unavailable", "camera-full"],
		["404 Not Found", "not-found"],
		["400 Bad Request", "protocol-error"],
		["302 Moved", "redirect-refused"],
	])("DESCRIBE answered with %s", async (status, code) => {
		expect(
			await failureOf({
				answer: (request) => (request.method === "DESCRIBE" ? answerTo(request, status, []) : undefined),
			}),
		).toBe(code);
	});

	test.each([
		["m=audio 0 RTP/AVP 0", "no-video"],
		["m=video 0 RTP/AVP 96\r\na=rtpmap:96 VP8/90000", "codec-unsupported"],
	])("the description %j", async (media, code) => {
		expect(await failureOf({ sdp: sdpOf(media) })).toBe(code);
	});

	test("bytes that are not RTSP", async () => {
		expect(await failureOf({ answer: () => "\x01".repeat(100_000) })).toBe("protocol-error");
	});

	test("a connection that the camera ends, and one that breaks", async () => {
		const end =
			(how: "end" | "reset") =>
			(request: { method: string }, connection: { socket: { end(): void; resetAndDestroy(): void } }) => {
				if (request.method !== "PLAY") return undefined;
				if (how === "end") connection.socket.end();
				else connection.socket.resetAndDestroy();
				return "";
			};
		expect(await failureOf({ answer: end("end") })).toBe("session-ended");
		expect(await failureOf({ answer: end("reset") })).toBe("connection-lost");
	});

	test("a port that nobody listens on", async () => {
		const server = createServer().listen(0, "127.0.0.1");
		await until(() => server.listening, "a free port");
		const { port } = server.address() as AddressInfo;
		server.close();
		await until(() => !server.listening, "the port's release");
		const source = new RecordedSource({ port });
		await until(() => source.ended, "the end");
		expect(source.failure?.code).toBe("connection-refused");
		await source.session.close();
	});

	test("a camera that accepts and says nothing", async () => {
		const clock = new FakeClock();
		await using camera = await ScriptedCamera.open({ answer: () => "" });
		const source = new RecordedSource({ port: camera.port, clock });
		await until(() => camera.requests.length > 0, "the first request");
		clock.advance(10_000);
		expect(source.failure?.code).toBe("no-answer");
		expect(clock.pending).toBe(0);
	});

	test("an address that does not answer in time", () => {
		const clock = new FakeClock();
		// Whatever the machine does with this address (RFC 5737), the event loop has no turn to tell.
		const source = new RecordedSource({ port: 554, host: "192.0.2.1", clock });
		clock.advance(CONNECT_TIMEOUT_MS);
		expect(source.failure?.code).toBe("no-route");
		expect(clock.pending).toBe(0);
	});

	test("a port that cannot be is our own mistake, told after the session was handed out", async () => {
		const source = new RecordedSource({ port: 70_000 });
		expect(source.ended).toBe(false);
		await until(() => source.ended, "the end");
		expect(source.failure?.code).toBe("internal-error");
	});
});

describe("closing", () => {
	test("at any time ends once, without a failure and without timers left", async () => {
		for (const method of ["", "OPTIONS", "DESCRIBE", "SETUP", "PLAY"]) {
			const clock = new FakeClock();
			await using camera = await ScriptedCamera.open({
				answer: (request) => (request.method === method ? "" : undefined),
			});
			const source = new RecordedSource({ port: camera.port, clock });
			if (method !== "") await until(() => camera.methods.includes(method), method);
			const closed = source.session.close();
			await until(() => {
				clock.advance(100);
				return source.ended;
			}, "the end");
			await closed;
			expect(source.events.filter((event) => event === "ended")).toHaveLength(1);
			expect(source.failure).toBeUndefined();
			expect(clock.pending).toBe(0);
		}
	});

	test("waits half a second at most for the answer to TEARDOWN", async () => {
		// Quirk 92.
		await using camera = await ScriptedCamera.open({
			answer: (request) => (request.method === "TEARDOWN" ? "" : undefined),
		});
		const clock = new FakeClock();
		const source = new RecordedSource({ port: camera.port, clock });
		await until(() => source.units.length >= 4, "the pictures");
		const closed = source.session.close();
		await until(() => camera.methods.includes("TEARDOWN"), "TEARDOWN");
		expect(source.ended).toBe(false);
		clock.advance(500);
		await closed;
		expect(source.events).toEqual(["playing", "ended"]);
	});

	test("lets the camera see the end of the connection", async () => {
		await using camera = await ScriptedCamera.open();
		const source = new RecordedSource({ port: camera.port });
		await until(() => source.units.length > 0, "a picture");
		let closed = false;
		camera.connections[0]?.socket.on("close", () => (closed = true));
		await source.session.close();
		await until(() => closed, "the camera's socket to close");
	});
});
