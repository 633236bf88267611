import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { REQUEST_TIMEOUT_MS, TEARDOWN_TIMEOUT_MS } from "./client-requests.ts";
import { MEDIA_PROVES_PLAY_MS } from "./client-session.ts";
import { headerOf, type RtspRequest } from "./message.ts";
import { SessionHarness, VIDEO_SDP } from "./testing/session-harness.ts";

const BASE = "rtsp://10.0.0.9/live";
const field = (request: RtspRequest, name: string): string | undefined => headerOf(request, name);

describe("the handshake", () => {
	test("S01: is OPTIONS, DESCRIBE, SETUP, PLAY, with the session's id from then on", () => {
		const camera = new SessionHarness();
		camera.toPlaying();
		expect(camera.requests.map(({ method, target }) => [method, target])).toEqual([
			["OPTIONS", BASE],
			["DESCRIBE", BASE],
			["SETUP", `${BASE}/trackID=1`],
			["PLAY", BASE],
		]);
		expect(camera.requests.map((request) => field(request, "cseq"))).toEqual(["1", "2", "3", "4"]);
		expect(field(camera.request, "session")).toBe("77");
		expect(field(camera.request, "range")).toBe("npt=0.000-");
		expect(camera.events).toEqual(["described", "playing"]);
	});

	test.each([[404], [405], [501], [551]])("S57: goes on when OPTIONS is answered with %i (quirk 132)", (status) => {
		const camera = new SessionHarness();
		camera.reply(status);
		expect(camera.request.method).toBe("DESCRIBE");
	});

	test("waits for the final answer after 1xx (quirk 45)", () => {
		const camera = new SessionHarness();
		camera.input("RTSP/1.0 100 Continue\r\nCSeq: 1\r\n\r\n");
		expect(camera.methods).toEqual(["OPTIONS"]);
	});

	test.each([["0"], [undefined], ["abc"], ["77"]])(
		"S13: accepts the CSeq %j from a camera that never echoes it (quirks 17, 37)",
		(cseq) => {
			const camera = new SessionHarness();
			camera.reply(200, [], "", cseq);
			camera.reply(200, [], VIDEO_SDP, cseq);
			camera.reply(200, ["Session: 1"], "", cseq);
			camera.reply(200, [], "", cseq);
			expect(camera.events).toEqual(["described", "playing"]);
		},
	);

	test("accepts the CSeq of the request before from a camera that never echoes it", () => {
		const camera = new SessionHarness();
		for (const lines of [[], [], ["Session: 1"], []]) {
			const previous = String(Number(headerOf(camera.request, "cseq")) - 1);
			camera.reply(200, lines, camera.request.method === "DESCRIBE" ? VIDEO_SDP : "", previous);
		}
		expect(camera.events).toEqual(["described", "playing"]);
	});

	test("drops an answer to another request from a camera that echoes CSeq (quirk 37)", () => {
		// Tapo C220.
		const camera = new SessionHarness();
		camera.toDescribe();
		camera.reply(400, [], "", "1");
		camera.reply(200, [], VIDEO_SDP);
		expect(camera.request.method).toBe("SETUP");
		expect(camera.session.counters.unmatchedResponses).toBe(1);
	});

	test("S13: drops an answer that comes twice, even one without Content-Length while DESCRIBE is asked (quirk 37)", () => {
		const camera = new SessionHarness();
		camera.toDescribe();
		camera.reply(200, [], "", "1");
		camera.reply(200, [], VIDEO_SDP);
		expect(camera.request.method).toBe("SETUP");
		expect(camera.session.counters.unmatchedResponses).toBe(1);
		expect([...camera.session.quirks]).toEqual([]);
	});

	test("tries SETUP once more with the request's URL when the base was wrong (quirk 66)", () => {
		const camera = new SessionHarness();
		camera.toSetup(VIDEO_SDP, ["Content-Base: rtsp://other/wrong/"]);
		expect(camera.request.target).toBe("rtsp://10.0.0.9/wrong/trackID=1");
		camera.reply(404);
		expect(camera.request.target).toBe(`${BASE}/trackID=1`);
		camera.reply(404);
		expect(camera.events.at(-1)).toBe("failed:not-found:RTSP_STATUS_404");
	});

	test("sends PLAY without Range after 457 and for the track alone after 459 (quirks 75, 81)", () => {
		const camera = new SessionHarness();
		camera.toPlay();
		camera.reply(457);
		expect(field(camera.request, "range")).toBeUndefined();
		camera.reply(459);
		expect(camera.request).toMatchObject({ method: "PLAY", target: `${BASE}/trackID=1` });
		camera.reply();
		expect(camera.events.at(-1)).toBe("playing");
	});

	test("takes a description without Content-Length, or with one that is too long, after a while (quirk 41)", () => {
		const absent = new SessionHarness();
		absent.toDescribe();
		absent.input(`RTSP/1.0 200 OK\r\nCSeq: 2\r\n\r\n${VIDEO_SDP}`);
		absent.advance(REQUEST_TIMEOUT_MS / 2);
		expect(absent.request.method).toBe("SETUP");
		const tooLong = new SessionHarness();
		tooLong.toDescribe();
		tooLong.input(`RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length: 9999\r\n\r\n${VIDEO_SDP}`);
		tooLong.advance(REQUEST_TIMEOUT_MS);
		expect(tooLong.request.method).toBe("SETUP");
	});

	test("keeps the first session id and adopts none before SETUP (quirk 72)", () => {
		// Dahua sends one to OPTIONS, H264DVR one per SETUP.
		const camera = new SessionHarness();
		camera.reply(200, ["Session: 111"]);
		camera.reply(200, ["Session: 222"], VIDEO_SDP);
		expect(field(camera.request, "session")).toBeUndefined();
		camera.reply(200, ["Session:   333 ; timeout=60"]);
		camera.reply(200, ["Session: 444"]);
		camera.session.teardown(0);
		expect(field(camera.request, "session")).toBe("333");
	});
});

