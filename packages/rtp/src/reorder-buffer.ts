/** Puts the RTP packets of one track that came by UDP back into their order: RFC 3550 section 5.1. @module */
import type { RtpPacket } from "./rtp-packet.ts";
import { MAX_DROPOUT, MAX_MISORDER } from "./rtp-receiver.ts";

/** The first missing packet and the newest held one are less than this many numbers apart: 150 kB in the usual MTU. */
export const REORDER_MAX_PACKETS = 128;
/** No packet is held longer: paths that reorder do it within some milliseconds, so what is missing then is lost. */
export const REORDER_MAX_MS = 100;
/** How far behind the first packet to come earlier ones may lie: without them the first key frame is lost. */
const START_LEAD_PACKETS = 32;

/** What a {@link ReorderBuffer} needs to know about its track. */
export interface ReorderBufferOptions {
	/** The payload types of the track's `m=` line. Packets with others are passed on at once and unordered. */
	readonly payloadTypes: readonly number[];
	/** Receives each packet once, from within `push`, `handleTimeout` or `flush`, with the time of its own arrival. */
	readonly onPacket: (packet: RtpPacket, arrivalMs: number) => void;
}

/**
 * Stands in front of an {@link RtpReceiver}, which goes on counting what is missing. A packet that is held keeps its
 * payload: from `push` until it is given to `onPacket`, its bytes belong to the buffer and nobody may overwrite them.
 * A datagram has a buffer of its own, so that nothing is copied.
 */
export class ReorderBuffer {
	/** Packets that came behind a later one and were put back before it. */
	reorderedPackets = 0;
	/** Packets dropped because they are doubled, or came after they had been given up. */
	oldPackets = 0;

	readonly #payloadTypes: ReadonlySet<number>;
	readonly #onPacket: (packet: RtpPacket, arrivalMs: number) => void;
	/** The held packets, each in the slot of its sequence number modulo the size. */
	readonly #slots: (RtpPacket | undefined)[] = Array.from({ length: REORDER_MAX_PACKETS });
	readonly #arrivals: Float64Array = new Float64Array(REORDER_MAX_PACKETS);
	#held = 0;
	/** How far the newest held packet is ahead of the first missing one. */
	#span = 0;
	/** When the packet that came first of those held must leave. */
	#deadlineMs = Number.POSITIVE_INFINITY;
	#ssrc: number | undefined;
	/** The number of the next packet in order. */
	#next = 0;
	/** The number that proves a jump when it comes next; -1 when none is suspected. */
	#expectedAfterJump = -1;

	constructor(options: ReorderBufferOptions) {
		this.#payloadTypes = new Set(options.payloadTypes);
		this.#onPacket = options.onPacket;
	}

