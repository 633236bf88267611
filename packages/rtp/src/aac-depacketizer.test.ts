import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AacDepacketizer } from "./aac-depacketizer.ts";
import { packetizeAac } from "./aac-packetizer.ts";
import type { AudioFrame } from "./access-unit.ts";
import { bytes, feed, feedUnit, rtp } from "./testing/payload-feed.ts";

const FIRST = bytes(0x21, 1, 2, 3);
const SECOND = bytes(0x21, 4, 5);
const THIRD = bytes(0x21, 6, 7, 8, 9, 10);

type Parameters = Readonly<Record<string, string>>;

function collect(parameters: Parameters, clockRate = 16_000): { frames: AudioFrame[]; depacketizer: AacDepacketizer } {
	const frames: AudioFrame[] = [];
	const formatParameters = new Map(Object.entries(parameters));
	const format = { encoding: "MPEG4-GENERIC", clockRate, channels: 1, formatParameters, dimensions: undefined };
	return { frames, depacketizer: new AacDepacketizer(format, (frame) => frames.push(frame)) };
}

/** An AU header section of 13 and 3 bits: RFC 3640 section 3.3.6. */
function headers(...sizes: readonly number[]): Uint8Array {
	return bytes(...uint16(16 * sizes.length), ...sizes.flatMap((size) => uint16(size << 3)));
}

function uint16(value: number): [number, number] {
	return [value >> 8, value & 0xff];
}

/** An ADTS frame of AAC LC at 16 kHz, mono. */
function adts(accessUnit: Uint8Array, options: { readonly lie?: number; readonly crc?: boolean } = {}): Uint8Array {
	const crc = options.crc === true ? [0xab, 0xcd] : [];
	const length = 7 + crc.length + accessUnit.length + (options.lie ?? 0);
	const last = [0x40 | (length >> 11), (length >> 3) & 0xff, ((length & 7) << 5) | 0x1f, 0xfc];
	return bytes(0xff, options.crc === true ? 0xf0 : 0xf1, 0x60, ...last, crc, accessUnit);
}

function frame(data: Uint8Array, rtpTimestamp: number): AudioFrame {
	return { codec: "aac", data, rtpTimestamp };
}

const USUAL: Parameters = {
	mode: "AAC-hbr",
	sizelength: "13",
	indexlength: "3",
	indexdeltalength: "3",
	config: "1408",
};

