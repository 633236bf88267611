/** RTCP writers: RFC 3550 section 6, RFC 4585 section 6.3.1. Every writer gives a buffer of its own. @module */
import {
	REPORT_BLOCK_BYTES,
	type ReportBlock,
	RTCP_FEEDBACK,
	RTCP_TYPE,
	type RtcpReceiverReport,
	type RtcpSenderReport,
	SDES_CNAME,
} from "./rtcp.ts";

/** The count field of the RTCP header has five bits: RFC 3550 section 6.4.1. */
const MAX_COUNT = 31;
/** The length of an SDES item has eight bits: RFC 3550 section 6.5. */
const MAX_CNAME_BYTES = 255;
const HEADER_BYTES = 4;

/** Writes an SR: RFC 3550 section 6.4.1. Throws RangeError for more than 31 report blocks. */
export function writeSenderReport(report: Omit<RtcpSenderReport, "type">): Uint8Array {
	const bytes = packet(RTCP_TYPE.senderReport, report.reports.length, 24 + report.reports.length * REPORT_BLOCK_BYTES);
	const view = new DataView(bytes.buffer);
	view.setUint32(4, report.ssrc);
	view.setUint32(8, report.ntp.seconds);
	view.setUint32(12, report.ntp.fraction);
	view.setUint32(16, report.rtpTimestamp);
	view.setUint32(20, report.packetCount);
	view.setUint32(24, report.octetCount);
	writeReportBlocks(view, 28, report.reports);
	return bytes;
}

/** Writes an RR: RFC 3550 section 6.4.2. Throws RangeError for more than 31 report blocks. */
export function writeReceiverReport(report: Omit<RtcpReceiverReport, "type">): Uint8Array {
	const bytes = packet(RTCP_TYPE.receiverReport, report.reports.length, 4 + report.reports.length * REPORT_BLOCK_BYTES);
	const view = new DataView(bytes.buffer);
	view.setUint32(4, report.ssrc);
	writeReportBlocks(view, 8, report.reports);
	return bytes;
}

/**
 * Writes an SDES with one canonical name: RFC 3550 section 6.5.1. Throws RangeError when the name has more than 255
 * characters or characters above U+00FF.
 */
export function writeSdes(ssrc: number, cname: string): Uint8Array {
	if (cname.length > MAX_CNAME_BYTES) throw new RangeError(`CNAME has ${cname.length} characters, at most 255 fit`);
	// The item is followed by at least one zero byte and by zeros to the next 32-bit boundary.
	const bytes = packet(RTCP_TYPE.sdes, 1, 4 + ((2 + cname.length + 4) & ~3));
	new DataView(bytes.buffer).setUint32(4, ssrc);
	bytes[8] = SDES_CNAME;
	bytes[9] = cname.length;
	for (let i = 0; i < cname.length; i++) {
		const code = cname.charCodeAt(i);
		if (code > 0xff) throw new RangeError("CNAME must hold characters up to U+00FF only");
		bytes[10 + i] = code;
	}
	return bytes;
}

/** Writes a BYE: RFC 3550 section 6.6. Throws RangeError for more than 31 sources. */
export function writeBye(ssrcs: readonly number[]): Uint8Array {
	const bytes = packet(RTCP_TYPE.bye, ssrcs.length, 4 * ssrcs.length);
	const view = new DataView(bytes.buffer);
	for (const [i, ssrc] of ssrcs.entries()) view.setUint32(HEADER_BYTES + 4 * i, ssrc);
	return bytes;
}

/** Writes a picture loss indication: RFC 4585 section 6.3.1. */
export function writePli(senderSsrc: number, mediaSsrc: number): Uint8Array {
	const bytes = packet(RTCP_TYPE.payloadFeedback, RTCP_FEEDBACK.pli, 8);
	const view = new DataView(bytes.buffer);
	view.setUint32(4, senderSsrc);
	view.setUint32(8, mediaSsrc);
	return bytes;
}

/** Joins RTCP packets into one compound packet, which must start with an SR or RR: RFC 3550 section 6.1. */
export function writeCompound(packets: readonly Uint8Array[]): Uint8Array {
	const compound = new Uint8Array(packets.reduce((sum, part) => sum + part.length, 0));
	let at = 0;
	for (const part of packets) {
		compound.set(part, at);
		at += part.length;
	}
	return compound;
}

/** A zeroed packet with its header written; `bodyBytes` is a multiple of four. */
function packet(packetType: number, count: number, bodyBytes: number): Uint8Array<ArrayBuffer> {
	if (count > MAX_COUNT) throw new RangeError(`An RTCP packet holds at most ${MAX_COUNT} entries, not ${count}`);
	const bytes = new Uint8Array(HEADER_BYTES + bodyBytes);
	bytes[0] = 0x80 | count;
	bytes[1] = packetType;
	// RFC 3550 section 6.4.1: the length in 32-bit words minus one.
	new DataView(bytes.buffer).setUint16(2, bodyBytes / 4);
	return bytes;
}

function writeReportBlocks(view: DataView, start: number, reports: readonly ReportBlock[]): void {
	for (const [i, report] of reports.entries()) {
		const at = start + i * REPORT_BLOCK_BYTES;
		view.setUint32(at, report.ssrc);
		view.setInt32(at + 4, (report.fractionLost << 24) | (report.cumulativeLost & 0xffffff));
		view.setUint32(at + 8, report.extendedHighestSequenceNumber);
		view.setUint32(at + 12, report.jitter);
		view.setUint32(at + 16, report.lastSenderReport);
		view.setUint32(at + 20, report.delaySinceLastSenderReport);
	}
}
