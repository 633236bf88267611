/** For tests: a stream that plays an H.264 byte stream file in a loop, without a camera. @module */
import { isFirstSliceOfPicture, isVclNalType, NAL_TYPE, nalTypeOf, packetizeH264, splitAnnexB } from "@vigia/rtp";
import type { Clock, Timer } from "../../../platform/clock.ts";
import {
	type Attachment,
	MAX_RTP_PAYLOAD_BYTES,
	type NalStreamUnit,
	type ReadableStreamSource,
	type Reader,
	type StreamUnit,
	type VideoFormat,
} from "../../../streams/reader.ts";

/** The access units of a byte stream (RFC 6184 section 3.1), in order, without timestamps. */
export type ClipUnit = Pick<NalStreamUnit, "codec" | "nalUnits" | "payloads" | "randomAccess" | "sizeBytes">;

/** Cuts an H.264 byte stream (Annex B) into access units and packetizes them. */
export function readClip(byteStream: Uint8Array): ClipUnit[] {
	const units: ClipUnit[] = [];
	let nalUnits: Uint8Array[] = [];
	let hasPicture = false;
	const finish = () => {
		if (hasPicture) units.push(clipUnit(nalUnits));
		nalUnits = [];
		hasPicture = false;
	};
	for (const nalUnit of splitAnnexB(byteStream)) {
		const type = nalTypeOf(nalUnit);
		const isVcl = isVclNalType(type);
		if (hasPicture && (!isVcl || isFirstSliceOfPicture(nalUnit))) finish();
		if (type === NAL_TYPE.accessUnitDelimiter || type === NAL_TYPE.filler) continue;
		nalUnits.push(nalUnit);
		hasPicture ||= isVcl;
	}
	finish();
	return units;
}

function clipUnit(nalUnits: readonly Uint8Array[]): ClipUnit {
	return {
		codec: "h264",
		nalUnits,
		randomAccess: nalUnits.some((nalUnit) => nalTypeOf(nalUnit) === NAL_TYPE.idr),
		sizeBytes: nalUnits.reduce((sum, nalUnit) => sum + nalUnit.length, 0),
		payloads: packetizeH264(nalUnits, MAX_RTP_PAYLOAD_BYTES),
	};
}

/** Plays a clip in real time for as long as it is not stopped, with a GOP cache of its own. */
export class LoopedStream implements ReadableStreamSource {
	readonly #clip: readonly ClipUnit[];
	readonly #clock: Clock;
	readonly #intervalMs: number;
	readonly #readers = new Set<Reader>();
	readonly #startMs: number;
	format: VideoFormat | undefined;
	audioFormat: undefined;
	#gop: StreamUnit[] = [];
	#count: number;
	#sent = 0;
	#timer: Timer | undefined;

	/** `first` is the access unit to begin with, so that streams of one clip differ. */
	constructor(clip: readonly ClipUnit[], fps: number, clock: Clock, first = 0) {
		this.#clip = clip;
		this.#clock = clock;
		this.#intervalMs = 1000 / fps;
		this.#startMs = clock.nowMs();
		this.#count = first;
		this.#next();
	}

	get readers(): number {
		return this.#readers.size;
	}

	attach(reader: Reader): Attachment {
		this.#readers.add(reader);
		return { gop: this.currentGop(), detach: () => this.#readers.delete(reader) };
	}

	currentGop(): readonly StreamUnit[] {
		return this.#gop.slice();
	}

	stop(): void {
		this.#timer?.cancel();
	}

	#next(): void {
		const part = this.#clip[this.#count++ % this.#clip.length];
		if (!part) throw new Error("The clip holds no picture");
		const timestamp = Math.round(this.#sent++ * this.#intervalMs * 90);
		const rtpTimestamp = timestamp % 2 ** 32;
		const unit = { ...part, timestamp, presentation: timestamp, rtpTimestamp, arrivalMs: this.#clock.nowMs() };
		if (unit.randomAccess) this.#gop = [];
		if (unit.randomAccess || this.#gop.length > 0) this.#gop.push(unit);
		for (const reader of this.#readers) reader.push(unit);
		this.#timer = this.#clock.after(
			Math.max(0, this.#startMs + this.#sent * this.#intervalMs - this.#clock.nowMs()),
			() => this.#next(),
		);
	}
}
