import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { H265_NAL_TYPE, h265NalTypeOf, isH265VclNalType } from "./h265-nal.ts";
import { packetizeH265 } from "./h265-packetizer.ts";
import { concat, packet } from "./testing/h264-packets.ts";
import { H265_PPS, H265_SPS, H265Collector, h265Slice, PREFIX_SEI, VPS } from "./testing/h265-packets.ts";

const IDR = h265Slice(1, { type: H265_NAL_TYPE.idrWRadl, size: 3000 });

/** Bytes as an encoder leaves them: without anything that looks like a start code. */
const body = fc
	.uint8Array({ minLength: 1, maxLength: 3000 })
	.map((bytes) => bytes.map((byte) => (byte === 0 ? 0x80 : byte)));

function nalUnit(type: number, rest: Uint8Array): Uint8Array {
	return concat(new Uint8Array([type << 1, 1]), rest);
}

const { vps, sps, pps, prefixSei, suffixSei, trailN, trailR, stsaN, idrNLp, cra } = H265_NAL_TYPE;
const prefix = fc.tuple(fc.constantFrom(vps, sps, pps, prefixSei), body).map(([type, rest]) => nalUnit(type, rest));
const suffix = body.map((rest) => nalUnit(suffixSei, rest));
const slices = fc
	.tuple(fc.constantFrom(trailN, trailR, stsaN, idrNLp, cra), fc.array(body, { minLength: 1, maxLength: 6 }))
	.map(([type, bodies]) =>
		bodies.map((rest, i) => nalUnit(type, concat(new Uint8Array([i === 0 ? 0x80 : 0x40]), rest))),
	);
const accessUnit = fc
	.tuple(fc.array(prefix, { maxLength: 4 }), slices, fc.array(suffix, { maxLength: 2 }))
	.map((parts) => parts.flat());

describe("packetizeH265", () => {
	it("puts parameter sets and SEI into one AP with the lowest layer and temporal id", () => {
		const sei = concat(new Uint8Array([0x4e, 0x03]), PREFIX_SEI.subarray(2));
		const payloads = packetizeH265([VPS, H265_SPS, H265_PPS, sei, h265Slice(1)], 1200);
		expect(payloads).toHaveLength(2);
		expect([...(payloads[0]?.subarray(0, 2) ?? [])]).toEqual([0x60, 0x01]);
		expect(payloads[0]?.length).toBe(2 + 8 + VPS.length + H265_SPS.length + H265_PPS.length + sei.length);
		const layered = packetizeH265([new Uint8Array([0x4f, 0x0b, 1]), new Uint8Array([0x4f, 0x12, 1])], 1200);
		expect([...(layered[0]?.subarray(0, 2) ?? [])]).toEqual([0x61, 0x0a]);
	});

	it("passes a NAL unit that fits on as the same bytes", () => {
		const nal = h265Slice(1);
		expect(packetizeH265([nal], nal.length)[0]).toBe(nal);
		expect(packetizeH265([VPS], 1200)[0]).toBe(VPS);
	});

	it("cuts a larger one into FU payloads of the allowed size with a start and an end", () => {
		const payloads = packetizeH265([IDR], 1200);
		expect(payloads.map((payload) => payload.length)).toEqual([1200, 1200, 607]);
		expect(payloads.map((payload) => [...payload.subarray(0, 3)])).toEqual([
			[0x62, 0x01, 0x93],
			[0x62, 0x01, 0x13],
			[0x62, 0x01, 0x53],
		]);
	});

	it("leaves out empty NAL units and refuses limits that cannot work", () => {
		expect(packetizeH265([new Uint8Array(0)], 1200)).toEqual([]);
		expect(() => packetizeH265([VPS], 3)).toThrow(RangeError);
		expect(() => packetizeH265([VPS], 65_536)).toThrow(RangeError);
		expect(packetizeH265([VPS], 4)).toHaveLength(VPS.length - 2);
	});

	it("is undone by the depacketizer, whatever the access units and the limit from 100 to 1400 bytes", () => {
		fc.assert(
			fc.property(
				fc.array(accessUnit, { minLength: 1, maxLength: 5 }),
				fc.integer({ min: 100, max: 1400 }),
				(units, limit) => {
					const collector = new H265Collector();
					for (const [i, nalUnits] of units.entries()) {
						const payloads = packetizeH265(nalUnits, limit);
						for (const payload of payloads) expect(payload.length).toBeLessThanOrEqual(limit);
						collector.push(payloads.map((payload, at) => packet(payload, i * 3000, at === payloads.length - 1)));
					}
					collector.depacketizer.flush();
					expect(collector.summary).toEqual(units.map((nalUnits, i) => ({ timestamp: i * 3000, nalUnits })));
					expect(collector.depacketizer).toMatchObject({ damagedUnits: 0, malformedPayloads: 0 });
				},
			),
			{ numRuns: 100 },
		);
	});

	it("never leads to an access unit with a slice missing, whatever is lost and whether there are markers", () => {
		fc.assert(
			fc.property(
				fc.array(accessUnit, { minLength: 2, maxLength: 6 }),
				fc.integer({ min: 100, max: 1400 }),
				fc.infiniteStream(fc.constantFrom(true, false, false, false)),
				fc.boolean(),
				(units, limit, losses, markers) => {
					const collector = new H265Collector();
					let lost = 0;
					for (const [i, nalUnits] of units.entries()) {
						const payloads = packetizeH265(nalUnits, limit);
						for (const [at, payload] of payloads.entries()) {
							// The last access unit arrives whole: behind the last packet no loss shows.
							if (i < units.length - 1 && losses.next().value === true) {
								lost++;
								continue;
							}
							collector.push([packet(payload, i * 3000, markers && at === payloads.length - 1)], lost);
							lost = 0;
						}
					}
					collector.depacketizer.flush();
					for (const { timestamp, nalUnits } of collector.summary) {
						expect(nalUnits.filter(isSlice)).toEqual(units[timestamp / 3000]?.filter(isSlice));
					}
					expect(collector.units.at(-1)?.rtpTimestamp).toBe((units.length - 1) * 3000);
				},
			),
			{ numRuns: 100 },
		);
	});
});

function isSlice(nal: Uint8Array): boolean {
	return isH265VclNalType(h265NalTypeOf(nal));
}
