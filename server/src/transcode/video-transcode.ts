/** One camera stream that FFmpeg makes H.264 of, for all who cannot decode it, while any of them is there. @module */
import type { Logger } from "../observe/log.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import type { Ffmpeg } from "../platform/ffmpeg.ts";
import type { Attachment, ReadableStreamSource, StreamUnit, VideoFormat } from "../streams/reader.ts";
import { Stream } from "../streams/stream.ts";
import { TICKS_PER_MS } from "../streams/timeline.ts";
import { type FlvConfig, type FlvFrame, FlvReader, parameterSetsOf, splitLengthPrefixed } from "./flv-reader.ts";
import { pictureParts, writeMatroskaBlock, writeMatroskaHeader } from "./matroska.ts";
import { type ChildCounters, type LifePlan, SupervisedChild } from "./supervised-child.ts";
import { transcodeArguments, type VideoEncoder } from "./video-encoder.ts";

/** Goes on this long without readers: somebody leafing through tiles comes back. */
export const LINGER_MS = 10_000;
/** Pictures that wait for a child that does not keep up, beyond the GOP that it begins with (at most 8 MiB). */
const MAX_QUEUED_BYTES = 12 * 1024 * 1024;
/** A child that is behind by more goes on at the next key frame once it has caught up: live is now. */
export const MAX_LAG_MS = 2_000;
/** A decoder holds back as many pictures to put them in order (ITU-T H.264 section A.3.1): that is no delay of ours. */
const MAX_HELD_BACK = 16;
/** Pictures in the works; a GOP of 30 s at 60 pictures a second. */
const MAX_PENDING = 2_000;
/** Room for pictures that are shown before the random access point that they come behind (RASL, open GOP). */
const LEAD_MS = 2_000;
/** Bounds of the interval that the pictures' times tell. */
const MIN_INTERVAL_MS = 4;
const MAX_INTERVAL_MS = 1_000;

export interface VideoTranscodeCounters extends ChildCounters {
	/** Times that a child did not keep up and pictures were left out up to a key frame. */
	skips: number;
}

export interface VideoTranscodeOptions {
	readonly source: ReadableStreamSource;
	readonly encoder: VideoEncoder;
	readonly ffmpeg: Ffmpeg;
	readonly clock: Clock;
	readonly log: Logger;
	readonly counters: VideoTranscodeCounters;
	/** The number of readers changed between none and some. */
	readonly onIdle: (idle: boolean) => void;
	/** Nobody came back: it has ended. */
	readonly onEnd: () => void;
	/** FFmpeg makes nothing of this stream: it has ended. */
	readonly onFailed: () => void;
	/** What the camera sends is something else now. */
	readonly onFormatChanged: () => void;
}

interface PendingPicture {
	readonly ticks: number;
	readonly fedAtMs: number;
}

export class VideoTranscode {
	/** The H.264 that comes out, on the camera stream's own clock. */
	readonly stream: Stream;
	readonly #options: VideoTranscodeOptions;
	readonly #child: SupervisedChild;
	#attachment: Attachment | undefined;
	#linger: Timer | undefined;
	#closed = false;
	#reader = new FlvReader();
	/** What the camera showed last. */
	#format: VideoFormat | undefined;
	/** Hub ticks of the child's time 0. */
	#baseTicks = 0;
	/** By the child's time in ms, in the order in which they were fed. */
	readonly #pending = new Map<number, PendingPicture>();
	#lastFedTicks = Number.NEGATIVE_INFINITY;
	#skipping = false;
	/** The last two pictures before there is a child, to tell their interval. */
	#previous: StreamUnit | undefined;
	#intervalMs: number | undefined;

