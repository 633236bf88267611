/** One reader of a stream that is chosen for its decoders: leads the pictures and the sound that it can play to it. @module */
import type {
	Attachment,
	AudioFormat,
	AudioUnit,
	ReadableStreamSource,
	Reader,
	Route,
	StreamUnit,
	VideoFormat,
} from "../streams/reader.ts";
import { type Choice, chooseRoute, isSoundPlayable, startOf, type Wish } from "./route.ts";

const NO_PICTURES: readonly StreamUnit[] = [];

export class RoutedReader implements Attachment {
	readonly gop: readonly StreamUnit[];
	readonly #wish: Wish;
	readonly #reader: Reader;
	#detached = false;
	#route: Route | undefined;
	/** What the pictures come from; those of a refused route are only looked at. */
	#source: ReadableStreamSource | undefined;
	#format: VideoFormat | undefined;
	#video: Attachment | undefined;
	#generation = 0;
	/** The reader has had the random access point that the next picture depends on. */
	#inStep = false;
	#lastTimestamp = Number.NEGATIVE_INFINITY;
	/** A look at the profile that is not shown: `format` tells what it was when it was last pulled. */
	#peek: { readonly source: ReadableStreamSource; readonly attachment: Attachment } | undefined;
	readonly #seen = new Set<ReadableStreamSource>();
	#soundSource: ReadableStreamSource | undefined;
	#soundFormat: AudioFormat | undefined;
	#stopSound: (() => void) | undefined;
	readonly #stopListening: () => void;

	constructor(wish: Wish, reader: Reader) {
		this.#wish = wish;
		this.#reader = reader;
		this.#stopListening = wish.transcoder.onChange(() => this.#decide());
		this.gop = this.#follow(chooseRoute(wish, this.#seen));
		const newest = this.gop.at(-1);
		if (newest) {
			this.#inStep = true;
			this.#lastTimestamp = newest.timestamp;
		}
	}

	detach(): void {
		this.#detached = true;
		this.#generation++;
		this.#stopListening();
		this.#video?.detach();
		this.#peek?.attachment.detach();
		this.#stopSound?.();
	}

	#decide(): void {
		if (this.#detached) return;
		// Sound that could not be transcoded may be now.
		if (this.#soundSource && !this.#stopSound) this.#connectSound(this.#soundSource);
		for (const unit of this.#follow(chooseRoute(this.#wish, this.#seen))) this.#deliver(unit);
	}

	/** Goes where the choice says. @returns the pictures that the new source has for a start. */
	#follow(choice: Choice): readonly StreamUnit[] {
		const { source, route, peek } = choice;
		this.#format = source.format;
		this.#look(peek);
		const sameSource = source === this.#source;
		if (!isSameRoute(route, this.#route)) {
			this.#route = route;
			if (route?.kind === "refused") {
				this.#wish.transcoder.counters.refused++;
				if (route.reason === "ffmpeg-missing") this.#wish.transcoder.lookForFfmpeg();
			}
			if (route) this.#guard(() => this.#reader.onRoute?.(route));
			if (route?.kind === "refused") this.#inStep = false;
			else if (sameSource && !this.#inStep) return startOf(source, this.#wish);
		}
		if (this.#detached || sameSource) return NO_PICTURES;
		const before = this.#video;
		const generation = ++this.#generation;
		this.#source = source;
		this.#inStep = false;
		this.#video = source.attach({ push: (unit) => generation === this.#generation && this.#onPicture(unit) });
		before?.detach();
		this.#routeSound(choice.sound);
		return route && route.kind !== "refused" ? startOf(source, this.#wish) : NO_PICTURES;
	}

	#onPicture(unit: StreamUnit): void {
		const source = this.#source as ReadableStreamSource;
		this.#seen.add(source);
		if (source.format !== this.#format || this.#route === undefined) this.#decide();
		if (source === this.#source) this.#deliver(unit);
	}

	/** Hands on what the reader can decode after what it had, with times that only rise. */
	#deliver(unit: StreamUnit): void {
		if (this.#detached || this.#route === undefined || this.#route.kind === "refused") return;
		if (unit.timestamp <= this.#lastTimestamp) return;
		if (!this.#inStep && !unit.randomAccess) return;
		this.#inStep = true;
		this.#lastTimestamp = unit.timestamp;
		// For each picture: without a closure for {@link #guard}.
		try {
			this.#reader.push(unit);
		} catch (error) {
			this.detach();
			throw error;
		}
	}

	/** Attaches to a stream until its first picture: then its format is true, and the choice is made anew. */
	#look(source: ReadableStreamSource | undefined): void {
		if (source === this.#peek?.source) return;
		this.#peek?.attachment.detach();
		this.#peek = undefined;
		if (!source) return;
		const seen = (): void => {
			if (this.#peek?.source !== source) return;
			this.#seen.add(source);
			this.#peek.attachment.detach();
			this.#peek = undefined;
			this.#decide();
		};
		this.#peek = { source, attachment: source.attach({ push: seen }) };
	}

	#routeSound(source: ReadableStreamSource): void {
		if (!this.#reader.pushAudio || source === this.#soundSource) return;
		this.#soundSource = source;
		this.#soundFormat = source.audioFormat;
		this.#connectSound(source);
	}

	#connectSound(source: ReadableStreamSource): void {
		this.#stopSound?.();
		const { decoders, transcoder } = this.#wish;
		const format = this.#soundFormat;
		if (!format || isSoundPlayable(format, decoders)) {
			const attachment = source.attach({ push() {}, pushAudio: (unit) => this.#onSound(source, unit) });
			this.#stopSound = () => attachment.detach();
			return;
		}
		const transcode = transcoder.audio(source, decoders.audioTarget);
		this.#stopSound = transcode?.listen({
			push: (unit) => this.#guard(() => this.#reader.pushAudio?.(unit)),
			onEnd: () => {
				this.#stopSound = undefined;
			},
		});
	}

	#onSound(source: ReadableStreamSource, unit: AudioUnit): void {
		if (unit.format !== this.#soundFormat) {
			this.#soundFormat = unit.format;
			if (!isSoundPlayable(unit.format, this.#wish.decoders)) return this.#connectSound(source);
		}
		this.#guard(() => this.#reader.pushAudio?.(unit));
	}

	/** A reader that throws is let go of everywhere, and the stream that called hears of it. */
	#guard(push: () => void): void {
		try {
			push();
		} catch (error) {
			this.detach();
			throw error;
		}
	}
}

function isSameRoute(a: Route | undefined, b: Route | undefined): boolean {
	if (a?.kind !== b?.kind) return false;
	return a?.kind !== "refused" || b?.kind !== "refused" || a.reason === b.reason;
}
