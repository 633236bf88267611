import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { detectCapabilities } from "./capabilities.ts";

class TellingVideo {
	requestVideoFrameCallback(): void {}
}

const SAFARI = ["avc1", "hvc1", "mp4a"];

beforeEach(() => {
	vi.stubGlobal("document", { createElement: () => ({ canPlayType: (type: string) => (type ? "maybe" : "") }) });
	vi.stubGlobal("RTCPeerConnection", class {});
	vi.stubGlobal("HTMLVideoElement", TellingVideo);
});
afterEach(() => vi.unstubAllGlobals());

function receives(...mimeTypes: string[]): void {
	const codecs = mimeTypes.map((mimeType) => ({ mimeType }));
	const getCapabilities = (kind: string) => ({ codecs: codecs.filter((codec) => codec.mimeType.startsWith(kind)) });
	vi.stubGlobal("RTCRtpReceiver", { getCapabilities });
}

test("tells what WebRTC receives, once each, and nothing that the server does not have", () => {
	receives("video/VP8", "video/H264", "video/H264", "video/rtx", "audio/opus", "audio/PCMU", "audio/G722");
	expect(detectCapabilities().webrtc).toEqual(["h264", "opus", "pcmu"]);
});

test("tells what an iPhone's ManagedMediaSource takes", () => {
	vi.stubGlobal("MediaSource", undefined);
	const isTypeSupported = (type: string) => SAFARI.some((codec) => type.includes(codec));
	vi.stubGlobal("ManagedMediaSource", { isTypeSupported });
	expect(detectCapabilities()).toMatchObject({ mse: ["h264", "h265", "aac"], nativeHls: true });
});

test("a browser without any of it is told, not broken", () => {
	for (const name of ["MediaSource", "ManagedMediaSource", "RTCPeerConnection", "RTCRtpReceiver"]) {
		vi.stubGlobal(name, undefined);
	}
	vi.stubGlobal("document", { createElement: () => ({ canPlayType: () => "" }) });
	expect(detectCapabilities()).toEqual({ webrtc: [], mse: [], nativeHls: false });
});

test("without word of each painted picture nothing is for it: none would be known to be live", () => {
	receives("video/H264");
	vi.stubGlobal("MediaSource", { isTypeSupported: () => true });
	expect(detectCapabilities()).toMatchObject({ webrtc: ["h264"], nativeHls: true });
	vi.stubGlobal("HTMLVideoElement", class {});
	expect(detectCapabilities()).toEqual({ webrtc: [], mse: [], nativeHls: false });
});
