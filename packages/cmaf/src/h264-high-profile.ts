/** What an `avcC` box repeats of the sequence parameter sets of High profiles: ISO/IEC 14496-15 section 5.3.3.1. @module */

export interface HighProfileFields {
	/** 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4. */
	readonly chromaFormat: number;
	readonly bitDepthLumaMinus8: number;
	readonly bitDepthChromaMinus8: number;
}

/** The profiles of which the sequence parameter set has a chroma format: ITU-T H.264 section 7.3.2.1.1. */
const HIGH_PROFILES: ReadonlySet<number> = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);
/** Header, profile_idc, constraint flags and level_idc. */
const FIXED_BYTES = 4;
const MAX_CHROMA_FORMAT = 3;
const MAX_BIT_DEPTH_MINUS_8 = 6;
/** Enough for the fields that are read here: four codes of 15 bits at most and a flag. */
const READ_BITS = 64;

/** Undefined for other profiles, which have no such fields, and for broken ones. @param sps with its header byte. */
export function readHighProfileFields(sps: Uint8Array): HighProfileFields | undefined {
	if (!HIGH_PROFILES.has(sps[1] ?? 0)) return undefined;
	const bits = bitsOf(sps);
	let at = 0;
	// Exp-Golomb: ITU-T H.264 section 9.1.
	const unsigned = (): number => {
		const one = bits.indexOf("1", at);
		if (one < 0) return Number.NaN;
		const zeros = one - at;
		at = one + 1 + zeros;
		return at > bits.length ? Number.NaN : Number.parseInt(bits.slice(one, at), 2) - 1;
	};
	unsigned(); // seq_parameter_set_id
	const chromaFormat = unsigned();
	if (chromaFormat === MAX_CHROMA_FORMAT) at++; // separate_colour_plane_flag
	const bitDepthLumaMinus8 = unsigned();
	const bitDepthChromaMinus8 = unsigned();
	const possible =
		chromaFormat <= MAX_CHROMA_FORMAT &&
		bitDepthLumaMinus8 <= MAX_BIT_DEPTH_MINUS_8 &&
		bitDepthChromaMinus8 <= MAX_BIT_DEPTH_MINUS_8;
	return possible ? { chromaFormat, bitDepthLumaMinus8, bitDepthChromaMinus8 } : undefined;
}

/** The first bits behind the fixed bytes, without emulation prevention bytes: ITU-T H.264 section 7.4.1. */
function bitsOf(sps: Uint8Array): string {
	let bits = "";
	for (let i = FIXED_BYTES; i < sps.length && bits.length < READ_BITS; i++) {
		if (i >= 2 && sps[i] === 3 && sps[i - 1] === 0 && sps[i - 2] === 0) continue;
		bits += (sps[i] ?? 0).toString(2).padStart(8, "0");
	}
	return bits;
}
