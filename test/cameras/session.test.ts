/** How sessions begin, are described, kept alive and end. */
import { headerOf } from "@vigia/rtsp";
import { expect } from "vitest";
import type { CameraConnection } from "./support/camera-connection.ts";
import { h264, idrSlice, PPS, pSlice, SPROP, SPS, usualPicture } from "./support/h264-track.ts";
import { defineScenario } from "./support/scenario.ts";

const USUAL = ["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"];
const endless = h264({ units: Number.POSITIVE_INFINITY });

defineScenario({
	id: "S01",
	quirks: [],
	title: "plain H.264 over TCP gives its first picture within a second and all of them whole",
	expect: { methods: USUAL, counters: { lostPackets: 0, malformedPackets: 0, damagedAccessUnits: 0 } },
	check: ({ viewer }) => {
		expect(viewer.states).toEqual(["connecting", "buffering", "live"]);
		expect(viewer.units[0]?.randomAccess).toBe(true);
		expect(viewer.units[0]?.nalUnits.map((nal) => [...nal])).toEqual(usualPicture(1, true).map((nal) => [...nal]));
		expect(viewer.quirks).toEqual([]);
	},
});

// S20 to S22.

defineScenario({
	id: "S20",
	quirks: [50],
	title: "data on channels that were never set up is dropped",
	camera: {
		tracks: [
			h264({
				packets: (packets, index) => packets.map((packet) => ({ ...packet, payloadType: 96 + (index % 2) * 0 })),
			}),
		],
		answer: (request, _reply, connection) => {
			if (request.method !== "PLAY") return undefined;
			for (const channel of [2, 3, 7, 255]) connection.sendFrame(channel, Buffer.from("\x80\x60 never set up", "latin1"));
			return undefined;
		},
	},
	expect: { methods: USUAL, quirks: ["unassigned-channel"], counters: { malformedPackets: 0 } },
});

defineScenario({
	id: "S20",
	quirks: [50, 73],
	title: "packets of a stale session on our channel are told by their SSRC and dropped",
	camera: {
		tracks: [
			h264({
				units: 20,
				// A picture of the old session after each one of ours, with numbers of its own.
				packets: (packets, index) => [
					...packets,
					...packets.map((packet) => ({
						...packet,
						ssrc: 0xdead,
						sequenceNumber: (packet.sequenceNumber + 20_000) & 0xffff,
						timestamp: (packet.timestamp + 900_000 + index) >>> 0,
						payload: pSlice(8000 + index),
						marker: true,
					})),
				],
			}),
		],
		transport: (usual) => `${usual};ssrc=00001234`,
	},
	expect: { methods: USUAL },
});

defineScenario({
	id: "S21",
	quirks: [51],
	title: "pictures before the answer to PLAY are not lost",
	camera: { mediaBeforePlay: 3 },
	expect: { methods: USUAL, quirks: ["media-before-play"] },
	check: ({ viewer }) => expect(viewer.states).toEqual(["connecting", "buffering", "live"]),
});

defineScenario({
	id: "S21",
	quirks: [51],
	title: "a sender report before PLAY does no harm",
	camera: {
		answer: (request, reply, connection) => {
			if (request.method !== "SETUP") return undefined;
			connection.send(connection.reply(request, reply));
			connection.sendFrame(1, Buffer.from("80c80006000012340000000000000000000000000000000000000000", "hex"));
			return "silence";
		},
	},
	expect: { methods: USUAL },
});

defineScenario({
	id: "S21",
	quirks: [83],
	title: "a PLAY that is never answered counts as accepted while pictures flow, and nothing is lost",
	camera: {
		tracks: [endless],
		answer: (request, _reply) => (request.method === "PLAY" ? "silence" : undefined),
	},
	run: async ({ time }) => await time.pass(20_000),
	expect: { withinMs: 1_000, methods: USUAL, quirks: ["play-unanswered"] },
	check: ({ viewer }) => expect(viewer.sessions).toHaveLength(1),
});

