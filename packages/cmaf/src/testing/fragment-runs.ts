/** The samples that a `moof` box announces: ISO/IEC 14496-12 section 8.8. @module */
import { BoxCursor, childBoxes, findBox } from "./box-reader.ts";
import type { FragmentError, FragmentTrack } from "./fragment-contract.ts";
import type { ReadableTrack, SampleDefaults } from "./fragment-tracks.ts";

/** A sample that is still to come in an `mdat` box. Times in the timescale of its track. */
export interface AnnouncedSample {
	readonly track: FragmentTrack;
	/** Of its first byte, from the start of the `moof` box. */
	readonly offset: number;
	readonly sizeBytes: number;
	readonly decodeTime: number;
	readonly compositionOffset: number;
	readonly duration: number;
	readonly isSync: boolean;
}

/** A track with where its next fragment begins if that does not say. */
export interface TrackState extends ReadableTrack {
	nextDecodeTime: number;
}

export type RunsResult =
	| { readonly ok: true; readonly samples: readonly AnnouncedSample[] }
	| { readonly ok: false; readonly error: FragmentError };

/** FFmpeg was asked for a fragment a frame; a second of sound in one is 50 samples. */
const MAX_SAMPLES_PER_FRAGMENT = 4096;
/** Flags of `tfhd`: section 8.8.7. */
const BASE_DATA_OFFSET = 0x01;
const SAMPLE_DESCRIPTION_INDEX = 0x02;
const DEFAULT_DURATION = 0x08;
const DEFAULT_SIZE = 0x10;
const DEFAULT_FLAGS = 0x20;
/** Flags of `trun`: section 8.8.8. */
const DATA_OFFSET = 0x001;
const FIRST_SAMPLE_FLAGS = 0x004;
const SAMPLE_DURATION = 0x100;
const SAMPLE_SIZE = 0x200;
const SAMPLE_FLAGS = 0x400;
const SAMPLE_COMPOSITION_OFFSET = 0x800;
const NON_SYNC_SAMPLE = 0x01_0000;

/**
 * Moves the tracks' decode times on.
 * @param moof the body of the box.
 * @param moofPosition of the box in the file, for fragments that count from its beginning.
 */
export function readRuns(moof: Uint8Array, moofPosition: number, tracks: ReadonlyMap<number, TrackState>): RunsResult {
	const samples: AnnouncedSample[] = [];
	const children = childBoxes(moof);
	if (!children) return { ok: false, error: "broken-box" };
	for (const { type, body } of children) {
		if (type !== "traf") continue;
		const error = readTrackFragment(body, moofPosition, tracks, samples);
		if (error) return { ok: false, error };
	}
	return { ok: true, samples };
}

function readTrackFragment(
	traf: Uint8Array,
	moofPosition: number,
	tracks: ReadonlyMap<number, TrackState>,
	samples: AnnouncedSample[],
): FragmentError | undefined {
	const tfhd = new BoxCursor(findBox(traf, "tfhd") ?? new Uint8Array(0));
	const flags = tfhd.u32();
	const state = tracks.get(tfhd.u32());
	// Without a base everything counts from the moof box, as default-base-is-moof demands; FFmpeg writes nothing else.
	const base = flags & BASE_DATA_OFFSET ? tfhd.u64() - moofPosition : 0;
	if (flags & SAMPLE_DESCRIPTION_INDEX) tfhd.skip(4);
	const defaults: SampleDefaults = {
		duration: flags & DEFAULT_DURATION ? tfhd.u32() : (state?.defaults.duration ?? 0),
		sizeBytes: flags & DEFAULT_SIZE ? tfhd.u32() : (state?.defaults.sizeBytes ?? 0),
		flags: flags & DEFAULT_FLAGS ? tfhd.u32() : (state?.defaults.flags ?? 0),
	};
	if (tfhd.failed) return "broken-box";
	if (!state) return undefined;
	const tfdt = findBox(traf, "tfdt");
	if (tfdt) {
		const cursor = new BoxCursor(tfdt);
		state.nextDecodeTime = cursor.u32() >>> 24 === 1 ? cursor.u64() : cursor.u32();
		if (cursor.failed) return "broken-box";
	}
	let offset = base;
	for (const { type, body } of childBoxes(traf) ?? []) {
		if (type !== "trun") continue;
		const end = readRun(new BoxCursor(body), { state, defaults, base, offset, samples });
		if (typeof end === "string") return end;
		offset = end;
	}
	return undefined;
}

interface Run {
	readonly state: TrackState;
	readonly defaults: SampleDefaults;
	readonly base: number;
	/** Behind the run before. */
	readonly offset: number;
	readonly samples: AnnouncedSample[];
}

/** The offset behind the last sample. */
function readRun(cursor: BoxCursor, { state, defaults, base, offset, samples }: Run): number | FragmentError {
	const flags = cursor.u32();
	const isSigned = flags >>> 24 !== 0;
	const count = cursor.u32();
	if (samples.length + count > MAX_SAMPLES_PER_FRAGMENT) return "too-large";
	let at = flags & DATA_OFFSET ? base + cursor.i32() : offset;
	const firstFlags = flags & FIRST_SAMPLE_FLAGS ? cursor.u32() : undefined;
	for (let i = 0; i < count; i++) {
		const duration = flags & SAMPLE_DURATION ? cursor.u32() : defaults.duration;
		const sizeBytes = flags & SAMPLE_SIZE ? cursor.u32() : defaults.sizeBytes;
		const ownFlags = flags & SAMPLE_FLAGS ? cursor.u32() : defaults.flags;
		const sampleFlags = i === 0 && firstFlags !== undefined ? firstFlags : ownFlags;
		let compositionOffset = 0;
		if (flags & SAMPLE_COMPOSITION_OFFSET) compositionOffset = isSigned ? cursor.i32() : cursor.u32();
		if (cursor.failed) return "broken-box";
		if (!Number.isSafeInteger(state.nextDecodeTime)) return "bad-time";
		samples.push({
			track: state.track,
			offset: at,
			sizeBytes,
			decodeTime: state.nextDecodeTime,
			compositionOffset,
			duration,
			isSync: (sampleFlags & NON_SYNC_SAMPLE) === 0,
		});
		state.nextDecodeTime += duration;
		at += sizeBytes;
	}
	return at;
}
