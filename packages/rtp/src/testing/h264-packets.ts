/** Small NAL units and RTP packets for tests. @module */
import type { AccessUnit } from "../access-unit.ts";
import { H264Depacketizer } from "../h264-depacketizer.ts";
import type { OnAccessUnit } from "../h26x-access-units.ts";
import type { H26xDepacketizer } from "../h26x-depacketizer.ts";
import type { RtpPacket } from "../rtp-packet.ts";

export const SPS: Uint8Array = fromHex("6742c01ed900a02ff970110000030001000003001e0f162e48");
export const PPS: Uint8Array = fromHex("68cb83cb20");
export const SEI: Uint8Array = fromHex("0605010280");
export const AUD: Uint8Array = fromHex("09f0");
export const FILLER: Uint8Array = fromHex("0cffff80");
export const SSRC = 0x1234;

export function fromHex(hex: string): Uint8Array {
	return new Uint8Array(hex.match(/../g)?.map((pair) => Number.parseInt(pair, 16)) ?? []);
}

/** A slice whose body holds no start code: `first` says whether it starts a picture. */
export function slice(seed: number, options: { first?: boolean; idr?: boolean; size?: number } = {}): Uint8Array {
	const nal = new Uint8Array(options.size ?? 40).map((_, i) => 1 + ((seed * 31 + i * 7) % 250));
	nal[0] = options.idr === true ? 0x65 : 0x41;
	nal[1] = options.first === false ? 0x40 : 0x88;
	return nal;
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
	const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
	let at = 0;
	for (const part of parts) {
		bytes.set(part, at);
		at += part.length;
	}
	return bytes;
}

/** A packet without sequence number, which the depacketizer does not look at. */
export function packet(payload: Uint8Array, timestamp: number, marker = false, ssrc: number = SSRC): RtpPacket {
	return { payloadType: 96, marker, sequenceNumber: 0, timestamp, ssrc, payload };
}

/** STAP-A of the given NAL units. */
export function stapA(...nalUnits: readonly Uint8Array[]): Uint8Array {
	return concat(
		new Uint8Array([0x78]),
		...nalUnits.flatMap((nal) => [new Uint8Array([nal.length >> 8, nal.length & 0xff]), nal]),
	);
}

/** FU-A payloads of a NAL unit, one for each body part. */
export function fuA(nal: Uint8Array, parts = 3): Uint8Array[] {
	const body = nal.subarray(1);
	const size = Math.ceil(body.length / parts);
	return Array.from({ length: parts }, (_, i) => {
		const flags = (i === 0 ? 0x80 : 0) | (i === parts - 1 ? 0x40 : 0);
		const headers = new Uint8Array([((nal[0] ?? 0) & 0xe0) | 28, flags | ((nal[0] ?? 0) & 0x1f)]);
		return concat(headers, body.subarray(i * size, (i + 1) * size));
	});
}

/** A depacketizer, H.264's unless told otherwise, with the access units that it gave. */
export class Collector {
	readonly units: AccessUnit[] = [];
	readonly depacketizer: H26xDepacketizer;

	constructor(create: (onUnit: OnAccessUnit) => H26xDepacketizer = (onUnit) => new H264Depacketizer(onUnit)) {
		this.depacketizer = create((unit) => this.units.push(unit));
	}

	/** Pushes packets and overwrites each payload afterwards, as a reused network buffer would be. */
	push(packets: readonly RtpPacket[], lostBeforeFirst = 0): void {
		for (const [i, one] of packets.entries()) {
			const payload = one.payload.slice();
			this.depacketizer.push({ ...one, payload }, i === 0 ? lostBeforeFirst : 0);
			payload.fill(0xee);
		}
	}

	/** Timestamp and NAL units of every access unit in a form that is easy to compare. */
	get summary(): { timestamp: number; nalUnits: Uint8Array[] }[] {
		return this.units.map((unit) => ({ timestamp: unit.rtpTimestamp, nalUnits: [...unit.nalUnits] }));
	}
}
