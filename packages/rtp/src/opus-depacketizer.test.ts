import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AudioFrame } from "./access-unit.ts";
import { OpusDepacketizer } from "./opus-depacketizer.ts";
import { MAX_OPUS_SAMPLES, opusSamples } from "./opus-toc.ts";
import { bytes, feed, rtp } from "./testing/payload-feed.ts";

function collect(): { frames: AudioFrame[]; depacketizer: OpusDepacketizer } {
	const frames: AudioFrame[] = [];
	return { frames, depacketizer: new OpusDepacketizer((frame) => frames.push(frame)) };
}

describe("OpusDepacketizer", () => {
	it("S55: gives each packet's payload as it is (quirk 129)", () => {
		const { frames, depacketizer } = collect();
		feed(depacketizer, rtp(bytes(0xfc, 1, 2, 3), 960));
		feed(depacketizer, rtp(bytes(0xf8), 1920, true));
		expect(frames).toEqual([
			{ codec: "opus", data: bytes(0xfc, 1, 2, 3), rtpTimestamp: 960 },
			{ codec: "opus", data: bytes(0xf8), rtpTimestamp: 1920 },
		]);
	});

	it("S55: counts payloads that are no Opus packets and drops them (quirk 129)", () => {
		const { frames, depacketizer } = collect();
		feed(depacketizer, rtp(bytes(), 0));
		feed(depacketizer, rtp(bytes(0xff), 0));
		feed(depacketizer, rtp(bytes(0xff, 0), 0));
		feed(depacketizer, rtp(bytes(0xff, 7), 0));
		depacketizer.flush();
		expect(frames).toEqual([]);
		expect(depacketizer).toMatchObject({ malformedPayloads: 3, damagedUnits: 0 });
	});

	it("never throws and gives exactly the packets that have a duration", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 50 }), (payload) => {
				const { frames, depacketizer } = collect();
				feed(depacketizer, rtp(payload, 1));
				const samples = opusSamples(payload);
				expect(frames.map((frame) => frame.data)).toEqual(samples === undefined ? [] : [payload]);
				if (samples !== undefined) expect(samples).toBeLessThanOrEqual(MAX_OPUS_SAMPLES);
			}),
		);
	});
});

describe("opusSamples", () => {
	it.each([
		["SILK 10 ms", [0 << 3], 480],
		["SILK 60 ms", [11 << 3], 2880],
		["SILK 60 ms twice", [(3 << 3) | 1], 5760],
		["hybrid 10 ms", [12 << 3], 480],
		["hybrid 20 ms, two sizes", [(15 << 3) | 2], 1920],
		["CELT 2.5 ms", [16 << 3], 120],
		["CELT 20 ms", [31 << 3], 960],
		["CELT 2.5 ms, 48 frames", [(16 << 3) | 3, 48], 5760],
		["CELT 20 ms, 3 frames with padding", [(31 << 3) | 3, 0xc3], 2880],
	])("S55: %s (RFC 6716 section 3.1)", (_name, packet, samples) => {
		expect(opusSamples(bytes(packet))).toBe(samples);
	});

	it("S55: nothing lasts longer than 120 ms or no time at all", () => {
		expect(opusSamples(bytes())).toBeUndefined();
		expect(opusSamples(bytes((16 << 3) | 3, 49))).toBeUndefined();
		expect(opusSamples(bytes((16 << 3) | 3, 0))).toBeUndefined();
		expect(opusSamples(bytes((16 << 3) | 3))).toBeUndefined();
	});
});
