import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromByteString } from "./bytes.ts";
import { REQUEST_TIMEOUT_MS } from "./client-requests.ts";
import { headerOf } from "./message.ts";
import { DOUBT_MS } from "./request-tracker.ts";
import { AUDIO_SDP, SessionHarness, VIDEO_SDP } from "./testing/session-harness.ts";
import { isElsewhere, withoutSrtp } from "./url.ts";

const BACKCHANNEL = "www.onvif.org/ver20/backchannel";
const credentials = { username: "admin", password: "p@ss:w#rd%/ñ" };
const CHALLENGE = 'Digest realm="r", nonce="n1"';

describe("a camera that closes the connection", () => {
	test("S09: after its 401 is asked again on a new one, with the answer in the first request (quirk 33)", () => {
		const first = new SessionHarness({ credentials });
		first.toDescribe();
		first.reply(401, [`WWW-Authenticate: ${CHALLENGE}`]);
		first.end();
		expect(first.error).toMatchObject({ kind: "unauthorized-closed", challenges: [CHALLENGE] });
		const second = new SessionHarness({ credentials, challenges: first.error?.challenges ?? [] });
		expect(headerOf(second.request, "authorization")).toContain('nonce="n1"');
		second.toPlaying();
		expect(second.events.at(-1)).toBe("playing");
	});

	test("S08, S09: after a second 401 has refused the password (quirks 29, 33)", () => {
		const camera = new SessionHarness({ credentials, challenges: [CHALLENGE] });
		camera.reply(401, ['WWW-Authenticate: Digest realm="r", nonce="n2"']);
		camera.end();
		expect(camera.error).toMatchObject({ kind: "auth", code: "RTSP_AUTH_REFUSED" });
		expect(camera.requests.length).toBeLessThanOrEqual(2);
	});

	test("S09: when its nonce grew old asks for a new connection once more (quirks 28, 33)", () => {
		const camera = new SessionHarness({ credentials, challenges: [CHALLENGE] });
		camera.toPlaying();
		camera.advance(30_000);
		camera.reply(401, ['WWW-Authenticate: Digest realm="r", nonce="n2"']);
		camera.end();
		expect(camera.error).toMatchObject({ kind: "unauthorized-closed" });
		expect([...camera.session.quirks]).toEqual(["nonce-renewed"]);
	});

	test("S14: behind a description without Content-Length has described itself, and the session is over (quirk 41)", () => {
		const camera = new SessionHarness();
		camera.toDescribe();
		camera.input(`RTSP/1.0 200 OK\r\nCSeq: 2\r\n\r\n${VIDEO_SDP}`);
		camera.end();
		expect(camera.events).toEqual(["described", "failed:session-ended:RTSP_CONNECTION_CLOSED"]);
		expect(camera.methods).toEqual(["OPTIONS", "DESCRIBE"]);
	});

	test("S35: ends the session, and nothing more is sent (quirk 91)", () => {
		const camera = new SessionHarness();
		camera.toPlaying();
		camera.end();
		expect(camera.events.at(-1)).toBe("failed:session-ended:RTSP_CONNECTION_CLOSED");
		expect(camera.methods).not.toContain("TEARDOWN");
		camera.end();
		expect(camera.session.nextTimeout()).toBeUndefined();
		const leaving = new SessionHarness();
		leaving.toPlaying();
		leaving.session.teardown(0);
		leaving.end();
		expect(leaving.events.at(-1)).toBe("closed");
	});
});

describe("CSeq", () => {
	test("S13: always 1 is borne with, after one short wait (quirk 37)", () => {
		const camera = new SessionHarness();
		camera.reply(200, [], "", "1");
		camera.reply(200, [], VIDEO_SDP, "1");
		expect(camera.request.method).toBe("DESCRIBE");
		camera.advance(DOUBT_MS);
		camera.reply(200, ["Session: 77;timeout=10"], "", "1");
		camera.reply(200, [], "", "1");
		expect(camera.events).toEqual(["described", "playing"]);
		for (let turn = 0; turn < 3; turn++) {
			camera.advance(5000);
			expect(headerOf(camera.request, "session")).toBe("77");
			camera.reply(200, [], "", "1");
		}
		expect(camera.session.counters.unmatchedResponses).toBe(0);
		expect([...camera.session.quirks]).toContain("cseq-wrong");
		expect([...camera.session.quirks]).not.toContain("keep-alive-unanswered");
	});

	test("S13: missing once does not make a camera's other numbers meaningless (quirk 37)", () => {
		const camera = new SessionHarness();
		camera.reply();
		camera.reply(200, [], VIDEO_SDP);
		camera.reply(200, ["Session: 77"], "", "");
		camera.reply(454, [], "", "2");
		expect(camera.error).toBeUndefined();
		camera.reply();
		expect(camera.events).toEqual(["described", "playing"]);
		expect(camera.session.counters.unmatchedResponses).toBe(1);
	});

	test("S13: always 3, which is right once in the middle (quirk 37)", () => {
		const camera = new SessionHarness();
		camera.reply(200, [], "", "3");
		camera.reply(200, [], VIDEO_SDP, "3");
		camera.reply(200, ["Session: 77"], "", "3");
		camera.reply(200, [], "", "3");
		expect(camera.events).toEqual(["described", "playing"]);
	});
});

