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
	/** `RTP/AVP`, in capitals. */
	readonly protocol: string;
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
			formatParameters,
			setupUrl: joinControlUrl(baseUrl, media.control, address),
			fallbackSetupUrl: joinControlUrl(requestUrl, media.control, address),
			// A camera takes sound only: D-Link marks its video sendonly too.
			backchannel: sendonlyMeansBack && media.type === "audio" && media.direction === "sendonly",
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
 * @throws {RtspError} kind `no-video`, `unsupported-codec`, or `unsupported-transport` if it is encrypted.
 */
export function chooseVideoTrack(presentation: Presentation, encodings: readonly string[]): PresentationTrack {
	const video = presentation.tracks.filter((track) => track.type === "video");
	if (video.length === 0) throw new RtspError("no-video", "RTSP_NO_VIDEO", "the camera describes no video track");
	const usable = video.filter((track) => encodings.includes(track.encoding));
	// RTP/SAVP, RFC 3711: the keys are in a=crypto or a=key-mgmt, which are not read.
	const chosen = usable.find((track) => !track.protocol.includes("SAVP"));
	if (chosen) return chosen;
	if (usable.length > 0) {
		throw new RtspError("unsupported-transport", "RTSP_SRTP", "the camera encrypts its video (SRTP): switch that off");
	}
	const found = video.map((track) => track.encoding.replace(/[^A-Z0-9.-]/g, "").slice(0, 20) || "unknown").join(", ");
	const message = `the camera's video is ${found}, not ${encodings.join(" or ")}`;
	throw new RtspError("unsupported-codec", "RTSP_UNSUPPORTED_CODEC", message);
}
