/** The simulator's pictures in other codecs, from GStreamer's RTSP server and from scripted cameras, read by FFmpeg. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { readFrameCode } from "../../camera-sim/src/frame-code.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openCodedCamera } from "./coded-camera.ts";
import { BEEP_HERTZ, CODED_CLIPS, type CodedClip } from "./coded-clips.ts";
import { GSTREAMER_IS_THERE, GstreamerServer, LOGIN } from "./gstreamer-server.ts";

const PICTURES = 20;
const [WIDTH, HEIGHT] = [320, 180];
const SOUND_RATE = 8000;
/** The beep's amplitude is 16,384 of 32,768. */
const LOUD = 1000;

let gstreamer: GstreamerServer;

beforeAll(async () => {
	if (GSTREAMER_IS_THERE) gstreamer = await GstreamerServer.startWithClips();
});

afterAll(() => gstreamer?.[Symbol.dispose]());

const execute = promisify(execFile);

/** What FFmpeg makes of a camera. */
async function read(port: number, path: string, ...output: readonly string[]): Promise<Buffer> {
	const login = [LOGIN.username, LOGIN.password].map(encodeURIComponent).join(":");
	const input = [
		"-rtsp_transport",
		"tcp",
		"-analyzeduration",
		"1000000",
		"-i",
		`rtsp://${login}@127.0.0.1:${port}${path}`,
	];
	const args = ["-nostdin", "-v", "error", ...input, "-fps_mode", "passthrough", ...output, "-"];
	return (await execute("ffmpeg", args, { encoding: "buffer", maxBuffer: 100 << 20 })).stdout;
}

async function expectPictures(camera: number, port: number, path: string): Promise<void> {
	const raw = ["-f", "rawvideo", "-pix_fmt", "gray", "-frames:v", String(PICTURES)];
	const bytes = await read(port, path, "-vf", `scale=${WIDTH}:${HEIGHT}`, ...raw);
	const codes = Array.from({ length: PICTURES }, (_, index) =>
		readFrameCode(bytes.subarray(index * WIDTH * HEIGHT, (index + 1) * WIDTH * HEIGHT), WIDTH, HEIGHT, 1),
	);
	expect(new Set(codes.map((code) => code?.camera))).toEqual(new Set([camera]));
	const first = codes[0]?.counter ?? 0;
	expect(codes.map((code) => code?.counter)).toEqual(codes.map((_, index) => (first + index) % 60));
}

test.skipIf(!GSTREAMER_IS_THERE).concurrent.each(Object.entries(CODED_CLIPS))(
	"GStreamer's pictures of %s carry the code of camera %i, and their counter runs",
	(clip, camera) => expectPictures(camera, gstreamer.port, gstreamer.clipPath(clip as CodedClip)),
);

test.concurrent.each(["h265", "mjpeg", "bframes"] as const)(
	"the scripted camera's pictures of %s carry its code, and their counter runs",
	async (clip) => {
		const camera = await openCodedCamera(clip, LOGIN);
		try {
			await expectPictures(CODED_CLIPS[clip], camera.port, "/stream");
		} finally {
			await camera.close();
		}
	},
);

test.skipIf(!GSTREAMER_IS_THERE).concurrent.each(["aac", "pcma"] as const)("%s beeps once a second", async (clip) => {
	const bytes = await read(
		gstreamer.port,
		gstreamer.clipPath(clip),
		"-vn",
		"-ac",
		"1",
		"-ar",
		String(SOUND_RATE),
		"-f",
		"s16le",
		"-t",
		"2",
	);
	const samples = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 1);
	// A codec leaves some noise in the silence.
	const loud = samples.filter((sample) => Math.abs(sample) > LOUD);
	const crossings = loud.filter((sample, index) => sample * (loud[index - 1] ?? 0) < 0).length;
	// Two beeps of 0.2 s in two seconds.
	expect(Math.abs(crossings / 2 / 0.4 - BEEP_HERTZ)).toBeLessThan(BEEP_HERTZ / 10);
});
