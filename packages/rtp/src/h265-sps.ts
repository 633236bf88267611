/** H.265 sequence parameter sets: ITU-T H.265 sections 7.3.2.2 and 7.4.3.2, Annex E (VUI). @module */
import { BitReader } from "./bit-reader.ts";

/** What an H.265 sequence parameter set says. */
export interface H265SpsInfo {
	/** Picture size in pixels after cropping. */
	readonly width: number;
	readonly height: number;
	/** 0 for the profiles of the standard. */
	readonly profileSpace: number;
	readonly tier: "main" | "high";
	/** 1 Main, 2 Main 10, 3 Main Still Picture, 4 and above range extensions: ITU-T H.265 Annex A. */
	readonly profileIdc: number;
	/** 32 bits; the flag of profile 0 is the highest. */
	readonly profileCompatibilityFlags: number;
	/** The 6 bytes between compatibility flags and level, which begin with general_progressive_source_flag. */
	readonly constraintFlags: readonly number[];
	/** Thirty times the level, such as 93. */
	readonly levelIdc: number;
	/** Temporal sub-layers, 1 to 7. */
	readonly temporalLayers: number;
	readonly temporalIdNested: boolean;
	/** 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4. */
	readonly chromaFormat: number;
	/** Bits of a luma and of a chroma sample. */
	readonly bitDepthLuma: number;
	readonly bitDepthChroma: number;
	/**
	 * Most pictures that are decoded before and shown after another, with all sub-layers; 0 means that there are no
	 * B pictures to reorder. Absent when the parameter set breaks off before.
	 */
	readonly maxNumReorderPictures?: number;
	/** From the VUI; absent when not told or impossible. Cameras lie: measure where it matters. */
	readonly framesPerSecond?: number;
	/** ISO/IEC 14496-15 Annex E, such as `hvc1.1.6.L93.B0`. */
	readonly codecString: string;
}

/** Type of a sequence parameter set: ITU-T H.265 table 7-1. */
const SPS_NAL_TYPE = 33;
const NAL_HEADER_BYTES = 2;
/** The highest sps_max_sub_layers_minus1 and sps_seq_parameter_set_id: ITU-T H.265 section 7.4.3.2.1. */
const MAX_SUB_LAYERS_MINUS_1 = 6;
const MAX_SPS_ID = 15;
/** The highest chroma_format_idc and bit_depth_minus8: ITU-T H.265 section 7.4.3.2.1. */
const MAX_CHROMA_FORMAT = 3;
const MAX_BIT_DEPTH_MINUS_8 = 8;
/** A larger picture than any H.265 level allows is a sign of broken bytes. */
const MAX_DIMENSION = 16_384;
/** A higher frame rate is a sign of broken bytes. */
const MAX_FRAMES_PER_SECOND = 1000;
/** MaxDpbSize, above which nothing can be reordered: ITU-T H.265 section A.4.2. */
const MAX_DPB_PICTURES = 16;
/** The highest log2_max_pic_order_cnt_lsb_minus4: ITU-T H.265 section 7.4.3.2.1. */
const MAX_LOG2_POC_LSB_MINUS_4 = 12;
/** The highest num_short_term_ref_pic_sets and num_long_term_ref_pics_sps: ITU-T H.265 section 7.4.3.2.1. */
const MAX_SHORT_TERM_SETS = 64;
const MAX_LONG_TERM_PICTURES = 32;
/** aspect_ratio_idc that announces an explicit ratio: ITU-T H.265 table E.1. */
const EXTENDED_SAR = 255;

/**
 * Parses an SPS NAL unit with its header and without start code. Undefined when it is no SPS or breaks off before the
 * picture size and bit depths; what is broken or follows after them is overlooked, because cameras have both.
 */
export function parseH265Sps(nal: Uint8Array): H265SpsInfo | undefined {
	if ((((nal[0] ?? 0) >> 1) & 0x3f) !== SPS_NAL_TYPE) return undefined;
	const reader = new BitReader(nal, NAL_HEADER_BYTES);
	reader.bits(4); // sps_video_parameter_set_id
	const subLayersMinus1 = reader.bits(3);
	if (subLayersMinus1 > MAX_SUB_LAYERS_MINUS_1) return undefined;
	const temporalIdNested = reader.flag();
	const profile = readProfile(reader, subLayersMinus1);
	if (reader.unsigned() > MAX_SPS_ID) return undefined;
	const chromaFormat = reader.unsigned();
	const size = readSize(reader, chromaFormat);
	const lumaMinus8 = reader.unsigned();
	const chromaMinus8 = reader.unsigned();
	if (reader.failed || size === undefined || chromaFormat > MAX_CHROMA_FORMAT || profile.levelIdc === 0)
		return undefined;
	if (Math.max(lumaMinus8, chromaMinus8) > MAX_BIT_DEPTH_MINUS_8) return undefined;
	return {
		...size,
		...profile,
		temporalLayers: subLayersMinus1 + 1,
		temporalIdNested,
		chromaFormat,
		bitDepthLuma: lumaMinus8 + 8,
		bitDepthChroma: chromaMinus8 + 8,
		...readRest(reader, subLayersMinus1),
		codecString: codecString(profile),
	};
}

