/** One page of the wall: its view, and the PeerConnection that shows it. Knows nothing of the socket. @module */
import type { PictureRoute, ServerMessage, TileWish, WallErrorCode } from "@vigia/api";
import type { Clock, Timer } from "../../platform/clock.ts";
import { type MediaPort, PeerError, type PeerState } from "../../platform/datachannel.ts";
import type { ReadableStreamSource, StreamDirectory } from "../../streams/reader.ts";
import { advertisedHosts, type Resolve } from "./candidates.ts";
import type { DeliveryCounters, SlotListener } from "./slot-sender.ts";
import { WallConnection } from "./wall-connection.ts";

/** The shortest time between two PeerConnections that a page asks for, in ms, and the first step of the back-off. */
export const RECONNECT_MIN_MS = 1000;
/** The longest wait before a failed connection is replaced, in ms. */
export const RECONNECT_MAX_MS = 30_000;
/** A connection that lasted this long, in ms, was healthy: the next failure starts the back-off from the beginning. */
export const HEALTHY_AFTER_MS = 10_000;
/** The back-off is stretched by up to this share, so that the pages of a restarted network do not come back at once. */
const JITTER = 0.3;

export interface WallViewerOptions {
	readonly directory: StreamDirectory;
	readonly port: Pick<MediaPort, "port" | "createPeer">;
	readonly clock: Clock;
	readonly counters: DeliveryCounters;
	/** Hands a message to the page's socket; must not throw. */
	readonly send: (message: ServerMessage) => void;
	/** Host name or address the page was loaded from, without port. */
	readonly pageHost: string | undefined;
	/** The setting `WEBRTC_HOSTS`. */
	readonly webrtcHosts: readonly string[];
	readonly resolve: Resolve;
	/** Hears what is the server's own fault, for its log. */
	readonly onError: (error: unknown) => void;
	/** Called once, by {@link WallViewer.close}. */
	readonly onClose?: () => void;
}

/** The stream whose sound a page plays. */
export type SoundWish = Pick<TileWish, "camera" | "stream">;

/** A tile of the view whose stream exists. */
interface Tile extends TileWish {
	readonly source: ReadableStreamSource;
	readonly revision: number;
}

/** Makes no connection before {@link WallViewer.prepare} or the first view that has a tile. */
export class WallViewer {
	readonly #options: WallViewerOptions;
	readonly #hosts: Promise<readonly string[]>;
	/** Slots that the page will want, whatever its view is now. */
	#expectedSlots = 0;
	/** What the page wants, by slot. */
	#tiles = new Map<number, Tile>();
	/** What the slots of the connection show now: the same objects as in `#tiles` once they are served. */
	readonly #shown = new Map<number, Tile>();
	#sound: SoundWish | undefined;
	#connection: WallConnection | undefined;
	#connections = 0;
	#connectedAtMs: number | undefined;
	#startedAtMs = Number.NEGATIVE_INFINITY;
	#failures = 0;
	#retry: Timer | undefined;
	/** The page accepts no H.264: no use to offer before it asks again. */
	#refused = false;
	#closed = false;

	constructor(options: WallViewerOptions) {
		this.#options = options;
		const { pageHost, webrtcHosts, resolve } = options;
		this.#hosts = advertisedHosts({ pageHost, webrtcHosts, resolve });
		// Each connection that waits for them hears of a failure; without one nobody would.
		this.#hosts.catch(() => {});
	}

