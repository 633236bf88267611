import { describe, expect, it } from "vitest";
import { AvClock } from "./av-clock.ts";
import { MediaClock } from "./media-clock.ts";
import { ntpFromUnixMs, type RtcpSenderReport } from "./rtcp.ts";

const START_MS = 1_000_000;
const WALL_MS = 1_790_000_000_000;
const VIDEO_INTERVAL_MS = 40;
const AUDIO_INTERVAL_MS = 20;
const REPORT_INTERVAL_MS = 5000;
/** What lips and voice may be apart. */
const MAX_OFFSET_MS = 40;

/** How a camera's sound and picture are taken, stamped and sent; times in ms since its session's start. */
interface Camera {
	/** How much later than its picture a sound arrives. */
	readonly audioDelayMs: number;
	/** The wall clock by the track's sender reports; undefined sends none. */
	readonly wallMs?: ((takenMs: number, track: "video" | "audio") => number) | undefined;
	readonly audioStampMs?: (takenMs: number) => number;
	readonly videoStampMs?: (takenMs: number) => number;
}

interface Played {
	readonly video: MediaClock;
	readonly audio: MediaClock;
	readonly avClock: AvClock;
	/** Where the sound taken at the same time as a picture was placed, against the picture, from `fromMs` on. */
	readonly worstOffsetMs: (fromMs: number) => number;
	/** The largest step of the video's time line. */
	readonly largestVideoStepMs: number;
}

function senderReport(wallMs: number, rtpTimestamp: number): RtcpSenderReport {
	const ntp = ntpFromUnixMs(wallMs);
	return { type: "senderReport", ssrc: 1, ntp, rtpTimestamp, packetCount: 0, octetCount: 0, reports: [] };
}

function play(camera: Camera, seconds: number): Played {
	const { audioDelayMs, wallMs, audioStampMs = (ms) => ms, videoStampMs = (ms) => ms } = camera;
	const video = new MediaClock({ type: "video", clockRateHz: 90_000 });
	const audio = new MediaClock({ type: "audio", clockRateHz: 8000 });
	const avClock = new AvClock(video, audio);
	const offsets: { takenMs: number; offsetMs: number }[] = [];
	let lastVideoMs = START_MS;
	let largestVideoStepMs = 0;
	const report = (track: "video" | "audio", takenMs: number, rtpTimestamp: number): void => {
		if (wallMs) avClock.noteSenderReport(track, senderReport(wallMs(takenMs, track), rtpTimestamp));
	};
	for (let takenMs = 0; takenMs < seconds * 1000; takenMs += AUDIO_INTERVAL_MS) {
		const audioStamp = Math.round(audioStampMs(takenMs) * 8) >>> 0;
		const audioMs = audio.mediaMs(audioStamp, START_MS + takenMs + audioDelayMs);
		if (takenMs % REPORT_INTERVAL_MS === 500) report("audio", takenMs, audioStamp);
		if (takenMs % VIDEO_INTERVAL_MS !== 0) continue;
		const videoStamp = Math.round(videoStampMs(takenMs) * 90) >>> 0;
		const videoMs = video.mediaMs(videoStamp, START_MS + takenMs);
		if (takenMs % REPORT_INTERVAL_MS === 1000) report("video", takenMs, videoStamp);
		offsets.push({ takenMs, offsetMs: Math.abs(audioMs - videoMs) });
		largestVideoStepMs = Math.max(largestVideoStepMs, videoMs - lastVideoMs);
		lastVideoMs = videoMs;
	}
	const worstOffsetMs = (fromMs: number): number =>
		Math.max(...offsets.filter(({ takenMs }) => takenMs >= fromMs).map(({ offsetMs }) => offsetMs));
	return { video, audio, avClock, worstOffsetMs, largestVideoStepMs };
}

const truthful = (takenMs: number): number => WALL_MS + takenMs;

