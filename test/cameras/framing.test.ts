/** Messages and frames as cameras put them on the wire. */
import { headerOf } from "@vigia/rtsp";
import { expect } from "vitest";
import { h264, idrSlice, PPS, pSlice, SPS } from "./support/h264-track.ts";
import { defineScenario, USUAL } from "./support/scenario.ts";

/** Small pictures, for cameras whose every byte is an event. */
const small = h264({ units: 4, picture: (tag, isKey) => (isKey ? [SPS, PPS, idrSlice(tag, 300)] : [pSlice(tag)]) });
const endless = h264({ units: Number.POSITIVE_INFINITY });
/** Deterministic: mulberry32. */
function randomOf(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}

// S12.

const onEachLine = (text: string, change: (line: string) => string): string =>
	text.split("\r\n").map(change).join("\r\n");

for (const [named, head] of [
	[
		{ id: "S12", quirks: [35], title: "a camera that ends lines with LF alone is understood" },
		(text: string) => text.replaceAll("\r\n", "\n"),
	],
	[
		{ id: "S12", quirks: [35], title: "a camera that mixes CR LF and LF is understood" },
		(text: string) => text.replace("\r\n", "\n"),
	],
	[
		{ id: "S12", quirks: [35], title: "a camera that ends lines with CR CR LF is understood" },
		(text: string) => text.replaceAll("\r\n", "\r\r\n"),
	],
	[
		{ id: "S12", quirks: [36], title: "a camera that sends a line of one blank within the head is understood" },
		(text: string) => text.replace("\r\n", "\r\nServer: Customer RTSP Server/1.0.0\r\n \r\n"),
	],
	[
		{ id: "S12", quirks: [36], title: "a camera that folds a field over two lines is understood" },
		(text: string) => text.replace("\r\nCSeq", "\r\nX-Long: one\r\n\ttwo\r\nCSeq"),
	],
	[
		{ id: "S12", quirks: [38], title: "a camera that writes field names in capitals is understood" },
		(text: string) => onEachLine(text, (line) => line.replace(/^[\w-]+:/, (name) => name.toUpperCase())),
	],
	[
		{
			id: "S12",
			quirks: [38],
			title: "a camera that writes field names in small letters, without a blank after the colon is understood",
		},
		(text: string) =>
			onEachLine(text, (line) => line.replace(/^([\w-]+): /, (_, name: string) => `${name.toLowerCase()}:`)),
	],
	[
		{ id: "S12", quirks: [38], title: "a camera that writes empty, doubled and colonless fields is understood" },
		(text: string) => text.replace("\r\n", "\r\nX-Empty:\r\nX-Twice: 1\r\nX-Twice: 2\r\nno colon here\r\n"),
	],
	[
		{ id: "S12", quirks: [39], title: "a camera that sends no reason phrase is understood" },
		(text: string) => text.replace(/^(RTSP\/1\.0 \d+) .*/, "$1"),
	],
	[
		{ id: "S12", quirks: [39], title: "a camera that sends an empty reason phrase is understood" },
		(text: string) => text.replace(/^(RTSP\/1\.0 \d+) .*/, "$1 "),
	],
	[
		{ id: "S12", quirks: [39], title: "a camera that writes the version without a minor number is understood" },
		(text: string) => text.replace("RTSP/1.0", "RTSP/1"),
	],
	[
		{ id: "S12", quirks: [40], title: "a camera that starts its answers with empty lines is understood" },
		(text: string) => `\r\n\r\n${text}`,
	],
] as const) {
	defineScenario({
		...named,
		camera: { wire: { head } },
		expect: { methods: USUAL, counters: { lostPackets: 0, malformedPackets: 0 } },
	});
}

// S13.

const cseq = (change: (value: string) => string | null) => (text: string) =>
	text.replace(/^CSeq: (.*)\r\n/m, (_, value: string) => {
		const changed = change(value);
		return changed === null ? "" : `CSeq: ${changed}\r\n`;
	});
for (const [what, change] of [
	["0", () => "0"],
	["none", () => null],
	["one with blanks around it", (value: string) => `   ${value}  `],
	["that of the request before", (value: string) => String(Number(value) - 1)],
	["not a number", () => "abc"],
	["an empty one", () => ""],
] as const) {
	defineScenario({
		id: "S13",
		quirks: [17, 37],
		title: `a camera that echoes as CSeq ${what} is understood`,
		camera: { wire: { head: cseq(change) } },
		expect: { methods: USUAL },
	});
}

defineScenario({
	id: "S13",
	quirks: [37],
	title: "an answer that comes twice is dropped the second time",
	camera: {
		answer: (request, reply, connection) => {
			if (request.method === "OPTIONS") connection.send(connection.reply(request, reply));
			return undefined;
		},
	},
	expect: { methods: USUAL },
});

