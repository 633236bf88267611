import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
	h265NalTypeOf,
	isFirstH265Slice,
	isH265VclNalType,
	isIrapNalType,
	parseH265SpropParameterSets,
} from "./h265-nal.ts";
import { concat, fromHex, PPS, SPS } from "./testing/h264-packets.ts";
import { H265_PPS, H265_SPS, h265Slice, PREFIX_SEI, VPS } from "./testing/h265-packets.ts";

const START_CODE = fromHex("00000001");

function base64(...parts: readonly Uint8Array[]): string {
	return Buffer.from(concat(...parts)).toString("base64");
}

function parse(parameters: Record<string, string>): Uint8Array[] {
	return parseH265SpropParameterSets(new Map(Object.entries(parameters)));
}

describe("H.265 NAL units", () => {
	it("S52: have a type of six bits, of which 0 is a picture (retina#123, quirk 118)", () => {
		expect([VPS, H265_SPS, H265_PPS, h265Slice(1, { type: 0 })].map(h265NalTypeOf)).toEqual([32, 33, 34, 0]);
		expect([0, 9, 10, 15, 16, 21, 22, 31, 32].map(isH265VclNalType)).toEqual([
			true,
			true,
			false,
			false,
			true,
			true,
			false,
			false,
			false,
		]);
		expect([15, 16, 19, 21, 22].map(isIrapNalType)).toEqual([false, true, true, true, false]);
	});

	it("start a picture when first_slice_segment_in_pic_flag is set", () => {
		expect(isFirstH265Slice(h265Slice(1))).toBe(true);
		expect(isFirstH265Slice(h265Slice(1, { first: false }))).toBe(false);
		expect(isFirstH265Slice(fromHex("4201ff"))).toBe(false);
		expect(isFirstH265Slice(fromHex("0201"))).toBe(false);
		expect(isFirstH265Slice(new Uint8Array(0))).toBe(false);
	});
});

describe("parseH265SpropParameterSets", () => {
	const whole = { "sprop-vps": base64(VPS), "sprop-sps": base64(H265_SPS), "sprop-pps": base64(H265_PPS) };

	it("S46: reads VPS, SPS and PPS, quoted, with spaces or several of them too (quirk 60)", () => {
		expect(parse(whole)).toEqual([VPS, H265_SPS, H265_PPS]);
		expect(parse({ "sprop-sps": ` "${base64(H265_SPS)}" ` })).toEqual([H265_SPS]);
		expect(parse({ ...whole, "sprop-pps": `${base64(H265_PPS)}, ${base64(H265_PPS)},` })).toHaveLength(4);
	});

	it("S46: takes start codes out and puts mixed-up sets in order (quirk 61)", () => {
		const mixed = base64(START_CODE, H265_PPS, START_CODE, H265_SPS, START_CODE, VPS);
		expect(parse({ "sprop-vps": mixed })).toEqual([VPS, H265_SPS, H265_PPS]);
	});

	it("S46: gives the sets that are there when others are missing (go2rtc PR#1588, quirk 61)", () => {
		expect(parse({ "sprop-sps": base64(H265_SPS) })).toEqual([H265_SPS]);
		expect(parse({ ...whole, "sprop-vps": "" })).toEqual([H265_SPS, H265_PPS]);
		expect(parse({})).toEqual([]);
	});

	it("S46: leaves out H.264 sets, other NAL units and rubbish (quirk 61)", () => {
		for (const value of [base64(SPS), base64(PPS), base64(PREFIX_SEI), base64(VPS.subarray(0, 5)), "AAAA", "?!", "Z"]) {
			expect(parse({ "sprop-vps": value, "sprop-sps": value, "sprop-pps": value }), value).toEqual([]);
		}
	});

	it("S46: overlooks bytes behind an SPS (Reolink, retina#102, quirk 61)", () => {
		expect(parse({ "sprop-sps": base64(H265_SPS, fromHex("ff55")) })).toEqual([concat(H265_SPS, fromHex("ff55"))]);
	});

	it("never throws", () => {
		fc.assert(fc.property(fc.string(), (value) => void parse({ "sprop-sps": value })));
		fc.assert(fc.property(fc.base64String(), (value) => void parse({ "sprop-vps": value, "sprop-pps": value })));
	});
});
