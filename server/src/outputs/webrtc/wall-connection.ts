/** One PeerConnection of a page: a pool of slots, offered by us, that grows by renegotiation. @module */
import { randomInt } from "node:crypto";
import { MAX_SLOTS, type ServerMessage } from "@vigia/api";
import type { Clock, Timer } from "../../platform/clock.ts";
import { type MediaPort, type Peer, PeerError, type PeerState } from "../../platform/datachannel.ts";
import type { ReadableStreamSource } from "../../streams/reader.ts";
import { finishOffer, H264_FMTP, H264_PAYLOAD_TYPE } from "./descriptions.ts";
import { AUDIO_MID, AudioSender } from "./audio-sender.ts";
import { Pacer } from "./pacer.ts";
import { type DeliveryCounters, type SlotListener, SlotSender } from "./slot-sender.ts";

/** Slots beyond those of the view, so that enlarging a tile (its main stream behind it) needs no new offer. */
export const SPARE_SLOTS = 2;
/** A page that has not answered an offer by then, in ms, is stuck: browsers take well below a second. */
export const ANSWER_LIMIT_MS = 10_000;
/** Candidates that came before the answer: a browser has a few for each interface. */
const MAX_EARLY_CANDIDATES = 64;

export interface WallConnectionOptions {
	readonly port: Pick<MediaPort, "port" | "createPeer">;
	readonly clock: Clock;
	readonly counters: DeliveryCounters;
	/** Addresses to offer, best first. */
	readonly hosts: Promise<readonly string[]>;
	/** The `connection` of the wall protocol. */
	readonly number: number;
	readonly send: (message: ServerMessage) => void;
	readonly onState: (state: PeerState) => void;
	/** No offer could be made, or the page did not answer it: PeerError `no-answer`. */
	readonly onBroken: (error: unknown) => void;
}

export class WallConnection {
	readonly number: number;
	readonly #options: WallConnectionOptions;
	readonly #peer: Peer;
	readonly #pacer: Pacer;
	readonly #slots: SlotSender[] = [];
	readonly #mids: string[] = [];
	#audio: AudioSender | undefined;
	#sound: ReadableStreamSource | undefined;
	#wantedSlots = 0;
	#negotiation = 0;
	/** An offer is being made or its answer is awaited. */
	#negotiating = false;
	#answered = false;
	#answerLimit: Timer | undefined;
	readonly #earlyCandidates: { readonly mid: string; readonly candidate: string }[] = [];

	/** @throws PeerError when the server serves too many viewers. */
	constructor(options: WallConnectionOptions) {
		this.number = options.number;
		this.#options = options;
		this.#pacer = new Pacer(options.clock);
		this.#peer = options.port.createPeer(options.onState);
	}

	get state(): PeerState {
		return this.#peer.state;
	}

	/** Makes sure that slots 0 to `count` - 1 exist; a new offer follows when they do not. */
	needSlots(count: number): void {
		if (count <= this.#slots.length) return;
		this.#wantedSlots = Math.min(MAX_SLOTS, count + SPARE_SLOTS);
		this.#negotiateIfNeeded();
	}

	/** Shows a stream in a slot, or nothing. False while the slot still waits for its negotiation. */
	show(slot: number, source: ReadableStreamSource | undefined, listener?: SlotListener): boolean {
		const sender = this.#slots[slot];
		if (!sender) return false;
		sender.setSource(source, listener);
		return true;
	}

	/** Lets a stream be heard, or none. The first time an offer with a media section for sound follows. */
	listen(source: ReadableStreamSource | undefined): void {
		this.#sound = source;
		if (this.#audio) this.#audio.setSource(source);
		else if (source) this.#negotiateIfNeeded();
	}

	refresh(slot: number): void {
		this.#slots[slot]?.refresh();
	}

	/** Takes the page's answer; one to an older offer is ignored. @throws PeerError as {@link Peer.acceptAnswer}. */
	answer(negotiation: number, sdp: string): void {
		if (!this.#negotiating || negotiation !== this.#negotiation) return;
		this.#answerLimit?.cancel();
		this.#peer.acceptAnswer(sdp);
		this.#negotiating = false;
		this.#answered = true;
		for (const { mid, candidate } of this.#earlyCandidates.splice(0)) this.#peer.addRemoteCandidate(candidate, mid);
		this.#negotiateIfNeeded();
	}

	/** A candidate of the page. Names of mDNS are of no use to us: the browser's own checks make the pair. */
	addCandidate(mid: string, candidate: string): void {
		if (candidate === "" || /\.local\b/i.test(candidate)) return;
		if (this.#answered) this.#peer.addRemoteCandidate(candidate, mid);
		else if (this.#earlyCandidates.length < MAX_EARLY_CANDIDATES) this.#earlyCandidates.push({ mid, candidate });
	}

	close(): void {
		this.#answerLimit?.cancel();
		for (const slot of this.#slots) slot.close();
		this.#audio?.close();
		this.#pacer.close();
		this.#peer.close();
	}

	#negotiateIfNeeded(): void {
		const complete = this.#slots.length >= this.#wantedSlots && (this.#audio || !this.#sound);
		// An offer of sound alone is impossible: it comes with the first slots.
		if (this.#negotiating || complete || this.#wantedSlots === 0) return;
		this.#negotiating = true;
		this.#offer().catch((error: unknown) => this.#options.onBroken(error));
	}

	/** The slots exist when it returns, their offer follows. */
	async #offer(): Promise<void> {
		while (this.#slots.length < this.#wantedSlots) this.#addSlot();
		if (this.#sound) this.#addAudio(this.#sound);
		const slots = this.#mids.map((mid, slot) => ({ slot, mid }));
		const negotiation = ++this.#negotiation;
		const [sdp, hosts] = await Promise.all([this.#peer.createOffer(), this.#options.hosts]);
		if (this.#peer.state === "closed") throw new PeerError("closed", "The connection is closed");
		const { port, clock, send, onBroken } = this.#options;
		const finished = finishOffer(sdp, { hosts, port: port.port });
		this.#answerLimit = clock.after(ANSWER_LIMIT_MS, () =>
			onBroken(new PeerError("no-answer", "The page does not answer")),
		);
		const audioMid = this.#audio ? { audioMid: AUDIO_MID } : {};
		send({ type: "offer", connection: this.number, negotiation, sdp: finished, slots, ...audioMid });
	}

	#addAudio(sound: ReadableStreamSource): void {
		if (this.#audio) return;
		const track = this.#peer.addAudioTrack({ mid: AUDIO_MID, onOpen: () => audio.open() });
		const audio = new AudioSender({ track, sequenceNumber: randomInt(2 ** 16), timestamp: randomInt(2 ** 32) });
		audio.setSource(sound);
		this.#audio = audio;
	}

	#addSlot(): void {
		const mid = String(this.#slots.length);
		const track = this.#peer.addVideoTrack({
			mid,
			payloadType: H264_PAYLOAD_TYPE,
			fmtp: H264_FMTP,
			onOpen: () => sender.open(),
			onRtcp: (packet) => sender.handleRtcp(packet),
		});
		const sender = new SlotSender({
			track,
			pacer: this.#pacer,
			clock: this.#options.clock,
			counters: this.#options.counters,
			sequenceNumber: randomInt(2 ** 16),
			timestamp: randomInt(2 ** 32),
		});
		this.#slots.push(sender);
		this.#mids.push(mid);
	}
}
