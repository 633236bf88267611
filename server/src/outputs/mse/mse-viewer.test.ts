import { type ChannelWish, type MediaFrame, readMediaFrame, type ServerMessage } from "@vigia/api";
import { expect, test } from "vitest";
import { FakeClock } from "../../platform/fake-clock.ts";
import { CmafFeeds } from "../cmaf/cmaf-feed.ts";
import { CLIP_FPS, CLIP_GOP, ClipCamera, OPUS, playable } from "../cmaf/testing/clip-camera.ts";
import { Mse } from "./mse.ts";
import { MAX_CARRIER_BYTES, MAX_QUEUED_BYTES, MAX_WAIT_MS, type MediaPipe } from "./mse-viewer.ts";
import { START_WINDOW_BYTES } from "./send-window.ts";

/** The page's end of a link. */
class Page implements MediaPipe {
	readonly messages: ServerMessage[] = [];
	readonly frames: MediaFrame[] = [];
	bufferedBytes = 0;
	receivedBytes = 0;

	send(message: ServerMessage): void {
		this.messages.push(message);
	}

	sendBinary(bytes: Uint8Array): void {
		const frame = readMediaFrame(bytes);
		if (!frame) throw new Error("no media frame");
		this.frames.push(frame);
		this.receivedBytes += bytes.length;
	}

	/** Short names of the frames, such as `0 video key`. */
	get names(): string[] {
		return this.frames.map(({ channel, kind, track, randomAccess }) =>
			[channel, track, kind === "init" ? kind : randomAccess ? "key" : "next"].join(" "),
		);
	}
}

function open(cameraCount = 1) {
	const clock = new FakeClock();
	const cameras = Array.from({ length: cameraCount }, () => new ClipCamera(clock));
	const list = new Map(cameras.map((camera, index) => [`cam${index + 1}`, camera]));
	const errors: unknown[] = [];
	const feeds = new CmafFeeds({ streams: playable(list), clock, onError: (error) => errors.push(error) });
	const mse = new Mse({ feeds, clock });
	const page = new Page();
	const viewer = mse.openViewer(["h264", "opus"], page);
	const acknowledge = (): void => viewer.received(page.receivedBytes);
	/** Each camera shows so many pictures; the page acknowledges each. */
	const play = (pictures: number, acknowledges = true): void => {
		for (let i = 0; i < pictures; i++) {
			for (const camera of cameras) camera.push();
			clock.advance(1000 / CLIP_FPS);
			if (acknowledges) acknowledge();
		}
	};
	const [camera] = cameras as [ClipCamera];
	return { clock, cameras, camera, list, feeds, mse, page, viewer, play, acknowledge, errors };
}

const wish = (channel: number, camera = `cam${channel + 1}`, audio = false): ChannelWish => ({
	channel,
	camera,
	stream: "sub",
	audio,
});

test("a channel says what it carries, then its header, the pictures since the key frame, and each new one", () => {
	const { page, viewer, play } = open();
	play(3);
	viewer.setChannels(1, [wish(0)]);
	play(1);
	expect(page.messages).toEqual([{ type: "channel", ...wish(0), route: "pass" }]);
	expect(page.names).toEqual(["0 video init", "0 video key", "0 video next", "0 video next", "0 video next"]);
	expect(page.frames[0]?.codecs).toMatch(/^avc1\./);
});

test("the same view again changes nothing, an older one is ignored, and a channel that is left out ends", () => {
	const { page, viewer, play, cameras, acknowledge } = open(2);
	play(1);
	viewer.setChannels(1, [wish(0)]);
	viewer.setChannels(2, [wish(0)]);
	acknowledge();
	expect(page.frames).toHaveLength(2);
	viewer.setChannels(1, []);
	expect(viewer.channels).toBe(1);
	viewer.setChannels(3, [wish(0, "cam2")]);
	expect(page.names.slice(2)).toEqual(["0 video init", "0 video key"]);
	expect(cameras.map(({ readers }) => readers)).toEqual([0, 1]);
	viewer.setChannels(4, []);
	play(1);
	expect([page.frames.length, viewer.channels]).toEqual([4, 0]);
	expect(cameras.map(({ readers }) => readers)).toEqual([0, 0]);
});

test("the key frames of all new channels come first", () => {
	const { page, viewer, play, acknowledge } = open(3);
	play(4);
	viewer.setChannels(1, [wish(0), wish(1), wish(2)]);
	acknowledge();
	acknowledge();
	const keys = [0, 1, 2].flatMap((channel) => [`${channel} video init`, `${channel} video key`]);
	expect(page.names.slice(0, 6)).toEqual(keys);
	acknowledge();
	expect(page.frames).toHaveLength(3 * 5);
	const rest = page.frames.slice(6).map(({ receivedAtMs }) => receivedAtMs);
	expect(rest).toEqual(rest.toSorted((a, b) => a - b));
});

