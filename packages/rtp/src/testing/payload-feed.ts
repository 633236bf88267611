/** Feeds payloads to any depacketizer as the network would. @module */
import type { Depacketizer } from "../depacketizer.ts";
import type { RtpPacket } from "../rtp-packet.ts";

/** A packet without sequence number, which depacketizers do not look at. */
export function rtp(payload: Uint8Array, timestamp: number, marker = false, ssrc = 0x1234): RtpPacket {
	return { payloadType: 96, marker, sequenceNumber: 0, timestamp, ssrc, payload };
}

/** Pushes one packet and overwrites its payload afterwards, as a reused network buffer would be. */
export function feed(depacketizer: Depacketizer, packet: RtpPacket, lostBefore = 0): void {
	const payload = packet.payload.slice();
	depacketizer.push({ ...packet, payload }, lostBefore);
	payload.fill(0xee);
}

/** Feeds the payloads of one picture or frame: all with one timestamp, the last one with the marker. */
export function feedUnit(depacketizer: Depacketizer, payloads: readonly Uint8Array[], timestamp: number): void {
	for (const [i, payload] of payloads.entries()) {
		feed(depacketizer, rtp(payload, timestamp, i === payloads.length - 1));
	}
}

export function bytes(...values: readonly (number | readonly number[] | Uint8Array)[]): Uint8Array {
	return Uint8Array.from(values.flatMap((value) => (typeof value === "number" ? [value] : Array.from(value))));
}
