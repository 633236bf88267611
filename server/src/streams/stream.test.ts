import type { AccessUnit, AudioFrame, CodedPicture, RtpFormat } from "@vigia/rtp";
import { expect, test } from "vitest";
import { H265_PPS, H265_SPS, VPS } from "../../../packages/rtp/src/testing/h265-packets.ts";
import { TINY_JPEG } from "../../../packages/rtp/src/testing/jpeg-files.ts";
import { MAX_GOP_BYTES } from "./gop-cache.ts";
import { type AudioUnit, MAX_RTP_PAYLOAD_BYTES, type StreamUnit } from "./reader.ts";
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

const H265_SETS = [VPS, H265_SPS, H265_PPS];
/** H.265 slices that start their pictures. */
const IDR_N_LP = Uint8Array.of(0x28, 1, 0xa8, 1);
const CRA = Uint8Array.of(0x2a, 1, 0xa8, 2);
const TRAIL = Uint8Array.of(0x02, 1, 0xa8, 3);

function h265(rtpTimestamp: number, ...nalUnits: Uint8Array[]): AccessUnit {
	return { ...unit(0, ...nalUnits), codec: "h265", rtpTimestamp, randomAccess: nalUnits.some(isIrap) };
}

const isIrap = (nal: Uint8Array): boolean => nal === IDR_N_LP || nal === CRA;

function jpeg(index: number): CodedPicture {
	const rtpTimestamp = index * 3600;
	return { codec: "jpeg", data: TINY_JPEG, rtpTimestamp, randomAccess: true, sizeBytes: TINY_JPEG.length };
}

function unit(index: number, ...nalUnits: Uint8Array[]): AccessUnit {
	return {
		codec: "h264",
		nalUnits,
		rtpTimestamp: index * 6000,
		randomAccess: nalUnits.some((nal) => ((nal[0] ?? 0) & 0x1f) === 5),
		sizeBytes: nalUnits.reduce((sum, nal) => sum + nal.length, 0),
	};
}

const nalUnitsOf = (unit: StreamUnit): readonly Uint8Array[] => ("nalUnits" in unit ? unit.nalUnits : []);

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
	stream.setParameterSets("h264", [SPS, PPS]);
	stream.push(unit(0, IDR), 0, 0);
	const newPps = Uint8Array.of(0x68, 0xff);
	stream.push(unit(1, SPS, newPps, IDR), 66, 66);
	stream.push(unit(2, IDR), 133, 133);
	expect(seen.map(nalUnitsOf)).toEqual([
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
	expect(seen.map(nalUnitsOf)).toEqual([
		[SPS, PPS, IDR],
		[SPS, PPS, IDR],
	]);
});

test("S46: parameter sets that change with the same picture size are followed from their IDR picture on (quirk 108)", () => {
	const { stream } = open();
	const seen: StreamUnit[] = [];
	stream.attach({ push: (pushed) => seen.push(pushed) });
	stream.setParameterSets("h264", [SPS, PPS]);
	stream.push(unit(0, IDR), 0, 0);
	const newSps = Uint8Array.of(0x67, 0x4d, 0xc0, 0x1e, 0xd9);
	stream.push(unit(1, newSps, IDR), 66, 66);
	stream.push(unit(2, SLICE), 133, 133);
	stream.push(unit(3, IDR), 200, 200);
	expect(seen.map(nalUnitsOf)).toEqual([[SPS, PPS, IDR], [newSps, PPS, IDR], [SLICE], [newSps, PPS, IDR]]);
});

test("S51: a B slice is noticed at once, and the session that follows is believed to have some too (quirk 114)", () => {
	const { stream } = open();
	let index = 0;
	const push = (...nalUnits: Uint8Array[]) => {
		stream.push(unit(index, ...nalUnits), index * 66, index * 66);
		index++;
	};
	push(SPS, PPS, IDR);
	push(SLICE);
	expect(stream.format?.hasBFrames).toBe(false);
	push(B_SLICE);
	push(SLICE);
	expect(stream.format?.hasBFrames).toBe(true);
	push(IDR);
	push(SLICE);
	expect(stream.format?.hasBFrames).toBe(true);
	stream.restart();
	push(IDR);
	push(SLICE);
	expect(stream.format?.hasBFrames).toBe(true);
	// A whole GOP without any: the camera's settings were changed.
	push(IDR);
	expect(stream.format?.hasBFrames).toBe(false);
});