describe("AacDepacketizer", () => {
	it("S54: gives each access unit of a packet with its own timestamp (quirk 124)", () => {
		const { frames, depacketizer } = collect(USUAL);
		const payload = bytes(headers(4, 3, 6), FIRST, SECOND, THIRD);
		feedUnit(depacketizer, [payload], 0xffff_ff00);
		expect(frames).toEqual([frame(FIRST, 0xffff_ff00), frame(SECOND, 768), frame(THIRD, 1792)]);
		expect(depacketizer).toMatchObject({ damagedUnits: 0, malformedPayloads: 0 });
	});

	it("S54: the access units lie apart as the configuration's rate says, in ticks of the clock (quirk 124)", () => {
		const { frames, depacketizer } = collect({ ...USUAL, config: "2B098800" }, 48_000);
		expect(depacketizer.config).toMatchObject({ sampleRate: 24_000, sbrSampleRate: 48_000 });
		feedUnit(depacketizer, [bytes(headers(4, 3), FIRST, SECOND)], 0);
		expect(frames.map((one) => one.rtpTimestamp)).toEqual([0, 2048]);
	});

	it("S54: the mode's name is read in any case and with an underscore, and missing lengths are usual ones (quirk 124)", () => {
		for (const parameters of [
			{},
			{ mode: "aac_hbr" },
			{ mode: "AAC_HBR", sizelength: "" },
			{ mode: "generic", sizelength: "13", indexlength: "many" },
			{ sizelength: "0", indexlength: "3", indexdeltalength: "99" },
		]) {
			const { frames, depacketizer } = collect(parameters);
			feedUnit(depacketizer, [bytes(headers(4, 3), FIRST, SECOND)], 0);
			expect(frames.map((one) => one.data)).toEqual([FIRST, SECOND]);
		}
	});

	it("S54: AAC-lbr has headers of one byte (quirk 124)", () => {
		for (const mode of ["AAC-lbr", "aac_lbr"]) {
			const { frames, depacketizer } = collect({ mode, config: "1408" });
			feedUnit(depacketizer, [bytes(0, 16, FIRST.length << 2, SECOND.length << 2, FIRST, SECOND)], 0);
			expect(frames.map((one) => one.data)).toEqual([FIRST, SECOND]);
		}
	});

	it("S54: puts fragments together, with and without marker bits (quirk 124)", () => {
		for (const marked of [true, false]) {
			const { frames, depacketizer } = collect(USUAL);
			const parts = [THIRD.subarray(0, 2), THIRD.subarray(2, 5), THIRD.subarray(5)];
			for (const [i, part] of parts.entries()) {
				feed(depacketizer, rtp(bytes(headers(THIRD.length), part), 5, marked && i === 2));
			}
			feed(depacketizer, rtp(bytes(headers(FIRST.length), FIRST), 6, marked));
			expect(frames).toEqual([frame(THIRD, 5), frame(FIRST, 6)]);
			expect(depacketizer).toMatchObject({ damagedUnits: 0, malformedPayloads: 0 });
		}
	});

	it("S54: an access unit of which a fragment is missing is dropped and counted (quirk 124)", () => {
		const { frames, depacketizer } = collect(USUAL);
		const start = bytes(headers(THIRD.length), THIRD.subarray(0, 2));
		const end = bytes(headers(THIRD.length), THIRD.subarray(2));
		feed(depacketizer, rtp(start, 1));
		feed(depacketizer, rtp(bytes(headers(4), FIRST), 2));
		expect(depacketizer.damagedUnits).toBe(1);
		feed(depacketizer, rtp(start, 3));
		feed(depacketizer, rtp(end, 3), 1);
		feed(depacketizer, rtp(bytes(headers(4), FIRST), 4));
		expect(depacketizer.damagedUnits).toBe(3);
		feed(depacketizer, rtp(start, 5));
		feed(depacketizer, rtp(bytes(headers(THIRD.length), THIRD), 5));
		expect(depacketizer).toMatchObject({ damagedUnits: 4, malformedPayloads: 1 });
		feed(depacketizer, rtp(start, 6));
		feed(depacketizer, rtp(end, 6, true, 99));
		feed(depacketizer, rtp(start, 7, true, 99));
		depacketizer.flush();
		expect(depacketizer.damagedUnits).toBe(7);
		expect(frames).toEqual([frame(FIRST, 2), frame(FIRST, 4)]);
	});

	it("S54: takes ADTS frames apart, with AU headers and without (quirk 124)", () => {
		const { frames, depacketizer } = collect(USUAL);
		const two = bytes(adts(FIRST), adts(SECOND, { crc: true }));
		feedUnit(depacketizer, [two], 0);
		feedUnit(depacketizer, [bytes(headers(two.length), two)], 3000);
		feedUnit(depacketizer, [bytes(headers(FIRST.length), adts(FIRST))], 6000);
		feedUnit(depacketizer, [bytes(headers(11, 3), adts(FIRST), SECOND)], 7000);
		expect(frames).toEqual([
			frame(FIRST, 0),
			frame(SECOND, 1024),
			frame(FIRST, 3000),
			frame(SECOND, 4024),
			frame(FIRST, 6000),
			frame(FIRST, 7000),
			frame(SECOND, 8024),
		]);
		expect(depacketizer).toMatchObject({ damagedUnits: 0, malformedPayloads: 0 });
	});

	it("S54: without a config the configuration comes from the first ADTS header (quirk 124)", () => {
		const { depacketizer } = collect({ config: "" });
		expect(depacketizer.config).toBeUndefined();
		feedUnit(depacketizer, [bytes(headers(FIRST.length), FIRST)], 0);
		expect(depacketizer.config).toBeUndefined();
		feedUnit(depacketizer, [adts(FIRST)], 1024);
		expect(depacketizer.config?.bytes).toEqual(bytes(0x14, 0x08));
		const config = depacketizer.config;
		feedUnit(depacketizer, [adts(FIRST)], 2048);
		expect(depacketizer.config).toBe(config);
	});

	it("S54: a described config counts and not the ADTS header's, which cannot tell of SBR (quirk 124)", () => {
		const { depacketizer } = collect({ config: "2B098800" });
		feedUnit(depacketizer, [adts(FIRST)], 0);
		expect(depacketizer.config?.sampleRate).toBe(24_000);
	});

	it("S54: a wrong length of the AU headers is put right where the sizes prove it (quirk 124)", () => {
		const size = uint16(FIRST.length << 3);
		for (const length of [2, 1, 0, 16, 24, 32, 64, 0x1000]) {
			const { frames, depacketizer } = collect(USUAL);
			feedUnit(depacketizer, [bytes(uint16(length), size, FIRST)], 0);
			expect(frames.map((one) => one.data)).toEqual([FIRST]);
			expect(depacketizer.malformedPayloads).toBe(0);
		}
		const { frames, depacketizer } = collect(USUAL);
		feedUnit(depacketizer, [bytes(0, 4, size, uint16(SECOND.length << 3), FIRST, SECOND)], 0);
		expect(frames.map((one) => one.data)).toEqual([FIRST, SECOND]);
	});

	it("S54: sizes beyond the payload's end cost only the access units that are cut off (quirk 124)", () => {
		const { frames, depacketizer } = collect(USUAL);
		feedUnit(depacketizer, [bytes(headers(4, 30), FIRST, SECOND)], 0);
		feedUnit(depacketizer, [bytes(uint16(400), FIRST)], 1);
		feedUnit(depacketizer, [bytes(0, 0)], 2);
		feedUnit(depacketizer, [bytes(7)], 3);
		feedUnit(depacketizer, [adts(FIRST, { lie: 1 })], 4);
		feedUnit(depacketizer, [bytes(headers(4), FIRST, 0, 0)], 5);
		expect(frames).toEqual([frame(FIRST, 0), frame(FIRST, 5)]);
		expect(depacketizer).toMatchObject({ damagedUnits: 2, malformedPayloads: 5 });
	});

	it("S54: a size that no access unit has reserves no memory (quirk 124)", () => {
		const { frames, depacketizer } = collect({ sizelength: "32", indexlength: "0" });
		feedUnit(depacketizer, [bytes(0, 32, 0x7f, 0xff, 0xff, 0xff, FIRST)], 0);
		expect(frames).toEqual([]);
		expect(depacketizer).toMatchObject({ damagedUnits: 1, malformedPayloads: 1 });
	});

	it("a packet without payload changes nothing", () => {
		const { frames, depacketizer } = collect(USUAL);
		feed(depacketizer, rtp(bytes(headers(THIRD.length), THIRD.subarray(0, 2)), 1));
		feed(depacketizer, rtp(bytes(), 2));
		feed(depacketizer, rtp(bytes(headers(THIRD.length), THIRD.subarray(2)), 1));
		expect(frames).toEqual([frame(THIRD, 1)]);
	});

	it("never throws and never gives more than came, whatever comes", () => {
		const likely = fc
			.tuple(fc.array(fc.nat(40), { maxLength: 4 }), fc.uint8Array({ maxLength: 60 }), fc.boolean())
			.map(([sizes, rest, isAdts]) => bytes(headers(...sizes), isAdts ? adts(rest) : rest));
		const packets = fc.array(
			fc.record({
				payload: fc.oneof(fc.uint8Array({ maxLength: 60 }), likely),
				timestamp: fc.nat(2),
				lost: fc.constantFrom(0, 0, 0, 1, -1),
			}),
			{ maxLength: 30 },
		);
		const length = fc.constantFrom("", "0", "1", "6", "13", "32", "x");
		const parameters = fc.record({ sizelength: length, indexlength: length, indexdeltalength: length });
		fc.assert(
			fc.property(parameters, packets, (some, all) => {
				const { frames, depacketizer } = collect(some);
				let sum = 0;
				for (const one of all) {
					feed(depacketizer, rtp(one.payload, one.timestamp), one.lost);
					sum += one.payload.length;
				}
				depacketizer.flush();
				expect(frames.reduce((total, one) => total + one.data.length, 0)).toBeLessThanOrEqual(sum);
				expect(frames.every((one) => one.data.length > 0)).toBe(true);
			}),
			{ numRuns: 500 },
		);
	});
});

