import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
	type CameraStatus,
	type ClientMessage,
	MAX_SDP_CHARS,
	MAX_SLOTS,
	parseClientMessage,
	parseServerMessage,
	type ServerMessage,
} from "./index.ts";

const camera: CameraStatus = {
	id: "cam1",
	name: "Entrada ñ",
	state: "waiting",
	since: "2026-01-01T00:00:00.000Z",
	reason: { code: "no-route", text: "..." },
	retryInMs: 500,
	streams: {
		main: { state: "refused", reason: { code: "auth-refused", text: "..." }, retryInMs: 60_000 },
		sub: {
			state: "waiting",
			codec: "h264",
			codecString: "avc1.42C01E",
			width: 640,
			height: 360,
			fps: 14.9,
			readers: 2,
		},
	},
};

const clientMessages: readonly ClientMessage[] = [
	{ type: "hello", version: 1, webrtcH264: true },
	{ type: "view", revision: 3, tiles: [{ slot: 0, camera: "cam1", stream: "sub" }] },
	{ type: "view", revision: 4, tiles: [] },
	{ type: "answer", connection: 1, negotiation: 2, sdp: "v=0" },
	{ type: "candidate", connection: 1, mid: "0", candidate: "" },
	{ type: "refresh", slot: MAX_SLOTS - 1 },
	{ type: "reconnect", connection: 0 },
];

const serverMessages: readonly ServerMessage[] = [
	{
		type: "welcome",
		version: 1,
		serverId: "a1",
		release: "0.1.0",
		demo: false,
		iceServers: [{ urls: ["turn:host"], username: "user", credential: "p@ss:w#rd%/ñ" }],
		cameras: [camera],
	},
	{ type: "offer", connection: 1, negotiation: 1, sdp: "v=0", slots: [{ slot: 0, mid: "0" }] },
	{ type: "slot", slot: 1, camera: "cam1", stream: "main", revision: 3, rtpTimestamp: 2 ** 32 - 1 },
	{ type: "status", cameras: [camera, { ...camera, id: "cam2", streams: {} }] },
	{ type: "error", code: "too-many-viewers", message: "..." },
];

describe("a message of the page", () => {
	test.each(clientMessages)("is read: $type", (message) => {
		expect(parseClientMessage(JSON.stringify(message))).toEqual({ ok: true, message });
	});

	test("says nothing beyond its fields", () => {
		const text = JSON.stringify({ type: "refresh", slot: 1, shell: "rm" });
		expect(parseClientMessage(text)).toEqual({ ok: true, message: { type: "refresh", slot: 1 } });
	});

	const wish = { slot: 0, camera: "cam1", stream: "sub" };
	test.each([
		["type", { type: "shutdown" }],
		["type", {}],
		["message", null],
		["message", [1]],
		["version", { type: "hello", version: "1", webrtcH264: true }],
		["revision", { type: "view", revision: -1, tiles: [] }],
		["revision", { type: "view", revision: 1e300, tiles: [] }],
		["tiles", { type: "view", revision: 1, tiles: Array.from({ length: MAX_SLOTS + 1 }, () => wish) }],
		["tiles.0.slot", { type: "view", revision: 1, tiles: [{ ...wish, slot: MAX_SLOTS }] }],
		["tiles.0.slot", { type: "view", revision: 1, tiles: [{ ...wish, slot: 0.5 }] }],
		["tiles.0.camera", { type: "view", revision: 1, tiles: [{ ...wish, camera: "../etc/passwd" }] }],
		["tiles.0.stream", { type: "view", revision: 1, tiles: [{ ...wish, stream: "third" }] }],
		["sdp", { type: "answer", connection: 1, negotiation: 1, sdp: "v".repeat(MAX_SDP_CHARS + 1) }],
		["sdp", { type: "answer", connection: 1, negotiation: 1, sdp: "" }],
		["mid", { type: "candidate", connection: 1, mid: "0".repeat(33), candidate: "" }],
		["candidate", { type: "candidate", connection: 1, mid: "0", candidate: "c".repeat(1025) }],
		["slot", { type: "refresh", slot: -1 }],
		["connection", { type: "reconnect", connection: null }],
	])("that is hostile is refused by the name of its field: %s", (field, message) => {
		const parsed = parseClientMessage(JSON.stringify(message));
		expect(parsed.ok).toBe(false);
		expect(!parsed.ok && parsed.problem).toMatch(new RegExp(`^${field}: `));
	});

	test("is refused without its value", () => {
		const parsed = parseClientMessage(JSON.stringify({ type: "hello", version: "p@ss:w#rd%/ñ", webrtcH264: true }));
		expect(JSON.stringify(parsed)).not.toContain("p@ss");
	});

	test("that is no JSON is refused", () => {
		expect(parseClientMessage("{")).toEqual({ ok: false, problem: "not JSON" });
	});
});

describe("a message of the server", () => {
	test.each(serverMessages)("is read: $type", (message) => {
		expect(parseServerMessage(JSON.stringify(message))).toEqual({ ok: true, message });
	});

	test("with a reason of a newer server is read all the same", () => {
		const newer = { ...camera, reason: { code: "camera-asleep", text: "It sleeps." } };
		const parsed = parseServerMessage(JSON.stringify({ type: "status", cameras: [newer] }));
		expect(parsed).toMatchObject({
			ok: true,
			message: { cameras: [{ id: "cam1", reason: { code: "internal-error", text: "It sleeps." } }] },
		});
	});

	test.each([
		["cameras.0.id", { type: "status", cameras: [{ ...camera, id: "" }] }],
		["cameras.0.state", { type: "status", cameras: [{ ...camera, state: "asleep" }] }],
		["cameras.0.retryInMs", { type: "status", cameras: [{ ...camera, retryInMs: -1 }] }],
		[
			"cameras.0.streams.sub.fps",
			{ type: "status", cameras: [{ ...camera, streams: { sub: { state: "live", fps: "15" } } }] },
		],
		["slots.0.mid", { type: "offer", connection: 1, negotiation: 1, sdp: "v=0", slots: [{ slot: 0, mid: 0 }] }],
		["rtpTimestamp", { type: "slot", slot: 1, camera: "cam1", stream: "main", revision: 3, rtpTimestamp: 2 ** 32 }],
		["code", { type: "error", code: "other", message: "" }],
	])("that is wrong is refused by the name of its field: %s", (field, message) => {
		const parsed = parseServerMessage(JSON.stringify(message));
		expect(!parsed.ok && parsed.problem).toMatch(new RegExp(`^${field.replaceAll(".", "\\.")}: `));
	});
});

/** Messages with one value replaced by anything. */
const mutated = fc
	.tuple(fc.constantFrom<object>(...clientMessages, ...serverMessages), fc.nat(), fc.jsonValue())
	.map(([message, at, value]) => {
		const keys = Object.keys(message);
		return JSON.stringify({ ...message, [keys[at % keys.length] as string]: value });
	});

test("no text makes either side throw", () => {
	fc.assert(
		fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.json(), mutated), (text) => {
			for (const parse of [parseClientMessage, parseServerMessage]) {
				const parsed = parse(text);
				expect(parsed.ok || parsed.problem.length > 0).toBe(true);
			}
		}),
	);
});