describe("what goes wrong", () => {
	test.each([
		["DESCRIBE", 404, "not-found"],
		["DESCRIBE", 503, "busy"],
		["DESCRIBE", 453, "busy"],
		["DESCRIBE", 403, "auth"],
		["DESCRIBE", 400, "protocol"],
		["DESCRIBE", 302, "redirect"],
		["SETUP", 461, "unsupported-transport"],
		["SETUP", 453, "busy"],
		["PLAY", 454, "session-ended"],
	])("S57: %s answered with %i is %s (quirks 74, 75, 133)", (method, status, kind) => {
		const camera = new SessionHarness();
		if (method === "DESCRIBE") camera.toDescribe();
		else if (method === "SETUP") camera.toSetup();
		else camera.toPlay();
		camera.reply(status);
		expect(camera.events.at(-1)).toBe(`failed:${kind}:RTSP_STATUS_${status}`);
		expect(camera.session.nextTimeout()).toBeUndefined();
	});

	test("a redirect carries its target without user information (quirk 8)", () => {
		const camera = new SessionHarness();
		camera.toDescribe();
		camera.reply(302, ["Location: rtsp://admin:secret@10.0.0.10:8554/other?x=1"]);
		expect(camera.error?.location).toBe("rtsp://10.0.0.10:8554/other?x=1");
	});

	test.each([
		["no media", "v=0\r\n", "no-video"],
		["only sound", "m=audio 0 RTP/AVP 0\r\n", "no-video"],
		["another codec", "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\n", "unsupported-codec"],
		["encrypted video", "m=video 0 RTP/SAVP 96\r\na=rtpmap:96 H264/90000\r\n", "encrypted"],
	])("%s", (_name, sdp, kind) => {
		const camera = new SessionHarness();
		camera.toSetup(sdp);
		expect(camera.error?.kind).toBe(kind);
	});

	test("no answer within ten seconds, at each step of the handshake", () => {
		for (const steps of [0, 1, 2, 3]) {
			const camera = new SessionHarness();
			if (steps === 1) camera.toDescribe();
			if (steps === 2) camera.toSetup();
			if (steps === 3) camera.toPlay();
			camera.advance(REQUEST_TIMEOUT_MS - 1);
			expect(camera.error).toBeUndefined();
			camera.advance(1);
			expect(camera.error?.kind).toBe("no-answer");
		}
	});

	test.each([
		["half requests", "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nContent-Length: 9\r\n\r\nabc"],
		["half answers to another request", "RTSP/1.0 200 OK\r\nCSeq: 9\r\nContent-Length: 9\r\n\r\nabc"],
		["answers without a body to another request", "RTSP/1.0 200 OK\r\nCSeq: 9\r\n\r\n"],
	])("S14: %s do not put off the end of the patience with DESCRIBE (quirk 41)", (_name, text) => {
		const camera = new SessionHarness({ credentials: { username: "u", password: "p" } });
		camera.reply(401, ['WWW-Authenticate: Digest realm="r", nonce="n"']);
		camera.toDescribe();
		while (!camera.error && camera.nowMs < 10 * REQUEST_TIMEOUT_MS) {
			camera.input(text);
			camera.advance(1500);
		}
		expect(camera.error?.kind).toBe("no-answer");
		expect(camera.nowMs).toBeLessThan(2.5 * REQUEST_TIMEOUT_MS);
	});

	test("an answer that no parser can read, and nothing is said after that", () => {
		const camera = new SessionHarness();
		camera.input("\x01".repeat(100_000));
		expect(camera.events).toEqual(["failed:protocol:RTSP_TOO_LARGE"]);
		camera.reply();
		camera.advance(100_000);
		camera.session.teardown(0);
		expect(camera.events).toHaveLength(1);
	});

	test("a session that was set up is torn down when it fails (quirk 73)", () => {
		const camera = new SessionHarness();
		camera.toPlay();
		camera.reply(500);
		expect(camera.request).toMatchObject({ method: "TEARDOWN" });
		expect(field(camera.request, "session")).toBe("77");
	});
});

