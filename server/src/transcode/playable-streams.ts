/** The streams of all cameras as one kind of viewer can play them: the implementation of {@link PlayableStreams}. @module */
import type { StreamName } from "@vigia/api";
import type { Decoders, PlayableStreams } from "../streams/playable.ts";
import type {
	Attachment,
	AudioFormat,
	ReadableStreamSource,
	Reader,
	StreamDirectory,
	StreamUnit,
	VideoFormat,
} from "../streams/reader.ts";
import { targetFormat } from "./audio-codecs.ts";
import { foreseeSource, isSoundPlayable, startOf, type Wish } from "./route.ts";
import { RoutedReader } from "./routed-reader.ts";
import type { Transcoder } from "./transcoder.ts";

export interface PlayableStreamsOptions {
	/** The streams as the cameras send them. */
	readonly directory: StreamDirectory;
	readonly transcoder: Transcoder;
}

/** @returns the streams for all kinds of viewers. Holds nothing alive: the readers do. */
export function openPlayableStreams({ directory, transcoder }: PlayableStreamsOptions): PlayableStreams {
	const directories = new Map<string, StreamDirectory>();
	return {
		for(decoders) {
			const key = keyOf(decoders);
			const known = directories.get(key);
			if (known) return known;
			const made = new PlayableDirectory(directory, decoders, transcoder);
			directories.set(key, made);
			return made;
		},
	};
}

/** There are few kinds of decoders: some codecs, with and without. */
function keyOf({ video, bFrames, audio, audioTarget }: Decoders): string {
	return [[...video].sort().join("+"), bFrames, [...audio].sort().join("+"), audioTarget].join(" ");
}

class PlayableDirectory implements StreamDirectory {
	readonly #directory: StreamDirectory;
	readonly #decoders: Decoders;
	readonly #transcoder: Transcoder;
	readonly #streams = new Map<string, PlayableStream>();

	constructor(directory: StreamDirectory, decoders: Decoders, transcoder: Transcoder) {
		this.#directory = directory;
		this.#decoders = decoders;
		this.#transcoder = transcoder;
	}

	hasCamera(cameraId: string): boolean {
		return this.#directory.hasCamera(cameraId);
	}

	stream(cameraId: string, name: StreamName): ReadableStreamSource | undefined {
		const raw = this.#directory.stream(cameraId, name);
		if (!raw) return undefined;
		const named = this.#directory.stream(cameraId, name === "main" ? "sub" : "main");
		const other = named === raw ? undefined : named;
		const key = `${name} ${cameraId}`;
		const known = this.#streams.get(key);
		// Changed settings bring another stream, or one beside it.
		if (known?.isOf(raw, other)) return known;
		const made = new PlayableStream({
			name,
			raw,
			other,
			decoders: this.#decoders,
			transcoder: this.#transcoder,
		});
		this.#streams.set(key, made);
		return made;
	}
}

class PlayableStream implements ReadableStreamSource {
	readonly #wish: Wish;
	/** One object for each format of the camera's sound, as the contract wants it. */
	#soundBefore: AudioFormat | undefined;
	#sound: AudioFormat | undefined;

	constructor(wish: Wish) {
		this.#wish = wish;
	}

	isOf(raw: ReadableStreamSource, other: ReadableStreamSource | undefined): boolean {
		return this.#wish.raw === raw && this.#wish.other === other;
	}

	get format(): VideoFormat | undefined {
		return foreseeSource(this.#wish)?.format;
	}

	get audioFormat(): AudioFormat | undefined {
		const { raw, other, decoders, transcoder } = this.#wish;
		const source = other && foreseeSource(this.#wish) === other ? other : raw;
		const format = source.audioFormat;
		if (!format || isSoundPlayable(format, decoders)) return format;
		if (!transcoder.canTranscodeAudio(source, decoders.audioTarget)) return undefined;
		if (format !== this.#soundBefore) this.#sound = targetFormat(format, decoders.audioTarget);
		this.#soundBefore = format;
		return this.#sound;
	}

	attach(reader: Reader): Attachment {
		return new RoutedReader(this.#wish, reader);
	}

	currentGop(): readonly StreamUnit[] {
		const source = foreseeSource(this.#wish);
		return source ? startOf(source, this.#wish) : [];
	}
}
