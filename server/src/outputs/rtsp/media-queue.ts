/** Pictures and sound that wait for one client, in the order in which they came. @module */
import type { Clock } from "../../platform/clock.ts";
import type { StreamUnit } from "../../streams/reader.ts";
import type { RtspOutputCounters } from "./counters.ts";
import { videoPayloads } from "./payloads.ts";
import type { TrackKind } from "./target.ts";

/** Of one client, in bytes: the largest GOP that the hub keeps, and as much again that comes while it is sent. */
export const MAX_QUEUED_BYTES: number = 16 * 1024 * 1024;
/**
 * Of all clients together, in bytes. Pictures are shared with the hub's cache, so that it is seldom memory of its own.
 * A client for whom nothing waits keeps up, and gets its next picture whatever the others make wait.
 */
export const MAX_TOTAL_QUEUED_BYTES: number = 128 * 1024 * 1024;
/** A recorder whose disk is busy comes back within this, in ms; what waits longer makes room for the present. */
export const MAX_WAIT_MS = 10_000;

/** What waits for all clients together; one object for all queues. */
export interface QueueBudget {
	bytes: number;
}

export interface MediaQueueOptions {
	readonly clock: Clock;
	readonly counters: RtspOutputCounters;
	readonly budget: QueueBudget;
	readonly isFull: (kind: TrackKind) => boolean;
	/** Sends one packet. `timestamp` is not cut to 32 bits. */
	readonly send: (kind: TrackKind, payload: Uint8Array, timestamp: number, marker: boolean) => void;
}

interface Queued {
	readonly kind: TrackKind;
	/** A picture's payloads are made when its turn comes. */
	readonly content: StreamUnit | Uint8Array;
	readonly sizeBytes: number;
	readonly timestamp: number;
	/** On the last packet. */
	readonly marker: boolean;
	readonly atMs: number;
}

export class MediaQueue {
	readonly #options: MediaQueueOptions;
	#items: Queued[] = [];
	#bytes = 0;
	/** The next packet of the first picture. */
	#payloadIndex = 0;
	/** Something was given up: pictures are of no use before the next random access point. */
	#awaitsRandomAccess = true;

	constructor(options: MediaQueueOptions) {
		this.#options = options;
	}

	/** Bytes that wait. */
	get sizeBytes(): number {
		return this.#bytes;
	}

	/** Takes a picture. @returns whether it was taken: false until a random access point after a skip. */
	pushPicture(unit: StreamUnit, timestamp: number): boolean {
		if (!this.#awaitsRandomAccess && !this.#hasRoom(unit.sizeBytes)) this.#skip();
		if (this.#awaitsRandomAccess && !(unit.randomAccess && this.#hasRoom(unit.sizeBytes))) {
			this.#options.counters.droppedPictures++;
			return false;
		}
		this.#awaitsRandomAccess = false;
		this.#push({ kind: "video", content: unit, sizeBytes: unit.sizeBytes, timestamp, marker: true });
		return true;
	}

	/** Takes one packet of sound. The payload is the queue's. Without room it is dropped: the next one comes soon. */
	pushSound(payload: Uint8Array, timestamp: number, marker: boolean): void {
		if (!this.#hasRoom(payload.length)) return;
		this.#push({ kind: "audio", content: payload, sizeBytes: payload.length, timestamp, marker });
	}

	/** Sends as much as is taken. */
	pump(): void {
		for (;;) {
			const item = this.#items[0];
			if (!item || this.#options.isFull(item.kind)) return;
			this.#sendNext(item);
		}
	}

	/** Gives up everything. */
	clear(): void {
		this.#options.budget.bytes -= this.#bytes;
		this.#bytes = 0;
		this.#items = [];
		this.#payloadIndex = 0;
		this.#awaitsRandomAccess = true;
	}

	#hasRoom(sizeBytes: number): boolean {
		const { clock, budget } = this.#options;
		const oldest = this.#items[0];
		if (!oldest) return sizeBytes <= MAX_QUEUED_BYTES;
		if (clock.nowMs() - oldest.atMs > MAX_WAIT_MS) return false;
		return this.#bytes + sizeBytes <= MAX_QUEUED_BYTES && budget.bytes + sizeBytes <= MAX_TOTAL_QUEUED_BYTES;
	}

	#push(item: Omit<Queued, "atMs">): void {
		this.#items.push({ ...item, atMs: this.#options.clock.nowMs() });
		this.#bytes += item.sizeBytes;
		this.#options.budget.bytes += item.sizeBytes;
	}

	#sendNext({ kind, content, timestamp, marker }: Queued): void {
		const payloads = content instanceof Uint8Array ? [content] : videoPayloads(content);
		const payload = payloads[this.#payloadIndex];
		const isLast = this.#payloadIndex >= payloads.length - 1;
		if (payload) this.#options.send(kind, payload, timestamp, marker && isLast);
		if (isLast) this.#shift();
		else this.#payloadIndex++;
	}

	#shift(): void {
		const item = this.#items.shift();
		if (!item) return;
		this.#payloadIndex = 0;
		this.#bytes -= item.sizeBytes;
		this.#options.budget.bytes -= item.sizeBytes;
	}

	/** Gives up all that waits but a picture of which the client has a part: its end would be taken for a loss. */
	#skip(): void {
		const { clock, counters, budget } = this.#options;
		const [first] = this.#items;
		// It waits from now on, or it would keep the next key frame out.
		const kept = first && this.#payloadIndex > 0 ? [{ ...first, atMs: clock.nowMs() }] : [];
		const dropped = this.#items.slice(kept.length);
		counters.keyFrameSkips++;
		counters.droppedPictures += dropped.filter(({ kind }) => kind === "video").length;
		budget.bytes -= this.#bytes;
		this.#items = kept;
		this.#bytes = kept[0]?.sizeBytes ?? 0;
		budget.bytes += this.#bytes;
		this.#awaitsRandomAccess = true;
	}
}
