/** Cuts NAL units into RTP payloads: RFC 6184 packetization mode 1 (section 6.3). @module */
import { H264_FORMAT, NAL_TYPE } from "./h264-nal.ts";
import { packetizeNalUnits } from "./h26x-packetizer.ts";

const FORBIDDEN_BIT = 0x80;
const NRI_MASK = 0x60;

/**
 * Packetizes the NAL units of one access unit: RFC 6184 section 5.
 * - Neighbouring parameter sets, SEI and other NAL units without picture data share a STAP-A (section 5.7.1).
 * - A NAL unit above `maxPayloadBytes` becomes FU-A payloads (section 5.8), each a buffer of its own.
 * - Any other NAL unit is a payload as it is (section 5.6): the same bytes, not a copy.
 *
 * The caller sets the marker bit on the last payload. Empty NAL units are left out.
 * @throws RangeError when `maxPayloadBytes` is below 3, two header bytes and one of the NAL unit, or above
 * `MAX_PAYLOAD_BYTES`.
 */
export function packetizeH264(nalUnits: readonly Uint8Array[], maxPayloadBytes: number): Uint8Array[] {
	return packetizeNalUnits(nalUnits, maxPayloadBytes, H264_FORMAT, writeStapHeader);
}

/** RFC 6184 section 5.7: F is set when any NAL unit sets it, NRI is the highest of them. */
function writeStapHeader(payload: Uint8Array, nalUnits: readonly Uint8Array[]): void {
	let forbidden = 0;
	let importance = 0;
	for (const nal of nalUnits) {
		const header = nal[0] ?? 0;
		forbidden |= header & FORBIDDEN_BIT;
		importance = Math.max(importance, header & NRI_MASK);
	}
	payload[0] = forbidden | importance | NAL_TYPE.stapA;
}
