/**
 * How the wall's pictures and its sound come: the ladder chooses, feeds and connection follow. It knows which pictures
 * are wanted, and not why.
 * @module
 */
import type { ClientMessage, IceServer, ServerMessage, WebrtcEngine } from "@vigia/api";
import type { Clock } from "../clock.ts";
import type { Feed } from "../player/feed.ts";
import { type Carrier, Ladder, type LadderPolicy, type TileFacts, type TileWant } from "../player/ladder.ts";
import type { LadderMemory } from "../player/ladder-memory.ts";
import type { Offer } from "../player/peer-session.ts";
import { PeerLink } from "./peer-link.ts";
import type { SlotWish } from "./slots.ts";
import { type FeedMakers, keyOf, WallFeeds } from "./wall-feeds.ts";
import { WallSound } from "./wall-sound.ts";
import type { WallTile } from "./wall-tile.ts";

export interface WallDeliveryOptions {
	readonly clock: Clock;
	readonly tiles: ReadonlyMap<string, WallTile>;
	readonly makers: FeedMakers;
	readonly memory: LadderMemory;
	/** The pictures that are wanted now. */
	readonly wishes: () => readonly SlotWish[];
	/** How the link comes; `undefined` while it is not open. */
	readonly carrier: () => Carrier | undefined;
	/** Sends if the link is open. */
	readonly send: (message: ClientMessage) => void;
	/** An offer was answered. */
	readonly onAnswered: () => void;
	/** Something is to be judged before the next tick. */
	readonly onNews: () => void;
}

/** Messages about the ways of single pictures. */
type RouteMessage = Extract<ServerMessage, { type: "slot" | "channel" | "refused" }>;

export class WallDelivery {
	readonly #options: WallDeliveryOptions;
	readonly #peer: PeerLink;
	readonly #feeds: WallFeeds;
	readonly #ladder: Ladder;
	readonly #sound = new WallSound();
	#wants: ReadonlyMap<string, TileWant> = new Map();
	/** The ladder's count of connections that it asked for. */
	#attempt = 0;
	/** When the first offer of this connection was answered. */
	#answeredMs: number | undefined;
	#unplayable = false;

