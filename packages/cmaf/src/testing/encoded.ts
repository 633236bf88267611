/** Real streams from FFmpeg's encoders, and what FFmpeg's reader finds in a file. @module */
import { spawnSync } from "node:child_process";
import type { VideoSample } from "../contract.ts";
import type { FragmentError, FragmentSample, FragmentTrack } from "./fragment-contract.ts";
import { FragmentReader, nalUnitsOf } from "./fragment-reader.ts";

/** Why tests with FFmpeg are left out; undefined when they are not. */
export const NO_FFMPEG: string | undefined =
	spawnSync("ffmpeg", ["-version"]).status === 0 && spawnSync("ffprobe", ["-version"]).status === 0
		? undefined
		: "ffmpeg and ffprobe are not installed";

/** What the transcoder asks of FFmpeg. */
const FRAGMENTS = ["-f", "mp4", "-movflags", "+empty_moov+default_base_moof+frag_every_frame", "-"];

/** Runs a program to its end. @throws Error with its messages when it fails. */
export function run(program: "ffmpeg" | "ffprobe", args: readonly string[], input = new Uint8Array(0)): Buffer {
	const { status, stdout, stderr } = spawnSync(program, args, { input, maxBuffer: 2 ** 28 });
	if (status !== 0) throw new Error(`${program} failed: ${stderr.toString()}`);
	return stdout;
}

export interface EncodeOptions {
	readonly pictures?: number;
	readonly framesPerSecond?: number;
	readonly size?: string;
}

/** A fragmented MP4 file with moving pictures. @param encoder its name and options. */
export function encodeVideo(encoder: readonly string[], options: EncodeOptions = {}): Buffer {
	const { pictures = 50, framesPerSecond = 25, size = "160x120" } = options;
	const input = ["-f", "lavfi", "-i", `testsrc2=size=${size}:rate=${framesPerSecond}`];
	const output = ["-frames:v", String(pictures), "-pix_fmt", "yuv420p", "-c:v", ...encoder];
	return run("ffmpeg", ["-v", "error", ...input, ...output, ...FRAGMENTS]);
}

/** Two seconds of a tone. @param encoder its name and options. */
export function encodeAudio(encoder: readonly string[]): Buffer {
	const input = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=2"];
	return run("ffmpeg", ["-v", "error", ...input, "-c:a", ...encoder, ...FRAGMENTS]);
}

export interface ReadFile {
	readonly tracks: readonly FragmentTrack[];
	readonly samples: readonly FragmentSample[];
	readonly error: FragmentError | undefined;
}

/** Reads a file in pieces of this many bytes. */
export function readFragments(bytes: Uint8Array, pieceBytes = 1000): ReadFile {
	const samples: FragmentSample[] = [];
	const reader = new FragmentReader((sample) => samples.push(sample));
	for (let at = 0; at < bytes.length; at += pieceBytes) reader.push(bytes.subarray(at, at + pieceBytes));
	return { tracks: reader.tracks, samples, error: reader.error };
}

/** Pictures of a file as the hub would hand them on. @param startTicks is added to their times. */
export function videoSamples({ samples }: ReadFile, startTicks = 0): VideoSample[] {
	return samples.flatMap((sample) => {
		const { track, randomAccess } = sample;
		if (track.codec !== "h264" && track.codec !== "h265") return [];
		return {
			codec: track.codec,
			nalUnits: [...(randomAccess ? track.parameterSets : []), ...nalUnitsOf(sample)],
			randomAccess,
			timestamp: startTicks + sample.decodeTicks,
			presentation: startTicks + sample.presentationTicks,
		};
	});
}

export interface ProbedPacket {
	readonly pts: number;
	readonly dts: number;
	readonly duration: number;
	readonly isKey: boolean;
	readonly sizeBytes: number;
}

export interface ProbedFile {
	/** Times in units of the track's timescale. */
	readonly packets: readonly ProbedPacket[];
	readonly decodedFrames: number;
	readonly stream: Readonly<Record<string, string | number>>;
	/** Warnings of reader and decoder. */
	readonly messages: string;
}

/** What FFmpeg's reader and decoder make of a file with one track. */
export function probe(bytes: Uint8Array): ProbedFile {
	const args = ["-v", "warning", "-count_frames", "-show_streams", "-show_packets", "-of", "json", "-"];
	const { stdout, stderr } = spawnSync("ffprobe", args, { input: bytes, encoding: "utf8", maxBuffer: 2 ** 28 });
	const { packets = [], streams = [] } = JSON.parse(stdout) as {
		packets?: { pts: number; dts: number; duration: number; flags: string; size: string }[];
		streams?: Record<string, string | number>[];
	};
	return {
		packets: packets.map(({ pts, dts, duration, flags, size }) => ({
			pts,
			dts,
			duration,
			isKey: flags.startsWith("K"),
			sizeBytes: Number(size),
		})),
		decodedFrames: Number(streams[0]?.["nb_read_frames"]),
		stream: streams[0] ?? {},
		messages: stderr,
	};
}
