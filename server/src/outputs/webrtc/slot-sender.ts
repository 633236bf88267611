/**
 * One slot of a viewer: one send-only video track behind which cameras are switched without renegotiation. Sequence
 * numbers and timestamps of the track go on whatever the content, and every content starts on a key frame.
 *
 * @module
 */
import { parseRtcp } from "@vigia/rtp";
import type { Clock } from "../../platform/clock.ts";
import type { Attachment, ReadableStreamSource, Reader, Route, StreamUnit } from "../../streams/reader.ts";
import { TICKS_PER_MS } from "../../streams/timeline.ts";
import { MAX_PENDING_BYTES, type PacedSender, type Pacer } from "./pacer.ts";
import { type PacketSink, RtpWriter } from "../rtp/rtp-writer.ts";

/** A cached GOP is shown as if its pictures had come 1 ms apart, the newest now: the tile is at the live edge at once. */
export const START_STEP_TICKS = 90;
/** Timestamps rise at least by this from picture to picture: 0.1 ms, so that a replay ends before the next live one. */
export const MIN_STEP_TICKS = 9;
/** First wait between a slot's GOP and the same again, in ms: a browser asks every 200 ms until a picture comes. */
export const REPLAY_INTERVAL_MS = 300;
/** The wait doubles with each replay in a row up to this, in ms: what a poor link loses must not fill it up for good. */
export const MAX_REPLAY_INTERVAL_MS = 5000;
/** So long without a request, in ms, and the link is good again. */
export const REPLAY_RESET_MS = 10_000;
/** Retransmission covers this much of the stream, in ms: several round trips of a poor mobile link. */
const HISTORY_MS = 1000;

/** What a slot sends on: a track that can also keep packets for retransmission. */
export interface SlotTrack extends PacketSink {
	reserveHistory(packets: number): void;
}

/** Plain counts of what was delivered over WebRTC, read by the metrics; they only grow. */
export class DeliveryCounters {
	packets = 0;
	bytes = 0;
	/** Cached GOPs sent to start a tile. */
	starts = 0;
	/** Cached GOPs sent again after PLI, FIR or `refresh`. */
	replays = 0;
	/** PLI and FIR received. */
	keyFrameRequests = 0;
	/** Packets that receivers reported missing. */
	nackedPackets = 0;
	/** Times that too much waited for a viewer, so that a slot went on at the next key frame. */
	keyFrameSkips = 0;
	/** Access units that were given up by that. */
	droppedUnits = 0;
}

export interface SlotSenderOptions {
	readonly track: SlotTrack;
	readonly pacer: Pacer;
	readonly clock: Clock;
	readonly counters: DeliveryCounters;
	/** First sequence number, 16 bits, and timestamp, 32 bits: random, RFC 3550 section 5.1. */
	readonly sequenceNumber: number;
	readonly timestamp: number;
}

/** Who wants to know what becomes of a slot's content. */
export interface SlotListener {
	/** The RTP timestamps of the first picture and of the newest one there is; also after another route begins. */
	onFirstPicture(rtpTimestamp: number, newestRtpTimestamp: number): void;
	/** How the pictures come about, before the first one and at every change. */
	onRoute(route: Route): void;
}

interface QueuedUnit {
	readonly unit: StreamUnit;
	/** When it should be shown; it becomes later if the one before would not be left behind. */
	readonly idealTicks: number;
	readonly urgent: boolean;
}

export class SlotSender implements Reader, PacedSender {
	readonly #options: SlotSenderOptions;
	readonly #writer: RtpWriter;
	/** Ticks of this track at the clock's zero, until it has sent something. */
	readonly #zeroTicks: number;
	#source: ReadableStreamSource | undefined;
	#attachment: Attachment | undefined;
	#listener: SlotListener | undefined;
	/** The listener is to hear of the next picture's timestamp. */
	#firstIsUntold = false;
	#open = false;
	/** The content's key frame was sent or queued; `#offsetTicks` holds. */
	#started = false;
	/** From a unit's own timestamp to this track's. */
	#offsetTicks = 0;
	/** The timestamp of the newest picture when the content began, not cut to 32 bits. */
	#newestTicks = 0;
	/** The timestamp of the newest unit that was begun, not cut to 32 bits. */
	#lastTicks = Number.NEGATIVE_INFINITY;
	/** When that was. */
	#lastUnitMs = 0;
	/** When the newest burst had left, or was given up. */
	#burstEndMs = Number.NEGATIVE_INFINITY;
	/** GOPs sent again without {@link REPLAY_RESET_MS} of peace in between. */
	#replaysInARow = 0;
	#lastRequestMs = Number.NEGATIVE_INFINITY;
	/** What the present GOP has had so far, to find the bitrate when it is complete. */
	#gopPackets = 0;
	#gopStartTicks = 0;
	readonly #queue: QueuedUnit[] = [];
	/** The next payload of the queue's first unit. */
	#payloadIndex = 0;

