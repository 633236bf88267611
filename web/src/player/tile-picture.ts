/**
 * The picture of one tile: the grid's stream, and over it the main stream once that has painted. Whatever replaces
 * a picture (another connection, another rung of the ladder, with sound or without) is prepared out of sight and cuts
 * in on its first painted frame, so that a tile is never blank between.
 * @module
 */
import type { Rung, StreamName } from "@vigia/api";
import type { Feed, FeedFault } from "./feed.ts";
import { SlotWatch } from "./slot-watch.ts";
import type { StillEvents, StillPicture } from "./still-feed.ts";
import { VideoLayer } from "./video-layer.ts";

/** The grid's own picture of a tile, or the main stream behind an enlarged one. */
export type LayerRole = "grid" | "main";

export interface TilePictureOptions {
	readonly nowMs: () => number;
	/** A picture was painted: called for each {@link TilePicture.sample}. */
	readonly onPaint: () => void;
	/** Another layer is in sight. */
	readonly onChange: () => void;
	readonly onFault: (feed: Feed, fault: FeedFault, detail: string) => void;
	readonly onBlocked: () => void;
}

/** A layer that is not in sight yet. Its pictures are painted all the same, which is what is waited for. */
const WAITING = "waiting";

interface Layers {
	/** In sight, or the last one that was. */
	shown: VideoLayer | undefined;
	/** Takes its place on its first own picture. */
	next: VideoLayer | undefined;
}

