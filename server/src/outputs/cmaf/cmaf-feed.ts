/**
 * One stream as CMAF: each picture is written once as a chunk and handed to everybody who plays it by Media Source
 * Extensions or HLS. Works only while somebody does.
 *
 * @module
 */
import {
	type AudioSampleFormat,
	AudioTrackWriter,
	type Chunk,
	type InitSegment,
	type VideoSample,
	VideoTrackWriter,
} from "@vigia/cmaf";
import type { MediaTrack, StreamName } from "@vigia/api";
import type { Clock } from "../../platform/clock.ts";
import { MAX_GOP_BYTES, MAX_GOP_MS } from "../../streams/gop-cache.ts";
import type { Decoders, PlayableStreams } from "../../streams/playable.ts";
import type {
	Attachment,
	AudioFormat,
	AudioUnit,
	ReadableStreamSource,
	Reader,
	Route,
	StreamDirectory,
	StreamUnit,
} from "../../streams/reader.ts";

/** Who takes chunks out of a feed. Must return at once; one that throws is detached. */
export interface CmafReader {
	/** Wants the sound too, where there is any; without such a reader none is fetched, and none transcoded. */
	readonly audio: boolean;
	/** How the pictures come about; before the first of them, and when it changes. Not told of a plain stream. */
	onRoute?(route: Route): void;
	/** Before the first chunk of its track (`init.kind`), and again when the parameter sets or the codec have changed. */
	onInit(init: InitSegment): void;
	/**
	 * The next chunk; the first one of video is a random access point. The chunk is shared: nobody writes into it.
	 * @param receivedAtMs when the server received it from the camera, in milliseconds since 1970.
	 */
	onChunk(track: MediaTrack, chunk: Chunk, receivedAtMs: number): void;
	/** The feed is over and let go of: its stream was taken out of the settings, or there is another one in its place. */
	onEnd(): void;
}

/** A reader's hold on a feed. */
export interface CmafAttachment {
	/** Lets go; safe to call twice. */
	detach(): void;
}

interface CachedChunk {
	readonly track: MediaTrack;
	readonly chunk: Chunk;
	readonly receivedAtMs: number;
}

/** The feed of one stream. Obtained from {@link CmafFeeds}. */
export class CmafFeed {
	readonly #source: ReadableStreamSource;
	readonly #clock: Clock;
	readonly #onError: (error: unknown) => void;
	readonly #readers = new Set<CmafReader>();
	#video: Attachment | undefined;
	#ears: Attachment | undefined;
	#route: Route | undefined;
	#videoWriter: VideoTrackWriter | undefined;
	#videoInit: InitSegment | undefined;
	#audioFormat: AudioFormat | undefined;
	#audioWriter: AudioTrackWriter | undefined;
	/** What came since the last key frame, sound included; empty before the first one and after an overflow. */
	#gop: CachedChunk[] = [];
	#gopBytes = 0;

	constructor(source: ReadableStreamSource, { clock, onError }: Pick<CmafFeedsOptions, "clock" | "onError">) {
		this.#source = source;
		this.#clock = clock;
		this.#onError = onError;
	}

	get readers(): number {
		return this.#readers.size;
	}

