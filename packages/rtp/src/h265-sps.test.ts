import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseH265Sps } from "./h265-sps.ts";
import { concat, fromHex } from "./testing/h264-packets.ts";
import { BitWriter, H265_PPS, H265_SPS } from "./testing/h265-packets.ts";

/** Made with libx265 by FFmpeg from its testsrc2. */
const VECTORS: readonly [string, Uint8Array, object][] = [
	[
		"640x360 Main",
		H265_SPS,
		{
			width: 640,
			height: 360,
			profileSpace: 0,
			tier: "main",
			profileIdc: 1,
			profileCompatibilityFlags: 0x60000000,
			constraintFlags: [0x90, 0, 0, 0, 0, 0],
			levelIdc: 63,
			temporalLayers: 1,
			temporalIdNested: true,
			chromaFormat: 1,
			bitDepthLuma: 8,
			bitDepthChroma: 8,
			maxNumReorderPictures: 0,
			framesPerSecond: 15,
			codecString: "hvc1.1.6.L63.90",
		},
	],
	[
		"1920x1080 Main 10 with B pictures, cropped from 1088",
		fromHex("420101022000000300900000030000030078a003c08010e4d96565924caf016808000003000800000300c840"),
		{
			width: 1920,
			height: 1080,
			bitDepthLuma: 10,
			bitDepthChroma: 10,
			maxNumReorderPictures: 2,
			framesPerSecond: 25,
			codecString: "hvc1.2.4.L120.90",
		},
	],
	[
		"720x576 4:2:2 with HRD parameters",
		fromHex("4201010408000003009d0800000300005db005a20090596566924e5780b404000003000400000300c9805239b8003d090007a122"),
		{ width: 720, height: 576, chromaFormat: 2, framesPerSecond: 50, codecString: "hvc1.4.10.L93.9D.8" },
	],
	[
		"1280x720 High tier with aspect ratio and colours",
		fromHex("420101216000000300900000030000030096a00280802d165959649395e1cdc04080810000030001000003001e08"),
		{ width: 1280, height: 720, framesPerSecond: 30, tier: "high", codecString: "hvc1.1.6.H150.90" },
	],
];

interface SpsParts {
	subLayersMinus1?: number;
	/** What stands between general_level_idc and sps_seq_parameter_set_id. */
	subLayers?: (writer: BitWriter) => void;
	size?: (writer: BitWriter) => void;
	scalingLists?: (writer: BitWriter) => void;
	shortTermSets?: (writer: BitWriter) => void;
	longTermPictures?: (writer: BitWriter) => void;
	/** What stands in the VUI before the timing. */
	vui?: (writer: BitWriter) => void;
}

/** An SPS of level 3.1 with 20 frames a second and a reorder depth of 1; what is left out has its simplest form. */
function writeSps(parts: SpsParts): Uint8Array {
	const writer = new BitWriter();
	const subLayersMinus1 = parts.subLayersMinus1 ?? 0;
	writer.u(4, 0).u(3, subLayersMinus1).u(1, 1);
	writer.u(8, 1).u(32, 0x60000000).u(32, 0xb0000000).u(16, 0).u(8, 93);
	parts.subLayers?.(writer);
	writer.ue(0);
	if (parts.size === undefined) writer.ue(1, 704, 576).u(1, 0);
	else parts.size(writer);
	// Bit depths, log2_max_pic_order_cnt_lsb_minus4, then one set of limits for each sub-layer.
	writer.ue(0, 0, 4).u(1, 1);
	for (let i = 0; i <= subLayersMinus1; i++) writer.ue(4, i === subLayersMinus1 ? 1 : 0, 0);
	writer.ue(0, 3, 0, 3, 0, 0);
	writer.u(1, parts.scalingLists === undefined ? 0 : 1);
	parts.scalingLists?.(writer);
	writer.u(2, 3).u(1, 1).u(8, 0x77).ue(0, 2).u(1, 0);
	if (parts.shortTermSets === undefined) writer.ue(0);
	else parts.shortTermSets(writer);
	writer.u(1, parts.longTermPictures === undefined ? 0 : 1);
	parts.longTermPictures?.(writer);
	writer.u(2, 3).u(1, 1);
	if (parts.vui === undefined) writer.u(4, 0).u(3, 0).u(1, 0);
	else parts.vui(writer);
	// Timing without HRD, no bitstream restriction, no extension.
	writer.u(1, 1).u(32, 50).u(32, 1000).u(2, 0).u(2, 0);
	return writer.nalUnit(0x42, 0x01);
}

/** num_short_term_ref_pic_sets and sets of which the last two are predicted from the one before. */
function predictedSets(writer: BitWriter): void {
	// -1, -3, +2: four pictures with the reference itself.
	writer.ue(3).ue(2, 1).ue(0).u(1, 1).ue(1).u(1, 1).ue(1).u(1, 1);
	// Moved by -2: -3, -5, and 0, which is no reference, and -2 for the reference itself.
	writer.u(1, 1).u(1, 1).ue(1).u(1, 1).u(2, 0b01).u(1, 1).u(1, 1);
	// From -2, -3, -5: one kept, one left out, one kept, and the reference itself.
	writer.u(1, 1).u(1, 0).ue(0).u(1, 1).u(2, 0b00).u(1, 1).u(1, 1);
}

