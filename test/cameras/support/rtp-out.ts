/** RTP packets as a camera builds them, right or wrong. @module */
import { RTP_HEADER_BYTES, writeRtpHeader } from "@vigia/rtp";

/** A packet that a scenario may change before it is sent. */
export interface RtpOut {
	readonly payloadType: number;
	readonly marker: boolean;
	readonly sequenceNumber: number;
	readonly timestamp: number;
	readonly ssrc: number;
	readonly payload: Uint8Array;
	readonly csrcs?: readonly number[];
	/** Profile and contents, whole words: RFC 3550 section 5.3.1. */
	readonly extension?: { readonly profile: number; readonly words: readonly number[] };
	/** The last padding byte says so many; so many are there. */
	readonly padding?: number;
	/** These bytes instead, whatever they are. */
	readonly raw?: Uint8Array;
	/** On the track's RTCP channel. */
	readonly onRtcpChannel?: boolean;
}

export function encodeRtp(packet: RtpOut): Uint8Array {
	if (packet.raw) return packet.raw;
	const csrcs = packet.csrcs ?? [];
	const { extension, padding = 0 } = packet;
	const head = Buffer.alloc(RTP_HEADER_BYTES + 4 * csrcs.length);
	writeRtpHeader(head, packet);
	head[0] = 0x80 | (padding > 0 ? 0x20 : 0) | (extension ? 0x10 : 0) | csrcs.length;
	for (const [index, csrc] of csrcs.entries()) head.writeUInt32BE(csrc, RTP_HEADER_BYTES + 4 * index);
	const parts: Uint8Array[] = [head];
	if (extension) {
		const bytes = Buffer.alloc(4 + 4 * extension.words.length);
		bytes.writeUInt16BE(extension.profile, 0);
		bytes.writeUInt16BE(extension.words.length, 2);
		for (const [index, word] of extension.words.entries()) bytes.writeUInt32BE(word, 4 + 4 * index);
		parts.push(bytes);
	}
	parts.push(packet.payload);
	if (padding > 0) parts.push(Buffer.alloc(padding, 0).fill(padding, padding - 1));
	return Buffer.concat(parts);
}