defineScenario({
	id: "S21",
	quirks: [83],
	title: "an answer to PLAY that comes after six seconds is no answer to anything else",
	camera: {
		tracks: [endless],
		answer: (request, reply, connection) => {
			if (request.method !== "PLAY") return undefined;
			connection.camera.clock.after(6_000, () => connection.send(connection.reply(request, reply)));
			return "silence";
		},
	},
	run: async ({ time }) => await time.pass(40_000),
	expect: { wire: [/^GET_PARAMETER/] },
	check: ({ viewer }) => expect(viewer.sessions).toHaveLength(1),
});

defineScenario({
	id: "S22",
	quirks: [52],
	title: "RTCP on the RTP channel and RTP on the RTCP channel are told by their type",
	camera: {
		tracks: [
			h264({
				packets: (packets, index) => [
					...packets.map((packet) => ({ ...packet, onRtcpChannel: index % 2 === 1 })),
					...packets.slice(0, 1).map((packet) => ({
						...packet,
						raw: Buffer.from("80c80006000012340000000000000000000000000000000000000000", "hex"),
					})),
				],
			}),
		],
	},
	expect: { methods: USUAL, quirks: ["rtcp-on-rtp-channel"], counters: { malformedPackets: 0, lostPackets: 0 } },
});

defineScenario({
	id: "S22",
	quirks: [53],
	title: "broken RTCP (cut off, over-long, without an end, nothing) does no harm",
	camera: {
		tracks: [
			h264({
				rtcp: (index) =>
					[
						Buffer.from("80c80006", "hex"),
						Buffer.from("80c8ffff00001234", "hex"),
						Buffer.from("81ca0003000012340104616263640000", "hex"),
						new Uint8Array(0),
						Buffer.from("9fc9000000", "hex"),
						new Uint8Array(1500).fill(0xc9),
						Buffer.from("80c8000600001234".padEnd(56, "f"), "hex"),
					][index],
			}),
		],
	},
	expect: { methods: USUAL, counters: { lostPackets: 0 } },
});

// S24 and S25.

for (const [what, quirks, contentBase, expected] of [
	["none", [65], null, "/stream/trackID=1"],
	["one with a slash at its end", [65], "rtsp://HOST/stream/", "/stream/trackID=1"],
	["one with another path", [65], "rtsp://HOST/live/ch0/", "/live/ch0/trackID=1"],
	["one of a private host behind NAT", [66], "rtsp://192.168.1.64:554/stream/", "/stream/trackID=1"],
	["one with another port", [66], "rtsp://127.0.0.1:65534/stream/", "/stream/trackID=1"],
	["one without a scheme", [66], "HOST/stream/", "/stream/trackID=1"],
	["one with a double scheme", [66], "rtsp://rtsp://HOST/stream/", "/stream/trackID=1"],
	["a path alone", [66], "/stream/", "/stream/trackID=1"],
	["an unbracketed IPv6 address", [6, 66], "rtsp://::ffff:192.168.1.123/stream/", "/stream/trackID=1"],
	["one with a query", [64], "rtsp://HOST/cam?channel=1&subtype=0/", "/cam?channel=1&subtype=0/trackID=1"],
	["an empty one", [66], "", "/stream/trackID=1"],
	["nonsense", [66], "%%%", "/stream/trackID=1"],
] as const) {
	let port = 0;
	defineScenario({
		id: "S24",
		quirks,
		title: `with ${what} as Content-Base the right URL is set up on the same connection`,
		camera: {
			answer: (request, reply, connection) => {
				port = connection.camera.port;
				if (request.method !== "DESCRIBE") return undefined;
				const value = contentBase?.replace("HOST", `127.0.0.1:${port}`) ?? null;
				return { ...reply, fields: { ...reply.fields, "Content-Base": value } };
			},
		},
		expect: { methods: USUAL },
		check: ({ camera }) => {
			const setup = camera.requests.find((request) => request.method === "SETUP");
			expect(setup?.target).toBe(`${camera.url}${expected}`);
			expect(camera.connections).toHaveLength(1);
		},
	});
}

