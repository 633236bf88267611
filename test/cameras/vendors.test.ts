/** Cameras as they are sold: each with all its habits at once. */
import { packetizeAac } from "@vigia/rtp";
import { expect } from "vitest";
import { CAMERA_CERTIFICATE } from "../../server/src/sources/testing/test-certificates.ts";
import { h264, idrSlice, PPS, pSlice, SPROP, SPS } from "./support/h264-track.ts";
import { audio, pcma } from "./support/other-tracks.ts";
import { defineScenario } from "./support/scenario.ts";

const endless = Number.POSITIVE_INFINITY;
const both = { video: ["H264"], audio: ["MPEG4-GENERIC", "PCMA", "OPUS"] };

defineScenario({
	id: "S01",
	quirks: [27, 31, 70, 72, 82, 97, 139],
	title: "Hikvision: blanks in headers, stale=FALSE, private packets, a keep-alive that must be authorised",
	camera: {
		tracks: [
			h264({
				units: endless,
				packets: (packets) =>
					packets.flatMap((packet) => [packet, { ...packet, payloadType: 112, payload: Buffer.from("x") }]),
			}),
			pcma({ units: endless }),
		],
		auth: {
			offers: (nonce) => [
				{ scheme: "digest", realm: "IP Camera(C1234)", nonce },
				{ scheme: "basic", realm: "IP Camera(C1234)" },
			],
			challenges: ([offer]) => [
				`Digest realm="IP Camera(C1234)", nonce="${offer?.scheme === "digest" ? offer.nonce : ""}", stale="FALSE"`,
				'Basic realm="IP Camera(C1234)"',
			],
		},
		expiresAfterS: 60,
		session: (usual) => `       ${usual}`,
		transport: (usual) => `${usual};ssrc= d6d6627;mode="play"`,
		fields: { PLAY: { "RTP-Info": "url=rtsp://192.168.1.64/trackID=1;seq=0;rtptime=-1, url=trackID=2" } },
	},
	viewer: { path: "/Streaming/Channels/101?transportmode=unicast", media: both },
	run: async ({ time }) => await time.pass(100_000, 100),
	expect: { wire: [/^GET_PARAMETER [^]*authorization: Digest/], counters: { lostPackets: 0 } },
	check: ({ camera, viewer }) => {
		expect(camera.expired).toBe(0);
		expect(viewer.sessions).toHaveLength(1);
		expect(viewer.audio.length).toBeGreaterThan(4_000);
	},
});

defineScenario({
	id: "S01",
	quirks: [7, 64, 66, 72, 79, 82, 136, 140],
	title: "Dahua: the URL's query joined as text, a session at OPTIONS, metadata, a talk track and relative RTP-Info",
	camera: {
		sdp: [
			"v=0",
			"o=- 2251938238 2251938238 IN IP4 0.0.0.0",
			"s=RTSP Session/2.0",
			"c=IN IP4 0.0.0.0",
			"t=0 0",
			"a=control:*",
			"m=video 0 RTP/AVP 96",
			"a=control:trackID=0",
			"a=framerate:25.000000",
			"a=rtpmap:96 H264/90000",
			`a=fmtp:96 packetization-mode=1;profile-level-id=64002A;sprop-parameter-sets=${SPROP}`,
			"a=recvonly",
			"m=audio 0 RTP/AVP 97",
			"a=control:trackID=1",
			"a=rtpmap:97 MPEG4-GENERIC/16000",
			"a=fmtp:97 streamtype=5;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config=1408",
			"a=recvonly",
			"m=application 0 RTP/AVP 107",
			"a=control:trackID=4",
			"a=rtpmap:107 vnd.onvif.metadata/90000",
			"a=recvonly",
			"m=audio 0 RTP/AVP 8",
			"a=control:trackID=5",
			"a=rtpmap:8 PCMA/8000",
			"a=sendonly",
			"",
		].join("\r\n"),
		tracks: [
			h264({ control: "trackID=0" }),
			{
				...audio({
					format: "MPEG4-GENERIC/16000",
					ticksEach: 1024,
					intervalMs: 64,
					units: 5,
					payloads: (tag) => packetizeAac([new Uint8Array(50).fill(tag)], 1400).map(({ payload }) => payload),
				}),
				control: "trackID=1",
			},
		],
		fields: {
			OPTIONS: { Session: "999" },
			DESCRIBE: { "Content-Base": "rtsp://192.168.5.111:554/cam/realmonitor?channel=1&subtype=0/" },
			PLAY: { "RTP-Info": "url=trackID=0;seq=1;rtptime=0,url=trackID=1;seq=1;rtptime=0" },
		},
	},
	viewer: { path: "/cam/realmonitor?channel=1&subtype=0", media: both },
	expect: {
		methods: ["OPTIONS", "DESCRIBE", "SETUP", "SETUP", "PLAY", "TEARDOWN"],
		wire: [/^SETUP \S+\/cam\/realmonitor\?channel=1&subtype=0\/trackID=0\n/],
		notWire: [/trackID=[45]/, /session: 999/],
	},
	check: ({ viewer }) => {
		expect(viewer.audio).toHaveLength(5);
		expect(viewer.descriptions[0]?.tracks.map(({ used }) => used)).toEqual([true, true, false, false]);
	},
});

