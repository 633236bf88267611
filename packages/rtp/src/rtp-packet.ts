/** The RTP fixed header: RFC 3550 section 5.1. @module */

/** The fields of the 12-byte RTP header that a sender chooses: RFC 3550 section 5.1. */
export interface RtpHeader {
	/** 0 to 127. */
	readonly payloadType: number;
	/** For video: the last packet of an access unit, when the sender tells the truth. */
	readonly marker: boolean;
	/** 16 bits. */
	readonly sequenceNumber: number;
	/** 32 bits, unsigned, in units of the payload format's clock. */
	readonly timestamp: number;
	/** 32 bits, unsigned. */
	readonly ssrc: number;
}

/** One RTP packet. */
export interface RtpPacket extends RtpHeader {
	/**
	 * The payload without CSRCs, header extension and padding; empty for a padding-only packet.
	 * It is a view of the parsed bytes: valid as long as their owner does not overwrite them.
	 */
	readonly payload: Uint8Array;
}

/** Why bytes are no RTP packet. */
export type RtpParseError = "too-short" | "bad-version" | "bad-extension" | "bad-padding";

/** What {@link parseRtpPacket} gives: malformed packets are a normal event and so a value. */
export type RtpParseResult =
	| { readonly ok: true; readonly packet: RtpPacket }
	| { readonly ok: false; readonly code: RtpParseError };

/** Bytes of the RTP header without CSRCs and header extension: RFC 3550 section 5.1. */
export const RTP_HEADER_BYTES = 12;

const VERSION = 2;
const PADDING_BIT = 0x20;
const EXTENSION_BIT = 0x10;
const CSRC_COUNT_MASK = 0x0f;
const MARKER_BIT = 0x80;
const PAYLOAD_TYPE_MASK = 0x7f;
/** Bytes of the profile field and the length field that open a header extension: RFC 3550 section 5.3.1. */
const EXTENSION_HEADER_BYTES = 4;
/** RTCP packet types as RFC 5761 section 4 sets them apart from RTP. */
const RTCP_FIRST_PACKET_TYPE = 192;
const RTCP_LAST_PACKET_TYPE = 223;
/** The smallest RTCP packet: a header, as an empty BYE has it. */
const RTCP_MIN_BYTES = 4;

const TOO_SHORT: RtpParseResult = { ok: false, code: "too-short" };
const BAD_VERSION: RtpParseResult = { ok: false, code: "bad-version" };
const BAD_EXTENSION: RtpParseResult = { ok: false, code: "bad-extension" };
const BAD_PADDING: RtpParseResult = { ok: false, code: "bad-padding" };

/**
 * Parses one RTP packet: RFC 3550 section 5.1. Never throws and never copies: the packet's payload is a view of
 * `bytes`. A packet that holds nothing but padding is good and has an empty payload.
 */
export function parseRtpPacket(bytes: Uint8Array): RtpParseResult {
	if (bytes.length < RTP_HEADER_BYTES) return TOO_SHORT;
	const first = byteAt(bytes, 0);
	if (first >> 6 !== VERSION) return BAD_VERSION;
	let start = RTP_HEADER_BYTES + 4 * (first & CSRC_COUNT_MASK);
	if (start > bytes.length) return TOO_SHORT;
	if ((first & EXTENSION_BIT) !== 0) {
		if (start + EXTENSION_HEADER_BYTES > bytes.length) return BAD_EXTENSION;
		// RFC 3550 section 5.3.1: the length counts 32-bit words and not the extension's own header.
		start += EXTENSION_HEADER_BYTES + 4 * readUint16(bytes, start + 2);
		if (start > bytes.length) return BAD_EXTENSION;
	}
	let end = bytes.length;
	if ((first & PADDING_BIT) !== 0) {
		// RFC 3550 section 5.1: the last byte counts the padding bytes, itself included.
		const paddingBytes = start < end ? byteAt(bytes, end - 1) : 0;
		if (paddingBytes === 0 || paddingBytes > end - start) return BAD_PADDING;
		end -= paddingBytes;
	}
	const second = byteAt(bytes, 1);
	return {
		ok: true,
		packet: {
			payloadType: second & PAYLOAD_TYPE_MASK,
			marker: (second & MARKER_BIT) !== 0,
			sequenceNumber: readUint16(bytes, 2),
			timestamp: readUint32(bytes, 4),
			ssrc: readUint32(bytes, 8),
			payload: bytes.subarray(start, end),
		},
	};
}

/**
 * Writes the 12-byte header into the start of `target`, which must hold at least {@link RTP_HEADER_BYTES}. Allocates
 * nothing, so that a sender can keep one scratch buffer and one fields object. Values are cut to their field's width.
 */
export function writeRtpHeader(target: Uint8Array, fields: RtpHeader): void {
	target[0] = VERSION << 6;
	target[1] = (fields.marker ? MARKER_BIT : 0) | (fields.payloadType & PAYLOAD_TYPE_MASK);
	target[2] = fields.sequenceNumber >>> 8;
	target[3] = fields.sequenceNumber;
	target[4] = fields.timestamp >>> 24;
	target[5] = fields.timestamp >>> 16;
	target[6] = fields.timestamp >>> 8;
	target[7] = fields.timestamp;
	target[8] = fields.ssrc >>> 24;
	target[9] = fields.ssrc >>> 16;
	target[10] = fields.ssrc >>> 8;
	target[11] = fields.ssrc;
}

/**
 * True when the bytes are RTCP and not RTP: RFC 5761 section 4. Some servers mix up the two interleaved channels, so
 * the packet type decides and not the channel.
 */
export function isRtcp(bytes: Uint8Array): boolean {
	if (bytes.length < RTCP_MIN_BYTES || byteAt(bytes, 0) >> 6 !== VERSION) return false;
	const packetType = byteAt(bytes, 1);
	return packetType >= RTCP_FIRST_PACKET_TYPE && packetType <= RTCP_LAST_PACKET_TYPE;
}

function byteAt(bytes: Uint8Array, at: number): number {
	return bytes[at] ?? 0;
}

function readUint16(bytes: Uint8Array, at: number): number {
	return (byteAt(bytes, at) << 8) | byteAt(bytes, at + 1);
}

function readUint32(bytes: Uint8Array, at: number): number {
	return ((readUint16(bytes, at) << 16) | readUint16(bytes, at + 2)) >>> 0;
}
