/**
 * Which pictures on the rung `webrtc` come over connections of their own, from a program that plays in place of the server
 * (docs/design/0006-go2rtc.md). Each begins over the page's one connection, which has its first picture at once, moves
 * once the other one has painted, and is back there when that ends or stands still.
 * @module
 */
import type { IceServer, WebrtcEngine } from "@vigia/api";
import type { Feed } from "../player/feed.ts";
import type { TileWant } from "../player/ladder.ts";
import { RungRecord } from "../player/ladder-rung.ts";
import { GOOD_AFTER_MS } from "../player/ladder-tile.ts";
import { frozenAfterMs } from "../player/tile-machine.ts";
import type { WhepEnd, WhepFeedOptions } from "../player/whep-feed.ts";
import type { SlotWish } from "./slots.ts";
import type { WallTile } from "./wall-tile.ts";

/** So many are begun at a time: each of these pictures is decoded twice, and a browser opens six HTTP/1.1 connections. */
export const MOST_BEGUN = 4;
/** The program waits for a key frame, which some cameras send every ten seconds: then it is not coming. In ms. */
export const FIRST_PICTURE_MS = 15_000;
/** A picture that stands is left so long before it is marked, in milliseconds: by then a silent camera is known as such. */
const LEFT_BEFORE_MS = 200;

/** A feed with a connection of its own. */
export interface OwnFeed extends Feed {
	readonly isOver: boolean;
	hangUp(): void;
}

export interface WhepFeedsOptions {
	readonly make: (wish: SlotWish, options: Omit<WhepFeedOptions, "url">) => OwnFeed;
	readonly nowMs: () => number;
}

/** A picture as it is now. */
export interface WhepPicture {
	readonly wish: SlotWish;
	readonly want: TileWant;
	readonly tile: WallTile;
	/** Its sound is heard, which comes over the page's connection. */
	readonly loud: boolean;
}

interface Own {
	/** What is known of its connections with this run of the program. */
	record: RungRecord;
	feed: OwnFeed | undefined;
	begunMs: number;
	/** It is in sight, and the page's connection is not needed for it. */
	plays: boolean;
}

export class WhepFeeds {
	readonly #options: WhepFeedsOptions;
	readonly #own = new Map<string, Own>();
	readonly #made = new WeakSet<Feed>();
	#engine: WebrtcEngine | undefined;
	#iceServers: readonly IceServer[] = [];

	constructor(options: WhepFeedsOptions) {
		this.#options = options;
	}

	/** Takes what the server says of its engine. What another run of it played has ended. */
	setEngine(engine: WebrtcEngine | undefined): void {
		if (engine?.name === this.#engine?.name && engine?.run === this.#engine?.run) return;
		this.#engine = engine;
		this.close();
	}

	setIceServers(iceServers: readonly IceServer[]): void {
		this.#iceServers = iceServers;
	}

	/** Takes all pictures on this rung, at every tick. */
	follow(pictures: readonly WhepPicture[]): void {
		const wanted = new Set(pictures.map(({ wish }) => keyOf(wish)));
		for (const [key, { feed }] of this.#own) {
			if (wanted.has(key)) continue;
			feed?.hangUp();
			this.#own.delete(key);
		}
		for (const picture of pictures) this.#watch(picture);
		let begun = 0;
		for (const { feed, plays } of this.#own.values()) if (feed && !plays) begun += 1;
		for (const picture of pictures) {
			if (begun >= MOST_BEGUN) break;
			if (this.#begin(picture)) begun += 1;
		}
	}

	/** The picture's own connection, where it is to have one. */
	feedOf(wish: SlotWish): OwnFeed | undefined {
		return this.#own.get(keyOf(wish))?.feed;
	}

	/** Whether the page's connection need not bring this picture. */
	plays(wish: SlotWish): boolean {
		return this.#own.get(keyOf(wish))?.plays ?? false;
	}

	/** A camera's pictures are asked for anew. */
	remake(camera: string): void {
		this.#restart((key) => key.startsWith(`${camera}/`));
	}

	/** Ends all. Their last pictures stay where they are shown. */
	close(): void {
		this.#restart(() => true);
	}

	#restart(isMeant: (key: string) => boolean): void {
		for (const [key, own] of this.#own) {
			if (!isMeant(key)) continue;
			own.feed?.hangUp();
			own.record = new RungRecord();
		}
	}

	#watch({ wish, tile, loud }: WhepPicture): void {
		const own = this.#own.get(keyOf(wish));
		if (!own?.feed) return;
		const { feed, record } = own;
		const nowMs = this.#options.nowMs();
		const { picture } = tile;
		const shown = picture.layerOn(wish.role, "webrtc");
		own.plays = shown?.feed === feed && shown.isReady;
		const sinceMs = own.plays ? (shown?.watch.lastFrameMs ?? own.begunMs) : own.begunMs;
		const limitMs = own.plays ? standsAfterMs(wish, tile) : FIRST_PICTURE_MS;
		if (!feed.isOver && !loud && nowMs - sinceMs >= limitMs && tile.isServerLive(wish.role, true)) {
			feed.hangUp();
			record.fail("no-frames", nowMs);
		}
		if (own.plays && nowMs - own.begunMs >= GOOD_AFTER_MS) record.held();
		if (!feed.isOver && !loud) return;
		// What is in sight stays until the page's connection has painted.
		own.feed = undefined;
		own.plays = false;
		if (picture.next(wish.role)?.feed === feed) picture.dropNext(wish.role);
	}

	/** Begins where the page's connection shows the picture, and nothing else is about to. */
	#begin({ wish, want, tile, loud }: WhepPicture): boolean {
		if (!this.#engine || loud || want.shown !== "webrtc" || want.preparing !== undefined) return false;
		const nowMs = this.#options.nowMs();
		const key = keyOf(wish);
		const known = this.#own.get(key);
		if (known?.feed || known?.record.mayTry(nowMs) === false) return false;
		const { picture } = tile;
		const shown = picture.layerOn(wish.role, "webrtc");
		const isThere = shown?.isReady && !this.#made.has(shown.feed) && !picture.next(wish.role);
		if (!isThere || !tile.isServerLive(wish.role, true)) return false;
		const own: Own = known ?? { record: new RungRecord(), feed: undefined, begunMs: nowMs, plays: false };
		own.begunMs = nowMs;
		own.feed = this.#options.make(wish, {
			engine: this.#engine.name,
			iceServers: this.#iceServers,
			onEnd: (end, detail) => this.#ended(wish, own, end, detail),
		});
		this.#made.add(own.feed);
		this.#own.set(key, own);
		return true;
	}

	#ended({ camera, stream }: SlotWish, { record }: Own, end: WhepEnd, detail: string): void {
		console.warn(`Vigía: ${camera}/${stream} goes on over the page's own connection (${end}): ${detail}`);
		record.fail(end, this.#options.nowMs());
	}
}

/** A picture that stands this long is had over the page's connection, in milliseconds. */
function standsAfterMs({ stream }: SlotWish, tile: WallTile): number {
	return frozenAfterMs(tile.facts(stream, true).fps) - LEFT_BEFORE_MS;
}

function keyOf({ camera, stream, role }: SlotWish): string {
	return `${camera}/${stream}/${role}`;
}