/** Owns {@link element} and the videos in it. */
export class TilePicture {
	readonly element: HTMLDivElement;
	readonly #options: TilePictureOptions;
	readonly #layers: Record<LayerRole, Layers> = {
		grid: { shown: undefined, next: undefined },
		main: { shown: undefined, next: undefined },
	};
	#still:
		| { readonly picture: StillPicture; readonly watch: SlotWatch; count: number; problem: string | undefined }
		| undefined;
	#loud = false;

	constructor(options: TilePictureOptions) {
		this.#options = options;
		this.element = document.createElement("div");
		this.element.className = "picture";
	}

	/** The main stream is in sight. */
	get mainShown(): boolean {
		return this.#layers.main.shown?.isReady ?? false;
	}

	/** The layer in sight. */
	get inSight(): VideoLayer | undefined {
		return this.mainShown ? this.#layers.main.shown : this.#layers.grid.shown;
	}

	/** The layer of one role that is in sight or will be first. */
	layer(role: LayerRole): VideoLayer | undefined {
		const { shown, next } = this.#layers[role];
		return shown ?? next;
	}

	/** The layer of one role that is being prepared. */
	next(role: LayerRole): VideoLayer | undefined {
		return this.#layers[role].next;
	}

	/** The layer of one role that a rung fills. */
	layerOn(role: LayerRole, rung: Rung): VideoLayer | undefined {
		const { shown, next } = this.#layers[role];
		return shown?.feed.rung === rung ? shown : next?.feed.rung === rung ? next : undefined;
	}

	/** Size of the picture in sight, in its own pixels; zero before the first. */
	get size(): { readonly width: number; readonly height: number } {
		const video = this.inSight?.element;
		return { width: video?.videoWidth ?? 0, height: video?.videoHeight ?? 0 };
	}

	/** Shows a feed in this role; the picture of an earlier one stays until this one has painted. Owns the feed. */
	show(role: LayerRole, stream: StreamName, feed: Feed): void {
		const layers = this.#layers[role];
		if (layers.shown?.feed === feed || layers.next?.feed === feed) return;
		layers.next?.close();
		const { nowMs, onPaint, onFault, onBlocked } = this.#options;
		const layer = new VideoLayer({
			stream,
			feed,
			replaces: layers.shown !== undefined,
			nowMs,
			onPaint,
			onReady: (ready) => this.#ready(role, ready),
			onFault: ({ feed: failed }, fault, detail) => onFault(failed, fault, detail),
			onBlocked,
		});
		layers.next = layer;
		if (role === "grid" && !layers.shown) {
			layers.shown = layer;
			layers.next = undefined;
		} else {
			layer.element.classList.add(WAITING);
		}
		if (role === "grid") this.element.prepend(layer.element);
		else this.element.append(layer.element);
		this.#applySound();
	}

	/** Gives up what is being prepared in this role: it will not come. */
	dropNext(role: LayerRole): void {
		this.#layers[role].next?.close();
		this.#layers[role].next = undefined;
	}

	/** Goes back to the grid's stream for now; the next painted picture of main brings it back. */
	hideMain(): void {
		const { main } = this.#layers;
		if (!main.shown?.isReady) return;
		main.shown.element.classList.add(WAITING);
		main.shown.hold();
		this.#options.onChange();
	}

	/** When stills came; `undefined` while none are wanted. */
	get stillWatch(): SlotWatch | undefined {
		return this.#still?.watch;
	}

	/** Age of the still, in milliseconds; `undefined` before the first. */
	get stillAgeMs(): number | undefined {
		return this.#still?.picture.ageMs();
	}

	/** Why the last still did not come, as a code of {@link StillEvents.onError}; `undefined` when it came. */
	get stillProblem(): string | undefined {
		return this.#still?.problem;
	}

	/** Loads stills, in sight over everything else or not yet. */
	showStill(inSight: boolean, make: (events: StillEvents) => StillPicture): void {
		if (!this.#still) {
			const still = { watch: new SlotWatch(), count: 0, problem: undefined as string | undefined };
			const picture = make({
				onPicture: () => {
					if (this.#still?.picture !== picture) return;
					const nowMs = this.#options.nowMs();
					this.#still.count += 1;
					this.#still.problem = undefined;
					still.watch.received(this.#still.count, this.#still.count, nowMs);
					still.watch.painted(this.#still.count, nowMs);
					this.#options.onChange();
				},
				onError: (code) => {
					if (this.#still?.picture === picture) this.#still.problem = code;
				},
			});
			this.#still = { ...still, picture };
			this.element.append(picture.element);
		}
		this.#still.picture.element.classList.toggle(WAITING, !inSight || this.#still.count === 0);
	}

	dropStill(): void {
		this.#still?.picture.close();
		this.#still = undefined;
	}

	/** The main stream is not wanted any more. */
	dropMain(): void {
		const { main } = this.#layers;
		main.shown?.close();
		main.next?.close();
		main.shown = main.next = undefined;
	}

	/** Reads counters, and has the pictures that are painted from now on reported. */
	sample(): void {
		for (const layer of this.#all()) layer.sample();
	}

	/** Reads counters that have just come. */
	count(): void {
		for (const layer of this.#all()) layer.count();
	}

	/** A feed has learned where its content begins. */
	recheck(feed: Feed): void {
		for (const layer of this.#all()) if (layer.feed === feed) layer.recheck();
	}

	/** Starts again what the browser paused. */
	play(): void {
		for (const layer of this.#all()) layer.play();
	}

	/** Lets the sound of what is in sight be heard, or not. */
	setLoud(loud: boolean): void {
		this.#loud = loud;
		this.#applySound();
	}

	close(): void {
		this.dropMain();
		this.dropStill();
		this.#layers.grid.next?.close();
		this.#layers.grid.shown?.close();
		this.#layers.grid = { shown: undefined, next: undefined };
		this.element.remove();
	}

	*#all(): IterableIterator<VideoLayer> {
		for (const { shown, next } of Object.values(this.#layers)) {
			if (shown) yield shown;
			if (next) yield next;
		}
	}

	#ready(role: LayerRole, layer: VideoLayer): void {
		const layers = this.#layers[role];
		if (layers.next === layer) {
			layers.shown?.close();
			layers.shown = layer;
			layers.next = undefined;
		}
		layer.element.classList.remove(WAITING);
		this.#applySound();
		this.#options.onChange();
	}

	/** Only what is in sight is heard: two layers of one camera are never quite in step. */
	#applySound(): void {
		for (const layer of this.#all()) layer.element.muted = !(this.#loud && layer === this.inSight);
	}
}
