/** What is written here, read by programs that we did not write: FFmpeg and mp4box. */
import { createFile, MP4BoxBuffer, type Sample } from "mp4box";
import { describe, expect, it } from "vitest";
import { AudioTrackWriter } from "./audio-track-writer.ts";
import type { Written } from "./contract.ts";
import { encodeAudio, encodeVideo, NO_FFMPEG, probe, readFragments, videoSamples } from "./testing/encoded.ts";
import { VideoTrackWriter } from "./video-track-writer.ts";

/** More than 32 bits: a day of ticks. */
const START = 9_000_000_000;
const PICTURES = 50;

const X264 = ["libx264", "-preset", "veryfast", "-g", "20"];
const X265 = ["libx265", "-preset", "ultrafast", "-x265-params"];
const STREAMS: readonly [name: string, encoder: readonly string[], codecs: RegExp, profile: string][] = [
	["H.264 Baseline", [...X264, "-profile:v", "baseline"], /^avc1\.42c0/, "Constrained Baseline"],
	["H.264 High", [...X264, "-bf", "0"], /^avc1\.6400/, "High"],
	["H.264 with B-frames", [...X264, "-bf", "3"], /^avc1\.6400/, "High"],
	["H.264 with open GOPs", [...X264, "-bf", "3", "-flags", "-cgop"], /^avc1\.6400/, "High"],
	["H.265", [...X265, "bframes=0:keyint=20:log-level=none"], /^hvc1\.1\.6\.L/, "Main"],
	["H.265 with B-frames", [...X265, "bframes=3:keyint=20:log-level=none"], /^hvc1\.1\.6\.L/, "Main"],
];

function fileOf(written: readonly (Written | undefined)[]): Buffer {
	const bytes = written.flatMap((each) => (each ? [...(each.init ? [each.init.bytes] : []), each.chunk.bytes] : []));
	return Buffer.concat(bytes);
}

interface BoxedFile {
	readonly codec: string | undefined;
	readonly samples: readonly Sample[];
	readonly errors: readonly string[];
	/** Types of the boxes that mp4box does not know or could not read to their end. */
	readonly unread: readonly string[];
}

interface Box {
	readonly type: string;
	readonly has_unparsed_data?: boolean;
	readonly boxes?: readonly Box[];
}

function readByMp4box(bytes: Uint8Array): BoxedFile {
	const file = createFile();
	const samples: Sample[] = [];
	const errors: string[] = [];
	let codec: string | undefined;
	file.onError = (module, message) => errors.push(`${module}: ${message}`);
	file.onReady = (movie) => {
		codec = movie.tracks[0]?.codec;
		file.setExtractionOptions(1, undefined, { nbSamples: 1 });
		file.start();
	};
	file.onSamples = (_id, _user, some) => samples.push(...some);
	file.appendBuffer(MP4BoxBuffer.fromArrayBuffer(Uint8Array.from(bytes).buffer, 0));
	file.flush();
	const unread = (boxes: readonly Box[]): string[] =>
		boxes.flatMap((each) => [...(each.has_unparsed_data ? [each.type] : []), ...unread(each.boxes ?? [])]);
	return { codec, samples, errors, unread: unread(file.boxes) };
}

if (NO_FFMPEG) console.warn(`Not checked by FFmpeg and mp4box: ${NO_FFMPEG}.`);

