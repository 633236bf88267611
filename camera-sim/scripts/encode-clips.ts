/** Draws the clips and has FFmpeg's libx264 encode them. @module */
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { Readable } from "node:stream";
import type { ClipEntry, StreamName } from "../src/clip-index.ts";
import { CLIP_INDEX_FILE } from "../src/clip-index.ts";
import { drawPictures } from "./picture.ts";

export interface EncodeOptions {
	/** Directory to write to; made when it is not there. */
	readonly out: string;
	/** Cameras 1 to this number. */
	readonly cameras: number;
	readonly streams: readonly StreamName[];
	/** Length of the loop; at most 255 pictures fit the frame counter. */
	readonly seconds: number;
	/** Distance of the IDR pictures. */
	readonly gopSeconds: number;
	readonly subKbps: number;
	readonly mainKbps: number;
	/** Called after each clip. */
	readonly onClip?: (entry: ClipEntry, sizeBytes: number) => void;
}

interface Profile {
	readonly width: number;
	readonly height: number;
	readonly framesPerSecond: number;
	readonly profile: "baseline" | "high";
	readonly texture: number;
	readonly noise: number;
}

/** The frame counter of the code has eight bits. */
const MAX_FRAMES = 255;

/** The sub stream's noise makes its bit rate that of a real camera; the main stream is kept small for the repository. */
const PROFILES: Record<StreamName, Profile> = {
	main: { width: 1280, height: 720, framesPerSecond: 25, profile: "high", texture: 1, noise: 0 },
	sub: { width: 640, height: 360, framesPerSecond: 15, profile: "baseline", texture: 5, noise: 2 },
};

/** @throws Error when FFmpeg is missing or fails, RangeError when the loop is too long for the frame counter. */
export async function encodeClips(options: EncodeOptions): Promise<readonly ClipEntry[]> {
	await mkdir(options.out, { recursive: true });
	const entries: ClipEntry[] = [];
	for (let camera = 1; camera <= options.cameras; camera++) {
		for (const stream of options.streams) {
			const entry = await encodeClip(options, camera, stream);
			entries.push(entry);
			options.onClip?.(entry, (await stat(join(options.out, entry.file))).size);
		}
	}
	// The index comes last: a directory that has one is complete.
	await writeFile(join(options.out, CLIP_INDEX_FILE), `${JSON.stringify(entries, null, "\t")}\n`);
	return entries;
}

async function encodeClip(options: EncodeOptions, camera: number, stream: StreamName): Promise<ClipEntry> {
	const { width, height, framesPerSecond, profile, texture, noise } = PROFILES[stream];
	const frames = Math.round(options.seconds * framesPerSecond);
	if (frames > MAX_FRAMES)
		throw new RangeError(`${options.seconds} s are ${frames} pictures of the ${stream} stream: at most ${MAX_FRAMES}.`);
	const file = `camera-${String(camera).padStart(2, "0")}-${stream}.h264`;
	const kbps = stream === "sub" ? options.subKbps : options.mainKbps;
	const gop = Math.round(options.gopSeconds * framesPerSecond);
	// Both passes take the same pictures: at most 350 MB, for a main stream of 255.
	const pictures = [...drawPictures({ camera, width, height, framesPerSecond, frames, texture, noise })];
	const logs = await mkdtemp(join(tmpdir(), "vigia-clips-"));
	try {
		for (const pass of [1, 2]) {
			const target = pass === 1 ? ["-f", "null", "-"] : ["-f", "h264", join(options.out, file)];
			await runFfmpeg(
				[
					["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", `${width}x${height}`, "-r", String(framesPerSecond)],
					["-i", "-", "-c:v", "libx264", "-preset", "slow", "-profile:v", profile, "-bf", "0", "-refs", "1"],
					["-b:v", `${kbps}k`, "-pass", String(pass), "-passlogfile", join(logs, "pass")],
					["-x264-params", `keyint=${gop}:min-keyint=${gop}:scenecut=0:open-gop=0:repeat-headers=1`],
					["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv"],
					// One thread and no encoder signature: the same pictures always give the same bytes.
					["-threads", "1", "-flags:v", "+bitexact", "-bsf:v", "filter_units=remove_types=6"],
					target,
				].flat(),
				pictures,
			);
		}
	} finally {
		await rm(logs, { recursive: true, force: true });
	}
	return { file, camera, stream, width, height, framesPerSecond, frames };
}

async function runFfmpeg(args: readonly string[], pictures: Iterable<Uint8Array>): Promise<void> {
	const child = spawn("ffmpeg", ["-hide_banner", "-loglevel", "error", "-nostdin", "-y", ...args], {
		stdio: ["pipe", "ignore", "pipe"],
	});
	let errors = "";
	child.stderr.on("data", (chunk: Buffer) => {
		errors += chunk.toString();
	});
	const ended = new Promise<number | null>((resolve, reject) => {
		child.once("error", (error) => reject(new Error(`FFmpeg could not be started: ${error.message}. Install ffmpeg.`)));
		child.once("close", resolve);
	});
	// A child that dies early breaks the pipe: its own message, read below, tells more than EPIPE.
	const [code] = await Promise.all([ended, pipeline(Readable.from(pictures), child.stdin).catch(() => undefined)]);
	if (code !== 0) throw new Error(`FFmpeg failed (exit code ${code}): ${errors.trim()}`);
}
