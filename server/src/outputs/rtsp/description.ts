/**
 * What a stream's pictures and sound are called in a session description: RFC 8866, and each payload format's section on
 * media types. @module
 */
import {
	H265_NAL_TYPE,
	h265NalTypeOf,
	mpeg4ConfigOf,
	NAL_TYPE,
	nalTypeOf,
	parseJpegSize,
	pcmFormatOf,
	type VideoCodec,
} from "@vigia/rtp";
import { encodeBase64, type SdpMediaInit, toByteString, writeSdp } from "@vigia/rtsp";
import type { AudioFormat, StreamUnit } from "../../streams/reader.ts";
import { type OutputTarget, TRACK_CONTROLS } from "./target.ts";

/** RFC 3551 section 6: all payload types but those of the table there are free to choose. */
const DYNAMIC_VIDEO = 96;
const DYNAMIC_AUDIO = 97;
/** RFC 3551 table 5. */
const STATIC_JPEG = 26;
/** RFC 3551 table 4: G.711 at 8 kHz in one channel. */
const STATIC_AUDIO: Readonly<Record<string, number>> = { PCMU: 0, PCMA: 8 };
const STATIC_AUDIO_HZ = 8000;

/** A stream as it was when a client asked: what is sent to it later must be the same. */
export interface StreamDescription {
	readonly codec: VideoCodec;
	readonly video: SdpMediaInit;
	/** Absent for a stream without sound, and for sound that RTP cannot carry. */
	readonly audio: { readonly format: AudioFormat; readonly media: SdpMediaInit } | undefined;
}

/** @param first a random access point of the stream, with its parameter sets. */
export function describeStream(first: StreamUnit, format: AudioFormat | undefined): StreamDescription {
	const media = format && audioMedia(format);
	return { codec: first.codec, video: videoMedia(first), audio: format && media && { format, media } };
}

/**
 * The session description, in a buffer of its own.
 * @param origin for the origin line: a number that is another one for every description, and the server's IPv4 address.
 */
export function writeDescription(
	{ video, audio }: StreamDescription,
	{ cameraId }: Pick<OutputTarget, "cameraId">,
	origin: { readonly id: number; readonly address: string },
): Uint8Array {
	const media = audio ? [video, audio.media] : [video];
	return writeSdp({ sessionName: cameraId, sessionId: origin.id.toFixed(0), address: origin.address, media });
}

/** The encoding that sound is sent in: little-endian samples have no name in RFC 3551, so they go as L16. */
export function pcmEncodingOf({ rtp }: AudioFormat): string {
	return rtp.encoding === "PCM" ? "L16" : rtp.encoding;
}

function videoMedia(first: StreamUnit): SdpMediaInit {
	const media = { type: "video", payloadType: DYNAMIC_VIDEO, clockRate: 90_000, control: TRACK_CONTROLS.video };
	if ("nalUnits" in first) {
		return first.codec === "h264"
			? { ...media, encoding: "H264", formatParameters: h264Parameters(first.nalUnits) }
			: { ...media, encoding: "H265", ...withParameters(h265Parameters(first.nalUnits)) };
	}
	if (first.codec === "mpeg4") {
		const config = mpeg4ConfigOf(first.data);
		// RFC 6416 section 7.1.
		return { ...media, encoding: "MP4V-ES", ...withParameters(config && `profile-level-id=1;config=${hexOf(config)}`) };
	}
	const size = parseJpegSize(first.data);
	return {
		...media,
		payloadType: STATIC_JPEG,
		encoding: "JPEG",
		// The payload header cannot name more than 2040 pixels: ONVIF Streaming section 5.1.3.4.
		...(size && { attributes: [`x-dimensions:${size.width},${size.height}`] }),
	};
}

/** RFC 6184 section 8.1. */
function h264Parameters(nalUnits: readonly Uint8Array[]): string {
	const of = (type: number): readonly Uint8Array[] => nalUnits.filter((nal) => nalTypeOf(nal) === type);
	const sps = of(NAL_TYPE.sps);
	const [first] = sps;
	// profile_idc, constraint flags and level_idc stand behind the header.
	const profile = first ? `;profile-level-id=${hexOf(first.subarray(1, 4)).toUpperCase()}` : "";
	const sets = [...sps, ...of(NAL_TYPE.pps)];
	const sprop = sets.length > 0 ? `;sprop-parameter-sets=${base64List(sets)}` : "";
	return `packetization-mode=1${profile}${sprop}`;
}

/** RFC 7798 section 7.1. */
function h265Parameters(nalUnits: readonly Uint8Array[]): string | undefined {
	const parameters = (["vps", "sps", "pps"] as const).flatMap((name) => {
		const sets = nalUnits.filter((nal) => h265NalTypeOf(nal) === H265_NAL_TYPE[name]);
		return sets.length > 0 ? [`sprop-${name}=${base64List(sets)}`] : [];
	});
	return parameters.length > 0 ? parameters.join(";") : undefined;
}

/** `undefined` for what has no payload format. */
function audioMedia(format: AudioFormat): SdpMediaInit | undefined {
	const { codec, clockRate, channels, config } = format;
	const media = { type: "audio", payloadType: DYNAMIC_AUDIO, clockRate, control: TRACK_CONTROLS.audio };
	// RFC 7587 section 7: always these, whatever is in it.
	if (codec === "opus") return { ...media, encoding: "opus", clockRate: 48_000, channels: 2 };
	if (codec === "aac") {
		if (!config) return undefined;
		// RFC 3640 sections 3.3.6 and 4.1.
		const modeParameters = "mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3";
		return {
			...media,
			encoding: "MPEG4-GENERIC",
			channels: config.channels || channels,
			formatParameters: `streamtype=5;profile-level-id=1;${modeParameters};config=${hexOf(config.bytes)}`,
		};
	}
	const encoding = pcmEncodingOf(format);
	if (!pcmFormatOf({ encoding, channels })) return undefined;
	const fixed = clockRate === STATIC_AUDIO_HZ && channels === 1 ? STATIC_AUDIO[encoding] : undefined;
	return { ...media, encoding, ...(fixed !== undefined && { payloadType: fixed }), ...(channels > 1 && { channels }) };
}

function withParameters(formatParameters: string | undefined): { readonly formatParameters?: string } {
	return formatParameters === undefined ? {} : { formatParameters };
}

function base64List(nalUnits: readonly Uint8Array[]): string {
	return nalUnits.map((nal) => encodeBase64(toByteString(nal))).join(",");
}

function hexOf(bytes: Uint8Array): string {
	return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
