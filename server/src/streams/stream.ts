/**
 * The hub of one camera profile: one source pushes access units in, any number of readers get them, normalised once:
 * in order, whole, with parameter sets before every IDR picture, on one clock, cut into RTP payloads once.
 *
 * @module
 */
import {
	type AccessUnit,
	type AudioFrame,
	audioDurationTicks,
	hasBSlices,
	isRecoveryPoint,
	parseJpegSize,
	type RtpFormat,
	type VideoUnit,
} from "@vigia/rtp";
import { audioFormatOf, isSameAudio } from "./audio-format.ts";
import { GopCache } from "./gop-cache.ts";
import { HubAccessUnit, type HubFields, HubPicture } from "./hub-units.ts";
import { type NalCodec, ParameterSets } from "./parameter-sets.ts";
import { PresentationClock } from "./presentation-clock.ts";
import { RateMeter } from "./rate-meter.ts";
import type {
	Attachment,
	AudioFormat,
	AudioUnit,
	ReadableStreamSource,
	Reader,
	StreamUnit,
	VideoFormat,
} from "./reader.ts";
import { TICKS_PER_MS, Timeline } from "./timeline.ts";

/**
 * A stream that had no IDR picture for this long may start at recovery points: some encoders send nothing else. Longer
 * than most GOPs, because IDR pictures are the better start.
 */
export const RECOVERY_POINTS_AFTER_MS = 10_000;
/** A timestamp that falls by more than this was set anew; pictures are reordered by less. */
const MAX_REORDER_TICKS = 90_000;
const TICKS_PER_SECOND = TICKS_PER_MS * 1000;

/** What is known of a stream by measuring it. */
export interface StreamFacts {
	/** As of the last session that had pictures. */
	readonly video: VideoFormat | undefined;
	readonly audio: AudioFormat | undefined;
	readonly fps: number | undefined;
	readonly bitrateBps: number | undefined;
	readonly gopSeconds: number | undefined;
	/** {@link Clock.nowMs} of the last access unit. */
	readonly lastVideoAtMs: number | undefined;
	readonly readers: number;
}

export interface StreamCounters {
	accessUnits: number;
	/** Came before the session's first random access point, or without any parameter sets: nothing can decode them. */
	undecodable: number;
	/** Readers that threw and were detached. */
	failedReaders: number;
}

export interface StreamEvents {
	/** The number of readers changed: on-demand sources start and stop by it. */
	readersChanged(count: number): void;
	/** A reader threw: a mistake of ours, contained. */
	readerFailed(error: unknown): void;
}

export class Stream implements ReadableStreamSource {
	readonly counters: StreamCounters = { accessUnits: 0, undecodable: 0, failedReaders: 0 };
	readonly gopCache: GopCache = new GopCache();
	readonly #events: StreamEvents;
	readonly #readers = new Set<Reader>();
	readonly #timeline = new Timeline();
	readonly #presentation = new PresentationClock();
	readonly #audioTimeline = new Timeline();
	readonly #rate = new RateMeter();
	readonly #parameterSets = new ParameterSets();
	#format: VideoFormat | undefined;
	#announcedAudio: AudioFormat | undefined;
	/** Cameras also announce sound that never comes. */
	#audioCame = false;
	/** Also of the session before, until this one has had a whole GOP: a camera that reconnects is still the same. */
	#hasBFrames = false;
	#sessionHasBFrames = false;
	#lastRtpTimestamp: number | undefined;
	#lastVideoAtMs: number | undefined;
	/** Since when there is no IDR picture: the last one's arrival, or the session's first picture's. */
	#noIdrSinceMs: number | undefined;
	#lastRandomAccessTicks: number | undefined;
	#gopSeconds: number | undefined;

	constructor(events: StreamEvents) {
		this.#events = events;
	}

	get format(): VideoFormat | undefined {
		return this.#format;
	}

	get readers(): number {
		return this.#readers.size;
	}

	get audioFormat(): AudioFormat | undefined {
		return this.#audioCame ? this.#announcedAudio : undefined;
	}