	/**
	 * Takes a packet that arrived at `arrivalMs`, a monotonic time. One that is in order is given on at once, but for the
	 * first ones of all: until {@link REORDER_MAX_MS} have passed it is open which of them is the first.
	 */
	push(packet: RtpPacket, arrivalMs: number): void {
		// Some cameras number private packets like the video's: they must not fill a gap, nor make one.
		if (!this.#payloadTypes.has(packet.payloadType)) {
			this.#onPacket(packet, arrivalMs);
			return;
		}
		if (packet.ssrc !== this.#ssrc) {
			const isFirst = this.#ssrc === undefined;
			this.flush();
			this.#ssrc = packet.ssrc;
			// A source that changes on the way (some cameras do it with every GOP) is not made to wait.
			if (isFirst) this.#next = (packet.sequenceNumber - START_LEAD_PACKETS) & 0xffff;
			else {
				this.#continueAt(packet, arrivalMs);
				return;
			}
		}
		if (arrivalMs >= this.#deadlineMs) this.handleTimeout(arrivalMs);
		const ahead = (packet.sequenceNumber - this.#next) & 0xffff;
		if (ahead === 0) this.#take(packet, arrivalMs);
		else if (ahead < MAX_DROPOUT) this.#hold(packet, ahead, arrivalMs);
		else if (ahead >= 0x10000 - MAX_MISORDER) this.oldPackets++;
		else this.#suspectJump(packet, arrivalMs);
	}

	/** When {@link handleTimeout} is due, by the clock of the arrival times; undefined while nothing is held. */
	nextTimeout(): number | undefined {
		return this.#held === 0 ? undefined : this.#deadlineMs;
	}

	/** Gives up waiting for what packets have been held for too long for. */
	handleTimeout(nowMs: number): void {
		while (nowMs >= this.#deadlineMs) {
			let due = 0;
			for (let ahead = 1; ahead <= this.#span; ahead++) {
				const slot = (this.#next + ahead) % REORDER_MAX_PACKETS;
				if (this.#slots[slot] !== undefined && this.#dueMs(slot) <= nowMs) due = ahead;
			}
			this.#advance(due);
			this.#release();
		}
	}

	/** Gives on all that is held, in order: what is missing is not waited for. */
	flush(): void {
		if (this.#held > 0) this.#advance(this.#span + 1);
		this.#expectedAfterJump = -1;
	}

	/** The packet is the next one. */
	#take(packet: RtpPacket, arrivalMs: number): void {
		if (this.#held > 0) {
			this.reorderedPackets++;
			this.#span--;
		}
		this.#continueAt(packet, arrivalMs);
		if (this.#held > 0) this.#release();
	}

	#continueAt(packet: RtpPacket, arrivalMs: number): void {
		this.#next = (packet.sequenceNumber + 1) & 0xffff;
		this.#expectedAfterJump = -1;
		this.#onPacket(packet, arrivalMs);
	}

	#hold(packet: RtpPacket, ahead: number, arrivalMs: number): void {
		this.#expectedAfterJump = -1;
		if (ahead >= REORDER_MAX_PACKETS) {
			this.#advance(ahead - REORDER_MAX_PACKETS + 1);
			this.#release();
		}
		const span = (packet.sequenceNumber - this.#next) & 0xffff;
		// What was held may have reached up to this packet.
		if (span === 0) {
			this.#take(packet, arrivalMs);
			return;
		}
		const slot = packet.sequenceNumber % REORDER_MAX_PACKETS;
		if (this.#slots[slot] !== undefined) {
			this.oldPackets++;
			return;
		}
		if (span < this.#span) this.reorderedPackets++;
		else this.#span = span;
		this.#slots[slot] = packet;
		this.#arrivals[slot] = arrivalMs;
		this.#held++;
		if (this.#dueMs(slot) < this.#deadlineMs) this.#deadlineMs = this.#dueMs(slot);
	}

	/** A jump is believed when two consecutive numbers show it: RFC 3550 appendix A.1. The receiver judges likewise. */
	#suspectJump(packet: RtpPacket, arrivalMs: number): void {
		const proven = packet.sequenceNumber === this.#expectedAfterJump;
		this.flush();
		if (proven) {
			this.#continueAt(packet, arrivalMs);
			return;
		}
		this.#expectedAfterJump = (packet.sequenceNumber + 1) & 0xffff;
		this.#onPacket(packet, arrivalMs);
	}

	/** Moves the window on by this many numbers and gives what it passes. */
	#advance(numbers: number): void {
		const passed = Math.min(numbers, this.#span + 1);
		const first = this.#next;
		this.#next = (first + numbers) & 0xffff;
		this.#span = Math.max(0, this.#span - numbers);
		for (let i = 0; i < passed && this.#held > 0; i++) this.#give((first + i) % REORDER_MAX_PACKETS);
		this.#findDeadline();
	}

	/** Gives the held packets that are next in order. */
	#release(): void {
		while (this.#held > 0 && this.#slots[this.#next % REORDER_MAX_PACKETS] !== undefined) {
			const slot = this.#next % REORDER_MAX_PACKETS;
			this.#next = (this.#next + 1) & 0xffff;
			this.#span = Math.max(0, this.#span - 1);
			this.#give(slot);
		}
		this.#findDeadline();
	}

	#give(slot: number): void {
		const packet = this.#slots[slot];
		if (packet === undefined) return;
		this.#slots[slot] = undefined;
		this.#held--;
		this.#onPacket(packet, this.#arrivals[slot] as number);
	}

	#findDeadline(): void {
		this.#deadlineMs = Number.POSITIVE_INFINITY;
		for (let slot = 0; slot < REORDER_MAX_PACKETS && this.#held > 0; slot++) {
			if (this.#slots[slot] !== undefined) this.#deadlineMs = Math.min(this.#deadlineMs, this.#dueMs(slot));
		}
	}

	#dueMs(slot: number): number {
		return (this.#arrivals[slot] as number) + REORDER_MAX_MS;
	}
}
