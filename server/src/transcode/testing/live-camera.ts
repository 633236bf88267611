/** For tests: a camera stream that plays a clip in a loop, in real time, into a hub of its own. @module */
import type { AudioFrame, RtpFormat } from "@vigia/rtp";
import { systemClock, type Timer } from "../../platform/clock.ts";
import { Stream } from "../../streams/stream.ts";
import { CLIP_FPS, type ClipPicture } from "./clips.ts";

const INTERVAL_MS = 1000 / CLIP_FPS;
const TICKS_PER_PICTURE = 90_000 / CLIP_FPS;

export class LiveCamera {
	readonly stream: Stream;
	/** Number of readers after each change. */
	readonly readerCounts: number[] = [];
	readonly errors: unknown[] = [];
	/** By hub timestamp of when it is shown: the picture's place in its clip. */
	readonly indexes = new Map<number, number>();
	#clip: readonly ClipPicture[];
	#next = 0;
	#rounds = 0;
	#timer: Timer | undefined;
	#startMs = 0;
	#pushed = 0;

	constructor(clip: readonly ClipPicture[]) {
		this.#clip = clip;
		this.stream = new Stream({
			readersChanged: (count) => this.readerCounts.push(count),
			readerFailed: (error) => this.errors.push(error),
		});
		this.stream.attach({ push: (unit) => this.indexes.set(unit.presentation, this.#shownIndex) });
		this.readerCounts.length = 0;
	}

	/** Readers besides the camera's own. */
	get readers(): number {
		return (this.readerCounts.at(-1) ?? 1) - 1;
	}

	get #shownIndex(): number {
		return this.#clip[this.#next]?.index ?? 0;
	}

	/** Plays on in real time, after so many pictures that come at once. */
	start(ahead = 0): this {
		this.#startMs = systemClock.nowMs() - ahead * INTERVAL_MS;
		this.#pushed = 0;
		for (let i = 0; i < ahead; i++) this.pushNext();
		this.#tick();
		return this;
	}

	stop(): void {
		this.#timer?.cancel();
		this.#timer = undefined;
	}

	/** Sends another clip from now on, as after a change of the camera's settings: a new session. */
	change(clip: readonly ClipPicture[]): void {
		this.#clip = clip;
		this.#next = 0;
		this.stream.restart();
	}

	/** Pushes one picture now. */
	pushNext(): void {
		const shown = this.#clip[this.#next];
		if (!shown) return;
		const nowMs = systemClock.nowMs();
		const rtpTimestamp = (this.#rounds * this.#clip.length + shown.index) * TICKS_PER_PICTURE;
		this.stream.push({ ...shown.unit, rtpTimestamp }, nowMs, this.#startMs + this.#pushed * INTERVAL_MS);
		this.#pushed++;
		this.#next++;
		if (this.#next < this.#clip.length) return;
		this.#next = 0;
		this.#rounds++;
	}

	#tick(): void {
		this.pushNext();
		const dueMs = this.#startMs + this.#pushed * INTERVAL_MS;
		this.#timer = systemClock.after(Math.max(0, dueMs - systemClock.nowMs()), () => this.#tick());
	}
}

/** Sends sound in real time: `frames` in turn, each of `frameMs`. @returns how to stop. */
export function playSound(stream: Stream, rtp: RtpFormat, frames: readonly AudioFrame[], frameMs: number): () => void {
	stream.setAudioFormat(rtp);
	const startMs = systemClock.nowMs();
	let sent = 0;
	let timer: Timer;
	const tick = (): void => {
		const nowMs = systemClock.nowMs();
		while (startMs + sent * frameMs <= nowMs) {
			stream.pushAudio(frames[sent % frames.length] as AudioFrame, nowMs, startMs + sent * frameMs);
			sent++;
		}
		timer = systemClock.after(frameMs / 2, tick);
	};
	tick();
	return () => timer.cancel();
}
