/** WebRTC as the rest of the server sees it: one UDP port, pages with walls, and WHEP players. @module */
import type { ServerMessage } from "@vigia/api";
import type { Settings } from "../../config/settings.ts";
import type { Clock } from "../../platform/clock.ts";
import { MediaPort } from "../../platform/datachannel.ts";
import type { StreamDirectory } from "../../streams/reader.ts";
import { advertisedHosts } from "./candidates.ts";
import { NameCache } from "./name-cache.ts";
import type { EnginePlayerOptions } from "./player-engine.ts";
import { PlayerSession } from "./player-session.ts";
import { DeliveryCounters } from "./slot-sender.ts";
import { WallViewer } from "./wall-viewer.ts";

/** Pages at a time. A wall of 16 tiles costs about 2 % of a core, so a small server is full well before. */
export const MAX_VIEWERS = 100;
/** WHEP players at a time. */
export const MAX_PLAYERS = 100;

export interface WebrtcOptions {
	readonly settings: Pick<Settings, "webrtcPort" | "webrtcHosts" | "iceServers">;
	readonly directory: StreamDirectory;
	readonly clock: Clock;
	/** Hears what is the server's own fault, for its log: a page only learns that there was a mistake. */
	readonly onError?: (error: unknown) => void;
}

export class Webrtc {
	/** Plain counts of all viewers and players since the start. */
	readonly counters = new DeliveryCounters();
	readonly #options: WebrtcOptions;
	readonly #port: MediaPort;
	readonly #names: NameCache;
	readonly #viewers = new Set<WallViewer>();
	readonly #players = new Map<PlayerSession, EnginePlayerOptions>();
	/** Players that are being answered. */
	#openingPlayers = 0;

	constructor(options: WebrtcOptions, port: MediaPort) {
		this.#options = options;
		this.#port = port;
		this.#names = new NameCache(options.clock);
	}

	/** The UDP port of all media. */
	get port(): number {
		return this.#port.port;
	}

	/** PeerConnections that are open now. */
	get peers(): number {
		return this.#port.peerCount;
	}

	/** A page's viewer, to be closed with its socket; `undefined` above {@link MAX_VIEWERS}. */
	openViewer(send: (message: ServerMessage) => void, pageHost: string | undefined): WallViewer | undefined {
		if (this.#viewers.size >= MAX_VIEWERS) return undefined;
		const { directory, clock, settings } = this.#options;
		const viewer: WallViewer = new WallViewer({
			directory,
			clock,
			send,
			pageHost,
			port: this.#port,
			counters: this.counters,
			webrtcHosts: settings.webrtcHosts,
			resolve: (name) => this.#names.resolve(name),
			onError: (error) => this.#options.onError?.(error),
			onClose: () => this.#viewers.delete(viewer),
		});
		this.#viewers.add(viewer);
		return viewer;
	}

	/**
	 * Answers a WHEP player; `undefined` above {@link MAX_PLAYERS}.
	 * @throws PeerError `bad-description` when the offer is not usable, `too-many-peers` when the port is full.
	 */
	async openPlayer(options: EnginePlayerOptions): Promise<PlayerSession | undefined> {
		if (this.#players.size + this.#openingPlayers >= MAX_PLAYERS) return undefined;
		const { clock, settings } = this.#options;
		this.#openingPlayers++;
		try {
			const { source, offer, offerSdp, pageHost } = options;
			const resolve = (name: string): Promise<readonly string[]> => this.#names.resolve(name);
			const hosts = await advertisedHosts({ pageHost, webrtcHosts: settings.webrtcHosts, resolve });
			const onClose = (session: PlayerSession | undefined): void => {
				if (session) this.#players.delete(session);
				options.onClose();
			};
			const parts = { port: this.#port, clock, counters: this.counters, source, offer, offerSdp, hosts, onClose };
			const session = await PlayerSession.open(parts);
			this.#players.set(session, options);
			return session;
		} finally {
			this.#openingPlayers--;
		}
	}

	/** The list of cameras has changed: ends what plays a stream that is not in it any more. */
	endGone(): void {
		const { directory } = this.#options;
		for (const viewer of this.#viewers) viewer.endGone();
		for (const [player, { cameraId, stream, source }] of [...this.#players]) {
			if (directory.stream(cameraId, stream) !== source) player.close();
		}
	}

	/** Ends all viewers and players and lets the port go. */
	close(): void {
		for (const viewer of this.#viewers) viewer.close();
		for (const player of this.#players.keys()) player.close();
		this.#port.close();
	}
}

/** Takes the UDP port. @throws Error with the remedy when it is taken. */
export async function openWebrtc(options: WebrtcOptions): Promise<Webrtc> {
	const { webrtcPort, iceServers } = options.settings;
	return new Webrtc(options, await MediaPort.open({ port: webrtcPort, iceServers }));
}
