/** Cuts H.265 NAL units into RTP payloads: RFC 7798 section 4.4, without decoding order numbers. @module */
import { H265_FORMAT, H265_NAL_TYPE } from "./h265-nal.ts";
import { packetizeNalUnits } from "./h26x-packetizer.ts";

const FORBIDDEN_BIT = 0x80;
/** nuh_layer_id and nuh_temporal_id_plus1 in a header of 16 bits: ITU-T H.265 section 7.3.1.2. */
const LAYER_ID_MASK = 0x1f8;
const TEMPORAL_ID_MASK = 0x07;

/**
 * Packetizes the NAL units of one access unit: RFC 7798 section 4.4.
 * - Neighbouring parameter sets, SEI and other NAL units without picture data share an AP (section 4.4.2).
 * - A NAL unit above `maxPayloadBytes` becomes FU payloads (section 4.4.3), each a buffer of its own.
 * - Any other NAL unit is a payload as it is (section 4.4.1): the same bytes, not a copy.
 *
 * The caller sets the marker bit on the last payload. Empty NAL units are left out.
 * @throws RangeError when `maxPayloadBytes` is below 4, three header bytes and one of the NAL unit, or above
 * `MAX_PAYLOAD_BYTES`.
 */
export function packetizeH265(nalUnits: readonly Uint8Array[], maxPayloadBytes: number): Uint8Array[] {
	return packetizeNalUnits(nalUnits, maxPayloadBytes, H265_FORMAT, writeApHeader);
}

/** RFC 7798 section 4.4.2: F is set when any NAL unit sets it, LayerId and TID are the lowest of them. */
function writeApHeader(payload: Uint8Array, nalUnits: readonly Uint8Array[]): void {
	let forbidden = 0;
	let layerId = LAYER_ID_MASK;
	let temporalId = TEMPORAL_ID_MASK;
	for (const nal of nalUnits) {
		const low = (((nal[0] ?? 0) << 8) | (nal[1] ?? 0)) & (LAYER_ID_MASK | TEMPORAL_ID_MASK);
		forbidden |= (nal[0] ?? 0) & FORBIDDEN_BIT;
		layerId = Math.min(layerId, low & LAYER_ID_MASK);
		temporalId = Math.min(temporalId, low & TEMPORAL_ID_MASK);
	}
	payload[0] = forbidden | (H265_NAL_TYPE.ap << 1) | (layerId >> 8);
	payload[1] = (layerId & 0xff) | temporalId;
}
