/** Listens to one session and measures what comes; judges nothing. @module */
import type { ProbeVideo } from "@vigia/api";
import { type AudioFrame, hasBSlices, type VideoUnit } from "@vigia/rtp";
import type { SourceDescription, SourceFailure, SourceHandlers } from "../sources/source.ts";
import { jpegFormatOf, type PictureFormat, pictureFormatOf } from "./picture-format.ts";

/** Shorter than this, rates are guesses. */
export const MIN_MEASURE_MS = 3000;
/** RFC 6184 section 8.2.1, RFC 7798 section 7.1, RFC 2435 section 3.1. */
const VIDEO_CLOCK_HZ = 90_000;
/** A step of the timestamps beyond these is a jump, which measures nothing. B-frames go back, by less than a second. */
const MAX_FORWARD_TICKS = 30 * VIDEO_CLOCK_HZ;
const MAX_BACKWARD_TICKS = VIDEO_CLOCK_HZ;
/** One step back is a fault of a clock; several are B-frames, whose slices H.265 does not tell apart cheaply. */
const MIN_BACKWARD_STEPS = 3;

export interface MeasurementOptions {
	readonly startMs: number;
	/** Two key frames came, and enough between them: there is nothing more to wait for. */
	readonly onEnough: () => void;
	readonly onPlaying: () => void;
	/** The first picture that decoding can begin with. */
	readonly onFirstPicture: () => void;
	readonly onEnd: (failure: SourceFailure | undefined) => void;
}

export class Measurement implements SourceHandlers {
	readonly #options: MeasurementOptions;
	description: SourceDescription | undefined;
	/** Milliseconds from the start to the first picture that decoding can begin with. */
	firstPictureMs: number | undefined;
	/** When the first picture came, and the last. */
	#firstArrivalMs: number | undefined;
	#lastArrivalMs = 0;
	#codec: VideoUnit["codec"] = "h264";
	#format: PictureFormat = {};
	#pictures = 0;
	#keyFrames = 0;
	#bytes = 0;
	/** Of the newest picture: it has no duration yet, so it counts for no rate. */
	#lastBytes = 0;
	#bFrames = false;
	#backwardSteps = 0;
	#lastTimestamp = 0;
	/** Of the newest picture, in ticks behind the first one's. */
	#position = 0;
	/** The furthest that the timestamps went. */
	#ticks = 0;
	#ticksAtKeyFrame: number | undefined;
	#arrivalAtKeyFrameMs = 0;
	#longestKeyFrameSeconds: number | undefined;
	#audioCodec: string | undefined;
	#audioFrames = 0;
	#audioBytes = 0;

	constructor(options: MeasurementOptions) {
		this.#options = options;
	}

	onDescribed(description: SourceDescription): void {
		this.description = description;
	}

	onPlaying(): void {
		this.#options.onPlaying();
	}

	onParameterSets(_codec: string, nalUnits: readonly Uint8Array[]): void {
		this.#format = pictureFormatOf(nalUnits) ?? this.#format;
	}

	onVideo(unit: VideoUnit, arrivalMs: number): void {
		this.#codec = unit.codec;
		this.#firstArrivalMs ??= arrivalMs;
		this.#lastArrivalMs = arrivalMs;
		if (this.#pictures > 0) {
			const step = (unit.rtpTimestamp - this.#lastTimestamp) | 0;
			if (step <= MAX_FORWARD_TICKS && step >= -MAX_BACKWARD_TICKS) this.#position += step;
			// Pictures are shown in another order than they come in: RFC 7798 section 4.1, timestamps are for showing.
			if (step < 0 && step >= -MAX_BACKWARD_TICKS) this.#backwardSteps++;
			this.#ticks = Math.max(this.#ticks, this.#position);
		}
		this.#lastTimestamp = unit.rtpTimestamp;
		this.#pictures++;
		this.#bytes += unit.sizeBytes;
		this.#lastBytes = unit.sizeBytes;
		if (unit.codec === "jpeg") this.#format = jpegFormatOf(unit.data) ?? this.#format;
		else if ("nalUnits" in unit) {
			this.#format = pictureFormatOf(unit.nalUnits) ?? this.#format;
			this.#bFrames ||= unit.codec === "h264" && hasBSlices(unit.nalUnits);
		}
		if (unit.randomAccess) this.#noteKeyFrame(arrivalMs);
		if (this.#longestKeyFrameSeconds !== undefined && this.measuredMs >= MIN_MEASURE_MS) this.#options.onEnough();
	}

	onAudio(frame: AudioFrame): void {
		this.#audioCodec = frame.codec;
		this.#audioFrames++;
		this.#audioBytes += frame.data.length;
	}

	onEnd(failure: SourceFailure | undefined): void {
		this.#options.onEnd(failure);
	}

	/** From the first picture to the last. */
	get measuredMs(): number {
		return this.#firstArrivalMs === undefined ? 0 : this.#lastArrivalMs - this.#firstArrivalMs;
	}

	/** From the first picture, and from the last one, until now; 0 before there was one. */
	secondsSince(nowMs: number): { readonly first: number; readonly last: number } {
		if (this.#firstArrivalMs === undefined) return { first: 0, last: 0 };
		return { first: (nowMs - this.#firstArrivalMs) / 1000, last: (nowMs - this.#lastArrivalMs) / 1000 };
	}

	get mediaSeconds(): number {
		return this.#ticks / VIDEO_CLOCK_HZ;
	}

	get video(): ProbeVideo | undefined {
		if (this.#pictures === 0) return undefined;
		// A camera may send its newest seconds at once in the beginning: its own timestamps know better than arrival.
		const seconds = this.mediaSeconds > 0 ? this.mediaSeconds : this.measuredMs / 1000;
		const rates =
			seconds === 0
				? {}
				: {
						fps: Number(((this.#pictures - 1) / seconds).toFixed(2)),
						bitrateBps: Math.round(((this.#bytes - this.#lastBytes) * 8) / seconds),
					};
		return {
			codec: this.#codec,
			...this.#format,
			...rates,
			pictures: this.#pictures,
			keyFrames: this.#keyFrames,
			...(this.#longestKeyFrameSeconds !== undefined && {
				keyFrameSeconds: Number(this.#longestKeyFrameSeconds.toFixed(2)),
			}),
			bFrames: this.#bFrames || (this.#codec === "h265" && this.#backwardSteps >= MIN_BACKWARD_STEPS),
		};
	}

	get audio(): { codec: string; frames: number; bitrateBps?: number } | undefined {
		if (this.#audioCodec === undefined) return undefined;
		const seconds = this.measuredMs / 1000;
		const rate = seconds === 0 ? {} : { bitrateBps: Math.round((this.#audioBytes * 8) / seconds) };
		return { codec: this.#audioCodec, frames: this.#audioFrames, ...rate };
	}

	#noteKeyFrame(arrivalMs: number): void {
		this.#keyFrames++;
		if (this.firstPictureMs === undefined) {
			this.firstPictureMs = Math.round(arrivalMs - this.#options.startMs);
			this.#options.onFirstPicture();
		}
		if (this.#ticksAtKeyFrame !== undefined) {
			const ticks = this.#ticks - this.#ticksAtKeyFrame;
			const seconds = ticks > 0 ? ticks / VIDEO_CLOCK_HZ : (arrivalMs - this.#arrivalAtKeyFrameMs) / 1000;
			this.#longestKeyFrameSeconds = Math.max(this.#longestKeyFrameSeconds ?? 0, seconds);
		}
		this.#ticksAtKeyFrame = this.#ticks;
		this.#arrivalAtKeyFrameMs = arrivalMs;
	}
}
