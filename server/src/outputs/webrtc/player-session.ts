/** One WHEP player: the peer offers, one camera's stream is the answer. @module */
import { randomInt } from "node:crypto";
import type { Clock, Timer } from "../../platform/clock.ts";
import type { MediaPort, Peer, PeerState } from "../../platform/datachannel.ts";
import type { VideoTrack } from "../../platform/datachannel-tracks.ts";
import type { ReadableStreamSource } from "../../streams/reader.ts";
import { finishAnswer } from "./descriptions.ts";
import { Pacer } from "./pacer.ts";
import type { PlayerOffer } from "./player-offer.ts";
import { type DeliveryCounters, SlotSender } from "./slot-sender.ts";

/** A player that has not connected by then, in ms, is gone: its ICE gives up in about the same time. */
export const CONNECT_LIMIT_MS = 30_000;

export interface PlayerSessionOptions {
	readonly port: MediaPort;
	readonly clock: Clock;
	readonly counters: DeliveryCounters;
	readonly source: ReadableStreamSource;
	readonly offer: PlayerOffer;
	/** The text that `offer` was read from. */
	readonly offerSdp: string;
	/** Addresses to offer, best first. */
	readonly hosts: readonly string[];
	/** The session has ended, by whichever side; called once, without a session when it never came about. */
	readonly onClose: (session: PlayerSession | undefined) => void;
}

export class PlayerSession {
	/** The session description for the player. */
	readonly answerSdp: string;
	readonly iceUfrag: string;
	readonly #parts: SessionParts;

	private constructor(answerSdp: string, iceUfrag: string, parts: SessionParts) {
		this.answerSdp = answerSdp;
		this.iceUfrag = iceUfrag;
		this.#parts = parts;
		parts.session = this;
	}

	/** Answers the offer. @throws PeerError `too-many-peers`, or `bad-description` for an offer the library refuses. */
	static async open(options: PlayerSessionOptions): Promise<PlayerSession> {
		const { port, offer, hosts } = options;
		const parts = new SessionParts(options);
		try {
			const sdp = await parts.peer.answerOffer(options.offerSdp);
			return new PlayerSession(finishAnswer(sdp, offer, { hosts, port: port.port }), offer.iceUfrag, parts);
		} catch (error) {
			parts.close();
			throw error;
		}
	}

	/** Takes a trickled candidate: RFC 8840. Names of mDNS are of no use to us. */
	addCandidate(mid: string, candidate: string): void {
		if (!/\.local\b/i.test(candidate)) this.#parts.peer.addRemoteCandidate(candidate, mid);
	}

	close(): void {
		this.#parts.close();
	}
}

/** What a session holds, from before it has an answer. */
class SessionParts {
	readonly peer: Peer;
	session: PlayerSession | undefined;
	readonly #pacer: Pacer;
	readonly #sender: SlotSender;
	readonly #connectLimit: Timer;
	readonly #onClose: PlayerSessionOptions["onClose"];
	#closed = false;

	constructor(options: PlayerSessionOptions) {
		const { port, clock, counters, offer } = options;
		this.#onClose = options.onClose;
		this.peer = port.createPeer((state) => this.#handleState(state));
		this.#pacer = new Pacer(clock);
		let track: VideoTrack;
		try {
			track = this.peer.addVideoTrack({
				mid: offer.mid,
				payloadType: offer.payloadType,
				fmtp: offer.fmtp,
				onOpen: () => this.#sender.open(),
				onRtcp: (packet) => this.#sender.handleRtcp(packet),
			});
		} catch (error) {
			this.peer.close();
			throw error;
		}
		const sequenceNumber = randomInt(2 ** 16);
		const timestamp = randomInt(2 ** 32);
		this.#sender = new SlotSender({ track, pacer: this.#pacer, clock, counters, sequenceNumber, timestamp });
		this.#sender.setSource(options.source);
		this.#connectLimit = clock.after(CONNECT_LIMIT_MS, () => this.close());
	}

	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#connectLimit.cancel();
		this.#sender.close();
		this.#pacer.close();
		this.peer.close();
		this.#onClose(this.session);
	}

	#handleState(state: PeerState): void {
		if (state === "connected") this.#connectLimit.cancel();
		else if (state === "failed" || state === "closed") this.close();
	}
}
