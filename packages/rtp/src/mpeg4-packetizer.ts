/** Cuts MPEG-4 Visual pictures into RTP payloads: RFC 6416 section 5.2. @module */
import { MAX_PAYLOAD_BYTES } from "./h26x-packetizer.ts";

/**
 * Cuts a picture, as a `CodedPicture` has it, into payloads: views of its bytes. Headers stand at the beginning of the
 * first one, where RFC 6416 wants them. The caller sets the marker bit on the last payload.
 * @throws RangeError when `maxPayloadBytes` is below 1 or above 65,535.
 */
export function packetizeMpeg4(picture: Uint8Array, maxPayloadBytes: number): Uint8Array[] {
	if (!(maxPayloadBytes >= 1 && maxPayloadBytes <= MAX_PAYLOAD_BYTES)) {
		throw new RangeError(`maxPayloadBytes must be 1 to ${MAX_PAYLOAD_BYTES}, not ${maxPayloadBytes}`);
	}
	const payloads: Uint8Array[] = [];
	for (let at = 0; at < picture.length; at += maxPayloadBytes) {
		payloads.push(picture.subarray(at, at + maxPayloadBytes));
	}
	return payloads;
}
