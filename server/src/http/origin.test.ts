import { expect, test } from "vitest";
import { hostOf, isAllowedOrigin } from "./origin.ts";

test("the page's own origin is let in, with and without a proxy", () => {
	expect(isAllowedOrigin("http://wall.lan:8000", ["wall.lan:8000"], [])).toBe(true);
	expect(isAllowedOrigin("https://cctv.example", ["127.0.0.1:8000", "cctv.example"], [])).toBe(true);
	expect(isAllowedOrigin("http://[fe80::1]:8000", ["[fe80::1]:8000"], [])).toBe(true);
});

test("programs that are no browsers send no origin and are let in", () => {
	expect(isAllowedOrigin(undefined, ["wall.lan:8000"], [])).toBe(true);
});

test("another site's page is refused unless the settings name it", () => {
	for (const origin of ["https://evil.example", "null", "http://wall.lan:8001", "http://wall.lan:8000/x", ""]) {
		expect(isAllowedOrigin(origin, ["wall.lan:8000", undefined], [])).toBe(false);
	}
	expect(isAllowedOrigin("https://home.example", ["wall.lan:8000"], ["https://home.example"])).toBe(true);
	expect(isAllowedOrigin("https://any.example", ["wall.lan:8000"], ["*"])).toBe(true);
});

test("the host is what stands before the port, without brackets", () => {
	expect(hostOf("192.0.2.7:8000")).toBe("192.0.2.7");
	expect(hostOf("wall.lan")).toBe("wall.lan");
	expect(hostOf("[2001:db8::7]:8000")).toBe("2001:db8::7");
	expect(hostOf("2001:db8::7")).toBeUndefined();
	expect(hostOf(undefined)).toBeUndefined();
});
