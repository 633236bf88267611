import type { MediaTrack } from "@vigia/api";
import type { Chunk, InitSegment } from "@vigia/cmaf";
import { expect, test } from "vitest";
import { FakeClock } from "../../platform/fake-clock.ts";
import type { Route } from "../../streams/reader.ts";
import { CmafFeed, CmafFeeds, type CmafReader } from "./cmaf-feed.ts";
import { CLIP_GOP, ClipCamera, OPUS, playable } from "./testing/clip-camera.ts";

/** Keeps what it gets. */
class Taker implements CmafReader {
	readonly audio: boolean;
	readonly routes: Route[] = [];
	readonly inits: InitSegment[] = [];
	readonly chunks: { track: MediaTrack; chunk: Chunk; receivedAtMs: number }[] = [];

	constructor(audio = false) {
		this.audio = audio;
	}

	onRoute(route: Route): void {
		this.routes.push(route);
	}

	onInit(init: InitSegment): void {
		this.inits.push(init);
	}

	onChunk(track: MediaTrack, chunk: Chunk, receivedAtMs: number): void {
		this.chunks.push({ track, chunk, receivedAtMs });
	}

	onEnd(): void {}

	of(track: MediaTrack): Chunk[] {
		return this.chunks.filter((each) => each.track === track).map(({ chunk }) => chunk);
	}
}

function open() {
	const clock = new FakeClock();
	const camera = new ClipCamera(clock);
	const errors: unknown[] = [];
	const feed = new CmafFeed(camera, { clock, onError: (error) => errors.push(error) });
	return { clock, camera, feed, errors };
}

test("a newcomer gets the header and every chunk since the key frame at once, then each picture", () => {
	const { clock, camera, feed } = open();
	camera.play(CLIP_GOP + 5);
	const taker = new Taker();
	feed.attach(taker);
	expect(taker.inits.map(({ kind, codecs, width, height }) => [kind, codecs, width, height])).toEqual([
		["video", expect.stringMatching(/^avc1\./), 640, 360],
	]);
	expect(taker.of("video").map(({ randomAccess }) => randomAccess)).toEqual([true, false, false, false, false]);
	camera.push();
	expect(taker.chunks).toHaveLength(6);
	expect(taker.chunks.at(-1)?.receivedAtMs).toBeCloseTo(clock.wallMs(), 3);
	expect(taker.chunks[0]?.receivedAtMs).toBeLessThan(clock.wallMs() - 300);
	const later = new Taker();
	feed.attach(later);
	expect(later.chunks).toEqual(taker.chunks);
});

test("all readers of a feed get the same chunks, written once, and the stream is let go with the last of them", () => {
	const { camera, feed } = open();
	const [one, two] = [new Taker(), new Taker()];
	const first = feed.attach(one);
	const second = feed.attach(two);
	camera.play(3);
	expect(camera.readers).toBe(1);
	expect(one.of("video")).toHaveLength(3);
	for (const [index, chunk] of one.of("video").entries()) expect(two.of("video")[index]).toBe(chunk);
	first.detach();
	first.detach();
	camera.play(1);
	expect([one.chunks.length, two.chunks.length, camera.readers]).toEqual([3, 4, 1]);
	second.detach();
	expect([camera.readers, feed.readers]).toEqual([0, 0]);
	const again = new Taker();
	feed.attach(again);
	expect(again.inits).toHaveLength(1);
	expect(again.of("video")).toHaveLength(4);
});

test("sound is fetched only while somebody wants it, and its header comes first", () => {
	const { camera, feed } = open();
	camera.stream.setAudioFormat(OPUS);
	camera.pushSound();
	expect(feed.hasAudio).toBe(true);
	const deaf = new Taker();
	feed.attach(deaf);
	camera.play(2);
	camera.pushSound();
	const hearing = new Taker(true);
	const attachment = feed.attach(hearing);
	camera.pushSound();
	camera.play(1);
	expect(hearing.inits.map(({ kind, codecs }) => [kind, codecs])).toEqual([
		["audio", "opus"],
		["video", expect.stringMatching(/^avc1\./)],
	]);
	expect([hearing.of("video").length, hearing.of("audio").length]).toEqual([3, 1]);
	expect([deaf.of("video").length, deaf.of("audio").length]).toEqual([3, 0]);
	expect(camera.readers).toBe(2);
	attachment.detach();
	expect(camera.readers).toBe(1);
	expect(deaf.inits).toHaveLength(1);
});

