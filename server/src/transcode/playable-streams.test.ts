import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { h265NalTypeOf, isH265VclNalType } from "@vigia/rtp";
import { pino } from "pino";
import { afterEach, describe, expect, test } from "vitest";
import { FakeClock } from "../platform/fake-clock.ts";
import { systemClock } from "../platform/clock.ts";
import { Ffmpeg } from "../platform/ffmpeg.ts";
import { type Decoders, WEBRTC_DECODERS } from "../streams/playable.ts";
import type { Attachment, Reader, Route, StreamUnit } from "../streams/reader.ts";
import { openPlayableStreams } from "./playable-streams.ts";
import { type ClipName, hasFfmpeg, makeClip } from "./testing/clips.ts";
import { eventually } from "./testing/eventually.ts";
import { LiveCamera } from "./testing/live-camera.ts";
import { Transcoder } from "./transcoder.ts";
import { LINGER_MS } from "./video-transcode.ts";

const MSE_DECODERS: Decoders = {
	video: new Set(["h264"]),
	bFrames: true,
	audio: new Set(["aac", "opus"]),
	audioTarget: "aac",
};
const EVERYTHING: Decoders = { ...MSE_DECODERS, video: new Set(["h264", "h265"]) };

class Viewer implements Reader {
	readonly routes: Route[] = [];
	readonly units: StreamUnit[] = [];
	attachment: Attachment | undefined;

	push(unit: StreamUnit): void {
		this.units.push(unit);
	}

	onRoute(route: Route): void {
		this.routes.push(route);
	}

	get kinds(): string[] {
		return this.routes.map((route) => (route.kind === "refused" ? route.reason : route.kind));
	}
}

