import { expect, test } from "vitest";
import { hostOf, isAllowedOrigin } from "./origin.ts";

const rules = (host: string | undefined, ...allowed: string[]) => ({ host, allowed });

test("the page's own origin is let in: by address, local name, or a name that a certificate proves", () => {
	for (const host of [
		"192.0.2.7:8000",
		"[fe80::1]:8000",
		"wall:8000",
		"wall.local:8000",
		"nvr.home.arpa",
		"localhost:8000",
	]) {
		expect(isAllowedOrigin(`http://${host}`, rules(host))).toBe(true);
	}
	expect(isAllowedOrigin("https://cctv.example", rules("cctv.example"))).toBe(true);
});

test("programs that are no browsers send no origin and are let in", () => {
	expect(isAllowedOrigin(undefined, rules("wall.lan:8000"))).toBe(true);
});

test("another site's page is refused unless the settings name it", () => {
	for (const origin of ["https://evil.example", "null", "http://wall.lan:8001", "http://wall.lan:8000/x", ""]) {
		expect(isAllowedOrigin(origin, rules("wall.lan:8000"))).toBe(false);
	}
	expect(isAllowedOrigin("http://wall.lan", rules(undefined))).toBe(false);
	expect(isAllowedOrigin("https://home.example", rules("wall.lan:8000", "https://home.example"))).toBe(true);
	expect(isAllowedOrigin("https://any.example", rules("wall.lan:8000", "*"))).toBe(true);
});

test("a site that binds its own name to our address is refused", () => {
	expect(isAllowedOrigin("http://evil.example:8000", rules("evil.example:8000"))).toBe(false);
});

test("the host is what stands before the port, without brackets", () => {
	expect(hostOf("192.0.2.7:8000")).toBe("192.0.2.7");
	expect(hostOf("wall.lan")).toBe("wall.lan");
	expect(hostOf("[2001:db8::7]:8000")).toBe("2001:db8::7");
	expect(hostOf("2001:db8::7")).toBeUndefined();
	expect(hostOf(undefined)).toBeUndefined();
});