type Profile = Pick<
	H265SpsInfo,
	"profileSpace" | "tier" | "profileIdc" | "profileCompatibilityFlags" | "constraintFlags" | "levelIdc"
>;

/** ITU-T H.265 section 7.3.3 (profile_tier_level). */
function readProfile(reader: BitReader, subLayersMinus1: number): Profile {
	const profile: Profile = {
		profileSpace: reader.bits(2),
		tier: reader.flag() ? "high" : "main",
		profileIdc: reader.bits(5),
		profileCompatibilityFlags: reader.bits(32),
		constraintFlags: Array.from({ length: 6 }, () => reader.bits(8)),
		levelIdc: reader.bits(8),
	};
	const subLayers = Array.from({ length: subLayersMinus1 }, () => ({ profile: reader.flag(), level: reader.flag() }));
	// The flags are padded to eight pairs.
	if (subLayersMinus1 > 0) reader.bits(2 * (8 - subLayersMinus1));
	for (const present of subLayers) {
		if (present.profile) skipBits(reader, 88);
		if (present.level) reader.bits(8);
	}
	return profile;
}

/** ISO/IEC 14496-15 section E.3: compatibility flags in reversed bit order, trailing zero bytes left out. */
function codecString(profile: Profile): string {
	let reversed = 0;
	for (let i = 0; i < 32; i++) reversed = reversed * 2 + (Math.floor(profile.profileCompatibilityFlags / 2 ** i) % 2);
	const lastConstraint = profile.constraintFlags.findLastIndex((byte) => byte !== 0);
	return [
		"hvc1",
		`${["", "A", "B", "C"][profile.profileSpace] ?? ""}${profile.profileIdc}`,
		hex(reversed),
		`${profile.tier === "high" ? "H" : "L"}${profile.levelIdc}`,
		...profile.constraintFlags.slice(0, lastConstraint + 1).map(hex),
	].join(".");
}

function readSize(reader: BitReader, chromaFormat: number): { width: number; height: number } | undefined {
	const separatePlanes = chromaFormat === 3 && reader.flag();
	let width = reader.unsigned();
	let height = reader.unsigned();
	if (reader.flag()) {
		// ITU-T H.265 table 6-1 (SubWidthC, SubHeightC).
		const subsampled = !separatePlanes && (chromaFormat === 1 || chromaFormat === 2);
		width -= (reader.unsigned() + reader.unsigned()) * (subsampled ? 2 : 1);
		height -= (reader.unsigned() + reader.unsigned()) * (subsampled && chromaFormat === 1 ? 2 : 1);
	}
	const possible = width > 0 && height > 0 && width <= MAX_DIMENSION && height <= MAX_DIMENSION;
	return possible ? { width, height } : undefined;
}

/** What follows the bit depths: ITU-T H.265 section 7.3.2.2.1. */
function readRest(
	reader: BitReader,
	subLayersMinus1: number,
): { maxNumReorderPictures?: number; framesPerSecond?: number } {
	const log2PocLsbMinus4 = reader.unsigned();
	const subLayerOrderingInfo = reader.flag();
	let maxNumReorderPictures = 0;
	for (let i = subLayerOrderingInfo ? 0 : subLayersMinus1; i <= subLayersMinus1; i++) {
		reader.unsigned(); // sps_max_dec_pic_buffering_minus1
		maxNumReorderPictures = reader.unsigned();
		reader.unsigned(); // sps_max_latency_increase_plus1
	}
	if (reader.failed || maxNumReorderPictures >= MAX_DPB_PICTURES || log2PocLsbMinus4 > MAX_LOG2_POC_LSB_MINUS_4)
		return {};
	for (let i = 0; i < 6; i++) reader.unsigned(); // log2_min_luma_coding_block_size_minus3 ... max_transform_hierarchy_depth_intra
	// scaling_list_enabled_flag, sps_scaling_list_data_present_flag
	if (reader.flag() && reader.flag()) skipScalingLists(reader);
	reader.bits(2); // amp_enabled_flag, sample_adaptive_offset_enabled_flag
	if (reader.flag()) {
		reader.bits(8); // pcm_sample_bit_depth_luma_minus1, pcm_sample_bit_depth_chroma_minus1
		reader.unsigned();
		reader.unsigned();
		reader.flag(); // pcm_loop_filter_disabled_flag
	}
	skipShortTermSets(reader);
	skipLongTermPictures(reader, log2PocLsbMinus4 + 4);
	reader.bits(2); // sps_temporal_mvp_enabled_flag, strong_intra_smoothing_enabled_flag
	const framesPerSecond = reader.flag() ? readVuiFrameRate(reader) : undefined;
	return framesPerSecond === undefined ? { maxNumReorderPictures } : { maxNumReorderPictures, framesPerSecond };
}

