/** An hour of a camera, watched over MSE and over HLS at the same time, in virtual time. @module */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type MediaTrack, readMediaFrame } from "@vigia/api";
import { expect, test } from "vitest";
import { CmafFeeds } from "../../server/src/outputs/cmaf/cmaf-feed.ts";
import { HlsOutput, type TrackName } from "../../server/src/outputs/hls/hls-output.ts";
import { Mse } from "../../server/src/outputs/mse/mse.ts";
import type { HlsTrack } from "../../server/src/outputs/hls/hls-track.ts";
import type { MediaPipe } from "../../server/src/outputs/mse/mse-viewer.ts";
import { FakeClock } from "../../server/src/platform/fake-clock.ts";
import { readDecodeTime, readTimescale } from "../../web/src/player/media-segment.ts";
import { HourOfCamera, type Outage, PICTURES_PER_SECOND } from "./hour-of-camera.ts";

const HOUR = 3600;
/** Issue 4: lip-sync. */
const MAX_LIP_ERROR_MS = 80;
/** Arrival jitters by 20 ms; sound is let be up to 20 ms off, and a clock that is 500 ppm off takes as much again. */
const MAX_MEDIA_LAG_MS = 70;
const MAX_PICTURE_STEP_MS = 2.1 * (1000 / PICTURES_PER_SECOND);
/** After an outage the times may be what they must to go on without a hole. */
const SETTLED_AFTER_SECONDS = 12;
/** An HLS track has its first parts by then. */
const STARTED_BY_SECONDS = 10;
/** Half of what the camera sends. */
const SLOW_BYTES_PER_SECOND = 28_000;
/** Of what is left after a collection, from a quarter of an hour on. */
const MAX_GROWTH_MB = 1;
/** A window of 16 s and what gaps are cut into. */
const MAX_SEGMENTS = 20;
const MAX_PLAYLIST_CHARS = 5_000;
/** A part, and how late its last picture was. */
const MAX_PLAYLIST_LAG_MS = 300;
/** The camera sends some 60 kB a second: 22 s of it, and two tracks. */
const MAX_HLS_BYTES = 2 * 1024 * 1024;
/** 1.5 s and a key frame. */
const MAX_QUEUED_BYTES = 150_000;
/** It takes some three seconds, where the machine has nothing else to do. */
const TEST_LIMIT_MS = 300_000;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** A page that takes everything at once and keeps nothing, or one that takes less than what comes. */
class Page implements MediaPipe {
	readonly bufferedBytes = 0;
	receivedBytes = 0;
	/** Of these, acknowledged. */
	takenBytes = 0;
	readonly last = new Map<MediaTrack, { readonly seconds: number; readonly atMs: number }>();
	readonly timescales = new Map<MediaTrack, number>();
	readonly #clock: FakeClock;
	/** Since when nothing is out of the ordinary. */
	calmSinceMs = 0;
	pictures = 0;
	fallingTimes = 0;
	/** In calm times, in milliseconds. */
	longestStepMs = 0;
	soundHoles = 0;
	largestLagMs = 0;
	largestLipErrorMs = 0;

	constructor(clock: FakeClock) {
		this.#clock = clock;
	}

	send(): void {}

	sendBinary(bytes: Uint8Array): void {
		this.receivedBytes += bytes.length;
		const frame = readMediaFrame(bytes);
		if (!frame) throw new Error("no media frame");
		const { kind, track, payload } = frame;
		if (kind === "init") this.timescales.set(track, readTimescale(payload) ?? Number.NaN);
		else this.#look(track, (readDecodeTime(payload) ?? Number.NaN) / (this.timescales.get(track) ?? Number.NaN));
	}

	#look(track: MediaTrack, seconds: number): void {
		const nowMs = this.#clock.nowMs();
		const before = this.last.get(track);
		this.last.set(track, { seconds, atMs: nowMs });
		if (track === "video") this.pictures++;
		if (!before) return;
		if (!(seconds > before.seconds)) this.fallingTimes++;
		if (nowMs - this.calmSinceMs < SETTLED_AFTER_SECONDS * 1000) return;
		const stepMs = (seconds - before.seconds) * 1000;
		if (track === "video") this.longestStepMs = Math.max(this.longestStepMs, stepMs);
		// What Chromium joins: a hole of less than a frame, ISO BMFF times being exact.
		else if (stepMs > 2 * 64) this.soundHoles++;
		const lagMs = nowMs - seconds * 1000;
		this.largestLagMs = Math.max(this.largestLagMs, Math.abs(lagMs));
		const other = this.last.get(track === "video" ? "audio" : "video");
		if (!other) return;
		const otherLagMs = other.atMs - other.seconds * 1000;
		this.largestLipErrorMs = Math.max(this.largestLipErrorMs, Math.abs(lagMs - otherLagMs));
	}
}