describe("authentication", () => {
	const credentials = { username: "admin", password: "p@ss:w#rd%/ñ" };
	const challenge = (nonce: string, more = ""): string => `WWW-Authenticate: Digest realm="r", nonce="${nonce}"${more}`;

	test("S02: one challenge, and every later request bears an answer with its own method and target (quirks 31, 32)", () => {
		const camera = new SessionHarness({ credentials, path: "/cam/realmonitor?channel=1&subtype=0" });
		camera.toDescribe();
		camera.reply(401, [challenge("n")]);
		camera.reply(200, [], VIDEO_SDP);
		camera.reply(200, ["Session: 1"]);
		camera.reply();
		expect(camera.methods).toEqual(["OPTIONS", "DESCRIBE", "DESCRIBE", "SETUP", "PLAY"]);
		for (const request of camera.requests.slice(2)) {
			expect(field(request, "authorization")).toContain(`uri="${request.target}"`);
		}
	});

	test("S08: a refused password is sent once, whatever nonce comes with the refusal (quirk 29)", () => {
		const camera = new SessionHarness({ credentials });
		for (let attempt = 0; camera.error === undefined && attempt < 10; attempt++)
			camera.reply(401, [challenge(`n${attempt}`)]);
		expect(camera.requests).toHaveLength(2);
		expect(camera.error).toMatchObject({ kind: "auth", code: "RTSP_AUTH_REFUSED" });
		expect(camera.error?.message).not.toContain("p@ss");
	});

	test("S08: a refused password is sent twice at most where OPTIONS takes any (quirks 29, 33)", () => {
		const camera = new SessionHarness({ credentials, challenges: ['Digest realm="r", nonce="n"'] });
		camera.toDescribe();
		for (let attempt = 0; camera.error === undefined && attempt < 10; attempt++)
			camera.reply(401, [challenge(`n${attempt}`, ", stale=true")]);
		expect(camera.methods).toEqual(["OPTIONS", "DESCRIBE", "DESCRIBE"]);
		expect(camera.error).toMatchObject({ kind: "auth", code: "RTSP_AUTH_REFUSED" });
	});

	test("a camera that asks for a password where none is set says so", () => {
		const camera = new SessionHarness();
		camera.reply(401, [challenge("n")]);
		expect(camera.error).toMatchObject({ kind: "auth", code: "RTSP_AUTH_MISSING" });
	});

	test("S07: a nonce that grows old in a keep-alive is replaced and the session lives on (quirk 28)", () => {
		const camera = new SessionHarness({ credentials });
		camera.reply(401, [challenge("n1")]);
		camera.toPlaying();
		camera.advance(30_000);
		expect(camera.request.method).toBe("GET_PARAMETER");
		camera.reply(401, [challenge("n2")]);
		expect(camera.request.method).toBe("GET_PARAMETER");
		expect(field(camera.request, "authorization")).toContain('nonce="n2"');
		camera.reply();
		expect(camera.error).toBeUndefined();
	});

	test("asked for at SETUP only", () => {
		const camera = new SessionHarness({ credentials });
		camera.toSetup();
		camera.reply(401, [challenge("n")]);
		expect(camera.request).toMatchObject({ method: "SETUP", target: `${BASE}/trackID=1` });
		expect(field(camera.request, "transport")).toBeDefined();
	});
});

