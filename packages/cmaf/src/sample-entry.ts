/** Sample entries with the configuration of their decoder: ISO/IEC 14496-12 section 8.5.2. @module */
import type { AudioSpecificConfig, H265SpsInfo, SpsInfo } from "@vigia/rtp";
import { box, concatBytes, fixed16, fullBox, u16, u32, u8 } from "./boxes.ts";
import { readHighProfileFields } from "./h264-high-profile.ts";

/** The one data reference of the header. */
const DATA_REFERENCE_INDEX = 1;
const RESOLUTION_DPI = 72;
const COLOUR_DEPTH = 24;
const COMPRESSOR_NAME_BYTES = 32;
/** pre_defined, -1: ISO/IEC 14496-12 section 12.1.3. */
const NO_COLOUR_TABLE = 0xffff;
const BITS_PER_AUDIO_SAMPLE = 16;
/** Bytes of the length in front of each NAL unit, less one. */
const LENGTH_SIZE_MINUS_ONE = 3;
/** What a count of 5, 8 and 16 bits can say: ISO/IEC 14496-15 sections 5.3.3.1 and 8.3.3.1. */
export const MAX_H264_SPS_COUNT = 31;
export const MAX_PARAMETER_SETS = 255;
export const MAX_PARAMETER_SET_BYTES = 0xffff;
/** ES_DescrTag, DecoderConfigDescrTag, DecSpecificInfoTag, SLConfigDescrTag: ISO/IEC 14496-1 section 7.2.2.1. */
export const ES_TAG = 3;
export const DECODER_CONFIG_TAG = 4;
export const DECODER_INFO_TAG = 5;
const SL_CONFIG_TAG = 6;
/** objectTypeIndication of ISO/IEC 14496-3, and streamType AudioStream with its reserved bit: ISO/IEC 14496-1 section 7.2.6.6. */
const AAC_OBJECT_TYPE = 0x40;
const AUDIO_STREAM_TYPE = 0x15;
/** SLConfigDescriptor of MP4 files: ISO/IEC 14496-14 section 3.1.2. */
const PREDEFINED_MP4 = 2;
/** Opus starts silent for 80 ms unless the encoder says: RFC 7845 section 4.2. Live, nobody waits for it. */
const OPUS_PRE_SKIP = 0;
const OPUS_RATE = 48_000;
/** array_completeness: all parameter sets are in the sample entry, ISO/IEC 14496-15 section 8.3.3.1. */
const COMPLETE_ARRAY = 0x80;

/** `avc1`, ISO/IEC 14496-15 section 5.4.2.1. */
export function writeAvc1(info: SpsInfo, spsList: readonly Uint8Array[], ppsList: readonly Uint8Array[]): Uint8Array {
	// Reserved bits are ones: ISO/IEC 14496-15 section 5.3.3.1.
	const highProfile = readHighProfileFields(spsList[0] ?? u8());
	const avcC = box(
		"avcC",
		u8(1, info.profileIdc, info.constraintFlags, info.levelIdc, 0xfc | LENGTH_SIZE_MINUS_ONE),
		u8(0xe0 | spsList.length),
		...spsList.map(withLength),
		u8(ppsList.length),
		...ppsList.map(withLength),
		highProfile
			? u8(
					0xfc | highProfile.chromaFormat,
					0xf8 | highProfile.bitDepthLumaMinus8,
					0xf8 | highProfile.bitDepthChromaMinus8,
					0,
				)
			: u8(),
	);
	return visualEntry("avc1", info.width, info.height, avcC);
}

