/** Cuts samples into RTP payloads: RFC 3551 section 4.5. @module */
import type { PcmFormat } from "./pcm-format.ts";

/** One packet's payload. */
export interface PcmPayload {
	readonly payload: Uint8Array;
	/** Its first sample's distance from the frame's timestamp, in ticks of the RTP clock. */
	readonly ticks: number;
}

/**
 * Packetizes the data of a frame, as many whole samples in each packet as fit; bytes behind the last whole sample are
 * left out.
 * @throws RangeError when not one run of whole samples ({@link PcmFormat.groupBytes}) fits into `maxPayloadBytes`.
 */
export function packetizePcm(data: Uint8Array, format: PcmFormat, maxPayloadBytes: number): PcmPayload[] {
	const { groupBytes, groupSamples } = format;
	const groups = Math.floor(maxPayloadBytes / groupBytes);
	if (!(groups >= 1)) throw new RangeError(`maxPayloadBytes must be at least ${groupBytes}, not ${maxPayloadBytes}`);
	const end = data.length - (data.length % groupBytes);
	const payloads: PcmPayload[] = [];
	for (let at = 0; at < end; at += groups * groupBytes) {
		const part = data.subarray(at, Math.min(end, at + groups * groupBytes));
		payloads.push({ payload: format.toPayload(part), ticks: (at / groupBytes) * groupSamples });
	}
	return payloads;
}
