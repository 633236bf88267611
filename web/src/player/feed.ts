/**
 * What the player knows of a transport: a feed fills one video element. WebRTC, Media Source Extensions and HLS are
 * three makers of feeds; layers, watch, ladder and tiles are the same for all of them.
 * @module
 */
import type { Rung } from "@vigia/api";

/** Both only grow while the feed lives. */
export interface FeedCounters {
	/** Packets, fragments or segments that arrived: that it grows is all that matters. */
	readonly received: number;
	/** Pictures that were decoded. */
	readonly decoded: number;
	/** Bytes that arrived. */
	readonly bytes: number;
}

/** Why a feed gave up by itself. The layer's owner makes another one, or another rung's. */
export type FeedFault =
	/** The browser says that it cannot decode this. */
	| "codec"
	/** The browser's decoder or buffer failed. */
	| "decoder"
	/** What should have been fetched did not come. */
	| "network";

export interface Feed {
	readonly rung: Rung;
	/**
	 * Fills the element from now on. Called once, by the layer that owns the element, which is muted, plays inline and is
	 * told to play by its owner.
	 */
	attach(video: HTMLVideoElement): void;
	/** Read at every tick: no work. */
	counters(): FeedCounters;
	/**
	 * Whether a painted picture is already what this feed was made for; left out where every one is. A WebRTC track
	 * goes from one camera to another without a break.
	 */
	isOwn?(frame: VideoFrameCallbackMetadata): boolean;
	/**
	 * Whether a painted picture of its own shows the past, because what the server had cached is still coming in; left out
	 * where none does. It is better than no picture, and worse than one that is in sight already.
	 */
	isPast?(frame: VideoFrameCallbackMetadata): boolean;
	/**
	 * How much further behind the newest picture playback is than this feed aims at, in milliseconds; at least 0. It grows
	 * like a clock while nothing comes, and what is in the buffer still plays. Left out where the browser does not tell.
	 */
	lateMs?(nowMs: number): number;
	/** At each tick of the page (twice a second): keeps to the live edge and trims buffers. Time as `performance.now()`. */
	tick(nowMs: number): void;
	/** Set by the owner before {@link attach}; called at most once. */
	onFault: ((fault: FeedFault, detail: string) => void) | undefined;
	/** Lets go of the element and of everything else. Safe to call twice. */
	close(): void;
}
