/** The sound of a simulated camera: a tone that beeps in step with its pictures. ITU-T G.711, RFC 3551. @module */
import { fromByteString } from "@vigia/rtsp";
import type { Packets } from "./rtp-sender.ts";

/** PCMA: RFC 3551 table 4. */
export const SOUND_PAYLOAD_TYPE = 8;
export const SOUND_CLOCK_HZ = 8000;
/** The relative control of its media section. */
export const SOUND_CONTROL = "trackID=1";
/** A packet's share of the time: RFC 3551 section 4.2. */
export const SOUND_BLOCK_MS = 20;
export const SOUND_BLOCK_SAMPLES = (SOUND_CLOCK_HZ * SOUND_BLOCK_MS) / 1000;
/** How it sounds. */
export const TONE_HZ = 440;
/** It sounds for so long from each whole second of the stream's clock on, as whose first picture is shown. */
export const BEEP_MS = 500;
/** Half of the loudest. */
const AMPLITUDE = 16_384;
/** Upper ends of the segments of magnitude, 13 bits: ITU-T G.711 table 1a. */
const SEGMENT_ENDS: readonly number[] = [0x1f, 0x3f, 0x7f, 0xff, 0x1ff, 0x3ff, 0x7ff, 0xfff];

/** The media section of the session description. */
export const SOUND_SDP: Uint8Array = fromByteString(
	[
		`m=audio 0 RTP/AVP ${SOUND_PAYLOAD_TYPE}`,
		`a=rtpmap:${SOUND_PAYLOAD_TYPE} PCMA/${SOUND_CLOCK_HZ}`,
		"a=recvonly",
		`a=control:${SOUND_CONTROL}`,
		"",
	].join("\r\n"),
);

/** One second: the tone swings a whole number of times in it, so that it repeats without a click. */
const BLOCKS: readonly Packets[] = Array.from({ length: 1000 / SOUND_BLOCK_MS }, (_, block) => {
	const payload = Uint8Array.from({ length: SOUND_BLOCK_SAMPLES }, (_sample, at) => {
		const seconds = (block * SOUND_BLOCK_SAMPLES + at) / SOUND_CLOCK_HZ;
		const level = seconds * 1000 < BEEP_MS ? AMPLITUDE : 0;
		return encodeALaw(Math.round(level * Math.sin(2 * Math.PI * TONE_HZ * seconds)));
	});
	return { payloads: [payload], payloadBytes: payload.length };
});

/** The packet of so many blocks after the clock's origin. */
export function soundBlock(index: number): Packets {
	return BLOCKS[index % BLOCKS.length] as Packets;
}

/** A sample of 16 bits by the A-law: ITU-T G.711 section 3.1. */
function encodeALaw(sample: number): number {
	const mask = sample >= 0 ? 0xd5 : 0x55;
	const magnitude = sample >= 0 ? sample >> 3 : (-sample - 1) >> 3;
	const segment = SEGMENT_ENDS.findIndex((end) => magnitude <= end);
	return ((segment << 4) | ((magnitude >> Math.max(1, segment)) & 0x0f)) ^ mask;
}
