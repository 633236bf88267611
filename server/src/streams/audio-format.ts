/** What a session description says of the sound. @module */
import { codecOf, createDepacketizer, makeAacLcConfig, parseConfigParameter, type RtpFormat } from "@vigia/rtp";
import type { AudioFormat } from "./reader.ts";

/** `undefined` for what is no sound, and for what nobody can decode. */
export function audioFormatOf(rtp: RtpFormat): AudioFormat | undefined {
	const codec = codecOf(rtp.encoding);
	// Some variants of a format cannot be read, such as CELP and L16 of very many channels.
	if (!isAudio(codec) || !createDepacketizer(rtp, () => undefined)) return undefined;
	const { clockRate, channels } = rtp;
	if (codec !== "aac") return { codec, clockRate, channels, config: undefined, rtp };
	// Cameras that give no configuration (quirk 124) send plain AAC LC: RFC 3640 section 4.1 has its rate as the clock's.
	const config =
		parseConfigParameter(rtp.formatParameters.get("config")?.trim() ?? "") ?? makeAacLcConfig(clockRate, channels);
	return config && { codec, clockRate, channels, config, rtp };
}

/** Two descriptions of the same sound. */
export function isSameAudio(a: AudioFormat, b: AudioFormat): boolean {
	const bytesOf = ({ config }: AudioFormat): string => config?.bytes.join() ?? "";
	return (
		a.rtp.encoding === b.rtp.encoding &&
		a.clockRate === b.clockRate &&
		a.channels === b.channels &&
		bytesOf(a) === bytesOf(b)
	);
}

function isAudio(codec: ReturnType<typeof codecOf>): codec is AudioFormat["codec"] {
	return codec !== undefined && codec !== "h264" && codec !== "h265" && codec !== "jpeg" && codec !== "mpeg4";
}