describe("features", () => {
	test("S34: a way to the loudspeaker is asked for where a session needs one (quirks 67, 79)", () => {
		const sdp = `${AUDIO_SDP}a=recvonly\r\nm=audio 0 RTP/AVP 0\r\na=control:trackID=3\r\na=sendonly\r\n`;
		const camera = new SessionHarness({ backchannel: true, audioEncodings: ["PCMA", "PCMU"] });
		expect(headerOf(camera.request, "require")).toBeUndefined();
		camera.toSetup(sdp);
		expect(camera.tracks.map((track) => track.payloadType)).toEqual([96, 8]);
		camera.reply(200, ["Session: 77"]);
		camera.reply(200, ["Session: 77"]);
		camera.reply();
		camera.session.teardown(0);
		const requiring = camera.requests.filter((request) => headerOf(request, "require") === BACKCHANNEL);
		expect(requiring.map((request) => request.method)).toEqual(["DESCRIBE", "SETUP", "SETUP", "PLAY", "TEARDOWN"]);
		expect([...camera.session.quirks]).toEqual(["transport-header-missing"]);
	});

	test.each([[551], [400]])("S34: a camera that answers %i is asked without (quirks 75, 79)", (status) => {
		const camera = new SessionHarness({ backchannel: true });
		camera.toDescribe();
		camera.reply(status);
		expect(camera.request.method).toBe("DESCRIBE");
		expect(headerOf(camera.request, "require")).toBeUndefined();
		camera.reply(200, [], VIDEO_SDP);
		expect(headerOf(camera.request, "require")).toBeUndefined();
		expect([...camera.session.quirks]).toEqual(["backchannel-refused"]);
	});

	test("encryption: enableSrtp is left out of what is asked for, and 463 says what to do (quirk 13)", () => {
		const camera = new SessionHarness({ path: "/id?enableSrtp" });
		expect(camera.request.target).toBe("rtsp://10.0.0.9/id");
		camera.toSetup();
		camera.reply(463);
		expect(camera.error).toMatchObject({ kind: "encrypted", code: "RTSP_STATUS_463" });
		expect(camera.error?.message).toContain("enableSrtp");
	});

	test.each([
		["/id?enableSrtp", "/id"],
		["/id?a=b&enableSrtp&c=d", "/id?a=b&c=d"],
		["/id?enablesrtp=1&c=d", "/id?c=d"],
		["/id?enableSrtpX", "/id?enableSrtpX"],
		["/enableSrtp?", "/enableSrtp?"],
	])("the path %s is asked for as %s (quirk 13)", (path, expected) => {
		expect(withoutSrtp({ scheme: "rtsps", host: "h", port: 7441, path }).path).toBe(expected);
	});
});

