/** The tracks of a `moov` box: ISO/IEC 14496-12 section 8, ISO/IEC 14496-15, ISO/IEC 14496-14. @module */
import { H265_NAL_TYPE, parseAudioSpecificConfig } from "@vigia/rtp";
import { BoxCursor, type BoxView, childBoxes, findBox } from "./box-reader.ts";
import type { FragmentError, FragmentTrack } from "./fragment-contract.ts";
import { DECODER_CONFIG_TAG, DECODER_INFO_TAG, ES_TAG } from "../sample-entry.ts";

/** What fragments leave out: ISO/IEC 14496-12 section 8.8.3. In the timescale of the track. */
export interface SampleDefaults {
	readonly duration: number;
	readonly sizeBytes: number;
	readonly flags: number;
}

export interface ReadableTrack {
	readonly track: FragmentTrack;
	readonly defaults: SampleDefaults;
}

export type TracksResult =
	| { readonly ok: true; readonly tracks: readonly ReadableTrack[] }
	| { readonly ok: false; readonly error: FragmentError };

/** A file of more tracks is not what FFmpeg was asked for. */
const MAX_TRACKS = 8;
const NO_DEFAULTS: SampleDefaults = { duration: 0, sizeBytes: 0, flags: 0 };
/** Fields in front of the boxes of a sample entry: ISO/IEC 14496-12 sections 12.1.3 and 12.2.3. */
const VISUAL_ENTRY_BYTES = 78;
const AUDIO_ENTRY_BYTES = 28;
/** Bytes of an `hvcC` box in front of its lists: ISO/IEC 14496-15 section 8.3.3.1. */
const HVCC_FIXED_BYTES = 21;
const H265_PARAMETER_SETS: ReadonlySet<number> = new Set([H265_NAL_TYPE.vps, H265_NAL_TYPE.sps, H265_NAL_TYPE.pps]);
/** Longest size of a descriptor, in bytes of seven bits: ISO/IEC 14496-1 section 8.3.3. */
const MAX_DESCRIPTOR_SIZE_BYTES = 4;

/** @param moov the body of the box. Tracks in other codecs are left out. */
export function readTracks(moov: Uint8Array): TracksResult {
	const boxes = childBoxes(moov);
	if (!boxes) return { ok: false, error: "broken-box" };
	const trackBoxes = boxes.filter((child) => child.type === "trak");
	if (trackBoxes.length > MAX_TRACKS) return { ok: false, error: "too-large" };
	const defaults = readTrackExtends(findBox(moov, "mvex"));
	const tracks: ReadableTrack[] = [];
	for (const { body } of trackBoxes) {
		const result = readTrack(body);
		if (typeof result === "string") return { ok: false, error: result };
		if (result) tracks.push({ track: result, defaults: defaults.get(result.id) ?? NO_DEFAULTS });
	}
	return { ok: true, tracks };
}

function readTrackExtends(mvex: Uint8Array | undefined): Map<number, SampleDefaults> {
	const defaults = new Map<number, SampleDefaults>();
	for (const { type, body } of (mvex && childBoxes(mvex)) ?? []) {
		if (type !== "trex") continue;
		const cursor = new BoxCursor(body, 4);
		const id = cursor.u32();
		cursor.skip(4); // default_sample_description_index
		defaults.set(id, { duration: cursor.u32(), sizeBytes: cursor.u32(), flags: cursor.u32() });
	}
	return defaults;
}

function readTrack(trak: Uint8Array): FragmentTrack | FragmentError | undefined {
	const tkhd = new BoxCursor(findBox(trak, "tkhd") ?? new Uint8Array(0));
	tkhd.skip(timesBytes(tkhd.u8()));
	const id = tkhd.u32();
	const mdhd = new BoxCursor(findBox(trak, "mdia", "mdhd") ?? new Uint8Array(0));
	mdhd.skip(timesBytes(mdhd.u8()));
	const timescale = mdhd.u32();
	const stsd = findBox(trak, "mdia", "minf", "stbl", "stsd");
	if (tkhd.failed || mdhd.failed || !stsd) return "broken-box";
	if (timescale === 0) return "bad-time";
	const entry = childBoxes(stsd, 8)?.[0];
	return entry ? readSampleEntry(entry, id, timescale) : "broken-box";
}

/** Flags, creation_time and modification_time. */
function timesBytes(version: number): number {
	return version === 1 ? 3 + 16 : 3 + 8;
}

