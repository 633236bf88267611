/** An hour of pictures in a page by Media Source Extensions, in virtual time. @module */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { KEPT_BEHIND, MseFeed } from "../../web/src/player/mse-feed.ts";
import {
	FAKE_FRAGMENT_SECONDS,
	FakeMediaSource,
	FakeMediaVideo,
	fakeFragment,
	fakeInit,
	installFakeMediaSource,
} from "../../web/src/testing/fake-media-source.ts";
import { Random } from "../fuzz/random.ts";

const HOUR_MS = 3_600_000;
const STEP_MS = 20;
const TICK_MS = 500;
/** The hub's clock has run for a while when the page comes. */
const FIRST_SECONDS = 5000;
const GOP_SECONDS = 2;
const MAX_JITTER_MS = 40;
/** A decoder begins with this much ahead, in seconds, and stands at the end of what there is. */
const DECODER_NEEDS = 0.05;
const SETTLED_MS = 10_000;
/** 180 ms are aimed at, 20 ms let be, and 40 ms come late: MSE's budget of 200 ms is for pictures in time. */
const MAX_LATENCY_MS = 300;
/** What is kept, the GOP that it ends in, the latency, and half a second to the next tick. */
const MAX_BUFFERED_SECONDS = KEPT_BEHIND + GOP_SECONDS + 1;
/** A correction begins and ends, every six seconds: 20 ms are let be, and jitter alone uses up some of them. */
const MAX_RATE_CHANGES = 1200;
const TEST_LIMIT_MS = 120_000;

/** Plays what is buffered; what the feed sets is a seek. */
class Player extends FakeMediaVideo {
	seeks = 0;
	stalls = 0;
	#time = 0;
	#plays = false;

	constructor() {
		super();
		Object.defineProperty(this, "currentTime", {
			get: () => this.#time,
			set: (seconds: number) => {
				this.#time = seconds;
				this.seeks++;
			},
		});
		this.seeks = 0;
	}

	advance(ms: number): void {
		const { buffered } = this;
		const ahead = buffered.length === 0 ? 0 : buffered.end() - this.#time;
		const played = this.#plays;
		this.#plays = ahead > (played ? ms / 1000 : DECODER_NEEDS);
		if (this.#plays) this.#time += (this.playbackRate * ms) / 1000;
		else if (played) {
			this.stalls++;
			this.dispatchEvent(new Event("waiting"));
		}
	}
}

beforeEach(() => installFakeMediaSource());
afterEach(() => void vi.unstubAllGlobals());

interface Scenario {
	readonly ppm: number;
	/** Nothing arrives between these, and all of it at once after. */
	readonly outageMs?: readonly [number, number];
}

function playHour({ ppm, outageMs = [0, 0] }: Scenario) {
	const random = new Random(`page ${ppm}`);
	const speed = 1 + ppm / 1e6;
	let nowMs = 0;
	const faults: string[] = [];
	const feed = new MseFeed({ audio: false, nowMs: () => nowMs });
	feed.onFault = (fault, detail) => faults.push(`${fault}: ${detail}`);
	const video = new Player();
	feed.attach(video as unknown as HTMLVideoElement);
	const source = FakeMediaSource.made.at(-1) as FakeMediaSource;
	source.open();
	const push = (kind: "init" | "media", payload: Uint8Array, randomAccess: boolean, codecs = ""): void =>
		feed.push({ kind, track: "video", channel: 1, randomAccess, receivedAtMs: 0, codecs, payload });
	push("init", fakeInit(), false, "avc1.42c01e");
	const outcome = { faults, latenciesMs: [] as number[], bufferedSeconds: 0, seeks: 0, stalls: 0, rateChanges: 0 };
	let pictures = 0;
	let latestMs = 0;
	let rate = 1;
	for (; nowMs < HOUR_MS; nowMs += STEP_MS) {
		for (;;) {
			const dueMs = (pictures * FAKE_FRAGMENT_SECONDS * 1000) / speed;
			latestMs = Math.max(latestMs, dueMs + random.between(0, MAX_JITTER_MS));
			if (latestMs > nowMs || (nowMs >= outageMs[0] && nowMs < outageMs[1])) break;
			const at = pictures * FAKE_FRAGMENT_SECONDS;
			// Other parameter sets every ten minutes.
			if (pictures % 6000 === 5999) push("init", fakeInit(), false, `avc1.42c0${at % 1200 < 600 ? "1e" : "1f"}`);
			push("media", fakeFragment(FIRST_SECONDS + at), Math.round(at * 10) % (GOP_SECONDS * 10) === 0);
			pictures++;
		}
		const buffer = source.buffers.get("video");
		buffer?.finishAll();
		buffer?.log.splice(0);
		video.advance(STEP_MS);
		if (nowMs % TICK_MS === 0) feed.tick(nowMs);
		if (nowMs === SETTLED_MS) [video.seeks, video.stalls] = [0, 0];
		if (nowMs < SETTLED_MS) continue;
		if (video.playbackRate !== rate) outcome.rateChanges++;
		rate = video.playbackRate;
		const [start, end] = buffer?.range ?? [0, 0];
		outcome.bufferedSeconds = Math.max(outcome.bufferedSeconds, end - start);
		if (nowMs % 1000 === 0) {
			outcome.latenciesMs.push((FIRST_SECONDS + (nowMs / 1000) * speed - video.currentTime) * 1000);
		}
	}
	feed.close();
	return { ...outcome, seeks: video.seeks, stalls: video.stalls };
}

test.each([0, 100, -100, 500, -500])(
	"with a camera clock that is %i ppm off nothing drifts, jumps, stalls or grows",
	(ppm) => {
		const { latenciesMs, bufferedSeconds, rateChanges, ...rest } = playHour({ ppm });
		expect(rest).toEqual({ faults: [], seeks: 0, stalls: 0 });
		expect(Math.max(...latenciesMs)).toBeLessThan(MAX_LATENCY_MS);
		expect(Math.min(...latenciesMs)).toBeGreaterThan(0);
		expect(bufferedSeconds).toBeLessThan(MAX_BUFFERED_SECONDS);
		expect(rateChanges).toBeLessThan(MAX_RATE_CHANGES);
	},
	TEST_LIMIT_MS,
);

test(
	"after an outage of 20 s in the middle the latency is what it was",
	() => {
		const outageMs = [HOUR_MS / 2, HOUR_MS / 2 + 20_000] as const;
		const { latenciesMs, bufferedSeconds, faults, seeks, stalls } = playHour({ ppm: 100, outageMs });
		expect([faults, stalls]).toEqual([[], 1]);
		expect(seeks).toBeGreaterThanOrEqual(1);
		expect(seeks).toBeLessThanOrEqual(2);
		expect(bufferedSeconds).toBeLessThan(MAX_BUFFERED_SECONDS + 20);
		expect(Math.max(...latenciesMs.slice((outageMs[1] + 30_000 - SETTLED_MS) / 1000))).toBeLessThan(MAX_LATENCY_MS);
	},
	TEST_LIMIT_MS,
);
