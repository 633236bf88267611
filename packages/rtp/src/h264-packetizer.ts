/** Cuts NAL units into RTP payloads: RFC 6184 packetization mode 1 (section 6.3). @module */
import { isVclNalType, NAL_TYPE, nalTypeOf } from "./h264-nal.ts";

/** The smallest payload limit that an FU-A makes sense with: two header bytes and one of the NAL unit. */
export const MIN_PAYLOAD_BYTES = 3;
/** The largest payload limit: the sizes in a STAP-A have 16 bits, and so has the length of an interleaved frame. */
export const MAX_PAYLOAD_BYTES = 65_535;

const FU_HEADER_BYTES = 2;
const FU_START_BIT = 0x80;
const FU_END_BIT = 0x40;
/** Bytes of the size field before each NAL unit of a STAP-A: RFC 6184 section 5.7.1. */
const STAP_SIZE_BYTES = 2;
const FORBIDDEN_BIT = 0x80;
const NRI_MASK = 0x60;

/**
 * Packetizes the NAL units of one access unit: RFC 6184 section 5.
 * - Neighbouring parameter sets, SEI and other NAL units without picture data share a STAP-A (section 5.7.1).
 * - A NAL unit above `maxPayloadBytes` becomes FU-A payloads (section 5.8), each a buffer of its own.
 * - Any other NAL unit is a payload as it is (section 5.6): the same bytes, not a copy.
 *
 * The caller sets the marker bit on the last payload. Empty NAL units are left out.
 * @throws RangeError when `maxPayloadBytes` is below {@link MIN_PAYLOAD_BYTES} or above {@link MAX_PAYLOAD_BYTES}.
 */
export function packetizeH264(nalUnits: readonly Uint8Array[], maxPayloadBytes: number): Uint8Array[] {
	if (maxPayloadBytes < MIN_PAYLOAD_BYTES || maxPayloadBytes > MAX_PAYLOAD_BYTES) {
		throw new RangeError(
			`maxPayloadBytes must be ${MIN_PAYLOAD_BYTES} to ${MAX_PAYLOAD_BYTES}, not ${maxPayloadBytes}`,
		);
	}
	const payloads: Uint8Array[] = [];
	let together: Uint8Array[] = [];
	let togetherBytes = 1;
	const finishTogether = (): void => {
		if (together.length > 0) payloads.push(aggregate(together, togetherBytes));
		together = [];
		togetherBytes = 1;
	};
	for (const nal of nalUnits) {
		if (nal.length === 0) continue;
		const needed = STAP_SIZE_BYTES + nal.length;
		if (togetherBytes + needed > maxPayloadBytes) finishTogether();
		if (!isVclNalType(nalTypeOf(nal)) && togetherBytes + needed <= maxPayloadBytes) {
			together.push(nal);
			togetherBytes += needed;
			continue;
		}
		finishTogether();
		if (nal.length <= maxPayloadBytes) payloads.push(nal);
		else fragment(nal, maxPayloadBytes, payloads);
	}
	finishTogether();
	return payloads;
}

/** RFC 6184 section 5.7.1; a single NAL unit needs no aggregation. */
function aggregate(nalUnits: readonly Uint8Array[], payloadBytes: number): Uint8Array {
	const [only] = nalUnits;
	if (nalUnits.length === 1 && only !== undefined) return only;
	const payload = new Uint8Array(payloadBytes);
	let at = 1;
	let forbidden = 0;
	let importance = 0;
	for (const nal of nalUnits) {
		const header = nal[0] ?? 0;
		// RFC 6184 section 5.7: F is set when any NAL unit sets it, NRI is the highest of them.
		forbidden |= header & FORBIDDEN_BIT;
		importance = Math.max(importance, header & NRI_MASK);
		payload[at] = nal.length >>> 8;
		payload[at + 1] = nal.length;
		payload.set(nal, at + STAP_SIZE_BYTES);
		at += STAP_SIZE_BYTES + nal.length;
	}
	payload[0] = forbidden | importance | NAL_TYPE.stapA;
	return payload;
}

/** RFC 6184 section 5.8: the NAL header travels in the FU indicator and FU header and not in the fragments. */
function fragment(nal: Uint8Array, maxPayloadBytes: number, payloads: Uint8Array[]): void {
	const header = nal[0] ?? 0;
	const fragmentBytes = maxPayloadBytes - FU_HEADER_BYTES;
	for (let at = 1; at < nal.length; at += fragmentBytes) {
		const end = Math.min(nal.length, at + fragmentBytes);
		const payload = new Uint8Array(FU_HEADER_BYTES + end - at);
		payload[0] = (header & (FORBIDDEN_BIT | NRI_MASK)) | NAL_TYPE.fuA;
		payload[1] = (at === 1 ? FU_START_BIT : 0) | (end === nal.length ? FU_END_BIT : 0) | nalTypeOf(nal);
		payload.set(nal.subarray(at, end), FU_HEADER_BYTES);
		payloads.push(payload);
	}
}
