import { expect, test } from "vitest";
import { MAX_GOP_BYTES } from "./gop-cache.ts";
import { type H264AccessUnit, MAX_RTP_PAYLOAD_BYTES, type StreamUnit } from "./reader.ts";
import { RECOVERY_POINTS_AFTER_MS, Stream } from "./stream.ts";

const SPS = Uint8Array.of(0x67, 0x42, 0xc0, 0x1e, 0xd9);
const PPS = Uint8Array.of(0x68, 0xce, 0x3c, 0x80);
const IDR = Uint8Array.of(0x65, 0x88, 0x84);
const SLICE = Uint8Array.of(0x41, 0x9a, 0x02);
/** slice_type 6, 7 and 1: first_mb_in_slice is 0. */
const B_SLICE = Uint8Array.of(0x01, 0x9e, 0x02);
const I_SLICE = Uint8Array.of(0x41, 0x88, 0x84);
const B_SLICE_OF_MIXED_PICTURE = Uint8Array.of(0x01, 0xa8, 0x02);
/** Recovery point after another message. */
const RECOVERY_POINT_SEI = Uint8Array.of(0x06, 0x05, 0x01, 0x02, 0x06, 0x01, 0xc4, 0x80);

function unit(index: number, ...nalUnits: Uint8Array[]): H264AccessUnit {
	return {
		codec: "h264",
		nalUnits,
		rtpTimestamp: index * 6000,
		randomAccess: nalUnits.some((nal) => ((nal[0] ?? 0) & 0x1f) === 5),
		sizeBytes: nalUnits.reduce((sum, nal) => sum + nal.length, 0),
	};
}

function open(): { stream: Stream; counts: number[]; errors: unknown[] } {
	const counts: number[] = [];
	const errors: unknown[] = [];
	const stream = new Stream({
		readersChanged: (count) => counts.push(count),
		readerFailed: (error) => errors.push(error),
	});
	return { stream, counts, errors };
}

test("S46: every IDR picture gets the latest parameter sets in front, wherever they came from (quirks 107, 108)", () => {
	const { stream } = open();
	const seen: StreamUnit[] = [];
	stream.attach({ push: (pushed) => seen.push(pushed) });
	stream.setParameterSets([SPS, PPS]);
	stream.push(unit(0, IDR), 0, 0);
	const newPps = Uint8Array.of(0x68, 0xff);
	stream.push(unit(1, SPS, newPps, IDR), 66, 66);
	stream.push(unit(2, IDR), 133, 133);
	expect(seen.map((pushed) => pushed.nalUnits)).toEqual([
		[SPS, PPS, IDR],
		[SPS, newPps, IDR],
		[SPS, newPps, IDR],
	]);
});

test("pictures that nothing can decode are counted and kept from readers", () => {
	const { stream } = open();
	const seen: StreamUnit[] = [];
	stream.attach({ push: (pushed) => seen.push(pushed) });
	expect(stream.push(unit(0, SLICE), 0, 0)).toBe(false);
	expect(stream.push(unit(1, IDR), 66, 66)).toBe(false);
	expect(stream.push(unit(2, SPS, PPS, IDR), 133, 133)).toBe(true);
	expect(stream.push(unit(3, SLICE), 200, 200)).toBe(true);
	expect(seen).toHaveLength(2);
	expect(stream.counters).toEqual({ accessUnits: 4, undecodable: 2, failedReaders: 0 });
	expect(stream.facts(200).lastVideoAtMs).toBe(200);
});

test("a newcomer gets the pictures since the last random access point", () => {
	const { stream } = open();
	for (let index = 0; index < 7; index++) {
		stream.push(index % 5 === 0 ? unit(index, SPS, PPS, IDR) : unit(index, SLICE), index * 66, index * 66);
	}
	const { gop } = stream.attach({ push() {} });
	expect(gop.map((cached) => cached.rtpTimestamp)).toEqual([5 * 6000, 6 * 6000]);
	expect(gop[0]?.randomAccess).toBe(true);
});

test("a GOP over the cap is given up, and the next one is cached again", () => {
	const { stream } = open();
	stream.push(unit(0, SPS, PPS, IDR), 0, 0);
	const large = new Uint8Array(MAX_GOP_BYTES / 4).fill(0x41);
	for (let index = 1; index < 6; index++) stream.push(unit(index, large), index * 66, index * 66);
	expect(stream.currentGop()).toHaveLength(0);
	expect(stream.gopCache.overflows).toBe(1);
	stream.push(unit(6, SPS, PPS, IDR), 400, 400);
	expect(stream.currentGop()).toHaveLength(1);
});

test("a reader that throws is detached and harms nobody", () => {
	const { stream, counts, errors } = open();
	const seen: StreamUnit[] = [];
	stream.attach({
		push() {
			throw new Error("broken reader");
		},
	});
	stream.attach({ push: (pushed) => seen.push(pushed) });
	stream.push(unit(0, SPS, PPS, IDR), 0, 0);
	stream.push(unit(1, SLICE), 66, 66);
	expect(seen).toHaveLength(2);
	expect(errors).toHaveLength(1);
	expect(counts).toEqual([1, 2, 1]);
});

