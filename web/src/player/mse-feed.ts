/** A feed by Media Source Extensions: a fragment a picture, appended as it comes. W3C MSE 2. @module */
import type { MediaFrame, MediaTrack } from "@vigia/api";
import type { Feed, FeedCounters, FeedFault } from "./feed.ts";
import { LiveEdge, SEEK_BEYOND_AT_FIRST } from "./live-edge.ts";
import { isTypeSupported, MediaBuffer, mediaSourceClass } from "./media-buffer.ts";

/** What is kept behind playback, in seconds: enough that the browser never trims by itself. */
export const KEPT_BEHIND = 10;
/** The pictures wait no longer for the first sound, whose buffer must be made before anything is appended. In ms. */
export const WAIT_FOR_SOUND_MS = 1500;
/** Sound that was left out and has come for this long is worth another feed, in milliseconds. */
export const SOUND_BACK_AFTER_MS = 2000;
/** With pauses no longer than this. */
const MAX_SOUND_PAUSE_MS = 500;
/** Sound that is this far behind the pictures has ended, in seconds: with its buffer, playback would stand at its end. */
export const SOUND_ENDED_AFTER = 1.5;

export interface MseFeedOptions {
	/**
	 * Sound comes too: nothing is appended before its first fragment came, or {@link WAIT_FOR_SOUND_MS} went by. Sound that
	 * does not come or ends is left out from then on: {@link MseFeed.soundIsBack} tells when another feed would have it.
	 */
	readonly audio: boolean;
	/** The clock of {@link Feed.tick}, in milliseconds. */
	readonly nowMs: () => number;
}

/** What TypeScript's library does not know of a ManagedMediaSource. */
interface Managed {
	readonly streaming?: boolean;
}

/**
 * Takes the media frames of one channel in {@link push}, in order, from the moment it is made. Its owner sees to it that
 * a channel's content does not change, but for new initialization segments.
 */
export class MseFeed implements Feed {
	readonly rung = "mse";
	onFault: ((fault: FeedFault, detail: string) => void) | undefined;
	readonly #options: MseFeedOptions;
	readonly #liveEdge = new LiveEdge();
	readonly #buffers = new Map<MediaTrack, MediaBuffer>();
	#source: MediaSource | undefined;
	#video: HTMLVideoElement | undefined;
	#opened = false;
	#closed = false;
	#failed = false;
	#videoKnownMs: number | undefined;
	/** Of sound that comes although it was left out. */
	#unheard: { readonly sinceMs: number; lastMs: number } | undefined;
	#received = 0;
	#bytes = 0;

	constructor(options: MseFeedOptions) {
		this.#options = options;
		for (const track of options.audio ? (["video", "audio"] as const) : (["video"] as const)) {
			this.#buffers.set(track, this.#buffer());
		}
	}

	/** Sound that was left out, because it did not come or ended, comes again: SourceBuffers are not added later. */
	get soundIsBack(): boolean {
		return this.#unheard !== undefined && this.#unheard.lastMs - this.#unheard.sinceMs >= SOUND_BACK_AFTER_MS;
	}

