/** The multivariant playlist of a camera, from what is known of its streams without pulling them. @module */
import type { StreamName, StreamStatus } from "@vigia/api";
import { type Variant, writeMultivariantPlaylist } from "@vigia/cmaf";
import { type HlsDecoding, type HlsOutput, type TrackName, viewName } from "./hls-output.ts";

/** Bits per second of streams that nobody has measured yet. */
const USUAL_BIT_RATES: Readonly<Record<StreamName, number>> = { sub: 500_000, main: 4_000_000 };
/** The highest rate of a segment over the mean: key frames make the short ones heavy. */
const PEAK_FACTOR = 1.5;
/** High profile at level 4.0, and Main profile at level 4.0: what cameras send if nothing else is known. */
const USUAL_H264 = "avc1.640028";
const USUAL_H265 = "hvc1.1.6.L120.B0";
/** AAC-LC: RFC 6381 section 3.4. What sound becomes here, and what cameras send. */
const SOUND_CODEC = "mp4a.40.2";
const SOUND_BITS_PER_SECOND = 64_000;

/** Nothing is started by this: a stream that is idle is described as it was last, or as streams usually are. */
export function multivariantPlaylist(output: HlsOutput, cameraId: string, decoding: HlsDecoding): string {
	const streams = output.streams(cameraId);
	const variants = streams.map((stream) => {
		const folder = `${viewName(stream, decoding)}/`;
		return variantOf(output, { cameraId, stream, decoding }, folder);
	});
	return writeMultivariantPlaylist(variants);
}

/** Of one stream alone, with its sound; lies in that stream's folder. */
export function viewPlaylist(output: HlsOutput, name: Omit<TrackName, "kind">): string {
	return writeMultivariantPlaylist([variantOf(output, name, "")]);
}

/** @param folder of the stream, as seen from the playlist: with its slash, or empty. */
function variantOf(output: HlsOutput, name: Omit<TrackName, "kind">, folder: string): Variant {
	const { cameraId, stream, decoding } = name;
	const sub = output.status(cameraId, "sub");
	const status = output.status(cameraId, stream);
	const running = output.running({ ...name, kind: "video" });
	const hasSound = output.feed(name)?.hasAudio ?? false;
	const measured = running?.bitRates;
	const mean = measured?.mean ?? status?.bitrateBps ?? USUAL_BIT_RATES[stream];
	const peak = Math.max(measured?.peak ?? 0, mean * PEAK_FACTOR);
	const sound = hasSound ? SOUND_BITS_PER_SECOND : 0;
	const view = viewName(stream, decoding);
	const init = running?.init;
	return {
		uri: `${folder}video.m3u8`,
		codecs: [init?.codecs ?? codecOf(status, decoding, sub), ...(hasSound ? [SOUND_CODEC] : [])],
		bandwidth: peak + sound,
		averageBandwidth: mean + sound,
		width: init?.width ?? status?.width ?? 0,
		height: init?.height ?? status?.height ?? 0,
		framesPerSecond: status?.fps,
		sound: hasSound ? { group: view, uri: `${folder}audio.m3u8`, channels: undefined } : undefined,
	};
}

/** Of a stream that is not being made. A camera's two streams usually have one codec. */
function codecOf(status: StreamStatus | undefined, decoding: HlsDecoding, sub: StreamStatus | undefined): string {
	const codec = status?.codec ?? sub?.codec;
	const isPassedOn = codec === "h264" || (codec === "h265" && decoding === "any");
	if (isPassedOn && status?.codecString !== undefined) return status.codecString;
	return codec === "h265" && decoding === "any" ? USUAL_H265 : USUAL_H264;
}
