import { pino } from "pino";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../platform/clock.ts";
import { FakeClock } from "../platform/fake-clock.ts";
import { Ffmpeg } from "../platform/ffmpeg.ts";
import type { StreamUnit } from "../streams/reader.ts";
import { brightnessOf, CLIP_GOP, type ClipName, decodeBrightness, hasFfmpeg, makeClip } from "./testing/clips.ts";
import { eventually } from "./testing/eventually.ts";
import { LiveCamera } from "./testing/live-camera.ts";
import { findSoftwareEncoder, findVideoEncoder, type VideoEncoder } from "./video-encoder.ts";
import { MAX_LAG_MS, VideoTranscode, type VideoTranscodeOptions } from "./video-transcode.ts";

/** Luma that a decoder may be off after two lossy encoders. */
const TOLERANCE = 5;

describe.skipIf(!hasFfmpeg())("a transcode", () => {
	const ffmpeg = new Ffmpeg({ clock: systemClock });
	const log = pino({ level: "silent" });
	const open: { close(): void }[] = [];
	let encoder: VideoEncoder;

	beforeAll(async () => {
		const facts = await ffmpeg.look();
		encoder = (facts && findSoftwareEncoder(facts)) as VideoEncoder;
	});
	afterEach(() => {
		for (const each of open.splice(0)) each.close();
	});

	function camera(name: ClipName, options?: Parameters<typeof makeClip>[1]): LiveCamera {
		const made = new LiveCamera(makeClip(name, options));
		open.push({ close: () => made.stop() });
		return made;
	}

	function transcode(source: LiveCamera, options: Partial<VideoTranscodeOptions> = {}) {
		const counters = { restarts: 0, skips: 0 };
		const made = new VideoTranscode({
			source: source.stream,
			encoder,
			ffmpeg,
			clock: systemClock,
			log,
			counters,
			onIdle: () => {},
			onEnd: () => {},
			onFailed: () => {},
			onFormatChanged: () => {},
			...options,
		});
		const units: (StreamUnit & { readonly nalUnits: readonly Uint8Array[] })[] = [];
		made.stream.attach({
			push(unit) {
				if (!("nalUnits" in unit)) throw new Error("no H.264");
				units.push(unit);
			},
		});
		open.push(made);
		return { made, units, counters };
	}

	for (const name of ["h264-b-frames", "h265", "h265-b-frames", "jpeg", "mpeg4"] as const) {
		test(`of ${name} gives each picture at its own time`, async () => {
			const source = camera(name).start(CLIP_GOP + 5);
			const { units, counters, made } = transcode(source);
			await eventually("more than a second of pictures", () => units.length >= 20);
			const pictures = units.slice(0, 20);
			expect(pictures[0]?.randomAccess).toBe(true);
			expect(pictures.filter(({ randomAccess }) => randomAccess).length).toBeGreaterThanOrEqual(2);
			expect(made.stream.format).toMatchObject({ codec: "h264", width: 160, height: 120, hasBFrames: false });
			const luma = decodeBrightness(pictures.map(({ nalUnits }) => nalUnits));
			expect(luma).toHaveLength(pictures.length);
			pictures.forEach(({ timestamp, presentation }, index) => {
				expect(presentation).toBe(timestamp);
				expect(source.indexes.has(timestamp)).toBe(true);
				const shown = brightnessOf(source.indexes.get(timestamp) ?? 0);
				expect(Math.abs((luma[index] ?? 0) - shown)).toBeLessThanOrEqual(TOLERANCE);
			});
			expect(counters).toEqual({ restarts: 0, skips: 0 });
		});
	}

	test("holds no picture back, and begins with the newest one", async () => {
		const source = camera("h265").start(10);
		const newest = source.stream.currentGop().at(-1) as StreamUnit;
		const { units } = transcode(source);
		await eventually("pictures", () => units.length >= 10);
		source.stop();
		const last = source.stream.currentGop().at(-1) as StreamUnit;
		await eventually("the last picture", () => units.at(-1)?.timestamp === last.timestamp);
		expect(units[0]?.timestamp).toBe(newest.timestamp);
		const fed = [...source.indexes.keys()].filter((ticks) => ticks >= newest.timestamp);
		expect(units.map(({ timestamp }) => timestamp)).toEqual(fed);
	});

	test("goes on by itself after its child was killed", async () => {
		const source = camera("h265").start();
		const { made, units, counters } = transcode(source);
		await eventually("pictures", () => units.length >= 5);
		process.kill(made.pid as number, "SIGKILL");
		const before = units.length;
		await eventually("pictures again", () => counters.restarts === 1 && units.length >= before + 10);
		const times = units.map(({ timestamp }) => timestamp);
		expect(times).toEqual(times.toSorted((a, b) => a - b));
		const again = units.findIndex(({ timestamp }, index) => index > 0 && timestamp - (times[index - 1] ?? 0) > 6100);
		expect(units[again]?.randomAccess).toBe(true);
	});

	test("replaces a child that was stopped by a signal", async () => {
		const source = camera("jpeg").start();
		const { made, units, counters } = transcode(source);
		await eventually("pictures", () => units.length >= 5);
		const stopped = made.pid as number;
		process.kill(stopped, "SIGSTOP");
		const before = units.length;
		await eventually("pictures again", () => counters.restarts === 1 && units.length >= before + 10);
		expect(made.pid).not.toBe(stopped);
		expect(() => process.kill(stopped, 0)).toThrow();
	});

	test("skips to a key frame when its child is seconds behind, and keeps the child", async () => {
		const clock = new FakeClock();
		const source = camera("jpeg");
		const { made, units, counters } = transcode(source, { clock });
		const push = (pictures: number): void => {
			for (let i = 0; i < pictures; i++) source.pushNext();
		};
		push(5);
		await eventually("a picture", () => units.length > 0);
		const child = made.pid as number;
		process.kill(child, "SIGSTOP");
		push(20);
		clock.advance(MAX_LAG_MS + 1);
		push(10);
		expect(counters).toEqual({ restarts: 0, skips: 1 });
		process.kill(child, "SIGCONT");
		await eventually("it has caught up", () => units.length >= 21);
		const before = units.length;
		await eventually("new pictures", () => {
			push(1);
			return units.length > before + 3;
		});
		expect(made.pid).toBe(child);
		expect(counters).toEqual({ restarts: 0, skips: 1 });
	});

	test("makes pictures smaller that are larger than 1080p", async () => {
		const source = camera("jpeg", { size: "2560x1920", pictures: 3 });
		const { made, units } = transcode(source);
		for (let i = 0; i < 3; i++) source.pushNext();
		await eventually("a picture", () => units.length > 0);
		expect(made.stream.format).toMatchObject({ width: 1440, height: 1080 });
	});

	test("begins anew when the camera changes its picture, without counting a failure", async () => {
		const source = camera("h265").start();
		let changes = 0;
		const { made, units, counters } = transcode(source, { onFormatChanged: () => changes++ });
		await eventually("pictures", () => units.length >= 5);
		source.change(makeClip("jpeg", { size: "192x144" }));
		await eventually("other pictures", () => made.stream.format?.width === 192);
		expect(changes).toBe(1);
		expect(counters.restarts).toBe(0);
	});

	test("gives up on a stream of which FFmpeg makes nothing, and lets go of it", async () => {
		const source = camera("h265").start();
		let failed = 0;
		const broken = { name: "no-such-encoder", device: [], filter: "null", options: [] };
		const { made, counters } = transcode(source, { encoder: broken, onFailed: () => failed++ });
		await eventually("it is given up", () => failed === 1);
		expect(made.pid).toBeUndefined();
		expect(counters.restarts).toBe(3);
		expect(source.readers).toBe(0);
	});

	test("finds an encoder that works here", async () => {
		expect(await findVideoEncoder(ffmpeg)).toBeDefined();
		expect(await findVideoEncoder(new Ffmpeg({ path: "/nonexistent", clock: systemClock }))).toBeUndefined();
	});
});
