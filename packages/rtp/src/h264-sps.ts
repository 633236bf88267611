/** Sequence parameter sets: ITU-T H.264 sections 7.3.2.1 and 7.4.2.1, Annex E (VUI). @module */
import { BitReader } from "./bit-reader.ts";

/** What a sequence parameter set says. */
export interface SpsInfo {
	/** Picture size in pixels after cropping. */
	readonly width: number;
	readonly height: number;
	/** 66 Baseline, 77 Main, 100 High, ...: ITU-T H.264 Annex A. */
	readonly profileIdc: number;
	/** The byte of constraint_set flags; set 0 is its highest bit. */
	readonly constraintFlags: number;
	/** Ten times the level, such as 31. */
	readonly levelIdc: number;
	/** 2 means that pictures are shown in decoding order: ITU-T H.264 section 8.2.1. */
	readonly pictureOrderCountType: number;
	/** From the VUI; absent when not told or impossible. Cameras lie: measure where it matters. */
	readonly framesPerSecond?: number;
	/** From the VUI; 0 means that there are no B pictures to reorder. */
	readonly maxNumReorderFrames?: number;
	/** RFC 6381 section 3.3, such as `avc1.42e01f`. */
	readonly codecString: string;
}

/** Type byte of a sequence parameter set: ITU-T H.264 table 7-1. */
const SPS_NAL_TYPE = 7;
/** The highest seq_parameter_set_id: ITU-T H.264 section 7.4.2.1.1. */
const MAX_SPS_ID = 31;
/** A larger picture than any H.264 level allows is a sign of broken bytes. */
const MAX_DIMENSION = 16_384;
/** A higher frame rate is a sign of broken bytes. */
const MAX_FRAMES_PER_SECOND = 1000;
/** The highest num_ref_frames_in_pic_order_cnt_cycle: ITU-T H.264 section 7.4.2.1.1. */
const MAX_CYCLE_FRAMES = 255;
/** The highest cpb_cnt_minus1: ITU-T H.264 section E.2.2. */
const MAX_CPB_COUNT_MINUS_1 = 31;
/** aspect_ratio_idc that announces an explicit ratio: ITU-T H.264 table E-1. */
const EXTENDED_SAR = 255;
const MACROBLOCK_PIXELS = 16;
/** The profiles with chroma_format_idc and scaling lists: ITU-T H.264 section 7.3.2.1.1. */
const HIGH_PROFILES: ReadonlySet<number> = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);

/**
 * Parses an SPS NAL unit with its header byte and without start code. Undefined when it is no SPS or is broken; bytes
 * after its end and a broken VUI are overlooked, because cameras have both.
 */
export function parseSps(nal: Uint8Array): SpsInfo | undefined {
	if (((nal[0] ?? 0) & 0x1f) !== SPS_NAL_TYPE) return undefined;
	const reader = new BitReader(nal, 1);
	const profileIdc = reader.bits(8);
	const constraintFlags = reader.bits(8);
	const levelIdc = reader.bits(8);
	if (reader.unsigned() > MAX_SPS_ID) return undefined;
	const chroma = HIGH_PROFILES.has(profileIdc) ? readChroma(reader) : YUV_420;
	reader.unsigned(); // log2_max_frame_num_minus4
	const pictureOrderCountType = reader.unsigned();
	skipPictureOrderCount(reader, pictureOrderCountType);
	reader.unsigned(); // max_num_ref_frames
	reader.flag(); // gaps_in_frame_num_value_allowed_flag
	const size = readSize(reader, chroma);
	if (reader.failed || size === undefined || profileIdc === 0 || pictureOrderCountType > 2) return undefined;
	return {
		...size,
		profileIdc,
		constraintFlags,
		levelIdc,
		pictureOrderCountType,
		...(reader.flag() ? readVui(reader) : {}),
		codecString: `avc1.${hexByte(profileIdc)}${hexByte(constraintFlags)}${hexByte(levelIdc)}`,
	};
}

interface Chroma {
	/** Luma pixels per cropping unit: ITU-T H.264 table 6-1 (SubWidthC, SubHeightC). */
	readonly cropUnitX: number;
	readonly cropUnitY: number;
}

const YUV_420: Chroma = { cropUnitX: 2, cropUnitY: 2 };

function readChroma(reader: BitReader): Chroma {
	const chromaFormat = reader.unsigned();
	const separatePlanes = chromaFormat === 3 && reader.flag();
	reader.unsigned(); // bit_depth_luma_minus8
	reader.unsigned(); // bit_depth_chroma_minus8
	reader.flag(); // qpprime_y_zero_transform_bypass_flag
	if (reader.flag()) {
		for (let list = 0; list < (chromaFormat === 3 ? 12 : 8); list++) {
			if (reader.flag()) skipScalingList(reader, list < 6 ? 16 : 64);
		}
	}
	const subsampled = !separatePlanes && (chromaFormat === 1 || chromaFormat === 2);
	return { cropUnitX: subsampled ? 2 : 1, cropUnitY: subsampled && chromaFormat === 1 ? 2 : 1 };
}

