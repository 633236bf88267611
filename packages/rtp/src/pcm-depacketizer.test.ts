import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AudioFrame } from "./access-unit.ts";
import { g726FromAal2, g726ToAal2 } from "./g726-order.ts";
import { PcmDepacketizer } from "./pcm-depacketizer.ts";
import { type PcmFormat, pcmFormatOf } from "./pcm-format.ts";
import { packetizePcm } from "./pcm-packetizer.ts";
import { bytes, feed, rtp } from "./testing/payload-feed.ts";

const ENCODINGS = [
	"PCMU",
	"PCMA",
	"L16",
	"PCM",
	...["16", "24", "32", "40"].flatMap((rate) => [`G726-${rate}`, `AAL2-G726-${rate}`]),
];

function formatOf(encoding: string, channels = 1): PcmFormat {
	const format = pcmFormatOf({ encoding, channels });
	if (format === undefined) throw new Error(`no format for ${encoding}`);
	return format;
}

function collect(encoding: string, channels = 1): { frames: AudioFrame[]; depacketizer: PcmDepacketizer } {
	const frames: AudioFrame[] = [];
	return { frames, depacketizer: new PcmDepacketizer(formatOf(encoding, channels), (frame) => frames.push(frame)) };
}

/** What one payload becomes. */
function dataOf(encoding: string, payload: Uint8Array, channels = 1): Uint8Array | undefined {
	const { frames, depacketizer } = collect(encoding, channels);
	feed(depacketizer, rtp(payload, 0));
	return frames[0]?.data;
}

describe("PcmDepacketizer", () => {
	it("S55: G.711 comes in packets of any size, odd ones too (quirk 126)", () => {
		const { frames, depacketizer } = collect("PCMA");
		for (const size of [1, 159, 160, 161, 320, 1000, 1400]) {
			feed(depacketizer, rtp(new Uint8Array(size).fill(size), size));
		}
		expect(frames.map((frame) => [frame.codec, frame.rtpTimestamp, frame.data.length])).toEqual(
			[1, 159, 160, 161, 320, 1000, 1400].map((size) => ["pcma", size, size]),
		);
		expect(frames[1]?.data[0]).toBe(159);
		expect(depacketizer).toMatchObject({ damagedUnits: 0, malformedPayloads: 0 });
	});

	it("S55: of stereo G.711 the byte of half a sample is dropped and counted (quirk 126)", () => {
		const { frames, depacketizer } = collect("PCMU", 2);
		feed(depacketizer, rtp(bytes(1, 2, 3, 4, 5), 0));
		feed(depacketizer, rtp(bytes(1, 2, 3, 4), 2));
		feed(depacketizer, rtp(bytes(1), 4));
		feed(depacketizer, rtp(bytes(), 4));
		expect(frames).toEqual([
			{ codec: "pcmu", data: bytes(1, 2, 3, 4), rtpTimestamp: 0 },
			{ codec: "pcmu", data: bytes(1, 2, 3, 4), rtpTimestamp: 2 },
		]);
		expect(depacketizer.malformedPayloads).toBe(2);
	});

	it("S55: L16 is big-endian, and PCM, as Hikvision sends it, becomes so (quirk 128)", () => {
		expect(dataOf("L16", bytes(1, 2, 3, 4))).toEqual(bytes(1, 2, 3, 4));
		expect(dataOf("PCM", bytes(1, 2, 3, 4))).toEqual(bytes(2, 1, 4, 3));
		expect(collect("PCM").depacketizer).toBeDefined();
		expect(formatOf("PCM").codec).toBe("l16");
	});

	it("S55: odd bytes behind the last sample of L16 are dropped and counted (quirk 128)", () => {
		for (const encoding of ["L16", "PCM"]) {
			const { frames, depacketizer } = collect(encoding, 2);
			feed(depacketizer, rtp(bytes(1, 1, 2, 2, 3, 3, 4), 0));
			expect(frames[0]?.data).toEqual(bytes(1, 1, 2, 2));
			expect(depacketizer.malformedPayloads).toBe(1);
		}
	});

	it("S55: G.726 of both orders comes out in that of RFC 3551 (quirk 127)", () => {
		// Code words 1, 2, 3 and so on, from the figures of RFC 3551 section 4.5.4.
		const vectors = [
			["16", bytes(0x1b), bytes(0xe4)],
			["24", bytes(0x29, 0xcb, 0xb8), bytes(0xd1, 0x58, 0x1f)],
			["32", bytes(0x12, 0x34), bytes(0x21, 0x43)],
			["40", bytes(0x08, 0x86, 0x42, 0x98, 0xe8), bytes(0x41, 0x0c, 0x52, 0xcc, 0x41)],
		] as const;
		for (const [rate, aal2, rfc3551] of vectors) {
			expect(dataOf(`AAL2-G726-${rate}`, aal2)).toEqual(rfc3551);
			expect(dataOf(`G726-${rate}`, rfc3551)).toEqual(rfc3551);
			expect(formatOf(`G726-${rate}`).codec).toBe("g726");
		}
	});

	it("S55: code words of G.726 that end within a byte are dropped and counted (quirk 127)", () => {
		const { frames, depacketizer } = collect("AAL2-G726-24");
		feed(depacketizer, rtp(bytes(0x29, 0xcb, 0xb8, 0x29), 0));
		feed(depacketizer, rtp(bytes(0x29, 0xcb), 0));
		expect(frames.map((frame) => frame.data)).toEqual([bytes(0xd1, 0x58, 0x1f)]);
		expect(depacketizer.malformedPayloads).toBe(2);
	});

	it("knows no other encodings, and no numbers of channels that cannot be", () => {
		for (const encoding of ["", "L8", "G726-48", "AAL2-G726", "G726-32X", "OPUS"]) {
			expect(pcmFormatOf({ encoding, channels: 1 })).toBeUndefined();
		}
		for (const channels of [0, -1, 1.5, 9, Number.NaN])
			expect(pcmFormatOf({ encoding: "L16", channels })).toBeUndefined();
	});

	it("never throws and never gives more than came, whatever comes", () => {
		fc.assert(
			fc.property(
				fc.constantFrom(...ENCODINGS),
				fc.integer({ min: 1, max: 8 }),
				fc.uint8Array({ maxLength: 100 }),
				(encoding, channels, payload) => {
					const { groupBytes } = formatOf(encoding, channels);
					const data = dataOf(encoding, payload, channels);
					expect(data?.length ?? 0).toBe(payload.length - (payload.length % groupBytes));
				},
			),
			{ numRuns: 500 },
		);
	});
});

