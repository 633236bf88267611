/** What every depacketizer gives and every packetizer takes. @module */

/** One picture of a video stream as NAL units: RFC 6184 section 3.1 (access unit). */
export interface AccessUnit {
	readonly codec: "h264";
	/**
	 * The NAL units in decoding order, without start codes; no access unit delimiter and no filler data.
	 * They are the access unit's own bytes: nobody overwrites them later, nobody may write into them.
	 */
	readonly nalUnits: readonly Uint8Array[];
	/** The sender's RTP timestamp, 32 bits, 90 kHz. */
	readonly rtpTimestamp: number;
	/** Holds an IDR picture: decoding can start here, given the parameter sets. */
	readonly randomAccess: boolean;
	/** Sum of the NAL units' lengths. */
	readonly sizeBytes: number;
}
