import type { MediaFrame, MediaTrack } from "@vigia/api";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
	FakeMediaSource,
	FakeMediaVideo,
	type FakeSourceBuffer,
	fakeFragment,
	fakeInit,
	installFakeMediaSource,
} from "../testing/fake-media-source.ts";
import { MAX_APPEND_BYTES, MAX_WAITING_BYTES } from "./media-buffer.ts";
import { LEAST_TARGET } from "./live-edge.ts";
import { KEPT_BEHIND, MseFeed, SOUND_ENDED_AFTER, SOUND_BACK_AFTER_MS, WAIT_FOR_SOUND_MS } from "./mse-feed.ts";

const BASELINE = "avc1.42c01e";

let nowMs: number;
let feed: MseFeed;
let video: FakeMediaVideo;
let faults: string[];

function make(audio = false): void {
	nowMs = 0;
	faults = [];
	feed = new MseFeed({ audio, nowMs: () => nowMs });
	feed.onFault = (fault, detail) => faults.push(`${fault}: ${detail}`);
	video = new FakeMediaVideo();
	feed.attach(video as unknown as HTMLVideoElement);
}

const source = () => FakeMediaSource.made.at(-1) as FakeMediaSource;
const pictures = () => source().buffers.get("video") as FakeSourceBuffer;
const sound = () => source().buffers.get("audio") as FakeSourceBuffer;

function init(codecs = BASELINE, track: MediaTrack = "video"): MediaFrame {
	const payload = fakeInit();
	return { kind: "init", track, channel: 1, randomAccess: false, receivedAtMs: 0, codecs, payload };
}

function media(seconds: number, randomAccess = false, mdatBytes = 0, track: MediaTrack = "video"): MediaFrame {
	const payload = fakeFragment(seconds, mdatBytes);
	return { kind: "media", track, channel: 1, randomAccess, receivedAtMs: 0, codecs: "", payload };
}

beforeEach(() => {
	installFakeMediaSource();
	make();
});
afterEach(() => {
	feed.close();
	vi.unstubAllGlobals();
});

describe("appending", () => {
	test("what came before the source opened is one append, in order", () => {
		feed.push(init());
		feed.push(media(5, true));
		feed.push(media(5.1));
		source().open();
		expect(pictures().log).toEqual(["append init 5 5.1"]);
	});

	test("what comes while the browser is busy waits, and is joined", () => {
		source().open();
		feed.push(init());
		feed.push(media(5, true));
		feed.push(media(5.1));
		feed.push(media(5.2));
		pictures().finishAll();
		expect(pictures().log).toEqual(["append init", "append 5 5.1 5.2"]);
	});

	test("one append is bounded", () => {
		feed.push(init());
		for (let i = 0; i < 3; i++) feed.push(media(i, i === 0, MAX_APPEND_BYTES * 0.6));
		source().open();
		pictures().finishAll();
		expect(pictures().log).toEqual(["append init 0", "append 1", "append 2"]);
	});

	test("another codec changes the type of the buffer before its initialization segment", () => {
		source().open();
		feed.push(init());
		feed.push(media(0, true));
		feed.push(init("avc1.64001f"));
		feed.push(media(0.1, true));
		pictures().finishAll();
		expect(pictures().log).toEqual([
			"append init",
			"append 0",
			'type video/mp4; codecs="avc1.64001f"',
			"append init 0.1",
		]);
	});

	test("a codec that the browser does not play is a fault, at the beginning and later", () => {
		source().open();
		feed.push(init("hvc1.1.6.L93.B0"));
		expect(faults).toEqual(['codec: the browser does not play video/mp4; codecs="hvc1.1.6.L93.B0"']);
		feed.close();
		make();
		source().open();
		feed.push(init());
		feed.push(init("hvc1.1.6.L93.B0"));
		pictures().finishAll();
		expect(faults).toEqual(['codec: the browser does not play video/mp4; codecs="hvc1.1.6.L93.B0"']);
	});

	test("the counters tell what came", () => {
		const frames = [init(), media(0, true), media(0.1)];
		for (const frame of frames) feed.push(frame);
		const bytes = frames.reduce((sum, { payload }) => sum + payload.length, 0);
		expect(feed.counters()).toEqual({ received: 2, bytes, decoded: 7 });
	});
});