defineScenario({
	id: "S24",
	quirks: [66],
	title: "a Content-Base whose SETUP is not found is given up for the request's URL, once",
	camera: {
		fields: { DESCRIBE: { "Content-Base": "rtsp://192.0.2.1/wrong/" } },
		answer: (request, reply) =>
			request.method === "SETUP" && request.target.includes("wrong") ? { ...reply, status: 404, fields: {} } : undefined,
	},
	expect: { methods: ["OPTIONS", "DESCRIBE", "SETUP", "SETUP", "PLAY", "TEARDOWN"], wire: [/^SETUP \S+\/stream\/trackID=1/] },
});

for (const [control, path, expected] of [
	["trackID=1", "/stream", "/stream/trackID=1"],
	["/trackID=1", "/stream", "/stream/trackID=1"],
	["?ctype=video", "/stream", "/stream?ctype=video"],
	["rtsp://192.168.1.64:9999/Streaming/trackID=1?a=b", "/stream", "/Streaming/trackID=1?a=b"],
	["rtsp://192.168.1.64/trackID=1", "/stream", "/trackID=1"],
	["*", "/stream", "/stream"],
	["", "/stream", "/stream"],
	[null, "/stream", "/stream"],
	["trackID=0", "/cam/realmonitor?channel=1&subtype=0", "/cam/realmonitor?channel=1&subtype=0/trackID=0"],
	["trackID=1", "/stream/", "/stream/trackID=1"],
	["trackID=1", "//", "//trackID=1"],
	["trackID=1", "/user=a_password=b_channel=1_stream=0.sdp", "/user=a_password=b_channel=1_stream=0.sdp/trackID=1"],
	["track 1", "/stream", "/stream/track 1"],
] as const) {
	defineScenario({
		id: "S25",
		quirks: [7, 64],
		title: `the control ${JSON.stringify(control)} of ${path} is set up as ${expected}`,
		camera: { tracks: [h264({ control })] },
		viewer: { path },
		expect: { methods: USUAL, wire: [/^DESCRIBE/] },
		check: ({ camera }) => {
			const of = (method: string) => camera.requests.find((request) => request.method === method)?.target;
			expect(of("DESCRIBE")).toBe(`${camera.url}${path}`);
			expect(of("SETUP")).toBe(`${camera.url}${expected}`);
		},
	});
}

defineScenario({
	id: "S25",
	quirks: [65],
	title: "a relative session control (Altasec: 0) does not stop the session",
	camera: { sessionLines: ["a=control:0"] },
	expect: { methods: USUAL },
});

