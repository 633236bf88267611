/**
 * The page's whole life with the server: socket, PeerConnection, tiles, and the watch over them.
 * It knows nothing of how a tile looks; the views listen to {@link WallEvents}.
 * @module
 */
import type { CameraStatus, IceServer, Protocol, ServerMessage, WallErrorCode } from "@vigia/api";
import { type LinkState, type SocketLike, WallSocket } from "../api/wall-socket.ts";
import type { Clock, Timer } from "../clock.ts";
import { diagnosticsText } from "../player/diagnostics.ts";
import type { Carrier, PlayerCapabilities } from "../player/ladder.ts";
import type { LadderMemory } from "../player/ladder-memory.ts";
import { WhepFeed } from "../player/whep-feed.ts";
import { MainStream } from "./main-stream.ts";
import { Presence } from "./presence.ts";
import { SlotNumbers, type SlotWish, wishes } from "./slots.ts";
import { WallDelivery } from "./wall-delivery.ts";
import type { FeedMakers } from "./wall-feeds.ts";
import { WallNews } from "./wall-news.ts";
import { type TileView, WallTile } from "./wall-tile.ts";

/** How often everything is judged, in milliseconds: a fault is marked within the two seconds of the machine and this. */
export const TICK_MS = 500;
/** A first picture is judged this soon, in milliseconds: sixteen of them within this time are judged together. */
const SOON_MS = 50;

/** Refusals that somebody can do something about; the others are the page's own affair, and in the console. */
const SHOWN_REFUSALS: ReadonlySet<WallErrorCode> = new Set(["too-many-viewers", "internal-error"]);

/** What the views are told. */
export interface WallEvents {
	link(state: LinkState): void;
	/** The server's `welcome`, and when something of it has changed: whether its cameras are simulated. */
	welcome(info: { readonly demo: boolean }): void;
	/** The server has no room or made a mistake; `undefined` once it offers again. */
	refused(code: WallErrorCode | undefined): void;
	/** The cameras in the order of the wall. */
	order(ids: readonly string[]): void;
	tile(id: string, view: TileView): void;
	/** Whether the browser can play what the server sends, as far as it is known. */
	playable(can: boolean): void;
	/** The browser waits for a touch before it plays. */
	blocked(): void;
}

export interface WallSessionOptions {
	readonly clock: Clock;
	readonly random: () => number;
	readonly createSocket: () => SocketLike;
	/** What the browser can play: asked anew for each link with the server. */
	readonly capabilities: () => PlayerCapabilities;
	/** `?protocol=` of the page: comes before the server's setting. */
	readonly protocol: Protocol | undefined;
	readonly makers: FeedMakers;
	readonly memory: LadderMemory;
	readonly events: WallEvents;
}

/** {@link start} and {@link stop} may alternate as often as the page is shown and put away. */
export class WallSession {
	readonly #options: WallSessionOptions;
	readonly #socket: WallSocket;
	readonly #presence: Presence;
	readonly #news: WallNews;
	readonly #main: MainStream;
	readonly #delivery: WallDelivery;
	readonly #tiles = new Map<string, WallTile>();
	readonly #slots = new SlotNumbers();
	#order: string[] = [];
	#serverId: string | undefined;
	#release: string | undefined;
	#iceServers: readonly IceServer[] = [];
	#enlarged: string | undefined;
	#visible = true;
	#timer: Timer | undefined;
	#soon: Timer | undefined;
	#playable = true;

