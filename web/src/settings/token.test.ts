import { expect, test } from "vitest";
import { settingsAddress, takeToken, tokenIn } from "./token.ts";

test.each([
	[" abc-123 ", "abc-123"],
	["http://192.168.1.5:8000/#settings=abc-123", "abc-123"],
	["http://host/vigia/?lang=es#x=1&settings=a%2Bb", "a+b"],
	["#settings=%E0%A4%A", "%E0%A4%A"],
	["two words", ""],
	["x".repeat(300), ""],
])("of %j the token is %j", (text, token) => {
	expect(tokenIn(text)).toBe(token);
});

test("the token is gone from the page's address as soon as it is taken", () => {
	const replaced: unknown[] = [];
	const history = { state: 1, replaceState: (...args: unknown[]) => replaced.push(args) };
	const at = (hash: string) => ({ hash, pathname: "/wall/", search: "?lang=es" });
	expect(takeToken(at("#settings=abc"), history)).toBe("abc");
	expect(replaced).toEqual([[1, "", "/wall/?lang=es"]]);
	expect(takeToken(at("#cam1"), history)).toBeUndefined();
	expect(takeToken(at("#settings="), history)).toBe("");
	expect(replaced).toHaveLength(2);
});

test.each(["", "a+b&c", "#"])("an address made for the settings gives its token back: %j", (token) => {
	const history = { state: null, replaceState: () => {} };
	const address = new URL(settingsAddress({ pathname: "/wall/", search: "?lang=es" }, token), "http://host");
	expect([address.pathname, address.search]).toEqual(["/wall/", "?lang=es"]);
	expect(takeToken(address, history)).toBe(token);
});
