import { pino } from "pino";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { systemClock } from "../platform/clock.ts";
import { OwnGo2rtc } from "./own-go2rtc.ts";
import { Go2rtcProgram } from "./testing/go2rtc-program.ts";

/** Only a fault reaches it. */
const WAIT = { timeout: 15_000, interval: 10 };
const ANSWER = [
	"v=0",
	"m=video 9 UDP/TLS/RTP/SAVPF 102",
	"a=mid:0",
	"a=ice-ufrag:u",
	"a=ice-pwd:p",
	"a=candidate:1 1 udp 2130706431 203.0.113.200 8556 typ host",
	"a=candidate:2 1 tcp 1671430143 203.0.113.200 8556 typ host tcptype passive",
	"a=candidate:3 1 udp 1694498815 203.0.113.9 8556 typ srflx raddr 0.0.0.0 rport 8556",
	"",
].join("\r\n");

let program: Go2rtcProgram;
let own: OwnGo2rtc;
let secrets: { username: string; password: string }[];

beforeEach(async () => {
	program = new Go2rtcProgram();
	secrets = [];
	own = await OwnGo2rtc.open({
		program: program.path,
		webrtcPort: 8556,
		webrtcHosts: ["198.51.100.7"],
		iceServers: [{ urls: ["turn:turn.example.org"], username: "u", credential: "c" }],
		directory: { hasCamera: () => false, stream: () => undefined },
		cameraIds: ["cam1", "yard"],
		clock: systemClock,
		log: pino({ level: "silent" }),
		onSecret: (secret) => void secrets.push(secret),
	});
});

afterEach(async () => {
	await own[Symbol.asyncDispose]();
	program[Symbol.dispose]();
});

test("its settings have no more than it needs, and our cameras come from us", async () => {
	await vi.waitUntil(() => own.isReady, WAIT);
	const { config } = program.runs[0] ?? {};
	const password = secrets[0]?.password ?? "";
	expect(password.length).toBeGreaterThan(30);
	expect(config).toEqual({
		app: { modules: ["api", "rtsp", "webrtc"] },
		log: { format: "json", output: "stdout", level: "info" },
		api: { listen: "", unix_listen: expect.stringMatching(/\/api\.sock$/) },
		rtsp: { listen: "" },
		webrtc: {
			listen: ":8556",
			ice_servers: [{ urls: ["turn:turn.example.org"], username: "u", credential: "c" }],
			filters: { loopback: true },
		},
		streams: Object.fromEntries(
			["cam1/main", "cam1/sub", "yard/main", "yard/sub"].map((name) => [
				name,
				expect.stringMatching(new RegExp(`^rtsp://vigia:${password}@127\\.0\\.0\\.1:\\d+/${name}#backchannel=0$`)),
			]),
		),
	});
});

test("other cameras mean another run, the same in another order do not", async () => {
	await vi.waitUntil(() => own.isReady, WAIT);
	const first = own.run;
	own.setCameras(["yard", "cam1"]);
	expect([own.isReady, own.nameOf("cam1", "sub"), own.nameOf("door", "main")]).toEqual([true, "cam1/sub", undefined]);
	expect(own.run).toBe(first);
	own.setCameras(["cam1", "door"]);
	expect(own.nameOf("door", "main")).toBe("door/main");
	await vi.waitUntil(() => program.runs.length === 2 && own.isReady, WAIT);
	expect([first, own.run]).toEqual([1, 2]);
	expect(Object.keys(program.runs[1]?.config.streams as object)).toEqual([
		"cam1/main",
		"cam1/sub",
		"door/main",
		"door/sub",
	]);
});

test("its answer leads to where the page and the settings say, over UDP and TCP", async () => {
	const lines = (await own.finishAnswer(ANSWER, "192.0.2.50")).split("\r\n");
	const candidates = lines.filter((line) => line.startsWith("a=candidate:"));
	expect(candidates[0]).toMatch(/^a=candidate:h1 1 UDP \d+ 192\.0\.2\.50 8556 typ host$/);
	expect(candidates[1]).toMatch(/^a=candidate:h2 1 UDP \d+ 198\.51\.100\.7 8556 typ host$/);
	const tcp = candidates.filter((line) => line.endsWith("tcptype passive"));
	expect(tcp[0]).toMatch(/^a=candidate:t1 1 tcp \d+ 192\.0\.2\.50 8556 typ host tcptype passive$/);
	expect(tcp.length).toBe(candidates.filter((line) => line.endsWith("typ host")).length);
	expect(candidates.filter((line) => line.includes("srflx"))).toHaveLength(1);
	expect(lines.join()).not.toContain("203.0.113.200 8556 typ host,");
	expect(lines.at(-1)).toBe("");
});