/** ITU-T H.264 section 7.3.2.1.1.1. */
function skipScalingList(reader: BitReader, size: number): void {
	let lastScale = 8;
	for (let i = 0; i < size && !reader.failed; i++) {
		const nextScale = (lastScale + reader.signed() + 256) % 256;
		// A scale of zero says that the rest of the list repeats the last one.
		if (nextScale === 0) return;
		lastScale = nextScale;
	}
}

function skipPictureOrderCount(reader: BitReader, pictureOrderCountType: number): void {
	if (pictureOrderCountType === 0) reader.unsigned(); // log2_max_pic_order_cnt_lsb_minus4
	if (pictureOrderCountType !== 1) return;
	reader.flag(); // delta_pic_order_always_zero_flag
	reader.signed(); // offset_for_non_ref_pic
	reader.signed(); // offset_for_top_to_bottom_field
	const cycleFrames = reader.unsigned();
	if (cycleFrames > MAX_CYCLE_FRAMES) reader.failed = true;
	for (let i = 0; i < cycleFrames && !reader.failed; i++) reader.signed();
}

function readSize(reader: BitReader, chroma: Chroma): { width: number; height: number } | undefined {
	const widthMacroblocks = reader.unsigned() + 1;
	const heightMapUnits = reader.unsigned() + 1;
	const framesOnly = reader.flag();
	if (!framesOnly) reader.flag(); // mb_adaptive_frame_field_flag
	reader.flag(); // direct_8x8_inference_flag
	// ITU-T H.264 section 7.4.2.1.1: in field coding a map unit is a pair of macroblocks.
	const fieldFactor = framesOnly ? 1 : 2;
	let width = widthMacroblocks * MACROBLOCK_PIXELS;
	let height = heightMapUnits * MACROBLOCK_PIXELS * fieldFactor;
	if (reader.flag()) {
		width -= (reader.unsigned() + reader.unsigned()) * chroma.cropUnitX;
		height -= (reader.unsigned() + reader.unsigned()) * chroma.cropUnitY * fieldFactor;
	}
	const possible = width > 0 && height > 0 && width <= MAX_DIMENSION && height <= MAX_DIMENSION;
	return possible ? { width, height } : undefined;
}

/** ITU-T H.264 section E.1.1. */
function readVui(reader: BitReader): { framesPerSecond?: number; maxNumReorderFrames?: number } {
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
	const framesPerSecond = reader.flag() ? readFrameRate(reader) : undefined;
	if (reader.failed) return {};
	const rate = framesPerSecond === undefined ? {} : { framesPerSecond };
	const nalHrd = reader.flag();
	if (nalHrd) skipHrd(reader);
	const vclHrd = reader.flag();
	if (vclHrd) skipHrd(reader);
	if (nalHrd || vclHrd) reader.flag(); // low_delay_hrd_flag
	reader.flag(); // pic_struct_present_flag
	if (!reader.flag()) return rate;
	reader.flag(); // motion_vectors_over_pic_boundaries_flag
	for (let i = 0; i < 4; i++) reader.unsigned(); // max_bytes_per_pic_denom ... log2_max_mv_length_vertical
	const maxNumReorderFrames = reader.unsigned();
	return reader.failed ? rate : { ...rate, maxNumReorderFrames };
}

function readFrameRate(reader: BitReader): number | undefined {
	const unitsInTick = reader.bits(32);
	const timeScale = reader.bits(32);
	reader.flag(); // fixed_frame_rate_flag
	// ITU-T H.264 section E.2.1: a tick is the time of a field, half a frame.
	const framesPerSecond = timeScale / (2 * unitsInTick);
	return framesPerSecond > 0 && framesPerSecond <= MAX_FRAMES_PER_SECOND ? framesPerSecond : undefined;
}

/** ITU-T H.264 section E.1.2. */
function skipHrd(reader: BitReader): void {
	const cpbCountMinus1 = reader.unsigned();
	if (cpbCountMinus1 > MAX_CPB_COUNT_MINUS_1) reader.failed = true;
	reader.bits(8); // bit_rate_scale, cpb_size_scale
	for (let i = 0; i <= cpbCountMinus1 && !reader.failed; i++) {
		reader.unsigned();
		reader.unsigned();
		reader.flag();
	}
	reader.bits(20); // the lengths of delays and of the time offset
}

function hexByte(value: number): string {
	return value.toString(16).padStart(2, "0");
}
