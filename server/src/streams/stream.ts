/**
 * The hub of one camera profile: one source pushes access units in, any number of readers get them, normalised once:
 * in order, whole, with parameter sets before every IDR picture, on one clock, cut into RTP payloads once.
 *
 * @module
 */
import { hasBSlices, isRecoveryPoint, NAL_TYPE, nalTypeOf, packetizeH264, parseSps, type SpsInfo } from "@vigia/rtp";
import { GopCache } from "./gop-cache.ts";
import { RateMeter } from "./rate-meter.ts";
import {
	type Attachment,
	type H264AccessUnit,
	MAX_RTP_PAYLOAD_BYTES,
	type ReadableStreamSource,
	type Reader,
	type StreamUnit,
} from "./reader.ts";
import { TICKS_PER_MS, Timeline } from "./timeline.ts";

/**
 * A stream that had no IDR picture for this long may start at recovery points: some encoders send nothing else. Longer
 * than most GOPs, because IDR pictures are the better start.
 */
export const RECOVERY_POINTS_AFTER_MS = 10_000;

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

	constructor(fields: Omit<StreamUnit, "codec" | "sizeBytes" | "payloads">) {
		this.nalUnits = fields.nalUnits;
		this.rtpTimestamp = fields.rtpTimestamp;
		this.randomAccess = fields.randomAccess;
		let sizeBytes = 0;
		for (const nal of fields.nalUnits) sizeBytes += nal.length;
		this.sizeBytes = sizeBytes;
		this.timestamp = fields.timestamp;
		this.arrivalMs = fields.arrivalMs;
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
	#hasBFrames = false;
	#lastVideoAtMs: number | undefined;
	/** Since when there is no IDR picture: the last one's arrival, or the session's first picture's. */
	#noIdrSinceMs: number | undefined;
	#lastRandomAccessTicks: number | undefined;
	#gopSeconds: number | undefined;

	constructor(events: StreamEvents) {
		this.#events = events;
	}

	/** The session with the camera is over: its cached pictures are old now, and decode with none of the next session. */
	restart(): void {
		this.#rate.reset();
		this.gopCache.clear();
		this.#lastRandomAccessTicks = undefined;
		this.#noIdrSinceMs = undefined;
		this.#hasBFrames = false;
	}

	/** Parameter sets from the session description, for pictures that bring none (quirks 107, S46). */
	setParameterSets(nalUnits: readonly Uint8Array[]): void {
		this.#learnParameterSets(nalUnits);
	}

	/**
	 * Takes an access unit from the source and hands it to every reader.
	 * @param arrivalMs when its last packet came, by the monotonic clock.
	 * @param mediaMs its place on the session's time line, on the same clock.
	 * @returns whether a decoder can show it: false until parameter sets and a random access point came.
	 */
	push(unit: H264AccessUnit, arrivalMs: number, mediaMs: number): boolean {
		this.#lastVideoAtMs = arrivalMs;
		this.counters.accessUnits++;
		this.#learnParameterSets(unit.nalUnits);
		const timestamp = this.#timeline.next(mediaMs);
		const randomAccess = this.#isRandomAccess(unit, arrivalMs);
		this.#hasBFrames ||= !randomAccess && hasBSlices(unit.nalUnits);
		const decodable = randomAccess
			? this.#sps.length > 0 && this.#pps.length > 0
			: this.#lastRandomAccessTicks !== undefined;
		if (!decodable) {
			this.counters.undecodable++;
			return false;
		}
		const nalUnits = randomAccess ? this.#withParameterSets(unit.nalUnits) : unit.nalUnits;
		const shared = new HubUnit({ nalUnits, rtpTimestamp: unit.rtpTimestamp, randomAccess, timestamp, arrivalMs });
		if (randomAccess) this.#measureGop(timestamp);
		this.#rate.add(shared.sizeBytes, arrivalMs);
		this.gopCache.push(shared);
		this.#handOn(shared);
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

	/** A picture of this session is coded in B slices: pictures are not shown in the order in which they come. */
	get hasBFrames(): boolean {
		return this.#hasBFrames;
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

	#handOn(unit: StreamUnit): void {
		for (const reader of this.#readers) {
			try {
				reader.push(unit);
			} catch (error) {
				this.counters.failedReaders++;
				this.#drop(reader);
				this.#events.readerFailed(error);
			}
		}
	}

	#isRandomAccess(unit: H264AccessUnit, arrivalMs: number): boolean {
		if (unit.randomAccess || this.#noIdrSinceMs === undefined) this.#noIdrSinceMs = arrivalMs;
		if (unit.randomAccess) return true;
		return arrivalMs - this.#noIdrSinceMs >= RECOVERY_POINTS_AFTER_MS && isRecoveryPoint(unit.nalUnits);
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
