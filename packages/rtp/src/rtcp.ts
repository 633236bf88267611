/**
 * RTCP packets and their lenient parser: RFC 3550 section 6, RFC 4585 section 6 (NACK, PLI), RFC 5104 section 4.3.1
 * (FIR), draft-alvestrand-rmcat-remb (REMB). @module
 */

/** What a receiver says about one source: RFC 3550 section 6.4.1. */
export interface ReportBlock {
	/** The source that the block is about. */
	readonly ssrc: number;
	/** Packets lost since the last report, in 1/256. */
	readonly fractionLost: number;
	/** Packets lost since the start; negative where duplicates outweigh losses. 24 bits, signed. */
	readonly cumulativeLost: number;
	/** Sequence number with the count of its wrap-arounds in the upper 16 bits. */
	readonly extendedHighestSequenceNumber: number;
	/** Interarrival jitter in RTP timestamp units. */
	readonly jitter: number;
	/** Middle 32 bits of the NTP time of the last sender report, 0 when there was none. */
	readonly lastSenderReport: number;
	/** Time since that report arrived, in 1/65536 s. */
	readonly delaySinceLastSenderReport: number;
}

/** SR: RFC 3550 section 6.4.1. */
export interface RtcpSenderReport {
	readonly type: "senderReport";
	readonly ssrc: number;
	/** The wall clock at the time of sending; zero in both fields means that the sender has none. */
	readonly ntp: NtpTimestamp;
	/** The same instant in units of the RTP clock. */
	readonly rtpTimestamp: number;
	readonly packetCount: number;
	/** Payload bytes sent so far, modulo 2^32. */
	readonly octetCount: number;
	readonly reports: readonly ReportBlock[];
}

/** RR: RFC 3550 section 6.4.2. */
export interface RtcpReceiverReport {
	readonly type: "receiverReport";
	readonly ssrc: number;
	readonly reports: readonly ReportBlock[];
}

/** SDES, of which only the canonical name is kept: RFC 3550 section 6.5. */
export interface RtcpSdes {
	readonly type: "sdes";
	/** One character per byte: canonical names are ASCII in practice. */
	readonly chunks: readonly { readonly ssrc: number; readonly cname: string }[];
}

/** BYE: RFC 3550 section 6.6. The reason is not kept. */
export interface RtcpBye {
	readonly type: "bye";
	readonly ssrcs: readonly number[];
}

/** Generic NACK: RFC 4585 section 6.2.1. */
export interface RtcpNack {
	readonly type: "nack";
	readonly senderSsrc: number;
	readonly mediaSsrc: number;
	/** The missing packets, at most 17 for every 4 bytes of the packet. */
	readonly sequenceNumbers: readonly number[];
}

/** Picture loss indication: RFC 4585 section 6.3.1. */
export interface RtcpPli {
	readonly type: "pli";
	readonly senderSsrc: number;
	readonly mediaSsrc: number;
}

/** Full intra request: RFC 5104 section 4.3.1. */
export interface RtcpFir {
	readonly type: "fir";
	readonly senderSsrc: number;
	readonly requests: readonly { readonly ssrc: number; readonly sequenceNumber: number }[];
}

/** Receiver estimated maximum bitrate: draft-alvestrand-rmcat-remb-03 section 2.2. */
export interface RtcpRemb {
	readonly type: "remb";
	readonly senderSsrc: number;
	readonly bitrateBps: number;
	readonly ssrcs: readonly number[];
}

/** The RTCP packets that the parser knows. */
export type RtcpPacket =
	| RtcpSenderReport
	| RtcpReceiverReport
	| RtcpSdes
	| RtcpBye
	| RtcpNack
	| RtcpPli
	| RtcpFir
	| RtcpRemb;

/** What {@link parseRtcp} gives. */
export interface ParsedRtcp {
	/** The known packets before the first broken part, in their order. */
	readonly packets: readonly RtcpPacket[];
	/** Something was broken; what stands before it is in `packets`. */
	readonly malformed: boolean;
}

/** An NTP timestamp: RFC 3550 section 4. */
export interface NtpTimestamp {
	/** Seconds since 1900, modulo 2^32. */
	readonly seconds: number;
	/** 1/2^32 s. */
	readonly fraction: number;
}

/** Packet types: RFC 3550 section 12.1, RFC 4585 section 6.1. */
export const RTCP_TYPE = {
	senderReport: 200,
	receiverReport: 201,
	sdes: 202,
	bye: 203,
	transportFeedback: 205,
	payloadFeedback: 206,
} as const;

/** Feedback message types: RFC 4585 sections 6.2 and 6.3, RFC 5104 section 4.3. */
export const RTCP_FEEDBACK = { nack: 1, pli: 1, fir: 4, applicationLayer: 15 } as const;

