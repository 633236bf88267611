/** For tests: clips whose pictures are grey, each with its own brightness, in every codec that cameras send. @module */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
	H265_NAL_TYPE,
	h265NalTypeOf,
	isIrapNalType,
	NAL_TYPE,
	nalTypeOf,
	splitAnnexB,
	type VideoUnit,
} from "@vigia/rtp";

export const CLIP_FPS = 15;
/** Pictures of a clip, and of a GOP. */
export const CLIP_PICTURES = 30;
export const CLIP_GOP = 15;
const TICKS_PER_PICTURE = 90_000 / CLIP_FPS;
const MPEG4_VOP = 0xb6;
const MPEG4_SEQUENCE = 0xb0;

export type ClipName = "h264" | "h264-b-frames" | "h265" | "h265-b-frames" | "jpeg" | "mpeg4";

const GOP = ["-g", `${CLIP_GOP}`, "-keyint_min", `${CLIP_GOP}`, "-sc_threshold", "0"];
const X265 = `log-level=none:keyint=${CLIP_GOP}:min-keyint=${CLIP_GOP}:scenecut=0:open-gop=0`;
const ENCODERS: Readonly<Record<ClipName, readonly string[]>> = {
	h264: ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", ...GOP],
	"h264-b-frames": ["-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-b_strategy", "0", ...GOP],
	h265: ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", `${X265}:bframes=0`],
	"h265-b-frames": ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", `${X265}:bframes=2:b-adapt=0`],
	jpeg: ["-c:v", "mjpeg", "-q:v", "3"],
	mpeg4: ["-c:v", "mpeg4", "-q:v", "3", ...GOP],
};

/** A picture and its place in the order of showing. */
export interface ClipPicture {
	readonly unit: VideoUnit;
	/** Its brightness is {@link brightnessOf} this. */
	readonly index: number;
}

/** Whether this machine has FFmpeg with the encoders that the clips need; says on standard error if not. */
export function hasFfmpeg(): boolean {
	const { stdout } = spawnSync("ffmpeg", ["-hide_banner", "-encoders"], { encoding: "utf8" });
	const found = ["libx264", "libx265", "libopus"].every((name) => stdout?.includes(name));
	if (!found) process.stderr.write("skipped: needs ffmpeg with libx264, libx265 and libopus on PATH\n");
	return found;
}

/** Luma of the picture with this index, 16-235. */
export function brightnessOf(index: number): number {
	return 24 + 14 * (index % CLIP_GOP);
}

/** Encoding takes half a second a clip. */
const made = new Map<string, readonly ClipPicture[]>();

/** A clip in decoding order. */
export function makeClip(name: ClipName, { size = "160x120", pictures = CLIP_PICTURES } = {}): readonly ClipPicture[] {
	const key = `${name} ${size} ${pictures}`;
	const clip = made.get(key) ?? encodeClip(name, size, pictures);
	made.set(key, clip);
	return clip;
}

