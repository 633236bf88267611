/** How media come: channels and ports. */
import { headerOf } from "@vigia/rtsp";
import { expect } from "vitest";
import { h264 } from "./support/h264-track.ts";
import { pcma } from "./support/other-tracks.ts";
import { defineScenario, USUAL } from "./support/scenario.ts";

const endless = h264({ units: Number.POSITIVE_INFINITY });

// S26 and S27.

for (const [named, transport] of [
	[{ id: "S26", quirks: [69], title: "the answer to SETUP has other channels" }, "RTP/AVP/TCP;unicast;interleaved=8-9"],
	[{ id: "S26", quirks: [69], title: "the answer to SETUP has odd channels" }, "RTP/AVP/TCP;unicast;interleaved=3-4"],
	[{ id: "S26", quirks: [69], title: "the answer to SETUP has a single channel" }, "RTP/AVP/TCP;unicast;interleaved=6"],
	[
		{ id: "S26", quirks: [69], title: "the answer to SETUP has the single channel 0" },
		"RTP/AVP/TCP;unicast;interleaved=0",
	],
	[{ id: "S26", quirks: [69], title: "the answer to SETUP has no channels" }, "RTP/AVP/TCP;unicast"],
	[
		{ id: "S26", quirks: [69], title: "the answer to SETUP has channels but not /TCP (Escam Q6)" },
		"RTP/AVP;unicast;interleaved=0-1",
	],
	[{ id: "S26", quirks: [69], title: "the answer to SETUP has no Transport field" }, null],
	[{ id: "S26", quirks: [69], title: "the answer to SETUP has an empty Transport field" }, ""],
	[
		{ id: "S27", quirks: [70], title: "the answer to SETUP has the SSRC first" },
		"RTP/AVP/TCP;ssrc=22345684;interleaved=0-1",
	],
	[
		{ id: "S27", quirks: [70], title: "the answer to SETUP has blanks around the SSRC" },
		"RTP/AVP/TCP; unicast; interleaved=0-1; ssrc= d6d6627",
	],
	[
		{ id: "S27", quirks: [70], title: "the answer to SETUP has an SSRC that is no number" },
		"RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=ZZZ",
	],
	[
		{ id: "S27", quirks: [70], title: "the answer to SETUP has an SSRC of nine digits" },
		"RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=123456789",
	],
	[
		{ id: "S27", quirks: [70], title: "the answer to SETUP has commas in place of semicolons" },
		"RTP/AVP/TCP;unicast;interleaved=0-1,ssrc=FFFFCCCC",
	],
	[
		{ id: "S27", quirks: [70], title: "the answer to SETUP has a quoted mode" },
		'RTP/AVP/TCP;unicast;interleaved=0-1;mode="PLAY"',
	],
	[
		{ id: "S27", quirks: [70, 71], title: "the answer to SETUP has a mode in capitals" },
		"RTP/AVP/TCP;unicast;interleaved=0-1;mode=PLAY",
	],
	[
		{ id: "S27", quirks: [70], title: "the answer to SETUP has an empty source" },
		"RTP/AVP/TCP;unicast;source=;interleaved=0-1",
	],
	[
		{ id: "S27", quirks: [70], title: "the answer to SETUP has a foreign source and destination" },
		"RTP/AVP/TCP;unicast;destination=10.0.0.1;source=camera.local;interleaved=0-1",
	],
	[
		{ id: "S27", quirks: [70], title: "the answer to SETUP has several transports" },
		"RTP/AVP/TCP;unicast;interleaved=0-1,RTP/AVP;unicast;client_port=1-2",
	],
	[{ id: "S27", quirks: [70], title: "the answer to SETUP has small letters" }, "rtp/avp/tcp;unicast;interleaved=0-1"],
] as const) {
	defineScenario({
		...named,
		camera: { transport: () => transport },
		expect: { methods: USUAL, counters: { lostPackets: 0 }, notWire: [/transport: .*mode=/] },
	});
}

// S29, S30, S31 and S58.

defineScenario({
	id: "S29",
	quirks: [74],
	title: "461 to TCP is followed by UDP",
	camera: { transports: ["udp"], udp: {}, tracks: [endless] },
	expect: { withinMs: 5_000, wire: [/^SETUP [^]*client_port=/] },
	check: ({ viewer }) => {
		expect(viewer.states).toEqual(["connecting", "buffering", "live"]);
		expect(viewer.descriptions.at(-1)?.transport).toBe("udp");
	},
});

