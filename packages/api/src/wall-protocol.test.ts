import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
	type CameraStatus,
	type ClientMessage,
	MAX_CHANNELS,
	MAX_SDP_CHARS,
	MAX_SLOTS,
	parseClientMessage,
	parseServerMessage,
	type ServerMessage,
	WALL_PROTOCOL_VERSION,
} from "./index.ts";

const slot = {
	type: "slot",
	slot: 1,
	camera: "cam1",
	stream: "main",
	revision: 3,
	rtpTimestamp: 2 ** 32 - 1,
	newestRtpTimestamp: 5310,
	route: "pass",
} as const;
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
			bFrames: true,
			audio: "aac",
			fps: 14.9,
			readers: 2,
		},
	},
};

const clientMessages: readonly ClientMessage[] = [
	{ type: "hello", version: WALL_PROTOCOL_VERSION, webrtc: ["h264", "opus"], mse: ["h264", "h265", "aac"] },
	{ type: "hello", version: WALL_PROTOCOL_VERSION, webrtc: [], mse: [] },
	{ type: "view", revision: 3, tiles: [{ slot: 0, camera: "cam1", stream: "sub" }], channels: [] },
	{
		type: "view",
		revision: 4,
		tiles: [],
		channels: [{ channel: MAX_CHANNELS - 1, camera: "cam1", stream: "main", audio: true }],
		sound: { camera: "cam1", stream: "main" },
	},
	{ type: "received", bytes: 2 ** 40 },
	{ type: "answer", connection: 1, negotiation: 2, sdp: "v=0" },
	{ type: "candidate", connection: 1, mid: "0", candidate: "" },
	{ type: "refresh", slot: MAX_SLOTS - 1 },
	{ type: "reconnect", connection: 0 },
];

const serverMessages: readonly ServerMessage[] = [
	{
		type: "welcome",
		version: WALL_PROTOCOL_VERSION,
		serverId: "a1",
		release: "0.1.0",
		demo: false,
		iceServers: [{ urls: ["turn:host"], username: "user", credential: "p@ss:w#rd%/ñ" }],
		protocol: "auto",
		ffmpeg: true,
		webrtcEngine: { name: "go2rtc", run: 0 },
		cameras: [camera],
	},
	{ type: "offer", connection: 1, negotiation: 2, sdp: "v=0", slots: [], audioMid: "7" },
	{ type: "offer", connection: 1, negotiation: 1, sdp: "v=0", slots: [{ slot: 0, mid: "0" }] },
	slot,
	{ type: "channel", channel: 0, camera: "cam1", stream: "sub", audio: false, route: "transcode" },
	{ type: "refused", rung: "webrtc", camera: "cam1", stream: "sub", reason: "ffmpeg-missing" },
	{ type: "status", cameras: [camera, { ...camera, id: "cam2", streams: {} }] },
	{ type: "status", cameras: [], demo: true, webrtcEngine: { name: "go2rtc", run: 7 } },
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
	const channel = { channel: 0, camera: "cam1", stream: "sub", audio: true };
	const view = { type: "view", revision: 1, tiles: [], channels: [] };
	test.each([
		["type", { type: "shutdown" }],
		["type", {}],
		["message", null],
		["message", [1]],
		["version", { type: "hello", version: "1", webrtc: [], mse: [] }],
		["webrtc", { type: "hello", version: 2, mse: [] }],
		["mse.0", { type: "hello", version: 2, webrtc: [], mse: ["av2"] }],
		["mse", { type: "hello", version: 2, webrtc: [], mse: Array.from({ length: 17 }, () => "h264") }],
		["revision", { ...view, revision: -1 }],
		["revision", { ...view, revision: 1e300 }],
		["tiles", { ...view, tiles: Array.from({ length: MAX_SLOTS + 1 }, () => wish) }],
		["tiles.0.slot", { ...view, tiles: [{ ...wish, slot: MAX_SLOTS }] }],
		["tiles.0.slot", { ...view, tiles: [{ ...wish, slot: 0.5 }] }],
		["tiles.0.camera", { ...view, tiles: [{ ...wish, camera: "../etc/passwd" }] }],
		["tiles.0.stream", { ...view, tiles: [{ ...wish, stream: "third" }] }],
		["channels", { type: "view", revision: 1, tiles: [] }],
		["channels", { ...view, channels: Array.from({ length: MAX_CHANNELS + 1 }, () => channel) }],
		["channels.0.channel", { ...view, channels: [{ ...channel, channel: MAX_CHANNELS }] }],
		["channels.0.audio", { ...view, channels: [{ ...channel, audio: "yes" }] }],
		["channels.0.camera", { ...view, channels: [{ ...channel, camera: "a/b" }] }],
		["sound.stream", { ...view, sound: { camera: "cam1", stream: "left" } }],
		["bytes", { type: "received", bytes: -1 }],
		["bytes", { type: "received", bytes: 0.5 }],
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
		const parsed = parseClientMessage(JSON.stringify({ type: "hello", version: "p@ss:w#rd%/ñ" }));
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

	test("that refuses for a reason of a newer server is read all the same", () => {
		const refused = { type: "refused", rung: "mse", camera: "cam1", stream: "sub", reason: "moon-phase" };
		expect(parseServerMessage(JSON.stringify(refused))).toMatchObject({
			ok: true,
			message: { reason: "internal-error" },
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
		["rtpTimestamp", { ...slot, rtpTimestamp: 2 ** 32 }],
		["newestRtpTimestamp", { ...slot, newestRtpTimestamp: undefined }],
		["route", { ...slot, route: "refused" }],
		["channel", { type: "channel", channel: -1, camera: "cam1", stream: "sub", audio: false, route: "pass" }],
		["rung", { type: "refused", rung: "carrier-pigeon", camera: "cam1", stream: "sub", reason: "no-video" }],
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
