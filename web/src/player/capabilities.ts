/** What this browser can play. @module */

/**
 * Whether the browser can play the wall: its WebRTC receives H.264, which Chromium builds without codecs and some
 * Firefox installations do not, and it tells which pictures are painted, without which none is known to be live.
 */
export function canReceiveH264(): boolean {
	if (typeof RTCPeerConnection === "undefined" || typeof RTCRtpReceiver === "undefined") return false;
	if (!("requestVideoFrameCallback" in HTMLVideoElement.prototype)) return false;
	const codecs = RTCRtpReceiver.getCapabilities?.("video")?.codecs ?? [];
	return codecs.some((codec) => codec.mimeType.toLowerCase() === "video/h264");
}