test("S51: pictures with B-frames are shown by their timestamps and handed on in decoding order (quirk 114)", () => {
	const { stream } = open();
	const seen: StreamUnit[] = [];
	stream.attach({ push: (pushed) => seen.push(pushed) });
	// In decoding order: I0 P3 B1 B2, twice; the timestamps wrap in between.
	const shown = [0, 3, 1, 2, 4, 7, 5, 6];
	for (const [at, place] of shown.entries()) {
		const nalUnits = at % 4 === 0 ? [SPS, PPS, IDR] : [at % 4 === 1 ? SLICE : B_SLICE];
		const picture = { ...unit(0, ...nalUnits), rtpTimestamp: (0xffff_f000 + place * 3600) >>> 0 };
		// The time line of a session stands still while timestamps fall.
		stream.push(picture, 1000 + at * 40, 1000 + Math.max(...shown.slice(0, at + 1)) * 40);
	}
	const startTicks = 1000 * 90;
	expect(seen.map(({ presentation }) => presentation - startTicks)).toEqual(shown.map((place) => place * 3600));
	const times = seen.map(({ timestamp }) => timestamp);
	expect(times).toEqual([...new Set(times)].toSorted((a, b) => a - b));
});

test("S51: parameter sets that announce B-frames give the first P picture its time, and prove nothing (quirk 114)", () => {
	const { stream } = open();
	const seen: StreamUnit[] = [];
	stream.attach({ push: (pushed) => seen.push(pushed) });
	// By libx264: max_num_reorder_frames is 2.
	const announcing = Buffer.from("6764001facd9405005bb011000000300100000030320f1831960", "hex");
	const shown = [0, 3, 1, 2];
	for (const [at, place] of shown.entries()) {
		const nalUnits = at === 0 ? [announcing, PPS, IDR] : [at === 1 ? SLICE : B_SLICE];
		// The P picture is early: the time line has it where it came.
		stream.push({ ...unit(0, ...nalUnits), rtpTimestamp: place * 3600 }, at * 40, at === 0 ? 0 : 40);
		expect(stream.format?.hasBFrames).toBe(at >= 2);
	}
	expect(seen.map(({ presentation }) => presentation)).toEqual(shown.map((place) => place * 3600));
});

test("S51: a timestamp that jumps within a GOP with B-frames is not followed (quirk 114)", () => {
	const { stream } = open();
	const seen: StreamUnit[] = [];
	stream.attach({ push: (pushed) => seen.push(pushed) });
	const ticks = [0, 3, 1, 2, 900_000, 900_001].map((place) => place * 3600);
	for (const [at, rtpTimestamp] of ticks.entries()) {
		const nalUnits = at === 0 ? [SPS, PPS, IDR] : [at === 2 ? B_SLICE : SLICE];
		stream.push({ ...unit(0, ...nalUnits), rtpTimestamp }, at * 40, at * 40);
	}
	expect(seen.slice(4).map(({ presentation }) => presentation)).toEqual([4 * 3600, 5 * 3600]);
});

test("S51: H.265 shows its B-frames by timestamps that fall, but not by a clock that is set (quirk 114)", () => {
	for (const [fall, hasBFrames] of [
		[3600, true],
		[100 * 90_000, false],
	] as const) {
		const { stream } = open();
		stream.setParameterSets("h265", H265_SETS);
		stream.push(h265(900_000, IDR_N_LP), 0, 0);
		stream.push(h265(907_200, TRAIL), 40, 80);
		stream.push(h265(907_200 - fall, TRAIL), 80, 80);
		expect(stream.format).toMatchObject({ codec: "h265", hasBFrames });
	}
});

test("S52: H.265 pictures at which decoding can start get VPS, SPS and PPS in front (quirk 116)", () => {
	const { stream } = open();
	const seen: StreamUnit[] = [];
	stream.attach({ push: (pushed) => seen.push(pushed) });
	const [vps, sps, pps] = H265_SETS as [Uint8Array, Uint8Array, Uint8Array];
	expect(stream.push(h265(0, sps, pps, CRA), 0, 0)).toBe(false);
	expect(stream.push(h265(3600, vps, TRAIL), 40, 40)).toBe(false);
	const newPps = Uint8Array.of(...pps, 1);
	stream.push(h265(7200, CRA), 80, 80);
	stream.push(h265(10_800, TRAIL), 120, 120);
	stream.push(h265(14_400, newPps, IDR_N_LP, vps), 160, 160);
	expect(seen.map(nalUnitsOf)).toEqual([[vps, sps, pps, CRA], [TRAIL], [vps, sps, newPps, IDR_N_LP]]);
	expect(stream.format).toMatchObject({ codec: "h265", codecString: "hvc1.1.6.L63.90", width: 640, height: 360 });
	expect(seen[0]?.payloads.length).toBeGreaterThan(0);
});

