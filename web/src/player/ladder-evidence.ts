/** What is seen of the rung that a tile shows, and what condemns it. Pure. @module */
import type { Rung } from "@vigia/api";
import type { FeedFacts, RungReason, TileFacts } from "./ladder.ts";
import type { SlotFacts } from "./slot-watch.ts";
import { frozenAfterMs } from "./tile-machine.ts";

/** A first picture is due within this on each rung, in milliseconds; of HLS, playlists and a part come before it. */
export const FIRST_PICTURE_MS: Readonly<Record<Rung, number>> = { webrtc: 3000, mse: 3000, hls: 6000, still: 5000 };
/** No picture for this long, although the server has some, condemns a rung, in milliseconds. */
export const NO_FRAMES_MS = 3000;
/** Of a slow camera: this much more than what its tile marks as frozen, in milliseconds. */
const SLOW_CAMERA_MS = 1000;
/** So many freezes within so many milliseconds condemn a rung. */
const MAX_FREEZES = 3;
const FREEZES_WITHIN_MS = 30_000;
/** Less than this share of the server's pictures for this long, in milliseconds, condemns a rung. */
const SLOW_SHARE = 0.5;
const SLOW_AFTER_MS = 10_000;

/** Begins anew with each rung. */
export class RungEvidence {
	/** Since when the rung is shown, in milliseconds of the page's clock. */
	readonly sinceMs: number;
	/** It has painted. */
	painted: boolean;
	/** Since when its pictures are due. */
	dueSinceMs: number;
	/** Since when there has been no fault. */
	quietSinceMs: number;
	#slowSinceMs: number | undefined;
	#freezes: number[] = [];
	#frozen = false;

	/** @param painted it was prepared out of sight, and has painted there. */
	constructor(nowMs: number, painted: boolean) {
		this.sinceMs = this.dueSinceMs = this.quietSinceMs = nowMs;
		this.painted = painted;
	}

	/** Nothing comes that could be judged: nobody looks, or the server has nothing. */
	nothingDue(watched: boolean, nowMs: number): void {
		this.dueSinceMs = nowMs;
		this.#slowSinceMs = undefined;
		if (watched) return;
		this.quietSinceMs = nowMs;
		this.#freezes = [];
	}

	observe(feed: FeedFacts | undefined, { frozen, fps, serverLive }: TileFacts, nowMs: number): void {
		if (!this.painted && feed && hasPainted(feed.watch, this.sinceMs)) {
			this.painted = true;
			this.dueSinceMs = this.quietSinceMs = nowMs;
		}
		const counts = frozen === "network" || frozen === "device";
		if (counts && !this.#frozen && this.painted) this.#freezes.push(nowMs);
		this.#freezes = this.#freezes.filter((atMs) => nowMs - atMs < FREEZES_WITHIN_MS);
		this.#frozen = frozen !== undefined && (this.#frozen || counts);
		if (counts) this.quietSinceMs = nowMs;
		const slow = serverLive && (feed?.decodedFps ?? Infinity) < (fps ?? 0) * SLOW_SHARE;
		this.#slowSinceMs = this.painted && slow ? (this.#slowSinceMs ?? nowMs) : undefined;
	}

	/**
	 * Why the rung brings too little; `undefined` while it does not.
	 *
	 * @param overloaded the link carries media, and less than is asked for.
	 */
	shortfall(
		rung: Rung,
		feed: FeedFacts | undefined,
		{ fps, serverLive }: TileFacts,
		{ nowMs, overloaded }: { readonly nowMs: number; readonly overloaded: boolean },
	): RungReason | undefined {
		const dueAfterMs = this.painted ? Math.max(NO_FRAMES_MS, slowestMs(fps) + SLOW_CAMERA_MS) : FIRST_PICTURE_MS[rung];
		const onSlowLink = rung === "mse" && overloaded;
		if (serverLive && nowMs - Math.max(this.dueSinceMs, feed?.watch.lastFrameMs ?? 0) >= dueAfterMs) {
			return onSlowLink ? "slow-link" : "no-frames";
		}
		if (this.#freezes.length >= MAX_FREEZES) return onSlowLink ? "slow-link" : "freezes";
		if (this.#slowSinceMs !== undefined && nowMs - this.#slowSinceMs >= SLOW_AFTER_MS) return "slow-link";
		return undefined;
	}
}

/** How far apart the pictures of a camera may be before its tile is marked, in milliseconds. */
export const slowestMs = (fps: number | undefined): number => (fps === undefined ? 0 : frozenAfterMs(fps));

/** Painted says something only together with decoded: a refused track paints one blank picture. */
export function hasPainted({ lastFrameMs, lastPaintMs }: SlotFacts, sinceMs: number): boolean {
	return lastFrameMs !== undefined && lastPaintMs !== undefined && lastFrameMs >= sinceMs && lastPaintMs >= sinceMs;
}
