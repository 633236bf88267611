/** Waits until a stream can be described: a camera that is pulled on demand has to be called first. @module */
import type { Clock, Timer } from "../../platform/clock.ts";
import type { Attachment, ReadableStreamSource, StreamUnit } from "../../streams/reader.ts";
import { describeStream, type StreamDescription } from "./description.ts";

/** Longest wait for a random access point, in ms: connecting and a GOP. Recorders give up after 10 s or more. */
export const PICTURE_WAIT_MS = 9000;
/**
 * Sound is announced once it came, and of a camera that has just connected it comes a little after the picture. A stream
 * whose pictures are this old, in ms, has none.
 */
export const SOUND_WAIT_MS = 500;

export interface FirstPictureOptions {
	readonly source: ReadableStreamSource;
	readonly clock: Clock;
	/** Once, unless {@link FirstPicture.description} is there at once; `undefined`: no picture came in time. */
	readonly onDone: (description: StreamDescription | undefined) => void;
}

export class FirstPicture {
	readonly #options: FirstPictureOptions;
	readonly #attachment: Attachment;
	readonly #timer: Timer;
	#soundTimer: Timer | undefined;
	#first: StreamUnit | undefined;
	#description: StreamDescription | undefined;
	#over = false;

	constructor(options: FirstPictureOptions) {
		const { source, clock } = options;
		this.#options = options;
		this.#timer = clock.after(PICTURE_WAIT_MS, () => this.#finish());
		this.#attachment = source.attach({ push: (unit) => this.#see(unit) });
		const [first] = this.#attachment.gop;
		if (first && this.#isDescribable(first)) {
			this.#description = describeStream(first, source.audioFormat);
			this.cancel();
		}
	}

	/** Of a stream that could be described without waiting. */
	get description(): StreamDescription | undefined {
		return this.#description;
	}

	/** Lets the stream go; nothing is called any more. Safe to call twice. */
	cancel(): void {
		this.#over = true;
		this.#timer.cancel();
		this.#soundTimer?.cancel();
		this.#attachment.detach();
	}

	#see(unit: StreamUnit): void {
		if (!this.#over && this.#isDescribable(unit)) this.#finish();
	}

	#isDescribable(unit: StreamUnit): boolean {
		const { source, clock } = this.#options;
		if (!this.#first && !unit.randomAccess) return false;
		this.#first ??= unit;
		if (source.audioFormat) return true;
		const waitMs = this.#first.arrivalMs + SOUND_WAIT_MS - clock.nowMs();
		if (waitMs > 0) this.#soundTimer ??= clock.after(waitMs, () => this.#finish());
		return waitMs <= 0;
	}

	#finish(): void {
		if (this.#over) return;
		this.cancel();
		this.#options.onDone(this.#first && describeStream(this.#first, this.#options.source.audioFormat));
	}
}
