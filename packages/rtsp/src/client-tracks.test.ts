import { describe, expect, test } from "vitest";
import { SOUND_TIMEOUT_MS, TEARDOWN_TIMEOUT_MS } from "./client-requests.ts";
import { MEDIA_PROVES_PLAY_MS } from "./client-session.ts";
import { headerOf } from "./message.ts";
import { AUDIO_SDP, type HarnessOptions, SessionHarness, VIDEO_SDP } from "./testing/session-harness.ts";
import { PUNCH_INTERVAL_MS, UDP_SILENCE_MS } from "./udp-transport.ts";

const BASE = "rtsp://10.0.0.9/live";
const RTP = `\x80\x60${"x".repeat(10)}`;
const SENDER_REPORT = `\x80\xc8${"\0".repeat(26)}`;
const PORTS = [
	[4000, 4001],
	[4002, 4003],
] as const;

function withAudio(options: HarnessOptions = {}): SessionHarness {
	const camera = new SessionHarness({ audioEncodings: ["PCMA"], ...options });
	camera.toSetup(AUDIO_SDP);
	return camera;
}

function overUdp(transport = "RTP/AVP;unicast;client_port=4000-4001;server_port=5000-5001"): SessionHarness {
	const camera = new SessionHarness({ udpPorts: PORTS });
	camera.toSetup();
	camera.reply(200, ["Session: 77", `Transport: ${transport}`]);
	return camera;
}

