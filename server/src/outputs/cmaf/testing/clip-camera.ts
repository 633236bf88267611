/** For tests: a camera whose pictures come from a clip of the simulator when the test asks, on a fake clock. @module */
import { readFileSync } from "node:fs";
import type { RtpFormat } from "@vigia/rtp";
import type { FakeClock } from "../../../platform/fake-clock.ts";
import type { PlayableStreams } from "../../../streams/playable.ts";
import type { Attachment, ReadableStreamSource, Reader, Route, StreamUnit } from "../../../streams/reader.ts";
import { Stream } from "../../../streams/stream.ts";
import { type ClipUnit, readClip } from "../../webrtc/testing/looped-stream.ts";

/** 640x360, a key frame every 2 s. */
export const CLIP: readonly ClipUnit[] = readClip(
	readFileSync(new URL("../../../../../camera-sim/clips/camera-01-sub.h264", import.meta.url)),
);
export const CLIP_FPS = 15;
export const CLIP_GOP = 30;

export const OPUS: RtpFormat = {
	encoding: "OPUS",
	clockRate: 48_000,
	channels: 2,
	formatParameters: new Map(),
	dimensions: undefined,
};
/** TOC byte: SILK, 20 ms, one frame (RFC 6716 section 3.1). */
const OPUS_FRAME = Uint8Array.of(0x48, 1, 2, 3);

/** Stands for a stream chosen for decoders: it says its route, and can be told another. */
export class ClipCamera implements ReadableStreamSource {
	readonly stream = new Stream({ readersChanged() {}, readerFailed() {} });
	readonly #clock: FakeClock;
	readonly #readers = new Set<Reader>();
	#route: Route | undefined;
	#pictures = 0;

	constructor(clock: FakeClock) {
		this.#clock = clock;
	}

	get format() {
		return this.stream.format;
	}

	get audioFormat() {
		return this.stream.audioFormat;
	}

	get readers(): number {
		return this.#readers.size;
	}

	attach(reader: Reader): Attachment {
		this.#readers.add(reader);
		if (this.#route) reader.onRoute?.(this.#route);
		const attachment = this.stream.attach(reader);
		return {
			gop: attachment.gop,
			detach: () => {
				this.#readers.delete(reader);
				attachment.detach();
			},
		};
	}

	currentGop(): readonly StreamUnit[] {
		return this.stream.currentGop();
	}

	setRoute(route: Route): void {
		this.#route = route;
		for (const reader of this.#readers) reader.onRoute?.(route);
	}

	/** Shows the next picture now; the first one, and every thirtieth after it, is a key frame. */
	push(): void {
		const unit = CLIP[this.#pictures % CLIP.length] as ClipUnit;
		const atMs = this.#clock.nowMs();
		this.stream.push({ ...unit, rtpTimestamp: this.#pictures++ * 6000 }, atMs, atMs);
	}

	/** As {@link push}, so often, with the clock going on after each. */
	play(pictures: number): void {
		for (let i = 0; i < pictures; i++) {
			this.push();
			this.#clock.advance(1000 / CLIP_FPS);
		}
	}

	/** 20 ms of sound; {@link Stream.setAudioFormat} with {@link OPUS} comes first. */
	pushSound(): void {
		const atMs = this.#clock.nowMs();
		this.stream.pushAudio({ codec: "opus", data: OPUS_FRAME, rtpTimestamp: 0 }, atMs, atMs);
	}
}

/** Plays the cameras as they are for everybody's decoders. Both streams of a camera are the same. */
export function playable(cameras: ReadonlyMap<string, ReadableStreamSource>): PlayableStreams {
	const directory = {
		hasCamera: (id: string) => cameras.has(id),
		stream: (id: string) => cameras.get(id),
	};
	return { for: () => directory };
}