describe("packetizePcm", () => {
	it("gives whole samples in each packet, with the ticks to each", () => {
		const data = bytes(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
		expect(packetizePcm(data, formatOf("L16", 2), 7)).toEqual([
			{ payload: bytes(1, 2, 3, 4), ticks: 0 },
			{ payload: bytes(5, 6, 7, 8), ticks: 1 },
		]);
		expect(packetizePcm(data, formatOf("G726-40"), 5).map((one) => one.ticks)).toEqual([0, 8]);
		expect(packetizePcm(data, formatOf("PCM"), 1400)[0]?.payload).toEqual(bytes(2, 1, 4, 3, 6, 5, 8, 7, 10, 9));
		expect(() => packetizePcm(data, formatOf("L16", 2), 3)).toThrow(RangeError);
		expect(() => packetizePcm(data, formatOf("L16", 2), Number.NaN)).toThrow(RangeError);
	});

	it("is undone by the depacketizer, whatever the samples, the encoding and the limit", () => {
		fc.assert(
			fc.property(
				fc.constantFrom(...ENCODINGS),
				fc.integer({ min: 1, max: 2 }),
				fc.uint8Array({ maxLength: 600 }),
				fc.integer({ min: 5, max: 300 }),
				(encoding, channels, samples, limit) => {
					const format = formatOf(encoding, channels);
					const whole = samples.slice(0, samples.length - (samples.length % format.groupBytes));
					const { frames, depacketizer } = collect(encoding, channels);
					for (const { payload, ticks } of packetizePcm(samples, format, limit)) {
						expect(payload.length).toBeLessThanOrEqual(limit);
						feed(depacketizer, rtp(payload, 7000 + ticks));
					}
					expect(bytes(...frames.map((frame) => frame.data))).toEqual(whole);
					let samplesBefore = 0;
					for (const frame of frames) {
						expect(frame.rtpTimestamp).toBe(7000 + samplesBefore);
						samplesBefore += (frame.data.length / format.groupBytes) * format.groupSamples;
					}
					expect(depacketizer.malformedPayloads).toBe(0);
				},
			),
			{ numRuns: 300 },
		);
	});
});

describe("g726FromAal2 and g726ToAal2", () => {
	it("undo each other for whole groups of code words, and keep whole code words of others", () => {
		const group = { 2: 1, 3: 3, 4: 1, 5: 5 } as const;
		fc.assert(
			fc.property(fc.constantFrom(2, 3, 4, 5), fc.uint8Array({ maxLength: 60 }), (bits, any) => {
				const whole = any.slice(0, any.length - (any.length % group[bits]));
				expect(g726ToAal2(g726FromAal2(whole, bits), bits)).toEqual(whole);
				expect(g726FromAal2(g726ToAal2(whole, bits), bits)).toEqual(whole);
				expect(g726FromAal2(any, bits)).toHaveLength(any.length);
				expect(g726FromAal2(any, bits).subarray(0, whole.length)).toEqual(g726FromAal2(whole, bits));
			}),
		);
	});
});