describe.skipIf(!hasFfmpeg())("a stream that is chosen for decoders", () => {
	const open: { close(): void }[] = [];

	afterEach(() => {
		for (const each of open.splice(0)) each.close();
	});

	function camera(name: ClipName): LiveCamera {
		const made = new LiveCamera(makeClip(name));
		open.push({ close: () => made.stop() });
		return made;
	}

	async function server(
		cameras: Readonly<Record<string, { readonly main?: LiveCamera; readonly sub?: LiveCamera }>>,
		{ path = "ffmpeg", maxTranscodes = 4, clock = systemClock } = {},
	) {
		const ffmpeg = new Ffmpeg({ path, clock: systemClock });
		await ffmpeg.look();
		const transcoder = new Transcoder({ ffmpeg, clock, log: pino({ level: "silent" }), maxTranscodes });
		open.push(transcoder);
		const streams = openPlayableStreams({
			transcoder,
			directory: {
				hasCamera: (id) => id in cameras,
				stream: (id, name) => (cameras[id]?.[name] ?? cameras[id]?.sub ?? cameras[id]?.main)?.stream,
			},
		});
		const watch = (id: string, name: "main" | "sub", decoders: Decoders = WEBRTC_DECODERS): Viewer => {
			const viewer = new Viewer();
			const attachment = streams.for(decoders).stream(id, name)?.attach(viewer);
			viewer.units.push(...(attachment?.gop ?? []));
			viewer.attachment = attachment;
			open.push({ close: () => attachment?.detach() });
			return viewer;
		};
		return { streams, transcoder, watch };
	}

	/** From a random access point on, in order, each once. */
	function expectPlayable({ units }: Viewer): void {
		expect(units[0]?.randomAccess).toBe(true);
		for (let i = 1; i < units.length; i++) {
			expect(units[i]?.timestamp).toBeGreaterThan(units[i - 1]?.timestamp ?? Number.POSITIVE_INFINITY);
		}
	}

	test("passes what can be decoded, from the cached GOP on, and lets go of it", async () => {
		const sub = camera("h264").start(5);
		const { streams, watch, transcoder } = await server({ cam: { sub } });
		const viewer = watch("cam", "sub");
		expect(viewer.routes).toEqual([{ kind: "pass" }]);
		expect(viewer.units.length).toBeGreaterThanOrEqual(5);
		await eventually("live pictures", () => viewer.units.length >= 10);
		expect(viewer.units).toEqual(viewer.units.filter(({ codec }) => codec === "h264"));
		expectPlayable(viewer);
		expect(sub.readers).toBe(1);
		viewer.attachment?.detach();
		viewer.attachment?.detach();
		expect(sub.readers).toBe(0);
		expect(transcoder.running).toBe(0);
		const directory = streams.for(WEBRTC_DECODERS);
		expect(streams.for({ ...WEBRTC_DECODERS, video: new Set(["h264"]) })).toBe(directory);
		expect(directory.stream("cam", "sub")).toBe(directory.stream("cam", "sub"));
		expect(directory.hasCamera("other")).toBe(false);
		expect(directory.stream("other", "sub")).toBeUndefined();
	});

	test("knows the other profile that changed settings give the camera, and forgets the one that they took", async () => {
		const [main, sub] = [camera("h265").start(5), camera("h264").start(5)];
		const cameras: Record<string, { main: LiveCamera; sub?: LiveCamera }> = { cam: { main } };
		const { watch, streams } = await server(cameras, { path: "no-such-ffmpeg" });
		expect(watch("cam", "main").kinds).toEqual(["ffmpeg-missing"]);
		cameras["cam"] = { main, sub };
		expect(watch("cam", "main").kinds).toEqual(["other-profile"]);
		const directory = streams.for(WEBRTC_DECODERS);
		expect(directory.stream("cam", "main")).toBe(directory.stream("cam", "main"));
		cameras["cam"] = { main };
		expect(watch("cam", "main").kinds).toEqual(["ffmpeg-missing"]);
	});

	test("is transcoded once for all its viewers, lingers after the last one, and is then over", async () => {
		const sub = camera("h265").start(5);
		const clock = new FakeClock();
		const { streams, watch, transcoder } = await server({ cam: { sub } }, { clock });
		const first = watch("cam", "sub");
		const second = watch("cam", "sub", MSE_DECODERS);
		await eventually("both see", () => first.units.length >= 5 && second.units.length >= 5);
		expect([first.kinds, second.kinds]).toEqual([["transcode"], ["transcode"]]);
		expect(transcoder.running).toBe(1);
		expect(transcoder.counters.started).toBe(1);
		expectPlayable(first);
		const late = watch("cam", "sub");
		expect(late.units.length).toBeGreaterThan(0);
		const stream = streams.for(WEBRTC_DECODERS).stream("cam", "sub");
		expect(stream?.format).toMatchObject({ codec: "h264", width: 160 });
		expect(stream?.currentGop()[0]?.codec).toBe("h264");
		for (const { attachment } of [first, second, late]) attachment?.detach();
		expect(transcoder.running).toBe(1);
		clock.advance(LINGER_MS);
		expect(transcoder.running).toBe(0);
		expect(sub.readers).toBe(0);
		expect(clock.pending).toBeLessThanOrEqual(1);
	});

	test("a viewer who comes when the camera is away is not shown what was before", async () => {
		const sub = camera("h265").start(5);
		const { watch } = await server({ cam: { sub } });
		const first = watch("cam", "sub");
		await eventually("pictures", () => first.units.length >= 3);
		sub.stop();
		sub.stream.restart();
		const late = watch("cam", "sub");
		expect(late.kinds).toEqual(["transcode"]);
		expect(late.units).toEqual([]);
		sub.start();
		await eventually("new pictures", () => late.units.length >= 3);
		expectPlayable(late);
	});

	test("a reader that throws is let go of, wherever it was called from", async () => {
		const sub = camera("h265").start(5);
		const { streams, transcoder } = await server({ cam: { sub } });
		let calls = 0;
		streams
			.for(WEBRTC_DECODERS)
			.stream("cam", "sub")
			?.attach({
				push() {
					calls++;
					throw new Error("broken reader");
				},
			});
		await eventually("it is called", () => calls === 1);
		await eventually("it is let go of", () => transcoder.current(sub.stream)?.idle === true);
		expect(calls).toBe(1);
	});

	test("gives the original to whom it can decode, and H.264 to the others", async () => {
		const sub = camera("h265").start(5);
		const { watch } = await server({ cam: { sub } });
		const original = watch("cam", "sub", EVERYTHING);
		const made = watch("cam", "sub");
		await eventually("both see", () => original.units.length >= 8 && made.units.length >= 3);
		expect(original.kinds).toEqual(["pass"]);
		expect(original.units[0]?.codec).toBe("h265");
		expect(made.units[0]?.codec).toBe("h264");
	});

	test("B-frames after the first pictures: not passed over WebRTC any more, still passed to MSE", async () => {
		const sub = camera("h264-b-frames");
		const { watch } = await server({ cam: { sub } });
		const viewer = watch("cam", "sub");
		const mse = watch("cam", "sub", MSE_DECODERS);
		expect(viewer.routes).toEqual([]);
		sub.start();
		await eventually("a transcode", () => viewer.kinds.includes("transcode"));
		const passed = viewer.units.length;
		await eventually("its pictures", () => viewer.units.length >= passed + 5);
		expect(viewer.kinds).toEqual(["pass", "transcode"]);
		expect(viewer.units[passed]?.randomAccess).toBe(true);
		expectPlayable(viewer);
		expect(mse.kinds).toEqual(["pass"]);
		expectPlayable(mse);
	});

	test("a main stream that cannot be decoded is replaced by the sub stream, and is not pulled for it", async () => {
		const main = camera("h265");
		const sub = camera("h264").start(5);
		const { watch, transcoder } = await server({ cam: { main, sub } });
		const viewer = watch("cam", "main");
		expect(main.readers).toBe(1);
		main.start();
		await eventually("pictures", () => viewer.units.length >= 5);
		expect(viewer.kinds).toEqual(["other-profile"]);
		expect([main.readers, sub.readers, transcoder.running]).toEqual([0, 1, 0]);
		const second = watch("cam", "main");
		// What the main stream was last is looked at once more: somebody may have changed the camera.
		expect(main.readers).toBe(1);
		expect(second.units.length).toBeGreaterThan(0);
		await eventually("it is still the same", () => main.readers === 0);
		expect(second.kinds).toEqual(["other-profile"]);
	});

	test("a sub stream that cannot be decoded is transcoded, or replaced by the main stream where that is impossible", async () => {
		const main = camera("h264").start(5);
		const sub = camera("h265").start(5);
		const withFfmpeg = await server({ cam: { main, sub } });
		const transcoded = withFfmpeg.watch("cam", "sub");
		await eventually("pictures", () => transcoded.units.length >= 3);
		expect(transcoded.kinds).toEqual(["transcode"]);
		const without = await server({ cam: { main, sub } }, { path: "/nonexistent/ffmpeg" });
		expect(without.watch("cam", "sub").kinds).toEqual(["other-profile"]);
	});

	test("without FFmpeg it is refused with the reason, and the camera is followed until it can be passed", async () => {
		const sub = camera("h265").start(5);
		const { watch, transcoder, streams } = await server({ cam: { sub } }, { path: "/nonexistent/ffmpeg" });
		const viewer = watch("cam", "sub");
		expect(viewer.kinds).toEqual(["ffmpeg-missing"]);
		expect(viewer.units).toEqual([]);
		expect(streams.for(WEBRTC_DECODERS).stream("cam", "sub")?.currentGop()).toEqual([]);
		sub.change(makeClip("h264"));
		await eventually("pictures", () => viewer.units.length >= 5);
		expect(viewer.kinds).toEqual(["ffmpeg-missing", "pass"]);
		expectPlayable(viewer);
		expect(transcoder.counters.refused).toBe(1);
		viewer.attachment?.detach();
		expect(sub.readers).toBe(0);
	});

	test("a camera that changes to H.264 and back is followed by a viewer of its transcode", async () => {
		const sub = camera("h265").start(5);
		const { watch } = await server({ cam: { sub } });
		const viewer = watch("cam", "sub");
		await eventually("a transcode", () => viewer.units.length >= 3);
		sub.change(makeClip("h264"));
		await eventually("the original", () => viewer.kinds.at(-1) === "pass");
		sub.change(makeClip("h265"));
		await eventually("a transcode again", () => viewer.kinds.at(-1) === "transcode");
		const before = viewer.units.length;
		await eventually("its pictures", () => viewer.units.length >= before + 5);
		expect(viewer.kinds).toEqual(["transcode", "pass", "transcode"]);
		expectPlayable(viewer);
	});

	test("more streams than are allowed are refused, and take the place of one that nobody watches any more", async () => {
		const [one, two] = [camera("h265").start(5), camera("h265").start(5)];
		const { watch, transcoder } = await server({ one: { sub: one }, two: { sub: two } }, { maxTranscodes: 1 });
		const first = watch("one", "sub");
		await eventually("the first is served", () => first.units.length >= 3);
		const second = watch("two", "sub");
		expect(second.kinds).toEqual(["transcode-limit"]);
		first.attachment?.detach();
		await eventually("the second is served", () => second.units.length >= 3);
		expect(second.kinds).toEqual(["transcode-limit", "transcode"]);
		expect(transcoder.running).toBe(1);
		expect(one.readers).toBe(0);
		expectPlayable(second);
	});

	test("hardware that passes its trial and fails at work is replaced by software", async () => {
		const folder = mkdtempSync(join(tmpdir(), "vigia-ffmpeg-"));
		open.push({ close: () => rmSync(folder, { recursive: true }) });
		const path = join(folder, "ffmpeg");
		const lines = [
			"#!/bin/sh",
			'case "$*" in',
			"*-encoders*) echo ' V....D h264_vaapi hardware'; echo ' V....D libx264 software';;",
			"*lavfi*h264_vaapi*) echo picture;;",
			"*h264_vaapi*) exit 1;;",
			'*) exec ffmpeg "$@";;',
			"esac",
		];
		writeFileSync(path, lines.join("\n"), { mode: 0o755 });
		const sub = camera("h265").start(5);
		const { watch, transcoder } = await server({ cam: { sub } }, { path });
		const viewer = watch("cam", "sub");
		await eventually("pictures", () => viewer.units.length >= 3);
		expect(viewer.kinds).toEqual(["transcode"]);
		expect(transcoder.counters).toMatchObject({ started: 2, restarts: 3 });
	});

	test("hardware that fails at work where there is no software is not tried without end", async () => {
		const folder = mkdtempSync(join(tmpdir(), "vigia-ffmpeg-"));
		open.push({ close: () => rmSync(folder, { recursive: true }) });
		const path = join(folder, "ffmpeg");
		const lines = [
			"#!/bin/sh",
			'case "$*" in',
			"*-encoders*) echo ' V....D h264_vaapi hardware';;",
			"*lavfi*h264_vaapi*) echo picture;;",
			"*h264_vaapi*) exit 1;;",
			'*) exec ffmpeg "$@";;',
			"esac",
		];
		writeFileSync(path, lines.join("\n"), { mode: 0o755 });
		const sub = camera("h265").start(5);
		const { watch, transcoder } = await server({ cam: { sub } }, { path });
		const viewer = watch("cam", "sub");
		await eventually("the viewer is told", () => viewer.kinds.at(-1) === "transcode-failed");
		expect(transcoder.counters).toMatchObject({ started: 1, restarts: 3 });
	});

	test("a stream that FFmpeg cannot decode is refused for a while and tried again", async () => {
		const broken = makeClip("h265").map(({ unit, index }) => {
			if (!("nalUnits" in unit)) throw new Error("no H.265");
			// The parameter sets stay; the pictures are nothing.
			const nalUnits = unit.nalUnits.map((nal) => (isH265VclNalType(h265NalTypeOf(nal)) ? nal.slice(0, 3) : nal));
			return { unit: { ...unit, nalUnits }, index };
		});
		const sub = new LiveCamera(broken).start(5);
		open.push({ close: () => sub.stop() });
		const clock = new FakeClock();
		const { watch, transcoder } = await server({ cam: { sub } }, { clock });
		const viewer = watch("cam", "sub");
		await eventually("it is tried", () => viewer.kinds.includes("transcode"));
		await eventually("it is given up", () => {
			clock.advance(500);
			sub.pushNext();
			return viewer.kinds.includes("transcode-failed");
		});
		expect(viewer.units).toEqual([]);
		expect(transcoder.running).toBe(0);
		sub.change(makeClip("h265"));
		await eventually("it is tried again", () => {
			clock.advance(500);
			return viewer.kinds.at(-1) === "transcode" && viewer.units.length > 3;
		});
		expectPlayable(viewer);
	});
});