	/** The session with the camera is over: its cached pictures are old now, and decode with none of the next session. */
	restart(): void {
		this.#rate.reset();
		this.gopCache.clear();
		this.#lastRandomAccessTicks = undefined;
		this.#lastRtpTimestamp = undefined;
		this.#noIdrSinceMs = undefined;
		this.#sessionHasBFrames = false;
	}

	/** Parameter sets from the session description, for pictures that bring none (quirks 107, S46). */
	setParameterSets(codec: NalCodec, nalUnits: readonly Uint8Array[]): void {
		this.#parameterSets.learn(codec, nalUnits);
	}

	/** The sound that the session description announces; `undefined` if there is none that can be had. */
	setAudioFormat(rtp: RtpFormat | undefined): void {
		const next = rtp && audioFormatOf(rtp);
		if (next && this.#announcedAudio && isSameAudio(next, this.#announcedAudio)) return;
		this.#announcedAudio = next;
		this.#audioCame = false;
	}

	/**
	 * Takes a picture from the source and hands it to every reader.
	 * @param arrivalMs when its last packet came, by the monotonic clock.
	 * @param mediaMs its place on the session's time line, on the same clock.
	 * @returns whether a decoder can show it: false until parameter sets and a random access point came.
	 */
	push(unit: VideoUnit, arrivalMs: number, mediaMs: number): boolean {
		this.#lastVideoAtMs = arrivalMs;
		this.counters.accessUnits++;
		if (hasNalUnits(unit)) this.#parameterSets.learn(unit.codec, unit.nalUnits);
		const timestamp = this.#timeline.next(mediaMs);
		const randomAccess = this.#isRandomAccess(unit, arrivalMs);
		this.#noteOrder(unit, randomAccess);
		const decodable = randomAccess
			? !hasNalUnits(unit) || this.#parameterSets.complete
			: this.#lastRandomAccessTicks !== undefined;
		if (!decodable) {
			this.counters.undecodable++;
			return false;
		}
		const reordered = this.#presentation.next(timestamp, unit.rtpTimestamp, randomAccess);
		// Parameter sets announce B-frames before the first one comes; not all are to be believed, so that no more is done.
		const announced = hasNalUnits(unit) && (this.#parameterSets.format?.reorderDepth ?? 0) > 0;
		const presentation = this.#hasBFrames || announced ? reordered : timestamp;
		const shared = this.#makeShared(unit, { randomAccess, timestamp, presentation, arrivalMs });
		if (randomAccess) {
			this.#measureGop(timestamp);
			this.#noteFormat(unit);
		}
		this.#rate.add(shared.sizeBytes, arrivalMs);
		this.gopCache.push(shared);
		this.#handOn(shared);
		return true;
	}

	/** Takes an audio frame of the announced format from the source. Times as of {@link push}. Sound is no sign of life. */
	pushAudio(frame: AudioFrame, arrivalMs: number, mediaMs: number): void {
		const format = this.#announcedAudio;
		if (format?.codec !== frame.codec) return;
		this.#audioCame = true;
		if (!this.#hasListeners()) return;
		const ticks = audioDurationTicks(frame, format.rtp, format.config);
		if (ticks === undefined) return;
		const unit: AudioUnit = {
			format,
			data: frame.data,
			timestamp: this.#audioTimeline.next(mediaMs),
			arrivalMs,
			durationTicks: Math.round((ticks * TICKS_PER_SECOND) / format.clockRate),
		};
		this.#handOnAudio(unit);
	}

	attach(reader: Reader): Attachment {
		this.#readers.add(reader);
		const gop = this.gopCache.snapshot();
		this.#events.readersChanged(this.#readers.size);
		return { gop, detach: () => this.#drop(reader) };
	}

	currentGop(): readonly StreamUnit[] {
		return this.gopCache.snapshot();
	}

	/** Measured at `nowMs` of the monotonic clock. */
	facts(nowMs: number): StreamFacts {
		const rate = this.#rate.read(nowMs);
		return {
			video: this.#format,
			audio: this.audioFormat,
			fps: rate?.unitsPerSecond,
			bitrateBps: rate?.bitsPerSecond,
			gopSeconds: this.#gopSeconds,
			lastVideoAtMs: this.#lastVideoAtMs,
			readers: this.#readers.size,
		};
	}

	#makeShared(unit: VideoUnit, fields: HubFields): StreamUnit {
		if (!hasNalUnits(unit)) return new HubPicture(unit, fields);
		const nalUnits = fields.randomAccess ? this.#parameterSets.inFrontOf(unit.nalUnits) : unit.nalUnits;
		return new HubAccessUnit(unit, nalUnits, fields);
	}

	#drop(reader: Reader): void {
		if (this.#readers.delete(reader)) this.#events.readersChanged(this.#readers.size);
	}

	#handOn(unit: StreamUnit): void {
		for (const reader of this.#readers) {
			try {
				reader.push(unit);
			} catch (error) {
				this.#readerFailed(reader, error);
			}
		}
	}

	#handOnAudio(unit: AudioUnit): void {
		for (const reader of this.#readers) {
			try {
				reader.pushAudio?.(unit);
			} catch (error) {
				this.#readerFailed(reader, error);
			}
		}
	}

	#readerFailed(reader: Reader, error: unknown): void {
		this.counters.failedReaders++;
		this.#drop(reader);
		this.#events.readerFailed(error);
	}