/** ITU-T H.265 section 7.3.4. */
function skipScalingLists(reader: BitReader): void {
	for (let sizeId = 0; sizeId < 4; sizeId++) {
		// Of the 32x32 lists only those for luma are there.
		for (let matrixId = 0; matrixId < 6 && !reader.failed; matrixId += sizeId === 3 ? 3 : 1) {
			if (!reader.flag()) {
				reader.unsigned(); // scaling_list_pred_matrix_id_delta
				continue;
			}
			if (sizeId > 1) reader.signed(); // scaling_list_dc_coef_minus8
			const coefficients = Math.min(64, 1 << (4 + (sizeId << 1)));
			for (let i = 0; i < coefficients && !reader.failed; i++) reader.signed();
		}
	}
}

/** ITU-T H.265 section 7.3.7 (st_ref_pic_set), as often as num_short_term_ref_pic_sets says. */
function skipShortTermSets(reader: BitReader): void {
	const count = reader.unsigned();
	if (count > MAX_SHORT_TERM_SETS) reader.failed = true;
	let previous: number[] = [];
	for (let i = 0; i < count && !reader.failed; i++) {
		const predicted = i > 0 && reader.flag();
		previous = predicted ? readPredictedSet(reader, previous) : readShortTermSet(reader);
	}
}

/** The POC differences of a set: negative ones from the nearest on, then the positive ones. */
function readShortTermSet(reader: BitReader): number[] {
	const negatives = reader.unsigned();
	const positives = reader.unsigned();
	if (negatives + positives > MAX_DPB_PICTURES) reader.failed = true;
	const differences: number[] = [];
	for (const [count, sign] of [
		[negatives, -1],
		[positives, 1],
	] as const) {
		let distance = 0;
		for (let i = 0; i < count && !reader.failed; i++) {
			distance += reader.unsigned() + 1;
			reader.flag(); // used_by_curr_pic_s0_flag, used_by_curr_pic_s1_flag
			differences.push(sign * distance);
		}
	}
	return differences;
}

/** Inter RPS prediction from the set before: ITU-T H.265 section 7.4.8, equations 7-61 and 7-62. */
function readPredictedSet(reader: BitReader, reference: readonly number[]): number[] {
	const sign = reader.flag() ? -1 : 1;
	const shift = sign * (reader.unsigned() + 1);
	const differences: number[] = [];
	for (const difference of [...reference, 0]) {
		const usedByCurrent = reader.flag();
		const kept = usedByCurrent || reader.flag(); // use_delta_flag
		if (kept && difference + shift !== 0) differences.push(difference + shift);
	}
	if (differences.length > MAX_DPB_PICTURES) reader.failed = true;
	const negatives = differences.filter((difference) => difference < 0).sort((a, b) => b - a);
	return [...negatives, ...differences.filter((difference) => difference > 0).sort((a, b) => a - b)];
}

function skipLongTermPictures(reader: BitReader, pocLsbBits: number): void {
	if (!reader.flag()) return;
	const count = reader.unsigned();
	if (count > MAX_LONG_TERM_PICTURES) reader.failed = true;
	for (let i = 0; i < count && !reader.failed; i++) reader.bits(pocLsbBits + 1); // lt_ref_pic_poc_lsb_sps, used_by_curr_pic_lt_sps_flag
}

/** ITU-T H.265 section E.2.1, up to the frame rate. */
function readVuiFrameRate(reader: BitReader): number | undefined {
	if (reader.flag() && reader.bits(8) === EXTENDED_SAR) reader.bits(32);
	if (reader.flag()) reader.flag(); // overscan_info_present_flag, overscan_appropriate_flag
	if (reader.flag()) {
		reader.bits(4); // video_format, video_full_range_flag
		if (reader.flag()) reader.bits(24); // colour_description
	}
	if (reader.flag()) {
		reader.unsigned(); // chroma_sample_loc_type_top_field
		reader.unsigned(); // chroma_sample_loc_type_bottom_field
	}
	reader.bits(3); // neutral_chroma_indication_flag, field_seq_flag, frame_field_info_present_flag
	if (reader.flag()) for (let i = 0; i < 4; i++) reader.unsigned(); // default display window
	if (!reader.flag()) return undefined;
	const unitsInTick = reader.bits(32);
	const timeScale = reader.bits(32);
	// ITU-T H.265 section E.3.1: unlike in H.264 a tick is the time of a picture.
	const framesPerSecond = timeScale / unitsInTick;
	const possible = !reader.failed && framesPerSecond > 0 && framesPerSecond <= MAX_FRAMES_PER_SECOND;
	return possible ? framesPerSecond : undefined;
}

function skipBits(reader: BitReader, count: number): void {
	for (let left = count; left > 0; left -= 32) reader.bits(Math.min(32, left));
}

function hex(value: number): string {
	return value.toString(16).toUpperCase();
}
