import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { VideoSample, Written } from "./contract.ts";
import { nalUnitsOf } from "./testing/fragment-reader.ts";
import { readFragments } from "./testing/encoded.ts";
import {
	H264_AUD,
	H264_FILLER,
	H264_HIGH_SETS,
	H264_SEI,
	H264_SETS,
	H264_SILENT_SETS,
	H265_SETS,
	picture,
	type PictureOptions,
	slice,
} from "./testing/pictures.ts";
import { VideoTrackWriter } from "./video-track-writer.ts";

const TICKS = 3600;
/** More than 32 bits: a day of ticks. */
const START = 8_000_000_000;

function writeAll(samples: readonly VideoSample[]): Written[] {
	const writer = new VideoTrackWriter();
	return samples.flatMap((sample) => writer.push(sample) ?? []);
}

function fileOf(written: readonly Written[]): Uint8Array {
	return Buffer.concat(written.flatMap(({ init, chunk }) => [...(init ? [init.bytes] : []), chunk.bytes]));
}

/** Pictures of equal distance with these presentation times, in pictures; the first is a random access point. */
function series(presentation: readonly number[], sets: readonly Uint8Array[]): VideoSample[] {
	return presentation.map((time, i) =>
		picture({
			timestamp: START + i * TICKS,
			presentation: START + time * TICKS,
			...(i === 0 ? { sets } : {}),
		}),
	);
}

describe("a video track", () => {
	it("begins with a header at the first random access point", () => {
		const writer = new VideoTrackWriter();
		expect(writer.push(picture({ timestamp: START }))).toBeUndefined();
		expect(writer.push(picture({ timestamp: START, sets: [] }))).toBeUndefined();
		const first = writer.push(picture({ timestamp: START, sets: H264_SETS }));
		expect(first?.init).toMatchObject({ kind: "video", codecs: "avc1.42c00b", width: 160, height: 120 });
		expect(first?.chunk).toMatchObject({ decodeTicks: START, presentationTicks: START, randomAccess: true });
		const second = writer.push(picture({ timestamp: START + TICKS }));
		expect(second?.init).toBeUndefined();
		expect(second?.chunk).toMatchObject({ decodeTicks: START + TICKS, randomAccess: false });
		// The same parameter sets are no change.
		expect(writer.push(picture({ timestamp: START + 2 * TICKS, sets: H264_SETS }))?.init).toBeUndefined();
	});

	it("gives a new header when the parameter sets change, or the codec, and decode times go on", () => {
		const written = writeAll([
			picture({ timestamp: START, sets: H264_SETS }),
			picture({ timestamp: START + TICKS, sets: H264_HIGH_SETS }),
			picture({ timestamp: START + 2 * TICKS, codec: "h265" }),
			picture({ timestamp: START + 3 * TICKS, codec: "h265", sets: H265_SETS }),
			picture({ timestamp: START + 4 * TICKS, codec: "h265" }),
			picture({ timestamp: START + 5 * TICKS }),
			picture({ timestamp: START + 6 * TICKS, sets: H264_HIGH_SETS }),
		]);
		expect(written.map(({ init }) => init?.codecs)).toEqual([
			"avc1.42c00b",
			"avc1.64000b",
			"hvc1.1.6.L30.90",
			undefined,
			"avc1.64000b",
		]);
		const times = written.map(({ chunk }) => chunk.decodeTicks);
		expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
	});

	it("has parameter sets in its header only", () => {
		const [written] = writeAll([
			{
				...picture({ timestamp: START, sets: H264_HIGH_SETS }),
				nalUnits: [H264_AUD, ...H264_HIGH_SETS, H264_SEI, slice("h264", true, [9]), H264_FILLER, new Uint8Array(0)],
			},
		]);
		const { tracks, samples } = readFragments(fileOf(written ? [written] : []));
		expect(tracks).toMatchObject([{ codec: "h264", parameterSets: H264_HIGH_SETS, width: 160, height: 120 }]);
		expect(samples.map(nalUnitsOf)).toEqual([[H264_SEI, slice("h264", true, [9])]]);
	});

	it("keeps the parameter sets that it has where a random access point comes without all of them", () => {
		const written = writeAll([
			picture({ timestamp: START, sets: H265_SETS }),
			picture({ timestamp: START, codec: "h265", sets: H265_SETS }),
			picture({ timestamp: START + TICKS, codec: "h265", sets: H265_SETS.slice(1) }),
			picture({ timestamp: START + 2 * TICKS, codec: "h265", sets: [] }),
		]);
		expect(written.map(({ init }) => init?.codecs)).toEqual(["hvc1.1.6.L30.90", undefined, undefined]);
	});

	it("does not lose a header to a picture without slices", () => {
		const written = writeAll([
			{ ...picture({ timestamp: START, sets: H264_SETS }), nalUnits: H264_SETS },
			picture({ timestamp: START + TICKS, sets: H264_SETS }),
		]);
		expect(written.map(({ init }) => init?.codecs)).toEqual(["avc1.42c00b"]);
	});
});