defineScenario({
	id: "S01",
	quirks: [49, 55, 84, 86, 99, 141],
	title: "Tapo: an unknown track, packets of 10 kB, markers on parameter sets, 15 s, a bad keep-alive method",
	camera: {
		tracks: [
			h264({
				units: endless,
				sdp: `m=application/TP-LINK 0 RTP/AVP smart/1/90000\r\na=rtpmap:95 TP-LINK/90000\r\na=control:track3\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000`,
				control: "track1",
				picture: (tag, isKey) => (isKey ? [SPS, PPS, idrSlice(tag, 10_000)] : [pSlice(tag)]),
				payloads: (nalUnits) => nalUnits,
				packets: (packets) =>
					packets.map((packet) => ({ ...packet, marker: packet.marker || packet.payload.length < 20 })),
			}),
		],
		expiresAfterS: 15,
		answer: (request, reply) => (request.method === "GET_PARAMETER" ? { ...reply, status: 400 } : undefined),
	},
	run: async ({ time }) => await time.pass(60_000),
	expect: { counters: { lostPackets: 0 } },
	check: ({ camera, viewer }) => {
		expect(camera.expired).toBe(0);
		expect(viewer.sessions).toHaveLength(1);
	},
});

defineScenario({
	id: "S01",
	quirks: [11, 13, 16, 59, 60, 129, 142],
	title: "UniFi: TLS, ?enableSrtp, an empty fmtp and two sounds of one payload type",
	camera: {
		tls: CAMERA_CERTIFICATE,
		tracks: [
			h264({ fmtp: "", units: 20 }),
			{
				...audio({
					format: "",
					sdp: "m=audio 0 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96",
					payloadType: 96,
					ticksEach: 960,
					units: 20,
					payloads: (tag) => [Uint8Array.of(0x78, tag, 1, 2)],
				}),
				control: "trackID=2",
			},
		],
		answer: (request, reply) => (request.headers.has("user-agent") ? undefined : { ...reply, status: 401, fields: {} }),
	},
	viewer: {
		scheme: "rtsps",
		path: "/AbCdEf?enableSrtp",
		tls: { mode: "pin", sha256: CAMERA_CERTIFICATE.sha256 },
		media: both,
	},
	expect: { withinMs: 3_000, notWire: [/enableSrtp/] },
	check: ({ viewer }) => expect(viewer.audio).toHaveLength(20),
});

