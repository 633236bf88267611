/** How media come: channels, ports, tunnels, TLS, and from one address to another. */
import { headerOf } from "@vigia/rtsp";
import { expect } from "vitest";
import { CAMERA_CERTIFICATE, CAMERA_FINGERPRINT } from "./support/certificate.ts";
import { h264 } from "./support/h264-track.ts";
import { defineScenario } from "./support/scenario.ts";

const USUAL = ["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"];
const endless = h264({ units: Number.POSITIVE_INFINITY });

// S26 and S27.

for (const [what, quirks, transport] of [
	["other channels", [69], "RTP/AVP/TCP;unicast;interleaved=8-9"],
	["odd channels", [69], "RTP/AVP/TCP;unicast;interleaved=3-4"],
	["a single channel", [69], "RTP/AVP/TCP;unicast;interleaved=6"],
	["the single channel 0", [69], "RTP/AVP/TCP;unicast;interleaved=0"],
	["no channels", [69], "RTP/AVP/TCP;unicast"],
	["channels but not /TCP (Escam Q6)", [69], "RTP/AVP;unicast;interleaved=0-1"],
	["no Transport field", [69], null],
	["an empty Transport field", [69], ""],
	["the SSRC first", [70], "RTP/AVP/TCP;ssrc=22345684;interleaved=0-1"],
	["blanks around the SSRC", [70], "RTP/AVP/TCP; unicast; interleaved=0-1; ssrc= d6d6627"],
	["an SSRC that is no number", [70], "RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=ZZZ"],
	["an SSRC of nine digits", [70], "RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=123456789"],
	["commas in place of semicolons", [70], "RTP/AVP/TCP;unicast;interleaved=0-1,ssrc=FFFFCCCC"],
	["a quoted mode", [70], 'RTP/AVP/TCP;unicast;interleaved=0-1;mode="PLAY"'],
	["a mode in capitals", [70, 71], "RTP/AVP/TCP;unicast;interleaved=0-1;mode=PLAY"],
	["an empty source", [70], "RTP/AVP/TCP;unicast;source=;interleaved=0-1"],
	["a foreign source and destination", [70], "RTP/AVP/TCP;unicast;destination=10.0.0.1;source=camera.local;interleaved=0-1"],
	["several transports", [70], "RTP/AVP/TCP;unicast;interleaved=0-1,RTP/AVP;unicast;client_port=1-2"],
	["small letters", [70], "rtp/avp/tcp;unicast;interleaved=0-1"],
] as const) {
	defineScenario({
		id: quirks[0] === 69 ? "S26" : "S27",
		quirks,
		title: `the answer to SETUP has ${what}`,
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
		expect(await time.until(() => camera.sessions.length === 2, 2_000), "a second session, which stays silent").toBe(true);
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
function reversedFives(): (packet: Uint8Array) => readonly Uint8Array[] {
	let held: Uint8Array[] = [];
	let count = 0;
	return (packet) => {
		if (++count <= 5) return [packet];
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
	camera: { udp: { path: reversedFives }, tracks: [h264({ units: 22, intervalMs: 10 })] },
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
		transport: (usual) => (usual.includes("client_port") ? usual : "RTP/AVP;unicast;client_port=40000-40001;server_port=40002-40003"),
	},
	expect: { withinMs: 5_000, tags: "any", wire: [/^SETUP [^]*client_port=/] },
	check: ({ viewer }) => expect(viewer.status.state).toBe("live"),
});

// S32.

defineScenario({
	id: "S32",
	quirks: [14],
	title: "RTSP through HTTP: the pictures come through the tunnel",
	camera: { tunnel: { plainToo: false }, tracks: [endless] },
	viewer: { transport: "http" },
	run: async ({ time }) => await time.pass(40_000, 100),
	expect: { wire: [/^GET_PARAMETER/], counters: { lostPackets: 0 } },
	check: ({ camera, viewer }) => {
		const [get = "", post = ""] = camera.httpRequests;
		expect(camera.httpRequests).toHaveLength(2);
		expect(get).toMatch(/^GET \/stream HTTP\/1\.[01]\r\n/);
		expect(get).toMatch(/\r\nAccept: application\/x-rtsp-tunnelled/i);
		expect(post).toMatch(/^POST \/stream HTTP\/1\.[01]\r\n/);
		expect(post).toMatch(/\r\nContent-Type: application\/x-rtsp-tunnelled/i);
		const cookie = /x-sessioncookie: *(\S+)/i;
		expect(cookie.exec(get)?.[1]).toBe(cookie.exec(post)?.[1]);
		expect(viewer.sessions).toHaveLength(1);
	},
});

defineScenario({
	id: "S32",
	quirks: [14, 20],
	title: "RTSP through HTTP: the challenge comes inside the tunnel",
	camera: {
		tunnel: { plainToo: false },
		auth: { offers: (nonce) => [{ scheme: "digest", realm: "r", nonce }] },
	},
	viewer: { transport: "http" },
	expect: { methods: ["OPTIONS", "OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"] },
});

defineScenario({
	id: "S32",
	quirks: [14],
	title: "RTSP through HTTP: a 401 to the GET, with the end of the connection, is answered on a new one",
	camera: { tunnel: { plainToo: false, challengesGet: true } },
	viewer: { transport: "http" },
	expect: { withinMs: 3_000 },
	check: ({ camera }) => expect(camera.httpRequests.some((head) => /\r\nAuthorization: /i.test(head))).toBe(true),
});

defineScenario({
	id: "S32",
	quirks: [74],
	title: "a camera that hangs up on plain RTSP is reached through HTTP",
	camera: { tunnel: { plainToo: false }, tracks: [endless] },
	expect: { withinMs: 60_000, tags: "any" },
});

// S33.

for (const [policy, tls, state, reason] of [
	["verify", { mode: "verify" }, "waiting", "certificate-untrusted"],
	["the right pin", { mode: "pin", sha256: CAMERA_FINGERPRINT }, "live", undefined],
	["a wrong pin", { mode: "pin", sha256: "0".repeat(64) }, "waiting", "certificate-untrusted"],
	["insecure", { mode: "insecure", legacy: false }, "live", undefined],
	["insecure and legacy", { mode: "insecure", legacy: true }, "live", undefined],
] as const) {
	defineScenario({
		id: "S33",
		quirks: [11],
		title: `TLS with a self-signed certificate and ${policy} is ${state === "live" ? "taken" : "refused before anything is said"}`,
		camera: {
			tls: CAMERA_CERTIFICATE,
			auth: { offers: (nonce) => [{ scheme: "digest", realm: "r", nonce }] },
		},
		viewer: { scheme: "rtsps", tls },
		expect: {
			state,
			...(reason ? { reason } : {}),
			withinMs: 3_000,
			methods: state === "live" ? ["OPTIONS", "OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"] : [],
		},
	});
}

defineScenario({
	id: "S33",
	quirks: [11],
	title: "without a policy a self-signed certificate is refused",
	camera: { tls: CAMERA_CERTIFICATE },
	viewer: { scheme: "rtsps" },
	expect: { state: "waiting", reason: "certificate-untrusted", methods: [] },
});
