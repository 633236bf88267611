/** Sound on its way through FFmpeg: how it goes in, and what comes out. @module */
import { makeAudioSpecificConfig, pcmFormatOf } from "@vigia/rtp";
import type { AudioFormat, AudioUnit } from "../streams/reader.ts";
import type { MatroskaAudio } from "./matroska.ts";

/** What is made of sound that a viewer cannot decode. */
export type AudioTarget = "opus" | "aac";

/** Of both targets, in Hz: all that Opus knows (RFC 7587 section 4.1), and what every AAC decoder takes. */
export const TARGET_RATE = 48_000;
/** No camera needs more, and browsers mix further channels down. */
const MAX_CHANNELS = 2;
/** For each channel: speech and the noises of a yard are transparent by then. */
const OPUS_BITRATE = 40_000;
const AAC_BITRATE = 64_000;
const AAC_LC = 2;
/** 48000 Hz: ISO/IEC 14496-3 table 1.18. */
const AAC_RATE_INDEX = 3;
/** WAVEFORMATEX format tags: RFC 2361. */
const WAVE_TAGS = { pcma: 6, pcmu: 7, g726: 0x45 } as const;
const WAVE_HEADER_BYTES = 18;
const OPUS_HEAD_BYTES = 19;

/** The sound that comes out for sound that goes in. The channels stay, up to two. */
export function targetFormat(source: AudioFormat, target: AudioTarget): AudioFormat {
	const channels = Math.min(source.config?.channels || source.channels, MAX_CHANNELS);
	const rtp = { clockRate: TARGET_RATE, formatParameters: new Map<string, string>(), dimensions: undefined };
	if (target === "opus") {
		return {
			codec: "opus",
			clockRate: TARGET_RATE,
			channels,
			config: undefined,
			// RFC 7587 section 7: always two in the description, whatever is in the packets.
			rtp: { ...rtp, encoding: "OPUS", channels: 2 },
		};
	}
	const config = makeAudioSpecificConfig(AAC_LC, AAC_RATE_INDEX, channels);
	return {
		codec: "aac",
		clockRate: TARGET_RATE,
		channels,
		config,
		rtp: { ...rtp, encoding: "MPEG4-GENERIC", channels },
	};
}

/** Arguments of a child that reads Matroska and writes Opus in Ogg, or AAC in FLV. */
export function audioArguments({ codec, channels }: AudioFormat): string[] {
	const output =
		codec === "opus"
			? [
					...[
						"-c:a",
						"libopus",
						"-application",
						"lowdelay",
						"-frame_duration",
						"20",
						"-b:a",
						`${OPUS_BITRATE * channels}`,
					],
					...["-f", "ogg", "-page_duration", "20000"],
				]
			: ["-c:a", "aac", "-b:a", `${AAC_BITRATE * channels}`, "-flvflags", "no_duration_filesize", "-f", "flv"];
	return [
		...["-hide_banner", "-loglevel", "error", "-nostdin", "-probesize", "32", "-analyzeduration", "0"],
		...["-f", "matroska", "-i", "pipe:0", "-map", "0:a:0", "-copyts"],
		...["-ar", `${TARGET_RATE}`, "-ac", `${channels}`, ...output, "-flush_packets", "1", "pipe:1"],
	];
}

/** The track that carries this sound into FFmpeg; `undefined` for what it cannot carry. */
export function matroskaAudio(format: AudioFormat): MatroskaAudio | undefined {
	const { codec, clockRate, channels, config, rtp } = format;
	const track = {
		kind: "audio",
		sampleRate: clockRate,
		channels,
		codecPrivate: undefined,
		bitDepth: undefined,
	} as const;
	switch (codec) {
		case "aac":
			if (!config) return undefined;
			return {
				...track,
				codecId: "A_AAC",
				codecPrivate: config.bytes,
				sampleRate: config.sampleRate,
				channels: config.channels || channels,
			};
		case "opus":
			return { ...track, codecId: "A_OPUS", codecPrivate: opusHead(channels) };
		case "l16":
			return { ...track, codecId: "A_PCM/INT/BIG", bitDepth: 16 };
		case "pcmu":
		case "pcma":
			return { ...track, codecId: "A_MS/ACM", codecPrivate: waveFormat(WAVE_TAGS[codec], format, 8) };
		case "g726": {
			const bits = g726Bits(rtp.encoding);
			if (bits === undefined) return undefined;
			return { ...track, codecId: "A_MS/ACM", codecPrivate: waveFormat(WAVE_TAGS.g726, format, bits) };
		}
	}
}

/** A frame's bytes as FFmpeg's decoder of that track wants them. */
export function matroskaAudioData({ format, data }: AudioUnit): Uint8Array {
	if (format.codec !== "g726") return data;
	// WAVE has the code words in the order of ITU-T I.366.2, the hub in that of RFC 3551.
	const wave = pcmFormatOf({ encoding: `AAL2-G726-${8 * (g726Bits(format.rtp.encoding) ?? 4)}`, channels: 1 });
	return wave ? wave.toPayload(data) : data;
}

/** Bits of a code word. */
function g726Bits(encoding: string): number | undefined {
	const kilobits = /G726-(16|24|32|40)$/.exec(encoding)?.[1];
	return kilobits === undefined ? undefined : Number(kilobits) / 8;
}

/** WAVEFORMATEX without further bytes. */
function waveFormat(tag: number, { clockRate, channels }: AudioFormat, bits: number): Uint8Array {
	const view = new DataView(new ArrayBuffer(WAVE_HEADER_BYTES));
	view.setUint16(0, tag, true);
	view.setUint16(2, channels, true);
	view.setUint32(4, clockRate, true);
	view.setUint32(8, (clockRate * channels * bits) / 8, true);
	view.setUint16(12, Math.max(1, (channels * bits) >> 3), true);
	view.setUint16(14, bits, true);
	return new Uint8Array(view.buffer);
}

/** RFC 7845 section 5.1. */
function opusHead(channels: number): Uint8Array {
	const bytes = new Uint8Array(OPUS_HEAD_BYTES);
	bytes.set(Buffer.from("OpusHead", "latin1"));
	const view = new DataView(bytes.buffer);
	view.setUint8(8, 1);
	view.setUint8(9, channels);
	view.setUint32(12, TARGET_RATE, true);
	return bytes;
}
