import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ascii, box, concatBytes, fullBox, u16, u32, u8 } from "../boxes.ts";
import { FragmentReader, nalUnitsOf } from "./fragment-reader.ts";
import { writeHeader } from "../header.ts";
import { writeOpus } from "../sample-entry.ts";
import { encodeAudio, encodeVideo, NO_FFMPEG, probe, readFragments, videoSamples } from "../testing/encoded.ts";
import { H264_SETS, picture } from "../testing/pictures.ts";
import { VideoTrackWriter } from "../video-track-writer.ts";

const HEADER = writeHeader({
	kind: "audio",
	timescale: 1000,
	width: 0,
	height: 0,
	sampleEntry: writeOpus(2),
});

const TRUN = { dataOffset: 1, firstFlags: 4, duration: 0x100, size: 0x200, flags: 0x400, offset: 0x800 };
const NON_SYNC = 0x1_0000;

/** A fragment whose `trun` boxes are given, and its data. The data offset of the first one is filled in. */
function fragment(
	tfhd: Uint8Array,
	runs: readonly ((dataOffset: number) => Uint8Array)[],
	data: Uint8Array,
): Uint8Array {
	const write = (offset: number) =>
		box("moof", fullBox("mfhd", 0, 0, u32(1)), box("traf", tfhd, ...runs.map((run) => run(offset))));
	return concatBytes(write(write(0).length + 8), box("mdat", data));
}

function file(): Uint8Array {
	const writer = new VideoTrackWriter();
	const pieces = [0, 1, 2, 3].flatMap((i) => {
		const written = writer.push(
			picture({ timestamp: i * 3600, body: [i, 2, 3, 4, 5], ...(i === 0 ? { sets: H264_SETS } : {}) }),
		);
		return written ? [...(written.init ? [written.init.bytes] : []), written.chunk.bytes] : [];
	});
	return concatBytes(...pieces);
}

describe("a fragmented file", () => {
	it("is read the same in pieces of any size", () => {
		const whole = readFragments(file(), 1e6);
		expect(whole.samples).toHaveLength(4);
		fc.assert(
			fc.property(fc.integer({ min: 1, max: 400 }), (pieceBytes) => {
				expect(readFragments(file(), pieceBytes)).toEqual(whole);
			}),
		);
	});

	it("may have several samples in a run, and several runs", () => {
		const tfhd = fullBox("tfhd", 0, 0x02_0028, u32(1, 20, NON_SYNC));
		const bytes = fragment(
			tfhd,
			[
				(offset) => fullBox("trun", 0, TRUN.dataOffset | TRUN.firstFlags | TRUN.size, u32(3, offset, 0), u32(1, 2, 3)),
				() => fullBox("trun", 1, TRUN.size | TRUN.offset | TRUN.duration, u32(2, 5, 4, -10 >>> 0, 6, 5, 10)),
			],
			Uint8Array.from({ length: 15 }, (_, i) => i),
		);
		const { samples, error } = readFragments(concatBytes(HEADER, bytes, bytes), 7);
		expect(error).toBeUndefined();
		expect(samples.slice(0, 5).map(({ data }) => [...data])).toEqual([
			[0],
			[1, 2],
			[3, 4, 5],
			[6, 7, 8, 9],
			[10, 11, 12, 13, 14],
		]);
		const times = samples.map(({ decodeTicks, presentationTicks, durationTicks }) => [
			decodeTicks / 90,
			presentationTicks / 90,
			durationTicks / 90,
		]);
		expect(times.slice(0, 5)).toEqual([
			[0, 0, 20],
			[20, 20, 20],
			[40, 40, 20],
			[60, 50, 5],
			[65, 75, 6],
		]);
		// Without a tfdt box time runs on.
		expect(times[5]).toEqual([71, 71, 20]);
		expect(samples.slice(0, 3).map(({ randomAccess }) => randomAccess)).toEqual([true, false, false]);
	});

	it("may have unsigned composition offsets and decode times of 32 bits", () => {
		const run = (offset: number) => fullBox("trun", 0, 0xb01, u32(1, offset, 20, 3, 0xffff_ff00));
		const tfhd = concatBytes(fullBox("tfhd", 0, 0x02_0000, u32(1)), fullBox("tfdt", 0, 0, u32(0xffff_ffff)));
		const { samples } = readFragments(concatBytes(HEADER, fragment(tfhd, [run], u8(1, 2, 3))));
		expect(samples).toMatchObject([
			{ decodeTicks: 0xffff_ffff * 90, presentationTicks: (0xffff_ffff + 0xffff_ff00) * 90 },
		]);
	});

	it("may have boxes that mean nothing here, of any size", () => {
		const large = concatBytes(u32(1), ascii("free"), u32(0, 16 + 5), new Uint8Array(5));
		const bytes = concatBytes(large, box("styp"), file(), box("mdat", new Uint8Array(9)), large, file());
		const { samples, error } = readFragments(bytes, 13);
		expect(error).toBeUndefined();
		expect(samples).toHaveLength(8);
	});

	it("has tracks of other codecs left out", () => {
		const header = writeHeader({ kind: "video", timescale: 1, width: 1, height: 1, sampleEntry: box("xxxx") });
		const run = (offset: number) => fullBox("trun", 0, 0x201, u32(1, offset, 3));
		const bytes = concatBytes(header, fragment(fullBox("tfhd", 0, 0x02_0000, u32(1)), [run], u8(1, 2, 3)));
		expect(readFragments(bytes)).toEqual({ tracks: [], samples: [], error: undefined });
	});
});