defineScenario({
	id: "S29",
	quirks: [74],
	title: "461 to UDP is followed by nothing else where UDP alone is wanted",
	camera: { transports: ["tcp"], udp: {} },
	viewer: { transport: "udp" },
	expect: { state: "unsupported", reason: "transport-unsupported", withinMs: 5_000 },
});

defineScenario({
	id: "S29",
	quirks: [78],
	title: "UDP that stays silent for three seconds is told as such where UDP alone is wanted",
	camera: { udp: { silent: true }, tracks: [endless] },
	viewer: { transport: "udp" },
	expect: { state: "unsupported", reason: "transport-unsupported", withinMs: 4_000, tags: [] },
});

defineScenario({
	id: "S29",
	quirks: [78, 91],
	title: "a camera whose UDP was good and that reboots is tried again soon, however silent it was in between",
	camera: { udp: { silent: (camera) => camera.sessions.length === 2 }, tracks: [endless] },
	viewer: { transport: "udp" },
	expect: { tags: "any" },
	run: async ({ camera, viewer, time }) => {
		await time.pass(1_000);
		camera.connection.close("reset");
		expect(await time.until(() => camera.sessions.length === 2, 2_000), "a second session, which stays silent").toBe(
			true,
		);
		expect(await time.until(() => viewer.status.state === "live", 8_000), JSON.stringify(viewer.status)).toBe(true);
	},
});

defineScenario({
	id: "S29",
	quirks: [74, 78],
	title: "a camera that streams over UDP alone and stays silent there is reached through HTTP",
	camera: {
		udp: { silent: true },
		tunnel: { plainToo: true },
		tracks: [endless],
		answer: (request, reply, connection) =>
			request.method === "SETUP" && !connection.isTunnelled && !/client_port/.test(headerOf(request, "transport") ?? "")
				? { ...reply, status: 461 }
				: undefined,
	},
	expect: { withinMs: 30_000, tags: "any" },
	check: ({ viewer }) => expect(viewer.descriptions.at(-1)?.transport).toBe("http"),
});

defineScenario({
	id: "S30",
	quirks: [77],
	title: "UDP: the pictures come, and the camera's ports are opened from our side",
	camera: { udp: {}, tracks: [endless] },
	viewer: { transport: "udp" },
	run: async ({ time }) => await time.pass(11_000, 50),
	expect: { methods: USUAL, counters: { lostPackets: 0, malformedPackets: 0, damagedAccessUnits: 0 } },
	check: ({ camera }) => {
		expect(camera.datagrams.some((datagram) => datagram.kind === "rtp")).toBe(true);
		const reports = camera.datagrams.filter((datagram) => datagram.kind === "rtcp" && datagram.payload[1] === 201);
		expect(reports.length, "receiver reports over UDP").toBeGreaterThanOrEqual(2);
		expect(camera.connection.frames, "nothing interleaved").toEqual([]);
	},
});

for (const [what, udp] of [
	["names server_port 0", { announced: () => "0-0" }],
	["names no server_port", { announced: () => null }],
	["names one server_port", { announced: (port: number) => String(port) }],
	["sends from another port than it names", { from: "other-port" }],
] as const) {
	defineScenario({
		id: "S30",
		quirks: [76],
		title: `UDP: a camera that ${what} is heard`,
		camera: { udp },
		viewer: { transport: "udp" },
		expect: { methods: USUAL, counters: { lostPackets: 0 } },
	});
}

defineScenario({
	id: "S30",
	quirks: [76],
	title: "UDP: packets from another address are ignored, whatever they say",
	camera: { udp: { stranger: (packet) => Uint8Array.from(packet, (byte, at) => (at === 3 ? byte + 1 : byte)) } },
	viewer: { transport: "udp" },
	expect: { methods: USUAL, counters: { lostPackets: 0, reorderedPackets: 0 } },
});

defineScenario({
	id: "S30",
	quirks: [76, 78],
	title: "UDP: a camera all of whose packets come from another address counts as silent",
	camera: { udp: { from: "other-address" }, tracks: [endless] },
	viewer: { transport: "udp" },
	expect: { state: "unsupported", reason: "transport-unsupported", withinMs: 4_000, tags: [] },
});

