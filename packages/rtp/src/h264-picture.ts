/** What the slices and SEI of an H.264 picture say of it: ITU-T H.264 sections 7.3.2.3 and 7.4.3. @module */
import { BitReader } from "./bit-reader.ts";
import { isVclNalType, NAL_TYPE, nalTypeOf, parseSliceType } from "./h264-nal.ts";

/** payloadType of a recovery point: ITU-T H.264 section D.1.1. */
const RECOVERY_POINT = 6;
/** ff_byte: the payload type and size are sums of bytes, of which the last is smaller. */
const FF_BYTE = 0xff;
/** An SEI NAL unit with more messages than this is broken or hostile. */
const MAX_SEI_MESSAGES = 64;

/** True when any slice of the picture is a B slice, which browsers cannot take over WebRTC. */
export function hasBSlices(nalUnits: readonly Uint8Array[]): boolean {
	return nalUnits.some((nal) => parseSliceType(nal) === "B");
}

/**
 * True for a picture that has a recovery point SEI message and nothing but I slices: decoding can start there although
 * it is no IDR picture, as cameras with intra refresh or open GOPs send it. ITU-T H.264 section D.2.8.
 */
export function isRecoveryPoint(nalUnits: readonly Uint8Array[]): boolean {
	const slices = nalUnits.filter((nal) => isVclNalType(nalTypeOf(nal)));
	if (slices.length === 0 || !slices.every((nal) => parseSliceType(nal) === "I")) return false;
	return nalUnits.some((nal) => nalTypeOf(nal) === NAL_TYPE.sei && hasRecoveryPoint(nal));
}

/** ITU-T H.264 section 7.3.2.3.1 (sei_message). */
function hasRecoveryPoint(sei: Uint8Array): boolean {
	const reader = new BitReader(sei, 1);
	for (let message = 0; message < MAX_SEI_MESSAGES; message++) {
		const payloadType = readSum(reader);
		const payloadBytes = readSum(reader);
		if (reader.failed) return false;
		if (payloadType === RECOVERY_POINT && payloadBytes > 0) return true;
		for (let i = 0; i < payloadBytes && !reader.failed; i++) reader.bits(8);
	}
	return false;
}

function readSum(reader: BitReader): number {
	let sum = 0;
	for (;;) {
		const byte = reader.bits(8);
		sum += byte;
		if (byte !== FF_BYTE || reader.failed) return sum;
	}
}