describe("video and sound", () => {
	test("S01: are set up one after the other and played together", () => {
		const camera = withAudio();
		expect(camera.tracks.map((track) => track.encoding)).toEqual(["H264", "PCMA"]);
		camera.reply(200, ["Session: 77", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"]);
		expect(camera.request).toMatchObject({ method: "SETUP", target: `${BASE}/trackID=2` });
		expect(headerOf(camera.request, "transport")).toContain("interleaved=2-3");
		expect(headerOf(camera.request, "session")).toBe("77");
		camera.reply(200, ["Session: 77", "Transport: RTP/AVP/TCP;unicast;interleaved=2-3"]);
		expect(camera.request).toMatchObject({ method: "PLAY", target: BASE });
		camera.reply();
		camera.rtp(0);
		camera.rtp(2);
		expect(camera.events).toEqual(["described", "playing", "rtp:12", "rtp:12"]);
		expect(camera.agreements).toEqual([{ type: "interleaved" }, { type: "interleaved" }]);
		expect([...camera.session.quirks]).toEqual([]);
	});

	test.each([[400], [404], [453], [459], [461], [500]])(
		"go on as video alone when SETUP of sound says %i",
		(status) => {
			const camera = withAudio();
			camera.reply(200, ["Session: 77"]);
			camera.reply(status);
			expect(camera.request.method).toBe("PLAY");
			camera.reply();
			expect(camera.events.at(-1)).toBe("playing");
			expect(camera.session.quirks).toContain("audio-setup-refused");
		},
	);

	test("go on as video alone for a user who may not listen", () => {
		const credentials = { username: "admin", password: "p@ss:w#rd%/ñ" };
		const camera = withAudio({ credentials });
		camera.reply(200, ["Session: 77"]);
		const audio = camera.request.target;
		for (let nonce = 0; camera.request.target === audio && nonce < 10; nonce++) {
			camera.reply(401, [`WWW-Authenticate: Digest realm="r", nonce="${nonce}"`]);
		}
		expect(camera.request.method).toBe("PLAY");
		camera.reply();
		expect(camera.events.at(-1)).toBe("playing");
		expect(camera.session.quirks).toContain("audio-setup-refused");
	});

	test("go on as video alone when SETUP of sound is not answered", () => {
		const camera = withAudio();
		camera.reply(200, ["Session: 77"]);
		camera.advance(SOUND_TIMEOUT_MS);
		expect(camera.request.method).toBe("PLAY");
		camera.reply();
		expect(camera.events.at(-1)).toBe("playing");
	});

	test("S26: go on as video alone when both get the same channels (quirk 69)", () => {
		const camera = withAudio();
		camera.reply(200, ["Session: 77", "Transport: RTP/AVP/TCP;interleaved=0-1"]);
		camera.reply(200, ["Session: 77", "Transport: RTP/AVP/TCP;interleaved=0-1"]);
		camera.reply();
		camera.rtp();
		expect(camera.events).toEqual(["described", "playing", "rtp:12"]);
		expect(camera.session.quirks).toContain("audio-setup-refused");
	});

	test("both use the request's URL when the base was wrong (quirk 66)", () => {
		const camera = new SessionHarness({ audioEncodings: ["PCMA"] });
		camera.toSetup(AUDIO_SDP, ["Content-Base: rtsp://10.0.0.9/wrong/"]);
		camera.reply(404);
		camera.reply(200, ["Session: 77"]);
		expect(camera.request.target).toBe(`${BASE}/trackID=2`);
		camera.reply();
		expect(camera.request).toMatchObject({ method: "PLAY", target: "rtsp://10.0.0.9/wrong/" });
		camera.reply(404);
		expect(camera.request).toMatchObject({ method: "PLAY", target: BASE });
		camera.reply();
		camera.advance(30_000);
		expect(camera.request).toMatchObject({ method: "GET_PARAMETER", target: BASE });
		camera.session.teardown(camera.nowMs);
		expect(camera.request).toMatchObject({ method: "TEARDOWN", target: BASE });
	});

	test("are played one by one for a camera that wants it (quirk 75)", () => {
		const camera = withAudio();
		camera.reply(200, ["Session: 77"]);
		camera.reply(200, ["Session: 77"]);
		camera.reply(459);
		expect(camera.request).toMatchObject({ method: "PLAY", target: `${BASE}/trackID=1` });
		camera.reply();
		expect(camera.events).not.toContain("playing");
		expect(camera.request).toMatchObject({ method: "PLAY", target: `${BASE}/trackID=2` });
		camera.reply();
		expect(camera.events.at(-1)).toBe("playing");
		expect([...camera.session.quirks]).toContain("aggregate-play-refused");
	});

	test("are played by the base URL for a camera that does not take the session's control (quirk 75)", () => {
		const camera = new SessionHarness();
		camera.toSetup(VIDEO_SDP.replace("control:*", "control:0"));
		camera.reply(200, ["Session: 77"]);
		expect(camera.request.target).toBe(`${BASE}/0`);
		camera.reply(460);
		expect(camera.request).toMatchObject({ method: "PLAY", target: BASE });
		camera.reply(460);
		expect(camera.error?.code).toBe("RTSP_STATUS_460");
	});

	test("S28: an id per SETUP: the first serves, and the last where the first does not (quirk 72)", () => {
		const camera = withAudio();
		camera.reply(200, ["Session: 231970"]);
		camera.reply(200, ["Session: 231980"]);
		expect(headerOf(camera.request, "session")).toBe("231970");
		camera.reply(454);
		expect(camera.request.method).toBe("PLAY");
		expect(headerOf(camera.request, "session")).toBe("231980");
		camera.reply();
		expect(camera.events.at(-1)).toBe("playing");
		expect([...camera.session.quirks]).toContain("session-id-changes");
	});
});

describe("over UDP", () => {
	test("S30: RTP and RTCP are told apart by their type, and RTCP goes out by datagram (quirks 52, 76)", () => {
		const camera = overUdp();
		expect(camera.agreements).toEqual([{ type: "udp", pair: 0, serverPort: [5000, 5001] }]);
		camera.reply();
		camera.datagram(0, RTP);
		camera.datagram(0, SENDER_REPORT);
		camera.datagram(0, "");
		camera.datagram(1, RTP);
		camera.datagram(9, RTP);
		expect(camera.events).toEqual(["described", "playing", "rtp:12", "rtcp:28"]);
		camera.datagrams.length = 0;
		camera.session.sendRtcp(camera.tracks[0]!, new Uint8Array(8));
		expect(camera.datagrams).toEqual(["0:rtcp:8"]);
		expect(camera.frames).toEqual([]);
	});

	test("a hole is punched after SETUP, and again until media come (quirk 77)", () => {
		const camera = overUdp();
		expect(camera.datagrams).toEqual(["0:rtp:12", "0:rtcp:8"]);
		camera.datagram(0, SENDER_REPORT);
		camera.advance(PUNCH_INTERVAL_MS - 1);
		expect(camera.datagrams).toHaveLength(2);
		expect(camera.error).toBeUndefined();
		const early = overUdp();
		early.datagram(0, RTP);
		early.reply();
		early.advance(2 * PUNCH_INTERVAL_MS);
		expect(early.datagrams).toHaveLength(2);
	});

	test("S29: silence after PLAY is another transport's turn (quirk 78)", () => {
		const camera = overUdp();
		camera.reply();
		camera.advance(UDP_SILENCE_MS - 1);
		expect(camera.error).toBeUndefined();
		camera.advance(1);
		expect(camera.error).toMatchObject({ kind: "unsupported-transport", code: "RTSP_UDP_SILENT" });
		expect(camera.request.method).toBe("TEARDOWN");
	});

	test("S29: media within that time, or before PLAY was answered, is no silence (quirks 51, 78)", () => {
		for (const early of [true, false]) {
			const camera = overUdp();
			if (early) camera.datagram(0, RTP);
			camera.reply();
			if (!early) camera.datagram(0, RTP);
			camera.advance(UDP_SILENCE_MS);
			expect(camera.error).toBeUndefined();
			expect(camera.session.quirks.has("media-before-play")).toBe(early);
		}
	});

	test("S29: bytes that are no RTP do not break the silence (quirk 78)", () => {
		const camera = overUdp();
		camera.reply();
		camera.datagram(0, "hello");
		camera.datagram(0, "a text of more than twelve bytes");
		camera.advance(UDP_SILENCE_MS);
		expect(camera.error?.code).toBe("RTSP_UDP_SILENT");
	});

	test("S21: media that flows for five seconds makes up for the answer to PLAY (quirk 83)", () => {
		const camera = overUdp();
		camera.datagram(0, RTP);
		camera.advance(MEDIA_PROVES_PLAY_MS);
		camera.datagram(0, RTP);
		expect(camera.events).toContain("playing");
		expect([...camera.session.quirks]).toContain("play-unanswered");
	});

	test("S58: an answer with channels is followed (quirk 137)", () => {
		const camera = overUdp("RTP/AVP/TCP;unicast;interleaved=0-1");
		camera.reply();
		camera.rtp();
		camera.advance(UDP_SILENCE_MS);
		expect(camera.events).toEqual(["described", "playing", "rtp:12"]);
		camera.session.sendRtcp(camera.tracks[0]!, new Uint8Array(8));
		expect(camera.frames).toMatchObject([{ channel: 1 }]);
		expect(camera.session.quirks).toContain("other-transport-answered");
	});

	test("S58: TCP asked and UDP answered is an error, with the session torn down (quirk 137)", () => {
		const camera = new SessionHarness();
		camera.toSetup();
		camera.reply(200, ["Session: 77", "Transport: RTP/AVP;unicast;client_port=0-1;server_port=5000-5001"]);
		expect(camera.error).toMatchObject({ kind: "unsupported-transport", code: "RTSP_TRANSPORT" });
		expect(camera.request.method).toBe("TEARDOWN");
	});

	test("a session that is being torn down waits for nothing but that", () => {
		const camera = overUdp();
		camera.reply();
		camera.advance(UDP_SILENCE_MS - 1);
		camera.session.teardown(camera.nowMs);
		expect(camera.session.nextTimeout()).toBe(camera.nowMs + TEARDOWN_TIMEOUT_MS);
		camera.advance(TEARDOWN_TIMEOUT_MS);
		expect(camera.events.at(-1)).toBe("closed");
	});

	test("sound has the second pair, and is left out where there is only one", () => {
		const camera = withAudio({ udpPorts: PORTS });
		camera.reply(200, ["Session: 77", "Transport: RTP/AVP;unicast;client_port=4000-4001;server_port=5000-5001"]);
		expect(headerOf(camera.request, "transport")).toBe("RTP/AVP;unicast;client_port=4002-4003");
		camera.reply(200, ["Session: 77", "Transport: RTP/AVP;unicast;client_port=4002-4003"]);
		camera.reply();
		camera.datagram(1, RTP);
		expect(camera.events.at(-1)).toBe("rtp:12");
		expect(camera.agreements[1]).toEqual({ type: "udp", pair: 1, serverPort: undefined });
		expect([...camera.session.quirks]).toEqual(["server-port-missing"]);
		expect(withAudio({ udpPorts: [[4000, 4001]] }).tracks).toHaveLength(1);
	});
});
