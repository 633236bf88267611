/** The sound of one camera stream that FFmpeg makes Opus or AAC of, while anybody listens. @module */
import type { Logger } from "../observe/log.ts";
import type { Clock } from "../platform/clock.ts";
import type { Ffmpeg } from "../platform/ffmpeg.ts";
import type { Attachment, AudioFormat, AudioUnit, ReadableStreamSource } from "../streams/reader.ts";
import { TICKS_PER_MS } from "../streams/timeline.ts";
import {
	type AudioTarget,
	audioArguments,
	matroskaAudio,
	matroskaAudioData,
	TARGET_RATE,
	targetFormat,
} from "./audio-codecs.ts";
import { FlvReader } from "./flv-reader.ts";
import { writeMatroskaBlock, writeMatroskaHeader } from "./matroska.ts";
import { OggOpusReader } from "./ogg-opus-reader.ts";
import { type ChildCounters, type LifePlan, SupervisedChild } from "./supervised-child.ts";

/** Sound for a child that does not read: some seconds of 16-bit PCM. */
const MAX_QUEUED_BYTES = 512 * 1024;
/** The encoder's delay lies before the first sample. */
const LEAD_MS = 1_000;
/** In 90 kHz ticks. */
const TICKS_PER_SAMPLE = (TICKS_PER_MS * 1000) / TARGET_RATE;
const AAC_FRAME_SAMPLES = 1024;

export interface AudioTranscodeOptions {
	readonly source: ReadableStreamSource;
	readonly target: AudioTarget;
	readonly ffmpeg: Ffmpeg;
	readonly clock: Clock;
	readonly log: Logger;
	readonly counters: ChildCounters;
	/** FFmpeg makes nothing of this sound: it ends. */
	readonly onFailed: () => void;
	/** It has ended, also because the last listener left. */
	readonly onEnd: () => void;
}

export interface AudioListener {
	readonly push: (unit: AudioUnit) => void;
	/** Nothing comes any more. */
	readonly onEnd: () => void;
}

export class AudioTranscode {
	readonly #options: AudioTranscodeOptions;
	readonly #child: SupervisedChild;
	readonly #attachment: Attachment;
	readonly #listeners = new Set<AudioListener>();
	#closed = false;
	/** What goes in, and what comes out of it. */
	#input: AudioFormat | undefined;
	#output: AudioFormat | undefined;
	#newest: AudioUnit | undefined;
	#read: (bytes: Uint8Array) => void = () => {};
	#baseTicks = 0;
	#lastTicks = Number.NEGATIVE_INFINITY;

	constructor(options: AudioTranscodeOptions) {
		this.#options = options;
		this.#child = new SupervisedChild(
			{
				...options,
				plan: () => this.#plan(),
				onOutput: (bytes) => this.#read(bytes),
				onGivenUp: () => {
					options.onFailed();
					this.close();
				},
			},
			options.counters,
		);
		this.#attachment = options.source.attach({ push() {}, pushAudio: (unit) => this.#onAudio(unit) });
	}

	/** For tests that hurt it. */
	get pid(): number | undefined {
		return this.#child.pid;
	}

	/** @returns how to stop listening. */
	listen(listener: AudioListener): () => void {
		this.#listeners.add(listener);
		return () => {
			if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.close();
		};
	}

	/** Safe to call twice. */
	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#attachment.detach();
		this.#child.stop();
		this.#options.onEnd();
		const listeners = [...this.#listeners];
		this.#listeners.clear();
		for (const { onEnd } of listeners) onEnd();
	}

	#onAudio(unit: AudioUnit): void {
		this.#newest = unit;
		if (unit.format !== this.#input) {
			this.#input = unit.format;
			this.#child.renew();
		}
		if (!this.#child.running) {
			this.#child.wake();
			return;
		}
		this.#child.noteFed();
		if (this.#child.queuedBytes <= MAX_QUEUED_BYTES) this.#child.write(this.#blockOf(unit));
	}

	#plan(): LifePlan | undefined {
		const { target } = this.#options;
		const track = this.#input && matroskaAudio(this.#input);
		if (!track || !this.#input || !this.#newest) return undefined;
		this.#output = targetFormat(this.#input, target);
		this.#baseTicks = this.#newest.timestamp - LEAD_MS * TICKS_PER_MS;
		this.#read = target === "opus" ? this.#opusReader(this.#output) : this.#aacReader(this.#output);
		const input = [writeMatroskaHeader(track), this.#blockOf(this.#newest)];
		return { args: audioArguments(this.#output), input };
	}

	#blockOf(unit: AudioUnit): Uint8Array {
		const timeMs = Math.max(0, Math.round((unit.timestamp - this.#baseTicks) / TICKS_PER_MS));
		return writeMatroskaBlock(timeMs, true, [matroskaAudioData(unit)]);
	}

	#opusReader(format: AudioFormat): (bytes: Uint8Array) => void {
		const reader = new OggOpusReader();
		return (bytes) => {
			for (const { data, startSamples, samples } of reader.push(bytes)) {
				this.#handOn(format, data, startSamples * TICKS_PER_SAMPLE, samples);
			}
		};
	}

	#aacReader(format: AudioFormat): (bytes: Uint8Array) => void {
		const reader = new FlvReader();
		return (bytes) => {
			for (const item of reader.push(bytes)) {
				if ("config" in item || item.kind !== "audio") continue;
				this.#handOn(format, item.data, item.timeMs * TICKS_PER_MS, AAC_FRAME_SAMPLES);
			}
		};
	}

	#handOn(format: AudioFormat, data: Uint8Array, ticks: number, samples: number): void {
		this.#child.noteProduced();
		this.#lastTicks = Math.max(this.#lastTicks + 1, Math.round(this.#baseTicks + ticks));
		const unit: AudioUnit = {
			format,
			data,
			timestamp: this.#lastTicks,
			arrivalMs: this.#options.clock.nowMs(),
			durationTicks: Math.round(samples * TICKS_PER_SAMPLE),
		};
		for (const { push } of this.#listeners) {
			try {
				push(unit);
			} catch (error) {
				this.#options.log.error({ error }, "a reader failed and was detached");
			}
		}
	}
}