test("S53: every JPEG picture is a start, and tells its size (quirk 121)", () => {
	const { stream } = open();
	const seen: StreamUnit[] = [];
	stream.attach({ push: (pushed) => seen.push(pushed) });
	for (let index = 0; index < 3; index++) expect(stream.push(jpeg(index), index * 40, index * 40)).toBe(true);
	expect(seen.map(({ randomAccess, payloads }) => [randomAccess, payloads.length])).toEqual(Array(3).fill([true, 0]));
	expect(seen[2]).toMatchObject({ codec: "jpeg", data: TINY_JPEG, sizeBytes: TINY_JPEG.length, presentation: 80 * 90 });
	const { format } = stream;
	expect(format).toEqual({ codec: "jpeg", codecString: undefined, width: 48, height: 32, hasBFrames: false });
	stream.push(jpeg(3), 120, 120);
	expect(stream.format).toBe(format);
	expect(stream.currentGop()).toHaveLength(1);
});

test("a session in another codec starts at its own random access point, for readers that stay attached", () => {
	const { stream } = open();
	const seen: StreamUnit[] = [];
	stream.attach({ push: (pushed) => seen.push(pushed) });
	stream.push(unit(0, SPS, PPS, IDR), 0, 0);
	stream.push(unit(1, B_SLICE), 40, 40);
	stream.restart();
	stream.push(h265(0, TRAIL), 1000, 1000);
	stream.push(h265(3600, IDR_N_LP), 1040, 1040);
	expect(seen).toHaveLength(2);
	expect(stream.format).toMatchObject({ codec: "h264", hasBFrames: true });
	stream.setParameterSets("h265", H265_SETS);
	stream.push(h265(7200, IDR_N_LP), 1080, 1080);
	expect(stream.format).toMatchObject({ codec: "h265", width: 640, hasBFrames: false });
	stream.restart();
	stream.push(jpeg(0), 2000, 2000);
	expect(stream.format).toMatchObject({ codec: "jpeg", codecString: undefined, width: 48, hasBFrames: false });
	stream.restart();
	// What H.265 left behind is of no use to H.264.
	stream.push(unit(0, IDR), 3000, 3000);
	stream.push(unit(1, SPS, PPS, IDR), 3040, 3040);
	expect(seen.map(({ codec, randomAccess }) => `${codec} ${randomAccess}`)).toEqual([
		"h264 true",
		"h264 false",
		"h265 true",
		"jpeg true",
		"h264 true",
	]);
	expect(nalUnitsOf(seen.at(-1) as StreamUnit)).toEqual([SPS, PPS, IDR]);
	const times = seen.map(({ timestamp }) => timestamp);
	expect(times).toEqual(times.toSorted((a, b) => a - b));
});

const PCMA: RtpFormat = {
	encoding: "PCMA",
	clockRate: 8000,
	channels: 1,
	formatParameters: new Map(),
	dimensions: undefined,
};
const AAC: RtpFormat = { ...PCMA, encoding: "MPEG4-GENERIC", clockRate: 16_000 };
const withConfig = (config: string): RtpFormat => ({ ...AAC, formatParameters: new Map([["config", config]]) });
const AAC_FRAME: AudioFrame = { codec: "aac", data: new Uint8Array(64), rtpTimestamp: 0 };
const sound = (index: number): AudioFrame => ({
	codec: "pcma",
	data: new Uint8Array(160).fill(index),
	rtpTimestamp: index * 160,
});

test("sound is handed on with its times and durations on the hub's clock, to readers with ears", () => {
	const { stream } = open();
	const heard: AudioUnit[] = [];
	stream.setAudioFormat(PCMA);
	stream.attach({ push() {} });
	const attachment = stream.attach({ push() {}, pushAudio: (pushed) => heard.push(pushed) });
	for (const [index, mediaMs] of [1000, 1020, 1020, 1060].entries()) {
		stream.pushAudio(sound(index), 1005 + index * 20, mediaMs);
	}
	expect(heard.map(({ timestamp, durationTicks }) => [timestamp, durationTicks])).toEqual([
		[90_000, 1800],
		[91_800, 1800],
		[91_801, 1800],
		[95_400, 1800],
	]);
	expect(heard[1]).toMatchObject({ arrivalMs: 1025, data: new Uint8Array(160).fill(1), format: { codec: "pcma" } });
	expect(heard[0]?.format).toBe(stream.audioFormat);
	attachment.detach();
	stream.pushAudio(sound(4), 1100, 1100);
	expect(heard).toHaveLength(4);
});

