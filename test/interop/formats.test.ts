/** Every payload format and transport from GStreamer's RTSP server, which we did not write, decoded by FFmpeg. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AUDIO_ENCODINGS, type AudioFrame, VIDEO_ENCODINGS, type VideoUnit } from "@vigia/rtp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RecordedOptions, RecordedSource } from "../../server/src/sources/testing/recorded-source.ts";
import { CAMERA_CERTIFICATE } from "../../server/src/sources/testing/test-certificates.ts";
import { eventually } from "../support/eventually.ts";
import { GSTREAMER_IS_THERE, GstreamerServer, LOGIN } from "./gstreamer-server.ts";

/** Enough that a GOP boundary and a sender report lie within. */
const PICTURES = 40;
const AUDIO_FRAMES = 40;

const MEDIA = { video: VIDEO_ENCODINGS, audio: AUDIO_ENCODINGS };

/** How many pictures FFmpeg decodes of a stream, and their size; an error of the decoder fails the test. */
function decode(format: string, bytes: Uint8Array): { frames: number; width: number; height: number } {
	const args = ["-v", "error", "-f", format, "-count_frames", "-show_entries", "stream=width,height,nb_read_frames"];
	const { stdout, stderr } = spawnSync("ffprobe", [...args, "-of", "json", "-"], { input: bytes, encoding: "utf8" });
	expect(stderr).toBe("");
	const [stream] = (JSON.parse(stdout) as { streams: { width: number; height: number; nb_read_frames: string }[] })
		.streams;
	return { frames: Number(stream?.nb_read_frames), width: stream?.width ?? 0, height: stream?.height ?? 0 };
}

/** The loudest frequency of a sound in Hz, by counting how often it crosses zero. */
function pitch(args: readonly string[], bytes: Uint8Array): number {
	const rate = 16_000;
	const output = ["-ac", "1", "-ar", String(rate), "-f", "s16le", "-"];
	const { stdout, stderr } = spawnSync("ffmpeg", ["-v", "error", ...args, "-i", "-", ...output], { input: bytes });
	expect(stderr.toString()).toBe("");
	const samples = new Int16Array(stdout.buffer, stdout.byteOffset, stdout.byteLength >> 1).slice(rate / 10);
	let crossings = 0;
	for (let index = 1; index < samples.length; index++) {
		if ((samples[index - 1] ?? 0) < 0 !== (samples[index] ?? 0) < 0) crossings++;
	}
	return (crossings / 2) * (rate / samples.length);
}

function annexB(units: readonly VideoUnit[], before: readonly Uint8Array[]): Buffer {
	const nalUnits = [...before, ...units.flatMap((unit) => ("nalUnits" in unit ? unit.nalUnits : []))];
	return Buffer.concat(nalUnits.flatMap((nal) => [Uint8Array.of(0, 0, 0, 1), nal]));
}

/** Pictures from the first one that can be decoded by itself. */
function decodable(recording: RecordedSource): VideoUnit[] {
	const units = recording.video.map(({ unit }) => unit);
	return units.slice(units.findIndex(({ randomAccess }) => randomAccess));
}

/** ISO 14496-3 section 1.A.2.2: what FFmpeg needs in front of each access unit to read raw AAC (LC, 48 kHz, stereo). */
function adts(frame: AudioFrame): Buffer {
	const length = frame.data.length + 7;
	const header = [0xff, 0xf1, 0x4c, 0x80 | (length >> 11), (length >> 3) & 0xff, ((length & 7) << 5) | 0x1f, 0xfc];
	return Buffer.concat([Uint8Array.from(header), frame.data]);
}