describe.skipIf(NO_FFMPEG).each(STREAMS)("%s", (name, encoder, codecs, profile) => {
	it("is what ffprobe and mp4box find, picture for picture", () => {
		const original = encodeVideo(encoder, { pictures: PICTURES });
		const pictures = videoSamples(readFragments(original), START);
		const writer = new VideoTrackWriter();
		const written = pictures.map((picture) => writer.push(picture));
		expect(written[0]?.init?.codecs).toMatch(codecs);
		expect(written.filter((each) => each?.init)).toHaveLength(1);

		const found = probe(fileOf(written));
		expect(found.messages).toBe("");
		expect(found.stream).toMatchObject({ profile, width: 160, height: 120, time_base: "1/90000" });
		expect(found.decodedFrames).toBe(PICTURES);
		expect(found.packets.map(({ pts }) => pts)).toEqual(pictures.map(({ presentation }) => presentation));
		expect(found.packets.map(({ dts }) => dts)).toEqual(written.map((each) => each?.chunk.decodeTicks));
		expect(found.packets.every(({ pts, dts, duration }) => pts >= dts && duration === 3600)).toBe(true);
		expect(found.packets.map(({ isKey }) => isKey)).toEqual(pictures.map(({ randomAccess }) => randomAccess));
		expect(found.packets.some(({ pts, dts }) => pts > dts)).toBe(/B-frames|open/.test(name));

		const boxed = readByMp4box(fileOf(written));
		expect(boxed.errors).toEqual([]);
		expect(boxed.unread).toEqual([]);
		expect(boxed.codec).toBe(written[0]?.init?.codecs);
		expect(boxed.samples.map(({ cts, dts, duration, is_sync }) => [cts, dts, duration, is_sync])).toEqual(
			written.map((each) => [
				each?.chunk.presentationTicks,
				each?.chunk.decodeTicks,
				each?.chunk.durationTicks,
				each?.chunk.randomAccess,
			]),
		);
	});
});

describe.skipIf(NO_FFMPEG)("a stream whose pictures change size", () => {
	it("is decoded by FFmpeg from its second header on as from its first", () => {
		const first = videoSamples(readFragments(encodeVideo([...X264, "-bf", "0"], { pictures: 10 })), START);
		const second = videoSamples(
			readFragments(encodeVideo([...X264, "-bf", "2"], { pictures: 10, size: "320x240" })),
			START + 10 * 3600,
		);
		const writer = new VideoTrackWriter();
		const written = [...first, ...second].map((picture) => writer.push(picture));
		expect(written.flatMap((each, i) => (each?.init ? [i] : []))).toEqual([0, 10]);
		const found = probe(fileOf(written.slice(10)));
		expect(found).toMatchObject({ messages: "", decodedFrames: 10, stream: { width: 320, height: 240 } });
	});
});

describe.skipIf(NO_FFMPEG).each([
	["aac", "aac", "mp4a.40.2", 1024],
	["opus", "libopus", "opus", 960],
])("sound: %s", (codecName, encoder, codecs, samplesPerChunk) => {
	it("is what ffprobe and mp4box find, access unit for access unit", () => {
		const { tracks, samples } = readFragments(encodeAudio([encoder]));
		const track = tracks[0];
		if (track?.codec !== "aac" && track?.codec !== "opus") throw new Error("FFmpeg wrote no sound");
		const writer = new AudioTrackWriter(track);
		expect(writer.init.codecs).toBe(codecs);
		const chunks = samples.map(({ data, decodeTicks, durationTicks }, i) =>
			// A few milliseconds early and late, as sound comes from a camera.
			writer.push({ data, timestamp: START + decodeTicks + (i === 0 ? 0 : ((i * 997) % 1000) - 500), durationTicks }),
		);
		const bytes = Buffer.concat([writer.init.bytes, ...chunks.map((chunk) => chunk.bytes)]);

		const found = probe(bytes);
		expect(found.messages).toBe("");
		expect(found.stream).toMatchObject({ codec_name: codecName, sample_rate: "48000", channels: 1 });
		expect(found.decodedFrames).toBe(samples.length);
		const startSamples = (START * 48) / 90;
		const times = samples.map((_, i) => startSamples + i * samplesPerChunk);
		expect(found.packets.map(({ pts }) => pts)).toEqual(times);

		const boxed = readByMp4box(bytes);
		expect(boxed.errors).toEqual([]);
		expect(boxed.unread).toEqual([]);
		expect(boxed.codec?.toLowerCase()).toBe(codecs);
		expect(boxed.samples.map(({ dts, duration }) => [dts, duration])).toEqual(
			times.map((time) => [time, samplesPerChunk]),
		);
	});
});
