/** What a DESCRIBE answer offers, resolved to tracks with URLs: RFC 2326 appendix C. @module */
import type { RtspQuirk } from "./client-contract.ts";
import { encryptedError } from "./client-errors.ts";
import { RtspError } from "./errors.ts";
import { headerOf, type RtspResponse } from "./message.ts";
import { formatOf, parseSdp, type SdpDimensions, type SdpMedia, type SessionDescription } from "./sdp.ts";
import { chooseBaseUrl, isElsewhere, joinControlUrl, type RtspAddress } from "./url.ts";

/** One media section; what a depacketizer must know of it is an `RtpFormat` of `@vigia/rtp`. */
export interface PresentationTrack {
	/** Its position among the media sections. */
	readonly index: number;
	/** `video`, `audio`, `application` or whatever stands there. */
	readonly type: string;
	/** `RTP/AVP`, in capitals. */
	readonly protocol: string;
	readonly payloadType: number;
	/** In capitals, `H264`; empty if the description does not say. */
	readonly encoding: string;
	/** Hz. */
	readonly clockRate: number;
	/** Audio channels; 1 where the description does not say. */
	readonly channels: number;
	/** The picture's size in pixels, where the description says it: a hint. */
	readonly dimensions: SdpDimensions | undefined;
	readonly formatParameters: ReadonlyMap<string, string>;
	/** The request target of SETUP, a byte string. */
	readonly setupUrl: string;
	/** The same joined to the request's URL, for a camera that gives a wrong base. */
	readonly fallbackSetupUrl: string;
	/** A way to the camera's loudspeaker, not from the camera (ONVIF Streaming section 5.3). */
	readonly backchannel: boolean;
}

export interface Presentation {
	/** Request target of keep-alives. */
	readonly baseUrl: string;
	/** Request target of PLAY and TEARDOWN. */
	readonly aggregateUrl: string;
	readonly tracks: readonly PresentationTrack[];
}

const NO_PARAMETERS: ReadonlyMap<string, string> = new Map();
const VIDEO_CLOCK_HZ = 90_000;
const AUDIO_CLOCK_HZ = 8000;

export interface DescribeContext {
	/** The target of the DESCRIBE request. */
	readonly requestUrl: string;
	readonly address: RtspAddress;
	/** Of several formats in one media section the first of these is taken, else the first. */
	readonly encodings: readonly string[];
	/** Told what the answer does otherwise than the standard says. */
	readonly onQuirk?: (quirk: RtspQuirk) => void;
}

/** Reads a successful DESCRIBE answer, whatever its Content-Type says. Never throws. */
export function readPresentation(response: RtspResponse, context: DescribeContext): Presentation {
	const { requestUrl, address, encodings } = context;
	const description = parseSdp(response.body);
	const contentBase = headerOf(response, "content-base");
	const baseUrl = chooseBaseUrl({
		sessionControl: description.control,
		contentBase,
		contentLocation: headerOf(response, "content-location"),
		requestUrl,
		address,
	});
	if (context.onQuirk) findQuirks(response, description, context, context.onQuirk);
	// Some cameras mark every track sendonly: then it says nothing.
	const sendonlyMeansBack = description.media.some((media) => media.direction !== "sendonly");
	const tracks = description.media.map((media, index): PresentationTrack => {
		const wanted = media.payloadTypes.find((type) => encodings.includes(formatOf(media, type)?.encoding ?? ""));
		const payloadType = wanted ?? media.payloadTypes[0] ?? -1;
		const format = formatOf(media, payloadType);
		const formatParameters = media.formatParameters.get(payloadType) ?? NO_PARAMETERS;
		return {
			index,
			type: media.type,
			protocol: media.protocol,
			payloadType,
			encoding: format?.encoding ?? guessEncoding(media, formatParameters),
			clockRate: format?.clockRate || (media.type === "audio" ? AUDIO_CLOCK_HZ : VIDEO_CLOCK_HZ),
			channels: format?.channels || 1,
			dimensions: media.dimensions,
			formatParameters,
			setupUrl: joinControlUrl(baseUrl, media.control, address),
			fallbackSetupUrl: joinControlUrl(requestUrl, media.control, address),
			// A camera takes sound only: D-Link marks its video sendonly too.
			backchannel: sendonlyMeansBack && media.type === "audio" && media.direction === "sendonly",
		};
	});
	return { baseUrl, aggregateUrl: joinControlUrl(baseUrl, description.control, address), tracks };
}

function findQuirks(
	response: RtspResponse,
	description: SessionDescription,
	{ address }: DescribeContext,
	onQuirk: (quirk: RtspQuirk) => void,
): void {
	if (!/^application\/sdp\b/i.test(headerOf(response, "content-type") ?? "")) onQuirk("content-type-wrong");
	const base = headerOf(response, "content-base")?.trim();
	if (base !== undefined && (!/^rtsps?:\/\/(?!rtsp)/i.test(base) || isElsewhere(base, address))) {
		onQuirk("content-base-wrong");
	}
	const controls = [description.control, ...description.media.map((media) => media.control)];
	if (controls.some((control) => isElsewhere(control ?? "", address))) onQuirk("control-outside-base");
}

/** Without an rtpmap, the parameters of H.264 (RFC 6184) and H.265 (RFC 7798) give them away. */
function guessEncoding(media: SdpMedia, parameters: ReadonlyMap<string, string>): string {
	if (media.type !== "video") return "";
	if (parameters.has("sprop-vps")) return "H265";
	return parameters.has("sprop-parameter-sets") || parameters.has("packetization-mode") ? "H264" : "";
}

/** RTP/SAVP and RTP/SAVPF: RFC 3711, RFC 5124. The keys are in a=crypto or a=key-mgmt, which are not read. */
function isEncrypted(track: PresentationTrack): boolean {
	return track.protocol.includes("SAVP");
}

/**
 * The first video track in one of the codecs.
 * @throws {RtspError} kind `no-video`, `unsupported-codec`, or `encrypted`.
 */
export function chooseVideoTrack(presentation: Presentation, encodings: readonly string[]): PresentationTrack {
	const video = presentation.tracks.filter((track) => track.type === "video");
	if (video.length === 0) throw new RtspError("no-video", "RTSP_NO_VIDEO", "the camera describes no video track");
	const usable = video.filter((track) => encodings.includes(track.encoding));
	const chosen = usable.find((track) => !isEncrypted(track));
	if (chosen) return chosen;
	if (usable.length > 0) throw encryptedError("RTSP_SRTP");
	const found = video.map((track) => track.encoding.replace(/[^A-Z0-9.-]/g, "").slice(0, 20) || "unknown").join(", ");
	const message = `the camera's video is ${found}, not ${encodings.join(" or ")}`;
	throw new RtspError("unsupported-codec", "RTSP_UNSUPPORTED_CODEC", message);
}

/** The first audio track in one of the codecs that comes from the camera, if there is one. */
export function chooseAudioTrack(
	presentation: Presentation,
	encodings: readonly string[],
): PresentationTrack | undefined {
	return presentation.tracks.find(
		(track) =>
			track.type === "audio" && !track.backchannel && !isEncrypted(track) && encodings.includes(track.encoding),
	);
}