defineScenario({
	id: "S13",
	quirks: [17],
	title: "User-Agent leads and CSeq is spelled so in every request",
	run: async ({ time }) => await time.pass(100),
	expect: { methods: USUAL },
	check: ({ camera }) => {
		for (const request of camera.requests) {
			expect([...request.headers.keys()].slice(0, 2)).toEqual(["user-agent", "cseq"]);
			expect(headerOf(request, "user-agent")).toBe("Vigia");
		}
	},
});

// S14.

const describeLength = (length: (n: number) => string | null) => ({
	answer: (request: { readonly method: string }, reply: { readonly body: string }) =>
		request.method === "DESCRIBE"
			? {
					...reply,
					status: 200,
					fields: { "Content-Type": "application/sdp", "Content-Length": length(reply.body.length) },
				}
			: undefined,
});

defineScenario({
	id: "S14",
	quirks: [41],
	title: "a Content-Length that is too short cuts the description's last line and the rest is skipped",
	camera: describeLength((n) => String(n - 2)),
	expect: { methods: USUAL },
});

defineScenario({
	id: "S14",
	quirks: [41],
	title: "a Content-Length that is much too short leaves the rest of a description as garbage that is skipped",
	camera: {
		...describeLength((n) => String(n - 40)),
		sessionLines: ["a=control:*"],
		sdp: [
			"v=0",
			"m=video 0 RTP/AVP 96",
			"a=control:trackID=1",
			"a=rtpmap:96 H264/90000",
			"a=x-something-long:0123456789012345678901234567890",
			"",
		].join("\r\n"),
	},
	expect: { methods: USUAL },
});

defineScenario({
	id: "S14",
	quirks: [41],
	title: "a Content-Length that is too long is waited for once, then what has come is used",
	camera: describeLength((n) => String(n + 500)),
	expect: { methods: USUAL, withinMs: 12_000, quirks: ["content-length-wrong"] },
});

defineScenario({
	id: "S14",
	quirks: [41],
	title: "a description without Content-Length is taken as it comes",
	camera: describeLength(() => null),
	expect: { methods: USUAL, withinMs: 3_000 },
});

for (const [what, value] of [
	["negative", "-1"],
	["no number", "many"],
	["empty", ""],
] as const) {
	defineScenario({
		id: "S14",
		quirks: [41],
		title: `a Content-Length that is ${what} counts as none`,
		camera: describeLength(() => value),
		expect: { methods: USUAL, withinMs: 3_000 },
	});
}

defineScenario({
	id: "S14",
	quirks: [41],
	title: "a Content-Length of 10 MB is not believed: what has come is used",
	camera: describeLength(() => "10000000"),
	expect: { methods: USUAL, withinMs: 3_000, quirks: ["content-length-wrong"] },
});

defineScenario({
	id: "S14",
	quirks: [45],
	title: "100 Continue before each answer is passed over",
	camera: { wire: { head: (text) => `RTSP/1.0 100 Continue\r\n${/^CSeq.*$/m.exec(text)?.[0]}\r\n\r\n${text}` } },
	expect: { methods: USUAL },
});

defineScenario({
	id: "S14",
	quirks: [41, 43],
	title: "a description that runs to the end of the connection says what the camera has, and the next session plays",
	camera: {
		answer: (request, reply, { camera }) =>
			request.method === "DESCRIBE" && camera.connections.length === 1
				? { ...reply, fields: { "Content-Type": "application/sdp", "Content-Length": null }, close: true }
				: undefined,
	},
	expect: { withinMs: 3_000 },
});

// S15 and S16.

defineScenario({
	id: "S15",
	quirks: [42],
	title: "a body in the answer to a keep-alive does not break the framing",
	camera: {
		tracks: [endless],
		expiresAfterS: 10,
		answer: (request, reply) =>
			request.method === "GET_PARAMETER" ? { ...reply, body: "2020.03.06\r\n$" } : undefined,
	},
	run: async ({ time }) => await time.pass(30_000),
	expect: { wire: [/^GET_PARAMETER/], counters: { lostPackets: 0, malformedPackets: 0 } },
	check: ({ viewer }) => expect(viewer.sessions).toHaveLength(1),
});

