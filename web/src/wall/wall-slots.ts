/** The slots of the PeerConnection: what the page wants in each, the feed of what arrives there, and when to ask again. @module */
import type { ServerMessage, TileWish } from "@vigia/api";
import { type ContentStart, TrackFeed } from "../player/track-feed.ts";
import { Watchdog } from "../player/watchdog.ts";
import type { SlotWish } from "./slots.ts";
import type { WallTile } from "./wall-tile.ts";

interface WantedSlot extends SlotWish {
	/** The view in which this content was first asked for. */
	readonly revision: number;
	/** Where it begins, once the server said so. */
	start: ContentStart | undefined;
	feed: TrackFeed | undefined;
}

/** The wanted state of one page through all its links and connections. */
export class WallSlots {
	readonly #watchdog = new Watchdog();
	readonly #wanted = new Map<number, WantedSlot>();

	/** Takes the whole wanted state of view `revision`, and forgets what is not in it. */
	want(wishes: readonly SlotWish[], revision: number, nowMs: number): TileWish[] {
		const before = new Map(this.#wanted);
		this.#wanted.clear();
		for (const wish of wishes) {
			const old = before.get(wish.slot);
			const same = old?.camera === wish.camera && old.stream === wish.stream;
			this.#wanted.set(wish.slot, same ? old : { ...wish, revision, start: undefined, feed: undefined });
			if (!same) this.#watchdog.asked(wish.slot, nowMs);
		}
		for (const slot of before.keys()) if (!this.#wanted.has(slot)) this.#watchdog.dropped(slot);
		return wishes.map(({ slot, camera, stream }) => ({ slot, camera, stream }));
	}

	/** A new link knows nothing of what was asked for. */
	clear(): void {
		for (const slot of this.#wanted.keys()) this.#watchdog.dropped(slot);
		this.#wanted.clear();
	}

	/** The feed of a slot's content on this track: the same one as long as neither changes. */
	feedOf(slot: number, track: MediaStreamTrack | undefined): TrackFeed | undefined {
		const wanted = this.#wanted.get(slot);
		if (!wanted || !track) return undefined;
		if (wanted.feed?.track !== track) {
			wanted.feed = new TrackFeed(track);
			if (wanted.start !== undefined) wanted.feed.startsAt(wanted.start);
		}
		return wanted.feed;
	}

	/** The server began to send what was asked for; answers for whom, unless it is not asked for any more. */
	started(message: Extract<ServerMessage, { type: "slot" }>): WantedSlot | undefined {
		const wanted = this.#wanted.get(message.slot);
		const isIt = wanted?.camera === message.camera && wanted.stream === message.stream;
		if (!isIt || message.revision < wanted.revision) return undefined;
		wanted.start = message;
		wanted.feed?.startsAt(message);
		return wanted;
	}

	/** Another connection: its tracks have clocks of their own. */
	reconnected(): void {
		for (const wanted of this.#wanted.values()) wanted.start = wanted.feed = undefined;
	}

	/** Hands one report's counters to the feeds. */
	takeStats(inbound: ReadonlyMap<number, RTCInboundRtpStreamStats>): void {
		for (const [slot, stats] of inbound) this.#wanted.get(slot)?.feed?.take(stats);
	}

	/** The slots of one camera. */
	slotsOf(camera: string): number[] {
		return [...this.#wanted.values()].filter((wanted) => wanted.camera === camera).map(({ slot }) => slot);
	}

	/** Slots whose cached pictures are to be sent again: the server has pictures, and none was decoded here. */
	overdue(tiles: ReadonlyMap<string, WallTile>, nowMs: number): number[] {
		const refresh: number[] = [];
		for (const { slot, camera, role } of this.#wanted.values()) {
			const tile = tiles.get(camera);
			if (!tile) continue;
			const lastFrameMs = tile.picture.layerOn(role, "webrtc")?.watch.lastFrameMs;
			const serverLive = tile.isServerLive(role, true);
			if (this.#watchdog.needsRefresh({ slot, serverLive, lastFrameMs }, nowMs)) refresh.push(slot);
		}
		return refresh;
	}
}
