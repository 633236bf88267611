import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseEnvFile } from "./env-file.ts";

const valueOf = (line: string): string | undefined => parseEnvFile(line).values.A;

describe("a .env file", () => {
	test("of the first generation keeps its password byte for byte", () => {
		const { values, badLines } = parseEnvFile(
			"# NVR\nCAM_USER=admin\nCAM_PASS=p@ss:w#rd%/ñ\nCAM_IP=192.168.1.108\n\nCAM_PORT=554 # RTSP\nTOTAL_CAMERAS=16\n",
		);
		expect(values).toEqual({
			CAM_USER: "admin",
			CAM_PASS: "p@ss:w#rd%/ñ",
			CAM_IP: "192.168.1.108",
			CAM_PORT: "554",
			TOTAL_CAMERAS: "16",
		});
		expect(badLines).toEqual([]);
	});

	test.each([
		["A=b # comment", "b"],
		["A=b#c", "b#c"],
		["A=#b", "#b"],
		["A= # comment", ""],
		["A=", ""],
		["  export A = b  ", "b"],
		["A='b # c'", "b # c"],
		["A='b' # c", "b"],
		['A="b # c"', "b # c"],
		['A="b\\"c\\\\d\\n"', 'b"c\\d\n'],
		['A="a\\wb"', "a\\wb"],
		["A='a\\nb'", "a\\nb"],
		['A="b', '"b'],
		["A='b", "'b"],
		["A='b'c", "'b'c"],
		["A=$HOME", "$HOME"],
		["A=b=c", "b=c"],
		["A=a b", "a b"],
		["\uFEFFA=b", "b"],
		["A=b\r\nB=c", "b"],
		["A=b\nA=c", "c"],
	])("reads %j as %j", (line, value) => {
		expect(valueOf(line)).toBe(value);
	});

	test("names the lines that are no setting, and reads the others", () => {
		expect(parseEnvFile("A=b\nnothing here\n=c\nB=d")).toEqual({ values: { A: "b", B: "d" }, badLines: [2, 3] });
	});

	const oneLine = fc.string({ unit: "binary" }).filter((text) => !/[\r\n]/.test(text));

	test("gives back any one-line value that was written in double quotes", () => {
		fc.assert(
			fc.property(oneLine, (value) => {
				expect(valueOf(`A="${value.replace(/["\\]/g, "\\$&")}" # end`)).toBe(value);
			}),
		);
	});

	test("gives back any one-line value without a single quote that was written in single quotes", () => {
		fc.assert(
			fc.property(oneLine, (value) => {
				fc.pre(!value.includes("'"));
				expect(valueOf(`A='${value}'`)).toBe(value);
			}),
		);
	});

	test("gives back any unquoted value that has no space at its ends or before a #, and no quotes around it", () => {
		fc.assert(
			fc.property(oneLine, (value) => {
				fc.pre(!/^[ \t]|[ \t]$|[ \t]#|^['"]/.test(value));
				expect(valueOf(`A=${value}`)).toBe(value);
			}),
		);
	});

	test("never throws, whatever stands in it", () => {
		fc.assert(
			fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
				parseEnvFile(text);
			}),
		);
	});
});