describe("media", () => {
	test("S21, S22: is accepted as soon as SETUP is answered, and told from RTCP by its type (quirks 51, 52)", () => {
		const camera = new SessionHarness();
		camera.toPlay();
		camera.rtp();
		camera.rtp(1);
		camera.frame(0, "\x80\xc8\0\0");
		camera.frame(0, "");
		camera.reply();
		expect(camera.events).toEqual(["described", "rtp:12", "rtp:12", "rtcp:4", "playing"]);
	});

	test("S20: on a channel that was never set up is dropped and counted (quirk 50)", () => {
		const camera = new SessionHarness();
		camera.toPlaying();
		camera.rtp(4);
		camera.rtp();
		expect(camera.events).toEqual(["described", "playing", "rtp:12"]);
		expect(camera.session.counters.unassignedFrames).toBe(1);
		expect([...camera.session.quirks]).toEqual(["unassigned-channel"]);
	});

	test("S21: that flows for five seconds makes up for the answer to PLAY, which may still come (quirk 83)", () => {
		const camera = new SessionHarness();
		camera.toPlay();
		camera.rtp();
		camera.advance(MEDIA_PROVES_PLAY_MS);
		expect(camera.events).not.toContain("playing");
		camera.rtp();
		expect(camera.events).toContain("playing");
		camera.reply();
		expect(camera.session.counters.unmatchedResponses).toBe(1);
		expect(camera.error).toBeUndefined();
	});

	test("RTCP goes out on the channel that the camera gave", () => {
		const camera = new SessionHarness();
		camera.toSetup();
		camera.reply(200, ["Transport: RTP/AVP/TCP;interleaved=8-9", "Session: 1"]);
		camera.session.sendRtcp(camera.tracks[0]!, Uint8Array.of(1, 2, 3));
		expect(camera.frames).toEqual([{ channel: 9, payload: "\x01\x02\x03" }]);
	});
});