/** A player of classic HLS, which asks for the whole playlist each second. */
class PlaylistWatch {
	readonly #track: HlsTrack;
	readonly #clock: FakeClock;
	calmSinceMs = 0;
	mostSegments = 0;
	longestChars = 0;
	/** How far its end is from now, in calm times. */
	largestLagMs = 0;
	numbersBack = 0;
	#sequence = 0;
	#discontinuity = 0;

	constructor(track: HlsTrack, clock: FakeClock) {
		this.#track = track;
		this.#clock = clock;
	}

	look(): void {
		this.#track.touch();
		const { text } = this.#track.playlist(false);
		this.longestChars = Math.max(this.longestChars, text.length);
		this.mostSegments = Math.max(this.mostSegments, text.match(/^#EXTINF/gm)?.length ?? 0);
		const sequence = number(text, "MEDIA-SEQUENCE");
		const discontinuity = number(text, "DISCONTINUITY-SEQUENCE") || 0;
		if (!(sequence >= this.#sequence && discontinuity >= this.#discontinuity)) this.numbersBack++;
		[this.#sequence, this.#discontinuity] = [sequence, discontinuity];
		if (this.#clock.nowMs() - this.calmSinceMs < SETTLED_AFTER_SECONDS * 1000) return;
		this.largestLagMs = Math.max(this.largestLagMs, Math.abs(this.#clock.wallMs() - programEndMs(text)));
	}
}

const name = (kind: "video" | "audio"): TrackName => ({ cameraId: "cam1", stream: "sub", decoding: "any", kind });
const number = (text: string, tag: string): number => Number(new RegExp(`^#EXT-X-${tag}:(\\d+)`, "m").exec(text)?.[1]);

function open(ppm: number) {
	const clock = new FakeClock();
	const hour = new HourOfCamera({ clock, ppm, seed: `hour ${ppm}` });
	const { camera } = hour;
	const directory = {
		hasCamera: () => true,
		stream: (_: string, stream: string) => (stream === "sub" ? camera : undefined),
	};
	const errors: unknown[] = [];
	const feeds = new CmafFeeds({ streams: { for: () => directory }, clock, onError: (error) => errors.push(error) });
	const hls = new HlsOutput({ feeds, clock, status: (_, stream) => (stream === "sub" ? camera.status() : undefined) });
	const mse = new Mse({ feeds, clock });
	return { clock, hour, camera, errors, hls, mse };
}

const OUTAGES: readonly Outage[] = [
	{ fromSeconds: 300, toSeconds: 302, clip: 0, sameSession: true },
	{ fromSeconds: 600, toSeconds: 603, clip: 0 },
	{ fromSeconds: 900, toSeconds: 905, clip: 1 },
	{ fromSeconds: 1200, toSeconds: 1201, clip: 0 },
	{ fromSeconds: 1500, toSeconds: 1570, clip: 0 },
	{ fromSeconds: 2100, toSeconds: 2101, clip: 1 },
	{ fromSeconds: 2400, toSeconds: 2401, clip: 0 },
];

test.each([
	{ ppm: 100, outages: [] },
	{ ppm: -500, outages: OUTAGES },
])(
	"an hour of a camera whose clock is $ppm ppm off, with $outages.length outages, is bounded and does not drift",
	({ ppm, outages }) => {
		const { clock, hour, camera, errors, hls, mse } = open(ppm);
		hour.playUntil(3);
		const [fast, slow] = [new Page(clock), new Page(clock)];
		const wishes = [{ channel: 0, camera: "cam1", stream: "sub", audio: true }] as const;
		const viewers = [fast, slow].map((page) => mse.openViewer(["h264", "aac"], page));
		for (const viewer of viewers) viewer.setChannels(1, wishes);
		const [video, sound] = (["video", "audio"] as const).map((kind) => hls.open(name(kind)));
		if (typeof video !== "object" || typeof sound !== "object") throw new Error("no tracks");
		const playlists = [new PlaylistWatch(video, clock), new PlaylistWatch(sound, clock)];
		const left = [...outages];
		const most = { queuedBytes: 0, hlsBytes: 0, timers: 0 };
		const heap: number[] = [];
		for (let second = 4; second <= HOUR; second++) {
			const outage = left[0];
			const isAway = outage !== undefined && outage.fromSeconds < second;
			for (let quarter = 1; quarter <= 4; quarter++) {
				const seconds = second - 1 + quarter / 4;
				if (isAway) hour.waitUntil(seconds);
				else hour.playUntil(seconds);
				viewers[0]?.received(fast.receivedBytes);
				slow.takenBytes = Math.min(slow.receivedBytes, slow.takenBytes + SLOW_BYTES_PER_SECOND / 4);
				viewers[1]?.received(slow.takenBytes);
			}
			if (isAway) for (const watched of [fast, slow, ...playlists]) watched.calmSinceMs = clock.nowMs();
			if (outage?.toSeconds === second) hour.skip(left.shift() as Outage);
			for (const playlist of playlists) if (second > STARTED_BY_SECONDS) playlist.look();
			most.queuedBytes = Math.max(most.queuedBytes, ...viewers.map(({ queuedBytes }) => queuedBytes));
			most.hlsBytes = Math.max(most.hlsBytes, hls.sizeBytes);
			most.timers = Math.max(most.timers, clock.pending);
			if (second % (HOUR / 4) === 0) heap.push(heapMegabytes());
		}
		expect(errors).toEqual([]);
		expect(camera.readers).toBe(2);
		expect(fast).toMatchObject({ fallingTimes: 0, soundHoles: 0 });
		expect(fast.pictures).toBeGreaterThan(0.97 * HOUR * PICTURES_PER_SECOND);
		expect(fast.longestStepMs).toBeLessThan(MAX_PICTURE_STEP_MS);
		expect(fast.largestLagMs).toBeLessThan(MAX_MEDIA_LAG_MS);
		expect(fast.largestLipErrorMs).toBeLessThan(MAX_LIP_ERROR_MS);
		// Half of the bytes: at least the key frames, of which there is one every two seconds.
		expect(slow.pictures / HOUR).toBeGreaterThan(0.4);
		expect(slow.fallingTimes).toBe(0);
		for (const playlist of playlists) {
			expect(playlist.numbersBack).toBe(0);
			expect(playlist.mostSegments).toBeLessThanOrEqual(MAX_SEGMENTS);
			expect(playlist.longestChars).toBeLessThan(MAX_PLAYLIST_CHARS);
			expect(playlist.largestLagMs).toBeLessThan(MAX_PLAYLIST_LAG_MS);
		}
		expect(most.queuedBytes).toBeLessThan(MAX_QUEUED_BYTES);
		expect(most.hlsBytes).toBeLessThan(MAX_HLS_BYTES);
		expect(most.timers).toBe(2);
		const inits = Array.from({ length: 2 + outages.length }, (_, index) => video.initSegment(index));
		expect(inits.filter(Boolean)).toHaveLength(1);
		expect((heap.at(-1) ?? Number.NaN) - (heap[0] ?? Number.NaN)).toBeLessThan(MAX_GROWTH_MB);
	},
	TEST_LIMIT_MS,
);

function heapMegabytes(): number {
	collectGarbage();
	collectGarbage();
	const { heapUsed, arrayBuffers } = process.memoryUsage();
	return (heapUsed + arrayBuffers) / 2 ** 20;
}

/** When what is listed ends, in milliseconds since 1970: the last date and the durations since. */
function programEndMs(text: string): number {
	let atMs = Number.NaN;
	let partsMs = 0;
	for (const line of text.split("\n")) {
		const [, tag = "", value = ""] = /^#([A-Z-]+):(.*)$/.exec(line) ?? [];
		if (tag === "EXT-X-PROGRAM-DATE-TIME") atMs = Date.parse(value);
		if (tag === "EXT-X-PART") partsMs += Number(/DURATION=([\d.]+)/.exec(value)?.[1]) * 1000;
		if (tag === "EXTINF") {
			atMs += Number.parseFloat(value) * 1000;
			partsMs = 0;
		}
	}
	return atMs + partsMs;
}
