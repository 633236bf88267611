/** One PeerConnection with one receiving track for each slot. The server offers, the page answers. @module */
import type { ClientMessage, IceServer, ServerMessage } from "@vigia/api";

export type Offer = Extract<ServerMessage, { type: "offer" }>;

export interface PeerSessionOptions {
	readonly connection: number;
	readonly iceServers: readonly IceServer[];
	readonly send: (message: ClientMessage) => void;
	/** A slot has a track. It may have no pictures yet. Told once the answer is on its way, which is more urgent. */
	readonly onTrack: (slot: number, track: MediaStreamTrack) => void;
	/** The connection has a track with sound. */
	readonly onSound: (track: MediaStreamTrack) => void;
	/** An offer was answered, and its tracks were told. */
	readonly onAnswered: () => void;
	/** The connection cannot be saved; whoever owns it asks the server for another. */
	readonly onFailed: () => void;
	/** The browser refused every track of the offer: it cannot play what the server has. */
	readonly onUnplayable: () => void;
}

/** Lives as long as its `connection` number; a failed one is closed and replaced, never reset. */
export class PeerSession {
	readonly connection: number;
	readonly #peer: RTCPeerConnection;
	readonly #options: PeerSessionOptions;
	readonly #slotOfMid = new Map<string, number>();
	#audioMid: string | undefined;
	/** Tracks of the offer that is being answered. */
	#newTracks: { readonly slot: number; readonly track: MediaStreamTrack }[] = [];
	/** Offers are answered one after the other. */
	#work: Promise<void> = Promise.resolve();
	#closed = false;

	constructor(options: PeerSessionOptions) {
		this.#options = options;
		this.connection = options.connection;
		const peer = new RTCPeerConnection({
			iceServers: options.iceServers.map(toRtcIceServer),
			bundlePolicy: "max-bundle",
		});
		this.#peer = peer;
		peer.ontrack = ({ transceiver, track }) => {
			if (transceiver.mid !== null && transceiver.mid === this.#audioMid) options.onSound(track);
			const slot = transceiver.mid === null ? undefined : this.#slotOfMid.get(transceiver.mid);
			if (slot !== undefined) this.#newTracks.push({ slot, track });
		};
		peer.onicecandidate = ({ candidate }) => {
			if (!candidate?.candidate) return;
			options.send({
				type: "candidate",
				connection: this.connection,
				mid: candidate.sdpMid ?? "",
				candidate: candidate.candidate,
			});
		};
		peer.onconnectionstatechange = () => {
			if (peer.connectionState === "failed" && !this.#closed) options.onFailed();
		};
	}

	get state(): RTCPeerConnectionState {
		return this.#peer.connectionState;
	}

	/** Takes an offer: the first one, or one with more slots. */
	offer(offer: Offer): void {
		this.#work = this.#work
			.then(() => this.#answer(offer))
			.catch((error: unknown) => {
				if (this.#closed) return;
				console.warn("Vigía: the offer could not be answered", error);
				this.#options.onFailed();
			});
	}

	/** The slot of a media section. */
	slotOf(mid: string): number | undefined {
		return this.#slotOfMid.get(mid);
	}

	/** All statistics, or `undefined` once closed. */
	async stats(): Promise<RTCStatsReport | undefined> {
		if (this.#closed) return undefined;
		try {
			return await this.#peer.getStats();
		} catch {
			return undefined;
		}
	}

	/** Has what comes on a track wait this long before it is shown, in milliseconds; `null`: no longer than need be. */
	delay(track: MediaStreamTrack, waitMs: number | null): void {
		const receiver = this.#peer.getReceivers().find((each) => each.track === track);
		if (receiver && (receiver.jitterBufferTarget ?? null) !== waitMs) receiver.jitterBufferTarget = waitMs;
	}

	/** Ends it at once. Its tracks end, and their last pictures stay where they are shown. */
	close(): void {
		this.#closed = true;
		this.#peer.ontrack = this.#peer.onicecandidate = this.#peer.onconnectionstatechange = null;
		this.#peer.close();
	}

	async #answer(offer: Offer): Promise<void> {
		if (this.#closed) return;
		for (const { slot, mid } of offer.slots) this.#slotOfMid.set(mid, slot);
		this.#audioMid = offer.audioMid;
		await this.#peer.setRemoteDescription({ type: "offer", sdp: offer.sdp });
		await this.#peer.setLocalDescription();
		const sdp = this.#peer.localDescription?.sdp;
		if (this.#closed || sdp === undefined) return;
		this.#options.send({ type: "answer", connection: this.connection, negotiation: offer.negotiation, sdp });
		const tracks = this.#newTracks;
		this.#newTracks = [];
		for (const { slot, track } of tracks) this.#options.onTrack(slot, track);
		this.#options.onAnswered();
		// A media section that was refused has port 0 (RFC 3264 section 6).
		if (offer.slots.length > 0 && !/^m=video (?!0 )/m.test(sdp)) this.#options.onUnplayable();
	}
}

/** As the browser takes it. */
export function toRtcIceServer({ urls, username, credential }: IceServer): RTCIceServer {
	return { urls, ...(username === undefined ? {} : { username }), ...(credential === undefined ? {} : { credential }) };
}