describe("keep-alive", () => {
	// min(t/2, max(1 s, t - 5 s)).
	test.each([
		["77;timeout=60", 30_000],
		["77; timeout=120", 60_000],
		["77;timeout=15", 7500],
		["77;timeout=10", 5000],
		["77;timeout=6", 1000],
		["77;timeout=1", 500],
		["77;timeout=0", 30_000],
		["77", 30_000],
	])("S28: for Session %j is sent every %i ms (quirks 72, 86)", (session, intervalMs) => {
		const camera = new SessionHarness();
		camera.toPlaying(session);
		camera.advance(intervalMs - 1);
		expect(camera.methods).toHaveLength(4);
		camera.advance(1);
		expect(camera.request).toMatchObject({ method: "GET_PARAMETER", target: BASE });
		expect(field(camera.request, "session")).toBe("77");
		camera.reply();
		camera.advance(intervalMs);
		expect(camera.methods).toHaveLength(6);
	});

	test("follows the latest timeout (quirk 72)", () => {
		// GW says 60 at SETUP and 120 at PLAY.
		const camera = new SessionHarness();
		camera.toPlay();
		camera.reply(200, ["Session: 77; timeout=120"]);
		camera.advance(59_999);
		expect(camera.methods).toHaveLength(4);
	});

	test("is OPTIONS where GET_PARAMETER is not listed", () => {
		const camera = new SessionHarness();
		camera.reply(200, ["Public: DESCRIBE,SETUP", "Public: PLAY"]);
		camera.reply(200, [], VIDEO_SDP);
		camera.reply(200, ["Session: 77"]);
		camera.reply();
		camera.advance(30_000);
		expect(camera.request).toMatchObject({ method: "OPTIONS", target: BASE });
	});

	test("S35: switches its method for good when it is refused (quirk 84)", () => {
		const camera = new SessionHarness();
		camera.toPlaying();
		for (const method of ["GET_PARAMETER", "OPTIONS", "OPTIONS"]) {
			camera.advance(30_000);
			expect(camera.request.method).toBe(method);
			camera.reply(400);
		}
		expect(camera.error).toBeUndefined();
	});

	test("need not be answered, and its late answer is dropped (quirk 85)", () => {
		const camera = new SessionHarness();
		camera.toPlaying();
		camera.advance(30_000);
		const late = headerOf(camera.request, "cseq");
		camera.advance(60_000);
		expect(camera.methods).toHaveLength(7);
		camera.reply(454, [], "", late);
		expect(camera.error).toBeUndefined();
		camera.reply();
		expect(camera.session.quirks).toContain("keep-alive-unanswered");
	});

	test("S35: of a short session is said in time though the one before is not answered (quirks 85, 86)", () => {
		const camera = new SessionHarness();
		camera.toPlaying("77;timeout=15");
		for (let turn = 1; turn <= 4; turn++) {
			camera.advance(7500);
			expect(camera.methods).toHaveLength(4 + turn);
		}
		expect(camera.error).toBeUndefined();
	});

	test("S35: is OPTIONS for a camera that ignores GET_PARAMETER from the first on (quirk 84)", () => {
		// GW.
		const camera = new SessionHarness();
		camera.toPlaying();
		camera.advance(60_000);
		expect(camera.methods.slice(4)).toEqual(["GET_PARAMETER", "OPTIONS"]);
		camera.reply();
		camera.advance(60_000);
		expect(camera.methods.slice(6)).toEqual(["OPTIONS", "OPTIONS"]);
	});

	test("S15: answered with a body leaves the framing intact (quirk 42)", () => {
		const camera = new SessionHarness();
		camera.toPlaying();
		camera.advance(30_000);
		camera.reply(200, [], "LIVE555 Streaming Media v2013.04.08");
		camera.rtp();
		expect(camera.events.at(-1)).toBe("rtp:12");
		expect(camera.session.counters.garbageBytes).toBe(0);
	});

	test("S35: answered with 454 ends the session, whatever its method (quirk 84)", () => {
		const camera = new SessionHarness();
		camera.toPlaying();
		camera.advance(30_000);
		camera.reply(454);
		expect(camera.request.method).toBe("OPTIONS");
		camera.reply(454);
		expect(camera.error?.kind).toBe("session-ended");
		const later = new SessionHarness();
		later.toPlaying();
		later.advance(30_000);
		later.reply();
		later.advance(30_000);
		later.reply(454);
		expect(later.error?.kind).toBe("session-ended");
	});

	test("S35: a camera that answers GET_PARAMETER with 454 from the first on is kept alive by OPTIONS (quirk 84)", () => {
		// Thingino.
		const camera = new SessionHarness();
		camera.toPlaying();
		camera.advance(30_000);
		camera.reply(454);
		camera.reply();
		camera.advance(30_000);
		expect(camera.request.method).toBe("OPTIONS");
		camera.reply();
		expect(camera.error).toBeUndefined();
		expect([...camera.session.quirks]).toEqual(["keep-alive-refused"]);
	});
});

describe("requests of the camera", () => {
	test.each([
		["OPTIONS", 200],
		["GET_PARAMETER", 200],
		["SET_PARAMETER", 200],
		["ANNOUNCE", 501],
		["PLAY_NOTIFY", 501],
	])("S16: %s is answered with %i (quirk 44)", (method, status) => {
		const camera = new SessionHarness();
		camera.toPlaying();
		camera.input(`${method} rtsp://10.0.0.9/live RTSP/1.0\r\nCSeq: 42\r\nContent-Length: 3\r\n\r\nabc`);
		expect(camera.responses).toMatchObject([{ status }]);
		expect(camera.responses[0]?.headers.get("cseq")).toEqual(["42"]);
		expect(camera.error).toBeUndefined();
	});

	test("REDIRECT is answered and ends the session (quirk 9)", () => {
		const camera = new SessionHarness();
		camera.toPlaying();
		camera.input("REDIRECT * RTSP/1.0\r\nCSeq: 1\r\nLocation: rtsp://10.0.0.10/x\r\n\r\n");
		expect(camera.responses).toMatchObject([{ status: 200 }]);
		expect(camera.error).toMatchObject({ kind: "redirect", location: "rtsp://10.0.0.10/x" });
	});
});

