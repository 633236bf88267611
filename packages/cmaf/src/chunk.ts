/** A CMAF chunk of one sample: ISO/IEC 23000-19 section 7.3.2.3, ISO/IEC 14496-12 section 8.8. @module */
import { writeBoxHeader, writeUint64 } from "./boxes.ts";
import { TRACK_ID } from "./header.ts";

export interface ChunkFields {
	/** Rises from chunk to chunk, from 1. */
	readonly sequenceNumber: number;
	/** In units of the track's timescale, like all times here; whole, not negative, below 2^53. */
	readonly decodeTime: number;
	readonly duration: number;
	/** Presentation time less decode time; may be negative. */
	readonly compositionOffset: number;
	readonly isSync: boolean;
	readonly sampleBytes: number;
}

const MFHD_BYTES = 16;
const TFHD_BYTES = 16;
const TFDT_BYTES = 20;
const TRUN_BYTES = 36;
const TRAF_BYTES = 8 + TFHD_BYTES + TFDT_BYTES + TRUN_BYTES;
const MOOF_BYTES = 8 + MFHD_BYTES + TRAF_BYTES;
/** In front of the sample: the `moof` box and the header of the `mdat` box. */
export const CHUNK_HEADER_BYTES: number = MOOF_BYTES + 8;

/** default-base-is-moof: ISO/IEC 14496-12 section 8.8.7. */
const TFHD_FLAGS = 0x02_0000;
/** data-offset, and of the sample its duration, size, flags and composition time offset: section 8.8.8. */
const TRUN_FLAGS = 0x00_0f01;
/** Version 1: a `tfdt` of 64 bits, signed composition time offsets in a `trun`. */
const VERSION_1 = 0x0100_0000;
/** sample_depends_on: 2 on no other sample, 1 on others; sample_is_non_sync_sample: section 8.8.3. */
const SYNC_SAMPLE = 0x0200_0000;
const NON_SYNC_SAMPLE = 0x0101_0000;

/** A chunk in bytes of its own, of which the last `sampleBytes` are still empty: the sample goes there. */
export function writeChunk(fields: ChunkFields): Uint8Array {
	const bytes = new Uint8Array(CHUNK_HEADER_BYTES + fields.sampleBytes);
	const view = new DataView(bytes.buffer);
	writeBoxHeader(view, 0, MOOF_BYTES, "moof");
	let at = 8;
	writeBoxHeader(view, at, MFHD_BYTES, "mfhd");
	view.setUint32(at + 12, fields.sequenceNumber);
	at += MFHD_BYTES;
	writeBoxHeader(view, at, TRAF_BYTES, "traf");
	at += 8;
	writeBoxHeader(view, at, TFHD_BYTES, "tfhd");
	view.setUint32(at + 8, TFHD_FLAGS);
	view.setUint32(at + 12, TRACK_ID);
	at += TFHD_BYTES;
	writeBoxHeader(view, at, TFDT_BYTES, "tfdt");
	view.setUint32(at + 8, VERSION_1);
	writeUint64(view, at + 12, fields.decodeTime);
	at += TFDT_BYTES;
	writeBoxHeader(view, at, TRUN_BYTES, "trun");
	view.setUint32(at + 8, VERSION_1 + TRUN_FLAGS);
	view.setUint32(at + 12, 1);
	view.setInt32(at + 16, CHUNK_HEADER_BYTES);
	view.setUint32(at + 20, fields.duration);
	view.setUint32(at + 24, fields.sampleBytes);
	view.setUint32(at + 28, fields.isSync ? SYNC_SAMPLE : NON_SYNC_SAMPLE);
	view.setInt32(at + 32, fields.compositionOffset);
	writeBoxHeader(view, MOOF_BYTES, 8 + fields.sampleBytes, "mdat");
	return bytes;
}