	/** Sound that a reader who wants it gets, as far as the camera has said by now. */
	get hasAudio(): boolean {
		return sampleFormatOf(this.#source.audioFormat) !== undefined;
	}

	/**
	 * Begins to hand chunks to `reader`. What a newcomer needs to start at once (route, init segments, and all chunks
	 * since the key frame) is handed over before this returns.
	 */
	attach(reader: CmafReader): CmafAttachment {
		this.#listen(reader);
		// The camera went away: what was cached of it is old.
		if (this.#source.currentGop().length === 0) this.#clearGop();
		if (this.#route) reader.onRoute?.(this.#route);
		// The sound first: a page must know of all its tracks before it plays one.
		if (reader.audio && this.#audioWriter) reader.onInit(this.#audioWriter.init);
		if (this.#videoInit) reader.onInit(this.#videoInit);
		for (const { track, chunk, receivedAtMs } of this.#gop) {
			if (track === "video" || reader.audio) reader.onChunk(track, chunk, receivedAtMs);
		}
		this.#readers.add(reader);
		return { detach: () => this.#drop(reader) };
	}

	/** Lets go of all readers and tells them. */
	end(): void {
		for (const reader of [...this.#readers]) {
			this.#drop(reader);
			try {
				reader.onEnd();
			} catch (error) {
				this.#onError(error);
			}
		}
	}

	/** Attaches to the stream what the new reader is the first to need. */
	#listen(reader: CmafReader): void {
		if (!this.#video) {
			this.#videoWriter = new VideoTrackWriter();
			const video: Reader = {
				push: (unit) => this.#push(unit),
				onRoute: (route) => this.#setRoute(route),
			};
			// A stream that is refused says so while it attaches.
			this.#video = this.#source.attach(video);
			for (const unit of this.#video.gop) this.#push(unit);
		}
		if (reader.audio && !this.#ears) {
			this.#setAudioFormat(this.#source.audioFormat);
			this.#ears = this.#source.attach({ push() {}, pushAudio: (unit) => this.#pushAudio(unit) });
		}
	}

	#drop(reader: CmafReader): void {
		if (!this.#readers.delete(reader)) return;
		if (this.#ears && !this.#hasListeners()) {
			this.#ears.detach();
			this.#ears = undefined;
			this.#audioWriter = undefined;
			this.#audioFormat = undefined;
		}
		if (this.#readers.size > 0) return;
		this.#video?.detach();
		this.#video = undefined;
		this.#videoWriter = undefined;
		this.#videoInit = undefined;
		this.#route = undefined;
		this.#clearGop();
	}

	#setRoute(route: Route): void {
		if (route.kind !== this.#route?.kind) this.#clearGop();
		this.#route = route;
		this.#tell((reader) => reader.onRoute?.(route));
	}

	#push(unit: StreamUnit): void {
		if (!isVideoSample(unit)) return;
		const written = this.#videoWriter?.push(unit);
		if (!written) return;
		const { init } = written;
		if (init) {
			this.#videoInit = init;
			this.#tell((reader) => reader.onInit(init));
		}
		if (unit.randomAccess) this.#clearGop();
		this.#handOn({ track: "video", chunk: written.chunk, receivedAtMs: this.#receivedAtMs(unit.arrivalMs) });
	}

	#pushAudio(unit: AudioUnit): void {
		if (unit.format !== this.#audioFormat) {
			this.#setAudioFormat(unit.format);
			const init = this.#audioWriter?.init;
			if (init) this.#tell((reader) => reader.audio && reader.onInit(init));
		}
		if (!this.#audioWriter) return;
		const chunk = this.#audioWriter.push(unit);
		this.#handOn({ track: "audio", chunk, receivedAtMs: this.#receivedAtMs(unit.arrivalMs) });
	}

	#setAudioFormat(format: AudioFormat | undefined): void {
		this.#audioFormat = format;
		const sampleFormat = sampleFormatOf(format);
		this.#audioWriter = sampleFormat && new AudioTrackWriter(sampleFormat);
		// Chunks of another codec belong to another init segment.
		const pictures = this.#gop.filter(({ track }) => track === "video");
		this.#clearGop();
		for (const picture of pictures) this.#cache(picture);
	}

	#handOn(cached: CachedChunk): void {
		const { track, chunk, receivedAtMs } = cached;
		this.#cache(cached);
		for (const reader of this.#readers) {
			if (track === "audio" && !reader.audio) continue;
			try {
				reader.onChunk(track, chunk, receivedAtMs);
			} catch (error) {
				this.#failed(reader, error);
			}
		}
	}

	#tell(say: (reader: CmafReader) => void): void {
		for (const reader of this.#readers) {
			try {
				say(reader);
			} catch (error) {
				this.#failed(reader, error);
			}
		}
	}

	/** One reader's mistake must not take the stream from the others. */
	#failed(reader: CmafReader, error: unknown): void {
		this.#drop(reader);
		this.#onError(error);
	}

	#cache(cached: CachedChunk): void {
		const first = this.#gop[0];
		if (!first && !(cached.track === "video" && cached.chunk.randomAccess)) return;
		this.#gop.push(cached);
		this.#gopBytes += cached.chunk.bytes.length;
		const lastsMs = cached.receivedAtMs - (first ?? cached).receivedAtMs;
		if (this.#gopBytes > MAX_GOP_BYTES || lastsMs > MAX_GOP_MS) this.#clearGop();
	}

	#clearGop(): void {
		this.#gop = [];
		this.#gopBytes = 0;
	}

	#hasListeners(): boolean {
		for (const reader of this.#readers) if (reader.audio) return true;
		return false;
	}

	#receivedAtMs(arrivalMs: number): number {
		return this.#clock.wallMs() - (this.#clock.nowMs() - arrivalMs);
	}
}

/** The feeds of all cameras for one kind of viewer. */
export interface CmafDirectory {
	hasCamera(cameraId: string): boolean;
	/** `undefined` if there is no such stream. */
	feed(cameraId: string, name: StreamName): CmafFeed | undefined;
}

export interface CmafFeedsOptions {
	readonly streams: PlayableStreams;
	readonly clock: Clock;
	/** Hears of a reader that threw: a mistake of ours, contained. */
	readonly onError: (error: unknown) => void;
}

/** Hands out the feeds, so that all viewers of a stream with equal decoders share one. */
export class CmafFeeds {
	readonly #options: CmafFeedsOptions;
	/** One for each kind of decoders. */
	readonly #directories = new Map<StreamDirectory, FeedDirectory>();

