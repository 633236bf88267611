/** The simulator's pictures in other codecs and with sound, for cameras that we did not write. @module */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** What there is, with the camera number in its pictures' codes. The counter runs from 0 to 59 at 15 pictures a second. */
export const CODED_CLIPS = { h265: 1, mjpeg: 2, mpeg4: 3, bframes: 4, aac: 5, pcma: 6 } as const;
export type CodedClip = keyof typeof CODED_CLIPS;

/** The loop of the repository's clips. */
const LOOP_SECONDS = 4;
export const CODED_CLIPS_PICTURES_A_SECOND = 15;
/** Long enough for a test; a camera whose clip ends ends its session, and starts anew at the next one. */
const LENGTH_SECONDS = 300;
/** Of the beep that sounds at the beginning of each second, with the pictures whose counter 15 divides. */
export const BEEP_HERTZ = 880;
const BEEP_SECONDS = 0.2;
/** One second of it, for FFmpeg's lavfi. */
const BEEP = `aevalsrc=0.5*sin(2*PI*${BEEP_HERTZ}*t)*lt(t\\,${BEEP_SECONDS}):s=48000:d=1`;

const GOP = 2 * CODED_CLIPS_PICTURES_A_SECOND;
const ENCODERS: Readonly<Record<CodedClip, readonly string[]>> = {
	h265: [
		["-c:v", "libx265", "-preset", "ultrafast"],
		["-x265-params", `keyint=${GOP}:min-keyint=${GOP}:scenecut=0:open-gop=0:bframes=0:log-level=error`],
	].flat(),
	// RFC 2435 takes 4:2:0 with the standard's own Huffman tables only.
	mjpeg: ["-c:v", "mjpeg", "-vf", "scale=320:180", "-q:v", "6", "-pix_fmt", "yuvj420p", "-huffman", "default"],
	mpeg4: ["-c:v", "mpeg4", "-b:v", "600k", "-g", String(GOP), "-bf", "0"],
	bframes: [
		["-c:v", "libx264", "-preset", "superfast", "-profile:v", "main", "-bf", "2", "-b_strategy", "0"],
		["-x264-params", `keyint=${GOP}:min-keyint=${GOP}:scenecut=0:open-gop=0`],
	].flat(),
	aac: ["-c:v", "copy"],
	pcma: ["-c:v", "copy"],
};
const SOUND_ENCODERS: Partial<Record<CodedClip, readonly string[]>> = {
	aac: ["-c:a", "aac", "-aac_coder", "fast", "-b:a", "64k", "-ar", "48000", "-ac", "1"],
	pcma: ["-c:a", "pcm_alaw", "-ar", "8000", "-ac", "1"],
};

const run = promisify(execFile);
const ffmpeg = async (...args: readonly string[]): Promise<unknown> =>
	await run("ffmpeg", ["-nostdin", "-v", "error", "-y", ...args]);

/**
 * `h265.mkv` and so on: 100 MB, made in about five seconds when they are first asked for.
 * @returns their folder, kept in `.cache`.
 */
export async function codedClips(): Promise<string> {
	const folder = fileURLToPath(new URL("../../.cache/coded-clips", import.meta.url));
	if (existsSync(folder)) return folder;
	const unfinished = `${folder}.part`;
	rmSync(unfinished, { recursive: true, force: true });
	mkdirSync(unfinished, { recursive: true });
	// One after the other: each takes all processors there are.
	for (const clip of Object.keys(CODED_CLIPS) as CodedClip[]) await makeClip(clip, unfinished);
	renameSync(unfinished, folder);
	return folder;
}

async function makeClip(clip: CodedClip, folder: string): Promise<void> {
	const number = String(CODED_CLIPS[clip]).padStart(2, "0");
	const original = fileURLToPath(new URL(`../../camera-sim/clips/camera-${number}-sub.h264`, import.meta.url));
	const loop = join(folder, `${clip}-loop.mkv`);
	await ffmpeg("-r", String(CODED_CLIPS_PICTURES_A_SECOND), "-i", original, ...ENCODERS[clip], loop);
	const repeated = ["-stream_loop", String(LENGTH_SECONDS / LOOP_SECONDS - 1), "-i", loop];
	const sound = SOUND_ENCODERS[clip];
	const beep = join(folder, "beep.wav");
	if (sound) await ffmpeg("-f", "lavfi", "-i", BEEP, "-ar", "48000", beep);
	const beeping = sound ? ["-stream_loop", String(LENGTH_SECONDS - 1), "-i", beep, ...sound] : [];
	await ffmpeg(...repeated, ...beeping, "-c:v", "copy", join(folder, `${clip}.mkv`));
}