test("two viewers of a stream share one writer", () => {
	const { mse, page, viewer, play, camera } = open();
	const other = new Page();
	const second = mse.openViewer(["h264", "opus"], other);
	viewer.setChannels(1, [wish(0)]);
	second.setChannels(1, [wish(7, "cam1")]);
	for (let i = 0; i < 3; i++) {
		play(1);
		second.received(other.receivedBytes);
	}
	expect(camera.readers).toBe(1);
	expect(other.frames.map(({ payload }) => payload)).toEqual(page.frames.map(({ payload }) => payload));
	expect(other.frames.every(({ channel }) => channel === 7)).toBe(true);
	expect(mse.channels).toBe(2);
	expect(mse.counters.chunks).toBe(6);
	expect(mse.counters.bytes).toBe(page.receivedBytes + other.receivedBytes);
	viewer.close();
	second.close();
	expect([camera.readers, mse.channels]).toEqual([0, 0]);
});

test("a stream that does not exist is said once, and disturbs nobody", () => {
	const { page, viewer, play } = open();
	play(1);
	const wishes = [wish(0), wish(1, "cam99")];
	viewer.setChannels(1, wishes);
	viewer.setChannels(2, wishes);
	expect(page.messages.filter(({ type }) => type === "error")).toEqual([
		{ type: "error", code: "unknown-camera", message: 'There is no camera "cam99"' },
	]);
	expect(page.names).toEqual(["0 video init", "0 video key"]);
});

test("a refused stream is said with its reason, and taken back when it plays after all", () => {
	const { page, viewer, play, camera } = open();
	camera.setRoute({ kind: "refused", reason: "ffmpeg-missing" });
	viewer.setChannels(1, [wish(0)]);
	camera.setRoute({ kind: "transcode" });
	play(1);
	expect(page.messages).toEqual([
		{ type: "refused", rung: "mse", camera: "cam1", stream: "sub", reason: "ffmpeg-missing" },
		{ type: "channel", ...wish(0), route: "transcode" },
	]);
	camera.setRoute({ kind: "pass" });
	play(1);
	expect(page.messages.at(-1)).toEqual({ type: "channel", ...wish(0), route: "pass" });
});

test("sound comes with its header before the first picture, and passes pictures that wait", () => {
	const { page, viewer, play, camera, acknowledge } = open();
	camera.stream.setAudioFormat(OPUS);
	camera.pushSound();
	play(1);
	viewer.setChannels(1, [wish(0, "cam1", true)]);
	camera.pushSound();
	acknowledge();
	expect(page.messages).toEqual([{ type: "channel", ...wish(0, "cam1", true), route: "pass" }]);
	expect(page.names).toEqual(["0 audio init", "0 video init", "0 video key", "0 audio key"]);
	page.bufferedBytes = MAX_CARRIER_BYTES;
	play(2, false);
	camera.pushSound();
	page.bufferedBytes = 0;
	acknowledge();
	expect(page.names.slice(4)).toEqual(["0 audio key", "0 video next", "0 video next"]);
});

test("a camera without sound is not said to have any", () => {
	const { page, viewer, play } = open();
	viewer.setChannels(1, [wish(0, "cam1", true)]);
	play(1);
	expect(page.messages).toEqual([{ type: "channel", ...wish(0, "cam1", false), route: "pass" }]);
	expect(page.names).toEqual(["0 video init", "0 video key"]);
});

test("a page that acknowledges nothing gets a window of bytes, skips from key frame to key frame, and stays small", () => {
	const { page, viewer, play, mse } = open(4);
	viewer.setChannels(1, [wish(0), wish(1), wish(2), wish(3)]);
	let mostQueued = 0;
	for (let seconds = 0; seconds < 60; seconds++) {
		play(CLIP_FPS, false);
		mostQueued = Math.max(mostQueued, viewer.queuedBytes);
	}
	expect(page.receivedBytes).toBeLessThan(START_WINDOW_BYTES * 1.5);
	// Four streams of 400 kbit/s for the time that a picture may wait, and the key frames after it.
	expect(mostQueued).toBeLessThan(600_000);
	expect(mse.counters.keyFrameSkips).toBeGreaterThan(4 * 10);
	expect(viewer.unacknowledgedMs).toBeGreaterThan(58_000);
	viewer.received(page.receivedBytes);
	const before = page.frames.length;
	play(CLIP_GOP * 2);
	const next = page.frames.slice(before).filter(({ kind }) => kind === "media");
	for (const channel of [0, 1, 2, 3]) {
		expect(next.find((frame) => frame.channel === channel)?.randomAccess).toBe(true);
	}
	expect(viewer.queuedBytes).toBe(0);
});

