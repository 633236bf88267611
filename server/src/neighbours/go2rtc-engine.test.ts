import { beforeEach, expect, test } from "vitest";
import type { EnginePlayerOptions, Player } from "../outputs/webrtc/player-engine.ts";
import { FakeStream } from "../outputs/webrtc/testing/fake-stream.ts";
import { Go2rtcError } from "./go2rtc-client.ts";
import { Go2rtcEngine, MAX_REMEMBERED } from "./go2rtc-engine.ts";

const ANSWER = "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 102\r\na=mid:0\r\na=sendonly\r\n";
/** Cameras that are in the settings. */
const known = new Set<string>();
const BUILT_IN: Player = { answerSdp: "built-in", iceUfrag: "", addCandidate: () => {}, close: () => {} };

let asked: string[];
let answer: () => Promise<string>;
let isReady: boolean;
let closed: number;
/** How often the built-in engine was told that cameras have gone. */
let told: number;
let engine: Go2rtcEngine;

beforeEach(() => {
	[asked, isReady, closed, told] = [[], true, 0, 0];
	for (const id of ["cam1", "cam2", "cam3"]) known.add(id);
	answer = async () => ANSWER;
	engine = new Go2rtcEngine({
		host: {
			get isReady() {
				return isReady;
			},
			client: {
				answerOffer: async (name) => {
					asked.push(name);
					return await answer();
				},
			},
			nameOf: (id, stream) => (id !== "cam2" ? `${id}/${stream}` : undefined),
			finishAnswer: async (sdp, pageHost) => `${sdp}a=host:${pageHost}\r\n`,
		},
		builtIn: { openPlayer: async () => BUILT_IN, endGone: () => told++ },
		directory: { hasCamera: (id) => known.has(id) },
		log: { debug: () => {} },
	});
});

const options = (cameraId = "cam1"): EnginePlayerOptions => ({
	cameraId,
	stream: "main",
	source: new FakeStream(),
	offer: { mid: "0", payloadType: 102, fmtp: "", feedback: [], iceUfrag: "abcd" },
	offerSdp: "v=0",
	pageHost: "wall.lan",
	onClose: () => closed++,
});

test("a player gets go2rtc's answer, and ends once", async () => {
	const player = await engine.openPlayer(options());
	expect(player).toMatchObject({ answerSdp: `${ANSWER}a=host:wall.lan\r\n`, iceUfrag: "abcd", engine: "go2rtc" });
	expect(asked).toEqual(["cam1/main"]);
	player?.addCandidate("0", "candidate:1");
	player?.close();
	player?.close();
	expect(closed).toBe(1);
});

test.each([
	["is not there", () => (isReady = false)],
	["does not answer", () => (answer = () => Promise.reject(new Go2rtcError("no-answer")))],
	["has no picture", () => (answer = () => Promise.reject(new Go2rtcError("failed")))],
	["answers nonsense", () => (answer = async () => "v=0\r\n")],
	["gives sound alone", () => (answer = async () => ANSWER.replace("sendonly", "inactive"))],
	["refuses the pictures", () => (answer = async () => ANSWER.replace("video 9", "video 0"))],
	["answers another section", () => (answer = async () => ANSWER.replace("mid:0", "mid:1"))],
])("where go2rtc %s, the built-in engine answers", async (_case, arrange) => {
	arrange();
	expect(await engine.openPlayer(options())).toBe(BUILT_IN);
	expect(closed).toBe(0);
});

test("what go2rtc does not have is played by the built-in engine, and go2rtc is not asked", async () => {
	expect(await engine.openPlayer(options("cam2"))).toBe(BUILT_IN);
	expect(asked).toEqual([]);
});

test("a camera that is taken out of the settings ends its sessions, and no others", async () => {
	const [gone, kept] = [await engine.openPlayer(options("cam1")), await engine.openPlayer(options("cam3"))];
	engine.endGone();
	expect([closed, told]).toEqual([0, 1]);
	known.delete("cam1");
	engine.endGone();
	expect([closed, told]).toEqual([1, 2]);
	gone?.close();
	expect(closed).toBe(1);
	kept?.close();
	expect(closed).toBe(2);
});

test("of too many players the oldest are forgotten", async () => {
	for (let count = 0; count < MAX_REMEMBERED + 3; count++) await engine.openPlayer(options());
	expect(closed).toBe(3);
});
