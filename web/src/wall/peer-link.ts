/** The page's PeerConnection through all its replacements: the one that is there now, its tracks and its statistics. @module */
import type { ClientMessage, IceServer } from "@vigia/api";
import { LipSync } from "../player/lip-sync.ts";
import { type Offer, PeerSession } from "../player/peer-session.ts";
import { type PeerStats, readPeerStats, type SlotOfStats } from "../player/stats.ts";

export interface PeerLinkOptions {
	readonly send: (message: ClientMessage) => void;
	readonly onTrack: (slot: number) => void;
	readonly onSound: (track: MediaStreamTrack) => void;
	/** An offer was answered. */
	readonly onAnswered: () => void;
	readonly onFailed: () => void;
	readonly onUnplayable: () => void;
}

/** At most one connection at a time. */
export class PeerLink {
	readonly #options: PeerLinkOptions;
	readonly #tracks = new Map<number, MediaStreamTrack>();
	#sound: MediaStreamTrack | undefined;
	#lipSync = new LipSync();
	#session: PeerSession | undefined;
	/** The connection was offered over the socket that is open now: numbers of another socket mean something else. */
	#current = false;
	/** The number of a connection that was ended here, and that the server may still have. */
	#ended: number | undefined;
	#stats: PeerStats | undefined;
	/** The session whose report is awaited: one that never comes must not hold up the next session's. */
	#asked: PeerSession | undefined;

	constructor(options: PeerLinkOptions) {
		this.#options = options;
	}

	/** The number of the connection, where the server knows it. */
	get connection(): number | undefined {
		return this.#current ? this.#session?.connection : this.#ended;
	}

	/** `none` while there is no connection. */
	get state(): RTCPeerConnectionState | "none" {
		return this.#session?.state ?? "none";
	}

	/** The last report. */
	get stats(): PeerStats | undefined {
		return this.#stats;
	}

	trackOf(slot: number): MediaStreamTrack | undefined {
		return this.#tracks.get(slot);
	}

	/** The connection's one track with sound, once some was asked for. */
	get soundTrack(): MediaStreamTrack | undefined {
		return this.#sound;
	}

	/** Statistics of the slot's track in the last report. */
	inboundOf(slot: number | undefined): RTCInboundRtpStreamStats | undefined {
		return slot === undefined ? undefined : this.#stats?.inbound.get(slot);
	}

	/** Takes an offer; answers whether it begins a new connection, in place of the one before. */
	offered(offer: Offer, iceServers: readonly IceServer[]): boolean {
		const isNew = this.connection !== offer.connection;
		if (isNew) {
			this.close();
			this.#current = true;
			const session = new PeerSession({
				connection: offer.connection,
				iceServers,
				send: (message) => {
					if (this.#session === session && this.#current) this.#options.send(message);
				},
				onTrack: (slot, track) => {
					this.#tracks.set(slot, track);
					this.#options.onTrack(slot);
				},
				onSound: (track) => {
					this.#sound = track;
					this.#options.onSound(track);
				},
				onAnswered: this.#options.onAnswered,
				onFailed: this.#options.onFailed,
				onUnplayable: this.#options.onUnplayable,
			});
			this.#session = session;
		}
		this.#session?.offer(offer);
		return isNew;
	}

	/** The socket is gone. Pictures may go on arriving until the server notices, or offers anew. */
	socketLost(): void {
		this.#current = false;
		this.#ended = undefined;
	}

	/** Has the pictures of these slots, whose sound is heard, wait for it; those of all others come at once. */
	followSound(slots: readonly number[]): void {
		const sound = this.#stats?.sound;
		const waitMs = sound && slots.length > 0 ? this.#lipSync.take(sound) : null;
		for (const [slot, track] of this.#tracks) this.#session?.delay(track, slots.includes(slot) ? waitMs : null);
	}

	/** Asks for one report on everything; answers whether there is a new one. At most one of a session is under way. */
	async poll(): Promise<boolean> {
		const session = this.#session;
		if (!session || this.#asked === session) return false;
		this.#asked = session;
		const report = await session.stats();
		if (this.#asked === session) this.#asked = undefined;
		if (!report || session !== this.#session) return false;
		this.#stats = readPeerStats(report, (stats) => this.#slotOf(stats));
		return true;
	}

	#slotOf({ mid, trackIdentifier }: Parameters<SlotOfStats>[0]): number | undefined {
		if (mid !== undefined) return this.#session?.slotOf(mid);
		for (const [slot, track] of this.#tracks) if (track.id === trackIdentifier) return slot;
		return undefined;
	}

	/** Ends the connection, and nothing that was lost is asked for again. Another one comes by `reconnect`. */
	hangUp(): void {
		const { connection } = this;
		this.close();
		this.#ended = connection;
	}

	close(): void {
		this.#ended = undefined;
		this.#session?.close();
		this.#session = this.#stats = undefined;
		this.#current = false;
		this.#tracks.clear();
		this.#sound = undefined;
		this.#lipSync = new LipSync();
	}
}
