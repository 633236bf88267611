/** All transcodes of this process: one for each camera stream that needs it, never more of them than are allowed. @module */
import type { ReasonCode } from "@vigia/api";
import type { Logger } from "../observe/log.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import type { Ffmpeg } from "../platform/ffmpeg.ts";
import type { ReadableStreamSource } from "../streams/reader.ts";
import type { AudioTarget } from "./audio-codecs.ts";
import { AudioTranscode } from "./audio-transcode.ts";
import { findSoftwareEncoder, findVideoEncoder, type VideoEncoder } from "./video-encoder.ts";
import { VideoTranscode, type VideoTranscodeCounters } from "./video-transcode.ts";

/** A stream of which FFmpeg made nothing is not tried again before this. */
export const RETRY_FAILED_AFTER_MS = 30_000;
/** Sounds at a time: each takes under 1 % of a processor. A page plays one. */
const MAX_AUDIO_TRANSCODES = 32;

export interface TranscoderOptions {
	readonly ffmpeg: Ffmpeg;
	readonly clock: Clock;
	readonly log: Logger;
	/** Streams whose video may be transcoded at the same time. */
	readonly maxTranscodes: number;
}

export interface TranscoderCounters extends VideoTranscodeCounters {
	/** Video transcodes that were begun. */
	started: number;
	/** Viewers that got no picture, for whatever reason. */
	refused: number;
}

type Refusal = Extract<ReasonCode, "ffmpeg-missing" | "transcode-limit" | "transcode-failed">;

export class Transcoder {
	readonly counters: TranscoderCounters = { started: 0, restarts: 0, skips: 0, refused: 0 };
	readonly #options: TranscoderOptions;
	readonly #videos = new Map<ReadableStreamSource, VideoTranscode>();
	readonly #audios = new Map<ReadableStreamSource, Map<AudioTarget, AudioTranscode>>();
	#audioCount = 0;
	/** Streams of whose video or sound nothing could be made lately, until the timer fires. */
	readonly #failed = new Map<ReadableStreamSource, Timer>();
	readonly #failedSounds = new Map<ReadableStreamSource, Timer>();
	/** The hardware failed on them. */
	readonly #softwareOnly = new WeakSet<ReadableStreamSource>();
	readonly #listeners = new Set<() => void>();
	#notifying = false;
	#encoder: VideoEncoder | undefined;
	#preparing = false;
	#prepared = false;
	#closed = false;

	constructor(options: TranscoderOptions) {
		this.#options = options;
	}

	/** Video transcodes that hold a place, those that linger included. */
	get running(): number {
		return this.#videos.size;
	}

