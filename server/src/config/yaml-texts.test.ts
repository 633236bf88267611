import fc from "fast-check";
import { expect, test } from "vitest";
import { readYamlTexts } from "./yaml-texts.ts";

const KEYS = ["port", "host"];

test.each([
	["port: 9090\nhost: '::'\npassword: s3cret\n", { port: "9090", host: "::" }],
	["\ufeffport: 0o17\r\n", { port: "0o17" }],
	["host: [a]\nport: { a: b }\ncameras:\n  - port: 1\n", {}],
	["port: 9090\ncameras: [{\n", { port: "9090" }],
	["port: 1\nport: 2\n", { port: "1" }],
	["port: *nothing\n", {}],
	["- port: 9090\n", {}],
	["9090", {}],
	["", {}],
])("of %j it reads %j", (text, texts) => {
	expect(readYamlTexts(text, KEYS)).toEqual(texts);
});

test("it takes any text", () => {
	const text = fc.array(
		fc.constantFrom("port", "host", ": ", "- ", "\n", "  ", "&a ", "*a", "{", "}", "'", "9", "? ", "<<"),
	);
	fc.assert(
		fc.property(
			fc.oneof(
				fc.string(),
				text.map((parts) => parts.join("")),
			),
			(yaml) => {
				for (const value of Object.values(readYamlTexts(yaml, KEYS))) expect(typeof value).toBe("string");
			},
		),
	);
});