	constructor(options: CmafFeedsOptions) {
		this.#options = options;
	}

	/** The same directory for equal decoders. */
	for(decoders: Decoders): CmafDirectory {
		const directory = this.#options.streams.for(decoders);
		let known = this.#directories.get(directory);
		if (!known) {
			known = new FeedDirectory(directory, this.#options);
			this.#directories.set(directory, known);
		}
		return known;
	}

	/** The list of cameras has changed: ends the feeds of streams that are not in it any more. */
	endGone(): void {
		for (const directory of this.#directories.values()) directory.endGone();
	}
}

class FeedDirectory implements CmafDirectory {
	readonly #streams: StreamDirectory;
	readonly #options: CmafFeedsOptions;
	readonly #feeds = new Map<ReadableStreamSource, { readonly feed: CmafFeed; readonly isCurrent: () => boolean }>();

	constructor(streams: StreamDirectory, options: CmafFeedsOptions) {
		this.#streams = streams;
		this.#options = options;
	}

	hasCamera(cameraId: string): boolean {
		return this.#streams.hasCamera(cameraId);
	}

	feed(cameraId: string, name: StreamName): CmafFeed | undefined {
		const source = this.#streams.stream(cameraId, name);
		if (!source) return undefined;
		const known = this.#feeds.get(source);
		if (known) return known.feed;
		const feed = new CmafFeed(source, this.#options);
		this.#feeds.set(source, { feed, isCurrent: () => this.#streams.stream(cameraId, name) === source });
		return feed;
	}

	endGone(): void {
		for (const [source, { feed, isCurrent }] of [...this.#feeds]) {
			if (isCurrent()) continue;
			this.#feeds.delete(source);
			feed.end();
		}
	}
}

function isVideoSample(unit: StreamUnit): unit is StreamUnit & VideoSample {
	return unit.codec === "h264" || unit.codec === "h265";
}

/** `undefined` for sound that no CMAF track carries here. */
function sampleFormatOf(format: AudioFormat | undefined): AudioSampleFormat | undefined {
	if (format?.codec === "aac" && format.config) return { codec: "aac", config: format.config };
	if (format?.codec === "opus") return { codec: "opus", channels: format.channels };
	return undefined;
}