	#hasListeners(): boolean {
		for (const reader of this.#readers) if (reader.pushAudio) return true;
		return false;
	}

	#isRandomAccess(unit: VideoUnit, arrivalMs: number): boolean {
		if (unit.randomAccess || this.#noIdrSinceMs === undefined) this.#noIdrSinceMs = arrivalMs;
		if (unit.randomAccess || unit.codec !== "h264") return unit.randomAccess;
		return arrivalMs - this.#noIdrSinceMs >= RECOVERY_POINTS_AFTER_MS && isRecoveryPoint(unit.nalUnits);
	}

	/** B slices tell of reordering at once; of other codecs a timestamp that falls does. */
	#noteOrder(unit: VideoUnit, randomAccess: boolean): void {
		const last = this.#lastRtpTimestamp;
		this.#lastRtpTimestamp = unit.rtpTimestamp;
		if (this.#sessionHasBFrames) return;
		if (randomAccess) {
			// A whole GOP had none, or the pictures are of another kind now.
			if (this.#lastRandomAccessTicks !== undefined || unit.codec !== this.#format?.codec) this.#hasBFrames = false;
			return;
		}
		if (unit.codec === "h264") this.#sessionHasBFrames = hasBSlices(unit.nalUnits);
		else if (last !== undefined) {
			const step = (unit.rtpTimestamp - last) | 0;
			this.#sessionHasBFrames = step < 0 && step >= -MAX_REORDER_TICKS;
		}
		if (!this.#sessionHasBFrames || this.#hasBFrames) return;
		this.#hasBFrames = true;
		if (this.#format) this.#format = { ...this.#format, hasBFrames: true };
	}

	#noteFormat(unit: VideoUnit): void {
		const sets = hasNalUnits(unit) ? this.#parameterSets.format : undefined;
		const size = sets ?? (unit.codec === "jpeg" ? parseJpegSize(unit.data) : undefined);
		const next: VideoFormat = {
			codec: unit.codec,
			codecString: sets?.codecString,
			width: size?.width ?? 0,
			height: size?.height ?? 0,
			hasBFrames: this.#hasBFrames,
		};
		if (!this.#format || !isSameFormat(next, this.#format)) this.#format = next;
	}

	#measureGop(timestamp: number): void {
		if (this.#lastRandomAccessTicks !== undefined) {
			this.#gopSeconds = (timestamp - this.#lastRandomAccessTicks) / TICKS_PER_SECOND;
		}
		this.#lastRandomAccessTicks = timestamp;
	}
}

function hasNalUnits(unit: VideoUnit): unit is AccessUnit {
	return unit.codec === "h264" || unit.codec === "h265";
}

function isSameFormat(a: VideoFormat, b: VideoFormat): boolean {
	return (
		a.codec === b.codec &&
		a.codecString === b.codecString &&
		a.width === b.width &&
		a.height === b.height &&
		a.hasBFrames === b.hasBFrames
	);
}
