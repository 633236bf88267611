/** One `<video>` element with the feed that fills it, and the watch over both. @module */
import type { StreamName } from "@vigia/api";
import type { Feed, FeedFault } from "./feed.ts";
import { SlotWatch } from "./slot-watch.ts";
import { RateMeter } from "./stats.ts";

/** A layer that takes another's place shows the past after all, when its feed does not catch up in this time, in ms. */
export const CATCH_UP_MS = 1500;

export interface VideoLayerOptions {
	readonly stream: StreamName;
	readonly feed: Feed;
	/** It takes the place of another picture, which is not to be followed by an older one. */
	readonly replaces: boolean;
	/** As `performance.now()`. */
	readonly nowMs: () => number;
	/** Something was painted. Called for each {@link VideoLayer.sample}. */
	readonly onPaint: () => void;
	/** A picture of this layer's own was painted: {@link VideoLayer.isReady} from now on. */
	readonly onReady: (layer: VideoLayer) => void;
	readonly onFault: (layer: VideoLayer, fault: FeedFault, detail: string) => void;
	/** The browser does not start videos by itself until somebody touches the page. */
	readonly onBlocked: () => void;
}

/** Owns its element and its feed. */
export class VideoLayer {
	readonly element: HTMLVideoElement;
	readonly feed: Feed;
	readonly stream: StreamName;
	readonly watch = new SlotWatch();
	readonly meter = new RateMeter();
	readonly #options: VideoLayerOptions;
	#blocked = false;
	#ready = false;
	/** Since when its own pictures have been painted, all of the past. */
	#pastSinceMs: number | undefined;
	#closed = false;
	#handle: number | undefined;
	/** Of the last painted picture. */
	#painted: VideoFrameCallbackMetadata | undefined;
	/** Where on its feed's timeline the picture in sight is, in seconds. */
	#mediaTime: number | undefined;

	constructor(options: VideoLayerOptions) {
		this.#options = options;
		this.feed = options.feed;
		this.stream = options.stream;
		const video = document.createElement("video");
		video.muted = true;
		video.autoplay = true;
		video.playsInline = true;
		video.disablePictureInPicture = true;
		video.setAttribute("aria-hidden", "true");
		video.tabIndex = -1;
		video.dataset["stream"] = options.stream;
		video.dataset["rung"] = options.feed.rung;
		this.element = video;
		this.feed.onFault = (fault, detail) => {
			if (!this.#closed) options.onFault(this, fault, detail);
		};
		this.feed.attach(video);
		this.play();
		this.#await();
	}

	/** A picture of its own was painted since the beginning or since {@link hold}; none of the past, where it replaces. */
	get isReady(): boolean {
		return this.#ready;
	}

	/** Starts again what the browser paused, for example in a hidden tab. */
	play(): void {
		this.#blocked = false;
		this.element.play().catch((error: unknown) => {
			if (!(error instanceof DOMException && error.name === "NotAllowedError")) return;
			this.#blocked = true;
			this.#options.onBlocked();
		});
	}

	/** At each tick: reads the counters and has the next painted picture reported. Browsers also pause what is in sight. */
	sample(): void {
		const nowMs = this.#options.nowMs();
		this.feed.tick(nowMs);
		this.count();
		if (this.element.paused && !this.#blocked && document.visibilityState === "visible") this.play();
		this.#await();
	}

	/** Reads the feed's counters. */
	count(): void {
		const nowMs = this.#options.nowMs();
		const { received, decoded, bytes } = this.feed.counters();
		this.watch.received(received, decoded, nowMs);
		this.watch.lateMs = this.feed.lateMs?.(nowMs) ?? 0;
		this.meter.add({ atMs: nowMs, decoded, painted: this.watch.presented, bytes });
	}

	/** Looks again whether the last painted picture is its own: the feed has learned something. */
	recheck(): void {
		if (this.#painted) this.#judge(this.#painted);
	}

	/** What was painted is too old: the next picture makes it ready again. */
	hold(): void {
		this.#ready = false;
		this.#painted = undefined;
		this.#await();
	}

	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		if (this.#handle !== undefined) this.element.cancelVideoFrameCallback(this.#handle);
		this.feed.close();
		this.element.remove();
	}

	#await(): void {
		if (this.#closed) return;
		this.#handle ??= this.element.requestVideoFrameCallback((_, metadata) => this.#onFrame(metadata));
	}

	#onFrame(metadata: VideoFrameCallbackMetadata): void {
		this.#handle = undefined;
		// A seek to where nothing new has come paints the picture in sight once more. A MediaStream cannot be sought.
		const isRepainted = metadata.mediaTime === this.#mediaTime && !this.element.srcObject;
		this.#mediaTime = metadata.mediaTime;
		if (isRepainted) {
			this.#await();
			return;
		}
		this.#painted = metadata;
		this.watch.painted(metadata.presentedFrames, this.#options.nowMs());
		this.#options.onPaint();
		this.#judge(metadata);
		// Until one is its own, each picture is looked at.
		if (!this.#ready) this.#await();
	}

	#judge(metadata: VideoFrameCallbackMetadata): void {
		if (this.#ready || this.#closed || !(this.feed.isOwn?.(metadata) ?? true)) return;
		const nowMs = this.#options.nowMs();
		if (this.#options.replaces && this.feed.isPast?.(metadata)) {
			this.#pastSinceMs ??= nowMs;
			if (nowMs - this.#pastSinceMs < CATCH_UP_MS) return;
		}
		this.#ready = true;
		// It arrived and was decoded, though no counter may say so yet.
		this.watch.cameIntoSight(nowMs);
		this.#options.onReady(this);
	}
}
