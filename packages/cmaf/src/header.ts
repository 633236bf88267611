/** The CMAF header of one track, `ftyp` and `moov`: ISO/IEC 23000-19 section 7.3.1, ISO/IEC 14496-12 section 8. @module */
import { ascii, box, concatBytes, fixed16, fullBox, u16, u32, u8 } from "./boxes.ts";

/** The one track of every file that is written here. */
export const TRACK_ID = 1;

export interface HeaderOptions {
	readonly kind: "video" | "audio";
	readonly timescale: number;
	/** In pixels; 0 for sound. */
	readonly width: number;
	readonly height: number;
	/** A box of the track's codec. */
	readonly sampleEntry: Uint8Array;
}

/** track_enabled and track_in_movie: ISO/IEC 14496-12 section 8.3.2. */
const TRACK_FLAGS = 3;
/** ISO/IEC 14496-12 section 8.7.2: the media is in the same file. */
const SELF_CONTAINED = 1;
/** Full volume and normal speed, in 8.8 and 16.16 fixed point. */
const FULL_VOLUME = 0x0100;
const NORMAL_RATE = 0x0001_0000;
/** The identity of a transformation: ISO/IEC 14496-12 section 6.2.2. */
const UNITY_MATRIX = u32(0x0001_0000, 0, 0, 0, 0x0001_0000, 0, 0, 0, 0x4000_0000);
/** `und`, three letters of five bits: ISO/IEC 14496-12 section 8.4.2. */
const UNDETERMINED_LANGUAGE = 0x55c4;

/** Durations are 0: the chunks tell them. */
export function writeHeader(options: HeaderOptions): Uint8Array {
	return concatBytes(
		// CMAF tracks are cmfc, whose fragments need iso6: ISO/IEC 23000-19 section 7.2.
		box("ftyp", ascii("iso6"), u32(0), ascii("iso6"), ascii("cmfc")),
		box("moov", movieHeader(options), track(options), box("mvex", trackExtends())),
	);
}

/** ISO/IEC 14496-12 section 8.2.2. */
function movieHeader({ timescale }: HeaderOptions): Uint8Array {
	return fullBox(
		"mvhd",
		0,
		0,
		u32(0, 0, timescale, 0, NORMAL_RATE),
		u16(FULL_VOLUME, 0),
		u32(0, 0),
		UNITY_MATRIX,
		u32(0, 0, 0, 0, 0, 0),
		u32(TRACK_ID + 1),
	);
}

function track(options: HeaderOptions): Uint8Array {
	const isVideo = options.kind === "video";
	return box(
		"trak",
		// ISO/IEC 14496-12 section 8.3.2.
		fullBox(
			"tkhd",
			0,
			TRACK_FLAGS,
			u32(0, 0, TRACK_ID, 0, 0, 0, 0),
			u16(0, 0, isVideo ? 0 : FULL_VOLUME, 0),
			UNITY_MATRIX,
			fixed16(options.width),
			fixed16(options.height),
		),
		box(
			"mdia",
			fullBox("mdhd", 0, 0, u32(0, 0, options.timescale, 0), u16(UNDETERMINED_LANGUAGE, 0)),
			// The name at its end is empty, which is a zero.
			fullBox("hdlr", 0, 0, u32(0), ascii(isVideo ? "vide" : "soun"), u32(0, 0, 0), u8(0)),
			box(
				"minf",
				isVideo ? fullBox("vmhd", 0, 1, u16(0, 0, 0, 0)) : fullBox("smhd", 0, 0, u16(0, 0)),
				box("dinf", fullBox("dref", 0, 0, u32(1), fullBox("url ", 0, SELF_CONTAINED))),
				sampleTable(options.sampleEntry),
			),
		),
	);
}

/** Samples come in chunks only, so that all lists but one are empty: ISO/IEC 14496-12 section 8.5. */
function sampleTable(sampleEntry: Uint8Array): Uint8Array {
	return box(
		"stbl",
		fullBox("stsd", 0, 0, u32(1), sampleEntry),
		fullBox("stts", 0, 0, u32(0)),
		fullBox("stsc", 0, 0, u32(0)),
		fullBox("stsz", 0, 0, u32(0, 0)),
		fullBox("stco", 0, 0, u32(0)),
	);
}

/** ISO/IEC 14496-12 section 8.8.3. The chunks say everything themselves but the sample entry. */
function trackExtends(): Uint8Array {
	return fullBox("trex", 0, 0, u32(TRACK_ID, 1, 0, 0, 0));
}
