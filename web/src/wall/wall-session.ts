/**
 * The page's whole life with the server: socket, PeerConnection, tiles, and the watch over them.
 * It knows nothing of how a tile looks; the views listen to {@link WallEvents}.
 * @module
 */
import type { CameraStatus, IceServer, ServerMessage, StreamName, TileWish, WallErrorCode } from "@vigia/api";
import { type LinkState, type SocketLike, WallSocket } from "../api/wall-socket.ts";
import type { Clock, Timer } from "../clock.ts";
import { diagnosticsText } from "../player/diagnostics.ts";
import type { Offer } from "../player/peer-session.ts";
import { CAMERA_SILENT_MS, isKnown } from "../player/tile-machine.ts";
import { Watchdog } from "../player/watchdog.ts";
import { PeerLink } from "./peer-link.ts";
import { Presence } from "./presence.ts";
import { gridStream, wishes } from "./slots.ts";
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
	/** The server's `welcome`: its release, and whether its cameras are simulated. */
	welcome(info: { readonly release: string; readonly demo: boolean }): void;
	/** The server has no room or made a mistake; `undefined` once it offers again. */
	refused(code: WallErrorCode | undefined): void;
	/** The cameras in the order of the wall. */
	order(ids: readonly string[]): void;
	tile(id: string, view: TileView): void;
	/** The browser cannot play what the server sends. */
	unplayable(): void;
	/** The browser waits for a touch before it plays. */
	blocked(): void;
}

export interface WallSessionOptions {
	readonly url: string;
	readonly clock: Clock;
	readonly random: () => number;
	readonly createSocket: (url: string) => SocketLike;
	readonly webrtcH264: boolean;
	readonly events: WallEvents;
}

interface WantedSlot extends TileWish {
	/** The view in which this content was first asked for. */
	readonly revision: number;
}

/** {@link start} and {@link stop} may alternate as often as the page is shown and put away. */
export class WallSession {
	readonly #options: WallSessionOptions;
	readonly #socket: WallSocket;
	readonly #presence: Presence;
	readonly #peer: PeerLink;
	readonly #watchdog = new Watchdog();
	readonly #tiles = new Map<string, WallTile>();
	readonly #wanted = new Map<number, WantedSlot>();
	#order: string[] = [];
	#serverId: string | undefined;
	#release: string | undefined;
	#iceServers: readonly IceServer[] = [];
	#revision = 0;
	#enlarged: string | undefined;
	#visible = true;
	#timer: Timer | undefined;
	#soon: Timer | undefined;
	#playable: boolean;