test("what waits for less than a skip is sent late but whole", () => {
	const { page, viewer, play, mse, acknowledge } = open();
	viewer.setChannels(1, [wish(0)]);
	play(CLIP_GOP + 1);
	page.bufferedBytes = MAX_CARRIER_BYTES;
	const waiting = Math.floor((MAX_WAIT_MS / 1000) * CLIP_FPS) - 1;
	play(waiting);
	page.bufferedBytes = 0;
	acknowledge();
	play(10);
	expect(mse.counters.keyFrameSkips).toBe(0);
	expect(page.frames).toHaveLength(1 + CLIP_GOP + 1 + waiting + 10);
});

test("a new key frame makes the pictures before it needless", () => {
	const { page, viewer, play, mse, acknowledge } = open();
	viewer.setChannels(1, [wish(0)]);
	play(CLIP_GOP - 10);
	const before = page.frames.length;
	page.bufferedBytes = MAX_CARRIER_BYTES;
	play(12);
	page.bufferedBytes = 0;
	acknowledge();
	expect(page.names.slice(before)).toEqual(["0 video key", "0 video next"]);
	expect(mse.counters.keyFrameSkips).toBe(1);
});

test("the largest channel gives way first, one at a time", () => {
	const { page, viewer, cameras, clock, mse, acknowledge } = open(2);
	viewer.setChannels(1, [wish(0), wish(1)]);
	for (const camera of cameras) camera.play(1);
	acknowledge();
	page.bufferedBytes = MAX_CARRIER_BYTES;
	const [large, small] = cameras as [ClipCamera, ClipCamera];
	large.play(3);
	small.push();
	clock.advance(MAX_WAIT_MS);
	small.push();
	expect(mse.counters.keyFrameSkips).toBe(1);
	page.bufferedBytes = 0;
	const before = page.frames.length;
	acknowledge();
	expect(page.names.slice(before)).toEqual(["1 video next", "1 video next"]);
});

test("on a link with two thirds of the bandwidth all channels get their share, and nothing old", () => {
	const { page, viewer, cameras, clock } = open(8);
	viewer.setChannels(
		1,
		cameras.map((_, channel) => wish(channel)),
	);
	/** Eight cameras send some 400 bytes a ms, half of them in key frames. */
	const bytesPerMs = 260;
	let arrivedBytes = 0;
	const arrived = new Map<number, number>();
	let oldestMs = 0;
	for (let pictures = 0; pictures < 60 * CLIP_FPS; pictures++) {
		for (const camera of cameras) camera.push();
		clock.advance(1000 / CLIP_FPS);
		arrivedBytes = Math.min(page.receivedBytes, arrivedBytes + (bytesPerMs * 1000) / CLIP_FPS);
		if (pictures % 2 === 0) viewer.received(arrivedBytes);
		for (const { channel, receivedAtMs } of page.frames.splice(0)) {
			arrived.set(channel, (arrived.get(channel) ?? 0) + 1);
			oldestMs = Math.max(oldestMs, clock.wallMs() - receivedAtMs);
		}
	}
	expect(arrivedBytes).toBeGreaterThan(60_000 * bytesPerMs * 0.9);
	const shares = cameras.map((_, channel) => (arrived.get(channel) ?? 0) / (60 * CLIP_FPS));
	expect(Math.min(...shares)).toBeGreaterThan(0.2);
	expect(Math.max(...shares)).toBeLessThan(2 * Math.min(...shares));
	expect(oldestMs).toBeLessThan(2 * MAX_WAIT_MS);
});

test("however many channels start behind a stuck link, the queue keeps below its cap", () => {
	const { page, viewer, play } = open(1);
	play(CLIP_GOP - 1);
	page.bufferedBytes = MAX_CARRIER_BYTES;
	viewer.setChannels(
		1,
		Array.from({ length: 256 }, (_, channel) => wish(channel, "cam1")),
	);
	play(1);
	expect(viewer.queuedBytes).toBeLessThanOrEqual(MAX_QUEUED_BYTES);
	expect(page.frames).toHaveLength(0);
});

test("a page that acknowledges more than it can have taken still gets no more than the carrier holds", () => {
	const { page, viewer, play } = open();
	viewer.setChannels(1, [wish(0)]);
	page.bufferedBytes = MAX_CARRIER_BYTES;
	viewer.received(Number.MAX_SAFE_INTEGER);
	play(CLIP_GOP);
	expect(page.frames).toHaveLength(0);
});

test("a channel goes on with the camera in place of one that is gone, and the page hears when there is none", () => {
	const { clock, camera, list, feeds, page, viewer, acknowledge } = open();
	viewer.setChannels(1, [wish(0)]);
	camera.push();
	acknowledge();
	const other = new ClipCamera(clock);
	list.set("cam1", other);
	feeds.endGone();
	camera.push();
	other.push();
	expect(page.names).toEqual(["0 video init", "0 video key", "0 video init", "0 video key"]);
	expect(page.messages.filter(({ type }) => type === "error")).toEqual([]);
	list.delete("cam1");
	feeds.endGone();
	expect(page.messages.at(-1)).toMatchObject({ type: "error", code: "unknown-camera" });
	expect([camera.readers, other.readers]).toEqual([0, 0]);
});