	/** Takes the next media frame. Its payload belongs to the feed from now on. */
	push(frame: MediaFrame): void {
		if (this.#closed) return;
		if (frame.kind === "media" && frame.track === "video") this.#received++;
		this.#bytes += frame.payload.length;
		if (frame.track === "audio" && this.#options.audio && !this.#buffers.has("audio")) this.#noteUnheard();
		this.#buffers.get(frame.track)?.push(frame);
		if (!this.#opened) this.#open();
	}

	attach(video: HTMLVideoElement): void {
		const Source = mediaSourceClass();
		if (!Source) {
			this.#fail("codec", "this browser has no Media Source Extensions");
			return;
		}
		const source = new Source();
		this.#source = source;
		this.#video = video;
		// A ManagedMediaSource opens for no video that could go to another device instead.
		video.disableRemotePlayback = true;
		video.addEventListener("error", this.#onError);
		video.addEventListener("waiting", this.#onWaiting);
		source.addEventListener("sourceopen", this.#onOpen);
		source.addEventListener("startstreaming", this.#onStreaming);
		source.addEventListener("endstreaming", this.#onStreaming);
		video.src = URL.createObjectURL(source);
	}

	counters(): FeedCounters {
		const decoded = this.#video?.getVideoPlaybackQuality().totalVideoFrames ?? 0;
		return { received: this.#received, decoded, bytes: this.#bytes };
	}

	/** What was cached for the start of a channel comes first. */
	isPast({ mediaTime }: VideoFrameCallbackMetadata): boolean {
		const behind = this.#liveEdge.behind(mediaTime, this.#options.nowMs());
		return behind !== undefined && behind > this.#liveEdge.target + SEEK_BEYOND_AT_FIRST;
	}

	lateMs(nowMs: number): number {
		const behind = this.#video && this.#liveEdge.behind(this.#video.currentTime, nowMs);
		return behind === undefined ? 0 : Math.max(0, behind - this.#liveEdge.target) * 1000;
	}

	tick(nowMs: number): void {
		const video = this.#video;
		if (!video || this.#closed) return;
		if (!this.#opened) this.#open();
		this.#follow(nowMs);
		for (const buffer of this.#buffers.values()) buffer.trim(video.currentTime - KEPT_BEHIND);
		const pictures = this.#buffers.get("video")?.end ?? 0;
		const sound = this.#buffers.get("audio")?.end;
		if (sound !== undefined && pictures - sound > SOUND_ENDED_AFTER) this.#leaveSoundOut();
	}

	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		for (const buffer of this.#buffers.values()) buffer.close();
		this.#source?.removeEventListener("sourceopen", this.#onOpen);
		this.#source?.removeEventListener("startstreaming", this.#onStreaming);
		this.#source?.removeEventListener("endstreaming", this.#onStreaming);
		this.#source = undefined;
		const video = this.#video;
		this.#video = undefined;
		if (!video) return;
		video.removeEventListener("error", this.#onError);
		video.removeEventListener("waiting", this.#onWaiting);
		URL.revokeObjectURL(video.src);
		video.removeAttribute("src");
		// Without it the element keeps the decoder and the buffers.
		video.load();
	}

	readonly #onOpen = () => this.#open();
	readonly #onWaiting = () => {
		const nowMs = this.#options.nowMs();
		this.#liveEdge.stalled(nowMs);
		this.#follow(nowMs);
	};
	readonly #onStreaming = () => this.#stream();
	readonly #onError = () => {
		const error = this.#video?.error;
		if (!error || error.code === MediaError.MEDIA_ERR_ABORTED) return;
		this.#fail(error.code === MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED ? "codec" : "decoder", error.message);
	};

	#buffer(): MediaBuffer {
		return new MediaBuffer({
			onChange: () => this.#follow(this.#options.nowMs()),
			onFault: (fault, detail) => this.#fail(fault, detail),
			currentTime: () => this.#video?.currentTime ?? 0,
		});
	}

	/** Makes all SourceBuffers at once, when their types are known: later ones are refused (section 3.1, addSourceBuffer). */
	#open(): void {
		const source = this.#source;
		const nowMs = this.#options.nowMs();
		if (this.#buffers.get("video")?.type === undefined) return;
		this.#videoKnownMs ??= nowMs;
		if (this.#closed || this.#opened || source?.readyState !== "open") return;
		if (this.#buffers.get("audio")?.hasMedia === false) {
			if (nowMs - this.#videoKnownMs < WAIT_FOR_SOUND_MS) return;
			this.#leaveSoundOut();
		}
		this.#opened = true;
		try {
			const made: [MediaBuffer, SourceBuffer][] = [];
			for (const buffer of this.#buffers.values()) {
				const type = buffer.type ?? "";
				if (!isTypeSupported(type)) {
					this.#fail("codec", `the browser does not play ${type}`);
					return;
				}
				made.push([buffer, source.addSourceBuffer(type)]);
			}
			this.#stream();
			for (const [buffer, sourceBuffer] of made) buffer.open(sourceBuffer);
		} catch (error) {
			this.#fail("codec", error instanceof Error ? `${error.name}: ${error.message}` : String(error));
		}
	}

	#noteUnheard(): void {
		const nowMs = this.#options.nowMs();
		const unheard = this.#unheard;
		if (unheard && nowMs - unheard.lastMs <= MAX_SOUND_PAUSE_MS) unheard.lastMs = nowMs;
		else this.#unheard = { sinceMs: nowMs, lastMs: nowMs };
	}

	#leaveSoundOut(): void {
		const sourceBuffer = this.#buffers.get("audio")?.close();
		this.#buffers.delete("audio");
		if (sourceBuffer) this.#source?.removeSourceBuffer(sourceBuffer);
	}

	#stream(): void {
		const streaming = (this.#source as Managed | undefined)?.streaming ?? true;
		for (const buffer of this.#buffers.values()) buffer.setStreaming(streaming);
	}

	#follow(nowMs: number): void {
		const video = this.#video;
		if (!video || this.#closed || !this.#opened || video.error) return;
		const { buffered, currentTime, seeking } = video;
		this.#liveEdge.arrived(buffered, nowMs);
		const hidden = document.visibilityState === "hidden";
		const { rate, seekTo } = this.#liveEdge.correct({ nowMs, currentTime, buffered, seeking, hidden });
		if (video.playbackRate !== rate) video.playbackRate = rate;
		if (seekTo !== undefined) video.currentTime = seekTo;
	}

	#fail(fault: FeedFault, detail: string): void {
		if (this.#closed || this.#failed) return;
		this.#failed = true;
		this.onFault?.(fault, detail);
	}
}
