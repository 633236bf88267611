/** How long an Opus packet lasts: RFC 6716 section 3. @module */

/** Longest packet, in samples at 48 kHz: 120 ms, RFC 6716 section 3.4 [R5]. */
export const MAX_OPUS_SAMPLES = 5760;

/** Samples at 48 kHz of a frame, for the configurations 0 to 11 by their lowest two bits (SILK): RFC 6716 table 2. */
const SILK_SAMPLES: readonly number[] = [480, 960, 1920, 2880];
/** For the configurations 12 to 15 by their lowest bit (hybrid). */
const HYBRID_SAMPLES: readonly number[] = [480, 960];
/** For the configurations 16 to 31 by their lowest two bits (CELT). */
const CELT_SAMPLES: readonly number[] = [120, 240, 480, 960];
const FIRST_HYBRID = 12;
const FIRST_CELT = 16;

/** Duration of an Opus packet in samples at 48 kHz, whatever rate it was made of. Undefined if it is no Opus packet. */
export function opusSamples(packet: Uint8Array): number | undefined {
	const toc = packet[0];
	if (toc === undefined) return undefined;
	const configuration = toc >> 3;
	let frameSamples: number | undefined;
	if (configuration >= FIRST_CELT) frameSamples = CELT_SAMPLES[configuration & 3];
	else if (configuration >= FIRST_HYBRID) frameSamples = HYBRID_SAMPLES[configuration & 1];
	else frameSamples = SILK_SAMPLES[configuration & 3];
	const samples = framesOf(packet, toc & 3) * (frameSamples ?? 0);
	return samples === 0 || samples > MAX_OPUS_SAMPLES ? undefined : samples;
}

/** RFC 6716 section 3.2. */
function framesOf(packet: Uint8Array, code: number): number {
	if (code === 0) return 1;
	return code === 3 ? (packet[1] ?? 0) & 0x3f : 2;
}