describe("AvClock", () => {
	it("S44: good sender reports bring late audio in step, much at once, little by and by (quirk 104)", () => {
		const much = play({ audioDelayMs: 600, wallMs: truthful }, 20);
		expect(much.worstOffsetMs(7000)).toBeLessThan(MAX_OFFSET_MS);
		const little = play({ audioDelayMs: 150, wallMs: truthful }, 40);
		expect(little.worstOffsetMs(20_000)).toBeLessThan(MAX_OFFSET_MS);
		const early = play({ audioDelayMs: -300, wallMs: truthful }, 20);
		expect(early.worstOffsetMs(7000)).toBeLessThan(MAX_OFFSET_MS);
	});

	it("S44: stays in step for an hour while the tracks' clocks drift apart (quirks 103, 104)", () => {
		const { worstOffsetMs, audio, video } = play(
			{
				audioDelayMs: 300,
				wallMs: truthful,
				audioStampMs: (ms) => ms * 1.0003,
				videoStampMs: (ms) => ms * 0.9997,
			},
			3600,
		);
		expect(worstOffsetMs(30_000)).toBeLessThan(MAX_OFFSET_MS);
		expect(audio.discontinuities + video.discontinuities).toBe(0);
	});

	it("S44: without sender reports arrival decides (quirk 104)", () => {
		const { avClock, audio, worstOffsetMs } = play({ audioDelayMs: 30 }, 30);
		expect(avClock.trusted).toBe(false);
		expect(audio.shiftMs).toBe(0);
		expect(worstOffsetMs(0)).toBeLessThan(MAX_OFFSET_MS);
	});

	it("S44: a wall clock of 1970 or 1900 is not believed: arrival decides (quirk 104)", () => {
		for (const wallMs of [(ms: number) => ms, (ms: number) => ms - 2_208_988_800_000]) {
			const { avClock, audio, worstOffsetMs } = play({ audioDelayMs: 30, wallMs }, 30);
			expect(avClock.trusted).toBe(false);
			expect(audio.shiftMs).toBe(0);
			expect(worstOffsetMs(0)).toBeLessThan(MAX_OFFSET_MS);
		}
	});

	it("S44: a wall clock that steps with every report is not believed: arrival decides (quirk 104)", () => {
		const wallMs = (ms: number): number => truthful(ms) + Math.floor(ms / REPORT_INTERVAL_MS) * 1000;
		const { audio, worstOffsetMs } = play({ audioDelayMs: 30, wallMs }, 60);
		expect(audio.shiftMs).toBe(0);
		expect(worstOffsetMs(0)).toBeLessThan(MAX_OFFSET_MS);
	});

	it("S44: a wall clock that is set once, between the tracks' reports, moves nothing (quirk 104)", () => {
		const wallMs = (ms: number): number => truthful(ms) + (ms < 20_700 ? 0 : 1500);
		const { avClock, worstOffsetMs } = play({ audioDelayMs: 300, wallMs }, 60);
		expect(worstOffsetMs(7000)).toBeLessThan(MAX_OFFSET_MS);
		expect(avClock.trusted).toBe(true);
	});

	it("S44: a wall clock that is set moves nothing while only one track has reported it (quirk 104)", () => {
		const video = new MediaClock({ type: "video", clockRateHz: 90_000 });
		const audio = new MediaClock({ type: "audio", clockRateHz: 8000 });
		const avClock = new AvClock(video, audio);
		video.mediaMs(0, START_MS);
		audio.mediaMs(0, START_MS + 300);
		for (const track of ["video", "audio", "video", "audio"] as const) {
			avClock.noteSenderReport(track, senderReport(WALL_MS, 0));
		}
		expect(audio.shiftMs).toBe(-300);
		for (let i = 0; i < 3; i++) avClock.noteSenderReport("video", senderReport(WALL_MS + 1500, 0));
		expect(audio.shiftMs).toBe(-300);
		expect(avClock.trusted).toBe(false);
	});

	it("S44: tracks whose wall clocks have nothing to do with each other are left to arrival (quirk 104)", () => {
		const wallMs = (ms: number, track: string): number => truthful(ms) + (track === "audio" ? 86_400_000 : 0);
		const { audio } = play({ audioDelayMs: 30, wallMs }, 30);
		expect(audio.shiftMs).toBe(0);
	});

	it("S44: audio that starts again at 0 is anchored anew and gets in step; video is never held (quirk 105)", () => {
		const { audio, video, worstOffsetMs, largestVideoStepMs } = play(
			{ audioDelayMs: 300, wallMs: truthful, audioStampMs: (ms) => (ms < 20_000 ? ms + 90_000 : ms - 20_000) },
			60,
		);
		expect(audio.discontinuities).toBe(1);
		expect(video.discontinuities).toBe(0);
		expect(largestVideoStepMs).toBeCloseTo(VIDEO_INTERVAL_MS, 5);
		expect(worstOffsetMs(7000)).toBeLessThan(MAX_OFFSET_MS);
	});

	it("S44: audio whose timestamps step by 300 ms is anchored anew by arrival (quirk 105)", () => {
		const { audio, worstOffsetMs } = play(
			{ audioDelayMs: 30, audioStampMs: (ms) => 10_000 + ms - (ms < 20_000 ? 0 : 300) },
			40,
		);
		expect(audio.discontinuities).toBe(1);
		expect(worstOffsetMs(0)).toBeLessThan(MAX_OFFSET_MS);
	});

	it("a report of no use undoes trust, but not what was found", () => {
		const { avClock, audio, video } = play({ audioDelayMs: 600, wallMs: truthful }, 20);
		expect(avClock.trusted).toBe(true);
		avClock.noteSenderReport("audio", senderReport(WALL_MS, 0x7fffffff));
		expect(avClock.trusted).toBe(false);
		expect(audio.shiftMs).toBeCloseTo(-600, 0);
		expect(video.shiftMs).toBe(0);
	});
});