	constructor(options: WallSessionOptions) {
		this.#options = options;
		this.#playable = options.webrtcH264;
		this.#socket = new WallSocket({
			...options,
			onState: (state) => this.#linkChanged(state),
			onMessage: (message) => this.#received(message),
		});
		this.#peer = new PeerLink({
			send: (message) => this.#socket.send(message),
			onTrack: (slot) => this.#showTrack(slot),
			onFailed: () => {
				if (this.#linked && this.#watchdog.mayReconnect(options.clock.nowMs())) this.#reconnect();
			},
			onUnplayable: () => this.#refusedCodec(),
		});
		this.#presence = new Presence({
			clock: options.clock,
			onAway: () => this.#sendView(),
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
		this.#presence.stop();
		this.#socket.close();
		this.#peer.close();
	}

	/** The network is back. */
	wake(): void {
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

	/** Asks for the main stream of one camera, or of none. */
	enlarge(id: string | undefined): void {
		if (id === this.#enlarged) return;
		this.#enlarged = id;
		this.#coverTiles();
		this.#sendView();
		this.#tickSoon();
	}

	/** Asks for one camera's pictures again. */
	refresh(id: string): void {
		for (const wanted of this.#wanted.values()) {
			if (wanted.camera === id) this.#socket.send({ type: "refresh", slot: wanted.slot });
		}
	}

	/** The element with the videos of one camera. */
	pictureOf(id: string): HTMLElement | undefined {
		return this.#tiles.get(id)?.picture.element;
	}

	/** A text about one camera for support. */
	diagnosticsOf(id: string): string {
		const tile = this.#tiles.get(id);
		if (!tile) return "";
		const main = tile.picture.mainShown;
		const slot = [...this.#wanted.values()].find(
			(wanted) => wanted.camera === id && (main ? wanted.slot >= this.#order.length : wanted.slot < this.#order.length),
		)?.slot;
		return diagnosticsText({
			wallMs: this.#options.clock.wallMs(),
			release: this.#release,
			userAgent: navigator.userAgent,
			socket: this.#socket.state.kind,
			connection: this.#peer.state,
			camera: tile.status,
			state: tile.view.state,
			stream: tile.view.stream,
			inbound: this.#peer.inboundOf(slot),
			peer: this.#peer.stats,
			rates: (main ? tile.meters.main : tile.meters.grid).rates,
			history: tile.history.changes,
		});
	}

	get #linked(): boolean {
		return this.#socket.state.kind === "open";
	}

	#linkChanged(state: LinkState): void {
		if (state.kind !== "open") this.#peer.socketLost();
		this.#options.events.link(state);
		this.#tickSoon();
	}

	#received(message: ServerMessage): void {
		switch (message.type) {
			case "welcome":
				this.#welcomed(message);
				break;
			case "status":
				this.#reported(message.cameras);
				break;
			case "offer":
				this.#offered(message);
				break;
			case "slot": {
				const wanted = this.#wanted.get(message.slot);
				const isIt = wanted?.camera === message.camera && wanted.stream === message.stream;
				if (!isIt || message.revision < wanted.revision || !this.#isMain(wanted)) break;
				this.#tiles.get(message.camera)?.picture.mainStarts(message.rtpTimestamp);
				break;
			}
			case "error":
				console.warn(`Vigía: the server refused something (${message.code}): ${message.message}`);
				if (message.code === "codec-not-accepted") this.#refusedCodec();
				else if (SHOWN_REFUSALS.has(message.code)) this.#options.events.refused(message.code);
				break;
		}
	}

	#welcomed(message: Extract<ServerMessage, { type: "welcome" }>): void {
		if (message.serverId !== this.#serverId) this.#playable = this.#options.webrtcH264;
		this.#serverId = message.serverId;
		this.#release = message.release;
		this.#iceServers = message.iceServers;
		this.#options.events.welcome({ release: message.release, demo: message.demo });
		this.#order = message.cameras.map(({ id }) => id);
		for (const [id, tile] of this.#tiles) {
			if (this.#order.includes(id)) continue;
			tile.close();
			this.#tiles.delete(id);
		}
		this.#reported(message.cameras);
		this.#options.events.order(this.#order);
		for (const slot of this.#wanted.keys()) this.#watchdog.dropped(slot);
		this.#wanted.clear();
		this.#askAnew(false);
	}

	/** Asks for all pictures. After a stop, what is on the tiles is marked before anybody sees it. */
	#askAnew(stopped: boolean): void {
		for (const tile of this.#tiles.values()) tile.expect(stopped);
		this.#sendView();
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
		if (streamsChanged) this.#sendView();
		this.#tickSoon();
	}

	#addTile(status: CameraStatus): void {
		const tile = new WallTile(status, {
			clock: this.#options.clock,
			onPicture: () => this.#tickSoon(),
			onBlocked: () => this.#options.events.blocked(),
		});
		this.#tiles.set(status.id, tile);
		this.#coverTiles();
		this.#options.events.tile(status.id, tile.view);
	}

	/** Sends the whole wanted state and forgets what is not in it. */
	#sendView(): void {
		if (!this.#linked) return;
		const nowMs = this.#options.clock.nowMs();
		const cameras = this.#order.flatMap((id) => this.#tiles.get(id)?.status ?? []);
		const tiles = this.#presence.away || !this.#playable ? [] : wishes(cameras, this.#enlarged);
		this.#revision += 1;
		const before = new Map(this.#wanted);
		this.#wanted.clear();
		for (const wish of tiles) {
			const old = before.get(wish.slot);
			const same = old?.camera === wish.camera && old.stream === wish.stream;
			this.#wanted.set(wish.slot, same ? old : { ...wish, revision: this.#revision });
			if (!same) this.#watchdog.asked(wish.slot, nowMs);
		}
		for (const slot of before.keys()) if (!this.#wanted.has(slot)) this.#watchdog.dropped(slot);
		const mains = new Set<string>();
		for (const wanted of this.#wanted.values()) if (this.#isMain(wanted)) mains.add(wanted.camera);
		for (const [id, tile] of this.#tiles) tile.wantMain(mains.has(id));
		this.#socket.send({ type: "view", revision: this.#revision, tiles });
		for (const slot of this.#wanted.keys()) this.#showTrack(slot);
	}

	/** The slot holds the main stream behind an enlarged tile. */
	#isMain({ slot, stream }: { slot: number; stream: StreamName }): boolean {
		return stream === "main" && slot >= this.#order.length;
	}

	#offered(offer: Offer): void {
		this.#options.events.refused(undefined);
		this.#watchdog.connecting(this.#options.clock.nowMs());
		if (!this.#peer.offered(offer, this.#iceServers)) return;
		// Main's pictures were announced by timestamps of the old connection.
		for (const tile of this.#tiles.values()) tile.picture.dropMain();
	}

	#showTrack(slot: number): void {
		const wanted = this.#wanted.get(slot);
		const track = this.#peer.trackOf(slot);
		const tile = wanted && this.#tiles.get(wanted.camera);
		if (!tile || !track) return;
		if (this.#isMain(wanted)) tile.picture.showMain(slot, track, tile.watches.main);
		else tile.picture.showGrid(slot, wanted.stream, track, tile.watches.grid);
	}

	#refusedCodec(): void {
		this.#playable = false;
		this.#options.events.unplayable();
		this.#tickSoon();
	}

	#reconnect(): void {
		const connection = this.#peer.connection;
		if (connection === undefined) this.#sendView();
		else this.#socket.send({ type: "reconnect", connection });
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
		void this.#peer.poll().then((isNew) => {
			if (!isNew) return;
			this.#takeStats();
			this.#judge();
		});
	}

	#takeStats(): void {
		const nowMs = this.#options.clock.nowMs();
		for (const [mid, inbound] of this.#peer.stats?.inbound ?? []) {
			const wanted = this.#wanted.get(this.#peer.slotOf(mid) ?? -1);
			const tile = wanted && this.#tiles.get(wanted.camera);
			if (!tile) continue;
			const which = this.#isMain(wanted) ? "main" : "grid";
			const watch = tile.watches[which];
			watch.received(inbound.packetsReceived ?? 0, inbound.framesDecoded ?? 0, nowMs);
			tile.meters[which].add({
				atMs: nowMs,
				received: inbound.framesReceived ?? 0,
				decoded: inbound.framesDecoded ?? 0,
				painted: watch.presented,
				bytes: inbound.bytesReceived ?? 0,
			});
		}
	}

	#judge(): void {
		if (this.#presence.away || !this.#timer) return;
		if (this.#linked) this.#watch();
		for (const [id, tile] of this.#tiles) {
			if (tile.update(this.#linked, this.#playable)) this.#options.events.tile(id, tile.view);
		}
	}

	#watch(): void {
		const nowMs = this.#options.clock.nowMs();
		for (const wanted of this.#wanted.values()) {
			const tile = this.#tiles.get(wanted.camera);
			if (!tile) continue;
			const main = this.#isMain(wanted);
			const facts = tile.facts(main ? "main" : gridStream(tile.status), true);
			const serverLive = isKnown(facts) && facts.state === "live" && (facts.videoAgeMs ?? Infinity) < CAMERA_SILENT_MS;
			const { lastFrameMs } = main ? tile.watches.main : tile.watches.grid;
			if (this.#watchdog.needsRefresh({ slot: wanted.slot, serverLive, lastFrameMs }, nowMs)) {
				this.#socket.send({ type: "refresh", slot: wanted.slot });
			}
		}
		if (this.#watchdog.needsReconnect(nowMs)) this.#reconnect();
	}
}