describe("what a camera says of itself", () => {
	test("its name is printable and short", () => {
		const camera = new SessionHarness();
		camera.reply(200, [`Server: Rtsp\u001b[31m Server/2.0 ñ${"x".repeat(200)}`]);
		expect(camera.session.serverName).toBe(`Rtsp[31m Server/2.0 ${"x".repeat(60)}`);
		expect(new SessionHarness().session.serverName).toBe("");
	});

	test("S11: of several locations, or one that is none, nothing is followed (quirk 8)", () => {
		for (const lines of [["Location: rtsp://a/", "Location: rtsp://b/"], ["Location: http://a/"], []]) {
			const camera = new SessionHarness();
			camera.toDescribe();
			camera.reply(302, lines);
			expect(camera.error).toMatchObject({ kind: "redirect", location: undefined });
		}
	});

	test.each([
		["rtsp://10.0.0.9/x", false],
		["rtsp://10.0.0.9:554/x?y", false],
		["RTSP://u:p@10.0.0.9", false],
		["rtsp://10.0.0.9:5050/x", true],
		["rtsp://*****/video", true],
		["rtsp://cam/x", true],
		["trackID=1", false],
	])("%s is elsewhere: %s (quirk 66)", (url, expected) => {
		expect(isElsewhere(url, { scheme: "rtsp", host: "10.0.0.9", port: 554, path: "/" })).toBe(expected);
	});

	test("what it does otherwise than the standard says is noted", () => {
		const camera = new SessionHarness();
		camera.reply(501);
		camera.reply(200, ["Content-Base: rtsp://10.0.0.9:88/live/"], VIDEO_SDP, undefined, "text/plain");
		camera.reply(200, ["Session: 1"], "", "");
		camera.rtp();
		camera.frame(0, "\x80\xc9\0\x01\0\0\0\0");
		camera.reply(457);
		camera.reply();
		camera.input("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n");
		camera.input("\x01\x02");
		camera.advance(30_000 + REQUEST_TIMEOUT_MS);
		expect([...camera.session.quirks].toSorted()).toEqual([
			"content-base-wrong",
			"content-type-wrong",
			"cseq-wrong",
			"garbage-between-frames",
			"keep-alive-unanswered",
			"media-before-play",
			"options-refused",
			"range-refused",
			"rtcp-on-rtp-channel",
			"server-request",
			"transport-header-missing",
		]);
	});

	test("S06, S05: that it takes only weak authentication is noted (quirks 24, 26)", () => {
		const camera = new SessionHarness({ credentials });
		camera.reply(401, [`WWW-Authenticate: ${CHALLENGE}`, 'WWW-Authenticate: Basic realm="r"']);
		camera.reply(401, [`WWW-Authenticate: ${CHALLENGE}`, 'WWW-Authenticate: Basic realm="r"']);
		camera.toPlaying();
		expect([...camera.session.quirks]).toEqual(["digest-downgraded", "basic-authentication"]);
	});

	test("a TEARDOWN that a new nonce spoiled is said again (quirks 28, 73)", () => {
		const camera = new SessionHarness({ credentials, challenges: [CHALLENGE] });
		camera.toPlaying();
		camera.session.teardown(0);
		camera.reply(401, ['WWW-Authenticate: Digest realm="r", nonce="n2"']);
		expect(camera.request.method).toBe("TEARDOWN");
		expect(headerOf(camera.request, "authorization")).toContain('nonce="n2"');
		camera.reply();
		expect(camera.events.at(-1)).toBe("closed");
	});
});

describe("any bytes, split anyhow, with the connection's end and datagrams in between", () => {
	const piece = fc.oneof(
		fc.constantFrom(
			"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n",
			`RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length: ${AUDIO_SDP.length}\r\n\r\n${AUDIO_SDP}`,
			"RTSP/1.0 200 OK\r\nSession: 5;timeout=1\r\n\r\n",
			"RTSP/1.0 454 No\r\nCSeq: 1\r\n\r\n",
			'RTSP/1.0 401 No\r\nWWW-Authenticate: Digest realm="", nonce=""\r\n\r\n',
			"RTSP/1.0 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
			`$\0\0\x0c\x80\x60${"x".repeat(10)}`,
			"$\x01\0\x08\x80\xc8\0\x01\0\0\0\0",
			"REDIRECT * RTSP/1.0\r\n\r\n",
		),
		fc.string({ unit: "binary-ascii" }),
		fc.uint8Array().map((bytes) => String.fromCharCode(...bytes)),
	);

	test("S17: only ever fail the session, once, and the same however they are split (quirk 47)", () => {
		fc.assert(
			fc.property(fc.array(piece), fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }), (pieces, sizes) => {
				const run = (split: (bytes: Uint8Array) => Uint8Array[]): string[] => {
					const camera = new SessionHarness({ credentials, audioEncodings: ["PCMA"], udpPorts: [[1, 2]] });
					const bytes = fromByteString(pieces.join(""));
					for (const chunk of split(bytes)) camera.session.handleInput(chunk, camera.nowMs);
					camera.datagram(0, pieces[0] ?? "");
					camera.advance(25_000);
					camera.end();
					expect(camera.session.nextTimeout()).toBeUndefined();
					expect(camera.events.filter((event) => /^(failed|closed)/.test(event))).toHaveLength(1);
					return camera.events;
				};
				const whole = run((bytes) => [bytes]);
				const parts = run((bytes) => {
					const chunks: Uint8Array[] = [];
					for (let at = 0, turn = 0; at < bytes.length; turn++) {
						const size = sizes[turn % sizes.length] ?? 1;
						chunks.push(bytes.slice(at, at + size));
						at += size;
					}
					return chunks;
				});
				expect(parts).toEqual(whole);
			}),
			{ numRuns: 200 },
		);
	});
});