/** `hvc1`, ISO/IEC 14496-15 section 8.4.1.1. @param sets NAL units by their type, in the order of decoding. */
export function writeHvc1(
	info: H265SpsInfo,
	sets: readonly (readonly [nalType: number, nalUnits: readonly Uint8Array[]])[],
): Uint8Array {
	// Reserved bits are ones; min_spatial_segmentation_idc, parallelismType and the frame rate say "unknown" with 0.
	const profile = (info.profileSpace << 6) | (info.tier === "high" ? 0x20 : 0) | info.profileIdc;
	const hvcC = box(
		"hvcC",
		u8(1, profile),
		u32(info.profileCompatibilityFlags),
		u8(...info.constraintFlags, info.levelIdc),
		u16(0xf000),
		u8(0xfc, 0xfc | info.chromaFormat, 0xf8 | (info.bitDepthLuma - 8), 0xf8 | (info.bitDepthChroma - 8)),
		u16(0),
		u8((info.temporalLayers << 3) | (info.temporalIdNested ? 4 : 0) | LENGTH_SIZE_MINUS_ONE, sets.length),
		...sets.flatMap(([nalType, nalUnits]) => [
			u8(COMPLETE_ARRAY | nalType),
			u16(nalUnits.length),
			...nalUnits.map(withLength),
		]),
	);
	return visualEntry("hvc1", info.width, info.height, hvcC);
}

/** `mp4a`, ISO/IEC 14496-14 section 5.6. */
export function writeMp4a(config: AudioSpecificConfig): Uint8Array {
	const decoderConfig = descriptor(
		DECODER_CONFIG_TAG,
		u8(AAC_OBJECT_TYPE, AUDIO_STREAM_TYPE, 0, 0, 0),
		u32(0, 0), // maxBitrate, avgBitrate: unknown
		descriptor(DECODER_INFO_TAG, config.bytes),
	);
	const elementaryStream = descriptor(
		ES_TAG,
		u16(0),
		u8(0),
		decoderConfig,
		descriptor(SL_CONFIG_TAG, u8(PREDEFINED_MP4)),
	);
	return audioEntry("mp4a", config.channels || 2, config.sampleRate, fullBox("esds", 0, 0, elementaryStream));
}

/** `Opus`, "Encapsulation of Opus in ISO Base Media File Format" section 4.3. @param channels 1 or 2. */
export function writeOpus(channels: number): Uint8Array {
	const dOps = box("dOps", u8(0, channels), u16(OPUS_PRE_SKIP), u32(OPUS_RATE), u16(0), u8(0));
	return audioEntry("Opus", channels, OPUS_RATE, dOps);
}

/** ISO/IEC 14496-12 section 12.1.3. */
function visualEntry(type: string, width: number, height: number, configuration: Uint8Array): Uint8Array {
	return box(
		type,
		u16(0, 0, 0, DATA_REFERENCE_INDEX),
		new Uint8Array(16),
		u16(width, height),
		fixed16(RESOLUTION_DPI),
		fixed16(RESOLUTION_DPI),
		u32(0),
		u16(1), // frame_count
		new Uint8Array(COMPRESSOR_NAME_BYTES),
		u16(COLOUR_DEPTH, NO_COLOUR_TABLE),
		configuration,
	);
}

/** ISO/IEC 14496-12 section 12.2.3. */
function audioEntry(type: string, channels: number, rate: number, configuration: Uint8Array): Uint8Array {
	return box(
		type,
		u16(0, 0, 0, DATA_REFERENCE_INDEX),
		u32(0, 0),
		u16(channels, BITS_PER_AUDIO_SAMPLE, 0, 0),
		// A rate that does not fit 16 bits is told by the timescale and the configuration alone.
		fixed16(rate > 0xffff ? 0 : rate),
		configuration,
	);
}

function withLength(nal: Uint8Array): Uint8Array {
	return concatBytes(u16(nal.length), nal);
}

/** A descriptor with a size of four bytes of seven bits: ISO/IEC 14496-1 section 8.3.3. */
function descriptor(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
	const body = concatBytes(...parts);
	const size = [21, 14, 7, 0].map((shift) => ((body.length >> shift) & 0x7f) | (shift > 0 ? 0x80 : 0));
	return concatBytes(u8(tag, ...size), body);
}
