/** Media Source Extensions: makes the viewers of all pages and counts what they get. @module */
import type { Codec } from "@vigia/api";
import type { Clock } from "../../platform/clock.ts";
import type { Decoders } from "../../streams/playable.ts";
import type { CmafFeeds } from "../cmaf/cmaf-feed.ts";
import { type MediaPipe, type MseCounters, MseViewer } from "./mse-viewer.ts";

export interface MseOptions {
	readonly feeds: CmafFeeds;
	readonly clock: Clock;
}

export class Mse {
	readonly counters: MseCounters = { chunks: 0, bytes: 0, keyFrameSkips: 0, soundDrops: 0 };
	readonly #options: MseOptions;
	readonly #viewers = new Set<MseViewer>();

	constructor(options: MseOptions) {
		this.#options = options;
	}

	/** Media channels open now. */
	get channels(): number {
		let channels = 0;
		for (const viewer of this.#viewers) channels += viewer.channels;
		return channels;
	}

	/** @param codecs what the page's browser decodes by Media Source Extensions. The caller closes the viewer. */
	openViewer(codecs: readonly Codec[], pipe: MediaPipe): MseViewer {
		const { feeds, clock } = this.#options;
		const viewer: MseViewer = new MseViewer({
			directory: feeds.for(mseDecoders(codecs)),
			clock,
			counters: this.counters,
			pipe,
			onClose: () => this.#viewers.delete(viewer),
		});
		this.#viewers.add(viewer);
		return viewer;
	}
}

/** Media Source Extensions play pictures in any order. */
export function mseDecoders(codecs: readonly Codec[]): Decoders {
	const has = (codec: Codec): boolean => codecs.includes(codec);
	return {
		video: new Set((["h264", "h265"] as const).filter(has)),
		bFrames: true,
		audio: new Set((["aac", "opus"] as const).filter(has)),
		audioTarget: has("aac") ? "aac" : "opus",
	};
}