defineScenario({
	id: "S16",
	quirks: [44],
	title: "requests of the camera are answered with its CSeq: 200 for what is known, 501 for the rest",
	camera: { tracks: [endless] },
	run: async ({ camera, time }) => {
		for (const method of ["OPTIONS", "GET_PARAMETER", "SET_PARAMETER", "ANNOUNCE"]) {
			camera.connection.sendRequest(method, ["Content-Length: 4", "", "ping"].slice(0, method === "OPTIONS" ? 0 : 3));
			await time.pass(100);
		}
		expect(camera.responses.map((response) => response.status)).toEqual([200, 200, 200, 501]);
		expect(camera.responses.map((response) => headerOf(response, "cseq"))).toEqual(Array(4).fill("4711"));
	},
	expect: { quirks: ["server-request"] },
});

// S17.

for (const [how, split] of [
	["in writes of one byte", (bytes: Uint8Array) => [...bytes].map((byte) => Uint8Array.of(byte))],
	["in writes of two bytes", (bytes: Uint8Array) => pieces(bytes, () => 2)],
	["in writes of random lengths", (bytes: Uint8Array) => pieces(bytes, randomLength)],
] as const) {
	defineScenario({
		id: "S17",
		quirks: [46, 47],
		title: `what a camera sends ${how} is the same to us`,
		camera: { tracks: [small], wire: { split } },
		expect: { methods: USUAL, counters: { lostPackets: 0, malformedPackets: 0 } },
	});
}

const random = randomOf(17);
function randomLength(): number {
	return 1 + Math.floor(random() * 40);
}
function pieces(bytes: Uint8Array, length: () => number): Uint8Array[] {
	const all: Uint8Array[] = [];
	for (let at = 0; at < bytes.length; ) {
		const end = at + length();
		all.push(bytes.subarray(at, end));
		at = end;
	}
	return all;
}

defineScenario({
	id: "S17",
	quirks: [46, 47],
	title: "an answer and the frames around it in one write are told apart",
	camera: { mediaBeforePlay: 3, wire: { gather: true } },
	expect: { methods: USUAL, counters: { lostPackets: 0 } },
});

// S18 and S19.

for (const [what, maxLost, bytes] of [
	["zeros", 0, (count: number) => new Uint8Array(1 + ((count * 37) % 200))],
	["random bytes", 0, (count: number) => noise(count)],
	["text without an end", 0, (count: number) => Buffer.from("DESCRIBE me ".repeat(1 + (count % 9)))],
	["dollar signs", 7, () => Buffer.from("$$$$$")],
	["heads of frames on strange channels", 7, () => Uint8Array.of(0x24, 9, 0x40, 0, 0x11)],
	["heads of frames on our channel that hold no RTP", 7, () => Uint8Array.of(0x24, 0, 0, 20, 0x11, 0x24, 0, 0, 9, 0)],
] as const) {
	defineScenario({
		id: "S18",
		quirks: [48],
		title: `garbage between frames (${what}) costs one frame each time at most`,
		camera: {
			tracks: [h264({ units: 20, picture: (tag) => [SPS, PPS, idrSlice(tag)] })],
			// Two frames a picture: seven times, the last time well before the end.
			wire: { beforeFrame: (count) => (count > 0 && count < 36 && count % 5 === 0 ? bytes(count) : undefined) },
		},
		expect: { tags: "any" },
		run: async ({ camera, viewer, time }) => {
			await time.pass(1_500);
			expect(camera.sent()).toBe(20);
			expect(viewer.tags).toEqual([...new Set(viewer.tags)].sort((a, b) => a - b));
			expect(20 - viewer.tags.length, `pictures ${viewer.tags.join()} came`).toBeLessThanOrEqual(maxLost);
			expect(viewer.sessions).toHaveLength(1);
			expect(viewer.quirks).toContain("garbage-between-frames");
		},
	});
}

function noise(seed: number): Uint8Array {
	const next = randomOf(seed);
	return Uint8Array.from({ length: 1 + Math.floor(next() * 200) }, () => {
		const byte = Math.floor(next() * 256);
		return byte === 0x24 ? 0x25 : byte;
	});
}

defineScenario({
	id: "S19",
	quirks: [48],
	title: "garbage without an end ends the session, which is then replaced",
	camera: {
		tracks: [endless],
		answer: (request, _reply, connection) => {
			if (request.method === "PLAY" && connection.camera.connections.length === 1) {
				return { raw: new Uint8Array(100_000).fill(1) };
			}
			return undefined;
		},
	},
	expect: { withinMs: 3_000, tags: "any" },
	run: async ({ time }) => await time.pass(1_000),
	check: ({ camera, viewer }) => {
		// Picture 1 was in the garbage.
		expect(viewer.tags).toEqual(Array.from({ length: camera.sent() - 1 }, (_, index) => index + 2));
		expect(camera.connections).toHaveLength(2);
		expect(viewer.failures[0]?.code).toBe("protocol-error");
	},
});
