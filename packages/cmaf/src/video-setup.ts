/** What the parameter sets of a picture set up: its header and its timing. ISO/IEC 14496-15 sections 5 and 8. @module */
import { H265_NAL_TYPE, h265NalTypeOf, NAL_TYPE, nalTypeOf, parseH265Sps, parseSps } from "@vigia/rtp";
import { type InitSegment, TICKS_PER_SECOND, type VideoSample } from "./contract.ts";
import { writeHeader } from "./header.ts";
import {
	MAX_H264_SPS_COUNT,
	MAX_PARAMETER_SET_BYTES,
	MAX_PARAMETER_SETS,
	writeAvc1,
	writeHvc1,
} from "./sample-entry.ts";

/** In force from one random access point on. */
export interface VideoSetup {
	readonly codec: VideoSample["codec"];
	/** In the order in which they came; their own bytes. */
	readonly parameterSets: readonly Uint8Array[];
	readonly init: InitSegment;
	/** Undefined where the sequence parameter set does not say. */
	readonly reorderDepth: number | undefined;
	/** Of the VUI. */
	readonly framesPerSecond: number | undefined;
}

/** In front of samples or in the sample entry, but never in samples of `avc1` and `hvc1`, nor is filler any use there. */
const NOT_IN_SAMPLES: Readonly<Record<VideoSample["codec"], ReadonlySet<number>>> = {
	h264: new Set([
		NAL_TYPE.sps,
		NAL_TYPE.pps,
		NAL_TYPE.accessUnitDelimiter,
		NAL_TYPE.filler,
		NAL_TYPE.spsExtension,
		NAL_TYPE.subsetSps,
	]),
	h265: new Set([
		H265_NAL_TYPE.vps,
		H265_NAL_TYPE.sps,
		H265_NAL_TYPE.pps,
		H265_NAL_TYPE.accessUnitDelimiter,
		H265_NAL_TYPE.filler,
	]),
};
const PARAMETER_SET_TYPES: Readonly<Record<VideoSample["codec"], ReadonlySet<number>>> = {
	h264: new Set([NAL_TYPE.sps, NAL_TYPE.pps]),
	h265: new Set([H265_NAL_TYPE.vps, H265_NAL_TYPE.sps, H265_NAL_TYPE.pps]),
};

/** True for a NAL unit that goes into the samples of a track. */
export function belongsInSample(codec: VideoSample["codec"], nal: Uint8Array): boolean {
	return nal.length > 0 && !NOT_IN_SAMPLES[codec].has(typeOf(codec, nal));
}

/**
 * The setup that the parameter sets of a picture ask for: `current` as long as they are the same or incomplete.
 * Undefined when there is none yet for the picture's codec.
 */
export function videoSetupOf(sample: VideoSample, current: VideoSetup | undefined): VideoSetup | undefined {
	const { codec } = sample;
	const inForce = current?.codec === codec ? current : undefined;
	const sets = sample.nalUnits.filter((nal) => PARAMETER_SET_TYPES[codec].has(typeOf(codec, nal)));
	if (inForce && equalLists(inForce.parameterSets, sets)) return inForce;
	if (sets.length > MAX_PARAMETER_SETS || sets.some((nal) => nal.length > MAX_PARAMETER_SET_BYTES)) return inForce;
	// The views may hold a whole access unit in memory.
	const own = sets.map((nal) => nal.slice());
	return (codec === "h264" ? setUpH264(own) : setUpH265(own)) ?? inForce;
}

function setUpH264(sets: readonly Uint8Array[]): VideoSetup | undefined {
	const spsList = sets.filter((nal) => parseSps(nal) !== undefined).slice(0, MAX_H264_SPS_COUNT);
	const ppsList = sets.filter((nal) => nalTypeOf(nal) === NAL_TYPE.pps);
	const info = spsList[0] && parseSps(spsList[0]);
	if (!info || ppsList.length === 0) return undefined;
	return {
		codec: "h264",
		parameterSets: sets,
		init: initOf(info, writeAvc1(info, spsList, ppsList)),
		// ITU-T H.264 section 8.2.1: of type 2 the order of output is that of decoding.
		reorderDepth: info.pictureOrderCountType === 2 ? 0 : info.maxNumReorderFrames,
		framesPerSecond: info.framesPerSecond,
	};
}

function setUpH265(sets: readonly Uint8Array[]): VideoSetup | undefined {
	const ofType = (type: number) => sets.filter((nal) => h265NalTypeOf(nal) === type);
	const vpsList = ofType(H265_NAL_TYPE.vps);
	const spsList = ofType(H265_NAL_TYPE.sps).filter((nal) => parseH265Sps(nal) !== undefined);
	const ppsList = ofType(H265_NAL_TYPE.pps);
	const info = spsList[0] && parseH265Sps(spsList[0]);
	if (!info || vpsList.length === 0 || ppsList.length === 0) return undefined;
	const sampleEntry = writeHvc1(info, [
		[H265_NAL_TYPE.vps, vpsList],
		[H265_NAL_TYPE.sps, spsList],
		[H265_NAL_TYPE.pps, ppsList],
	]);
	return {
		codec: "h265",
		parameterSets: sets,
		init: initOf(info, sampleEntry),
		reorderDepth: info.maxNumReorderPictures,
		framesPerSecond: info.framesPerSecond,
	};
}

function initOf(
	info: { readonly width: number; readonly height: number; readonly codecString: string },
	sampleEntry: Uint8Array,
): InitSegment {
	const { width, height, codecString } = info;
	const bytes = writeHeader({ kind: "video", timescale: TICKS_PER_SECOND, width, height, sampleEntry });
	return { bytes, kind: "video", codecs: codecString, width, height };
}

function typeOf(codec: VideoSample["codec"], nal: Uint8Array): number {
	return codec === "h264" ? nalTypeOf(nal) : h265NalTypeOf(nal);
}

function equalLists(known: readonly Uint8Array[], found: readonly Uint8Array[]): boolean {
	return known.length === found.length && known.every((nal, i) => equalBytes(nal, found[i]));
}

function equalBytes(a: Uint8Array, b: Uint8Array | undefined): boolean {
	return b?.length === a.length && a.every((byte, i) => byte === b[i]);
}
