/**
 * Audio in step with video by their sender reports: RFC 3550 section 6.4.1. Arrival is the clock of both tracks; the
 * reports only say how they lie to each other, and only while they are credible. @module
 */
import type { MediaClock } from "./media-clock.ts";
import { type NtpTimestamp, type RtcpSenderReport, unixMsFromNtp } from "./rtcp.ts";

/** Reports in a row that must agree, of each track. */
const STEADY_REPORTS = 2;
/** Reports agree when they place the wall clock this near to each other: drift and rounding, but no steps. */
const STEADY_MS = 25;
/** Sound and picture of one moment do not leave a camera further apart than this. */
const MAX_SHIFT_MS = 2000;
/** Nobody notices less. */
const IGNORED_SHIFT_MS = 10;
/** 2000-01-01: an earlier wall clock was never set, and it will step when it is. */
const EARLIEST_WALL_MS = 946_684_800_000;
/** A year: NTP seconds below it count from the camera's start and not from 1900, nor from 2036. */
const LONGEST_UPTIME_SECONDS = 31_536_000;

/** What the sender reports of one track have said. */
interface Reported {
	readonly clock: MediaClock;
	/** From the camera's wall clock to the track's time line. */
	offsetMs: number;
	/** Reports in a row that agree. */
	steady: number;
	/** The clock's discontinuities when the report came: a report before one says nothing of the time after. */
	discontinuities: number;
}

/** Aligns a session's audio clock to its video clock; never moves video. */
export class AvClock {
	readonly #video: Reported;
	readonly #audio: Reported;

	constructor(video: MediaClock, audio: MediaClock) {
		this.#video = { clock: video, offsetMs: 0, steady: 0, discontinuities: 0 };
		this.#audio = { clock: audio, offsetMs: 0, steady: 0, discontinuities: 0 };
	}

	/** Sender reports of both tracks agree well enough to place one by the other. */
	get trusted(): boolean {
		return this.#video.steady >= STEADY_REPORTS && this.#audio.steady >= STEADY_REPORTS;
	}

	/** Takes note of a sender report of a track, whatever its SSRC: some cameras' RTCP names another one. */
	noteSenderReport(track: "video" | "audio", report: RtcpSenderReport): void {
		const reported = track === "video" ? this.#video : this.#audio;
		const wallMs = credibleWallMs(report.ntp);
		const placeMs = reported.clock.placeOf(report.rtpTimestamp);
		if (wallMs === undefined || placeMs === undefined) {
			this.#distrust();
			return;
		}
		const offsetMs = placeMs - wallMs;
		const { discontinuities } = reported.clock;
		const agrees = Math.abs(offsetMs - reported.offsetMs) < STEADY_MS && discontinuities === reported.discontinuities;
		// A wall clock that steps does so for both tracks, and their reports come at different times.
		if (reported.steady > 0 && !agrees) this.#distrust();
		reported.offsetMs = offsetMs;
		reported.discontinuities = discontinuities;
		reported.steady = Math.min(STEADY_REPORTS, reported.steady + 1);
		if (this.trusted) this.#align();
	}

	#distrust(): void {
		this.#video.steady = 0;
		this.#audio.steady = 0;
	}

	#align(): void {
		const { clock } = this.#audio;
		const shiftMs = this.#video.offsetMs - this.#audio.offsetMs;
		if (Math.abs(shiftMs) > MAX_SHIFT_MS || Math.abs(shiftMs - clock.shiftMs) < IGNORED_SHIFT_MS) return;
		clock.align(shiftMs);
	}
}

function credibleWallMs(ntp: NtpTimestamp): number | undefined {
	const wallMs = ntp.seconds < LONGEST_UPTIME_SECONDS ? undefined : unixMsFromNtp(ntp);
	return wallMs === undefined || wallMs < EARLIEST_WALL_MS ? undefined : wallMs;
}