	constructor(options: WallSessionOptions) {
		this.#options = options;
		this.#socket = new WallSocket({
			...options,
			capabilities: () => {
				const { webrtc, mse } = options.capabilities();
				// What is not to be used is not to be offered.
				return { webrtc: options.protocol === "mse" || options.protocol === "hls" ? [] : webrtc, mse };
			},
			onState: (state) => this.#linkChanged(state),
			onMessage: (message) => this.#received(message),
			onMedia: (bytes) => this.#delivery.media(bytes),
		});
		this.#delivery = new WallDelivery({
			...options,
			tiles: this.#tiles,
			wishes: () => this.#wishes(),
			carrier: () => (this.#linked ? this.#socket.carrier : undefined),
			send: (message) => this.#socket.send(message),
			onAnswered: () => this.#news.answered(),
			onNews: () => this.#tickSoon(),
		});
		const { clock, events } = options;
		this.#news = new WallNews({
			clock,
			onWelcome: (info) => events.welcome(info),
			onOrder: (ids) => events.order(ids),
		});
		this.#main = new MainStream({ clock, onChange: () => this.#delivery.ask() });
		this.#presence = new Presence({
			clock,
			onAway: () => this.#delivery.ask(),
			onBack: () => this.#askAnew(true),
		});
	}

	start(): void {
		this.#scheduleTick();
		this.#socket.start();
		this.#askAnew(true);
	}

	/** Lets go of everything but the tiles with their last pictures. */
	stop(): void {
		this.#timer?.cancel();
		this.#soon?.cancel();
		this.#timer = this.#soon = undefined;
		this.#news.stop();
		this.#main.stop();
		this.#presence.stop();
		this.#socket.close();
		this.#delivery.close();
	}

	/** The network is back, or another one is there. */
	wake(): void {
		this.#delivery.networkChanged();
		this.#socket.wake();
	}

	/** Whether the page can be seen. */
	setVisible(visible: boolean): void {
		this.#visible = visible;
		this.#presence.set(visible);
		this.#coverTiles();
		if (!visible) return;
		this.#socket.wake();
		this.play();
		this.#tickSoon();
	}

	/** Starts what the browser paused or blocked. */
	play(): void {
		for (const tile of this.#tiles.values()) tile.picture.play();
	}

	/** Asks for the main stream of one camera, or of none; of the last one of several in quick succession. */
	enlarge(id: string | undefined): void {
		if (id === this.#enlarged) return;
		this.#enlarged = id;
		this.#coverTiles();
		this.#main.enlarge(id);
		this.#tickSoon();
	}

	/** Asks for one camera's pictures again, and has them played. */
	refresh(id: string): void {
		this.#delivery.refresh(id);
		this.#tiles.get(id)?.picture.play();
	}

	/** Has one camera heard, or none. */
	hear(id: string | undefined): void {
		this.#delivery.hear(id);
	}

	/** The element with the videos of one camera. */
	pictureOf(id: string): HTMLElement | undefined {
		return this.#tiles.get(id)?.picture.element;
	}

	/** A text about one camera for support. */
	diagnosticsOf(id: string): string {
		const tile = this.#tiles.get(id);
		if (!tile) return "";
		const { peer } = this.#delivery;
		const layer = tile.picture.inSight;
		const own = layer?.feed instanceof WhepFeed ? layer.feed : undefined;
		const slot = this.#wishes().findLast(({ camera, stream }) => camera === id && stream === layer?.stream)?.slot;
		return diagnosticsText({
			wallMs: this.#options.clock.wallMs(),
			release: this.#release,
			userAgent: navigator.userAgent,
			socket: this.#socket.state.kind,
			connection: peer.state,
			camera: tile.status,
			state: tile.view.state,
			stream: tile.view.stream,
			want: tile.wantInSight,
			route: tile.view.route,
			carrier: this.carrier,
			engine: own?.engine,
			inbound: own ? own.inbound : layer?.feed.rung === "webrtc" ? peer.inboundOf(slot) : undefined,
			peer: peer.stats,
			counters: layer?.feed.counters(),
			rates: layer?.meter.rates,
			history: tile.history.changes,
		});
	}

	/** How the link comes, or came last. */
	get carrier(): Carrier {
		return this.#socket.carrier;
	}

	get #linked(): boolean {
		return this.#socket.state.kind === "open";
	}

	#linkChanged(state: LinkState): void {
		if (state.kind !== "open") this.#delivery.linkLost();
		this.#options.events.link(state);
		this.#tickSoon();
	}

	#received(message: ServerMessage): void {
		switch (message.type) {
			case "welcome":
				this.#welcomed(message);
				break;
			case "status":
				this.#delivery.setEngine(message.webrtcEngine);
				this.#relist(message.cameras);
				this.#reported(message.cameras);
				if (message.demo !== undefined) this.#news.setDemo(message.demo);
				break;
			case "offer":
				this.#delivery.offered(message, this.#iceServers);
				this.#options.events.refused(undefined);
				break;
			case "slot":
			case "channel":
			case "refused":
				this.#delivery.routed(message);
				break;
			case "error":
				console.warn(`Vigía: the server refused something (${message.code}): ${message.message}`);
				if (message.code === "codec-not-accepted") this.#delivery.refusedCodec();
				else if (SHOWN_REFUSALS.has(message.code)) this.#options.events.refused(message.code);
				break;
		}
	}

	#welcomed(message: Extract<ServerMessage, { type: "welcome" }>): void {
		// The slots of another server's connection are not known to this one.
		if (message.serverId !== this.#serverId) this.#delivery.close();
		this.#serverId = message.serverId;
		this.#release = message.release;
		this.#iceServers = message.iceServers;
		this.#delivery.setIceServers(message.iceServers);
		this.#delivery.setEngine(message.webrtcEngine);
		this.#setOrder(message.cameras);
		const capabilities = this.#options.capabilities();
		const protocol = this.#options.protocol ?? message.protocol;
		this.#delivery.setPolicy({ protocol, capabilities, stills: message.ffmpeg });
		const { webrtc, mse, nativeHls } = capabilities;
		this.#setPlayable(webrtc.includes("h264") || mse.includes("h264") || nativeHls);
		this.#options.events.refused(undefined);
		this.#reported(message.cameras);
		this.#delivery.linkOpened();
		this.#askAnew(false);
		this.#news.welcomed(message.demo, this.#order);
	}

	/** Takes the list of cameras; answers whether it is another one. Tiles of those that are gone are closed. */
	#setOrder(cameras: readonly CameraStatus[]): boolean {
		const order = cameras.map(({ id }) => id);
		if (order.join() === this.#order.join()) return false;
		this.#order = order;
		for (const [id, tile] of this.#tiles) {
			if (order.includes(id)) continue;
			tile.close();
			this.#tiles.delete(id);
		}
		return true;
	}

	/** The settings have changed while the link is open: other cameras, or in another order. */
	#relist(cameras: readonly CameraStatus[]): void {
		if (!this.#setOrder(cameras)) return;
		this.#reported(cameras);
		this.#delivery.ask();
		this.#news.setOrder(this.#order);
	}

	/** Asks for all pictures. After a stop, what is on the tiles is marked before anybody sees it. */
	#askAnew(stopped: boolean): void {
		for (const tile of this.#tiles.values()) tile.expect(stopped);
		this.#delivery.ask();
		this.#judge();
	}

	#reported(cameras: readonly CameraStatus[]): void {
		let streamsChanged = false;
		for (const status of cameras) {
			const tile = this.#tiles.get(status.id);
			if (tile) {
				const before = tile.status.streams;
				const same = !before.main === !status.streams.main && !before.sub === !status.streams.sub;
				streamsChanged ||= !same;
				tile.report(status);
			} else if (this.#order.includes(status.id)) {
				this.#addTile(status);
			}
		}
		if (streamsChanged) this.#delivery.ask();
		this.#tickSoon();
	}

	#addTile(status: CameraStatus): void {
		const tile = new WallTile(status, {
			clock: this.#options.clock,
			onPicture: () => this.#tickSoon(),
			onFault: (feed) => this.#delivery.failed(feed),
			onBlocked: () => this.#options.events.blocked(),
		});
		this.#tiles.set(status.id, tile);
		this.#coverTiles();
		this.#options.events.tile(status.id, tile.view);
	}

	/** The pictures that are wanted now. */
	#wishes(): SlotWish[] {
		if (this.#presence.away || !this.#playable) return [];
		const cameras = this.#order.flatMap((id) => this.#tiles.get(id)?.status ?? []);
		return wishes(cameras, this.#main.camera, this.#slots);
	}

	#setPlayable(can: boolean): void {
		this.#playable = can;
		this.#options.events.playable(can);
	}

	#coverTiles(): void {
		for (const [id, tile] of this.#tiles) {
			tile.setVisible(this.#visible && (this.#enlarged === undefined || this.#enlarged === id));
		}
	}

	#scheduleTick(): void {
		this.#timer?.cancel();
		this.#timer = this.#options.clock.after(TICK_MS, () => {
			this.#scheduleTick();
			this.#tick();
		});
	}

	#tickSoon(): void {
		if (!this.#timer) return;
		this.#soon ??= this.#options.clock.after(SOON_MS, () => {
			this.#soon = undefined;
			this.#tick();
		});
	}

	/** Goes on while the page is hidden, so that the counters are of now when it comes back. */
	#tick(): void {
		for (const tile of this.#tiles.values()) tile.picture.sample();
		this.#judge();
		void this.#delivery.poll().then((isNew) => {
			if (isNew) this.#judge();
		});
	}

	#judge(): void {
		if (this.#presence.away || !this.#timer) return;
		if (this.#linked) this.#delivery.judge();
		for (const [id, tile] of this.#tiles) {
			if (tile.update(this.#linked, this.#playable)) this.#options.events.tile(id, tile.view);
		}
	}
}