describe("a file that cannot be read", () => {
	const tfhd = fullBox("tfhd", 0, 0x02_0000, u32(1));
	const run = (sizeBytes: number) => (offset: number) => fullBox("trun", 0, 0x201, u32(1, offset, sizeBytes));
	const CASES: readonly [string, string, Uint8Array][] = [
		["a box shorter than its header", "broken-box", u32(7, 0x66726565)],
		["a box to the end of the file", "broken-box", u32(0, 0x6d646174)],
		["a large moov box", "too-large", u32(2 ** 31, 0x6d6f6f76)],
		["a large mdat box", "too-large", concatBytes(HEADER, u32(1, 0x6d646174, 1, 0))],
		["a fragment before the moov box", "no-tracks", fragment(tfhd, [run(1)], u8(1))],
		["a sample behind the mdat box", "sample-outside", concatBytes(HEADER, fragment(tfhd, [run(2)], u8(1)))],
		["a sample in front of it", "sample-outside", concatBytes(HEADER, fragment(tfhd, [() => run(1)(8)], u8(1)))],
		[
			"no end of samples",
			"too-large",
			concatBytes(HEADER, fragment(tfhd, [() => fullBox("trun", 0, 0, u32(2 ** 32 - 1))], u8(1))),
		],
		[
			"a run that breaks off",
			"broken-box",
			concatBytes(HEADER, fragment(tfhd, [() => fullBox("trun", 0, 0x201, u32(2, 0, 1))], u8(1))),
		],
		[
			"a time beyond all numbers",
			"bad-time",
			concatBytes(HEADER, fragment(concatBytes(tfhd, fullBox("tfdt", 1, 0, u32(2 ** 31, 0))), [run(1)], u8(1))),
		],
		["a track without a sample entry", "broken-box", box("moov", box("trak"))],
		[
			"a timescale of 0",
			"bad-time",
			writeHeader({ kind: "audio", timescale: 0, width: 0, height: 0, sampleEntry: writeOpus(2) }),
		],
		[
			"an avc1 without its configuration",
			"broken-box",
			writeHeader({ kind: "video", timescale: 1, width: 1, height: 1, sampleEntry: box("avc1", new Uint8Array(78)) }),
		],
	];

	it.each(CASES)("says so: %s", (_, error, bytes) => {
		const reader = new FragmentReader(() => {});
		expect(reader.push(bytes)).toBe(false);
		expect(reader.error).toBe(error);
		expect(reader.push(file())).toBe(false);
	});

	it("throws for no bytes whatsoever", () => {
		fc.assert(
			fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 }), (pieces) => {
				const reader = new FragmentReader(nalUnitsOf);
				for (const piece of pieces) reader.push(piece);
			}),
		);
	});

	it("throws for no damage to a file, and gives no sample longer than it", () => {
		const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 12 });
		const tfhdSized = fullBox("tfhd", 0, 0x02_0038, u32(1, 20, 3, NON_SYNC));
		const files = [
			file(),
			concatBytes(
				HEADER,
				fragment(tfhdSized, [(offset) => fullBox("trun", 1, 0xf01, u32(1, offset, 20, 3, 0, 5))], u8(1, 2, 3)),
			),
		];
		fc.assert(
			fc.property(
				fc.constantFrom(...files),
				edits,
				fc.integer({ min: 1, max: 500 }),
				(original, changes, pieceBytes) => {
					const bytes = original.slice();
					for (const [at, value] of changes) bytes[at % bytes.length] = value;
					for (const sample of readFragments(bytes, pieceBytes).samples) {
						expect(sample.data.length).toBeLessThanOrEqual(bytes.length);
						nalUnitsOf(sample);
					}
				},
			),
			{ numRuns: 1000 },
		);
	});

	it("gives the NAL units that are whole", () => {
		const [sample] = readFragments(file()).samples;
		if (!sample) throw new Error("no sample");
		const data = concatBytes(u32(2), u16(0x4142), u32(0), u32(9), u8(1));
		expect(nalUnitsOf({ ...sample, data })).toEqual([u16(0x4142)]);
	});
});

