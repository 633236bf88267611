/** How long audio frames last. @module */
import type { AudioFrame } from "./access-unit.ts";
import type { AudioSpecificConfig } from "./audio-specific-config.ts";
import type { RtpFormat } from "./depacketizer.ts";
import { opusSamples } from "./opus-toc.ts";
import { pcmFormatOf } from "./pcm-format.ts";

/** The clock of Opus in RTP: RFC 7587 section 4.1. */
const OPUS_CLOCK_RATE = 48_000;

/**
 * Duration of a frame in ticks of its track's RTP clock. Undefined where nothing tells: AAC without configuration, and
 * frames that do not belong to the format.
 * @param config of an AAC track, from `AacDepacketizer.config`.
 */
export function audioDurationTicks(
	frame: AudioFrame,
	format: RtpFormat,
	config?: AudioSpecificConfig,
): number | undefined {
	if (frame.codec === "aac") {
		return config && Math.round((config.samplesPerFrame * format.clockRate) / config.sampleRate);
	}
	if (frame.codec === "opus") {
		const samples = opusSamples(frame.data);
		return samples && Math.round((samples * format.clockRate) / OPUS_CLOCK_RATE);
	}
	const pcm = pcmFormatOf(format);
	if (pcm?.codec !== frame.codec) return undefined;
	return Math.floor(frame.data.length / pcm.groupBytes) * pcm.groupSamples;
}
