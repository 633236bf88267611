/** A feed from a playlist: by hls.js, or by the browser itself where it has no Media Source Extensions. @module */
import type { ErrorData, FragLoadedData, HlsConfig } from "hls.js";
import type * as HlsLight from "hls.js/light";
import { HLS_TYPE } from "./capabilities.ts";
import type { Feed, FeedCounters, FeedFault } from "./feed.ts";
import { HlsLatency, STALL_ADDS } from "./hls-latency.ts";
import { rememberParts } from "./hls-parts.ts";
import { classicPlaylistLoader } from "./hls-playlist.ts";

/** What is kept behind and fetched ahead of playback, in seconds: nobody goes back, and a wall has many tiles. */
const KEPT_SECONDS = 10;
/** Faster playback brings the live edge back; hls.js by default never does (1). */
const FASTEST_RATE = 1.15;
/**
 * Where nothing is held: so many target durations behind the live edge. Between two playlists a player needs one and the
 * segment that is being made, which is half of one with the usual key frames.
 */
const CLASSIC_BEHIND_DURATIONS = 2;
/** Further behind than this many target durations is jumped over. */
const MOST_BEHIND_DURATIONS = 6;

type HlsModule = typeof HlsLight;
type Hls = InstanceType<HlsModule["default"]>;

export interface HlsFeedOptions {
	/** Of a media playlist, or of a multivariant playlist. */
	readonly url: string;
	/**
	 * Partial Segments and blocking reload. Each such feed holds a request open nearly all the time, and over HTTP/1.1 a
	 * browser opens six connections to a server: a wall needs HTTP/2 for it. Without it nothing is held.
	 */
	readonly lowLatency: boolean;
	/** The playlist has sound beside the pictures: hls.js's light build cannot play that. */
	readonly audio: boolean;
}

/** hls.js is loaded when the first feed of a page is attached: its light build, unless there is sound to play. */
export class HlsFeed implements Feed {
	readonly rung = "hls";
	onFault: ((fault: FeedFault, detail: string) => void) | undefined;
	readonly #options: HlsFeedOptions;
	#video: HTMLVideoElement | undefined;
	#hls: Hls | undefined;
	#recovered = false;
	#received = 0;
	#bytes = 0;
	/** How far the browser's own player has loaded, in seconds. */
	#loadedTo = 0;
	readonly #latency = new HlsLatency();
	#closed = false;
	#failed = false;

	constructor(options: HlsFeedOptions) {
		this.#options = options;
	}