test("a new session's pictures wait for its own first random access point", () => {
	const { stream } = open();
	const seen: StreamUnit[] = [];
	stream.attach({ push: (pushed) => seen.push(pushed) });
	stream.push(unit(0, SPS, PPS, IDR), 0, 0);
	stream.restart();
	expect(stream.currentGop()).toHaveLength(0);
	stream.push(unit(50, SLICE), 5000, 5000);
	stream.push(unit(51, IDR), 5066, 5066);
	expect(seen.map((pushed) => pushed.randomAccess)).toEqual([true, true]);
	expect((seen[1] as StreamUnit).timestamp - (seen[0] as StreamUnit).timestamp).toBe(5066 * 90);
});

test("payloads are cut once, shared by all readers, and small enough for the path", () => {
	const { stream } = open();
	const seen: StreamUnit[] = [];
	stream.attach({ push: (pushed) => seen.push(pushed) });
	const picture = new Uint8Array(5000).fill(0x33);
	picture[0] = 0x65;
	stream.push(unit(0, SPS, PPS, picture), 0, 0);
	const payloads = seen[0]?.payloads ?? [];
	expect(payloads.length).toBeGreaterThan(4);
	expect(Math.max(...payloads.map((payload) => payload.length))).toBeLessThanOrEqual(MAX_RTP_PAYLOAD_BYTES);
	expect(seen[0]?.payloads).toBe(payloads);
});

test("S46: parameter sets that come in band once, before any IDR picture, serve all that follow (quirk 107)", () => {
	const { stream } = open();
	const seen: StreamUnit[] = [];
	stream.attach({ push: (pushed) => seen.push(pushed) });
	stream.push(unit(0, SPS, PPS, SLICE), 0, 0);
	stream.push(unit(1, IDR), 66, 66);
	stream.push(unit(2, IDR), 133, 133);
	expect(seen.map((pushed) => pushed.nalUnits)).toEqual([
		[SPS, PPS, IDR],
		[SPS, PPS, IDR],
	]);
});

test("S46: parameter sets that change with the same picture size are followed from their IDR picture on (quirk 108)", () => {
	const { stream } = open();
	const seen: StreamUnit[] = [];
	stream.attach({ push: (pushed) => seen.push(pushed) });
	stream.setParameterSets([SPS, PPS]);
	stream.push(unit(0, IDR), 0, 0);
	const newSps = Uint8Array.of(0x67, 0x4d, 0xc0, 0x1e, 0xd9);
	stream.push(unit(1, newSps, IDR), 66, 66);
	stream.push(unit(2, SLICE), 133, 133);
	stream.push(unit(3, IDR), 200, 200);
	expect(seen.map((pushed) => pushed.nalUnits)).toEqual([
		[SPS, PPS, IDR],
		[newSps, PPS, IDR],
		[SLICE],
		[newSps, PPS, IDR],
	]);
});

test("S51: a B slice is noticed, in this session only (quirk 114)", () => {
	const { stream } = open();
	stream.push(unit(0, SPS, PPS, IDR), 0, 0);
	stream.push(unit(1, SLICE), 66, 66);
	expect(stream.hasBFrames).toBe(false);
	stream.push(unit(2, B_SLICE), 133, 133);
	stream.push(unit(3, SLICE), 200, 200);
	expect(stream.hasBFrames).toBe(true);
	stream.restart();
	stream.push(unit(4, SPS, PPS, IDR), 266, 266);
	expect(stream.hasBFrames).toBe(false);
});

test("S52: recovery points with I slices only start decoding when no IDR picture came for 10 s (quirk 116)", () => {
	const { stream } = open();
	const seen: StreamUnit[] = [];
	stream.attach({ push: (pushed) => seen.push(pushed) });
	stream.setParameterSets([SPS, PPS]);
	const recovery = (index: number): H264AccessUnit => unit(index, RECOVERY_POINT_SEI, I_SLICE);
	stream.push(recovery(0), 1000, 1000);
	const dueMs = 1000 + RECOVERY_POINTS_AFTER_MS;
	stream.push(recovery(1), dueMs - 1, dueMs - 1);
	stream.push(unit(2, I_SLICE), dueMs, dueMs);
	stream.push(unit(3, RECOVERY_POINT_SEI, I_SLICE, B_SLICE_OF_MIXED_PICTURE), dueMs + 1, dueMs + 1);
	expect(seen).toHaveLength(0);
	expect(stream.push(recovery(4), dueMs + 2, dueMs + 2)).toBe(true);
	expect(stream.push(unit(5, SLICE), dueMs + 40, dueMs + 40)).toBe(true);
	expect(stream.push(recovery(6), dueMs + 80, dueMs + 80)).toBe(true);
	expect(seen.map(({ randomAccess }) => randomAccess)).toEqual([true, false, true]);
	expect(seen[0]?.nalUnits).toEqual([SPS, PPS, RECOVERY_POINT_SEI, I_SLICE]);
	expect(stream.currentGop()).toHaveLength(1);
	stream.push(unit(7, IDR), dueMs + 120, dueMs + 120);
	stream.push(recovery(8), dueMs + 160, dueMs + 160);
	expect(seen.at(-1)?.randomAccess).toBe(false);
});

test("a picture's time is its place on the session's time line, not its arrival", () => {
	const { stream } = open();
	const seen: StreamUnit[] = [];
	stream.attach({ push: (pushed) => seen.push(pushed) });
	stream.push(unit(0, SPS, PPS, IDR), 1000, 990);
	stream.push(unit(1, SLICE), 1075, 1030);
	expect(seen.map(({ timestamp, arrivalMs }) => [timestamp, arrivalMs])).toEqual([
		[990 * 90, 1000],
		[1030 * 90, 1075],
	]);
});
