/** What this browser can play. @module */

/** Whether the browser's WebRTC receives H.264: Chromium builds without codecs and some Firefox installations do not. */
export function canReceiveH264(): boolean {
	if (typeof RTCPeerConnection === "undefined" || typeof RTCRtpReceiver === "undefined") return false;
	const codecs = RTCRtpReceiver.getCapabilities?.("video")?.codecs ?? [];
	return codecs.some((codec) => codec.mimeType.toLowerCase() === "video/h264");
}
