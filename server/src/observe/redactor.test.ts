import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MIN_SECRET_CHARS, Redactor } from "./redactor.ts";

const secret = { username: "admin", password: "p@ss:w#rd%/ñ" };

function redactorOf(...secrets: { readonly username: string; readonly password: string }[]): Redactor {
	const redactor = new Redactor();
	for (const each of secrets) redactor.add(each);
	return redactor;
}

describe("a secret is replaced", () => {
	test.each([
		["plain", secret.password],
		["in a URL", `rtsp://admin:${secret.password}@h/x`],
		["percent-encoded", encodeURIComponent(secret.password)],
		["percent-encoded in lower case", encodeURIComponent(secret.password).toLowerCase()],
		["percent-encoded in part", "p%40ss:w%23rd%/ñ"],
		["in Base64 of an Authorization header", Buffer.from(`admin:${secret.password}`).toString("base64")],
		["in Base64 of Latin-1", Buffer.from(`admin:${secret.password}`, "latin1").toString("base64")],
		["in JSON", JSON.stringify({ a: secret.password })],
		["in JSON in JSON", JSON.stringify(JSON.stringify({ a: secret.password }))],
		["with escapes of JSON", "p@ss:w#rd%\\/\\u00F1"],
		["as UTF-8 taken for Latin-1", Buffer.from(secret.password).toString("latin1")],
		["as printed by inspect", inspect({ a: [secret.password] })],
	])("%s", (_form, text) => {
		const scrubbed = redactorOf(secret).scrub(`before ${text} after`);
		expect(scrubbed).toContain("***");
		expect(scrubbed).toMatch(/^before .*after$/);
		expect(scrubbed).not.toMatch(/w(#|%23)rd|cEBzcz/i);
	});

	test("with quotes and backslashes in it", () => {
		const password = "a\"b\\c'd";
		const redactor = redactorOf({ username: "u", password });
		for (const text of [
			password,
			JSON.stringify(password),
			JSON.stringify(JSON.stringify(password)),
			inspect(password),
		]) {
			expect(redactor.scrub(text)).toMatch(/^\W*\*\*\*\W*$/);
		}
	});

	test("with its user name where it is too short to be looked for alone", () => {
		expect(redactorOf({ username: "admin", password: "1" }).scrub("camera 1 by admin:1@h")).toBe("camera 1 by ***@h");
	});
});

test("what is no secret stays as it is", () => {
	expect(redactorOf(secret).scrub("camera cam1 is live")).toBe("camera cam1 is live");
	expect(new Redactor().scrub("anything")).toBe("anything");
	expect(redactorOf({ username: "admin", password: "" }).scrub("admin: hello")).toBe("admin: hello");
});

test("a long run of backslashes costs no time", () => {
	const redactor = redactorOf(
		{ username: "admin", password: "a\\\\\\\\b\\c\\\\d" },
		{ username: "admin", password: "\\\\\\\\x" },
	);
	const text = `a${"\\".repeat(5000)}b${"\\".repeat(5000)}`;
	expect(redactor.scrub(text)).toBe(text);
});

const passwords = fc.string({ unit: "binary", minLength: MIN_SECRET_CHARS, maxLength: 20 });
const secrets = fc.array(fc.record({ username: fc.string({ maxLength: 8 }), password: passwords }), {
	minLength: 1,
	maxLength: 4,
});
const noise = fc.string({ unit: "binary", maxLength: 20 });

test("no registered secret survives, whatever the secrets are and whatever stands around them", () => {
	fc.assert(
		fc.property(secrets, noise, noise, (all, before, after) => {
			const redactor = redactorOf(...all);
			const text = before + all.map(({ username, password }) => `${username}:${password}`).join(after) + after;
			const scrubbed = redactor.scrub(text);
			for (const { password } of all) expect(scrubbed).not.toContain(password);
		}),
	);
});

test("a line of JSON stays JSON, without any secret in its strings", () => {
	fc.assert(
		fc.property(secrets, noise, fc.integer(), (all, around, number) => {
			const text = all.map(({ password }) => around + password).join("");
			const line = JSON.stringify({ number, text, nested: { [text]: JSON.stringify([text]) } });
			const strings: string[] = [];
			const value = JSON.parse(redactorOf(...all).scrubJson(line), (key, each: unknown) => {
				strings.push(key, ...(typeof each === "string" ? [each] : []));
				return each;
			}) as { readonly number: number };
			expect(Object.values(value)).toContain(number);
			for (const { password } of all) for (const each of strings) expect(each).not.toContain(password);
		}),
	);
});
