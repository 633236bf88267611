/** What sets the RTP payload formats of H.264 and H.265 apart, as data: RFC 6184, RFC 7798. @module */

/**
 * What the type of a NAL unit, or of a payload, means to packets and access units.
 * - `slice`: a part of a picture. The first bit behind the header tells whether it is the picture's first.
 * - `idr`: a slice of a picture at which decoding starts afresh.
 * - `cra`: a slice of a picture at which decoding can start, behind which `rasl` pictures may follow.
 * - `rasl`: a slice of a picture that refers to pictures before the `cra` picture it follows.
 * - `partition`: a part of a picture that is never its first.
 * - `parameter-set`: needed by pictures for long after.
 * - `prefix`: anything else that stands before the picture it belongs to.
 * - `suffix`: anything else that stands behind the picture it belongs to.
 * - `end`: the end of a sequence, which is a header without a body.
 * - `aggregation`, `fragmentation`, `unsupported`: structures of payloads.
 * - `ignored`: nothing to a decoder of the base layer.
 */
export type NalRole =
	| "slice"
	| "idr"
	| "cra"
	| "rasl"
	| "partition"
	| "parameter-set"
	| "prefix"
	| "suffix"
	| "end"
	| "aggregation"
	| "fragmentation"
	| "unsupported"
	| "ignored";

/** One of the two payload formats. */
export interface H26xFormat {
	readonly codec: "h264" | "h265";
	/** Bytes of a NAL unit's header and of the payload header, which has the same form. */
	readonly headerBytes: number;
	/** Where the type stands in the first byte of a header. */
	readonly typeShift: number;
	/** The bits of the type, in a header after the shift and in an FU header as they are. */
	readonly typeMask: number;
	/** The role of each type. */
	readonly roles: readonly NalRole[];
	/** The payload type of FU-A, or of FU. */
	readonly fragmentationType: number;
}

/** Bytes of the size before each NAL unit of an aggregation: RFC 6184 section 5.7.1, RFC 7798 section 4.4.2. */
export const AGGREGATE_SIZE_BYTES = 2;
/** Bytes of the FU header behind the payload header: RFC 6184 section 5.8, RFC 7798 section 4.4.3. */
export const FU_HEADER_BYTES = 1;
export const FU_START_BIT = 0x80;
export const FU_END_BIT = 0x40;

/** The role of a NAL unit or payload by its header; `ignored` for an empty one. */
export function roleOf(format: H26xFormat, nal: Uint8Array): NalRole {
	const first = nal[0];
	if (first === undefined) return "ignored";
	return format.roles[(first >> format.typeShift) & format.typeMask] ?? "ignored";
}

/** True when the role is that of a part of a picture: a VCL NAL unit. */
export function isVclRole(role: NalRole): boolean {
	return role === "slice" || role === "idr" || role === "cra" || role === "rasl" || role === "partition";
}

/** Makes the table of roles: `types` gives those that are not `ignored`. */
export function roleTable(typeMask: number, types: Readonly<Record<number, NalRole>>): NalRole[] {
	return Array.from({ length: typeMask + 1 }, (_, type) => types[type] ?? "ignored");
}
