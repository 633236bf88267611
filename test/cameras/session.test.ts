/** How sessions begin, play and end. */
import { expect } from "vitest";
import { h264, idrSlice, PPS, pSlice, SPS, usualPicture } from "./support/h264-track.ts";
import { defineScenario, USUAL } from "./support/scenario.ts";

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
			for (const channel of [2, 3, 7, 255])
				connection.sendFrame(channel, Buffer.from("\x80\x60 never set up", "latin1"));
			return undefined;
		},
	},
	expect: { methods: USUAL, quirks: ["unassigned-channel"], counters: { malformedPackets: 0 } },
});

defineScenario({
	id: "S20",
	quirks: [50, 73],
	title: "packets of a stale session that goes on on our channel are dropped",
	camera: {
		tracks: [
			h264({
				units: 60,
				// A picture of the old session before each one of ours, with a source and numbers of its own.
				packets: (packets, index) => [
					...packets.slice(0, 1).map((packet) => ({
						...packet,
						ssrc: 0xdead,
						sequenceNumber: (20_000 + index) & 0xffff,
						timestamp: (packet.timestamp + 900_000) >>> 0,
						payload: pSlice(8000 + index),
						marker: true,
					})),
					...packets,
				],
			}),
		],
	},
	expect: { methods: USUAL, withinMs: 4_000, counters: { lostPackets: 0, damagedAccessUnits: 0 } },
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
		camera: {
			answer: (request, reply) => (request.method === "OPTIONS" ? { ...reply, status, fields: {} } : undefined),
		},
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

for (const [status, state, reason] of [
	[455, "waiting", "protocol-error"],
	[400, "waiting", "protocol-error"],
	[500, "waiting", "protocol-error"],
	[454, "waiting", "session-ended"],
	[453, "busy", "camera-full"],
	[403, "refused", "auth-refused"],
] as const) {
	defineScenario({
		id: "S57",
		quirks: [75],
		title: `PLAY that is always answered with ${status} is ${state} (${reason})`,
		camera: {
			answer: (request, reply) => (request.method === "PLAY" ? { ...reply, status, fields: {} } : undefined),
		},
		expect: { state, reason, tags: [] },
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
	id: "S50",
	quirks: [49],
	title: "a key frame of one packet and pictures of one byte more are whole",
	camera: {
		tracks: [h264({ picture: (tag, isKey) => (isKey ? [SPS, PPS, idrSlice(tag, 1400)] : [pSlice(tag, 1401)]) })],
	},
	expect: { methods: USUAL },
});