	constructor(options: WallDeliveryOptions) {
		this.#options = options;
		const { clock, tiles, makers, memory } = options;
		this.#peer = new PeerLink({
			send: options.send,
			onTrack: (slot) => this.#feeds.trackArrived(slot),
			onSound: () => this.#updateSound(),
			onAnswered: () => {
				this.#answeredMs ??= clock.nowMs();
				options.onAnswered();
			},
			onFailed: options.onNews,
			onUnplayable: () => this.refusedCodec(),
		});
		this.#feeds = new WallFeeds({ tiles, peer: this.#peer, makers, nowMs: () => clock.nowMs() });
		this.#ladder = new Ladder({ memory, wallMs: () => clock.wallMs() });
	}

	/** The connection, for the diagnostics. */
	get peer(): Pick<PeerLink, "state" | "stats" | "inboundOf"> {
		return this.#peer;
	}

	/** Takes what a `welcome` says. */
	setPolicy(policy: LadderPolicy): void {
		this.#ladder.setPolicy(policy);
	}

	/** Takes what the server says of who plays in its place: at each report. */
	setEngine(engine: WebrtcEngine | undefined): void {
		this.#feeds.setEngine(engine);
	}

	setIceServers(iceServers: readonly IceServer[]): void {
		this.#feeds.setIceServers(iceServers);
	}

	/** A new link knows nothing of what was asked for. */
	linkOpened(): void {
		this.#feeds.linkOpened();
	}

	/** Pictures over WebRTC may go on for a while. */
	linkLost(): void {
		this.#peer.socketLost();
	}

	/** Ends all connections; the last pictures stay where they are shown. */
	close(): void {
		this.#peer.close();
		this.#feeds.close();
	}

	/** Another network, or the same one again. */
	networkChanged(): void {
		this.#ladder.networkChanged();
	}

	/** Takes an offer of the server. */
	offered(offer: Offer, iceServers: readonly IceServer[]): void {
		if (!this.#peer.offered(offer, iceServers)) return;
		this.#answeredMs = undefined;
		this.#unplayable = false;
		this.#feeds.reconnected();
	}

	/** Takes what the server says of single pictures. */
	routed(message: RouteMessage): void {
		const { camera, stream } = message;
		switch (message.type) {
			case "slot": {
				const wish = this.#feeds.slotStarted(message);
				if (!wish) return;
				this.#ladder.granted(keyOf(wish), "webrtc");
				break;
			}
			case "channel":
				for (const wish of this.#feeds.wishesOf(camera, stream)) this.#ladder.granted(keyOf(wish), "mse");
				break;
			case "refused": {
				const { rung, reason } = message;
				const nowMs = this.#options.clock.nowMs();
				for (const wish of this.#feeds.wishesOf(camera, stream)) {
					this.#ladder.refused(keyOf(wish), rung, reason, nowMs);
				}
				this.#options.onNews();
				return;
			}
		}
		this.#options.tiles.get(camera)?.noteRoute(stream, message.route);
	}

	/** The browser accepts none of the server's tracks. */
	refusedCodec(): void {
		this.#unplayable = true;
		this.#options.onNews();
	}

	/** Takes a media frame of the link. */
	media(bytes: Uint8Array): void {
		this.#feeds.media(bytes);
	}

	/** A feed gave up. */
	failed(feed: Feed): void {
		this.#feeds.failed(feed);
		this.#options.onNews();
	}

	/** Lets the ladder judge, follows it, and asks the server for what is wanted, if that is something else. */
	ask(): void {
		this.#climb();
		this.#sendView();
	}

	/** At each tick while the link is open. */
	judge(): void {
		this.ask();
		for (const slot of this.#feeds.overdueSlots()) this.#options.send({ type: "refresh", slot });
		this.#updateSound();
	}

	/** Reads the connection's statistics; answers whether there are new ones. */
	async poll(): Promise<boolean> {
		if (!(await this.#peer.poll())) return false;
		this.#feeds.takeStats();
		const { loud } = this.#sound;
		this.#peer.followSound(loud === undefined ? [] : this.#feeds.slotsOf(loud));
		return true;
	}

	/** Asks for one camera's pictures again. */
	refresh(camera: string): void {
		for (const slot of this.#feeds.slotsOf(camera)) this.#options.send({ type: "refresh", slot });
		this.#feeds.remake(camera);
		this.#sendView();
	}

	/** Has one camera heard, or none. */
	hear(camera: string | undefined): void {
		this.#sound.set(camera);
		this.#sendView();
		this.#updateSound();
	}

	#climb(): void {
		const { clock, tiles, carrier } = this.#options;
		const wishes = this.#options.wishes();
		const linked = carrier() !== undefined;
		const facts = new Map<string, TileFacts>();
		for (const wish of wishes) {
			const tile = tiles.get(wish.camera);
			if (tile) facts.set(keyOf(wish), tile.ladderFacts(wish.role, linked));
		}
		const wanted = this.#ladder.update({
			nowMs: clock.nowMs(),
			carrier: carrier(),
			connection: { state: this.#peer.state, answeredMs: this.#answeredMs, unplayable: this.#unplayable },
			tiles: facts,
		});
		this.#wants = wanted.tiles;
		if (wanted.hangUp && this.#peer.state !== "none") this.#peer.hangUp();
		for (const wish of wishes) {
			const want = wanted.tiles.get(keyOf(wish));
			if (want) tiles.get(wish.camera)?.follow(wish.role, want);
		}
		if (wanted.attempt > this.#attempt) {
			this.#attempt = wanted.attempt;
			this.#reconnect();
		}
	}

	#sendView(): void {
		const { carrier, send, tiles } = this.#options;
		if (carrier() === undefined) return;
		const wishes = this.#options.wishes();
		for (const [id, tile] of tiles) {
			tile.wantMain(wishes.some(({ camera, role }) => camera === id && role === "main"));
		}
		const view = this.#feeds.want(wishes, this.#wants, this.#sound.loud);
		if (view) send(view);
	}

	#reconnect(): void {
		const { connection } = this.#peer;
		if (connection !== undefined) this.#options.send({ type: "reconnect", connection });
	}

	/** Has the sound come from where the picture does. */
	#updateSound(): void {
		this.#sound.update(this.#options.tiles, this.#peer.soundTrack);
	}
}
