/** Cuts NAL units into RTP payloads: RFC 6184 section 5, RFC 7798 section 4.4. @module */
import {
	AGGREGATE_SIZE_BYTES,
	FU_END_BIT,
	FU_HEADER_BYTES,
	FU_START_BIT,
	type H26xFormat,
	isVclRole,
	roleOf,
} from "./h26x-format.ts";

/** The largest payload limit: the sizes in an aggregation have 16 bits, and so has the length of an interleaved frame. */
export const MAX_PAYLOAD_BYTES = 65_535;

/** Writes the payload header of an aggregation of these NAL units. */
export type WriteAggregationHeader = (payload: Uint8Array, nalUnits: readonly Uint8Array[]) => void;

/**
 * Packetizes the NAL units of one access unit, for `packetizeH264` and `packetizeH265`.
 * @throws RangeError when `maxPayloadBytes` leaves no room for a byte of a fragment or is above
 * {@link MAX_PAYLOAD_BYTES}.
 */
export function packetizeNalUnits(
	nalUnits: readonly Uint8Array[],
	maxPayloadBytes: number,
	format: H26xFormat,
	writeAggregationHeader: WriteAggregationHeader,
): Uint8Array[] {
	const minPayloadBytes = format.headerBytes + FU_HEADER_BYTES + 1;
	if (maxPayloadBytes < minPayloadBytes || maxPayloadBytes > MAX_PAYLOAD_BYTES) {
		throw new RangeError(`maxPayloadBytes must be ${minPayloadBytes} to ${MAX_PAYLOAD_BYTES}, not ${maxPayloadBytes}`);
	}
	const payloads: Uint8Array[] = [];
	let together: Uint8Array[] = [];
	let togetherBytes = format.headerBytes;
	const finishTogether = (): void => {
		const [only] = together;
		if (together.length === 1 && only !== undefined) {
			payloads.push(only);
		} else if (together.length > 1) {
			const payload = aggregate(together, togetherBytes, format.headerBytes);
			writeAggregationHeader(payload, together);
			payloads.push(payload);
		}
		together = [];
		togetherBytes = format.headerBytes;
	};
	for (const nal of nalUnits) {
		if (nal.length === 0) continue;
		const needed = AGGREGATE_SIZE_BYTES + nal.length;
		if (togetherBytes + needed > maxPayloadBytes) finishTogether();
		if (!isVclRole(roleOf(format, nal)) && togetherBytes + needed <= maxPayloadBytes) {
			together.push(nal);
			togetherBytes += needed;
			continue;
		}
		finishTogether();
		if (nal.length <= maxPayloadBytes) payloads.push(nal);
		else fragment(nal, maxPayloadBytes, format, payloads);
	}
	finishTogether();
	return payloads;
}

/** RFC 6184 section 5.7.1 and RFC 7798 section 4.4.2, the payload header left open. */
function aggregate(nalUnits: readonly Uint8Array[], payloadBytes: number, headerBytes: number): Uint8Array {
	const payload = new Uint8Array(payloadBytes);
	let at = headerBytes;
	for (const nal of nalUnits) {
		payload[at] = nal.length >>> 8;
		payload[at + 1] = nal.length;
		payload.set(nal, at + AGGREGATE_SIZE_BYTES);
		at += AGGREGATE_SIZE_BYTES + nal.length;
	}
	return payload;
}

/**
 * RFC 6184 section 5.8 and RFC 7798 section 4.4.3: the NAL header travels in the payload header and the FU header and
 * not in the fragments.
 */
function fragment(nal: Uint8Array, maxPayloadBytes: number, format: H26xFormat, payloads: Uint8Array[]): void {
	const { headerBytes, typeMask, typeShift, fragmentationType } = format;
	const first = nal[0] ?? 0;
	const payloadHeader = new Uint8Array(nal.subarray(0, headerBytes));
	payloadHeader[0] = (first & ~(typeMask << typeShift)) | (fragmentationType << typeShift);
	const nalType = (first >> typeShift) & typeMask;
	const bodyBytes = maxPayloadBytes - headerBytes - FU_HEADER_BYTES;
	for (let at = headerBytes; at < nal.length; at += bodyBytes) {
		const end = Math.min(nal.length, at + bodyBytes);
		const payload = new Uint8Array(headerBytes + FU_HEADER_BYTES + end - at);
		payload.set(payloadHeader);
		payload[headerBytes] = (at === headerBytes ? FU_START_BIT : 0) | (end === nal.length ? FU_END_BIT : 0) | nalType;
		payload.set(nal.subarray(at, end), headerBytes + FU_HEADER_BYTES);
		payloads.push(payload);
	}
}