describe("packetizeAac", () => {
	it("puts as many access units into a packet as fit, and cuts those that are too large", () => {
		const large = new Uint8Array(25).fill(0x21);
		const payloads = packetizeAac([FIRST, SECOND, large, THIRD], 16);
		expect(payloads.map(({ payload, ...rest }) => ({ ...rest, length: payload.length }))).toEqual([
			{ accessUnit: 0, marker: true, length: 13 },
			{ accessUnit: 2, marker: false, length: 16 },
			{ accessUnit: 2, marker: false, length: 16 },
			{ accessUnit: 2, marker: true, length: 5 },
			{ accessUnit: 3, marker: true, length: 10 },
		]);
	});

	it("leaves out what RFC 3640 cannot carry, and refuses limits that cannot work", () => {
		const payloads = packetizeAac([FIRST, new Uint8Array(0), SECOND, new Uint8Array(8192), THIRD], 65_535);
		expect(payloads.map((one) => one.accessUnit)).toEqual([0, 2, 4]);
		expect(() => packetizeAac([FIRST], 4)).toThrow(RangeError);
		expect(() => packetizeAac([FIRST], 65_536)).toThrow(RangeError);
	});

	it("is undone by the depacketizer, whatever the access units and the limit", () => {
		// A raw access unit does not start with the sync word of ADTS.
		const accessUnit = fc.uint8Array({ minLength: 1, maxLength: 800 }).filter((one) => one[0] !== 0xff);
		fc.assert(
			fc.property(fc.array(accessUnit, { maxLength: 12 }), fc.integer({ min: 5, max: 1500 }), (accessUnits, limit) => {
				const { frames, depacketizer } = collect(USUAL);
				for (const { payload, accessUnit: index, marker } of packetizeAac(accessUnits, limit)) {
					expect(payload.length).toBeLessThanOrEqual(limit);
					feed(depacketizer, rtp(payload, 1024 * index, marker));
				}
				expect(frames).toEqual(accessUnits.map((data, i) => frame(data, 1024 * i)));
				expect(depacketizer).toMatchObject({ damagedUnits: 0, malformedPayloads: 0 });
			}),
			{ numRuns: 200 },
		);
	});
});