test("sound of another codec than the announced one, and of no length, is left out", () => {
	const { stream } = open();
	const heard: AudioUnit[] = [];
	stream.attach({ push() {}, pushAudio: (pushed) => heard.push(pushed) });
	stream.pushAudio(sound(0), 0, 0);
	stream.setAudioFormat({ ...PCMA, encoding: "OPUS", clockRate: 48_000 });
	stream.pushAudio(sound(0), 0, 0);
	stream.pushAudio({ codec: "opus", data: Uint8Array.of(0xff), rtpTimestamp: 0 }, 0, 0);
	expect(heard).toEqual([]);
	stream.pushAudio({ codec: "opus", data: Uint8Array.of(0x78, 1, 2), rtpTimestamp: 0 }, 0, 0);
	expect(heard).toMatchObject([{ durationTicks: 1800 }]);
});

test("sound is no sign of life, and none for a reader that throws", () => {
	const { stream, counts, errors } = open();
	stream.setAudioFormat(PCMA);
	stream.attach({
		push() {},
		pushAudio() {
			throw new Error("broken ears");
		},
	});
	stream.pushAudio(sound(0), 0, 0);
	stream.pushAudio(sound(1), 20, 20);
	expect(stream.facts(20).lastVideoAtMs).toBeUndefined();
	expect(errors).toHaveLength(1);
	expect(counts).toEqual([1, 0]);
});

test("sound that is announced is none until some of it comes: cameras announce what they do not have", () => {
	const { stream } = open();
	stream.setAudioFormat(PCMA);
	expect([stream.audioFormat, stream.facts(0).audio]).toEqual([undefined, undefined]);
	stream.pushAudio(sound(0), 0, 0);
	expect(stream.audioFormat).toMatchObject({ codec: "pcma" });
	expect(stream.facts(0).audio).toBe(stream.audioFormat);
});

test("the format of sound stays the same object until the camera describes another", () => {
	const { stream } = open();
	const described = (config: string): void => {
		stream.setAudioFormat(withConfig(config));
		stream.pushAudio(AAC_FRAME, 0, 0);
	};
	described("1408");
	const first = stream.audioFormat;
	expect(first).toMatchObject({ codec: "aac", clockRate: 16_000, channels: 1, config: { sampleRate: 16_000 } });
	stream.restart();
	stream.setAudioFormat(withConfig("1408"));
	expect(stream.audioFormat).toBe(first);
	described("1190");
	expect(stream.audioFormat).toMatchObject({ config: { sampleRate: 48_000, channels: 2 } });
	stream.setAudioFormat(undefined);
	expect(stream.audioFormat).toBeUndefined();
	expect(stream.facts(0).audio).toBeUndefined();
});

test("AAC that is described without a configuration is taken for AAC LC, what nobody can read for none (quirk 124)", () => {
	const { stream } = open();
	stream.setAudioFormat({ ...AAC, channels: 2 });
	stream.pushAudio(AAC_FRAME, 0, 0);
	expect(stream.audioFormat?.config).toMatchObject({ codecString: "mp4a.40.2", sampleRate: 16_000, channels: 2 });
	for (const unreadable of [
		{ ...AAC, clockRate: 90_000 },
		{ ...AAC, formatParameters: new Map([["mode", "CELP-vbr"]]) },
		{ ...PCMA, encoding: "L16", channels: 64 },
		{ ...PCMA, encoding: "H264" },
	]) {
		stream.setAudioFormat(unreadable);
		stream.pushAudio(AAC_FRAME, 0, 0);
		expect(stream.audioFormat).toBeUndefined();
	}
});

test("S52: recovery points with I slices only start decoding when no IDR picture came for 10 s (quirk 116)", () => {
	const { stream } = open();
	const seen: StreamUnit[] = [];
	stream.attach({ push: (pushed) => seen.push(pushed) });
	stream.setParameterSets("h264", [SPS, PPS]);
	const recovery = (index: number): AccessUnit => unit(index, RECOVERY_POINT_SEI, I_SLICE);
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
	expect(seen.slice(0, 1).map(nalUnitsOf)).toEqual([[SPS, PPS, RECOVERY_POINT_SEI, I_SLICE]]);
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
