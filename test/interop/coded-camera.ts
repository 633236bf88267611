/** A scripted camera, with whatever oddities a test gives it, that plays the simulator's pictures in another codec. @module */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { packetizeH264, packetizeH265, packetizeJpeg, splitAnnexB } from "@vigia/rtp";
import type { PlainCredentials } from "@vigia/rtsp";
import { systemClock } from "../../server/src/platform/clock.ts";
import type { CameraScript, TrackScript } from "../cameras/support/camera-script.ts";
import { h264 } from "../cameras/support/h264-track.ts";
import { h265, jpeg } from "../cameras/support/other-tracks.ts";
import { QuirkCamera } from "../cameras/support/quirk-camera.ts";
import { CODED_CLIPS_PICTURES_A_SECOND, codedClips } from "./coded-clips.ts";

const PAYLOAD_BYTES = 1400;
const RTP_TICKS = 90_000 / CODED_CLIPS_PICTURES_A_SECOND;
const INTERVAL_MS = 1000 / CODED_CLIPS_PICTURES_A_SECOND;
const H264_DELIMITER = 9;
const H265_DELIMITER = 35;
/** Start Of Image: nothing within a picture looks like it. */
const JPEG_START = Buffer.of(0xff, 0xd8);

export type QuirkClip = "h265" | "mjpeg" | "bframes";

const execute = promisify(execFile);

/** It has any path. Its pictures go round without an end; `script` may hold all but tracks. Close it after use. */
export async function openCodedCamera(
	clip: QuirkClip,
	login: PlainCredentials,
	script: Omit<CameraScript, "tracks"> = {},
): Promise<QuirkCamera> {
	return await QuirkCamera.open({ ...script, tracks: [await codedTrack(clip)] }, systemClock, login);
}

async function codedTrack(clip: QuirkClip): Promise<TrackScript> {
	const file = join(await codedClips(), `${clip}-loop.mkv`);
	const [pictures, places] = await Promise.all([READERS[clip](file), presentationOrder(file)]);
	const count = pictures.length;
	const usual = TRACKS[clip];
	return {
		...usual,
		units: Number.POSITIVE_INFINITY,
		intervalMs: INTERVAL_MS,
		payloads: (_tag, index) => pictures[index % count] ?? [],
		ticks: (index) => (index - (index % count) + (places[index % count] ?? 0)) * RTP_TICKS,
	};
}

/** What is said of the track; payloads and times are the clip's. */
const TRACKS: Readonly<Record<QuirkClip, TrackScript>> = {
	h265: h265(),
	mjpeg: jpeg({ payloads: () => [] }),
	// Its parameter sets come with each key frame.
	bframes: h264({ fmtp: "packetization-mode=1" }),
};

/** RTP payloads of each picture of a file, in decoding order. */
const READERS: Readonly<Record<QuirkClip, (file: string) => Promise<Uint8Array[][]>>> = {
	async h265(file) {
		const stream = await elementary(file, "hevc_mp4toannexb,hevc_metadata=aud=insert", "hevc");
		const isDelimiter = (nal: Uint8Array): boolean => (((nal[0] ?? 0) >> 1) & 0x3f) === H265_DELIMITER;
		return accessUnits(stream, isDelimiter).map((nalUnits) => packetizeH265(nalUnits, PAYLOAD_BYTES));
	},
	async bframes(file) {
		const stream = await elementary(file, "h264_mp4toannexb,h264_metadata=aud=insert", "h264");
		const isDelimiter = (nal: Uint8Array): boolean => ((nal[0] ?? 0) & 0x1f) === H264_DELIMITER;
		return accessUnits(stream, isDelimiter).map((nalUnits) => packetizeH264(nalUnits, PAYLOAD_BYTES));
	},
	async mjpeg(file) {
		const stream = await elementary(file, "null", "mjpeg");
		const starts: number[] = [];
		for (let at = stream.indexOf(JPEG_START); at >= 0; at = stream.indexOf(JPEG_START, at + 1)) starts.push(at);
		return starts.map((start, index) => {
			const payloads = packetizeJpeg(stream.subarray(start, starts[index + 1]), PAYLOAD_BYTES);
			if (!payloads) throw new Error(`picture ${index} of ${file} has no form in RFC 2435`);
			return payloads;
		});
	},
};

async function elementary(file: string, filter: string, format: string): Promise<Buffer> {
	const args = ["-nostdin", "-v", "error", "-i", file, "-c", "copy", "-bsf:v", filter, "-f", format, "-"];
	return (await execute("ffmpeg", args, { encoding: "buffer", maxBuffer: 16 << 20 })).stdout;
}

/** For each picture in decoding order its place in the order in which they are shown. */
async function presentationOrder(file: string): Promise<number[]> {
	const args = ["-v", "error", "-select_streams", "v", "-show_entries", "packet=pts_time", "-of", "csv=p=0", file];
	const { stdout } = await execute("ffprobe", args);
	const times = stdout.trim().split("\n").map(Number);
	const first = Math.min(...times);
	return times.map((time) => Math.round((time - first) * CODED_CLIPS_PICTURES_A_SECOND));
}

/** The NAL units of each picture, without the delimiter that begins it. */
function accessUnits(stream: Uint8Array, isDelimiter: (nal: Uint8Array) => boolean): Uint8Array[][] {
	const units: Uint8Array[][] = [];
	for (const nal of splitAnnexB(stream)) {
		if (isDelimiter(nal)) units.push([]);
		else units.at(-1)?.push(nal);
	}
	return units;
}
