/** Keeps one FFmpeg child working: starts it again when it ends, and replaces it when it makes nothing of its food. @module */
import type { Logger } from "../observe/log.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import type { ChildEnd, Ffmpeg, FfmpegChild } from "../platform/ffmpeg.ts";

/** A child that was fed this long and gave nothing hangs: stopped by a signal, or stuck in a driver. */
export const STUCK_AFTER_MS = 3_000;
/** The first output takes longer: FFmpeg starts, and decodes a whole GOP. */
export const FIRST_OUTPUT_MS = 10_000;
/** Food that comes after such a pause tells nothing of the time before: the camera paused. */
const PAUSE_MS = 1_500;
/** What a decoder may hold back to put it in order: 16 pictures (ITU-T H.264 section A.3.1), and some in the works. */
const MAX_HELD_BACK = 24;
/** After the first failure; doubled with each further one. */
const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 4_000;
/** Lives in a row without any output: then whoever waits is told. */
export const MAX_BARREN_LIVES = 3;
/** A child that worked this long starts the count of failures anew. */
const HEALTHY_AFTER_MS = 10_000;

/** What a life begins with. */
export interface LifePlan {
	readonly args: readonly string[];
	/** What it is fed first. */
	readonly input: readonly Uint8Array[];
}

export interface SupervisedChildOptions {
	readonly ffmpeg: Ffmpeg;
	readonly clock: Clock;
	readonly log: Logger;
	/** A life begins now: `undefined` if there is nothing to do yet; {@link SupervisedChild.wake} asks again. */
	readonly plan: () => LifePlan | undefined;
	/** The bytes are the receiver's. */
	readonly onOutput: (bytes: Uint8Array) => void;
	/** It was started {@link MAX_BARREN_LIVES} times and gave nothing: it is given up. */
	readonly onGivenUp: () => void;
}

/** Counted over all children, for the metrics. */
export interface ChildCounters {
	/** Children that ended or were killed before their time. */
	restarts: number;
}

export class SupervisedChild {
	readonly #options: SupervisedChildOptions;
	readonly #counters: ChildCounters;
	#child: FfmpegChild | undefined;
	#timer: Timer | undefined;
	#stopped = false;
	#failures = 0;
	#barrenLives = 0;
	#startedAtMs = 0;
	#producedAtMs: number | undefined;
	/** Since when, and how many times it was fed without an output. */
	#hungrySinceMs = 0;
	#unanswered = 0;
	#fedAtMs = 0;

	constructor(options: SupervisedChildOptions, counters: ChildCounters) {
		this.#options = options;
		this.#counters = counters;
	}

	/** There is a child: what is written reaches it. */
	get running(): boolean {
		return this.#child !== undefined;
	}

	/** For tests that hurt it. */
	get pid(): number | undefined {
		return this.#child?.pid;
	}

	/** It gave something in this life. */
	get productive(): boolean {
		return this.#producedAtMs !== undefined;
	}

	get queuedBytes(): number {
		return this.#child?.queuedBytes ?? 0;
	}

	/** Begins a life if there is none and none is planned. */
	wake(): void {
		if (!this.#stopped && !this.#child && !this.#timer) this.#begin();
	}

	/** The input changed so that the child must be another one. No failure. */
	renew(): void {
		const child = this.#child;
		if (!child) return;
		this.#child = undefined;
		child.stop();
		this.wake();
	}

	/** There was food, whether it is written or not: a child that is fed and gives nothing is replaced. */
	noteFed(): void {
		const nowMs = this.#options.clock.nowMs();
		if (this.#unanswered === 0 || nowMs - this.#fedAtMs > PAUSE_MS) this.#hungrySinceMs = nowMs;
		this.#unanswered++;
		this.#fedAtMs = nowMs;
		const limitMs = this.productive ? STUCK_AFTER_MS : FIRST_OUTPUT_MS;
		const silentMs = nowMs - (this.#producedAtMs ?? this.#startedAtMs);
		const stuck = nowMs - this.#hungrySinceMs >= limitMs;
		// Pictures that come seldom tell by their number.
		if (stuck || (this.#unanswered > MAX_HELD_BACK && silentMs >= limitMs)) this.#replace();
	}

	write(bytes: Uint8Array): void {
		this.#child?.write(bytes);
	}

	/** It gave what was asked for. */
	noteProduced(): void {
		const nowMs = this.#options.clock.nowMs();
		this.#producedAtMs = nowMs;
		this.#unanswered = 0;
		this.#barrenLives = 0;
		if (nowMs - this.#startedAtMs >= HEALTHY_AFTER_MS) this.#failures = 0;
	}

	/** Ends it for good. Safe to call twice. */
	stop(): void {
		this.#stopped = true;
		this.#timer?.cancel();
		const child = this.#child;
		this.#child = undefined;
		child?.stop();
	}

	#begin(): void {
		this.#timer = undefined;
		const plan = this.#options.plan();
		if (!plan) return;
		this.#startedAtMs = this.#fedAtMs = this.#hungrySinceMs = this.#options.clock.nowMs();
		this.#producedAtMs = undefined;
		this.#unanswered = 0;
		const child = this.#options.ffmpeg.spawn(plan.args, (bytes) => {
			if (this.#child === child) this.#options.onOutput(bytes);
		});
		this.#child = child;
		for (const bytes of plan.input) child.write(bytes);
		void child.closed.then((end) => {
			if (this.#child === child) this.#fail("FFmpeg ended by itself", end);
		});
	}

	#replace(): void {
		const child = this.#child;
		// It may be stopped by a signal, and then hears nothing but this one.
		child?.kill();
		this.#fail("FFmpeg was fed and gave nothing: it is replaced", undefined);
	}

	#fail(what: string, end: ChildEnd | undefined): void {
		const { clock, log, onGivenUp } = this.#options;
		this.#child = undefined;
		this.#counters.restarts++;
		this.#failures++;
		if (!this.productive) this.#barrenLives++;
		const { code = null, signal = null, lastLines = [] } = end ?? {};
		log.warn({ code, signal, lastLines, failures: this.#failures }, what);
		if (this.#barrenLives >= MAX_BARREN_LIVES) {
			this.#stopped = true;
			onGivenUp();
			return;
		}
		const delayMs = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (this.#failures - 1));
		this.#timer = clock.after(delayMs, () => this.#begin());
	}
}
