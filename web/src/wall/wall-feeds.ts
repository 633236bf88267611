/**
 * Turns what the ladder wants into what the server is asked for, and what comes from it into feeds on the tiles. The
 * transports differ here, in how a feed is made, and nowhere behind.
 * @module
 */
import type { ClientMessage, IceServer, Rung, ServerMessage, StreamName, WebrtcEngine } from "@vigia/api";
import type { Feed } from "../player/feed.ts";
import type { TileWant } from "../player/ladder.ts";
import type { StillEvents, StillPicture } from "../player/still-feed.ts";
import type { WhepFeedOptions } from "../player/whep-feed.ts";
import { type ChannelFeed, MseChannels } from "./mse-channels.ts";
import type { PeerLink } from "./peer-link.ts";
import type { SlotWish } from "./slots.ts";
import { WallSlots } from "./wall-slots.ts";
import type { WallTile } from "./wall-tile.ts";
import { type OwnFeed, WhepFeeds, type WhepPicture } from "./whep-feeds.ts";

/** A feed that failed while nothing else is possible is made anew after this long, in milliseconds. */
const REMAKE_AFTER_MS = 5000;

/** What a page sends as its view, but for the revision. */
type View = Omit<Extract<ClientMessage, { type: "view" }>, "type" | "revision">;

/** How feeds are made. */
export interface FeedMakers {
	mse(audio: boolean): ChannelFeed;
	/** @param options `beside`: how many pictures the wall wants, this one included. */
	hls(camera: string, stream: StreamName, options: { readonly audio: boolean; readonly beside: number }): Feed;
	still(camera: string, stream: StreamName, events: StillEvents): StillPicture;
	/** A connection of its own for one picture. */
	whep(camera: string, stream: StreamName, options: Omit<WhepFeedOptions, "url">): OwnFeed;
}

export interface WallFeedsOptions {
	readonly tiles: ReadonlyMap<string, WallTile>;
	readonly peer: Pick<PeerLink, "trackOf" | "stats">;
	readonly makers: FeedMakers;
	readonly nowMs: () => number;
}

/** The ladder's name of a tile's picture. */
export function keyOf({ camera, role }: Pick<SlotWish, "camera" | "role">): string {
	return `${camera}/${role}`;
}

/** The wanted state of one page, and the feeds that came of it. */
export class WallFeeds {
	readonly #options: WallFeedsOptions;
	readonly #slots = new WallSlots();
	readonly #channels: MseChannels;
	readonly #whep: WhepFeeds;
	/** By address. */
	readonly #hls = new Map<string, Feed>();
	readonly #failedMs = new Map<Feed, number>();
	#wishes: readonly SlotWish[] = [];
	#wants: ReadonlyMap<string, TileWant> = new Map();
	#loud: string | undefined;
	#sent = "";
	#revision = 0;

	constructor(options: WallFeedsOptions) {
		this.#options = options;
		const { makers, nowMs } = options;
		this.#channels = new MseChannels((audio) => makers.mse(audio));
		this.#whep = new WhepFeeds({ make: (wish, more) => makers.whep(wish.camera, wish.stream, more), nowMs });
	}

	/** Takes what the server says of who plays in its place. */
	setEngine(engine: WebrtcEngine | undefined): void {
		this.#whep.setEngine(engine);
	}

	setIceServers(iceServers: readonly IceServer[]): void {
		this.#whep.setIceServers(iceServers);
	}

