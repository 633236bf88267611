import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseSps } from "./h264-sps.ts";
import { concat, fromHex, PPS } from "./testing/h264-packets.ts";

/** Made with libx264 by FFmpeg from its testsrc2. */
const HIGH_720P = fromHex("6764001facd9405005bb011000000300100000030320f1831960");
const VECTORS: readonly [string, Uint8Array, object][] = [
	[
		"640x360 Constrained Baseline",
		fromHex("6742c01ed900a02ff970110000030001000003001e0f162e48"),
		{
			width: 640,
			height: 360,
			profileIdc: 66,
			constraintFlags: 0xc0,
			levelIdc: 30,
			pictureOrderCountType: 2,
			framesPerSecond: 15,
			maxNumReorderFrames: 0,
			codecString: "avc1.42c01e",
		},
	],
	[
		"1280x720 High with B pictures",
		HIGH_720P,
		{
			width: 1280,
			height: 720,
			profileIdc: 100,
			constraintFlags: 0,
			levelIdc: 31,
			pictureOrderCountType: 0,
			framesPerSecond: 25,
			maxNumReorderFrames: 2,
			codecString: "avc1.64001f",
		},
	],
	[
		"1920x1080 cropped from 1088",
		fromHex("67640028acb200f0044fcb8088000003000800000301e078c19240"),
		{ width: 1920, height: 1080, framesPerSecond: 30, maxNumReorderFrames: 0, codecString: "avc1.640028" },
	],
	[
		"352x288 Main at 12.5 frames a second",
		fromHex("674d400cd9016096c044000003000800000300c83c50a920"),
		{ width: 352, height: 288, framesPerSecond: 12.5, codecString: "avc1.4d400c" },
	],
	[
		"720x576 interlaced",
		fromHex("6764001eacd940b424d8088000000300800000190f8a14cb"),
		{ width: 720, height: 576, framesPerSecond: 25 },
	],
	[
		"1920x1080 with HRD parameters",
		fromHex("67640028acd940780227e5c044000003000400000300c9898003d090007a13930c01e30632c0"),
		{ width: 1920, height: 1080, framesPerSecond: 25, maxNumReorderFrames: 2 },
	],
	[
		"640x360 High 4:4:4",
		fromHex("67f40016919b281405ff138088000003000800000300f078b16cb0"),
		{ width: 640, height: 360, framesPerSecond: 15, codecString: "avc1.f40016" },
	],
];

describe("parseSps", () => {
	it.each(VECTORS)("reads %s", (_, sps, expected) => {
		expect(parseSps(sps)).toMatchObject(expected);
	});

	it("overlooks bytes after the end (Reolink, retina#102) and a VUI that is cut off", () => {
		expect(parseSps(concat(HIGH_720P, fromHex("0000ff55")))).toEqual(parseSps(HIGH_720P));
		expect(parseSps(HIGH_720P.subarray(0, 14))).toMatchObject({ width: 1280, height: 720 });
		expect(parseSps(HIGH_720P.subarray(0, 14))).not.toHaveProperty("framesPerSecond");
	});

	it("gives nothing for other NAL units and for cut-off ones", () => {
		expect(parseSps(PPS)).toBeUndefined();
		expect(parseSps(new Uint8Array(0))).toBeUndefined();
		expect(parseSps(fromHex("67"))).toBeUndefined();
		expect(parseSps(HIGH_720P.subarray(0, 8))).toBeUndefined();
		expect(parseSps(new Uint8Array(2000).fill(0x67, 0, 1))).toBeUndefined();
	});

	it("never throws and never gives an impossible size, whatever the bytes", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 300 }), fc.constantFrom(66, 77, 100, 244), (bytes, profileIdc) => {
				const sps = parseSps(concat(new Uint8Array([0x67, profileIdc]), bytes));
				if (sps === undefined) return;
				expect(sps.width).toBeGreaterThan(0);
				expect(sps.width).toBeLessThanOrEqual(16_384);
				expect(sps.height).toBeGreaterThan(0);
				expect(sps.height).toBeLessThanOrEqual(16_384);
			}),
			{ numRuns: 1000 },
		);
		fc.assert(
			fc.property(fc.nat(HIGH_720P.length - 1), fc.nat(255), (at, value) => {
				const bytes = HIGH_720P.slice();
				bytes[at] = value;
				parseSps(bytes);
			}),
		);
	});
});
