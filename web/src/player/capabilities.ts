/** What this browser can play. @module */
import type { Codec } from "@vigia/api";
import { isTypeSupported } from "./media-buffer.ts";

export interface Capabilities {
	/** What its WebRTC receives. Chromium is built without codecs and some Firefox installations have no H.264. */
	readonly webrtc: readonly Codec[];
	/** What it takes by Media Source Extensions, in fragmented MP4; empty without them. */
	readonly mse: readonly Codec[];
	/** It plays a playlist by itself, as all of Apple's do. */
	readonly nativeHls: boolean;
}

const WEBRTC_TYPES: Readonly<Record<string, Codec>> = {
	"video/h264": "h264",
	"video/h265": "h265",
	"audio/opus": "opus",
	"audio/pcmu": "pcmu",
	"audio/pcma": "pcma",
};
const MSE_TYPES: readonly (readonly [Codec, string])[] = [
	["h264", 'video/mp4; codecs="avc1.42e01e"'],
	["h265", 'video/mp4; codecs="hvc1.1.6.L93.B0"'],
	["aac", 'audio/mp4; codecs="mp4a.40.2"'],
	["opus", 'audio/mp4; codecs="opus"'],
];
export const HLS_TYPE = "application/vnd.apple.mpegurl";

/**
 * Asks the browser, which is quick. One that does not tell of each painted picture (`requestVideoFrameCallback`; Firefox
 * since 132) plays nothing here: no picture in it would be known to be live.
 */
export function detectCapabilities(): Capabilities {
	if (!("requestVideoFrameCallback" in HTMLVideoElement.prototype)) return { webrtc: [], mse: [], nativeHls: false };
	return {
		webrtc: [...webrtcCodecs("video"), ...webrtcCodecs("audio")],
		mse: MSE_TYPES.filter(([, type]) => isTypeSupported(type)).map(([codec]) => codec),
		nativeHls: document.createElement("video").canPlayType(HLS_TYPE) !== "",
	};
}

function webrtcCodecs(kind: "video" | "audio"): Codec[] {
	if (typeof RTCPeerConnection === "undefined" || typeof RTCRtpReceiver === "undefined") return [];
	const found = new Set<Codec>();
	for (const { mimeType } of RTCRtpReceiver.getCapabilities?.(kind)?.codecs ?? []) {
		const codec = WEBRTC_TYPES[mimeType.toLowerCase()];
		if (codec) found.add(codec);
	}
	return [...found];
}
