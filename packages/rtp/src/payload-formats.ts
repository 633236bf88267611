/** Which payload formats are understood, and the depacketizer for each. @module */
import { AacDepacketizer } from "./aac-depacketizer.ts";
import type { AudioFrame, MediaUnit, VideoUnit } from "./access-unit.ts";
import type { Depacketizer, OnMediaUnit, RtpFormat } from "./depacketizer.ts";
import { H264Depacketizer } from "./h264-depacketizer.ts";
import { H265Depacketizer } from "./h265-depacketizer.ts";
import { JpegDepacketizer } from "./jpeg-depacketizer.ts";
import { Mpeg4Depacketizer } from "./mpeg4-depacketizer.ts";
import { OpusDepacketizer } from "./opus-depacketizer.ts";
import { PcmDepacketizer } from "./pcm-depacketizer.ts";
import { pcmFormatOf } from "./pcm-format.ts";

/** In capitals and in the order of preference: what more browsers can play comes first. */
export const VIDEO_ENCODINGS: readonly string[] = ["H264", "H265", "JPEG", "MP4V-ES"];

/** In capitals and in the order of preference: what browsers can play comes first. */
export const AUDIO_ENCODINGS: readonly string[] = [
	"OPUS",
	"MPEG4-GENERIC",
	"PCMA",
	"PCMU",
	"L16",
	"PCM",
	"G726-40",
	"G726-32",
	"G726-24",
	"G726-16",
	"AAL2-G726-40",
	"AAL2-G726-32",
	"AAL2-G726-24",
	"AAL2-G726-16",
];

const CODECS: ReadonlyMap<string, VideoUnit["codec"] | AudioFrame["codec"]> = new Map([
	["H264", "h264"],
	["H265", "h265"],
	["JPEG", "jpeg"],
	["MP4V-ES", "mpeg4"],
	["MPEG4-GENERIC", "aac"],
	["OPUS", "opus"],
]);

/** The codec of the units that an encoding (in capitals) comes out as; undefined for unsupported encodings. */
export function codecOf(encoding: string): VideoUnit["codec"] | AudioFrame["codec"] | undefined {
	return CODECS.get(encoding) ?? pcmFormatOf({ encoding, channels: 1 })?.codec;
}

/** A new depacketizer for a track. Undefined when its payload format is unknown or not supported. */
export function createDepacketizer(format: RtpFormat, onUnit: OnMediaUnit<MediaUnit>): Depacketizer | undefined {
	switch (format.encoding) {
		case "H264":
			return new H264Depacketizer(onUnit);
		case "H265": {
			const maxDonDiff = Number(format.formatParameters.get("sprop-max-don-diff") ?? 0);
			return new H265Depacketizer(onUnit, maxDonDiff);
		}
		case "JPEG":
			return new JpegDepacketizer(onUnit, format.dimensions);
		case "MP4V-ES":
			return new Mpeg4Depacketizer(format, onUnit);
		case "MPEG4-GENERIC":
			return isAac(format) ? new AacDepacketizer(format, onUnit) : undefined;
		case "OPUS":
			return new OpusDepacketizer(onUnit);
		default: {
			const pcm = pcmFormatOf(format);
			return pcm && new PcmDepacketizer(pcm, onUnit);
		}
	}
}

/** RFC 3640 carries CELP and MPEG-4 video as well: sections 3.3.3, 3.3.4 and 4.1. */
function isAac(format: RtpFormat): boolean {
	const mode = format.formatParameters.get("mode")?.trim().toLowerCase() ?? "";
	const streamType = format.formatParameters.get("streamtype")?.trim() ?? "";
	return !mode.startsWith("celp") && streamType !== "4";
}