	constructor(options: SlotSenderOptions) {
		this.#options = options;
		this.#writer = new RtpWriter(options.track, options.sequenceNumber);
		this.#zeroTicks = options.timestamp - options.clock.nowMs() * TICKS_PER_MS;
	}

	/** Shows another stream, or nothing. Attaching happens at once, sending when the track is open. */
	setSource(source: ReadableStreamSource | undefined, listener?: SlotListener): void {
		this.#attachment?.detach();
		this.#attachment = undefined;
		this.#clearQueue();
		this.#started = false;
		this.#replaysInARow = 0;
		this.#source = source;
		this.#listener = listener;
		this.#firstIsUntold = true;
		if (!source) return;
		this.#attachment = source.attach(this);
		if (this.#open) this.#start(this.#attachment.gop);
	}

	/** The track may send from now on. */
	open(): void {
		if (this.#open) return;
		this.#open = true;
		if (this.#source) this.#start(this.#source.currentGop());
	}

	/** Stops for good and lets the stream go. */
	close(): void {
		this.#open = false;
		this.setSource(undefined);
	}

	push(unit: StreamUnit): void {
		// The streams that are handed to WebRTC are H.264; until a route is found for others, their pictures are not.
		if (!this.#open || unit.codec !== "h264") return;
		if (!this.#started) {
			if (unit.randomAccess) this.#startLive(unit);
			return;
		}
		if (unit.randomAccess) {
			this.#reserveHistory(unit.timestamp);
			this.#gopPackets = 0;
			this.#gopStartTicks = unit.timestamp;
		}
		this.#gopPackets += unit.payloads.length;
		const idealTicks = unit.timestamp + this.#offsetTicks;
		if (this.#queue.length > 0) this.#enqueue({ unit, idealTicks, urgent: false });
		else this.#sendNow(unit, idealTicks);
	}

	onRoute(route: Route): void {
		// The pictures of another route are on a clock of their own, and begin with a key frame.
		this.#clearQueue();
		this.#started = false;
		this.#firstIsUntold = true;
		this.#listener?.onRoute(route);
	}

	/** The viewer lost the picture: sends the current GOP again, but not while one is under way or just was. */
	refresh(): void {
		const nowMs = this.#options.clock.nowMs();
		if (nowMs - this.#lastRequestMs >= REPLAY_RESET_MS) this.#replaysInARow = 0;
		this.#lastRequestMs = nowMs;
		if (!this.#open || !this.#source || this.#queue.length > 0) return;
		const waitMs = Math.min(MAX_REPLAY_INTERVAL_MS, REPLAY_INTERVAL_MS * 2 ** this.#replaysInARow);
		if (nowMs - this.#burstEndMs < waitMs) return;
		const gop = this.#source.currentGop();
		if (gop.length === 0) return;
		this.#replaysInARow++;
		if (!this.#started) {
			this.#start(gop);
			return;
		}
		this.#options.counters.replays++;
		this.#burst(gop, () => this.#lastTicks);
	}

	/** Takes the receiver's RTCP: RFC 4585 (NACK, PLI), RFC 5104 (FIR). What is meant for other tracks is left alone. */
	handleRtcp(packet: Uint8Array): void {
		const { ssrc } = this.#options.track;
		const { counters } = this.#options;
		for (const message of parseRtcp(packet).packets) {
			if (message.type === "nack" && message.mediaSsrc === ssrc) {
				counters.nackedPackets += message.sequenceNumbers.length;
			} else if (
				(message.type === "pli" && message.mediaSsrc === ssrc) ||
				(message.type === "fir" && message.requests.some((request) => request.ssrc === ssrc))
			) {
				counters.keyFrameRequests++;
				this.refresh();
			}
		}
	}

	nextIsUrgent(): boolean {
		return this.#queue[0]?.urgent ?? false;
	}

	hasPending(): boolean {
		return this.#queue.length > 0;
	}

	atUnitStart(): boolean {
		return this.#payloadIndex === 0;
	}

	sendNext(): number {
		const queued = this.#queue[0];
		if (!queued) return 0;
		const { payloads } = queued.unit;
		if (this.#payloadIndex === 0) this.#beginUnit(queued.idealTicks);
		const payload = payloads[this.#payloadIndex];
		const last = this.#payloadIndex >= payloads.length - 1;
		const sizeBytes = payload ? this.#send(payload, last) : 0;
		if (last) {
			this.#queue.shift();
			this.#payloadIndex = 0;
			this.#options.pacer.changePending(-queued.unit.sizeBytes);
			// Only a burst makes a queue, and what comes behind it belongs to it.
			if (this.#queue.length === 0) this.#burstEndMs = this.#options.clock.nowMs();
		} else {
			this.#payloadIndex++;
		}
		return sizeBytes;
	}

	/** Starts the content with what is cached; without a key frame there, the next one that comes starts it. */
	#start(gop: readonly StreamUnit[]): void {
		const [first] = gop;
		const newest = gop.at(-1);
		if (!first || !newest || first.codec !== "h264") return;
		this.#started = true;
		this.#options.counters.starts++;
		this.#gopPackets = 0;
		for (const { payloads } of gop) this.#gopPackets += payloads.length;
		this.#gopStartTicks = first.timestamp;
		this.#reserveHistory(newest.timestamp);
		const nowTicks = this.#nowTicks();
		this.#newestTicks = Math.round(nowTicks);
		this.#offsetTicks = nowTicks - newest.timestamp;
		this.#burst(gop, (index) => nowTicks - (gop.length - 1 - index) * START_STEP_TICKS);
	}

	/**
	 * Starts the content with a key frame that has just come. It is paced like a cached one: a receiver never asks for
	 * what it lost before the first packet of a track that it got.
	 */
	#startLive(unit: StreamUnit): void {
		this.#started = true;
		this.#gopPackets = unit.payloads.length;
		this.#gopStartTicks = unit.timestamp;
		this.#reserveHistory(unit.timestamp);
		const idealTicks = this.#nowTicks();
		this.#newestTicks = Math.round(idealTicks);
		this.#offsetTicks = idealTicks - unit.timestamp;
		this.#enqueue({ unit, idealTicks, urgent: true });
	}

	/** Makes room for {@link HISTORY_MS} at the bitrate of the present GOP, which began before `endTicks`. */
	#reserveHistory(endTicks: number): void {
		const spanMs = (endTicks - this.#gopStartTicks) / TICKS_PER_MS;
		// A young GOP is mostly its key frame and says little about a second.
		const packets = Math.ceil((this.#gopPackets * HISTORY_MS) / Math.max(spanMs, HISTORY_MS));
		this.#options.track.reserveHistory(packets);
	}

	#burst(gop: readonly StreamUnit[], idealTicks: (index: number) => number): void {
		for (const [index, unit] of gop.entries()) {
			if (!this.#started) return;
			this.#enqueue({ unit, idealTicks: idealTicks(index), urgent: index === 0 });
		}
	}

	#enqueue(queued: QueuedUnit): void {
		const { pacer, counters } = this.#options;
		if (pacer.pendingBytes + queued.unit.sizeBytes > MAX_PENDING_BYTES) {
			counters.keyFrameSkips++;
			counters.droppedUnits += this.#queue.length + 1;
			this.#clearQueue();
			this.#started = false;
			this.#burstEndMs = this.#options.clock.nowMs();
			return;
		}
		this.#queue.push(queued);
		pacer.changePending(queued.unit.sizeBytes);
		if (this.#queue.length === 1) pacer.add(this);
	}

	/** A unit of which the viewer has a part is finished, so that its end is not taken for a loss. */
	#clearQueue(): void {
		if (this.#queue.length === 0) return;
		while (this.#payloadIndex > 0) this.sendNext();
		let bytes = 0;
		for (const { unit } of this.#queue) bytes += unit.sizeBytes;
		this.#queue.length = 0;
		this.#options.pacer.changePending(-bytes);
		this.#options.pacer.remove(this);
	}

	#sendNow(unit: StreamUnit, idealTicks: number): void {
		this.#beginUnit(idealTicks);
		const { payloads } = unit;
		const lastIndex = payloads.length - 1;
		for (let index = 0; index <= lastIndex; index++) {
			const payload = payloads[index];
			if (payload) this.#send(payload, index === lastIndex);
		}
	}

	#beginUnit(idealTicks: number): void {
		this.#lastTicks = Math.round(Math.max(idealTicks, this.#lastTicks + MIN_STEP_TICKS));
		this.#lastUnitMs = this.#options.clock.nowMs();
		if (!this.#firstIsUntold) return;
		this.#firstIsUntold = false;
		this.#listener?.onFirstPicture(this.#lastTicks >>> 0, this.#newestTicks >>> 0);
	}

	#send(payload: Uint8Array, marker: boolean): number {
		const sizeBytes = this.#writer.send(payload, this.#lastTicks, marker);
		if (sizeBytes === 0) return 0;
		this.#options.counters.packets++;
		this.#options.counters.bytes += sizeBytes;
		return sizeBytes;
	}

	/**
	 * Where new content begins: as long after the newest picture as time has passed since it was sent. The clock of the
	 * camera before runs at its own speed, so that the track may be seconds away from our clock.
	 */
	#nowTicks(): number {
		const nowMs = this.#options.clock.nowMs();
		if (this.#lastTicks === Number.NEGATIVE_INFINITY) return this.#zeroTicks + nowMs * TICKS_PER_MS;
		return this.#lastTicks + Math.max(MIN_STEP_TICKS, (nowMs - this.#lastUnitMs) * TICKS_PER_MS);
	}
}