/** Each group of five packets in reverse, from the second on. */
function reversedFives(spared = 5): (packet: Uint8Array) => readonly Uint8Array[] {
	let held: Uint8Array[] = [];
	let count = 0;
	return (packet) => {
		if (++count <= spared) return [packet];
		held.unshift(packet);
		if (held.length < 5) return [];
		const group = held;
		held = [];
		return group;
	};
}

defineScenario({
	id: "S31",
	quirks: [94],
	title: "UDP: packets in reverse by fives are put in order and no picture is lost",
	// 4 packets for the key frame, 1 for each of the others: 25 in all, so that no group stays unsent.
	camera: { udp: { path: () => reversedFives() }, tracks: [h264({ units: 22, intervalMs: 10 })] },
	viewer: { transport: "udp" },
	expect: { tags: "any", withinMs: 2_000 },
	run: async ({ camera, viewer, time }) => {
		await time.pass(1_000);
		expect(camera.sent()).toBe(22);
		expect(viewer.tags).toEqual(Array.from({ length: 22 }, (_, index) => index + 1));
		expect(viewer.supervisor.counters).toMatchObject({ lostPackets: 0, damagedAccessUnits: 0 });
		expect(viewer.supervisor.counters.reorderedPackets).toBeGreaterThan(10);
	},
});

defineScenario({
	id: "S31",
	quirks: [94],
	title: "UDP: packets in reverse by fives from the very first are put in order",
	camera: { udp: { path: () => reversedFives(0) }, tracks: [h264({ units: 22, intervalMs: 10 })] },
	viewer: { transport: "udp" },
	expect: { withinMs: 2_000 },
});

defineScenario({
	id: "S31",
	quirks: [94],
	title: "UDP: the last packet of a burst that is lost costs its picture and holds nothing up",
	camera: {
		udp: { path: () => (packet) => (isSequence(packet, 65_530 + 3) ? [] : [packet]) },
		tracks: [h264({ units: 30, gop: 10 })],
	},
	viewer: { transport: "udp" },
	expect: { tags: "any", withinMs: 3_000 },
	run: async ({ viewer, time }) => {
		await time.pass(1_000);
		expect(viewer.tags.slice(-10)).toEqual([21, 22, 23, 24, 25, 26, 27, 28, 29, 30]);
		expect(viewer.supervisor.counters.lostPackets).toBe(1);
	},
});

function isSequence(packet: Uint8Array, sequenceNumber: number): boolean {
	return (((packet[2] ?? 0) << 8) | (packet[3] ?? 0)) === (sequenceNumber & 0xffff);
}

defineScenario({
	id: "S31",
	quirks: [94],
	title: "UDP: packets that come twice are used once",
	camera: { udp: { path: () => (packet) => [packet, packet] } },
	viewer: { transport: "udp" },
	expect: { methods: USUAL, counters: { lostPackets: 0, damagedAccessUnits: 0 } },
});

/** Every hundredth is lost. */
function lossy(): (packet: Uint8Array) => readonly Uint8Array[] {
	let count = 0;
	return (packet) => (++count % 100 === 50 ? [] : [packet]);
}

defineScenario({
	id: "S31",
	quirks: [94],
	title: "UDP: of 1 % lost packets each costs its picture and no other",
	camera: { udp: { path: lossy }, tracks: [h264({ units: 300, gop: 10, intervalMs: 10 })] },
	viewer: { transport: "udp" },
	expect: { tags: "any", withinMs: 2_000 },
	run: async ({ camera, viewer, time }) => {
		await time.pass(4_000);
		expect(camera.sent()).toBe(300);
		const { tags } = viewer;
		expect(tags).toEqual([...new Set(tags)].sort((a, b) => a - b));
		// 300 pictures, of which 30 key frames of 4 packets: 390 packets, 4 lost.
		expect(viewer.supervisor.counters.lostPackets).toBe(4);
		expect(300 - tags.length).toBeLessThanOrEqual(4);
	},
});

defineScenario({
	id: "S39",
	quirks: [19, 74, 78],
	title: "a camera for one viewer is not full for us while one transport after the other is tried",
	camera: {
		udp: { silent: true },
		tunnel: { plainToo: true },
		maxSessions: 1,
		tracks: [endless],
		answer: (request, reply, connection) =>
			request.method === "SETUP" && !connection.isTunnelled && !/client_port/.test(headerOf(request, "transport") ?? "")
				? { ...reply, status: 461 }
				: undefined,
	},
	expect: { withinMs: 30_000, tags: "any" },
	check: ({ viewer }) => expect(viewer.states).not.toContain("busy"),
});