/** SDES item type of the canonical name: RFC 3550 section 6.5.1. */
export const SDES_CNAME = 1;
/** Bytes of one report block: RFC 3550 section 6.4.1. */
export const REPORT_BLOCK_BYTES = 24;

const HEADER_BYTES = 4;
const SENDER_INFO_BYTES = 20;
const REMB_IDENTIFIER = 0x52454d42;
/** Seconds from 1900 to 1970: RFC 868. */
const UNIX_EPOCH_NTP_SECONDS = 2_208_988_800;
const TWO_32 = 2 ** 32;

/**
 * Parses a compound RTCP packet: RFC 3550 section 6.1. Never throws, skips unknown packets and stops at the first
 * broken part, because cameras send broken RTCP beside good video. Nothing in the result refers to `bytes`.
 */
export function parseRtcp(bytes: Uint8Array): ParsedRtcp {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	const packets: RtcpPacket[] = [];
	let at = 0;
	while (at < bytes.length) {
		if (at + HEADER_BYTES > bytes.length) return { packets, malformed: true };
		const first = view.getUint8(at);
		const size = HEADER_BYTES + 4 * view.getUint16(at + 2);
		if (first >> 6 !== 2 || at + size > bytes.length) return { packets, malformed: true };
		let end = at + size;
		if ((first & 0x20) !== 0) {
			const paddingBytes = view.getUint8(end - 1);
			if (paddingBytes === 0 || paddingBytes > size - HEADER_BYTES) return { packets, malformed: true };
			end -= paddingBytes;
		}
		const body = new DataView(view.buffer, view.byteOffset + at + HEADER_BYTES, end - at - HEADER_BYTES);
		if (!parseBody(view.getUint8(at + 1), first & 0x1f, body, packets)) return { packets, malformed: true };
		at += size;
	}
	return { packets, malformed: false };
}

/** The NTP timestamp of a wall clock time in milliseconds since 1970: RFC 3550 section 4. */
export function ntpFromUnixMs(unixMs: number): NtpTimestamp {
	const wholeSeconds = Math.floor(unixMs / 1000);
	const fraction = Math.floor(((unixMs - wholeSeconds * 1000) / 1000) * TWO_32);
	return { seconds: (wholeSeconds + UNIX_EPOCH_NTP_SECONDS) % TWO_32, fraction };
}

/**
 * Milliseconds since 1970 of an NTP timestamp, or undefined for zero, with which a sender says that it has no wall
 * clock. Seconds below 2^31 belong to the era that starts in 2036: RFC 4330 section 3.
 */
export function unixMsFromNtp(ntp: NtpTimestamp): number | undefined {
	if (ntp.seconds === 0 && ntp.fraction === 0) return undefined;
	const eraSeconds = ntp.seconds < 2 ** 31 ? TWO_32 : 0;
	return (ntp.seconds + eraSeconds - UNIX_EPOCH_NTP_SECONDS) * 1000 + (ntp.fraction * 1000) / TWO_32;
}

/** The middle 32 bits of an NTP timestamp, as report blocks carry it: RFC 3550 section 4. */
export function compactNtp(ntp: NtpTimestamp): number {
	return ((ntp.seconds << 16) | (ntp.fraction >>> 16)) >>> 0;
}

/** Adds the packet if its type is known. Returns false when it is broken. */
function parseBody(packetType: number, count: number, body: DataView, packets: RtcpPacket[]): boolean {
	switch (packetType) {
		case RTCP_TYPE.senderReport:
			return parseSenderReport(count, body, packets);
		case RTCP_TYPE.receiverReport:
			return parseReceiverReport(count, body, packets);
		case RTCP_TYPE.sdes:
			return parseSdes(count, body, packets);
		case RTCP_TYPE.bye:
			return parseBye(count, body, packets);
		case RTCP_TYPE.transportFeedback:
			return count !== RTCP_FEEDBACK.nack || parseNack(body, packets);
		case RTCP_TYPE.payloadFeedback:
			return parsePayloadFeedback(count, body, packets);
		default:
			return true;
	}
}

function parseSenderReport(count: number, body: DataView, packets: RtcpPacket[]): boolean {
	if (body.byteLength < 4 + SENDER_INFO_BYTES) return false;
	const reports = parseReportBlocks(count, body, 4 + SENDER_INFO_BYTES);
	packets.push({
		type: "senderReport",
		ssrc: body.getUint32(0),
		ntp: { seconds: body.getUint32(4), fraction: body.getUint32(8) },
		rtpTimestamp: body.getUint32(12),
		packetCount: body.getUint32(16),
		octetCount: body.getUint32(20),
		reports,
	});
	return reports.length === count;
}

function parseReceiverReport(count: number, body: DataView, packets: RtcpPacket[]): boolean {
	if (body.byteLength < 4) return false;
	const reports = parseReportBlocks(count, body, 4);
	packets.push({ type: "receiverReport", ssrc: body.getUint32(0), reports });
	return reports.length === count;
}

