/** What a DESCRIBE answer offers, resolved to tracks with URLs: RFC 2326 appendix C. @module */
import { RtspError } from "./errors.ts";
import { headerOf, type RtspResponse } from "./message.ts";
import { formatOf, parseSdp, type SdpMedia } from "./sdp.ts";
import { chooseBaseUrl, joinControlUrl, type RtspAddress } from "./url.ts";

/** One media section. */
export interface PresentationTrack {
	/** Its position among the media sections. */
	readonly index: number;
	/** `video`, `audio`, `application` or whatever stands there. */
	readonly type: string;
	readonly payloadType: number;
	/** In capitals, `H264`; empty if the description does not say. */
	readonly encoding: string;
	/** Hz. */
	readonly clockRate: number;
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
}

/** Reads a successful DESCRIBE answer, whatever its Content-Type says. Never throws. */
export function readPresentation(response: RtspResponse, context: DescribeContext): Presentation {
	const { requestUrl, address, encodings } = context;
	const description = parseSdp(response.body);
	const baseUrl = chooseBaseUrl({
		sessionControl: description.control,
		contentBase: headerOf(response, "content-base"),
		contentLocation: headerOf(response, "content-location"),
		requestUrl,
		address,
	});
	// D-Link marks every track sendonly: then it says nothing.
	const sendonlyMeansBack = description.media.some((media) => media.direction !== "sendonly");
	const tracks = description.media.map((media, index): PresentationTrack => {
		const wanted = media.payloadTypes.find((type) => encodings.includes(formatOf(media, type)?.encoding ?? ""));
		const payloadType = wanted ?? media.payloadTypes[0] ?? -1;
		const format = formatOf(media, payloadType);
		const formatParameters = media.formatParameters.get(payloadType) ?? NO_PARAMETERS;
		return {
			index,
			type: media.type,
			payloadType,
			encoding: format?.encoding ?? guessEncoding(media, formatParameters),
			clockRate: format?.clockRate || (media.type === "audio" ? AUDIO_CLOCK_HZ : VIDEO_CLOCK_HZ),
			formatParameters,
			setupUrl: joinControlUrl(baseUrl, media.control, address),
			fallbackSetupUrl: joinControlUrl(requestUrl, media.control, address),
			backchannel: sendonlyMeansBack && media.direction === "sendonly",
		};
	});
	return { baseUrl, aggregateUrl: joinControlUrl(baseUrl, description.control, address), tracks };
}

/** Without an rtpmap, H.264's own parameters give it away. */
function guessEncoding(media: SdpMedia, parameters: ReadonlyMap<string, string>): string {
	const telling = parameters.has("sprop-parameter-sets") || parameters.has("packetization-mode");
	return media.type === "video" && telling ? "H264" : "";
}

/**
 * The first video track in one of the codecs.
 * @throws {RtspError} kind `no-video` or `unsupported-codec`.
 */
export function chooseVideoTrack(presentation: Presentation, encodings: readonly string[]): PresentationTrack {
	const video = presentation.tracks.filter((track) => track.type === "video" && !track.backchannel);
	if (video.length === 0) throw new RtspError("no-video", "RTSP_NO_VIDEO", "the camera describes no video track");
	const chosen = video.find((track) => encodings.includes(track.encoding));
	if (chosen) return chosen;
	const found = video.map((track) => track.encoding.replace(/[^A-Z0-9.-]/g, "").slice(0, 20) || "unknown").join(", ");
	const message = `the camera's video is ${found}, not ${encodings.join(" or ")}`;
	throw new RtspError("unsupported-codec", "RTSP_UNSUPPORTED_CODEC", message);
}
