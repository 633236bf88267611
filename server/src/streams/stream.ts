/**
 * The hub of one camera profile: one source pushes access units in, any number of readers get them, normalised once:
 * in order, whole, with parameter sets before every IDR picture, on one clock, cut into RTP payloads once.
 *
 * @module
 */
import { type AccessUnit, NAL_TYPE, nalTypeOf, type SpsInfo, packetizeH264, parseSps } from "@vigia/rtp";
import { GopCache } from "./gop-cache.ts";
import { RateMeter } from "./rate-meter.ts";
import {
	type Attachment,
	MAX_RTP_PAYLOAD_BYTES,
	type ReadableStreamSource,
	type Reader,
	type StreamUnit,
} from "./reader.ts";
import { TICKS_PER_MS, Timeline } from "./timeline.ts";

/** What is known of a stream by measuring it. */
export interface StreamFacts {
	readonly sps: SpsInfo | undefined;
	readonly fps: number | undefined;
	readonly bitrateBps: number | undefined;
	readonly gopSeconds: number | undefined;
	/** {@link Clock.nowMs} of the last access unit. */
	readonly lastVideoAtMs: number | undefined;
	readonly readers: number;
}

export interface StreamCounters {
	accessUnits: number;
	/** Came before the session's first random access point, or without any parameter sets: nothing can decode them. */
	undecodable: number;
	/** Readers that threw and were detached. */
	failedReaders: number;
}

export interface StreamEvents {
	/** The number of readers changed: on-demand sources start and stop by it. */
	readersChanged(count: number): void;
	/** A reader threw: a mistake of ours, contained. */
	readerFailed(error: unknown): void;
}

class HubUnit implements StreamUnit {
	readonly codec = "h264";
	readonly nalUnits: readonly Uint8Array[];
	readonly rtpTimestamp: number;
	readonly randomAccess: boolean;
	readonly sizeBytes: number;
	readonly timestamp: number;
	readonly arrivalMs: number;
	#payloads: readonly Uint8Array[] | undefined;

	constructor(unit: AccessUnit, nalUnits: readonly Uint8Array[], timestamp: number, arrivalMs: number) {
		this.nalUnits = nalUnits;
		this.rtpTimestamp = unit.rtpTimestamp;
		this.randomAccess = unit.randomAccess;
		let sizeBytes = 0;
		for (const nal of nalUnits) sizeBytes += nal.length;
		this.sizeBytes = sizeBytes;
		this.timestamp = timestamp;
		this.arrivalMs = arrivalMs;
	}

	get payloads(): readonly Uint8Array[] {
		return (this.#payloads ??= packetizeH264(this.nalUnits, MAX_RTP_PAYLOAD_BYTES));
	}
}

export class Stream implements ReadableStreamSource {
	readonly counters: StreamCounters = { accessUnits: 0, undecodable: 0, failedReaders: 0 };
	readonly gopCache: GopCache = new GopCache();
	readonly #events: StreamEvents;
	readonly #readers = new Set<Reader>();
	readonly #timeline = new Timeline();
	readonly #rate = new RateMeter();
	#sps: readonly Uint8Array[] = [];
	#pps: readonly Uint8Array[] = [];
	#spsInfo: SpsInfo | undefined;
	#lastVideoAtMs: number | undefined;
	#lastRandomAccessTicks: number | undefined;
	#gopSeconds: number | undefined;

	constructor(events: StreamEvents) {
		this.#events = events;
	}

	/** The session with the camera is over: its cached pictures are old now, and decode with none of the next session. */
	restart(): void {
		this.#timeline.restart();
		this.#rate.reset();
		this.gopCache.clear();
		this.#lastRandomAccessTicks = undefined;
	}

	/** Parameter sets from the session description, for pictures that bring none (quirks 107, S46). */
	setParameterSets(nalUnits: readonly Uint8Array[]): void {
		this.#learnParameterSets(nalUnits);
	}

	/**
	 * Takes an access unit from the source and hands it to every reader.
	 * @returns whether a decoder can show it: false until parameter sets and a random access point came.
	 */
	push(unit: AccessUnit, arrivalMs: number): boolean {
		this.#lastVideoAtMs = arrivalMs;
		this.counters.accessUnits++;
		this.#learnParameterSets(unit.nalUnits);
		const timestamp = this.#timeline.next(unit.rtpTimestamp, arrivalMs);
		const decodable = unit.randomAccess
			? this.#sps.length > 0 && this.#pps.length > 0
			: this.#lastRandomAccessTicks !== undefined;
		if (!decodable) {
			this.counters.undecodable++;
			return false;
		}
		const nalUnits = unit.randomAccess ? this.#withParameterSets(unit.nalUnits) : unit.nalUnits;
		const shared = new HubUnit(unit, nalUnits, timestamp, arrivalMs);
		if (unit.randomAccess) this.#measureGop(timestamp);
		this.#rate.add(shared.sizeBytes, arrivalMs);
		this.gopCache.push(shared);
		for (const reader of this.#readers) {
			try {
				reader.push(shared);
			} catch (error) {
				this.counters.failedReaders++;
				this.#drop(reader);
				this.#events.readerFailed(error);
			}
		}
		return true;
	}

	attach(reader: Reader): Attachment {
		this.#readers.add(reader);
		const gop = this.gopCache.snapshot();
		this.#events.readersChanged(this.#readers.size);
		return { gop, detach: () => this.#drop(reader) };
	}

	currentGop(): readonly StreamUnit[] {
		return this.gopCache.snapshot();
	}

	/** Measured at `nowMs` of the monotonic clock. */
	facts(nowMs: number): StreamFacts {
		const rate = this.#rate.read(nowMs);
		return {
			sps: this.#spsInfo,
			fps: rate?.unitsPerSecond,
			bitrateBps: rate?.bitsPerSecond,
			gopSeconds: this.#gopSeconds,
			lastVideoAtMs: this.#lastVideoAtMs,
			readers: this.#readers.size,
		};
	}

	#drop(reader: Reader): void {
		if (this.#readers.delete(reader)) this.#events.readersChanged(this.#readers.size);
	}

	#learnParameterSets(nalUnits: readonly Uint8Array[]): void {
		const sps = nalUnits.filter((nal) => nalTypeOf(nal) === NAL_TYPE.sps);
		const pps = nalUnits.filter((nal) => nalTypeOf(nal) === NAL_TYPE.pps);
		if (pps.length > 0) this.#pps = pps;
		const first = sps[0];
		if (!first) return;
		this.#sps = sps;
		this.#spsInfo = parseSps(first) ?? this.#spsInfo;
	}

	#withParameterSets(nalUnits: readonly Uint8Array[]): readonly Uint8Array[] {
		const picture = nalUnits.filter((nal) => nalTypeOf(nal) !== NAL_TYPE.sps && nalTypeOf(nal) !== NAL_TYPE.pps);
		return [...this.#sps, ...this.#pps, ...picture];
	}

	#measureGop(timestamp: number): void {
		if (this.#lastRandomAccessTicks !== undefined) {
			this.#gopSeconds = (timestamp - this.#lastRandomAccessTicks) / (TICKS_PER_MS * 1000);
		}
		this.#lastRandomAccessTicks = timestamp;
	}
}