describe("parseH265Sps", () => {
	it.each(VECTORS)("reads %s", (_, sps, expected) => {
		expect(parseH265Sps(sps)).toMatchObject(expected);
	});

	it.each<[string, SpsParts]>([
		["the simplest form", {}],
		[
			"sub-layers with profiles and levels",
			{
				subLayersMinus1: 2,
				subLayers: (writer) => {
					writer.u(2, 0b11).u(2, 0b01).u(12, 0);
					writer.u(8, 1).u(32, 0x60000000).u(32, 0x90000000).u(16, 0).u(8, 90).u(8, 93);
				},
			},
		],
		["sub-layers without profiles and levels", { subLayersMinus1: 1, subLayers: (writer) => writer.u(16, 0) }],
		["predicted short-term reference picture sets", { shortTermSets: predictedSets }],
		["long-term reference pictures", { longTermPictures: (writer) => writer.ue(2).u(9, 0x1ff).u(9, 3) }],
		["default scaling lists", { scalingLists: (writer) => writer.u(1, 0) }],
		[
			"scaling lists of its own (Reolink, retina#112, retina#116)",
			{
				scalingLists: (writer) => {
					writer.u(1, 1);
					for (let list = 0; list < 20; list++) {
						if (list % 2 === 0) {
							writer.u(1, 0).ue(0);
							continue;
						}
						writer.u(1, 1);
						if (list >= 12) writer.se(-3);
						for (let i = 0; i < (list < 6 ? 16 : 64); i++) writer.se((i % 5) - 2);
					}
				},
			},
		],
		[
			"everything that can stand in a VUI before the frame rate",
			{
				vui: (writer) => {
					writer.u(1, 1).u(8, 255).u(32, 0x00040003).u(2, 0b11);
					writer.u(1, 1).u(4, 10).u(1, 1).u(24, 0x010101).u(1, 1).ue(0, 0);
					writer.u(3, 0).u(1, 1).ue(0, 1, 2, 3);
				},
			},
		],
	])("S52: reads the size and what follows behind %s (quirk 118)", (_, parts) => {
		expect(parseH265Sps(writeSps(parts))).toMatchObject({
			width: 704,
			height: 576,
			temporalLayers: (parts.subLayersMinus1 ?? 0) + 1,
			maxNumReorderPictures: 1,
			framesPerSecond: 20,
			codecString: "hvc1.1.6.L93.B0",
		});
	});

	it.each<[string, number[], object]>([
		["4:2:0", [1, 1920, 1088], { width: 1916, height: 1080 }],
		["4:2:2", [2, 1920, 1088], { width: 1916, height: 1084 }],
		["4:0:0", [0, 1920, 1088], { width: 1918, height: 1084 }],
	])("S52: crops a %s picture in units of its chroma samples (quirk 117)", (_, values, expected) => {
		const sps = writeSps({
			size: (writer) =>
				writer
					.ue(...values)
					.u(1, 1)
					.ue(1, 1, 1, 3),
		});
		expect(parseH265Sps(sps)).toMatchObject(expected);
	});

	it("names the codec hvc1, with parameter sets out of band, as Apple's players want it (quirk 119)", () => {
		expect(parseH265Sps(writeSps({}))?.codecString).toBe("hvc1.1.6.L93.B0");
	});

	it("crops a 4:4:4 picture by single samples", () => {
		const sps = writeSps({ size: (writer) => writer.ue(3).u(1, 0).ue(1920, 1088).u(1, 1).ue(0, 0, 0, 8) });
		expect(parseH265Sps(sps)).toMatchObject({ width: 1920, height: 1080, chromaFormat: 3 });
	});

	it("S52: gives the size though what follows is cut off or impossible (quirk 118)", () => {
		const cut = parseH265Sps(H265_SPS.subarray(0, 25));
		expect(cut).toMatchObject({ width: 640, height: 360, codecString: "hvc1.1.6.L63.90" });
		expect(cut).not.toHaveProperty("framesPerSecond");
		const impossible = writeSps({ shortTermSets: (writer) => writer.ue(65) });
		expect(parseH265Sps(impossible)).toMatchObject({ width: 704, height: 576, maxNumReorderPictures: 1 });
		expect(parseH265Sps(impossible)).not.toHaveProperty("framesPerSecond");
		expect(parseH265Sps(concat(H265_SPS, fromHex("0000ff55")))).toEqual(parseH265Sps(H265_SPS));
	});

	it("gives nothing for other NAL units and for cut-off ones", () => {
		expect(parseH265Sps(H265_PPS)).toBeUndefined();
		expect(parseH265Sps(new Uint8Array(0))).toBeUndefined();
		expect(parseH265Sps(fromHex("4201"))).toBeUndefined();
		expect(parseH265Sps(H265_SPS.subarray(0, 18))).toBeUndefined();
		expect(parseH265Sps(new Uint8Array(2000).fill(0x42, 0, 1))).toBeUndefined();
	});

	it("never throws and never gives an impossible size, whatever the bytes", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
				const sps = parseH265Sps(concat(H265_SPS.subarray(0, 3), bytes));
				if (sps === undefined) return;
				expect(sps.width).toBeGreaterThan(0);
				expect(sps.width).toBeLessThanOrEqual(16_384);
				expect(sps.height).toBeGreaterThan(0);
				expect(sps.height).toBeLessThanOrEqual(16_384);
				expect(sps.maxNumReorderPictures ?? 0).toBeLessThan(16);
			}),
			{ numRuns: 1000 },
		);
		fc.assert(
			fc.property(fc.constantFrom(...VECTORS), fc.nat(), fc.nat(255), ([, sps], at, value) => {
				const bytes = sps.slice();
				bytes[at % bytes.length] = value;
				parseH265Sps(bytes);
			}),
			{ numRuns: 1000 },
		);
	});
});