	/** Offers so many slots at once: the page's view then finds its connection on the way. */
	prepare(slots: number): void {
		if (this.#closed || this.#connection) return;
		this.#expectedSlots = slots;
		if (!this.#retry) this.#connectSoon();
	}

	/** The whole wanted state; the same again changes nothing. A tile that cannot be shown is answered by `error`. */
	setView(revision: number, wishes: readonly TileWish[]): void {
		if (this.#closed) return;
		const before = this.#tiles;
		this.#tiles = new Map();
		for (const wish of wishes) {
			const known = before.get(wish.slot);
			const tile =
				known?.camera === wish.camera && known.stream === wish.stream ? known : this.#findTile(revision, wish);
			if (tile) this.#tiles.set(wish.slot, tile);
		}
		if (this.#connection) this.#serveView(this.#connection);
		else if (!this.#retry && !this.#refused) this.#connectSoon();
	}

	/** The list of cameras has changed: shows what is in place of streams that are gone, or says that there is nothing. */
	endGone(): void {
		const { directory } = this.#options;
		for (const [slot, tile] of this.#tiles) {
			if (directory.stream(tile.camera, tile.stream) === tile.source) continue;
			const other = this.#findTile(tile.revision, tile);
			if (other) this.#tiles.set(slot, other);
			else this.#tiles.delete(slot);
		}
		if (this.#connection) this.#serveView(this.#connection);
	}

	/** Whose sound is heard over the connection; of a camera that is not there, none. */
	setSound(sound: SoundWish | undefined): void {
		if (this.#closed) return;
		this.#sound = sound;
		if (this.#connection) this.#serveView(this.#connection);
	}

	/** The page's answer to an offer; one for another connection or an older offer is ignored. */
	answer(connection: number, negotiation: number, sdp: string): void {
		if (this.#connection?.number !== connection) return;
		try {
			this.#connection.answer(negotiation, sdp);
			this.#serveView(this.#connection);
		} catch (error) {
			if (!(error instanceof PeerError)) this.#options.onError(error);
			const refused = error instanceof PeerError && error.code === "codec-not-accepted";
			this.#refused = refused;
			this.#drop();
			this.#say(refused ? "codec-not-accepted" : "bad-message", problemOf(error));
		}
	}

	candidate(connection: number, mid: string, candidate: string): void {
		if (this.#connection?.number === connection) this.#connection.addCandidate(mid, candidate);
	}

	/** Sends the slot's cached GOP again. */
	refresh(slot: number): void {
		this.#connection?.refresh(slot);
	}

	/** The page gave its connection up: makes a new one, at most one each {@link RECONNECT_MIN_MS}. */
	reconnect(connection: number): void {
		// The number of an older connection means that its replacement is already on the way.
		if (this.#closed || connection !== this.#connections) return;
		this.#refused = false;
		this.#drop();
		this.#connectAfter(this.#minWaitMs());
	}

	/** The state of the present connection, or undefined while there is none. */
	get state(): PeerState | undefined {
		return this.#connection?.state;
	}

	/** Releases everything; nothing is sent any more. */
	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#tiles.clear();
		this.#drop();
		this.#options.onClose?.();
	}

	#findTile(revision: number, wish: TileWish): Tile | undefined {
		const { directory } = this.#options;
		if (!directory.hasCamera(wish.camera)) {
			this.#say("unknown-camera", `There is no camera "${wish.camera}"`);
			return undefined;
		}
		const source = directory.stream(wish.camera, wish.stream);
		if (!source) {
			this.#say("unknown-stream", `Camera "${wish.camera}" has no ${wish.stream} stream`);
			return undefined;
		}
		return { ...wish, source, revision };
	}

	#connect(): void {
		// An offer without a track is impossible, so an empty view needs no connection.
		if (this.#closed || (this.#tiles.size === 0 && this.#expectedSlots === 0)) return;
		const { port, clock, counters, send } = this.#options;
		this.#startedAtMs = clock.nowMs();
		this.#connectedAtMs = undefined;
		const number = ++this.#connections;
		const isCurrent = () => this.#connection?.number === number;
		try {
			this.#connection = new WallConnection({
				port,
				clock,
				counters,
				hosts: this.#hosts,
				number,
				send,
				onState: (state) => isCurrent() && this.#handleState(state),
				onBroken: (error) => {
					if (!isCurrent()) return;
					if (!isExpected(error)) this.#options.onError(error);
					this.#fail();
				},
			});
		} catch (error) {
			const tooMany = error instanceof PeerError && error.code === "too-many-peers";
			if (!isExpected(error)) this.#options.onError(error);
			this.#say(tooMany ? "too-many-viewers" : "internal-error", problemOf(error));
			this.#fail();
			return;
		}
		this.#serveView(this.#connection);
	}

	#serveView(connection: WallConnection): void {
		let slots = this.#expectedSlots;
		for (const slot of this.#tiles.keys()) slots = Math.max(slots, slot + 1);
		connection.needSlots(slots);
		for (const slot of this.#shown.keys()) {
			if (this.#tiles.has(slot)) continue;
			connection.show(slot, undefined);
			this.#shown.delete(slot);
		}
		for (const [slot, tile] of this.#tiles) {
			if (this.#shown.get(slot) === tile) continue;
			if (connection.show(slot, tile.source, this.#listenerOf(tile))) this.#shown.set(slot, tile);
		}
		connection.listen(this.#sound && this.#options.directory.stream(this.#sound.camera, this.#sound.stream));
	}

	#listenerOf({ slot, camera, stream, revision }: Tile): SlotListener {
		const { send } = this.#options;
		let kind: PictureRoute = "pass";
		return {
			onRoute: (route) => {
				if (route.kind !== "refused") kind = route.kind;
				else send({ type: "refused", rung: "webrtc", camera, stream, reason: route.reason });
			},
			onFirstPicture: (rtpTimestamp, newestRtpTimestamp) =>
				send({ type: "slot", slot, camera, stream, revision, rtpTimestamp, newestRtpTimestamp, route: kind }),
		};
	}

	#handleState(state: PeerState): void {
		if (state === "connected") this.#connectedAtMs = this.#options.clock.nowMs();
		// A page that was connected and closes has hung up: it comes back with a view or `reconnect`.
		else if (state === "closed" && this.#connectedAtMs !== undefined) this.#drop();
		else if (state === "failed" || state === "closed") this.#fail();
	}

	/**
	 * Replaces the connection, the first time at once: libdatachannel hands the answer to ICE before it keeps the
	 * fingerprint, so that about one connection in a hundred between busy processes on one machine fails in DTLS.
	 */
	#fail(): void {
		const nowMs = this.#options.clock.nowMs();
		const lastedMs = this.#connectedAtMs === undefined ? 0 : nowMs - this.#connectedAtMs;
		if (lastedMs >= HEALTHY_AFTER_MS) this.#failures = 0;
		this.#drop();
		const backOffMs =
			this.#failures === 0 ? 0 : Math.min(RECONNECT_MAX_MS, RECONNECT_MIN_MS * 2 ** (this.#failures - 1));
		this.#failures++;
		this.#connectAfter(backOffMs * (1 + Math.random() * JITTER));
	}

	/** How long the page must wait for another connection; the first one may come at once. */
	#minWaitMs(): number {
		return Math.max(0, this.#startedAtMs + RECONNECT_MIN_MS - this.#options.clock.nowMs());
	}

	#connectSoon(): void {
		const waitMs = this.#minWaitMs();
		if (waitMs > 0) this.#connectAfter(waitMs);
		else this.#connect();
	}

	#connectAfter(delayMs: number): void {
		this.#retry?.cancel();
		this.#retry = this.#options.clock.after(Math.max(0, delayMs), () => {
			this.#retry = undefined;
			this.#connect();
		});
	}

	#drop(): void {
		this.#retry?.cancel();
		this.#retry = undefined;
		const connection = this.#connection;
		this.#connection = undefined;
		this.#shown.clear();
		connection?.close();
	}

	#say(code: WallErrorCode, message: string): void {
		this.#options.send({ type: "error", code, message });
	}
}

/** Nothing that the server's log needs: the page is gone or stuck, the server is full or stops. */
function isExpected(error: unknown): boolean {
	return error instanceof PeerError && ["too-many-peers", "no-answer", "closed"].includes(error.code);
}

function problemOf(error: unknown): string {
	return error instanceof PeerError ? error.message : "The server made a mistake; see its log";
}
