/** What depacketizers give and packetizers take: pictures and audio frames. @module */

/** One picture of an H.264 or H.265 stream as NAL units: RFC 6184 and RFC 7798, section 3.1 (access unit). */
export interface AccessUnit {
	readonly codec: "h264" | "h265";
	/**
	 * The NAL units in decoding order, without start codes; no access unit delimiter and no filler data.
	 * They are the access unit's own bytes: nobody overwrites them later, nobody may write into them.
	 */
	readonly nalUnits: readonly Uint8Array[];
	/** The sender's RTP timestamp, 32 bits, 90 kHz. */
	readonly rtpTimestamp: number;
	/** Decoding can start here, given the parameter sets: an IDR picture, of H.265 any IRAP picture. */
	readonly randomAccess: boolean;
	/** Sum of the NAL units' lengths. */
	readonly sizeBytes: number;
}

/** One picture of a stream that is not made of NAL units: motion JPEG (RFC 2435), MPEG-4 Visual (RFC 6416). */
export interface CodedPicture {
	readonly codec: "jpeg" | "mpeg4";
	/**
	 * jpeg: a whole JPEG file, from SOI to EOI, with its tables. mpeg4: one VOP with its start codes, and the
	 * configuration (VOS, VO, VOL) in front of every I-VOP. Its own bytes.
	 */
	readonly data: Uint8Array;
	/** The sender's RTP timestamp, 32 bits, 90 kHz. */
	readonly rtpTimestamp: number;
	/** Decoding can start here: every JPEG, an I-VOP. */
	readonly randomAccess: boolean;
	/** Length of the data. */
	readonly sizeBytes: number;
}

export type AudioCodec = "aac" | "pcmu" | "pcma" | "g726" | "l16" | "opus";

/** What one packet or access unit of an audio stream decodes to, still coded. */
export interface AudioFrame {
	readonly codec: AudioCodec;
	/**
	 * aac: one raw access unit without ADTS header. pcmu, pcma, opus: the packet's payload. g726: code words in the bit
	 * order of RFC 3551 section 4.5.4. l16: big-endian samples, interleaved by channel. Its own bytes.
	 */
	readonly data: Uint8Array;
	/** The sender's RTP timestamp of its first sample, 32 bits, in units of the track's clock. */
	readonly rtpTimestamp: number;
}

export type VideoUnit = AccessUnit | CodedPicture;
export type VideoCodec = VideoUnit["codec"];
export type MediaUnit = VideoUnit | AudioFrame;