/** The report blocks that are there: fewer than `count` when the packet is cut off. */
function parseReportBlocks(count: number, body: DataView, start: number): ReportBlock[] {
	const reports: ReportBlock[] = [];
	for (let i = 0; i < count; i++) {
		const at = start + i * REPORT_BLOCK_BYTES;
		if (at + REPORT_BLOCK_BYTES > body.byteLength) break;
		reports.push({
			ssrc: body.getUint32(at),
			fractionLost: body.getUint8(at + 4),
			// 24 bits, signed: the fraction's byte is shifted out and the sign shifted back in.
			cumulativeLost: (body.getInt32(at + 4) << 8) >> 8,
			extendedHighestSequenceNumber: body.getUint32(at + 8),
			jitter: body.getUint32(at + 12),
			lastSenderReport: body.getUint32(at + 16),
			delaySinceLastSenderReport: body.getUint32(at + 20),
		});
	}
	return reports;
}

/** Accepts a chunk whose end byte is missing, as the Hanwha QNV-8080R sends it (mediamtx#5355). */
function parseSdes(count: number, body: DataView, packets: RtcpPacket[]): boolean {
	const chunks: { ssrc: number; cname: string }[] = [];
	let complete = true;
	let at = 0;
	for (let i = 0; i < count && complete; i++) {
		if (at + 4 > body.byteLength) {
			complete = false;
			break;
		}
		const ssrc = body.getUint32(at);
		at += 4;
		while (at < body.byteLength && body.getUint8(at) !== 0) {
			const size = at + 1 < body.byteLength ? body.getUint8(at + 1) : 0;
			if (at + 2 + size > body.byteLength) {
				complete = false;
				break;
			}
			if (body.getUint8(at) === SDES_CNAME) chunks.push({ ssrc, cname: readText(body, at + 2, size) });
			at += 2 + size;
		}
		// RFC 3550 section 6.5: at least one zero byte, then zeros to the next 32-bit boundary.
		at = (at + 4) & ~3;
	}
	packets.push({ type: "sdes", chunks });
	return complete;
}

function parseBye(count: number, body: DataView, packets: RtcpPacket[]): boolean {
	const ssrcs = readSsrcs(body, 0, count);
	packets.push({ type: "bye", ssrcs });
	return ssrcs.length === count;
}

function parseNack(body: DataView, packets: RtcpPacket[]): boolean {
	if (body.byteLength < 8) return false;
	const sequenceNumbers: number[] = [];
	for (let at = 8; at + 4 <= body.byteLength; at += 4) {
		const first = body.getUint16(at);
		const bitmask = body.getUint16(at + 2);
		sequenceNumbers.push(first);
		for (let bit = 0; bit < 16; bit++) {
			if ((bitmask & (1 << bit)) !== 0) sequenceNumbers.push((first + bit + 1) & 0xffff);
		}
	}
	packets.push({ type: "nack", senderSsrc: body.getUint32(0), mediaSsrc: body.getUint32(4), sequenceNumbers });
	return true;
}

function parsePayloadFeedback(format: number, body: DataView, packets: RtcpPacket[]): boolean {
	if (body.byteLength < 8) return false;
	const senderSsrc = body.getUint32(0);
	if (format === RTCP_FEEDBACK.pli) packets.push({ type: "pli", senderSsrc, mediaSsrc: body.getUint32(4) });
	if (format === RTCP_FEEDBACK.fir) {
		const requests: { ssrc: number; sequenceNumber: number }[] = [];
		for (let at = 8; at + 8 <= body.byteLength; at += 8) {
			requests.push({ ssrc: body.getUint32(at), sequenceNumber: body.getUint8(at + 4) });
		}
		packets.push({ type: "fir", senderSsrc, requests });
	}
	if (format !== RTCP_FEEDBACK.applicationLayer) return true;
	if (body.byteLength < 16 || body.getUint32(8) !== REMB_IDENTIFIER) return true;
	const count = body.getUint8(12);
	const ssrcs = readSsrcs(body, 16, count);
	const exponent = body.getUint8(13) >> 2;
	const mantissa = body.getUint32(12) & 0x3ffff;
	packets.push({ type: "remb", senderSsrc, bitrateBps: mantissa * 2 ** exponent, ssrcs });
	return ssrcs.length === count;
}

function readSsrcs(body: DataView, start: number, count: number): number[] {
	const ssrcs: number[] = [];
	for (let at = start; ssrcs.length < count && at + 4 <= body.byteLength; at += 4) ssrcs.push(body.getUint32(at));
	return ssrcs;
}

function readText(body: DataView, start: number, size: number): string {
	let text = "";
	for (let i = 0; i < size; i++) text += String.fromCharCode(body.getUint8(start + i));
	return text;
}
