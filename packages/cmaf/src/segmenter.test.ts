import fc from "fast-check";
import { parse, setOptions, types } from "hls-parser";
import { expect, test } from "vitest";
import type { Chunk, InitSegment } from "./contract.ts";
import { choosePartTarget, chooseTargetDuration, usualInterval } from "./hls-timing.ts";
import { type MediaPlaylist, writeMediaPlaylist } from "./playlist.ts";
import { Segmenter } from "./segmenter.ts";

setOptions({ strictMode: true, silent: true });

const FIRST_MSN = 10;
const PROGRAM_MS = Date.UTC(2026, 1, 28, 23, 59, 50);

const INIT: InitSegment = {
	bytes: new Uint8Array([1]),
	kind: "video",
	codecs: "avc1.42c01e",
	width: 640,
	height: 360,
};

/** The parser makes a segment of the open one's parts too, without a name. */
function complete(playlist: types.MediaPlaylist): types.Segment[] {
	return playlist.segments.filter(({ uri }) => uri !== "");
}

/** A camera: pictures on its own clock, as the writer hands them on. */
class Camera {
	readonly segmenter: Segmenter;
	readonly partTargetTicks: number;
	readonly targetDuration: number;
	#ticks = 90_000_000;
	#count = 0;

	constructor(options: { fps: number; gopSeconds: number; maxBytes?: number; kind?: "video" | "audio" }) {
		this.partTargetTicks = choosePartTarget(90_000 / options.fps);
		this.targetDuration = chooseTargetDuration([options.gopSeconds]);
		this.segmenter = new Segmenter({
			firstMsn: FIRST_MSN,
			firstDiscontinuity: 3,
			targetDuration: this.targetDuration,
			partTargetTicks: this.partTargetTicks,
			maxBytes: () => options.maxBytes ?? 1_000_000,
			kind: options.kind ?? "video",
		});
	}

