/** What the writers of this package take and give. ISO/IEC 14496-12 (boxes), ISO/IEC 23000-19 (CMAF). @module */
import type { AudioSpecificConfig } from "@vigia/rtp";

/** Ticks per second of every time in this package's interface, and the timescale of video tracks. */
export const TICKS_PER_SECOND = 90_000;

/** A picture of H.264 or H.265, as the hub's units are. */
export interface VideoSample {
	readonly codec: "h264" | "h265";
	/** Without start codes; parameter sets in front of every random access point. */
	readonly nalUnits: readonly Uint8Array[];
	readonly randomAccess: boolean;
	/** Rises in decoding order; ticks, not wrapped. */
	readonly timestamp: number;
	/** When it is shown, on the same clock: below the timestamp of an earlier picture in streams with B-frames. */
	readonly presentation: number;
}

/** One access unit of sound. */
export interface AudioSample {
	readonly data: Uint8Array;
	/** On the same clock as the pictures; may jitter. */
	readonly timestamp: number;
	readonly durationTicks: number;
}

export type AudioSampleFormat =
	| { readonly codec: "aac"; readonly config: AudioSpecificConfig }
	| { readonly codec: "opus"; readonly channels: number };

/** A CMAF header: `ftyp` and `moov` of one track. */
export interface InitSegment {
	readonly bytes: Uint8Array;
	readonly kind: "video" | "audio";
	/** RFC 6381, from the parameter sets or the configuration: `avc1.42c01e`, `hvc1.1.6.L93.B0`, `mp4a.40.2`, `opus`. */
	readonly codecs: string;
	/** In pixels; 0 for sound. */
	readonly width: number;
	readonly height: number;
}

/** A CMAF chunk of one sample: `moof` and `mdat`. */
export interface Chunk {
	readonly bytes: Uint8Array;
	/**
	 * The `tfdt`, in ticks (for sound: rounded from its own timescale). Rises strictly. Of video it is at most two
	 * durations of the chunk before further, because players take more for a discontinuity and wait for the next random
	 * access point: over a gap it stays behind presentation for some pictures, until that point at most. Sound, and video
	 * after a gap of more than ten seconds, does jump.
	 */
	readonly decodeTicks: number;
	readonly presentationTicks: number;
	/**
	 * As written in the `trun`: of video the interval to the picture before, because the next one is not there yet, and
	 * not more than twice nor less than half of the duration before.
	 */
	readonly durationTicks: number;
	readonly randomAccess: boolean;
}

/** What a sample gives. `init` comes before the first chunk, and whenever the parameter sets have changed. */
export interface Written {
	readonly init: InitSegment | undefined;
	readonly chunk: Chunk;
}
