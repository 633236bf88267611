/** Our RTSP server, read by clients that we did not write: FFmpeg, GStreamer, MediaMTX, go2rtc; and by our own. */
import { execFile, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { headerOf } from "@vigia/rtsp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RtspClient } from "../../server/src/outputs/rtsp/testing/rtsp-client.ts";
import { RecordedSource } from "../../server/src/sources/testing/recorded-source.ts";
import { Child } from "../support/child.ts";
import { eventually } from "../support/eventually.ts";
import { accepts, freeTcpPort, freeUdpPort } from "../support/server-process.ts";
import { GSTREAMER_IS_THERE } from "./gstreamer-server.ts";
import { LOGIN, Restream } from "./restream.ts";

const run = promisify(execFile);
const LIMIT_MS = 30_000;
const SECONDS = 2;
const PICTURES_A_SECOND = 15;
/** Enough that a GOP boundary and a sender report lie within. */
const PICTURES = 40;

let restream: Restream;

beforeAll(async () => {
	restream = await Restream.open();
});

afterAll(async () => {
	await restream?.[Symbol.asyncDispose]();
	expect(restream?.errors).toEqual([]);
});

interface ProbedStream {
	readonly codec_name: string;
	readonly codec_type: string;
	readonly width?: number;
	readonly height?: number;
	readonly sample_rate?: string;
	readonly channels?: number;
	readonly nb_read_frames: string;
}

/** What ffprobe decodes of two seconds, and what it complains of. */
async function probe(path: string, transport: "tcp" | "udp") {
	const fields = "stream=codec_type,codec_name,width,height,sample_rate,channels,nb_read_frames";
	const reading = ["-read_intervals", `%+${SECONDS}`, "-count_frames", "-show_entries", fields, "-of", "json"];
	const args = ["-v", "error", "-rtsp_transport", transport, ...reading, restream.url(path)];
	const { stdout, stderr } = await run("ffprobe", args, { timeout: LIMIT_MS });
	const { streams } = JSON.parse(stdout) as { streams: ProbedStream[] };
	const of = (type: string): ProbedStream | undefined => streams.find(({ codec_type }) => codec_type === type);
	const pictures = Number(of("video")?.nb_read_frames);
	return { video: of("video"), audio: of("audio"), pictures, stderr };
}

describe("FFmpeg", () => {
	test.each([
		["/door/main", "tcp", "h264", 1280],
		["/door/sub", "udp", "h264", 640],
		["/h265", "udp", "hevc", 640],
		["/bframes", "tcp", "h264", 640],
		["/mjpeg", "udp", "mjpeg", 320],
	] as const)("decodes two seconds of %s over %s", async (path, transport, codec, width) => {
		const { video, pictures, stderr } = await probe(path, transport);
		expect(video).toMatchObject({ codec_name: codec, width });
		// What a decoder holds back of reordered pictures, and a picture at either end.
		expect(pictures).toBeGreaterThanOrEqual(SECONDS * PICTURES_A_SECOND - 4);
		expect(stderr).toBe("");
	});

	test.each([
		["/door", "pcm_alaw", 8000, 1],
		["/aac", "aac", 48_000, 2],
		["/opus", "opus", 48_000, 2],
		["/l16", "pcm_s16be", 44_100, 1],
	] as const)("decodes the sound of %s, %s", async (path, codec, rate, channels) => {
		if (path !== "/door" && !GSTREAMER_IS_THERE) return;
		// A camera says nothing of its sound before it comes.
		await eventually("sound", async () => {
			const { audio, stderr } = await probe(path, "tcp");
			expect(audio).toMatchObject({ codec_name: codec, sample_rate: String(rate), channels });
			expect(Number(audio?.nb_read_frames)).toBeGreaterThan(10);
			expect(stderr).toBe("");
			return true;
		});
	});

	test("is refused with a wrong password, and told that a camera does not exist", async () => {
		const ask = async (url: string): Promise<string> =>
			await run("ffprobe", ["-v", "error", url], { timeout: LIMIT_MS }).then(
				() => "",
				(error: { stderr: string }) => error.stderr,
			);
		expect(await ask(restream.url("/door").replace(/:[^:@/]+@/, ":wrong@"))).toContain("401 Unauthorized");
		expect(await ask(restream.url("/nobody"))).toContain("404 No Such Camera");
	});
});

test("the first picture comes within a second, in the middle of a GOP too", async () => {
	const url = `rtsp://127.0.0.1:${restream.output.port}/door`;
	const waits: number[] = [];
	for (let count = 0; count < 5; count++) {
		const startMs = performance.now();
		using client = await RtspClient.open(restream.output.port);
		expect((await client.login("DESCRIBE", url, LOGIN, "SHA-256")).status).toBe(200);
		const { headers } = await client.login("SETUP", `${url}/trackID=0`, LOGIN, "SHA-256", {
			Transport: "RTP/AVP/TCP;unicast;interleaved=0-1",
		});
		expect(headerOf({ headers }, "transport")).toContain("interleaved=0-1");
		expect((await client.login("PLAY", url, LOGIN, "SHA-256")).status).toBe(200);
		await eventually("a picture", () => client.packets.some(({ packet }) => packet.marker));
		waits.push(performance.now() - startMs);
	}
	// Without the cached GOP of two seconds it would be one, the middle of three.
	expect(waits.toSorted((a, b) => a - b)[2]).toBeLessThan(1000);
});

describe("our own client", () => {
	const open = (path: string, transport: "tcp" | "udp"): RecordedSource =>
		new RecordedSource({ port: restream.output.port, path, ...LOGIN, transport });

	test.each(["tcp", "udp"] as const)("reads every picture over %s", async (transport) => {
		await using recording = open("/door/main", transport);
		await eventually("pictures", () => recording.video.length >= PICTURES);
		expect(recording.failure).toBeUndefined();
		expect(recording.descriptions.at(-1)?.transport).toBe(transport);
		expect(recording.session.counters).toMatchObject({ damagedAccessUnits: 0, malformedPackets: 0, lostPackets: 0 });
		expect(recording.session.quirks).toEqual([]);
		expect(recording.video[0]?.unit.randomAccess).toBe(true);
	});

	test("hears the beep with the picture it belongs to", async () => {
		await using recording = open("/door", "tcp");
		// A second begins with each beep, and every other one with a key frame.
		// A-law: ITU-T G.711 section 3.1, the magnitude in the low bits.
		const loud = (data: Uint8Array): boolean => data.some((sample) => ((sample ^ 0x55) & 0x7f) > 0x50);
		const beeps = (): number[] =>
			recording.audio.flatMap(({ unit, mediaMs }, index) => {
				const before = recording.audio[index - 1];
				return before && loud(unit.data) && !loud(before.unit.data) ? [mediaMs] : [];
			});
		await eventually("beeps", () => beeps().length >= 3);
		const keyFrames = recording.video.flatMap(({ unit, mediaMs }) => (unit.randomAccess ? [mediaMs] : []));
		for (const beepMs of beeps()) {
			const offMs = ((((beepMs - (keyFrames.at(-1) ?? 0)) % 1000) + 1500) % 1000) - 500;
			expect(Math.abs(offMs)).toBeLessThan(100);
		}
	});
});

const GST_LAUNCH = "gst-launch-1.0";
const hasGstLaunch = spawnSync(GST_LAUNCH, ["--version"], { stdio: "ignore" }).status === 0;
if (!hasGstLaunch) console.log(`SKIPPED: ${GST_LAUNCH} is not installed (Debian: gstreamer1.0-tools)`);

describe.skipIf(!hasGstLaunch)("GStreamer's rtspsrc", () => {
	test.each([
		["/door", "tcp", "rtph264depay ! h264parse"],
		["/h265", "udp", "rtph265depay ! h265parse"],
	] as const)("takes pictures of %s over %s", async (path, transport, depay) => {
		const location = `rtsp://127.0.0.1:${restream.output.port}${path}`;
		const login = [`user-id=${LOGIN.username}`, `user-pw=${LOGIN.password}`];
		const pictures = ["identity", "eos-after=40"];
		const line = [
			...["rtspsrc", `location=${location}`, ...login, `protocols=${transport}`, "!"],
			...[...depay.split(" "), "!", ...pictures, "!", "fakesink", "sync=false"],
		];
		const { stderr } = await run(GST_LAUNCH, ["-q", ...line], { timeout: LIMIT_MS });
		expect(stderr).toBe("");
	});
});

const program = (name: string): string => fileURLToPath(new URL(`../../.cache/bin/${name}`, import.meta.url));
const present = (name: string): boolean => {
	if (existsSync(program(name))) return true;
	console.log(`SKIPPED: ${name} is not built; \`npm test\` builds it where Go and its module proxy are there`);
	return false;
};

describe("other servers that pull from us", () => {
	const directory = mkdtempSync(join(tmpdir(), "vigia-restream-"));
	afterAll(() => rmSync(directory, { recursive: true, force: true }));

	/** Reads whole pictures of what they pass on. */
	async function readPictures(port: number, path: string): Promise<void> {
		// They open a path when their own source is there.
		await using recording = await eventually("pictures", async () => {
			const one = new RecordedSource({ port, path });
			await eventually("it plays or ends", () => one.ended || one.video.length > 0);
			return !one.ended && one;
		});
		await eventually("more pictures", () => recording.video.length >= PICTURES);
		expect(recording.session.counters).toMatchObject({ damagedAccessUnits: 0, malformedPackets: 0 });
	}

	test.skipIf(!present("mediamtx"))("MediaMTX", async () => {
		const port = await freeTcpPort();
		const rtp = (await freeUdpPort()) & ~1;
		const settings = [
			"logLevel: warn",
			...["api", "metrics", "pprof", "playback", "rtmp", "hls", "webrtc", "srt"].map((name) => `${name}: no`),
			`rtspAddress: 127.0.0.1:${port}`,
			`rtpAddress: 127.0.0.1:${rtp}`,
			`rtcpAddress: 127.0.0.1:${rtp + 1}`,
			"paths:",
			`  over-tcp: { source: "${restream.url("/door")}", rtspTransport: tcp }`,
			`  over-udp: { source: "${restream.url("/h265")}", rtspTransport: udp }`,
		];
		const config = join(directory, "mediamtx.yml");
		writeFileSync(config, settings.join("\n"));
		await using server = new Child(program("mediamtx"), [config], { endBy: "SIGKILL" });
		await eventually("MediaMTX listens", () => accepts(port));
		await Promise.all(["/over-tcp", "/over-udp"].map((path) => readPictures(port, path)));
		expect(server.output).not.toMatch(/ERR|lost/);
	});

	test.skipIf(!present("go2rtc"))("go2rtc", async () => {
		const port = await freeTcpPort();
		const config = join(directory, "go2rtc.yaml");
		const off = ["api", "webrtc"].map((name) => `${name}:\n  listen: ""\n`).join("");
		const streams = `streams:\n  door: ${restream.url("/door")}\n  yard: ${restream.url("/h265")}\n`;
		writeFileSync(config, `rtsp:\n  listen: "127.0.0.1:${port}"\n${off}${streams}`);
		await using server = new Child(program("go2rtc"), ["-config", config], { endBy: "SIGKILL" });
		await eventually("go2rtc listens", () => accepts(port));
		await Promise.all(["/door", "/yard"].map((path) => readPictures(port, path)));
		expect(server.output).not.toContain("ERR");
	});
});
