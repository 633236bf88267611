/** Puts AAC access units into RTP payloads: RFC 3640, mode AAC-hbr (section 3.3.6). @module */
import { AU_HEADERS_LENGTH_BYTES } from "./aac-depacketizer.ts";
import { MAX_PAYLOAD_BYTES } from "./h26x-packetizer.ts";

/** One packet's payload. */
export interface AacPayload {
	readonly payload: Uint8Array;
	/** Index of the first access unit in it: the packet has that one's timestamp. */
	readonly accessUnit: number;
	/** RFC 3640 section 3.1: it ends with the end of an access unit. */
	readonly marker: boolean;
}

/** The smallest payload limit: one AU header and one byte. */
export const MIN_AAC_PAYLOAD_BYTES = 5;
/** The largest access unit that the 13 bits of AU-size can name. */
export const MAX_AAC_HBR_BYTES = 8191;
/** 13 bits of size and 3 bits of index, which is always 0. */
const AU_HEADER_BYTES = 2;
const INDEX_BITS = 3;
/** The AU-headers-length field counts bits in 16 bits. */
const MAX_AU_HEADERS = 4095;

/**
 * Packetizes consecutive access units without ADTS headers: as many in a packet as fit, and those that are too large in
 * fragments. The format parameters are `mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3`. Empty access units
 * and those above {@link MAX_AAC_HBR_BYTES} are left out.
 * @throws RangeError when `maxPayloadBytes` is below {@link MIN_AAC_PAYLOAD_BYTES} or above 65,535.
 */
export function packetizeAac(accessUnits: readonly Uint8Array[], maxPayloadBytes: number): AacPayload[] {
	if (maxPayloadBytes < MIN_AAC_PAYLOAD_BYTES || maxPayloadBytes > MAX_PAYLOAD_BYTES) {
		throw new RangeError(
			`maxPayloadBytes must be ${MIN_AAC_PAYLOAD_BYTES} to ${MAX_PAYLOAD_BYTES}, not ${maxPayloadBytes}`,
		);
	}
	const payloads: AacPayload[] = [];
	let together: Uint8Array[] = [];
	let togetherBytes = AU_HEADERS_LENGTH_BYTES;
	let first = 0;
	const finishTogether = (): void => {
		if (together.length > 0) payloads.push({ payload: aggregate(together), accessUnit: first, marker: true });
		together = [];
		togetherBytes = AU_HEADERS_LENGTH_BYTES;
	};
	for (const [i, accessUnit] of accessUnits.entries()) {
		if (accessUnit.length > 0 && accessUnit.length <= MAX_AAC_HBR_BYTES) {
			const needed = AU_HEADER_BYTES + accessUnit.length;
			if (togetherBytes + needed > maxPayloadBytes || together.length === MAX_AU_HEADERS) finishTogether();
			if (togetherBytes + needed > maxPayloadBytes) {
				fragment(accessUnit, i, maxPayloadBytes, payloads);
				continue;
			}
			if (together.length === 0) first = i;
			together.push(accessUnit);
			togetherBytes += needed;
		} else finishTogether();
	}
	finishTogether();
	return payloads;
}

/** RFC 3640 section 3.2.1. */
function aggregate(accessUnits: readonly Uint8Array[]): Uint8Array {
	const dataAt = AU_HEADERS_LENGTH_BYTES + AU_HEADER_BYTES * accessUnits.length;
	const payload = new Uint8Array(accessUnits.reduce((sum, accessUnit) => sum + accessUnit.length, dataAt));
	writeUint16(payload, 0, 8 * AU_HEADER_BYTES * accessUnits.length);
	let at = dataAt;
	for (const [i, accessUnit] of accessUnits.entries()) {
		writeUint16(payload, AU_HEADERS_LENGTH_BYTES + AU_HEADER_BYTES * i, accessUnit.length << INDEX_BITS);
		payload.set(accessUnit, at);
		at += accessUnit.length;
	}
	return payload;
}

/** RFC 3640 section 3.2.3. */
function fragment(accessUnit: Uint8Array, index: number, maxPayloadBytes: number, payloads: AacPayload[]): void {
	const dataAt = AU_HEADERS_LENGTH_BYTES + AU_HEADER_BYTES;
	for (let at = 0; at < accessUnit.length; at += maxPayloadBytes - dataAt) {
		const end = Math.min(accessUnit.length, at + maxPayloadBytes - dataAt);
		const payload = new Uint8Array(dataAt + end - at);
		writeUint16(payload, 0, 8 * AU_HEADER_BYTES);
		writeUint16(payload, AU_HEADERS_LENGTH_BYTES, accessUnit.length << INDEX_BITS);
		payload.set(accessUnit.subarray(at, end), dataAt);
		payloads.push({ payload, accessUnit: index, marker: end === accessUnit.length });
	}
}

function writeUint16(target: Uint8Array, at: number, value: number): void {
	target[at] = value >> 8;
	target[at + 1] = value;
}