	/** Whether {@link video} would give a transcode of this stream; if not, why. Changes nothing. */
	outlook(source: ReadableStreamSource): Refusal | undefined {
		if (this.#closed || !this.#options.ffmpeg.facts) return "ffmpeg-missing";
		if (this.#failed.has(source)) return "transcode-failed";
		if (this.#prepared && !this.#encoder) return "transcode-failed";
		if (this.#videos.has(source) || this.#hasPlace()) return undefined;
		return "transcode-limit";
	}

	/** The stream that is made of this one now, if there is any. */
	current(source: ReadableStreamSource): VideoTranscode | undefined {
		return this.#videos.get(source);
	}

	/**
	 * The stream that is made of this one: begins it if need be. Its readers keep it alive.
	 * @returns `undefined` while the encoder is being found, and when {@link outlook} refuses: {@link onChange} tells when
	 * to ask again.
	 */
	video(source: ReadableStreamSource): VideoTranscode | undefined {
		const there = this.#videos.get(source);
		if (there) return there;
		if (this.outlook(source) !== undefined) return undefined;
		const encoder = this.#encoderFor(source);
		if (!encoder) {
			this.#prepare();
			return undefined;
		}
		if (this.#videos.size >= this.#options.maxTranscodes) this.#evictIdle();
		const transcode: VideoTranscode = new VideoTranscode({
			...this.#options,
			source,
			encoder,
			counters: this.counters,
			onIdle: (idle) => {
				if (idle) this.#notify();
			},
			onEnd: () => this.#remove(source),
			onFailed: () => this.#onFailed(source, encoder),
			onFormatChanged: () => this.#notify(),
		});
		this.counters.started++;
		this.#videos.set(source, transcode);
		return transcode;
	}

	/** The stream's sound in another codec; `undefined` without FFmpeg, without its encoder, and when there are too many. */
	audio(source: ReadableStreamSource, target: AudioTarget): AudioTranscode | undefined {
		const there = this.#audios.get(source)?.get(target);
		if (there) return there;
		if (!this.#options.ffmpeg.facts) this.lookForFfmpeg();
		if (!this.canTranscodeAudio(source, target)) return undefined;
		if (this.#audioCount >= MAX_AUDIO_TRANSCODES) return undefined;
		const transcode: AudioTranscode = new AudioTranscode({
			...this.#options,
			source,
			target,
			counters: this.counters,
			onEnd: () => {
				this.#audioCount--;
				const ofSource = this.#audios.get(source);
				ofSource?.delete(target);
				if (ofSource?.size === 0) this.#audios.delete(source);
				// A place is free.
				this.#notify();
			},
			onFailed: () => this.#pause(this.#failedSounds, source),
		});
		this.#audioCount++;
		const ofSource = this.#audios.get(source) ?? new Map<AudioTarget, AudioTranscode>();
		this.#audios.set(source, ofSource.set(target, transcode));
		return transcode;
	}

	/** Whether sound can be made of this stream's, as far as is known. */
	canTranscodeAudio(source: ReadableStreamSource, target: AudioTarget): boolean {
		if (this.#failedSounds.has(source)) return false;
		const encoder = target === "opus" ? "libopus" : "aac";
		return !this.#closed && this.#options.ffmpeg.facts?.encoders.has(encoder) === true;
	}

	/** Somebody is refused for want of FFmpeg: looks for it once more, and tells when it is there. */
	lookForFfmpeg(): void {
		void this.#options.ffmpeg.look().then((facts) => {
			if (facts) this.#notify();
		});
	}

	/** Calls `listener` when another answer of this object may be had; returns how to stop that. */
	onChange(listener: () => void): () => void {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	}

	/** Ends all children. */
	close(): void {
		this.#closed = true;
		for (const failed of [this.#failed, this.#failedSounds]) {
			for (const timer of failed.values()) timer.cancel();
			failed.clear();
		}
		for (const transcode of this.#videos.values()) transcode.close();
		this.#videos.clear();
		for (const ofSource of [...this.#audios.values()])
			for (const transcode of [...ofSource.values()]) transcode.close();
		this.#listeners.clear();
	}

	#hasPlace(): boolean {
		const { maxTranscodes } = this.#options;
		if (this.#videos.size < maxTranscodes) return true;
		return maxTranscodes > 0 && this.#idle() !== undefined;
	}

	#idle(): [ReadableStreamSource, VideoTranscode] | undefined {
		for (const entry of this.#videos) if (entry[1].idle) return entry;
		return undefined;
	}

	#evictIdle(): void {
		const idle = this.#idle();
		if (!idle) return;
		this.#videos.delete(idle[0]);
		idle[1].close();
	}

	#remove(source: ReadableStreamSource): void {
		this.#videos.delete(source);
		this.#notify();
	}

	#onFailed(source: ReadableStreamSource, encoder: VideoEncoder): void {
		const software = this.#software();
		if (software && encoder === this.#encoder && software.name !== encoder.name) this.#softwareOnly.add(source);
		else this.#pause(this.#failed, source);
		this.#remove(source);
	}

	/** What failed is not tried again for a while. */
	#pause(failed: Map<ReadableStreamSource, Timer>, source: ReadableStreamSource): void {
		const timer = this.#options.clock.after(RETRY_FAILED_AFTER_MS, () => {
			failed.delete(source);
			this.#notify();
		});
		failed.set(source, timer);
	}

	#encoderFor(source: ReadableStreamSource): VideoEncoder | undefined {
		return this.#softwareOnly.has(source) ? this.#software() : this.#encoder;
	}

	#software(): VideoEncoder | undefined {
		const { facts } = this.#options.ffmpeg;
		return facts && findSoftwareEncoder(facts);
	}

	/** Tries the encoders, once: it takes a second or two where there is hardware. */
	#prepare(): void {
		if (this.#preparing) return;
		this.#preparing = true;
		const { ffmpeg, log } = this.#options;
		void findVideoEncoder(ffmpeg).then((encoder) => {
			this.#preparing = false;
			if (ffmpeg.facts) this.#prepared = true;
			this.#encoder = encoder;
			if (encoder) log.info({ encoder: encoder.name }, "video that a browser cannot play is transcoded");
			else log.warn({}, "this FFmpeg cannot make H.264: install one with libx264");
			this.#notify();
		});
	}

	/** Later, so that nobody is called from within their own call, and once for many changes. */
	#notify(): void {
		if (this.#notifying) return;
		this.#notifying = true;
		queueMicrotask(() => {
			this.#notifying = false;
			for (const listener of [...this.#listeners]) {
				try {
					listener();
				} catch (error) {
					this.#options.log.error({ error }, "a reader failed and was detached");
				}
			}
		});
	}
}