function encodeClip(name: ClipName, size: string, pictures: number): ClipPicture[] {
	const grey = `nullsrc=s=16x16:r=${CLIP_FPS},geq=lum='24+14*mod(N\\,${CLIP_GOP})':cb=128:cr=128,scale=${size}`;
	const input = ["-f", "lavfi", "-i", grey, "-frames:v", `${pictures}`, "-pix_fmt", "yuv420p"];
	if (name === "jpeg") {
		const file = run("ffmpeg", [...input, "-pix_fmt", "yuvj420p", ...ENCODERS.jpeg, "-f", "mjpeg", "pipe:1"]);
		return cutAt(file, jpegStarts(file)).map((data, index) => picture({ codec: "jpeg", data }, index, true));
	}
	if (name === "mpeg4") {
		const file = run("ffmpeg", [...input, ...ENCODERS.mpeg4, "-f", "m4v", "pipe:1"]);
		return cutAt(file, mpeg4Starts(file)).map((data, index) =>
			picture({ codec: "mpeg4", data }, index, index % CLIP_GOP === 0),
		);
	}
	const codec = name.startsWith("h264") ? "h264" : "h265";
	const folder = mkdtempSync(join(tmpdir(), "vigia-clip-"));
	try {
		const path = join(folder, "clip.mp4");
		run("ffmpeg", [...input, ...ENCODERS[name], path]);
		const entries = ["-show_entries", "packet=pts_time", "-of", "csv=p=0", path];
		const times = run("ffprobe", entries).toString("latin1").trim().split("\n").map(Number);
		const first = Math.min(...times);
		const filter =
			codec === "h264" ? "h264_mp4toannexb,h264_metadata=aud=insert" : "hevc_mp4toannexb,hevc_metadata=aud=insert";
		const format = codec === "h264" ? "h264" : "hevc";
		const stream = run("ffmpeg", ["-i", path, "-c", "copy", "-bsf:v", filter, "-f", format, "pipe:1"]);
		return accessUnits(codec, stream).map((nalUnits, order) => {
			const randomAccess = nalUnits.some((nal) =>
				codec === "h264" ? nalTypeOf(nal) === NAL_TYPE.idr : isIrapNalType(h265NalTypeOf(nal)),
			);
			return picture({ codec, nalUnits }, Math.round(((times[order] ?? 0) - first) * CLIP_FPS), randomAccess);
		});
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

/** Mean luma of each picture of an H.264 byte stream. */
export function decodeBrightness(pictures: readonly (readonly Uint8Array[])[]): number[] {
	const startCode = Uint8Array.of(0, 0, 0, 1);
	const input = Buffer.concat(pictures.flat().flatMap((nal) => [startCode, nal]));
	const filter = "extractplanes=y,setrange=pc,scale=1:1:flags=area";
	const args = ["-f", "h264", "-i", "pipe:0", "-fps_mode", "passthrough", "-vf", filter, "-f", "rawvideo", "pipe:1"];
	return [...run("ffmpeg", args, input)];
}

type Content =
	| { readonly codec: "h264" | "h265"; readonly nalUnits: readonly Uint8Array[] }
	| { readonly codec: "jpeg" | "mpeg4"; readonly data: Uint8Array };

function picture(content: Content, index: number, randomAccess: boolean): ClipPicture {
	const parts = "data" in content ? [content.data] : content.nalUnits;
	const sizeBytes = parts.reduce((sum, part) => sum + part.length, 0);
	return { unit: { ...content, rtpTimestamp: index * TICKS_PER_PICTURE, randomAccess, sizeBytes }, index };
}

function run(program: "ffmpeg" | "ffprobe", args: readonly string[], input?: Uint8Array): Buffer {
	const quiet = program === "ffmpeg" ? ["-hide_banner", "-loglevel", "error"] : ["-loglevel", "error"];
	const { status, stdout, stderr } = spawnSync(program, [...quiet, ...args], { input, maxBuffer: 64 * 1024 * 1024 });
	if (status !== 0) throw new Error(`${program} failed: ${stderr.toString()}`);
	return stdout;
}

function accessUnits(codec: "h264" | "h265", stream: Uint8Array): Uint8Array[][] {
	const units: Uint8Array[][] = [];
	for (const nal of splitAnnexB(stream)) {
		const isDelimiter =
			codec === "h264"
				? nalTypeOf(nal) === NAL_TYPE.accessUnitDelimiter
				: h265NalTypeOf(nal) === H265_NAL_TYPE.accessUnitDelimiter;
		if (isDelimiter) units.push([]);
		else units.at(-1)?.push(nal);
	}
	return units;
}

function cutAt(file: Uint8Array, starts: readonly number[]): Uint8Array[] {
	return starts.map((start, index) => file.slice(start, starts[index + 1] ?? file.length));
}

function jpegStarts(file: Uint8Array): number[] {
	const starts: number[] = [];
	for (let at = 0; at + 2 < file.length; at++) {
		if (file[at] === 0xff && file[at + 1] === 0xd8 && file[at + 2] === 0xff) starts.push(at);
	}
	return starts;
}

/** Each VOP, with the configuration that stands in front of it. */
function mpeg4Starts(file: Uint8Array): number[] {
	const starts: number[] = [];
	let pending: number | undefined;
	for (let at = 0; at + 3 < file.length; at++) {
		if (file[at] !== 0 || file[at + 1] !== 0 || file[at + 2] !== 1) continue;
		if (file[at + 3] === MPEG4_SEQUENCE) pending = at;
		if (file[at + 3] !== MPEG4_VOP) continue;
		starts.push(pending ?? at);
		pending = undefined;
	}
	return starts;
}
