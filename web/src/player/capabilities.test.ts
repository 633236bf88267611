import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { canReceiveH264, detectCapabilities, paintedPictures, tellsPaintedPictures } from "./capabilities.ts";

const SAFARI = ["avc1", "hvc1", "mp4a"];

beforeEach(() => {
	vi.stubGlobal("document", { createElement: () => ({ canPlayType: (type: string) => (type ? "maybe" : "") }) });
	vi.stubGlobal("RTCPeerConnection", class {});
	vi.stubGlobal("HTMLVideoElement", class {});
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

test("without word of each painted picture WebRTC is not for it, and decoded pictures are counted", () => {
	receives("video/H264");
	expect([tellsPaintedPictures(), canReceiveH264()]).toEqual([false, false]);
	vi.stubGlobal(
		"HTMLVideoElement",
		class {
			requestVideoFrameCallback() {}
		},
	);
	expect([tellsPaintedPictures(), canReceiveH264()]).toEqual([true, true]);
	const quality = { totalVideoFrames: 10, droppedVideoFrames: 3 };
	expect(paintedPictures({ getVideoPlaybackQuality: () => quality } as unknown as HTMLVideoElement)).toBe(7);
});
