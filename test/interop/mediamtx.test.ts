/** MediaMTX, which we did not write, between the simulated cameras and us: its client reads ours, ours reads its server. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type CameraSim, startCameraSim } from "@vigia/camera-sim";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RecordedSource } from "../../server/src/sources/testing/recorded-source.ts";
import { eventually } from "../support/eventually.ts";
import { accepts, freeTcpPort, freeUdpPort } from "../support/server-process.ts";

const program = fileURLToPath(new URL("../../.cache/bin/mediamtx", import.meta.url));
const present = existsSync(program);
if (!present)
	console.log("SKIPPED: MediaMTX is not built; `npm test` builds it where Go and its module proxy are there");

/** MediaMTX takes no colon, percent sign, slash or letter beyond ASCII in a password. */
const LOGIN = { username: "operator", password: "p@ss;w#rd" };
const PICTURES = 60;

describe.skipIf(!present)("MediaMTX", () => {
	const directory = mkdtempSync(join(tmpdir(), "vigia-mediamtx-"));
	let sim: CameraSim;
	let mediamtx: ChildProcess;
	let port: number;

	beforeAll(async () => {
		sim = await startCameraSim({ count: 2 });
		port = await freeTcpPort();
		const rtp = (await freeUdpPort()) & ~1;
		const settings = [
			"logLevel: warn",
			...["api", "metrics", "pprof", "playback", "rtmp", "hls", "webrtc", "srt"].map((name) => `${name}: no`),
			`rtspAddress: 127.0.0.1:${port}`,
			`rtpAddress: 127.0.0.1:${rtp}`,
			`rtcpAddress: 127.0.0.1:${rtp + 1}`,
			"rtspAuthMethods: [digest]",
			"authInternalUsers:",
			`- user: ${LOGIN.username}`,
			`  pass: "${LOGIN.password}"`,
			"  permissions: [{ action: read }]",
			"paths:",
			`  over-tcp: { source: "${sim.url(1, "sub")}", rtspTransport: tcp }`,
			`  over-udp: { source: "${sim.url(2, "sub")}", rtspTransport: udp }`,
		];
		writeFileSync(join(directory, "mediamtx.yml"), settings.join("\n"));
		mediamtx = spawn(program, [join(directory, "mediamtx.yml")], { stdio: ["ignore", "inherit", "inherit"] });
		const exited = new Promise<never>((_, reject) => {
			mediamtx.once("exit", (code) => reject(new Error(`MediaMTX ended with ${code}`)));
		});
		// Only the start is interested in it.
		exited.catch(() => undefined);
		await Promise.race([eventually("MediaMTX listens", () => accepts(port)), exited]);
	});

	afterAll(async () => {
		mediamtx?.kill("SIGKILL");
		await sim?.close();
		rmSync(directory, { recursive: true, force: true });
	});

	test.each([
		["tcp", "over-tcp"],
		["udp", "over-tcp"],
		["tcp", "over-udp"],
		["auto", "over-udp"],
	] as const)("is read by us over %s what it read from the camera %s", async (transport, path) => {
		// It opens a path when its own source is there: until then it answers 404.
		await using recording = await eventually("pictures", async () => {
			const one = new RecordedSource({ port, path: `/${path}`, ...LOGIN, transport });
			await eventually("it plays or ends", () => one.ended || one.video.length > 0);
			if (!one.ended) return one;
			return false;
		});
		await eventually("more pictures", () => recording.video.length >= PICTURES);
		expect(recording.session.counters).toMatchObject({ damagedAccessUnits: 0, malformedPackets: 0, lostPackets: 0 });
	});

	test("asks for a password, and a wrong one is refused", async () => {
		await using recording = new RecordedSource({ port, path: "/over-tcp", ...LOGIN, password: "wrong" });
		await eventually("it is refused", () => recording.failure?.code === "auth-refused");
	});
});
