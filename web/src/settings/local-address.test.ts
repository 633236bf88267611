import { expect, test } from "vitest";
import { localAddress } from "./local-address.ts";

test.each([
	["http://192.168.1.10:8000/", "http://localhost:8000/"],
	["https://wall.example/cams/?lang=es#x", "https://localhost/cams/"],
	["http://localhost.example:8000/", "http://localhost:8000/"],
	["http://127.example/", "http://localhost/"],
])("for a page at %s it is %s", (page, address) => {
	expect(localAddress(new URL(page))).toBe(address);
});

test.each(["http://localhost:8000/", "http://wall.localhost/", "http://127.0.0.1:8000/", "http://[::1]:8000/"])(
	"nobody who is at %s is sent there again",
	(page) => {
		expect(localAddress(new URL(page))).toBeUndefined();
	},
);
