/** For tests: a camera whose pictures come from a clip of the simulator, on any clock, and the HLS output of it. @module */
import { readFileSync } from "node:fs";
import type { StreamStatus } from "@vigia/api";
import type { RtpFormat } from "@vigia/rtp";
import type { Clock, Timer } from "../../../platform/clock.ts";
import type { Attachment, ReadableStreamSource, Reader, Route, StreamUnit } from "../../../streams/reader.ts";
import { Stream } from "../../../streams/stream.ts";
import { CmafFeeds } from "../../cmaf/cmaf-feed.ts";
import { type ClipUnit, readClip } from "../../webrtc/testing/looped-stream.ts";
import { HlsOutput } from "../hls-output.ts";

/** A clip of the simulator, e.g. `camera-01-sub`: 640x360 at 15 pictures a second, or main at 1280x720 and 25. */
export function loadClip(name: string): readonly ClipUnit[] {
	return readClip(readFileSync(new URL(`../../../../../camera-sim/clips/${name}.h264`, import.meta.url)));
}

/** AAC-LC, 16 kHz, mono: RFC 3640 section 4.1, ISO/IEC 14496-3 section 1.6.2.1. */
export const AAC: RtpFormat = {
	encoding: "MPEG4-GENERIC",
	clockRate: 16_000,
	channels: 1,
	formatParameters: new Map([
		["mode", "AAC-hbr"],
		["config", "1408"],
	]),
	dimensions: undefined,
};
/** Silence as FFmpeg's encoder writes it. */
const AAC_SILENCE = Uint8Array.of(0x01, 0x18, 0x20, 0x07);
const AAC_FRAME_MS = (1024 / 16_000) * 1000;

/** Stands for a stream chosen for decoders: it says its route. */
export class HlsCamera implements ReadableStreamSource {
	readonly stream = new Stream({ readersChanged() {}, readerFailed() {} });
	readonly #clock: Clock;
	readonly #readers = new Set<Reader>();
	#clip: readonly ClipUnit[];
	readonly #fps: number;
	#route: Route = { kind: "pass" };
	#pictures = 0;
	#sounds = 0;
	#timer: Timer | undefined;
	#startMs = 0;
	#sent = 0;
	/** What the supervisor would say. */
	state: StreamStatus["state"] = "live";
	reason: StreamStatus["reason"];

	constructor(clock: Clock, clip: readonly ClipUnit[], fps: number) {
		this.#clock = clock;
		this.#clip = clip;
		this.#fps = fps;
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

	/** Index in the clip of the picture that was shown last. */
	get counter(): number {
		return (this.#pictures - 1) % this.#clip.length;
	}

	attach(reader: Reader): Attachment {
		this.#readers.add(reader);
		reader.onRoute?.(this.#route);
		const attachment = this.stream.attach(reader);
		const detach = (): void => {
			this.#readers.delete(reader);
			attachment.detach();
		};
		return { gop: attachment.gop, detach };
	}

	currentGop(): readonly StreamUnit[] {
		return this.stream.currentGop();
	}

	setRoute(route: Route): void {
		this.#route = route;
		for (const reader of this.#readers) reader.onRoute?.(route);
	}

	/** The next picture, now. A camera's own clock does not jitter as its pictures' arrival does. */
	push(mediaMs: number = this.#clock.nowMs()): void {
		const unit = this.#clip[this.#pictures++ % this.#clip.length] as ClipUnit;
		const rtpTimestamp = Math.round(mediaMs * 90) % 2 ** 32;
		this.stream.push({ ...unit, rtpTimestamp }, this.#clock.nowMs(), mediaMs);
	}

	/** The next audio frame, now; `stream.setAudioFormat(AAC)` comes first. */
	pushSound(mediaMs: number = this.#clock.nowMs()): void {
		this.stream.pushAudio({ codec: "aac", data: AAC_SILENCE, rtpTimestamp: 0 }, this.#clock.nowMs(), mediaMs);
	}

	/** Another session: of the same pictures, or of another clip. */
	restart(clip: readonly ClipUnit[] = this.#clip): void {
		this.stream.restart();
		this.#clip = clip;
		this.#pictures = 0;
	}

	/** Shows pictures (and sound) in real time, or as fast as a fake clock is moved. */
	run(): void {
		this.#startMs = this.#clock.nowMs();
		this.#sent = 0;
		this.#sounds = 0;
		this.#next();
	}

	pause(): void {
		this.#timer?.cancel();
	}

	status(): StreamStatus {
		const { video, fps, bitrateBps, gopSeconds } = this.stream.facts(this.#clock.nowMs());
		return {
			state: this.state,
			...(this.reason && { reason: this.reason }),
			...(video && { codec: video.codec, width: video.width, height: video.height }),
			...(video?.codecString !== undefined && { codecString: video.codecString }),
			...(fps !== undefined && { fps }),
			...(bitrateBps !== undefined && { bitrateBps }),
			...(gopSeconds !== undefined && { gopSeconds }),
		};
	}

	#next(): void {
		this.push(this.#startMs + (this.#sent * 1000) / this.#fps);
		this.#sent++;
		const dueMs = (this.#sent * 1000) / this.#fps;
		while (this.audioFormat && this.#sounds * AAC_FRAME_MS < dueMs) {
			this.pushSound(this.#startMs + this.#sounds * AAC_FRAME_MS);
			this.#sounds++;
		}
		const waitMs = Math.max(0, this.#startMs + dueMs - this.#clock.nowMs());
		this.#timer = this.#clock.after(waitMs, () => this.#next());
	}
}

/** By id, each with a sub stream and perhaps a main one. */
export type HlsCameras = ReadonlyMap<string, { readonly sub: HlsCamera; readonly main?: HlsCamera }>;

export function hlsFeedsOf(clock: Clock, cameras: HlsCameras): CmafFeeds {
	const directory = {
		hasCamera: (id: string) => cameras.has(id),
		stream: (id: string, name: "main" | "sub") => cameras.get(id)?.[name],
	};
	const onError = (error: unknown): never => {
		throw error;
	};
	return new CmafFeeds({ streams: { for: () => directory }, clock, onError });
}

/** The HLS output of these cameras. */
export function hlsOutputOf(clock: Clock, cameras: HlsCameras, feeds = hlsFeedsOf(clock, cameras)): HlsOutput {
	return new HlsOutput({ feeds, clock, status: (id, name) => cameras.get(id)?.[name]?.status() });
}
