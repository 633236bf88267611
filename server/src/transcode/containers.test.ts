import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type FlvConfig, type FlvFrame, FlvReader, parameterSetsOf, splitLengthPrefixed } from "./flv-reader.ts";
import { OggOpusReader, type OpusPacket } from "./ogg-opus-reader.ts";
import { hasFfmpeg } from "./testing/clips.ts";

const skip = !hasFfmpeg();

function make(...args: string[]): Uint8Array {
	const common = ["-hide_banner", "-loglevel", "error", "-f", "lavfi"];
	const { stdout, status } = spawnSync("ffmpeg", [...common, ...args, "pipe:1"]);
	if (status !== 0) throw new Error("ffmpeg failed");
	return stdout;
}

/** The same bytes in pieces that end at these places. */
function pieces(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
	const places = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
	return places.map((place, index) => bytes.slice(places[index - 1] ?? 0, place));
}

const cutsOf = fc.array(fc.nat(), { maxLength: 20 });

test.skipIf(skip)("FLV: pictures with their times, from pieces of any length", () => {
	const video = ["-i", "testsrc=s=64x48:r=10", "-frames:v", "5", "-c:v", "libx264", "-bf", "0", "-g", "2"];
	const file = make(...video, "-pix_fmt", "yuv420p", "-f", "flv");
	const whole = new FlvReader().push(file);
	const frames = whole.filter((item): item is FlvFrame => "data" in item);
	expect(frames.map(({ timeMs, randomAccess }) => [timeMs, randomAccess])).toEqual([
		[0, true],
		[100, false],
		[200, true],
		[300, false],
		[400, true],
	]);
	const config = whole.find((item): item is FlvConfig => "config" in item);
	expect(parameterSetsOf(config?.config ?? new Uint8Array()).map((nal) => (nal[0] ?? 0) & 0x1f)).toEqual([7, 8]);
	expect(splitLengthPrefixed(frames[1]?.data ?? new Uint8Array()).map((nal) => (nal[0] ?? 0) & 0x1f)).toEqual([1]);
	fc.assert(
		fc.property(cutsOf, (cuts) => {
			const reader = new FlvReader();
			expect(pieces(file, cuts).flatMap((piece) => reader.push(piece))).toEqual(whole);
		}),
		{ numRuns: 30 },
	);
});

test("FLV: times rise on when their 31 bits are full, after 25 days", () => {
	const reader = new FlvReader();
	const tag = (timeMs: number): Uint8Array => {
		const body = Uint8Array.of(0xaf, 1, 0);
		const time = [(timeMs >> 16) & 0xff, (timeMs >> 8) & 0xff, timeMs & 0xff, (timeMs >> 24) & 0x7f];
		return Uint8Array.of(8, 0, 0, body.length, ...time, 0, 0, 0, ...body, 0, 0, 0, 14);
	};
	reader.push(new Uint8Array(13));
	const last = 2 ** 31 - 10;
	const items = [last - 20, last, 11, 31].flatMap((timeMs) => reader.push(tag(timeMs)));
	expect(items.map((item) => "data" in item && item.timeMs)).toEqual([last - 20, last, 2 ** 31 + 11, 2 ** 31 + 31]);
});

test.skipIf(skip)("FLV: AAC with its configuration", () => {
	const items = new FlvReader().push(make("-i", "sine=d=0.2:r=48000", "-c:a", "aac", "-f", "flv"));
	const config = items.find((item): item is FlvConfig => "config" in item);
	expect([...(config?.config ?? [])].slice(0, 2)).toEqual([0x11, 0x88]);
	const frames = items.filter((item): item is FlvFrame => "data" in item && item.data.length > 0);
	expect(frames.length).toBeGreaterThan(8);
	expect(new Set(frames.map(({ kind }) => kind))).toEqual(new Set(["audio"]));
});

test.skipIf(skip)("Ogg: Opus packets with their times, from pieces of any length", () => {
	const sound = ["-i", "sine=d=0.5:r=48000", "-c:a", "libopus", "-application", "lowdelay", "-frame_duration", "20"];
	for (const paging of [
		["-page_duration", "20000"],
		["-page_duration", "200000"],
	]) {
		const file = make(...sound, ...paging, "-f", "ogg");
		const whole = new OggOpusReader().push(file);
		expect(whole.length).toBeGreaterThan(20);
		// The end of the file is cut to the sample, which a live stream never is.
		whole.slice(0, 20).forEach(({ startSamples, samples }, index) => {
			// The encoder's delay of 2.5 ms lies in front of the first sample.
			expect([startSamples, samples]).toEqual([index * 960 - 120, 960]);
		});
		fc.assert(
			fc.property(cutsOf, (cuts) => {
				const reader = new OggOpusReader();
				const found: OpusPacket[] = pieces(file, cuts).flatMap((piece) => reader.push(piece));
				expect(found).toEqual(whole);
			}),
			{ numRuns: 30 },
		);
	}
});

test("nothing that a child may write makes the readers throw", () => {
	fc.assert(
		fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }), (parts) => {
			const flv = new FlvReader();
			const ogg = new OggOpusReader();
			for (const part of parts) {
				for (const item of flv.push(part.slice())) {
					if ("config" in item) parameterSetsOf(item.config);
					else splitLengthPrefixed(item.data);
				}
				ogg.push(part.slice());
				parameterSetsOf(part);
				splitLengthPrefixed(part);
			}
		}),
	);
});
