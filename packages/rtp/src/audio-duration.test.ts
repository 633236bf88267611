import { describe, expect, it } from "vitest";
import type { AudioFrame } from "./access-unit.ts";
import { audioDurationTicks } from "./audio-duration.ts";
import { parseConfigParameter } from "./audio-specific-config.ts";
import type { RtpFormat } from "./depacketizer.ts";
import { bytes } from "./testing/payload-feed.ts";

function format(encoding: string, clockRate: number, channels = 1): RtpFormat {
	return { encoding, clockRate, channels, formatParameters: new Map(), dimensions: undefined };
}

function frame(codec: AudioFrame["codec"], data: number | Uint8Array): AudioFrame {
	return { codec, data: typeof data === "number" ? new Uint8Array(data) : data, rtpTimestamp: 0 };
}

describe("audioDurationTicks", () => {
	it("S55: counts the samples of G.711, G.726 and L16 (quirks 126 to 128)", () => {
		expect(audioDurationTicks(frame("pcma", 160), format("PCMA", 8000))).toBe(160);
		expect(audioDurationTicks(frame("pcmu", 320), format("PCMU", 16_000, 2))).toBe(160);
		expect(audioDurationTicks(frame("l16", 1920), format("L16", 48_000, 2))).toBe(480);
		expect(audioDurationTicks(frame("l16", 960), format("PCM", 48_000))).toBe(480);
		expect(audioDurationTicks(frame("g726", 80), format("G726-32", 8000))).toBe(160);
		expect(audioDurationTicks(frame("g726", 60), format("AAL2-G726-24", 8000))).toBe(160);
	});

	it("S55: reads that of Opus from the packet (quirk 129)", () => {
		expect(audioDurationTicks(frame("opus", bytes(0xfc)), format("OPUS", 48_000, 1))).toBe(960);
		expect(audioDurationTicks(frame("opus", 0), format("OPUS", 48_000))).toBeUndefined();
	});

	it("S54: knows that of AAC from the configuration, in ticks of the track's clock (quirk 124)", () => {
		const aac = format("MPEG4-GENERIC", 48_000);
		expect(audioDurationTicks(frame("aac", 9), aac, parseConfigParameter("1188"))).toBe(1024);
		expect(audioDurationTicks(frame("aac", 9), aac, parseConfigParameter("2B098800"))).toBe(2048);
		expect(audioDurationTicks(frame("aac", 9), aac)).toBeUndefined();
	});

	it("cannot tell that of a frame of another format", () => {
		expect(audioDurationTicks(frame("pcmu", 160), format("PCMA", 8000))).toBeUndefined();
		expect(audioDurationTicks(frame("pcmu", 160), format("X", 8000))).toBeUndefined();
	});
});