defineScenario({
	id: "S58",
	quirks: [78, 137],
	title: "UDP that falls silent in the middle is a stall, and the next session uses UDP again",
	camera: { udp: { silent: (camera) => camera.sessions.length === 1 && camera.sent() > 50 }, tracks: [endless] },
	viewer: { transport: "udp" },
	expect: { tags: "any" },
	run: async ({ viewer, time }) => {
		await time.pass(2_000);
		expect(await time.until(() => viewer.sessions.length === 2 && viewer.status.state === "live", 12_000)).toBe(true);
		expect(viewer.states).toContain("stalled");
	},
});

defineScenario({
	id: "S58",
	quirks: [137],
	title: "UDP is asked for and TCP answered: the pictures are taken where they come",
	camera: { udp: {}, transport: () => "RTP/AVP/TCP;unicast;interleaved=0-1" },
	viewer: { transport: "udp" },
	expect: { methods: USUAL, quirks: ["other-transport-answered"], counters: { lostPackets: 0 } },
});

defineScenario({
	id: "S58",
	quirks: [137],
	title: "TCP is asked for and UDP answered: UDP is asked for next",
	camera: {
		udp: {},
		tracks: [endless],
		transport: (usual) =>
			usual.includes("client_port") ? usual : "RTP/AVP;unicast;client_port=40000-40001;server_port=40002-40003",
	},
	expect: { withinMs: 5_000, tags: "any", wire: [/^SETUP [^]*client_port=/] },
	check: ({ viewer }) => expect(viewer.status.state).toBe("live"),
});

defineScenario({
	id: "S29",
	quirks: [74],
	title: "the transport that brought video is asked for first the next time",
	camera: { transports: ["udp"], udp: {}, tracks: [endless] },
	expect: { withinMs: 5_000, tags: "any" },
	run: async ({ camera, viewer, time }) => {
		await time.pass(1_000);
		const before = camera.requests.length;
		camera.connection.close("reset");
		expect(await time.until(() => viewer.sessions.length === 2 && viewer.status.state === "live", 3_000)).toBe(true);
		expect(camera.methods.slice(before)).toEqual(["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]);
	},
});

defineScenario({
	id: "S26",
	quirks: [69],
	title: "sound that is answered with the pictures' channels does not spoil the pictures",
	camera: { tracks: [h264(), pcma()], transport: () => "RTP/AVP/TCP;unicast;interleaved=0-1" },
	viewer: { media: { video: ["H264"], audio: ["PCMA"] } },
	expect: { withinMs: 3_000 },
});

defineScenario({
	id: "S26",
	quirks: [69, 129],
	title: "sound that is described before the pictures is set up after them, each on its own channels",
	camera: {
		tracks: [pcma({ units: 20 }), h264({ units: 8 })].map((track, at) => ({ ...track, control: `track${at}` })),
	},
	viewer: { media: { video: ["H264"], audio: ["PCMA"] } },
	expect: { tags: "any" },
	run: async ({ camera, viewer, time }) => {
		await time.pass(800);
		expect(viewer.tags).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
		expect(viewer.audio).toHaveLength(20);
		const setups = camera.requests.filter((request) => request.method === "SETUP");
		expect(setups.map((request) => /track\d$/.exec(request.target)?.[0])).toEqual(["track1", "track0"]);
		expect(setups.map((request) => /interleaved=(\S+)/.exec(headerOf(request, "transport") ?? "")?.[1])).toEqual([
			"0-1",
			"2-3",
		]);
	},
});

defineScenario({
	id: "S30",
	quirks: [76],
	title: "UDP: pictures and sound come to ports of their own",
	camera: { udp: {}, tracks: [h264(), pcma()] },
	viewer: { transport: "udp", media: { video: ["H264"], audio: ["PCMA"] } },
	expect: { methods: ["OPTIONS", "DESCRIBE", "SETUP", "SETUP", "PLAY", "TEARDOWN"] },
	run: async ({ viewer, time }) => {
		await time.pass(800);
		expect(viewer.audio).toHaveLength(20);
	},
});

defineScenario({
	id: "S24",
	quirks: [6],
	title: "a camera at an IPv6 address plays",
	camera: { host: "::1" },
	expect: { methods: USUAL, wire: [/^DESCRIBE rtsp:\/\/\[::1\]:\d+\/stream\n/] },
});
