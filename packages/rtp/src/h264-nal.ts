/** H.264 NAL units: ITU-T H.264 sections 7.3.1 and 7.4.1, Annex B, and the SDP parameter of RFC 6184 section 8.1. @module */
import { decodeBase64 } from "./base64.ts";
import { BitReader } from "./bit-reader.ts";
import { parseSps } from "./h264-sps.ts";
import { type H26xFormat, roleTable } from "./h26x-format.ts";
import { splitAnnexB } from "./nal-annex-b.ts";

/** NAL unit types: ITU-T H.264 table 7-1, RFC 6184 table 1. */
export const NAL_TYPE = {
	slice: 1,
	partitionA: 2,
	partitionB: 3,
	partitionC: 4,
	idr: 5,
	sei: 6,
	sps: 7,
	pps: 8,
	accessUnitDelimiter: 9,
	endOfSequence: 10,
	endOfStream: 11,
	filler: 12,
	spsExtension: 13,
	prefix: 14,
	subsetSps: 15,
	stapA: 24,
	stapB: 25,
	mtap16: 26,
	mtap24: 27,
	fuA: 28,
	fuB: 29,
} as const;

const NAL_TYPE_MASK = 0x1f;

/** RFC 6184. Of the types above 15 only payload structures mean anything here: ITU-T H.264 table 7-1. */
export const H264_FORMAT: H26xFormat = {
	codec: "h264",
	headerBytes: 1,
	typeShift: 0,
	typeMask: NAL_TYPE_MASK,
	fragmentationType: NAL_TYPE.fuA,
	roles: roleTable(NAL_TYPE_MASK, {
		[NAL_TYPE.slice]: "slice",
		[NAL_TYPE.partitionA]: "slice",
		[NAL_TYPE.partitionB]: "partition",
		[NAL_TYPE.partitionC]: "partition",
		[NAL_TYPE.idr]: "idr",
		[NAL_TYPE.sei]: "prefix",
		[NAL_TYPE.sps]: "parameter-set",
		[NAL_TYPE.pps]: "parameter-set",
		[NAL_TYPE.endOfSequence]: "end",
		[NAL_TYPE.endOfStream]: "end",
		[NAL_TYPE.spsExtension]: "prefix",
		[NAL_TYPE.prefix]: "prefix",
		[NAL_TYPE.subsetSps]: "prefix",
		[NAL_TYPE.stapA]: "aggregation",
		[NAL_TYPE.fuA]: "fragmentation",
		// Packetization mode 1 forbids them: RFC 6184 section 6.3.
		[NAL_TYPE.stapB]: "unsupported",
		[NAL_TYPE.mtap16]: "unsupported",
		[NAL_TYPE.mtap24]: "unsupported",
		[NAL_TYPE.fuB]: "unsupported",
	}),
};

/** How a slice is coded: ITU-T H.264 table 7-6. */
export type SliceType = "P" | "B" | "I" | "SP" | "SI";

const SLICE_TYPES: readonly SliceType[] = ["P", "B", "I", "SP", "SI"];
/** The highest slice_type: ITU-T H.264 table 7-6. */
const MAX_SLICE_TYPE = 9;
/** The highest pic_parameter_set_id and seq_parameter_set_id: ITU-T H.264 section 7.4.2.2. */
const MAX_PPS_ID = 255;
const MAX_SPS_ID = 31;

/** The type of a NAL unit; 0 (unspecified) for an empty one. */
export function nalTypeOf(nal: Uint8Array): number {
	return (nal[0] ?? 0) & NAL_TYPE_MASK;
}

/** True for the types that carry a part of the picture: ITU-T H.264 section 3.193 (VCL NAL unit). */
export function isVclNalType(nalType: number): boolean {
	return nalType >= NAL_TYPE.slice && nalType <= NAL_TYPE.idr;
}

/**
 * True when the NAL unit starts a picture: a slice whose first_mb_in_slice is 0 (ITU-T H.264 section 7.3.3). Needs the
 * first two bytes of the NAL unit only.
 */
export function isFirstSliceOfPicture(nal: Uint8Array): boolean {
	const nalType = nalTypeOf(nal);
	if (nalType !== NAL_TYPE.slice && nalType !== NAL_TYPE.partitionA && nalType !== NAL_TYPE.idr) return false;
	// first_mb_in_slice is the first ue(v), and only the value 0 starts with a one bit.
	return ((nal[1] ?? 0) & 0x80) !== 0;
}

/** How a slice is coded, or undefined when the NAL unit is no slice or is broken: ITU-T H.264 section 7.3.3. */
export function parseSliceType(nal: Uint8Array): SliceType | undefined {
	const nalType = nalTypeOf(nal);
	if (nalType !== NAL_TYPE.slice && nalType !== NAL_TYPE.partitionA && nalType !== NAL_TYPE.idr) return undefined;
	const reader = new BitReader(nal, 1);
	reader.unsigned();
	const sliceType = reader.unsigned();
	return reader.failed || sliceType > MAX_SLICE_TYPE ? undefined : SLICE_TYPES[sliceType % 5];
}

/**
 * The valid H.264 parameter sets in the value of `sprop-parameter-sets`: RFC 6184 section 8.1. They are a hint: cameras
 * quote the value, leave it empty, put Annex B, H.265 parameter sets or plain rubbish in it. What does not parse as an
 * SPS or PPS is left out, so an empty list means that the parameter sets come in band.
 */
export function parseSpropParameterSets(value: string): Uint8Array[] {
	const parameterSets: Uint8Array[] = [];
	for (const part of value.replaceAll(/["'\s]/g, "").split(",")) {
		for (const nal of splitAnnexB(decodeBase64(part) ?? new Uint8Array(0))) {
			if (parseSps(nal) !== undefined || isPps(nal)) parameterSets.push(nal);
		}
	}
	return parameterSets;
}

function isPps(nal: Uint8Array): boolean {
	if (nalTypeOf(nal) !== NAL_TYPE.pps) return false;
	const reader = new BitReader(nal, 1);
	const withinRange = reader.unsigned() <= MAX_PPS_ID && reader.unsigned() <= MAX_SPS_ID;
	return withinRange && !reader.failed;
}