defineScenario({
	id: "S25",
	quirks: [65],
	title: "an absolute session control is the base, on the connection's host",
	camera: { sessionLines: ["a=control:rtsp://192.168.9.9/live/"] },
	expect: { methods: USUAL, wire: [/^SETUP rtsp:\/\/127\.0\.0\.1:\d+\/live\/trackID=1/, /^PLAY rtsp:\/\/127\.0\.0\.1:\d+\/live\//] },
});

// S23, what the project's own fixtures in packages/rtsp do not say: the whole way through SETUP.

for (const [what, quirks, sdp] of [
	["no session lines at all", [54], ["m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000", "a=control:trackID=1"]],
	[
		"broken session lines",
		[54],
		[
			"v=0",
			"o=RTSP Session 1 2 IN IP4 0.0.0.0 extra",
			"s=",
			"s=again",
			"c=IN ",
			"c=SM SM",
			"t=now-",
			"m=video 0 RTP/AVP 96",
			"a=rtpmap:96 H264/90000",
			"a=control:trackID=1",
		],
	],
	[
		"unknown media before the video",
		[55],
		[
			"v=0",
			"m=application/TP-LINK 0 RTP/AVP smart/1/90000",
			"a=rtpmap:95 TP-LINK/90000",
			"a=control:track0",
			"m=metadata 0 RTP/AVP 107",
			"a=control:track9",
			"m=video 0 RTP/AVP 96",
			"a=rtpmap:96 H264/90000",
			"a=control:trackID=1",
		],
	],
	["the control before the rtpmap", [56], ["m=video 0 RTP/AVP 96", "a=control:trackID=1", "a=rtpmap:96 H264/90000"]],
	["several controls", [56], ["m=video 0 RTP/AVP 96", "a=control:trackID=1", "a=control:x", "a=rtpmap:96 H264/90000"]],
	["no rtpmap but H.264's parameters", [59], ["m=video 0 RTP/AVP 96", "a=fmtp:96 packetization-mode=1", "a=control:trackID=1"]],
	["an rtpmap in small letters with blanks after it", [59], ["m=video 0 RTP/AVP 96", "a=rtpmap:96 h264/90000  ", "a=control:trackID=1"]],
	["an rtpmap without a clock", [59], ["m=video 0 RTP/AVP 96", "a=rtpmap:96 H264", "a=control:trackID=1"]],
	["a clock of 0", [59], ["m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/0", "a=control:trackID=1"]],
	["a video marked sendonly", [67], ["m=video 0 RTP/AVP 96", "a=sendonly", "a=rtpmap:96 H264/90000", "a=control:trackID=1"]],
	["a second video", [59], [
		"m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000", "a=control:trackID=1",
		"m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000", "a=control:trackID=2",
	]],
	["zeros and a byte order mark around it", [68], ["\u00ef\u00bb\u00bfv=0", "m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000", "a=framerate:0S", "", "a=control:trackID=1", "\0\0"]],
	["a proto of UDP's other spelling", [55], ["m=video 0 RTP/AVP/UDP 96", "a=rtpmap:96 H264/90000", "a=control:trackID=1"]],
] as const) {
	defineScenario({
		id: "S23",
		quirks,
		title: `a description with ${what} plays`,
		camera: { sdp: [...sdp, ""].join("\r\n") },
		expect: { methods: USUAL, wire: [/^SETUP \S+\/stream\/trackID=1\n/] },
	});
}

defineScenario({
	id: "S23",
	quirks: [43],
	title: "a description of no type, ended by LF alone, plays",
	camera: {
		sdp: `v=0\nm=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=fmtp:96 sprop-parameter-sets=${SPROP}\na=control:trackID=1`,
		fields: { DESCRIBE: { "Content-Type": null } },
	},
	expect: { methods: USUAL },
});

defineScenario({
	id: "S23",
	quirks: [13],
	title: "encrypted video (SRTP) is told as such and not retried at once",
	camera: {
		sdp: ["v=0", "m=video 0 RTP/SAVP 96", "a=rtpmap:96 H264/90000", "a=key-mgmt:mikey AAAA", "a=control:trackID=1", ""].join("\r\n"),
	},
	expect: { state: "unsupported", reason: "media-encrypted", methods: ["OPTIONS", "DESCRIBE"] },
});

// S28.

for (const [what, session] of [
	["blanks before it", "       708345999;timeout=60"],
	["a blank before timeout", "9a90de54; timeout=120"],
	["timeout=0", "1;timeout=0"],
	["no timeout", "abc$+-_."],
] as const) {
	defineScenario({
		id: "S28",
		quirks: [72],
		title: `a Session field with ${what} is answered with the id alone`,
		camera: { session: () => session },
		expect: { methods: USUAL },
		check: ({ camera }) => {
			const play = camera.requests.find((request) => request.method === "PLAY");
			expect(play && headerOf(play, "session")).toBe(session.trim().split(";")[0]);
		},
	});
}

defineScenario({
	id: "S28",
	quirks: [72],
	title: "an answer to SETUP without a Session field is played without one",
	camera: { session: () => null, fields: { PLAY: { Session: null } } },
	expect: { methods: ["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"] },
});

for (const [seconds, passMs] of [
	[1, 5_000],
	[5, 20_000],
	[10, 40_000],
	[60, 200_000],
] as const) {
	defineScenario({
		id: "S28",
		quirks: [72, 86],
		title: `a session of ${seconds} s is kept alive in time`,
		camera: { tracks: [endless], expiresAfterS: seconds },
		run: async ({ time }) => await time.pass(passMs, seconds > 10 ? 100 : 20),
		expect: { wire: [/^GET_PARAMETER/] },
		check: ({ camera }) => {
			expect(camera.expired).toBe(0);
			const keepAlives = camera.requests.filter((request) => request.method === "GET_PARAMETER").length;
			expect(keepAlives, "no more often than needed").toBeLessThanOrEqual(Math.max(passMs / 1000, passMs / seconds / 400) + 1);
		},
	});
}

defineScenario({
	id: "S28",
	quirks: [72, 86],
	title: "the timeout that PLAY names counts, not the one of SETUP",
	camera: {
		tracks: [endless],
		expiresAfterS: 8,
		session: () => "4711;timeout=60",
		fields: { PLAY: { Session: "4711;timeout=8" } },
	},
	run: async ({ time }) => await time.pass(30_000),
	check: ({ camera }) => expect(camera.expired).toBe(0),
});

defineScenario({
	id: "S28",
	quirks: [72, 86],
	title: "a session without a timeout is kept alive as for 60 s",
	camera: {
		tracks: [endless],
		expiresAfterS: 60,
		session: () => "4711",
		fields: { PLAY: { Session: "4711" } },
	},
	run: async ({ time }) => await time.pass(130_000, 100),
	check: ({ camera }) => expect(camera.expired).toBe(0),
});

// S35.

for (const [what, quirk, status] of [
	["nothing", "keep-alive-unanswered", undefined],
	["400", "keep-alive-refused", 400],
	["501", "keep-alive-refused", 501],
	["551", "keep-alive-refused", 551],
] as const) {
	defineScenario({
		id: "S35",
		quirks: [84, 85],
		title: `a keep-alive that is answered with ${what} does not disturb the stream`,
		camera: {
			tracks: [endless],
			expiresAfterS: 30,
			answer: (request, reply) => {
				if (request.method !== "GET_PARAMETER") return undefined;
				return status === undefined ? "silence" : { ...reply, status };
			},
		},
		run: async ({ time }) => await time.pass(120_000, 100),
		expect: { quirks: [quirk], notWire: [/^SET_PARAMETER/, /^\w+ \* /] },
		check: ({ camera, viewer }) => {
			expect(viewer.sessions).toHaveLength(1);
			expect(camera.expired).toBe(0);
			if (status !== undefined) {
				// The other method from then on.
				expect(camera.methods.filter((method) => method === "GET_PARAMETER")).toHaveLength(1);
				expect(camera.methods.filter((method) => method === "OPTIONS").length).toBeGreaterThan(3);
			}
		},
	});
}

defineScenario({
	id: "S35",
	quirks: [84],
	title: "a camera that does not list GET_PARAMETER is kept alive with OPTIONS on its base URL",
	camera: {
		tracks: [endless],
		expiresAfterS: 10,
		fields: {
			OPTIONS: { Public: "OPTIONS, DESCRIBE, SETUP,PLAY ,TEARDOWN" },
			DESCRIBE: { "Content-Base": "rtsp://192.0.2.3/base/" },
		},
	},
	run: async ({ time }) => await time.pass(25_000),
	expect: { notWire: [/^GET_PARAMETER/], wire: [/^OPTIONS rtsp:\/\/127\.0\.0\.1:\d+\/base\//] },
	check: ({ camera }) => expect(camera.expired).toBe(0),
});

defineScenario({
	id: "S35",
	quirks: [84],
	title: "454 to GET_PARAMETER alone (Thingino) means the method, not the session",
	camera: {
		tracks: [endless],
		expiresAfterS: 20,
		answer: (request, reply) => (request.method === "GET_PARAMETER" ? { ...reply, status: 454 } : undefined),
	},
	run: async ({ time }) => await time.pass(60_000, 100),
	expect: { quirks: ["keep-alive-refused"] },
	check: ({ camera, viewer }) => {
		expect(viewer.sessions).toHaveLength(1);
		expect(camera.expired).toBe(0);
	},
});

for (const [what, isSpoilt, reaction] of [
	["454 whatever its method", (method: string, count: number) => method !== "TEARDOWN" && count > 4, { status: 454 }],
	["454 after good ones", (method: string, count: number) => method === "GET_PARAMETER" && count > 5, { status: 454 }],
	["the end of the connection", (method: string) => method === "GET_PARAMETER", { close: true }],
] as const) {
	let spoiltConnection: CameraConnection | undefined;
	defineScenario({
		id: "S35",
		quirks: [75, 84],
		title: `a keep-alive that is answered with ${what} brings a new session`,
		camera: {
			tracks: [endless],
			expiresAfterS: 20,
			answer: (request, reply, connection) => {
				spoiltConnection ??= connection;
				const isFirst = connection === spoiltConnection;
				return isFirst && isSpoilt(request.method, connection.requests.length) ? { ...reply, ...reaction } : undefined;
			},
		},
		expect: { tags: "any" },
		run: async ({ viewer, time }) => {
			await time.pass(25_000);
			expect(viewer.status.state).toBe("live");
			expect(viewer.sessions).toHaveLength(2);
			expect(viewer.failures[0]?.code).toBe("session-ended");
		},
	});
}

defineScenario({
	id: "S35",
	quirks: [87],
	title: "receiver reports are the sign of life that a camera asks for",
	camera: { tracks: [endless], expiresAfterS: 12, needsReports: true },
	run: async ({ time }) => await time.pass(60_000, 50),
	check: ({ camera }) => {
		expect(camera.expired).toBe(0);
		expect(camera.connection.frames.every((frame) => frame.channel === 1)).toBe(true);
		expect(camera.connection.frames.length).toBeGreaterThanOrEqual(10);
	},
});

// S57.

for (const [what, status, quirk] of [
	["404", 404, "options-refused"],
	["501", 501, "options-refused"],
	["500", 500, "options-refused"],
] as const) {
	defineScenario({
		id: "S57",
		quirks: [132],
		title: `OPTIONS that is answered with ${what} stops nothing`,
		camera: { answer: (request, reply) => (request.method === "OPTIONS" ? { ...reply, status, fields: {} } : undefined) },
		expect: { methods: USUAL, quirks: [quirk] },
	});
}

defineScenario({
	id: "S57",
	quirks: [132],
	title: "OPTIONS without a Public field stops nothing",
	camera: { fields: { OPTIONS: { Public: null } } },
	expect: { methods: USUAL, quirks: ["public-missing"] },
});

for (const [status, state, reason] of [
	[503, "busy", "camera-full"],
	[453, "busy", "camera-full"],
	[404, "waiting", "not-found"],
] as const) {
	let tries = 0;
	defineScenario({
		id: "S57",
		quirks: [19, 133],
		title: `DESCRIBE that is answered with ${status} and later with 200 is ${state} and then live`,
		camera: {
			answer: (request, reply) =>
				request.method === "DESCRIBE" && ++tries === 1 ? { ...reply, status, body: "", fields: {} } : undefined,
		},
		expect: { state: "live", withinMs: 4_000 },
		check: ({ viewer }) => {
			expect(viewer.states).toEqual(["connecting", state, "connecting", "buffering", "live"]);
			expect(viewer.failures[0]?.code).toBe(reason);
		},
	});
}

// PLAY's own oddities and the end.

for (const [status, check] of [
	[457, /^PLAY (?:(?!\nrange:)[^])*$/],
	[459, /^PLAY \S+\/trackID=1\n/],
] as const) {
	let refused = false;
	defineScenario({
		id: "S57",
		quirks: [75, 81],
		title: `PLAY that is answered with ${status} is asked in the other way`,
		camera: {
			answer: (request, reply) => {
				if (request.method !== "PLAY" || refused) return undefined;
				refused = true;
				return { ...reply, status, fields: {} };
			},
		},
		expect: { methods: ["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "PLAY", "TEARDOWN"], wire: [check] },
	});
}

for (const [what, reaction] of [
	["never answered", "silence"],
	["answered with nonsense", { raw: "RTSP/1.0 0\r\n\r\n" }],
	["answered with 454", { raw: "RTSP/1.0 454 Session Not Found\r\nCSeq: 5\r\n\r\n" }],
] as const) {
	defineScenario({
		id: "S57",
		quirks: [92],
		title: `a TEARDOWN that is ${what} closes the session all the same`,
		camera: { tracks: [endless], answer: (request) => (request.method === "TEARDOWN" ? reaction : undefined) },
		expect: { methods: USUAL },
	});
}

defineScenario({
	id: "S28",
	quirks: [72],
	title: "a key frame of one packet and pictures of one byte more are whole",
	camera: { tracks: [h264({ picture: (tag, isKey) => (isKey ? [SPS, PPS, idrSlice(tag, 1400)] : [pSlice(tag, 1401)]) })] },
	expect: { methods: USUAL },
});
