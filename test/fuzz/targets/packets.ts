/** Sequences of RTP packets in one input, for depacketizers and whatever follows sequence numbers. @module */
import { NAL_TYPE, packetizeH264, type RtpPacket } from "@vigia/rtp";
import { InputReader, InputWriter, must } from "../target.ts";

export interface SentPacket {
	readonly packet: RtpPacket;
	readonly lostBefore: number;
	/** Milliseconds since the packet before. */
	readonly afterMs: number;
}

/** Packets of one input: more would only make runs slow. */
const MAX_PACKETS = 2000;
const [MARKER, NEXT_TIMESTAMP, LOSS, JUMP, OTHER_SSRC, OTHER_TYPE, ODD_TIMESTAMP] = [1, 2, 4, 8, 16, 32, 64];

/**
 * Each packet is a byte of flags, a chunk with its payload, and what its flags add to it. The payload lies in a buffer
 * that is overwritten afterwards, as a socket's is.
 */
export function* readPackets(input: Uint8Array, payloadType = 96): Generator<SentPacket> {
	const reader = new InputReader(input);
	let sequenceNumber = 65_530;
	let timestamp = 4_294_960_000;
	let ssrc = 1;
	for (let count = 0; count < MAX_PACKETS && !reader.done; count++) {
		const flags = reader.u8();
		const payload = reader.chunk().slice();
		let lostBefore = 0;
		if (flags & LOSS) lostBefore = (reader.u8() % 16) - 2;
		if (flags & JUMP) sequenceNumber = reader.u16();
		if (flags & OTHER_SSRC) ssrc = reader.u8();
		if (flags & NEXT_TIMESTAMP) timestamp = (timestamp + 3600) >>> 0;
		if (flags & ODD_TIMESTAMP) timestamp = reader.u32();
		sequenceNumber = (sequenceNumber + 1 + Math.max(0, lostBefore)) & 0xffff;
		const packet: RtpPacket = {
			payloadType: flags & OTHER_TYPE ? reader.u8() & 0x7f : payloadType,
			marker: (flags & MARKER) !== 0,
			sequenceNumber,
			timestamp,
			ssrc,
			payload,
		};
		yield { packet, lostBefore, afterMs: flags & NEXT_TIMESTAMP ? 40 : 0 };
		payload.fill(0xee);
	}
}

/** The input of pictures (or frames): each is its payloads, the last one with a marker. */
export function packetsOf(pictures: readonly (readonly Uint8Array[])[]): Uint8Array {
	const writer = new InputWriter();
	for (const payloads of pictures) {
		for (const [index, payload] of payloads.entries()) {
			const marker = index === payloads.length - 1 ? MARKER : 0;
			writer.u8(marker | (index === 0 ? NEXT_TIMESTAMP : 0)).chunk(payload);
		}
	}
	return writer.done();
}

/** Bytes that no scanner for start codes takes for one. */
export function filling(first: readonly number[], sizeBytes: number): Uint8Array {
	return Uint8Array.from({ length: sizeBytes }, (_, at) => first[at] ?? 0x80 + (at % 0x70));
}

const sps = Uint8Array.from([
	0x67, 0x42, 0xc0, 0x1e, 0xd9, 0x00, 0xa0, 0x2f, 0xf9, 0x70, 0x11, 0x00, 0x00, 0x03, 0x00, 0x01, 0x00, 0x00, 0x03,
	0x00, 0x1e, 0x0f, 0x16, 0x2e, 0x48,
]);
const pps = Uint8Array.from([0x68, 0xcb, 0x83, 0xcb, 0x20]);
const idr = filling([0x60 | NAL_TYPE.idr, 0x88], 2500);
const slice = filling([0x40 | NAL_TYPE.slice, 0x9a], 300);

export const H264_PARAMETER_SETS: readonly Uint8Array[] = [sps, pps];
export const H264_SEEDS: readonly Uint8Array[] = [
	packetsOf([packetizeH264([sps, pps, idr], 1200), packetizeH264([slice], 1200), packetizeH264([slice], 100)]),
	packetsOf([[sps, pps, idr], [slice], [slice], [slice]]),
	packetsOf([[Uint8Array.from([0, 0, 0, 1, ...sps, 0, 0, 1, ...pps, 0, 0, 1, ...idr.subarray(0, 50)])], [slice]]),
];

/** What every picture of NAL units must be, whatever came in. */
export function checkAccessUnit(
	unit: { readonly nalUnits: readonly Uint8Array[]; readonly sizeBytes: number; readonly rtpTimestamp: number },
	limits: { readonly bytes: number; readonly nalUnits: number },
): void {
	const sum = unit.nalUnits.reduce((total, nal) => total + nal.length, 0);
	must(sum === unit.sizeBytes, "sizeBytes is the sum of the NAL units");
	must(sum <= limits.bytes, "an access unit stays below its cap");
	must(unit.nalUnits.length <= limits.nalUnits, "an access unit has no more NAL units than its cap");
	must(unit.nalUnits.length > 0, "an access unit has a NAL unit");
	must(
		unit.nalUnits.every((nal) => nal.length > 0),
		"no NAL unit is empty",
	);
	checkTimestamp(unit.rtpTimestamp);
}

export function checkTimestamp(timestamp: number): void {
	must(Number.isInteger(timestamp) && timestamp >= 0 && timestamp < 2 ** 32, "an RTP timestamp has 32 bits");
}
