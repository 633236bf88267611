/** What a {@link FragmentReader} gives. ISO/IEC 14496-12. @module */
import type { AudioSpecificConfig } from "@vigia/rtp";

interface TrackBase {
	/** `track_ID`. */
	readonly id: number;
	/** Of the file; times are given in ticks of 90 kHz all the same. */
	readonly timescale: number;
}

/** From an `avcC` or `hvcC` box. */
export interface FragmentVideoTrack extends TrackBase {
	readonly codec: "h264" | "h265";
	/** NAL units, without start codes; their own bytes. */
	readonly parameterSets: readonly Uint8Array[];
	/** Bytes of the length in front of each NAL unit of a sample: 1, 2 or 4. */
	readonly nalLengthBytes: number;
	/** Of the sample entry, in pixels. */
	readonly width: number;
	readonly height: number;
}

/** From an `esds` box. */
export interface FragmentAacTrack extends TrackBase {
	readonly codec: "aac";
	readonly config: AudioSpecificConfig;
}

/** From a `dOps` box. */
export interface FragmentOpusTrack extends TrackBase {
	readonly codec: "opus";
	readonly channels: number;
}

export type FragmentTrack = FragmentVideoTrack | FragmentAacTrack | FragmentOpusTrack;

/** One sample: a picture or an access unit of sound. Times in 90 kHz ticks, counted from the start of the file's clock. */
export interface FragmentSample {
	readonly track: FragmentTrack;
	/** A view of bytes that nobody writes again. Of video NAL units with their lengths: see {@link nalUnitsOf}. */
	readonly data: Uint8Array;
	readonly decodeTicks: number;
	readonly presentationTicks: number;
	readonly durationTicks: number;
	/** A sync sample: always true of sound. */
	readonly randomAccess: boolean;
}

/** Why a file cannot be read on. */
export type FragmentError =
	/** A box ends before what it must hold, or is shorter than its header. */
	| "broken-box"
	/** A box, a fragment or a list is larger than its limit. */
	| "too-large"
	/** A fragment comes before the `moov` box. */
	| "no-tracks"
	/** A sample does not lie in the `mdat` box behind its `moof` box. */
	| "sample-outside"
	/** A time of more than 53 bits, or a timescale of 0. */
	| "bad-time";
