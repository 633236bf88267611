import fc from "fast-check";
import { expect, test } from "vitest";
import { MAX_PASTED_LINES, parsePaste } from "./paste.ts";

const brief = (text: string) => parsePaste(text).cameras.map(({ name, address }) => [name, address.url]);

test("each form of a line gives its name and address", () => {
	const text = [
		"rtsp://10.0.0.1/a",
		"Front door, rtsp://10.0.0.2/b",
		"Yard = rtsp://10.0.0.3/c",
		"  - rtsp://10.0.0.4/d",
		"garage: rtsp://10.0.0.5/e",
		'- "rtsp://10.0.0.6/f"',
		"Shop\trtsp://10.0.0.7/g,",
		'"Back, left", "rtsp://10.0.0.8/h"',
	].join("\n");
	expect(brief(text)).toEqual([
		[undefined, "rtsp://10.0.0.1/a"],
		["Front door", "rtsp://10.0.0.2/b"],
		["Yard", "rtsp://10.0.0.3/c"],
		[undefined, "rtsp://10.0.0.4/d"],
		["garage", "rtsp://10.0.0.5/e"],
		[undefined, "rtsp://10.0.0.6/f"],
		["Shop", "rtsp://10.0.0.7/g"],
		["Back, left", "rtsp://10.0.0.8/h"],
	]);
	expect(parsePaste(text).problems).toEqual([]);
});

test("comments and empty lines are skipped, whatever ends the lines", () => {
	expect(brief("# all of them\r\n\r\nrtsp://10.0.0.1/a\r   \n#rtsp://10.0.0.2/b")).toEqual([
		[undefined, "rtsp://10.0.0.1/a"],
	]);
});

test("a line that holds no camera is named with the reason", () => {
	const text = [
		"Front door",
		"http://10.0.0.1/",
		"x, rtsp://",
		`${"n".repeat(101)}, rtsp://10.0.0.1/`,
		"rtsp://10.0.0.1/a rtsp://10.0.0.1/b",
		"rtsp://10.0.0.1/a b",
	].join("\n");
	expect(parsePaste(text)).toEqual({
		cameras: [],
		problems: [
			{ line: 1, problem: "no-address" },
			{ line: 2, problem: "other-scheme" },
			{ line: 3, problem: "no-host" },
			{ line: 4, problem: "name-too-long" },
			{ line: 5, problem: "two-addresses" },
			{ line: 6, problem: "space" },
		],
	});
});

test("a name may look like a web address's beginning, and not swallow the camera's", () => {
	expect(parsePaste("see http://10.0.0.1 rtsp://10.0.0.1/a").cameras).toEqual([]);
});

test("more lines than a file may have cameras are one problem", () => {
	const { cameras, problems } = parsePaste("rtsp://10.0.0.1/a\n".repeat(MAX_PASTED_LINES + 5));
	expect(cameras).toHaveLength(MAX_PASTED_LINES);
	expect(problems).toEqual([{ line: MAX_PASTED_LINES + 1, problem: "too-many" }]);
});

const name = fc.stringMatching(/^[A-Za-zñ][A-Za-z0-9ñ ]{0,30}[A-Za-z0-9]$/);
const host = fc.ipV4();
const path = fc.stringMatching(/^\/[a-z0-9/]{0,20}[a-z0-9]$/);
const separator = fc.constantFrom(", ", " = ", "=", ",", ": ", "\t");

test("whatever the names and separators, every line is found again, in order", () => {
	fc.assert(
		fc.property(fc.array(fc.tuple(name, separator, host, path), { maxLength: 20 }), (lines) => {
			const text = lines.map(([called, between, at, where]) => `${called}${between}rtsp://${at}${where}`).join("\n");
			expect(brief(text)).toEqual(lines.map(([called, , at, where]) => [called, `rtsp://${at}${where}`]));
		}),
	);
});

test("any text is read, and each of its lines is a camera, a problem or nothing", () => {
	fc.assert(
		fc.property(
			fc.array(
				fc.oneof(
					fc.string(),
					fc.string().map((text) => `x, rtsp://${text}`),
				),
			),
			(lines) => {
				const { cameras, problems } = parsePaste(lines.join("\n"));
				const seen = [...cameras, ...problems].map(({ line }) => line);
				expect(new Set(seen).size).toBe(seen.length);
				for (const { address } of cameras) expect(address.url).toMatch(/^rtsps?:\/\//);
			},
		),
	);
});
