import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBase64 } from "./base64.ts";
import { isFirstSliceOfPicture, parseSliceType, parseSpropParameterSets } from "./h264-nal.ts";
import { nalUnitsIn, splitAnnexB } from "./nal-annex-b.ts";
import { concat, fromHex, PPS, SPS, slice } from "./testing/h264-packets.ts";

const LONG_START_CODE = fromHex("00000001");
const SHORT_START_CODE = fromHex("000001");

function base64(bytes: Uint8Array): string {
	return Buffer.from(bytes).toString("base64");
}

describe("splitAnnexB", () => {
	it("gives the NAL units between long and short start codes without trailing zeros", () => {
		const stream = concat(LONG_START_CODE, SPS, LONG_START_CODE, PPS, fromHex("0000"), SHORT_START_CODE, slice(1));
		expect(splitAnnexB(stream)).toEqual([SPS, PPS, slice(1)]);
	});

	it("takes what stands before the first start code as a NAL unit", () => {
		expect(splitAnnexB(concat(SPS, LONG_START_CODE, PPS))).toEqual([SPS, PPS]);
		expect(splitAnnexB(SPS)).toEqual([SPS]);
	});

	it("gives nothing for nothing and for start codes alone", () => {
		expect(splitAnnexB(new Uint8Array(0))).toEqual([]);
		expect(splitAnnexB(concat(LONG_START_CODE, SHORT_START_CODE))).toEqual([]);
	});

	it("finds every start code of random bytes", () => {
		fc.assert(
			fc.property(fc.array(fc.constantFrom(0, 0, 0, 1, 2, 3), { maxLength: 60 }), (values) => {
				// The reference works on text, where the standard library can split.
				const text = values.map((value) => `${value}`).join("");
				const expected = text.includes("001")
					? text
							.split("001")
							.map((part) => part.replace(/0+$/, ""))
							.filter((part) => part !== "")
					: [text].filter((part) => part !== "");
				expect(splitAnnexB(new Uint8Array(values)).map((nal) => [...nal].join(""))).toEqual(expected);
			}),
			{ numRuns: 1000 },
		);
	});
});

describe("slices", () => {
	it("start a picture when first_mb_in_slice is 0", () => {
		expect(isFirstSliceOfPicture(slice(1, { idr: true }))).toBe(true);
		expect(isFirstSliceOfPicture(slice(1, { first: false }))).toBe(false);
		expect(isFirstSliceOfPicture(SPS)).toBe(false);
		expect(isFirstSliceOfPicture(fromHex("41"))).toBe(false);
		expect(isFirstSliceOfPicture(new Uint8Array(0))).toBe(false);
	});

	it.each([
		["I", "65888427c4222ae0"],
		["P", "419a384fe0c22eab"],
		["B", "019e41790b7ff0e5"],
		["B", "419e6974429ff18f"],
	])("are of type %s in x264's %s", (sliceType, hex) => {
		expect(parseSliceType(fromHex(hex))).toBe(sliceType);
	});

	it("have no type when they are broken or no slices", () => {
		expect(parseSliceType(SPS)).toBeUndefined();
		expect(parseSliceType(fromHex("41"))).toBeUndefined();
		expect(parseSliceType(fromHex("4100000000000000"))).toBeUndefined();
		fc.assert(fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => void parseSliceType(bytes)));
	});
});

describe("nalUnitsIn", () => {
	it("looks for one NAL unit at a time, so that millions of them take up no room", () => {
		const stream = concat(SPS, LONG_START_CODE, PPS, LONG_START_CODE, slice(1));
		const nalUnits = nalUnitsIn(stream);
		expect(nalUnits.next().value).toEqual(SPS);
		stream.fill(0, SPS.length + LONG_START_CODE.length);
		expect([...nalUnits]).toEqual([]);
	});
});

describe("parseSpropParameterSets", () => {
	it("S46: reads SPS and PPS, quoted or with spaces too (quirk 60)", () => {
		const value = `${base64(SPS)},${base64(PPS)}`;
		expect(parseSpropParameterSets(value)).toEqual([SPS, PPS]);
		expect(parseSpropParameterSets(` "${value}" `)).toEqual([SPS, PPS]);
		expect(parseSpropParameterSets(`${base64(SPS)}, ${base64(PPS)},`)).toEqual([SPS, PPS]);
	});

	it("S46: takes start codes out (GW, Revotech, quirk 61)", () => {
		expect(parseSpropParameterSets(base64(concat(LONG_START_CODE, SPS, LONG_START_CODE, PPS)))).toEqual([SPS, PPS]);
	});

	it("S46: leaves out H.265 sets (mediamtx#2348), other NAL units and rubbish (VStarcam, retina#42, quirk 61)", () => {
		const h265 = "QAEMAf//AWAAAAMAAAMAAAMAAAMAlqwJ,QgEBAWAAAAMAAAMAAAMAAAMAlqADwIAQ5Y2uSTJrgA==,RAHAcvBTJA==";
		expect(parseSpropParameterSets(h265)).toEqual([]);
		expect(parseSpropParameterSets(base64(slice(1, { idr: true })))).toEqual([]);
		for (const value of ["", '""', ",", "AAAA", "Z", "Z0I=", "?!", "aA=="]) {
			expect(parseSpropParameterSets(value), value).toEqual([]);
		}
	});

	it("S46: keeps an SPS with bytes behind it (Reolink, retina#102, quirk 61)", () => {
		const sps = concat(SPS, fromHex("ff55"));
		expect(parseSpropParameterSets(`${base64(sps)},${base64(PPS)}`)).toEqual([sps, PPS]);
	});

	it("S46: takes a third set as it is and leaves a broken one out (quirk 60)", () => {
		expect(parseSpropParameterSets(`${base64(SPS)},${base64(PPS)},${base64(PPS)};`)).toEqual([SPS, PPS]);
		expect(parseSpropParameterSets(`${base64(SPS)},${base64(PPS)},${base64(PPS)}`)).toEqual([SPS, PPS, PPS]);
	});

	it("never throws", () => {
		fc.assert(fc.property(fc.string(), (value) => void parseSpropParameterSets(value)));
		fc.assert(fc.property(fc.base64String(), (value) => void parseSpropParameterSets(value)));
	});
});

describe("decodeBase64", () => {
	it("decodes what Node encodes, with and without padding", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
				expect(decodeBase64(base64(bytes))).toEqual(bytes);
				expect(decodeBase64(base64(bytes).replaceAll("=", ""))).toEqual(bytes);
			}),
		);
	});

	it("refuses padding in the middle, and takes no longer for much of it", { timeout: 10_000 }, () => {
		expect(decodeBase64("QUI=QUI=")).toBeUndefined();
		expect(decodeBase64(`${"=".repeat(131_072)}A`)).toBeUndefined();
	});
});