if (NO_FFMPEG) console.warn(`Not tested with FFmpeg's files: ${NO_FFMPEG}.`);

describe.skipIf(NO_FFMPEG)("a file from FFmpeg", () => {
	it.each([
		["H.264", ["libx264", "-preset", "ultrafast", "-tune", "zerolatency"]],
		["H.264 with B-frames", ["libx264", "-preset", "veryfast", "-bf", "2"]],
		["H.265", ["libx265", "-preset", "ultrafast", "-x265-params", "log-level=none"]],
		["MPEG-4, which is left out", ["mpeg4"]],
	])("has the samples that ffprobe finds: %s", (name, encoder) => {
		const bytes = encodeVideo(encoder, { pictures: 30, framesPerSecond: 15 });
		const read = readFragments(bytes);
		expect(read.error).toBeUndefined();
		if (name.startsWith("MPEG-4")) {
			expect(read).toMatchObject({ tracks: [], samples: [] });
			return;
		}
		const ticks = 90_000 / (read.tracks[0]?.timescale ?? 0);
		expect(read.tracks).toMatchObject([{ width: 160, height: 120 }]);
		expect(read.samples.map((sample) => [sample.decodeTicks, sample.presentationTicks, sample.data.length])).toEqual(
			probe(bytes).packets.map(({ pts, dts, sizeBytes }) => [
				Math.round(dts * ticks),
				Math.round(pts * ticks),
				sizeBytes,
			]),
		);
		const keys = probe(bytes).packets.map(({ isKey }) => isKey);
		expect(read.samples.map(({ randomAccess }) => randomAccess)).toEqual(keys);
		expect(videoSamples(read).every(({ nalUnits }) => nalUnits.length > 0)).toBe(true);
	});

	it.each([
		["aac", "aac"],
		["opus", "libopus"],
	])("has the sound that ffprobe finds: %s", (codec, encoder) => {
		const bytes = encodeAudio([encoder]);
		const { tracks, samples, error } = readFragments(bytes);
		expect(error).toBeUndefined();
		expect(tracks).toMatchObject([{ codec, timescale: 48_000 }]);
		const { packets } = probe(bytes);
		expect(samples.map(({ data }) => data.length)).toEqual(packets.map(({ sizeBytes }) => sizeBytes));
		expect(samples.every(({ randomAccess }) => randomAccess)).toBe(true);
	});
});