test("what was cached before an outage is not given to newcomers", () => {
	const { camera, feed } = open();
	feed.attach(new Taker());
	camera.play(4);
	camera.stream.restart();
	const taker = new Taker();
	feed.attach(taker);
	expect([taker.inits.length, taker.chunks.length]).toEqual([1, 0]);
	camera.play(CLIP_GOP);
	expect(taker.of("video").findIndex(({ randomAccess }) => randomAccess)).toBe(0);
});

test("a reader hears of the route at once and when it changes, and nothing of the old one's pictures", () => {
	const { camera, feed } = open();
	camera.setRoute({ kind: "pass" });
	const early = new Taker();
	feed.attach(early);
	camera.play(2);
	camera.setRoute({ kind: "refused", reason: "ffmpeg-missing" });
	const late = new Taker();
	feed.attach(late);
	expect(early.routes.map(({ kind }) => kind)).toEqual(["pass", "refused"]);
	expect(late.routes).toEqual([{ kind: "refused", reason: "ffmpeg-missing" }]);
	expect(late.chunks).toEqual([]);
});

test("a reader that throws is detached alone", () => {
	const { camera, feed, errors } = open();
	const taker = new Taker();
	feed.attach({
		audio: false,
		onInit() {},
		onChunk() {
			throw new Error("mistake");
		},
		onEnd() {},
	});
	feed.attach(taker);
	camera.play(3);
	expect(taker.chunks).toHaveLength(3);
	expect([errors.length, feed.readers]).toEqual([1, 1]);
});

test("viewers with equal decoders share one feed of a stream", () => {
	const clock = new FakeClock();
	const feeds = new CmafFeeds({
		streams: playable(new Map([["cam1", new ClipCamera(clock)]])),
		clock,
		onError: () => {},
	});
	const decoders = {
		video: new Set(["h264" as const]),
		bFrames: true,
		audio: new Set([]),
		audioTarget: "aac",
	} as const;
	const directory = feeds.for(decoders);
	expect(directory.hasCamera("cam1")).toBe(true);
	expect(directory.feed("cam1", "main")).toBeInstanceOf(CmafFeed);
	expect(feeds.for(decoders).feed("cam1", "main")).toBe(directory.feed("cam1", "main"));
	expect(directory.feed("none", "main")).toBeUndefined();
});

test("a feed ends when its stream is not in the settings any more, and others go on", () => {
	const clock = new FakeClock();
	const [gone, stays] = [new ClipCamera(clock), new ClipCamera(clock)];
	const cameras = new Map([
		["cam1", gone],
		["cam2", stays],
	]);
	const feeds = new CmafFeeds({ streams: playable(cameras), clock, onError: () => {} });
	const directory = feeds.for({ video: new Set(["h264"]), bFrames: true, audio: new Set([]), audioTarget: "aac" });
	const ended: string[] = [];
	for (const id of cameras.keys()) {
		const feed = directory.feed(id, "main");
		feed?.attach({ audio: false, onInit() {}, onChunk() {}, onEnd: () => ended.push(id) });
	}
	feeds.endGone();
	expect([ended, gone.readers, stays.readers]).toEqual([[], 1, 1]);
	const before = directory.feed("cam1", "main");
	cameras.set("cam1", new ClipCamera(clock));
	feeds.endGone();
	expect([ended, gone.readers, stays.readers]).toEqual([["cam1"], 0, 1]);
	expect(directory.feed("cam1", "main")).not.toBe(before);
	cameras.delete("cam2");
	feeds.endGone();
	expect([ended, stays.readers]).toEqual([["cam1", "cam2"], 0]);
});
