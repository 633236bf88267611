/** H.265 NAL units: ITU-T H.265 sections 7.3.1 and 7.4.2, and the SDP parameters of RFC 7798 section 7.1. @module */
import { decodeBase64 } from "./base64.ts";
import { BitReader } from "./bit-reader.ts";
import { parseH265Sps } from "./h265-sps.ts";
import { type H26xFormat, isVclRole, roleTable } from "./h26x-format.ts";
import { splitAnnexB } from "./nal-annex-b.ts";

/** NAL unit types: ITU-T H.265 table 7-1, RFC 7798 section 4.4. */
export const H265_NAL_TYPE = {
	trailN: 0,
	trailR: 1,
	tsaN: 2,
	tsaR: 3,
	stsaN: 4,
	stsaR: 5,
	radlN: 6,
	radlR: 7,
	raslN: 8,
	raslR: 9,
	blaWLp: 16,
	blaWRadl: 17,
	blaNLp: 18,
	idrWRadl: 19,
	idrNLp: 20,
	cra: 21,
	vps: 32,
	sps: 33,
	pps: 34,
	accessUnitDelimiter: 35,
	endOfSequence: 36,
	endOfBitstream: 37,
	filler: 38,
	prefixSei: 39,
	suffixSei: 40,
	ap: 48,
	fu: 49,
	paci: 50,
} as const;

const NAL_TYPE_MASK = 0x3f;
/** Bytes of the NAL unit header: ITU-T H.265 section 7.3.1.2. */
const NAL_HEADER_BYTES = 2;
/** The highest vps_max_sub_layers_minus1, and vps_reserved_0xffff_16bits: ITU-T H.265 section 7.4.3.1. */
const MAX_SUB_LAYERS_MINUS_1 = 6;
const VPS_RESERVED = 0xffff;
/** The highest pps_pic_parameter_set_id and pps_seq_parameter_set_id: ITU-T H.265 section 7.4.3.3.1. */
const MAX_PPS_ID = 63;
const MAX_SPS_ID = 15;

/** RFC 7798. Reserved types, delimiters and filler are nothing to a decoder: ITU-T H.265 table 7-1. */
export const H265_FORMAT: H26xFormat = {
	codec: "h265",
	headerBytes: NAL_HEADER_BYTES,
	typeShift: 1,
	typeMask: NAL_TYPE_MASK,
	fragmentationType: H265_NAL_TYPE.fu,
	roles: roleTable(NAL_TYPE_MASK, {
		[H265_NAL_TYPE.trailN]: "slice",
		[H265_NAL_TYPE.trailR]: "slice",
		[H265_NAL_TYPE.tsaN]: "slice",
		[H265_NAL_TYPE.tsaR]: "slice",
		[H265_NAL_TYPE.stsaN]: "slice",
		[H265_NAL_TYPE.stsaR]: "slice",
		[H265_NAL_TYPE.radlN]: "slice",
		[H265_NAL_TYPE.radlR]: "slice",
		[H265_NAL_TYPE.raslN]: "rasl",
		[H265_NAL_TYPE.raslR]: "rasl",
		// Like IDR pictures, BLA pictures leave nothing before them to refer to.
		[H265_NAL_TYPE.blaWLp]: "idr",
		[H265_NAL_TYPE.blaWRadl]: "idr",
		[H265_NAL_TYPE.blaNLp]: "idr",
		[H265_NAL_TYPE.idrWRadl]: "idr",
		[H265_NAL_TYPE.idrNLp]: "idr",
		[H265_NAL_TYPE.cra]: "cra",
		[H265_NAL_TYPE.vps]: "parameter-set",
		[H265_NAL_TYPE.sps]: "parameter-set",
		[H265_NAL_TYPE.pps]: "parameter-set",
		[H265_NAL_TYPE.endOfSequence]: "end",
		[H265_NAL_TYPE.endOfBitstream]: "end",
		[H265_NAL_TYPE.prefixSei]: "prefix",
		[H265_NAL_TYPE.suffixSei]: "suffix",
		[H265_NAL_TYPE.ap]: "aggregation",
		[H265_NAL_TYPE.fu]: "fragmentation",
		[H265_NAL_TYPE.paci]: "unsupported",
	}),
};

/** The type of a NAL unit; 0, which is TRAIL_N, for an empty one. */
export function h265NalTypeOf(nal: Uint8Array): number {
	return ((nal[0] ?? 0) >> 1) & NAL_TYPE_MASK;
}

/** True for the types, reserved ones aside, that carry a part of the picture: ITU-T H.265 table 7-1 (VCL). */
export function isH265VclNalType(nalType: number): boolean {
	return isVclRole(H265_FORMAT.roles[nalType] ?? "ignored");
}

/** True for IRAP pictures, at which decoding can start: IDR, BLA and CRA (ITU-T H.265 section 3.70). */
export function isIrapNalType(nalType: number): boolean {
	return nalType >= H265_NAL_TYPE.blaWLp && nalType <= H265_NAL_TYPE.cra;
}

/**
 * True when the NAL unit starts a picture: first_slice_segment_in_pic_flag (ITU-T H.265 section 7.3.6.1). Needs the
 * first three bytes of the NAL unit only.
 */
export function isFirstH265Slice(nal: Uint8Array): boolean {
	return isH265VclNalType(h265NalTypeOf(nal)) && ((nal[NAL_HEADER_BYTES] ?? 0) & 0x80) !== 0;
}

/**
 * The valid parameter sets in `sprop-vps`, `sprop-sps` and `sprop-pps`, in this order: RFC 7798 section 7.1. They are a
 * hint: cameras give some of them only, mix them up, quote them, add start codes or put rubbish there. What does not
 * parse is left out, so an empty list means that the parameter sets come in band.
 * @param formatParameters of the track's session description, names in lower case.
 */
export function parseH265SpropParameterSets(formatParameters: ReadonlyMap<string, string>): Uint8Array[] {
	const found: Uint8Array[] = [];
	for (const name of ["sprop-vps", "sprop-sps", "sprop-pps"]) {
		for (const part of (formatParameters.get(name) ?? "").replaceAll(/["'\s]/g, "").split(",")) {
			found.push(...splitAnnexB(decodeBase64(part) ?? new Uint8Array(0)).filter(isParameterSet));
		}
	}
	return found.sort((a, b) => h265NalTypeOf(a) - h265NalTypeOf(b));
}

function isParameterSet(nal: Uint8Array): boolean {
	switch (h265NalTypeOf(nal)) {
		case H265_NAL_TYPE.vps:
			return isVps(nal);
		case H265_NAL_TYPE.sps:
			return parseH265Sps(nal) !== undefined;
		case H265_NAL_TYPE.pps:
			return isPps(nal);
		default:
			return false;
	}
}

/** ITU-T H.265 section 7.3.2.1. */
function isVps(nal: Uint8Array): boolean {
	const reader = new BitReader(nal, NAL_HEADER_BYTES);
	reader.bits(12); // vps_video_parameter_set_id ... vps_max_layers_minus1
	const subLayersMinus1 = reader.bits(3);
	reader.flag(); // vps_temporal_id_nesting_flag
	return reader.bits(16) === VPS_RESERVED && subLayersMinus1 <= MAX_SUB_LAYERS_MINUS_1 && !reader.failed;
}

/** ITU-T H.265 section 7.3.2.3.1. */
function isPps(nal: Uint8Array): boolean {
	const reader = new BitReader(nal, NAL_HEADER_BYTES);
	const withinRange = reader.unsigned() <= MAX_PPS_ID && reader.unsigned() <= MAX_SPS_ID;
	return withinRange && !reader.failed;
}
