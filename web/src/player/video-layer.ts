/** One `<video>` element with the track of one slot. @module */
import type { StreamName } from "@vigia/api";

export interface VideoLayerOptions {
	readonly slot: number;
	readonly stream: StreamName;
	readonly track: MediaStreamTrack;
	/** Something was painted: how many pictures were presented so far. Called for each {@link VideoLayer.sample}. */
	readonly onPaint: (presented: number) => void;
	/** The browser does not start videos by itself until somebody touches the page. */
	readonly onBlocked: () => void;
}

/** Owns its element; the track belongs to the PeerConnection. */
export class VideoLayer {
	readonly element: HTMLVideoElement;
	readonly track: MediaStreamTrack;
	readonly #options: VideoLayerOptions;
	#blocked = false;
	#handle: number | undefined;
	#everyFrame: ((metadata: VideoFrameCallbackMetadata) => void) | undefined;

	constructor(options: VideoLayerOptions) {
		this.#options = options;
		this.track = options.track;
		const video = document.createElement("video");
		video.muted = true;
		video.autoplay = true;
		video.playsInline = true;
		video.disablePictureInPicture = true;
		video.setAttribute("aria-hidden", "true");
		video.tabIndex = -1;
		video.dataset["slot"] = String(options.slot);
		video.dataset["stream"] = options.stream;
		video.srcObject = new MediaStream([options.track]);
		this.element = video;
		this.play();
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

	/** Reports the next painted picture; at most one report is under way. Browsers also pause what is in sight. */
	sample(): void {
		if (this.element.paused && !this.#blocked && document.visibilityState === "visible") this.play();
		this.#handle ??= this.element.requestVideoFrameCallback((_, metadata) => this.#painted(metadata));
	}

	/** Calls for every painted picture from now on, or no longer. */
	onEveryFrame(callback: ((metadata: VideoFrameCallbackMetadata) => void) | undefined): void {
		this.#everyFrame = callback;
		if (callback) this.sample();
	}

	close(): void {
		if (this.#handle !== undefined) this.element.cancelVideoFrameCallback(this.#handle);
		this.#everyFrame = undefined;
		this.element.srcObject = null;
		this.element.remove();
	}

	#painted(metadata: VideoFrameCallbackMetadata): void {
		this.#handle = undefined;
		this.#options.onPaint(metadata.presentedFrames);
		this.#everyFrame?.(metadata);
		if (this.#everyFrame) this.sample();
	}
}