describe("teardown", () => {
	test("is said and waits for its answer", () => {
		const camera = new SessionHarness();
		camera.toPlaying();
		camera.session.teardown(camera.nowMs);
		expect(camera.request).toMatchObject({ method: "TEARDOWN", target: BASE });
		camera.rtp();
		expect(camera.events.at(-1)).not.toBe("closed");
		camera.reply();
		expect(camera.events.at(-1)).toBe("closed");
	});

	test("waits half a second at most (quirk 92)", () => {
		const camera = new SessionHarness();
		camera.toPlaying();
		camera.session.teardown(camera.nowMs);
		camera.advance(TEARDOWN_TIMEOUT_MS);
		expect(camera.events.at(-1)).toBe("closed");
	});

	test("waits for the answer to SETUP, because the camera may have made its session already", () => {
		const camera = new SessionHarness();
		camera.toSetup();
		camera.session.teardown(camera.nowMs);
		expect(camera.request.method).toBe("SETUP");
		camera.reply(200, ["Session: 77", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"]);
		expect(camera.request.method).toBe("TEARDOWN");
		expect(field(camera.request, "session")).toBe("77");
		camera.reply();
		expect(camera.events.at(-1)).toBe("closed");
	});

	test("does not wait for it longer than for TEARDOWN's own, nor after a refusal", () => {
		const slow = new SessionHarness();
		slow.toSetup();
		slow.session.teardown(slow.nowMs);
		slow.advance(TEARDOWN_TIMEOUT_MS);
		expect(slow.events.at(-1)).toBe("closed");
		const refused = new SessionHarness();
		refused.toSetup();
		refused.session.teardown(refused.nowMs);
		refused.reply(453);
		expect(refused.events.at(-1)).toBe("closed");
		expect(refused.methods).not.toContain("TEARDOWN");
	});

	test("S28: is said to a camera that does not name its session (quirks 72, 73)", () => {
		const camera = new SessionHarness();
		camera.toSetup();
		camera.reply(200, ["Transport: RTP/AVP/TCP;unicast;interleaved=0-1"]);
		camera.session.teardown(0);
		expect(camera.request.method).toBe("TEARDOWN");
		expect(field(camera.request, "session")).toBeUndefined();
	});

	test("is not said without a session, and whatever answer ends it", () => {
		const early = new SessionHarness();
		early.session.teardown(0);
		expect(early.methods).toEqual(["OPTIONS"]);
		expect(early.events).toEqual(["closed"]);
		const odd = new SessionHarness();
		odd.toPlaying();
		odd.session.teardown(0);
		odd.input("RTSP/1.0 0\r\n\r\nRTSP/1.0 454 Gone\r\n\r\n");
		expect(odd.events.at(-1)).toBe("closed");
	});
});

test("whatever a camera sends at whatever step, the session only ever fails", () => {
	const answer = fc.record({
		status: fc.constantFrom(0, 100, 200, 200, 200, 302, 401, 404, 454, 457, 459, 503),
		lines: fc.array(
			fc.oneof(
				fc.constantFrom(
					"Session: 1;timeout=5",
					"Transport: RTP/AVP/TCP;interleaved=4",
					"Content-Base: rtsp://",
					'WWW-Authenticate: Digest realm="", nonce=""',
					"Public: GET_PARAMETER",
				),
				fc.string({ unit: "binary-ascii" }).map((text) => text.replaceAll("\n", "")),
			),
			{ maxLength: 4 },
		),
		body: fc.oneof(fc.constant(VIDEO_SDP), fc.string({ unit: "binary-ascii" })),
		waitMs: fc.constantFrom(0, 0, 500, 12_000),
		noise: fc.string({ unit: "binary-ascii", maxLength: 20 }),
	});
	fc.assert(
		fc.property(fc.array(answer, { maxLength: 12 }), (answers) => {
			const camera = new SessionHarness({ credentials: { username: "u", password: "p" } });
			for (const { status, lines, body, waitMs, noise } of answers) {
				camera.reply(status, lines, body);
				camera.input(noise);
				camera.advance(waitMs);
			}
			camera.session.teardown(camera.nowMs);
			camera.advance(1000);
			const ends = camera.events.filter((event) => event === "closed" || event.startsWith("failed"));
			expect(ends).toHaveLength(1);
			expect(camera.events.at(-1)).toBe(ends[0]);
		}),
	);
});
