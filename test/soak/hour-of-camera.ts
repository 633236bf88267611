/**
 * An hour of a camera in virtual time, as the hub gets it: pictures and sound by the camera's own clock, which runs off,
 * through the same media clocks as a session's. @module
 */
import { MediaClock } from "@vigia/rtp";
import type { FakeClock } from "../../server/src/platform/fake-clock.ts";
import { AAC, HlsCamera, loadClip } from "../../server/src/outputs/hls/testing/hls-camera.ts";
import { Random } from "../fuzz/random.ts";

export const PICTURES_PER_SECOND = 15;
const TICKS_PER_PICTURE = 90_000 / PICTURES_PER_SECOND;
const SOUND_RATE = 16_000;
const SAMPLES_PER_FRAME = 1024;
const FRAMES_PER_SECOND = SOUND_RATE / SAMPLES_PER_FRAME;
/** Pictures and sound come later than they were made by up to this, in order. */
const MAX_JITTER_MS = 20;

/** With parameter sets of their own. */
const CLIPS = [loadClip("camera-01-sub"), loadClip("camera-01-main")] as const;

interface HourOptions {
	readonly clock: FakeClock;
	/** How much faster than true the camera's clock runs, in parts per million: its pictures come faster too. */
	readonly ppm: number;
	readonly seed: string;
}

/** A session ends and another one begins later, perhaps with other parameter sets. */
export interface Outage {
	readonly fromSeconds: number;
	readonly toSeconds: number;
	/** Index into {@link CLIPS}. */
	readonly clip: 0 | 1;
	/** The session goes on after it: the network lost what was sent. */
	readonly sameSession?: boolean;
}

export class HourOfCamera {
	readonly camera: HlsCamera;
	readonly #clock: FakeClock;
	readonly #random: Random;
	/** Of the camera's seconds, how long a true one is. */
	readonly #speed: number;
	readonly #startMs: number;
	#video: MediaClock;
	#sound: MediaClock;
	#videoBase = 0;
	#soundBase = 0;
	#pictures = 0;
	#frames = 0;
	#arrivedMs: number;

	constructor({ clock, ppm, seed }: HourOptions) {
		this.#clock = clock;
		this.#random = new Random(seed);
		this.#speed = 1 + ppm / 1e6;
		this.#startMs = clock.nowMs();
		this.#arrivedMs = this.#startMs;
		this.camera = new HlsCamera(clock, CLIPS[0], PICTURES_PER_SECOND);
		[this.#video, this.#sound] = this.#clocks();
		this.camera.stream.setAudioFormat(AAC);
		this.camera.pushSound();
	}

	/** Shows what comes until so many seconds after the beginning, with the clock at the arrival of each. */
	playUntil(seconds: number): void {
		for (;;) {
			const pictureDue = this.#dueMs(this.#pictures / PICTURES_PER_SECOND);
			const frameDue = this.#dueMs(this.#frames / FRAMES_PER_SECOND);
			const dueMs = Math.min(pictureDue, frameDue);
			if (dueMs >= this.#startMs + seconds * 1000) return;
			// Late, but in order.
			this.#arrivedMs = Math.max(this.#arrivedMs, dueMs + this.#random.between(0, MAX_JITTER_MS));
			if (this.#arrivedMs > this.#clock.nowMs()) this.#clock.advance(this.#arrivedMs - this.#clock.nowMs());
			const nowMs = this.#clock.nowMs();
			if (pictureDue <= frameDue) {
				const timestamp = (this.#videoBase + this.#pictures++ * TICKS_PER_PICTURE) >>> 0;
				this.camera.push(this.#video.mediaMs(timestamp, nowMs));
			} else {
				const timestamp = (this.#soundBase + this.#frames++ * SAMPLES_PER_FRAME) >>> 0;
				this.camera.pushSound(this.#sound.mediaMs(timestamp, nowMs));
			}
		}
	}

	/** Nothing comes until so many seconds after the beginning. */
	waitUntil(seconds: number): void {
		this.#clock.advance(Math.max(0, this.#startMs + seconds * 1000 - this.#clock.nowMs()));
	}

	/** What was made since the last picture never comes; what does next is of this session, or of another. */
	skip({ clip, sameSession = false }: Pick<Outage, "clip" | "sameSession">): void {
		const cameraSeconds = ((this.#clock.nowMs() - this.#startMs) / 1000) * this.#speed;
		this.#pictures = Math.ceil(cameraSeconds * PICTURES_PER_SECOND);
		this.#frames = Math.ceil(cameraSeconds * FRAMES_PER_SECOND);
		if (sameSession) return;
		[this.#video, this.#sound] = this.#clocks();
		this.camera.restart(CLIPS[clip]);
	}

	#clocks(): [MediaClock, MediaClock] {
		this.#videoBase = this.#random.below(2 ** 32);
		this.#soundBase = this.#random.below(2 ** 32);
		return [
			new MediaClock({ type: "video", clockRateHz: 90_000 }),
			new MediaClock({ type: "audio", clockRateHz: SOUND_RATE }),
		];
	}

	/** When the camera's clock shows so many seconds. */
	#dueMs(cameraSeconds: number): number {
		return this.#startMs + (cameraSeconds * 1000) / this.#speed;
	}
}
