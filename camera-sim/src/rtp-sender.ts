/** The RTP and RTCP of one session: numbers the packets of the pictures and the sound it is given. RFC 3550. @module */
import {
	ntpFromUnixMs,
	RTP_HEADER_BYTES,
	writeCompound,
	writeRtpHeader,
	writeSdes,
	writeSenderReport,
} from "@vigia/rtp";

/** `$`, channel, two bytes of length: RFC 2326 section 10.12. */
export const INTERLEAVED_HEADER_BYTES = 4;
const DOLLAR = 0x24;

/** RTP payloads that go together: a picture, a block of sound. */
export interface Packets {
	readonly payloads: readonly Uint8Array[];
	/** Sum of the payloads' lengths. */
	readonly payloadBytes: number;
}

export class RtpSender {
	readonly #payloadType: number;
	readonly ssrc: number;
	sequenceNumber: number;
	/** Added to the stream clock's timestamps: RFC 3550 section 5.1 wants a random start. */
	readonly timestampOffset: number;
	#packetCount = 0;
	#octetCount = 0;

	constructor(
		payloadType: number,
		random: { readonly ssrc: number; readonly sequenceNumber: number; readonly timestampOffset: number },
	) {
		this.#payloadType = payloadType;
		this.ssrc = random.ssrc;
		this.sequenceNumber = random.sequenceNumber;
		this.timestampOffset = random.timestampOffset;
	}

	/** The packets of a picture, one after the other in one buffer, each behind an interleaved header. */
	writeInterleaved(picture: Packets, timestamp: number, channel: number): Buffer {
		const headerBytes = INTERLEAVED_HEADER_BYTES + RTP_HEADER_BYTES;
		const out = Buffer.allocUnsafe(picture.payloadBytes + picture.payloads.length * headerBytes);
		let at = 0;
		for (const [index, payload] of picture.payloads.entries()) {
			const packetBytes = RTP_HEADER_BYTES + payload.length;
			writeInterleavedHeaderAt(out, at, channel, packetBytes);
			at += INTERLEAVED_HEADER_BYTES;
			this.#writeHeader(out.subarray(at), timestamp, index === picture.payloads.length - 1);
			out.set(payload, at + RTP_HEADER_BYTES);
			at += packetBytes;
		}
		this.#count(picture);
		return out;
	}

	/** The packets of a picture, each a view of one common buffer. */
	writeDatagrams(picture: Packets, timestamp: number): Buffer[] {
		const out = Buffer.allocUnsafe(picture.payloadBytes + picture.payloads.length * RTP_HEADER_BYTES);
		const datagrams: Buffer[] = [];
		let at = 0;
		for (const [index, payload] of picture.payloads.entries()) {
			const end = at + RTP_HEADER_BYTES + payload.length;
			const datagram = out.subarray(at, end);
			this.#writeHeader(datagram, timestamp, index === picture.payloads.length - 1);
			datagram.set(payload, RTP_HEADER_BYTES);
			datagrams.push(datagram);
			at = end;
		}
		this.#count(picture);
		return datagrams;
	}

	/** A compound sender report: RFC 3550 sections 6.1 and 6.4.1. */
	writeReport(timestamp: number, unixMs: number): Uint8Array {
		return writeCompound([
			writeSenderReport({
				ssrc: this.ssrc,
				ntp: ntpFromUnixMs(unixMs),
				rtpTimestamp: (timestamp + this.timestampOffset) >>> 0,
				packetCount: this.#packetCount >>> 0,
				octetCount: this.#octetCount >>> 0,
				reports: [],
			}),
			writeSdes(this.ssrc, "camera@vigia.invalid"),
		]);
	}

	#writeHeader(target: Uint8Array, timestamp: number, marker: boolean): void {
		writeRtpHeader(target, {
			payloadType: this.#payloadType,
			marker,
			sequenceNumber: this.sequenceNumber,
			timestamp: (timestamp + this.timestampOffset) >>> 0,
			ssrc: this.ssrc,
		});
		this.sequenceNumber = (this.sequenceNumber + 1) & 0xffff;
	}

	#count(picture: Packets): void {
		this.#packetCount += picture.payloads.length;
		this.#octetCount += picture.payloadBytes;
	}
}

/** Puts one packet behind an interleaved header, in a buffer of its own. */
export function frameInterleaved(packet: Uint8Array, channel: number): Buffer {
	const out = Buffer.allocUnsafe(INTERLEAVED_HEADER_BYTES + packet.length);
	writeInterleavedHeaderAt(out, 0, channel, packet.length);
	out.set(packet, INTERLEAVED_HEADER_BYTES);
	return out;
}

function writeInterleavedHeaderAt(target: Buffer, at: number, channel: number, packetBytes: number): void {
	target[at] = DOLLAR;
	target[at + 1] = channel;
	target.writeUInt16BE(packetBytes, at + 2);
}