	attach(video: HTMLVideoElement): void {
		this.#video = video;
		if (typeof MediaSource === "undefined" && video.canPlayType(HLS_TYPE) !== "") {
			video.addEventListener("error", this.#onNativeError);
			video.src = this.#options.url;
			return;
		}
		const loaded: Promise<HlsModule> = this.#options.audio ? import("hls.js") : import("hls.js/light");
		loaded
			.then((module) => this.#start(module))
			.catch((error: unknown) => this.#fail("network", `hls.js could not be started: ${String(error)}`));
	}

	counters(): FeedCounters {
		const decoded = this.#video?.getVideoPlaybackQuality().totalVideoFrames ?? 0;
		return { received: this.#received, decoded, bytes: this.#bytes };
	}

	/**
	 * A busy page falls from low latency to that of whole segments, which is HLS as well: only what is later is late. What
	 * hls.js says is as old as the last move of playback: while that stands, the last paint tells.
	 */
	lateMs(): number {
		const { latestLevelDetails: details, targetLatency, latency = 0 } = this.#hls ?? {};
		if (!details) return 0;
		const aimed = Math.max(targetLatency ?? 0, CLASSIC_BEHIND_DURATIONS * details.targetduration);
		return Math.max(0, latency - aimed) * 1000;
	}

	/** The browser's own player keeps to the live edge by itself. */
	tick(nowMs: number): void {
		const video = this.#video;
		if (this.#hls && video) this.#comeBack(this.#hls, video, nowMs);
		if (!video || this.#hls || video.buffered.length === 0) return;
		const end = video.buffered.end(video.buffered.length - 1);
		if (end > this.#loadedTo) this.#received++;
		this.#loadedTo = end;
	}

	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#hls?.destroy();
		this.#hls = undefined;
		const video = this.#video;
		this.#video = undefined;
		if (!video) return;
		video.removeEventListener("error", this.#onNativeError);
		video.removeAttribute("src");
		// Without it the element keeps the decoder and what it loads.
		video.load();
	}

	#comeBack(hls: Hls, video: HTMLVideoElement, nowMs: number): void {
		const { targetLatency: target, latestLevelDetails: details } = hls;
		if (target === null || !details) return;
		const correction = this.#latency.update(
			{
				target,
				least: (this.#options.lowLatency && details.partHoldBack) || details.holdBack,
				latency: hls.latency,
				targetDuration: details.targetduration,
				currentTime: video.currentTime,
				livePosition: hls.liveSyncPosition ?? undefined,
				bufferedTo: bufferedTo(video),
			},
			nowMs,
		);
		if (correction.target !== undefined) hls.targetLatency = correction.target;
		if (correction.seekTo !== undefined) video.currentTime = correction.seekTo;
	}

	readonly #onNativeError = () => {
		const error = this.#video?.error;
		if (!error || error.code === MediaError.MEDIA_ERR_ABORTED) return;
		// The browser says "not supported" of a playlist that is not there, too.
		this.#fail(error.code === MediaError.MEDIA_ERR_DECODE ? "decoder" : "network", error.message);
	};

	#start({ default: Hls, Events, ErrorTypes }: HlsModule): void {
		const video = this.#video;
		if (!video || this.#closed) return;
		if (!Hls.isSupported()) {
			this.#fail("codec", "this browser plays no HLS");
			return;
		}
		const { url, lowLatency } = this.#options;
		const config: Partial<HlsConfig> = {
			lowLatencyMode: lowLatency,
			maxLiveSyncPlaybackRate: FASTEST_RATE,
			liveSyncOnStallIncrease: STALL_ADDS,
			backBufferLength: KEPT_SECONDS,
			maxBufferLength: KEPT_SECONDS,
			maxMaxBufferLength: KEPT_SECONDS,
			// Fragmented MP4 is passed through: a worker for each tile would only cost.
			enableWorker: false,
		};
		if (!lowLatency) {
			config.pLoader = classicPlaylistLoader(Hls.DefaultConfig.loader);
			config.liveSyncDurationCount = CLASSIC_BEHIND_DURATIONS;
		}
		const hls = new Hls(config);
		// In its options it goes only with a fixed latency, instead of the one that the playlist asks for.
		hls.config.liveMaxLatencyDurationCount = MOST_BEHIND_DURATIONS;
		this.#hls = hls;
		rememberParts(hls, Events);
		hls.on(Events.FRAG_LOADED, (_, { payload }: FragLoadedData) => {
			this.#received++;
			this.#bytes += payload.byteLength;
		});
		hls.on(Events.ERROR, (_, error: ErrorData) => {
			if (!error.fatal) return;
			if (error.type === ErrorTypes.MEDIA_ERROR && !this.#recovered && !isCodecError(error)) {
				this.#recovered = true;
				hls.recoverMediaError();
				return;
			}
			const fault = error.type === ErrorTypes.NETWORK_ERROR ? "network" : isCodecError(error) ? "codec" : "decoder";
			const status = error.response?.code;
			this.#fail(fault, status ? `${error.details} (HTTP ${status})` : error.details);
		});
		hls.loadSource(url);
		hls.attachMedia(video);
	}

	#fail(fault: FeedFault, detail: string): void {
		if (this.#closed || this.#failed) return;
		this.#failed = true;
		this.onFault?.(fault, detail);
	}
}

/** The end of the range that is playing, in seconds; the current time between two of them. */
function bufferedTo({ buffered, currentTime }: HTMLVideoElement): number {
	for (let range = buffered.length - 1; range >= 0; range--) {
		if (buffered.start(range) <= currentTime && buffered.end(range) > currentTime) return buffered.end(range);
	}
	return currentTime;
}

/** Recovering would only ask the same browser again. */
function isCodecError({ details }: ErrorData): boolean {
	const found: readonly string[] = [
		"manifestIncompatibleCodecsError",
		"bufferAddCodecError",
		"bufferIncompatibleCodecsError",
	];
	return found.includes(details);
}