describe("too much waiting", () => {
	const quarter = MAX_WAITING_BYTES / 4;

	test("is given up to the newest random access point", () => {
		feed.push(init());
		feed.push(media(0, true, quarter));
		feed.push(media(1, false, quarter));
		feed.push(media(2, true, quarter));
		feed.push(media(3, false, quarter));
		source().open();
		pictures().finishAll();
		expect(pictures().log).toEqual(["append init", "append 2", "append 3"]);
	});

	test("without one it is all given up, and what follows too until one comes", () => {
		feed.push(init());
		feed.push(media(0, true, quarter));
		for (let i = 1; i < 5; i++) feed.push(media(i, false, quarter));
		feed.push(media(5, true));
		source().open();
		pictures().finishAll();
		expect(pictures().log).toEqual(["append init 5"]);
	});
});

describe("trimming", () => {
	/** A random access point every two seconds. */
	function fill(seconds: number): void {
		source().open();
		feed.push(init());
		for (let i = 0; i < seconds * 10; i++) feed.push(media(i / 10, i % 20 === 0));
		pictures().finishAll();
	}

	test("cuts at a random access point and keeps what playback may need", () => {
		fill(30);
		video.currentTime = 25;
		feed.tick(0);
		pictures().finishAll();
		expect(pictures().log.at(-1)).toBe(`remove 0 ${Math.floor((25 - KEPT_BEHIND) / 2) * 2}`);
	});

	test("does nothing twice, and nothing before there is enough", () => {
		fill(30);
		video.currentTime = 11;
		feed.tick(0);
		video.currentTime = 25;
		feed.tick(500);
		pictures().finishAll();
		feed.tick(1000);
		expect(pictures().log.filter((entry) => entry.startsWith("remove"))).toHaveLength(1);
	});

	test("a long GOP stays until the next one is what plays", () => {
		source().open();
		feed.push(init());
		for (let i = 0; i < 300; i++) feed.push(media(i / 10, i === 0));
		pictures().finishAll();
		video.currentTime = 29;
		feed.tick(0);
		expect(pictures().log.some((entry) => entry.startsWith("remove"))).toBe(false);
	});

	test("a full buffer is trimmed up to playback, and the same append is tried again", () => {
		fill(9);
		video.currentTime = 8.5;
		pictures().full = 1;
		feed.push(media(9, true));
		pictures().finishAll();
		expect(pictures().log.slice(-2)).toEqual(["remove 0 8", "append 9"]);
		expect(faults).toEqual([]);
	});

	test("a buffer that stays full is a fault, and so is one without anything to trim", () => {
		fill(9);
		video.currentTime = 8.5;
		pictures().full = 2;
		feed.push(media(9, true));
		pictures().finishAll();
		expect(faults).toEqual(["decoder: QuotaExceededError: full"]);
		feed.close();
		make();
		source().open();
		feed.push(init());
		pictures().finishAll();
		pictures().full = 1;
		feed.push(media(0, true));
		expect(faults).toEqual(["decoder: QuotaExceededError: full"]);
	});
});

describe("playback", () => {
	test("begins at the newest picture", () => {
		feed.push(init());
		for (let i = 0; i < 20; i++) feed.push(media(1000 + i / 10, i === 0));
		source().open();
		pictures().finishAll();
		expect(video.currentTime).toBeCloseTo(1002 - LEAST_TARGET);
	});

	test("shows the past while what was cached comes in", () => {
		const isPast = (mediaTime: number) => feed.isPast({ mediaTime } as VideoFrameCallbackMetadata);
		expect(isPast(1000)).toBe(false);
		feed.push(init());
		for (let i = 0; i < 20; i++) feed.push(media(1000 + i / 10, i === 0));
		source().open();
		pictures().finishAll();
		expect([1000, 1001.4, 1001.7, 1001.9].map(isPast)).toEqual([true, true, false, false]);
	});

	test("says how late it is while nothing more comes, as if a clock went on", () => {
		expect(feed.lateMs(nowMs)).toBe(0);
		feed.push(init());
		for (let i = 0; i < 20; i++) feed.push(media(1000 + i / 10, i === 0));
		source().open();
		pictures().finishAll();
		expect(feed.lateMs(nowMs)).toBeCloseTo(0);
		// Half a second of pictures was played in three seconds of the clock.
		video.currentTime += 0.5;
		expect(feed.lateMs(nowMs + 3000)).toBeCloseTo(2500);
	});

	test("a hidden page does not correct the rate", () => {
		feed.push(init());
		feed.push(media(1000, true));
		source().open();
		pictures().finishAll();
		nowMs = 3000;
		feed.tick(nowMs);
		expect(video.playbackRate).toBe(1.1);
		vi.stubGlobal("document", { visibilityState: "hidden" });
		feed.tick(nowMs);
		expect(video.playbackRate).toBe(1);
	});

	test.each([
		[3, "decoder: broken"],
		[4, "codec: broken"],
	])("the error %i of the element is a fault, told once", (code, expected) => {
		source().open();
		video.error = { code, message: "broken" };
		video.dispatchEvent(new Event("error"));
		video.dispatchEvent(new Event("error"));
		expect(faults).toEqual([expected]);
	});

	test("closing lets go of the element, twice if need be", () => {
		source().open();
		feed.push(init());
		feed.close();
		feed.close();
		feed.push(media(0, true));
		feed.tick(0);
		expect([video.src, video.loads, faults]).toEqual(["", 1, []]);
	});
});