	/**
	 * Takes the wanted state: the pictures, on which rungs, and whose sound. Answers the view to be sent, `undefined`
	 * when the server knows it already.
	 */
	want(
		wishes: readonly SlotWish[],
		wants: ReadonlyMap<string, TileWant>,
		loud: string | undefined,
	): Extract<ClientMessage, { type: "view" }> | undefined {
		this.#wishes = wishes;
		this.#wants = wants;
		this.#loud = loud;
		const nowMs = this.#options.nowMs();
		this.#remakeFailed(nowMs);
		const on = (rung: Rung) => wishes.filter((wish) => this.#rungsOf(wish).includes(rung));
		this.#whep.follow(on("webrtc").flatMap((wish) => this.#whepPicture(wish)));
		const inSlots = on("webrtc").filter((wish) => !this.#whep.plays(wish));
		const heard = inSlots.findLast(({ camera }) => camera === loud);
		const view: View = {
			tiles: this.#slots.want(inSlots, this.#revision + 1, nowMs),
			channels: this.#channels.want(on("mse").map((wish) => this.#media(wish))),
			...(heard && { sound: { camera: heard.camera, stream: heard.stream } }),
		};
		this.#dropHls(on("hls"));
		for (const wish of wishes) this.#show(wish);
		const text = JSON.stringify(view);
		if (text === this.#sent) return undefined;
		this.#sent = text;
		this.#revision += 1;
		return { type: "view", revision: this.#revision, ...view };
	}

	/** A new link knows nothing of what was asked for. */
	linkOpened(): void {
		this.#slots.clear();
		this.#channels.clear();
		this.#sent = "";
	}

	/** Ends the connections of single pictures. The last pictures stay where they are shown. */
	close(): void {
		this.#whep.close();
	}

	/** Another PeerConnection begins. */
	reconnected(): void {
		this.#slots.reconnected();
	}

	/** A slot has a track. */
	trackArrived(slot: number): void {
		const wish = this.#wishes.find((wanted) => wanted.slot === slot);
		if (wish) this.#show(wish);
	}

	/** The server began to send in a slot; answers for which picture. */
	slotStarted(message: Extract<ServerMessage, { type: "slot" }>): SlotWish | undefined {
		const wanted = this.#slots.started(message);
		const tile = wanted && this.#options.tiles.get(wanted.camera);
		if (wanted?.feed) tile?.picture.recheck(wanted.feed);
		return wanted;
	}

	/** The pictures that a stream of a camera is wanted for. */
	wishesOf(camera: string, stream: string): SlotWish[] {
		return this.#wishes.filter((wish) => wish.camera === camera && wish.stream === stream);
	}

	/** Takes a media frame of the link. */
	media(bytes: Uint8Array): void {
		this.#channels.receive(bytes);
	}

	/** Hands the connection's last report to the feeds. */
	takeStats(): void {
		this.#slots.takeStats(this.#options.peer.stats?.inbound ?? new Map());
		for (const tile of this.#options.tiles.values()) tile.picture.count();
	}

	/** The feed gave up. */
	failed(feed: Feed): void {
		this.#failedMs.set(feed, this.#options.nowMs());
	}

	/** Slots to ask the server for again. */
	overdueSlots(): number[] {
		return this.#slots.overdue(this.#options.tiles, this.#options.nowMs());
	}

	slotsOf(camera: string): number[] {
		return this.#slots.slotsOf(camera);
	}

	/** A camera's pictures are made anew on every rung but WebRTC, which is asked to send again. */
	remake(camera: string): void {
		this.#whep.remake(camera);
		for (const wish of this.#wishes) {
			if (wish.camera !== camera) continue;
			this.#channels.forget(this.#channels.feedOf(this.#media(wish)));
			this.#hls.delete(this.#hlsKey(wish));
		}
	}

	#rungsOf(wish: SlotWish): readonly Rung[] {
		const want = this.#wants.get(keyOf(wish));
		if (!want) return [];
		return want.preparing ? [want.shown, want.preparing] : [want.shown];
	}

	/** Puts the feeds of a wish on its tile: what is prepared, or else what should be shown. */
	#show(wish: SlotWish): void {
		const want = this.#wants.get(keyOf(wish));
		const tile = this.#options.tiles.get(wish.camera);
		if (!want || !tile) return;
		const { picture } = tile;
		// Stills are of the grid's stream: an enlarged one is the same picture.
		if (wish.role === "grid") this.#showStill(wish, want, tile);
		// First the rung that is to be in sight; what is prepared comes behind it.
		const there = picture.layerOn(wish.role, want.shown);
		const shown = this.#feedOf(wish, want.shown);
		if (shown && (!there || want.preparing === undefined)) picture.show(wish.role, wish.stream, shown);
		if (!want.preparing || (shown && !there) || (there && there === picture.next(wish.role))) return;
		const prepared = this.#feedOf(wish, want.preparing);
		if (prepared) picture.show(wish.role, wish.stream, prepared);
	}

	#showStill({ camera, stream }: SlotWish, { shown, preparing }: TileWant, { picture }: WallTile): void {
		if (shown !== "still" && preparing !== "still") picture.dropStill();
		else picture.showStill(shown === "still", (events) => this.#options.makers.still(camera, stream, events));
	}

	#feedOf(wish: SlotWish, rung: Rung): Feed | undefined {
		switch (rung) {
			case "webrtc":
				return this.#whep.feedOf(wish) ?? this.#slots.feedOf(wish.slot, this.#options.peer.trackOf(wish.slot));
			case "mse":
				return this.#channels.feedOf(this.#media(wish));
			case "hls":
				return this.#hlsFeed(wish);
			case "still":
				return undefined;
		}
	}

	#whepPicture(wish: SlotWish): WhepPicture[] {
		const want = this.#wants.get(keyOf(wish));
		const tile = this.#options.tiles.get(wish.camera);
		return want && tile ? [{ wish, want, tile, loud: wish.camera === this.#loud }] : [];
	}

	#hlsFeed(wish: SlotWish): Feed {
		const key = this.#hlsKey(wish);
		const known = this.#hls.get(key);
		if (known) return known;
		const audio = wish.camera === this.#loud;
		const feed = this.#options.makers.hls(wish.camera, wish.stream, { audio, beside: this.#wishes.length });
		this.#hls.set(key, feed);
		return feed;
	}

	#dropHls(wishes: readonly SlotWish[]): void {
		const keys = new Set(wishes.map((wish) => this.#hlsKey(wish)));
		for (const key of this.#hls.keys()) if (!keys.has(key)) this.#hls.delete(key);
	}

	#remakeFailed(nowMs: number): void {
		for (const [feed, failedMs] of this.#failedMs) {
			if (nowMs - failedMs < REMAKE_AFTER_MS) continue;
			this.#failedMs.delete(feed);
			this.#channels.forget(feed);
			for (const [key, hls] of this.#hls) if (hls === feed) this.#hls.delete(key);
		}
	}

	#media({ camera, stream }: SlotWish): { camera: string; stream: SlotWish["stream"]; audio: boolean } {
		return { camera, stream, audio: camera === this.#loud };
	}

	#hlsKey({ camera, stream }: SlotWish): string {
		return `${camera}/${stream}/${camera === this.#loud ? "loud" : "mute"}`;
	}
}