	constructor(options: VideoTranscodeOptions) {
		this.#options = options;
		const { log } = options;
		this.stream = new Stream({
			readersChanged: (count) => this.#onReaders(count),
			readerFailed: (error) => log.error({ error }, "a reader failed and was detached"),
		});
		this.#child = new SupervisedChild(
			{
				...options,
				plan: () => this.#plan(),
				onOutput: (bytes) => this.#onOutput(bytes),
				onGivenUp: () => {
					this.close();
					options.onFailed();
				},
			},
			options.counters,
		);
		this.#attachment = options.source.attach({ push: (unit) => this.#onPicture(unit) });
		const newest = this.#attachment.gop.at(-1);
		if (newest) this.#onPicture(newest);
		// Whoever asked for it attaches now, or never.
		this.#onReaders(0);
	}

	/** Nobody reads it: its place may be given to another stream. */
	get idle(): boolean {
		return this.#linger !== undefined;
	}

	/** For tests that hurt it. */
	get pid(): number | undefined {
		return this.#child.pid;
	}

	/** Ends the child and lets go of the camera. Safe to call twice. */
	close(): void {
		this.#closed = true;
		this.#linger?.cancel();
		this.#attachment?.detach();
		this.#attachment = undefined;
		this.#child.stop();
		this.#pending.clear();
	}

	#onReaders(count: number): void {
		if (this.#closed) return;
		if (count > 0) {
			if (!this.#linger) return;
			this.#linger.cancel();
			this.#linger = undefined;
			this.#options.onIdle(false);
			return;
		}
		this.#linger ??= this.#options.clock.after(LINGER_MS, () => {
			this.close();
			this.#options.onEnd();
		});
		this.#options.onIdle(true);
	}

	#onPicture(unit: StreamUnit): void {
		if (this.#closed) return;
		this.#measureInterval(unit);
		const { format } = this.#options.source;
		const before = this.#format;
		this.#format = format;
		if (before && format !== before) {
			if (!format || !isSamePicture(format, before)) this.#child.renew();
			this.#options.onFormatChanged();
		}
		if (!this.#child.running) this.#child.wake();
		// A child that begins now was given the whole GOP already.
		else if (unit.timestamp > this.#lastFedTicks) this.#feed(unit);
	}

	#measureInterval(unit: StreamUnit): void {
		const previous = this.#previous;
		this.#previous = unit;
		if (this.#child.running || !previous) return;
		const intervalMs = (unit.timestamp - previous.timestamp) / TICKS_PER_MS;
		if (intervalMs > 0) this.#intervalMs = Math.min(MAX_INTERVAL_MS, Math.max(MIN_INTERVAL_MS, intervalMs));
	}

	/** A child begins with the current GOP, of which it encodes the newest picture only. */
	#plan(): LifePlan | undefined {
		const { source, encoder } = this.#options;
		const { format } = source;
		const gop = source.currentGop();
		const first = gop[0];
		const newest = gop.at(-1);
		const intervalMs = intervalOf(gop) ?? this.#intervalMs;
		if (!first || !newest || !format || intervalMs === undefined) return undefined;
		this.#reader = new FlvReader();
		this.#pending.clear();
		this.#skipping = false;
		this.#baseTicks = first.presentation - LEAD_MS * TICKS_PER_MS;
		const { codec, width, height } = format;
		const input = [writeMatroskaHeader({ kind: "video", codec, width, height, intervalMs })];
		for (const unit of gop) input.push(this.#blockOf(unit));
		// Pictures of the life before belong to another encoder.
		this.stream.restart();
		return { args: transcodeArguments(encoder, format, this.#msOf(newest)), input };
	}

	#feed(unit: StreamUnit): void {
		this.#child.noteFed();
		if (!this.#child.running) return;
		if (this.#skipping) {
			if (!unit.randomAccess || this.#pending.size > MAX_HELD_BACK) return;
			this.#skipping = false;
		} else if (this.#isBehind()) {
			this.#options.counters.skips++;
			this.#skipping = true;
			return;
		}
		this.#child.write(this.#blockOf(unit));
	}

	#isBehind(): boolean {
		if (this.#child.queuedBytes > MAX_QUEUED_BYTES || this.#pending.size >= MAX_PENDING) return true;
		if (!this.#child.productive || this.#pending.size <= MAX_HELD_BACK) return false;
		const oldest = this.#pending.values().next().value;
		return oldest !== undefined && this.#options.clock.nowMs() - oldest.fedAtMs > MAX_LAG_MS;
	}

	#blockOf(unit: StreamUnit): Uint8Array {
		const timeMs = this.#msOf(unit);
		this.#pending.set(timeMs, { ticks: unit.presentation, fedAtMs: this.#options.clock.nowMs() });
		this.#lastFedTicks = unit.timestamp;
		return writeMatroskaBlock(timeMs, unit.randomAccess, pictureParts(unit));
	}

	#msOf(unit: StreamUnit): number {
		return Math.max(0, Math.round((unit.presentation - this.#baseTicks) / TICKS_PER_MS));
	}

	#onOutput(bytes: Uint8Array): void {
		for (const item of this.#reader.push(bytes)) {
			if (item.kind !== "video") continue;
			if (isFrame(item)) this.#onFrame(item);
			else this.stream.setParameterSets("h264", parameterSetsOf(item.config));
		}
	}

	#onFrame({ timeMs, randomAccess, data }: FlvFrame): void {
		const nalUnits = splitLengthPrefixed(data);
		if (nalUnits.length === 0) return;
		const ticks = this.#pending.get(timeMs)?.ticks ?? this.#baseTicks + timeMs * TICKS_PER_MS;
		// They come in the order in which they are shown: what should have come before, comes no more.
		for (const fedMs of this.#pending.keys()) if (fedMs <= timeMs) this.#pending.delete(fedMs);
		this.#child.noteProduced();
		const rtpTimestamp = ticks % 2 ** 32;
		const unit = { codec: "h264", nalUnits, rtpTimestamp, randomAccess, sizeBytes: data.length } as const;
		this.stream.push(unit, this.#options.clock.nowMs(), ticks / TICKS_PER_MS);
	}
}

function isFrame(item: FlvFrame | FlvConfig): item is FlvFrame {
	return "data" in item;
}

function isSamePicture(a: VideoFormat, b: VideoFormat): boolean {
	return a.codec === b.codec && a.width === b.width && a.height === b.height;
}

/** The mean interval of a GOP's pictures in ms; `undefined` if there is only one. */
function intervalOf(gop: readonly StreamUnit[]): number | undefined {
	const first = gop[0];
	const last = gop.at(-1);
	if (!first || !last || last.timestamp <= first.timestamp) return undefined;
	const intervalMs = (last.timestamp - first.timestamp) / TICKS_PER_MS / (gop.length - 1);
	return Math.min(MAX_INTERVAL_MS, Math.max(MIN_INTERVAL_MS, intervalMs));
}