describe("sound", () => {
	test("the pictures wait for it", () => {
		make(true);
		source().open();
		feed.push(init());
		feed.push(media(0, true));
		expect(source().buffers.size).toBe(0);
		feed.push(init("mp4a.40.2", "audio"));
		expect(source().buffers.size).toBe(0);
		feed.push(media(0, true, 0, "audio"));
		sound().finishAll();
		expect([...source().buffers.keys()]).toEqual(["video", "audio"]);
		expect(pictures().log).toEqual(["append init 0"]);
		expect(sound().log).toEqual(["append init 0"]);
		expect(feed.soundIsBack).toBe(false);
	});

	test("but not for ever", () => {
		make(true);
		source().open();
		feed.push(init());
		feed.push(init("mp4a.40.2", "audio"));
		nowMs = WAIT_FOR_SOUND_MS;
		feed.tick(nowMs);
		feed.push(media(0, true, 0, "audio"));
		expect([...source().buffers.keys()]).toEqual(["video"]);
		expect(faults).toEqual([]);
	});

	test("that comes after all is told once it has come for a while without a pause, and is no picture", () => {
		make(true);
		source().open();
		feed.push(init());
		feed.push(media(0, true));
		nowMs = WAIT_FOR_SOUND_MS;
		feed.tick(nowMs);
		const { received } = feed.counters();
		const hear = (forMs: number): void => {
			for (let passed = 0; passed <= forMs; passed += 100, nowMs += 100) feed.push(media(0, true, 0, "audio"));
		};
		hear(SOUND_BACK_AFTER_MS - 100);
		expect(feed.soundIsBack).toBe(false);
		nowMs += 5000;
		hear(SOUND_BACK_AFTER_MS - 100);
		expect(feed.soundIsBack).toBe(false);
		hear(100);
		expect(feed.soundIsBack).toBe(true);
		expect(feed.counters().received).toBe(received);
	});

	test("that ends while the pictures go on is left out", () => {
		make(true);
		source().open();
		feed.push(init());
		feed.push(init("mp4a.40.2", "audio"));
		feed.push(media(0, true, 0, "audio"));
		for (let i = 0; i <= SOUND_ENDED_AFTER * 10 + 2; i++) feed.push(media(i / 10, i === 0));
		pictures().finishAll();
		sound().finishAll();
		feed.tick(0);
		expect([...source().buffers.keys()]).toEqual(["video"]);
		expect(faults).toEqual([]);
	});

	test("is not taken where none was asked for", () => {
		source().open();
		feed.push(init());
		feed.push(init("mp4a.40.2", "audio"));
		feed.push(media(0, true, 0, "audio"));
		expect([...source().buffers.keys()]).toEqual(["video"]);
	});
});

describe("a ManagedMediaSource", () => {
	beforeEach(() => {
		installFakeMediaSource(true);
		make();
		source().streaming = false;
	});

	test("needs an element that stays on this device, and is fed only when it asks", () => {
		expect(video.disableRemotePlayback).toBe(true);
		feed.push(init());
		feed.push(media(0, true));
		source().open();
		expect(pictures().log).toEqual([]);
		source().streaming = true;
		source().dispatchEvent(new Event("startstreaming"));
		expect(pictures().log).toEqual(["append init 0"]);
		source().streaming = false;
		source().dispatchEvent(new Event("endstreaming"));
		pictures().finish();
		feed.push(media(0.1));
		expect(pictures().log).toHaveLength(1);
	});
});

test("without Media Source Extensions it says so", () => {
	vi.stubGlobal("MediaSource", undefined);
	make();
	expect(faults).toEqual(["codec: this browser has no Media Source Extensions"]);
});