describe("decode times", () => {
	it("run ahead of presentation by the reorder depth of the parameter sets", () => {
		const written = writeAll(series([0, 4, 2, 1, 3, 8, 6, 5, 7], H264_HIGH_SETS));
		expect(written.map(({ chunk }) => (chunk.decodeTicks - START) / TICKS)).toEqual([-2, -1, 0, 1, 2, 3, 4, 5, 6]);
		expect(written.map(({ chunk }) => (chunk.presentationTicks - START) / TICKS)).toEqual([0, 4, 2, 1, 3, 8, 6, 5, 7]);
		expect(written.every(({ chunk }) => chunk.durationTicks === TICKS)).toBe(true);
	});

	it("never go back when a stream turns out to have B-frames, and are below presentation soon after", () => {
		const shown = [0, 1, 2, 3, 6, 4, 5, 9, 7, 8, 12, 10, 11, 15, 13, 14, 18, 16, 17];
		const written = writeAll(series(shown, H264_SILENT_SETS));
		const lateness = written.map(({ chunk }) => chunk.decodeTicks - chunk.presentationTicks);
		expect(written.map(({ chunk }) => chunk.presentationTicks)).toEqual(shown.map((time) => START + time * TICKS));
		expect(lateness.slice(0, 4)).toEqual([0, 0, 0, 0]);
		expect(Math.max(...lateness.slice(8))).toBeLessThanOrEqual(0);
	});

	it("come after a gap in steps of twice the last duration, so that no player drops what follows", () => {
		const times = [0, 1, 2, 27, 28, 29, 30, 31, 32].map((time) => time * TICKS);
		const written = writeAll(
			times.map((time, i) => picture({ timestamp: START + time, ...(i ? {} : { sets: H264_SETS }) })),
		);
		expect(written.map(({ chunk }) => chunk.presentationTicks - START)).toEqual(times);
		const decoded = written.slice(0, 4).map(({ chunk }) => chunk.decodeTicks - START);
		expect(decoded.slice(0, 3)).toEqual([0, TICKS, 2 * TICKS]);
		expect(decoded[3]).toBeLessThan(4 * TICKS);
		expect(decoded[3]).toBeGreaterThan(4 * TICKS - 5);
		expect(written[3]?.chunk.durationTicks).toBe(2 * TICKS);
	});

	it("never step further than players allow before a random access point, whatever comes within a few seconds", () => {
		const steps = fc.array(fc.oneof(fc.integer({ min: 1, max: 9000 }), fc.integer({ min: 1, max: 9 * 90_000 })), {
			maxLength: 60,
		});
		fc.assert(
			fc.property(steps, fc.constantFrom(H264_SETS, H264_HIGH_SETS), (intervals, sets) => {
				let timestamp = START;
				let total = 0;
				const pictures = intervals.flatMap((step, i) => {
					timestamp += step;
					total += step;
					// Together they must not be longer than decode times may stay behind.
					return total > 10 * 90_000 ? [] : picture({ timestamp, ...(i % 10 === 0 ? { sets } : {}) });
				});
				const chunks = writeAll(pictures).map(({ chunk }) => chunk);
				for (const [i, { decodeTicks, presentationTicks, randomAccess }] of chunks.entries()) {
					const before = chunks[i - 1];
					expect(decodeTicks).toBeLessThanOrEqual(presentationTicks);
					if (!before || randomAccess) continue;
					expect(decodeTicks - before.decodeTicks).toBeLessThanOrEqual(2 * before.durationTicks);
				}
			}),
		);
	});

	it("follow a stream that turns slow within a few pictures", () => {
		const times = Array.from({ length: 20 }, (_, i) => (i < 5 ? i * TICKS : (5 + (i - 5) * 25) * TICKS));
		const written = writeAll(
			times.map((time, i) => picture({ timestamp: START + time, ...(i ? {} : { sets: H264_SETS }) })),
		);
		expect(written.at(-1)?.chunk).toMatchObject({
			decodeTicks: START + (times.at(-1) ?? 0),
			durationTicks: 25 * TICKS,
		});
	});

	it("start anew where the clock of presentation was set back", () => {
		const written = writeAll([
			...series([10, 13, 11, 12], H264_HIGH_SETS),
			...series([5, 6, 7, 8, 9], H264_HIGH_SETS).map((sample) => ({
				...sample,
				timestamp: sample.timestamp + 4 * TICKS,
			})),
		]);
		const times = written.map(({ chunk }) => chunk.decodeTicks);
		expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
	});

	const samples = fc.array(
		fc.record({
			kind: fc.constantFrom("picture", "picture", "picture", "h264", "high", "silent", "h265"),
			step: fc.oneof(fc.integer({ min: 1, max: 9000 }), fc.integer({ min: 1, max: 10 ** 9 })),
			offset: fc.oneof(
				fc.constant(0),
				fc.integer({ min: -20_000, max: 20_000 }),
				fc.double({ min: -1, max: 1, noNaN: true }),
			),
			body: fc.array(fc.nat(255), { maxLength: 8 }),
		}),
		{ maxLength: 40 },
	);
	const SETS = { h264: H264_SETS, high: H264_HIGH_SETS, silent: H264_SILENT_SETS, h265: H265_SETS };

	it("rise strictly for any pictures, and a reader finds the same samples", () => {
		fc.assert(
			fc.property(samples, fc.nat(2 ** 52), (kinds, start) => {
				let timestamp = start;
				let codec: VideoSample["codec"] = "h264";
				const pictures = kinds.map(({ kind, step, offset, body }) => {
					timestamp += step;
					if (kind !== "picture") codec = kind === "h265" ? "h265" : "h264";
					const options: PictureOptions = { codec, timestamp, presentation: Math.max(0, timestamp + offset), body };
					return picture(kind === "picture" ? options : { ...options, sets: SETS[kind] });
				});
				const written = writeAll(pictures);
				let last = -1;
				let durationTicks = 0;
				for (const { chunk } of written) {
					expect(chunk.decodeTicks).toBeGreaterThan(last);
					expect(chunk.durationTicks).toBeGreaterThan(0);
					last = chunk.decodeTicks;
					durationTicks = Math.max(durationTicks, chunk.durationTicks);
				}
				const first = pictures.findIndex(({ randomAccess }) => randomAccess);
				const expected = first < 0 ? [] : pictures.slice(first);
				const { samples: read, error } = readFragments(fileOf(written), 97);
				expect(error).toBeUndefined();
				expect(read.map(nalUnitsOf)).toEqual(expected.map(({ nalUnits }) => nalUnits.slice(-1)));
				expect(read.map(({ track: _, data: __, ...times }) => times)).toEqual(
					written.map(({ chunk: { bytes: _, ...times } }) => times),
				);
				for (const [i, { presentationTicks }] of read.entries()) {
					expect(presentationTicks).toBe(Math.round(expected[i]?.presentation ?? -1));
				}
			}),
			{ numRuns: 300 },
		);
	});
});
