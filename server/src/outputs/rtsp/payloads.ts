/** The RTP payloads of pictures and sound as a camera's own payload formats have them. @module */
import { packetizeAac, packetizeJpeg, packetizeMpeg4, packetizePcm, pcmFormatOf } from "@vigia/rtp";
import {
	type AudioUnit,
	MAX_RTP_PAYLOAD_BYTES,
	type PictureStreamUnit,
	type StreamUnit,
} from "../../streams/reader.ts";
import { TICKS_PER_MS } from "../../streams/timeline.ts";
import { pcmEncodingOf } from "./description.ts";

const NO_PAYLOADS: readonly Uint8Array[] = [];
/** Made when the first session asks, then shared by all of them for as long as the picture is held. */
const made = new WeakMap<PictureStreamUnit, readonly Uint8Array[]>();

/** The marker belongs on the last one. Empty for a picture that its payload format cannot carry. */
export function videoPayloads(unit: StreamUnit): readonly Uint8Array[] {
	if ("nalUnits" in unit) return unit.payloads;
	let payloads = made.get(unit);
	if (!payloads) {
		payloads =
			unit.codec === "jpeg"
				? (packetizeJpeg(unit.data, MAX_RTP_PAYLOAD_BYTES) ?? NO_PAYLOADS)
				: packetizeMpeg4(unit.data, MAX_RTP_PAYLOAD_BYTES);
		made.set(unit, payloads);
	}
	return payloads;
}

/** One packet's payload of sound. */
export interface SoundPayload {
	readonly payload: Uint8Array;
	/** How far the next packet's timestamp is from this one's, in ticks of the RTP clock. */
	readonly samples: number;
	/** RFC 3640 section 3.1; `undefined` where the marker begins a talk spurt: RFC 3551 section 4.1. */
	readonly marker: boolean | undefined;
}

/** One frame's packets. Empty for a frame that none can hold. */
export function soundPayloads({ format, data, durationTicks }: AudioUnit): readonly SoundPayload[] {
	const samples = Math.round((durationTicks * format.clockRate) / (TICKS_PER_MS * 1000));
	if (format.codec === "aac") {
		const payloads = packetizeAac([data], MAX_RTP_PAYLOAD_BYTES);
		// Fragments of one access unit have one timestamp: RFC 3640 section 3.2.3.
		return payloads.map(({ payload, marker }) => ({ payload, marker, samples: marker ? samples : 0 }));
	}
	if (format.codec === "opus") {
		// RFC 7587 section 4.2: a packet is never cut.
		return data.length <= MAX_RTP_PAYLOAD_BYTES ? [{ payload: data, samples, marker: undefined }] : [];
	}
	const pcm = pcmFormatOf({ encoding: pcmEncodingOf(format), channels: format.channels });
	if (!pcm) return [];
	return packetizePcm(data, pcm, MAX_RTP_PAYLOAD_BYTES).map(({ payload }) => ({
		payload,
		samples: (payload.length / pcm.groupBytes) * pcm.groupSamples,
		marker: undefined,
	}));
}