describe.skipIf(!GSTREAMER_IS_THERE)("GStreamer's RTSP server", () => {
	let plain: GstreamerServer;
	let encrypted: GstreamerServer;
	const directory = mkdtempSync(join(tmpdir(), "vigia-gstreamer-"));

	beforeAll(async () => {
		const certificateAndKey = join(directory, "camera.pem");
		writeFileSync(certificateAndKey, CAMERA_CERTIFICATE.cert + CAMERA_CERTIFICATE.key, { mode: 0o600 });
		plain = await GstreamerServer.start();
		encrypted = await GstreamerServer.start(certificateAndKey);
	});

	afterAll(() => {
		plain?.[Symbol.dispose]();
		encrypted?.[Symbol.dispose]();
		rmSync(directory, { recursive: true, force: true });
	});

	async function record(path: string, more: Partial<RecordedOptions> = {}, audio = false): Promise<RecordedSource> {
		const recording = new RecordedSource({ port: plain.port, path, ...LOGIN, media: MEDIA, ...more });
		await eventually(`pictures of ${path}`, () => {
			if (recording.failure) throw new Error(`${recording.failure.code}: ${recording.failure.detail}`);
			return recording.video.length >= PICTURES && (!audio || recording.audio.length >= AUDIO_FRAMES);
		});
		return recording;
	}

	test("H.265 comes whole: FFmpeg decodes every picture", async () => {
		await using recording = await record("/h265");
		const units = decodable(recording);
		const { frames, ...size } = decode("hevc", annexB(units, recording.parameterSets.flat()));
		expect(size).toEqual({ width: 320, height: 240 });
		expect(frames).toBe(units.length);
		expect(recording.session.counters.damagedAccessUnits).toBe(0);
	});

	test("motion JPEG comes whole: FFmpeg decodes every picture", async () => {
		await using recording = await record("/mjpeg");
		const images = recording.video.flatMap(({ unit }) => (unit.codec === "jpeg" ? [unit.data] : []));
		const { frames, ...size } = decode("mjpeg", Buffer.concat(images));
		expect(size).toEqual({ width: 320, height: 240 });
		expect(frames).toBe(images.length);
	});

	test.each(["tcp", "udp", "http"] as const)("H.264 comes whole over %s", async (transport) => {
		await using recording = await record("/pcmu", { transport }, true);
		expect(recording.descriptions.at(-1)?.transport).toBe(transport);
		const units = decodable(recording);
		expect(decode("h264", annexB(units, recording.parameterSets.flat())).frames).toBe(units.length);
	});

	test.each([
		["aac", ["-f", "aac"], adts],
		["pcmu", ["-f", "mulaw", "-ar", "8000", "-ac", "1"], undefined],
		["pcma", ["-f", "alaw", "-ar", "8000", "-ac", "1"], undefined],
		["l16", ["-f", "s16be", "-ar", "44100", "-ac", "1"], undefined],
	] as const)("%s brings the tone that is played", async (path, format, wrap) => {
		await using recording = await record(`/${path}`, {}, true);
		const frames = recording.audio.map(({ unit }) => unit);
		expect(new Set(frames.map(({ codec }) => codec))).toEqual(new Set([path]));
		const hertz = pitch(format, Buffer.concat(frames.map((frame) => wrap?.(frame) ?? frame.data)));
		expect(Math.abs(hertz - 440)).toBeLessThan(10);
	});

	test("Opus comes with its timestamps 20 ms apart", async () => {
		await using recording = await record("/opus", {}, true);
		const steps = recording.audio.slice(1).map(({ unit }, index) => {
			return (unit.rtpTimestamp - (recording.audio[index]?.unit.rtpTimestamp ?? 0)) >>> 0;
		});
		expect(new Set(steps)).toEqual(new Set([960]));
	});

	test("sound and picture are on one time line", async () => {
		await using recording = await record("/pcma", {}, true);
		// Both are made live from one clock, so that their times at arrival differ by buffering only.
		const picture = recording.video.at(-1);
		const sound = recording.audio.findLast(({ arrivalMs }) => arrivalMs <= (picture?.arrivalMs ?? 0));
		expect(Math.abs((picture?.mediaMs ?? 0) - (sound?.mediaMs ?? 0))).toBeLessThan(500);
	});

	test("a certificate of the camera's own is refused, taken when pinned, refused when another is pinned", async () => {
		const { port } = encrypted;
		const { sha256 } = CAMERA_CERTIFICATE;
		const open = (tls?: RecordedOptions["tls"]) =>
			new RecordedSource({ port, path: "/h265", scheme: "rtsps", ...LOGIN, media: MEDIA, ...(tls && { tls }) });

		await using verified = open();
		await eventually("it is refused", () => verified.failure?.code === "certificate-untrusted");
		await using wrong = open({ mode: "pin", sha256: "0".repeat(64) });
		await eventually("the wrong one is refused", () => wrong.failure?.code === "certificate-untrusted");
		await using pinned = open({ mode: "pin", sha256 });
		await eventually("the pinned one is taken", () => pinned.video.length >= PICTURES);
		await using insecure = open({ mode: "insecure", legacy: false });
		await eventually("any is taken", () => insecure.video.length >= PICTURES);
	});

	test("a wrong password is refused and tried no more than it takes", async () => {
		await using recording = new RecordedSource({ port: plain.port, path: "/h265", ...LOGIN, password: "wrong" });
		await eventually("it is refused", () => recording.failure?.code === "auth-refused");
	});
});
