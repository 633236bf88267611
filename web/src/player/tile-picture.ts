/**
 * The picture of one tile: the grid's stream, and over it the main stream once that has painted. Whatever replaces
 * a picture is prepared out of sight and cuts in on its first painted frame, so that a tile is never blank between.
 * @module
 */
import type { StreamName } from "@vigia/api";
import { isAtOrAfter } from "./rtp-timestamp.ts";
import type { SlotWatch } from "./slot-watch.ts";
import { VideoLayer } from "./video-layer.ts";

export interface TilePictureOptions {
	readonly nowMs: () => number;
	/** A picture was painted: called for each {@link TilePicture.sample}. */
	readonly onPaint: () => void;
	/** Another stream or connection is in sight. */
	readonly onChange: () => void;
	readonly onBlocked: () => void;
}

/** A layer that is not in sight yet. Its pictures are painted all the same, which is what is waited for. */
const WAITING = "waiting";

/** Owns {@link element} and the videos in it. */
export class TilePicture {
	readonly element: HTMLDivElement;
	readonly #options: TilePictureOptions;
	#grid: VideoLayer | undefined;
	/** The grid's stream on a newer connection, before its first picture. */
	#nextGrid: VideoLayer | undefined;
	#main: VideoLayer | undefined;
	#mainWatch: SlotWatch | undefined;
	#mainStart: number | undefined;
	#mainRtp: number | undefined;
	#mainShown = false;

	constructor(options: TilePictureOptions) {
		this.#options = options;
		this.element = document.createElement("div");
		this.element.className = "picture";
	}

	/** The main stream is in sight. */
	get mainShown(): boolean {
		return this.#mainShown;
	}

	/** Size of the picture in sight, in its own pixels; zero before the first. */
	get size(): { readonly width: number; readonly height: number } {
		const video = (this.#mainShown ? this.#main : this.#grid)?.element;
		return { width: video?.videoWidth ?? 0, height: video?.videoHeight ?? 0 };
	}

	/** Shows the grid's stream from this track; a picture of an earlier track stays until this one has painted. */
	showGrid(slot: number, stream: StreamName, track: MediaStreamTrack, watch: SlotWatch): void {
		if ((this.#nextGrid ?? this.#grid)?.track === track) return;
		this.#nextGrid?.close();
		this.#nextGrid = undefined;
		const layer = this.#layer(slot, stream, track, watch);
		if (!this.#grid) {
			this.#grid = layer;
			layer.sample();
		} else {
			this.#nextGrid = layer;
			layer.element.classList.add(WAITING);
			layer.onEveryFrame((metadata) => {
				// A refused track paints one blank picture without a timestamp.
				if (metadata.rtpTimestamp === undefined && watch.lastFrameMs === undefined) return;
				layer.onEveryFrame(undefined);
				layer.element.classList.remove(WAITING);
				this.#grid?.close();
				this.#grid = layer;
				this.#nextGrid = undefined;
				this.#options.onChange();
			});
		}
		this.element.prepend(layer.element);
	}

	/** Prepares the main stream. It comes into sight with the first picture of what {@link mainStarts} announced. */
	showMain(slot: number, track: MediaStreamTrack, watch: SlotWatch): void {
		if (this.#main?.track === track) return;
		this.#main?.close();
		this.#mainWatch = watch;
		this.#mainRtp = undefined;
		this.#main = this.#layer(slot, "main", track, watch);
		this.element.append(this.#main.element);
		this.hideMain();
	}

	/** The server said with which RTP timestamp the main stream's pictures begin. */
	mainStarts(rtpTimestamp: number): void {
		this.#mainStart = rtpTimestamp;
		this.#revealMain();
	}

	/** Goes back to the grid's stream for now; the next painted picture of main brings it back. */
	hideMain(): void {
		const main = this.#main;
		if (!main) return;
		const wasShown = this.#mainShown;
		this.#mainShown = false;
		main.element.classList.add(WAITING);
		main.onEveryFrame((metadata) => {
			this.#mainRtp = metadata.rtpTimestamp;
			if (metadata.rtpTimestamp !== undefined || this.#mainWatch?.lastFrameMs !== undefined) this.#revealMain(true);
		});
		if (wasShown) this.#options.onChange();
	}

	/** The main stream is not wanted any more. */
	dropMain(): void {
		this.#main?.close();
		this.#main = this.#mainWatch = this.#mainStart = this.#mainRtp = undefined;
		this.#mainShown = false;
	}

	/** Has the pictures that are painted from now on reported to the watches. */
	sample(): void {
		(this.#nextGrid ?? this.#grid)?.sample();
		this.#main?.sample();
	}

	/** Starts again what the browser paused. */
	play(): void {
		for (const layer of [this.#grid, this.#nextGrid, this.#main]) layer?.play();
	}

	close(): void {
		this.dropMain();
		this.#nextGrid?.close();
		this.#grid?.close();
		this.#grid = this.#nextGrid = undefined;
		this.element.remove();
	}

	#layer(slot: number, stream: StreamName, track: MediaStreamTrack, watch: SlotWatch): VideoLayer {
		return new VideoLayer({
			slot,
			stream,
			track,
			onPaint: (presented) => {
				watch.painted(presented, this.#options.nowMs());
				this.#options.onPaint();
			},
			onBlocked: this.#options.onBlocked,
		});
	}

	/** `painted`: called for a picture just painted, whose timestamp the browser may not tell. */
	#revealMain(painted = false): void {
		if (!this.#main || this.#mainShown || this.#mainStart === undefined) return;
		const rtp = this.#mainRtp;
		if (rtp === undefined ? !painted : !isAtOrAfter(rtp, this.#mainStart)) return;
		this.#main.onEveryFrame(undefined);
		this.#main.element.classList.remove(WAITING);
		this.#mainShown = true;
		this.#options.onChange();
	}
}