function readSampleEntry(entry: BoxView, id: number, timescale: number): FragmentTrack | FragmentError | undefined {
	const base = { id, timescale };
	switch (entry.type) {
		case "avc1":
		case "avc3":
			return readVideo("h264", base, entry.body, readAvcC(findIn(entry.body, VISUAL_ENTRY_BYTES, "avcC")));
		case "hvc1":
		case "hev1":
			return readVideo("h265", base, entry.body, readHvcC(findIn(entry.body, VISUAL_ENTRY_BYTES, "hvcC")));
		case "mp4a": {
			const config = parseAudioSpecificConfig(readEsds(findIn(entry.body, AUDIO_ENTRY_BYTES, "esds")));
			return config ? { ...base, codec: "aac", config } : "broken-box";
		}
		case "Opus": {
			const channels = findIn(entry.body, AUDIO_ENTRY_BYTES, "dOps")[1] ?? 0;
			return channels > 0 ? { ...base, codec: "opus", channels } : "broken-box";
		}
		default:
			return undefined;
	}
}

/** The body of a box in a sample entry; empty when it is not there. */
function findIn(entry: Uint8Array, fieldBytes: number, type: string): Uint8Array {
	return findBox(entry.subarray(fieldBytes), type) ?? new Uint8Array(0);
}

interface DecoderConfiguration {
	readonly parameterSets: readonly Uint8Array[];
	readonly nalLengthBytes: number;
}

function readVideo(
	codec: "h264" | "h265",
	base: { readonly id: number; readonly timescale: number },
	entry: Uint8Array,
	configuration: DecoderConfiguration | undefined,
): FragmentTrack | FragmentError {
	if (!configuration) return "broken-box";
	const cursor = new BoxCursor(entry, 24);
	return { ...base, codec, ...configuration, width: cursor.u16(), height: cursor.u16() };
}

/** ISO/IEC 14496-15 section 5.3.3.1. */
function readAvcC(avcC: Uint8Array): DecoderConfiguration | undefined {
	const cursor = new BoxCursor(avcC, 4);
	const nalLengthBytes = (cursor.u8() & 3) + 1;
	const parameterSets: Uint8Array[] = [];
	readList(cursor, cursor.u8() & 0x1f, parameterSets);
	readList(cursor, cursor.u8(), parameterSets);
	return cursor.failed ? undefined : { parameterSets, nalLengthBytes };
}

/** ISO/IEC 14496-15 section 8.3.3.1. */
function readHvcC(hvcC: Uint8Array): DecoderConfiguration | undefined {
	const cursor = new BoxCursor(hvcC);
	cursor.skip(HVCC_FIXED_BYTES);
	const nalLengthBytes = (cursor.u8() & 3) + 1;
	const parameterSets: Uint8Array[] = [];
	for (let arrays = cursor.u8(); arrays > 0 && !cursor.failed; arrays--) {
		const nalType = cursor.u8() & 0x3f;
		// x265 has a list of SEI messages as well.
		readList(cursor, cursor.u16(), H265_PARAMETER_SETS.has(nalType) ? parameterSets : []);
	}
	return cursor.failed ? undefined : { parameterSets, nalLengthBytes };
}

function readList(cursor: BoxCursor, count: number, into: Uint8Array[]): void {
	for (let i = 0; i < count && !cursor.failed; i++) into.push(cursor.bytes(cursor.u16()).slice());
}

/** The AudioSpecificConfig in an ES_Descriptor: ISO/IEC 14496-1 section 7.2.6.5. Empty when there is none. */
function readEsds(esds: Uint8Array): Uint8Array {
	const stream = readDescriptor(new BoxCursor(esds, 4), ES_TAG);
	// ES_ID; with streamDependenceFlag, URL_Flag or OCRstreamFlag set it is no ES_Descriptor of a file.
	stream.skip(2);
	if (stream.u8() >> 5 !== 0) return new Uint8Array(0);
	const decoderConfig = readDescriptor(stream, DECODER_CONFIG_TAG);
	decoderConfig.skip(13);
	const info = readDescriptor(decoderConfig, DECODER_INFO_TAG);
	return info.bytes(info.left);
}

/** The body of the descriptor that comes next; empty when it has another tag. */
function readDescriptor(cursor: BoxCursor, tag: number): BoxCursor {
	const found = cursor.u8();
	let size = 0;
	for (let i = 0; i < MAX_DESCRIPTOR_SIZE_BYTES; i++) {
		const byte = cursor.u8();
		size = size * 0x80 + (byte & 0x7f);
		if (byte < 0x80) break;
	}
	return new BoxCursor(found === tag ? cursor.bytes(size) : new Uint8Array(0));
}