	/** The next picture; its interval is the one to the picture before. */
	picture(intervalTicks: number, randomAccess: boolean, sizeBytes = 4): boolean {
		this.#ticks += intervalTicks;
		const chunk: Chunk = {
			bytes: new Uint8Array(sizeBytes).fill(this.#count++ % 256),
			decodeTicks: this.#ticks,
			presentationTicks: this.#ticks,
			durationTicks: intervalTicks,
			randomAccess,
		};
		return this.segmenter.push(chunk, PROGRAM_MS - 1_000_000);
	}

	/** As many pictures as the GOP's, beginning with a key frame. */
	gop(pictures: number, intervalTicks: number): void {
		for (let index = 0; index < pictures; index++) this.picture(intervalTicks, index === 0);
	}

	jump(ticks: number): void {
		this.#ticks += ticks;
	}

	get nowTicks(): number {
		return this.#ticks;
	}

	get playlist(): MediaPlaylist {
		const { segmenter, targetDuration, partTargetTicks } = this;
		const { segments, open, nextPart } = segmenter;
		return { targetDuration, partTargetTicks, segments, open, nextPart, prefix: "k1/", reports: [] };
	}

	/** As an independent parser reads it; it throws at what breaks the rules. */
	parsed(skip = false): types.MediaPlaylist {
		const playlist = parse(writeMediaPlaylist(this.playlist, skip));
		if (!(playlist instanceof types.MediaPlaylist)) throw new Error("not a media playlist");
		return playlist;
	}
}

test("segments go from key frame to key frame, and parts hold three pictures at 15 a second", () => {
	const camera = new Camera({ fps: 15, gopSeconds: 2 });
	camera.segmenter.setInit(INIT);
	for (let gop = 0; gop < 3; gop++) camera.gop(30, 6000);
	camera.gop(4, 6000);
	const { segments, open } = camera.segmenter;
	expect(segments.map(({ msn, durationTicks, parts }) => [msn, durationTicks, parts.length])).toEqual([
		[10, 180_000, 10],
		[11, 180_000, 10],
		[12, 180_000, 10],
	]);
	expect(open?.parts).toHaveLength(1);
	expect(camera.partTargetTicks).toBe(18_900);
	for (const { parts } of segments) {
		expect(parts.map(({ independent }) => independent)).toEqual([true, ...Array<boolean>(9).fill(false)]);
		expect(new Set(parts.map(({ durationTicks }) => durationTicks))).toEqual(new Set([18_000]));
		expect(parts[0]?.bytes).toHaveLength(12);
	}
});

test("a part is complete with its last picture, not with the next one", () => {
	const camera = new Camera({ fps: 25, gopSeconds: 2 });
	camera.segmenter.setInit(INIT);
	const changes = Array.from({ length: 10 }, (_, index) => camera.picture(3600, index === 0));
	expect(changes).toEqual([false, false, false, false, true, false, false, false, false, true]);
});

test("key frames that come faster than a segment a second share one", () => {
	const camera = new Camera({ fps: 20, gopSeconds: 0.5 });
	camera.segmenter.setInit(INIT);
	for (let gop = 0; gop < 9; gop++) camera.gop(10, 4500);
	expect(camera.segmenter.segments.map(({ durationTicks }) => durationTicks)).toEqual([90_000, 90_000, 90_000, 90_000]);
	expect(camera.segmenter.segments[0]?.parts.map(({ independent }) => independent)).toEqual([
		true,
		false,
		true,
		false,
		false,
	]);
});

test("a GOP that turns out longer than the target duration is cut, and the next key frame begins a segment again", () => {
	const camera = new Camera({ fps: 10, gopSeconds: 2 });
	camera.segmenter.setInit(INIT);
	camera.gop(100, 9000);
	camera.gop(30, 9000);
	const { segments } = camera.segmenter;
	for (const { durationTicks } of segments) expect(Math.round(durationTicks / 90_000)).toBeLessThanOrEqual(2);
	const starts = segments.filter(({ parts }) => parts[0]?.independent);
	expect(starts.map(({ msn }) => msn)).toEqual([10, 15]);
	camera.parsed();
});

test("a GOP of 10 s that is known is one segment, with room in the target duration", () => {
	const camera = new Camera({ fps: 15, gopSeconds: 10 });
	camera.segmenter.setInit(INIT);
	for (let gop = 0; gop < 5; gop++) camera.gop(150, 6000 + gop * 15);
	expect(camera.targetDuration).toBe(10);
	expect(camera.segmenter.segments.map(({ parts }) => parts.length)).toEqual([50, 50, 50, 50]);
	camera.parsed();
});

test.each([
	[undefined, 4],
	[1, 2],
	[2, 2],
	[2.5, 3],
	[4, 4],
	[10.03, 10],
	[60, 10],
])("the target duration of a GOP of %s s is %i s", (gopSeconds, expected) => {
	expect(chooseTargetDuration([gopSeconds])).toBe(expected);
});

test("a GOP that is longer than usual already is taken for a long one before it is measured", () => {
	expect(chooseTargetDuration([undefined], 3)).toBe(4);
	expect(chooseTargetDuration([undefined], 6)).toBe(10);
	expect(chooseTargetDuration([2, 4])).toBe(4);
	expect(chooseTargetDuration([])).toBe(2);
});

test("the usual interval is that of most pictures", () => {
	expect(usualInterval([6000, 6000, 12_000, 5990, 6010])).toBe(6000);
	expect(usualInterval([])).toBe(0);
});

test("new parameter sets begin a segment with a discontinuity and another init segment", () => {
	const camera = new Camera({ fps: 15, gopSeconds: 2 });
	camera.segmenter.setInit(INIT);
	camera.gop(20, 6000);
	camera.segmenter.setInit({ ...INIT, width: 1280 });
	camera.gop(30, 6000);
	camera.gop(30, 6000);
	camera.gop(3, 6000);
	const parsed = camera.parsed();
	expect(parsed.discontinuitySequenceBase).toBe(3);
	expect(complete(parsed).map(({ discontinuity, map }) => [discontinuity ?? false, map.uri])).toEqual([
		[false, "k1/i1.mp4"],
		[true, "k1/i2.mp4"],
		[false, "k1/i2.mp4"],
	]);
	expect(camera.segmenter.init(2)?.width).toBe(1280);
});

test("a camera that comes back after a while goes on behind a gap as long as it was away", () => {
	const camera = new Camera({ fps: 15, gopSeconds: 2 });
	camera.segmenter.setInit(INIT);
	camera.gop(20, 6000);
	camera.jump(450_000);
	camera.gop(20, 6000);
	expect(camera.segmenter.segments.map(({ gap, durationTicks }) => [gap, durationTicks])).toEqual([
		[false, 120_000],
		[true, 180_000],
		[true, 180_000],
		[true, 90_000],
	]);
	const parsed = complete(camera.parsed());
	const at = (index: number): number => parsed[index]?.programDateTime?.getTime() ?? 0;
	expect(at(2) - at(1)).toBe(2000);
	expect(camera.segmenter.open?.programMs).toBeCloseTo(at(3) + 1000, 0);
	expect(camera.segmenter.open?.discontinuity).toBe(false);
});

test("a camera that was away for longer than the playlist reaches goes on behind a discontinuity", () => {
	const camera = new Camera({ fps: 15, gopSeconds: 2 });
	camera.segmenter.setInit(INIT);
	camera.gop(20, 6000);
	camera.jump(90_000_000);
	camera.gop(20, 6000);
	expect(camera.segmenter.segments).toHaveLength(1);
	expect(camera.segmenter.open?.discontinuitySequence).toBe(4);
	camera.parsed();
});

test("what left the playlist can be fetched for a while, then the memory is given back", () => {
	const camera = new Camera({ fps: 15, gopSeconds: 2 });
	camera.segmenter.setInit(INIT);
	const limit = (8 + 3 + 2) * 2 * 15 * 4;
	for (let gop = 0; gop < 30; gop++) {
		camera.gop(30, 6000);
		expect(camera.segmenter.sizeBytes).toBeLessThanOrEqual(limit);
	}
	const first = camera.segmenter.segments[0]?.msn ?? 0;
	expect(first).toBeGreaterThan(FIRST_MSN + 10);
	expect(camera.segmenter.segment(first - 1)?.parts).toHaveLength(10);
	expect(camera.segmenter.segment(FIRST_MSN)).toBeUndefined();
	expect(camera.segmenter.part(1)).toBeUndefined();
	const last = camera.segmenter.nextPart - 1;
	expect(camera.segmenter.part(last)?.number).toBe(last);
	expect(camera.segmenter.part(last + 1)).toBeUndefined();
});

test("memory is bounded in bytes too, even against pictures of any size", () => {
	const camera = new Camera({ fps: 15, gopSeconds: 10, maxBytes: 10_000 });
	camera.segmenter.setInit(INIT);
	for (let index = 0; index < 2000; index++) camera.picture(6000, index % 150 === 0, index % 700);
	expect(camera.segmenter.sizeBytes).toBeLessThanOrEqual(10_000 + 3 * 700);
	expect(camera.segmenter.segments.length).toBeGreaterThan(0);
	camera.parsed();
});

test("a segment that is ended early is complete, and the next key frame begins another one however soon", () => {
	const camera = new Camera({ fps: 15, gopSeconds: 2 });
	camera.segmenter.setInit(INIT);
	camera.gop(25, 6000);
	camera.segmenter.cut();
	for (let index = 0; index < 5; index++) camera.picture(6000, false);
	camera.gop(12, 6000);
	expect(complete(camera.parsed()).map(({ duration }) => duration)).toEqual([1.66667, 0.33333]);
	expect(camera.segmenter.open?.parts[0]?.independent).toBe(true);
});

test("players are sent back to a segment with a key frame while a segment without one is at the live edge", () => {
	const camera = new Camera({ fps: 15, gopSeconds: 10 });
	camera.segmenter.setInit(INIT);
	camera.gop(30, 6000);
	camera.segmenter.cut();
	const holdBack = (): number | undefined => camera.parsed().lowLatencyCompatibility?.partHoldBack;
	expect(holdBack()).toBe(0.63);
	for (let index = 0; index < 15; index++) camera.picture(6000, false);
	expect(holdBack()).toBe(1.21);
	camera.gop(3, 6000);
	expect(holdBack()).toBe(1.41);
	for (let index = 0; index < 9; index++) camera.picture(6000, false);
	expect(holdBack()).toBe(0.63);
});

test("sound is cut where the pictures are, and is a gap where there is none", () => {
	const camera = new Camera({ fps: 16_000 / 1024, gopSeconds: 2, kind: "audio" });
	const start = camera.nowTicks;
	camera.segmenter.setInit({ ...INIT, kind: "audio" });
	camera.segmenter.cutAt(start, PROGRAM_MS, false);
	for (let index = 0; index < 31; index++) camera.picture(5760, true);
	camera.segmenter.cutAt(start + 180_000, PROGRAM_MS + 2000, false);
	for (let index = 0; index < 5; index++) camera.picture(5760, true);
	camera.segmenter.cutAt(start + 360_000, PROGRAM_MS + 4000, true);
	camera.segmenter.cutAt(start + 540_000, PROGRAM_MS + 6000, false);
	camera.jump(start + 540_000 - camera.nowTicks);
	for (let index = 0; index < 5; index++) camera.picture(5760, true);
	const { segments } = camera.segmenter;
	expect(segments.map(({ gap, discontinuity }) => [gap, discontinuity])).toEqual([
		[false, false],
		[false, false],
		[true, true],
	]);
	expect(camera.segmenter.open?.discontinuity).toBe(false);
	camera.parsed();
});

test("a delta update leaves out what lies behind the skip boundary, and no more", () => {
	const camera = new Camera({ fps: 15, gopSeconds: 2 });
	camera.segmenter.setInit(INIT);
	for (let gop = 0; gop < 4; gop++) camera.gop(30, 6000);
	expect(camera.parsed(true).skip).toBe(0);
	for (let gop = 0; gop < 8; gop++) camera.gop(30, 6000);
	const full = camera.parsed();
	const delta = camera.parsed(true);
	expect(delta.skip).toBeGreaterThan(0);
	expect(delta.segments.map(({ uri }) => uri)).toEqual(full.segments.slice(delta.skip).map(({ uri }) => uri));
	expect(delta.segments[0]?.map.uri).toBe("k1/i1.mp4");
	const open = camera.segmenter.open?.durationTicks ?? 0;
	const listed = complete(delta).reduce((sum, { duration }) => sum + duration, open / 90_000);
	expect(listed).toBeGreaterThanOrEqual(12);
	expect(listed).toBeLessThan(14);
});

test("any camera, steady or not, makes playlists that the parser takes, whose durations stay near the truth", () => {
	const fps = fc.constantFrom(1, 2, 5, 8, 10, 12.5, 15, 20, 25, 29.97, 30, 60);
	const gop = fc.record({ pictures: fc.integer({ min: 1, max: 120 }), event: fc.integer({ min: 0, max: 20 }) });
	const jitter = fc.array(fc.double({ min: -0.25, max: 0.25, noNaN: true }), { minLength: 7, maxLength: 31 });
	fc.assert(
		fc.property(fps, fc.array(gop, { minLength: 1, maxLength: 20 }), jitter, (rate, gops, shifts) => {
			const interval = 90_000 / rate;
			const camera = new Camera({ fps: rate, gopSeconds: (gops[0]?.pictures ?? 1) / rate });
			camera.segmenter.setInit(INIT);
			let shift = 0;
			let trueTicks = 0;
			for (const { pictures, event } of gops) {
				if (event === 0) camera.segmenter.setInit(INIT);
				if (event === 1) camera.jump(1_000_000);
				for (let index = 0; index < pictures; index++) {
					const next = (shifts[index % shifts.length] ?? 0) * interval;
					const ticks = Math.max(1, Math.round(interval + next - shift));
					shift = next;
					const changed = camera.picture(ticks, index === 0);
					trueTicks += ticks;
					if (changed && camera.segmenter.segments.length > 0) {
						const parsed = camera.parsed();
						expect(parsed.segments.every(({ mediaSequenceNumber }) => mediaSequenceNumber >= FIRST_MSN)).toBe(true);
						camera.parsed(true);
					}
				}
			}
			camera.segmenter.cut();
			if ((camera.segmenter.segments[0]?.msn ?? 0) === FIRST_MSN) {
				const announced = camera.segmenter.mediaTicks;
				const breaks = gops.length + 1;
				expect(Math.abs(announced - trueTicks)).toBeLessThan(camera.partTargetTicks * breaks);
			}
		}),
		{ numRuns: 25 },
	);
});

test("pictures that come too seldom for the part target are told, and leave no debt for those that come in time again", () => {
	const camera = new Camera({ fps: 15, gopSeconds: 2 });
	camera.segmenter.setInit(INIT);
	camera.gop(30, 6000);
	// One late picture is a pause, not another rate.
	camera.picture(2.5 * camera.partTargetTicks, false);
	camera.gop(30, 6000);
	expect(camera.segmenter.isOutgrown).toBe(false);
	// At night: four pictures a second.
	camera.gop(11, 22_500);
	expect(camera.segmenter.isOutgrown).toBe(false);
	for (let index = 0; index < 30; index++) camera.gop(8, 22_500);
	expect(camera.segmenter.isOutgrown).toBe(true);
	const before = camera.segmenter.mediaTicks;
	const first = camera.segmenter.segments[0]?.msn;
	camera.gop(30, 6000);
	const came = camera.segmenter.segments.filter(({ msn }) => msn >= (first ?? 0));
	expect(came.length).toBeGreaterThan(0);
	expect(camera.segmenter.mediaTicks - before).toBeLessThan(30 * 6000 + 2 * camera.partTargetTicks);
	expect(camera.segmenter.isOutgrown).toBe(false);
});