defineScenario({
	id: "S01",
	quirks: [37, 57, 72, 95, 96],
	title: "XM (H264DVR): Cseq spelled so, a session id for each SETUP, an SSRC of 0 in the Transport field",
	camera: {
		tracks: [h264(), pcma()],
		session: (_usual, setup) => `${231_970 + setup * 10};timeout=60`,
		fields: { PLAY: { Session: "231970" } },
		transport: (usual) => `${usual};ssrc=00000000`,
		wire: { head: (text) => text.replace("CSeq: ", "Cseq: ") },
	},
	viewer: { media: both },
	expect: {
		methods: ["OPTIONS", "DESCRIBE", "SETUP", "SETUP", "PLAY", "TEARDOWN"],
		wire: [/^PLAY [^]*session: 231970/, /^TEARDOWN [^]*session: 231970/],
		quirks: ["session-id-changes"],
	},
	check: ({ viewer }) => expect(viewer.audio).toHaveLength(20),
});

defineScenario({
	id: "S01",
	quirks: [76, 110, 142],
	title: "OpenIPC: UDP without a server port, and whole NAL units in fragments",
	camera: {
		udp: { announced: () => "0-0" },
		tracks: [
			h264({
				payloads: (nalUnits) =>
					nalUnits.map((nal) =>
						Uint8Array.from([((nal[0] ?? 0) & 0xe0) | 28, 0xc0 | ((nal[0] ?? 0) & 31), ...nal.subarray(1)]),
					),
			}),
		],
	},
	viewer: { transport: "udp" },
	expect: { methods: ["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"], counters: { damagedAccessUnits: 0 } },
});

defineScenario({
	id: "S01",
	quirks: [5, 66, 138],
	title: "Reolink: two slashes, control before rtpmap, a report before PLAY, odd times of parameter sets",
	camera: {
		tracks: [
			h264({
				units: 20,
				gop: 5,
				sdp: "m=video 0 RTP/AVP 96\r\na=control:trackID=1\r\na=rtpmap:96 H264/90000\r\na=range:npt=now-",
				control: null,
				payloads: (nalUnits) => nalUnits,
				packets: (packets) =>
					packets.map((packet) =>
						packet.payload.length < 20 ? { ...packet, timestamp: (packet.timestamp - 900) >>> 0 } : packet,
					),
			}),
		],
		answer: (request, reply, connection) => {
			if (request.method !== "PLAY") return undefined;
			connection.sendFrame(1, Buffer.from("80c80006000012340000000000000000000000000000000000000000", "hex"));
			return reply;
		},
	},
	viewer: { path: "//h264Preview_01_main" },
	expect: { methods: ["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"], counters: { lostPackets: 0 } },
});

defineScenario({
	id: "S07",
	quirks: [28, 30],
	title: "live555: nonces belong to a connection, and the next connection starts without one",
	camera: {
		auth: { offers: (nonce) => [{ scheme: "digest", realm: "LIVE555 Streaming Media", nonce }] },
		tracks: [h264({ units: endless })],
	},
	expect: { tags: "any" },
	run: async ({ camera, viewer, time }) => {
		await time.pass(500);
		camera.connection.close("end");
		expect(await time.until(() => viewer.sessions.length === 2 && viewer.status.state === "live", 2_000)).toBe(true);
		const second = camera.connection.requests;
		expect(second[0]?.headers.has("authorization")).toBe(false);
		expect(second.map((request) => request.method)).toEqual(["OPTIONS", "OPTIONS", "DESCRIBE", "SETUP", "PLAY"]);
	},
});

defineScenario({
	id: "S42",
	quirks: [63, 120],
	title: "an encoder that calls every picture unimportant (nal_ref_idc 0) and says packetization-mode=0 is played",
	camera: {
		tracks: [
			h264({
				fmtp: "packetization-mode=0",
				picture: (tag, isKey) =>
					(isKey ? [SPS, PPS, idrSlice(tag, 3_000)] : [pSlice(tag)]).map((nal) =>
						Uint8Array.from(nal, (byte, at) => (at === 0 ? byte & 0x9f : byte)),
					),
			}),
		],
	},
	expect: { methods: ["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"] },
});
