import { inspect } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseGo2rtcUrl } from "./go2rtc-url.ts";

test("an address is taken apart, its login separately", () => {
	expect(parseGo2rtcUrl("http://192.168.1.5:1984")).toEqual({
		scheme: "http",
		host: "192.168.1.5",
		port: 1984,
		basePath: "",
	});
	expect(parseGo2rtcUrl("https://nas.lan/go2rtc/")).toMatchObject({ port: 443, host: "nas.lan", basePath: "/go2rtc" });
	expect(parseGo2rtcUrl("http://[fd00::2]:1984/")).toMatchObject({ host: "fd00::2", basePath: "" });
	const address = parseGo2rtcUrl("http://admin:p@ss:w%23/ñ%@nas:1984");
	expect(address).toMatchObject({ host: "nas", port: 1984 });
	expect(address?.credentials?.reveal()).toEqual({ username: "admin", password: "p@ss:w%23/ñ%" });
	expect(parseGo2rtcUrl("http://admin:p%40ss@nas")?.credentials?.reveal().password).toBe("p@ss");
	expect(inspect(address) + JSON.stringify(address)).not.toContain("p@ss");
});

test("what is no such address is refused, and nothing throws", () => {
	for (const text of [
		"",
		"nas:1984",
		"rtsp://nas:8554",
		"http://",
		"http://nas:0",
		"http://nas:65536",
		"http://nas/?src=x",
		"http://nas/#x",
		"http://a:b\n@nas",
		"http://a:b%0a@nas",
		`http://${"a".repeat(3000)}`,
	]) {
		expect(parseGo2rtcUrl(text), text.slice(0, 40)).toBeUndefined();
	}
	fc.assert(
		fc.property(
			fc.oneof(
				fc.string(),
				fc.string().map((text) => `http://${text}`),
			),
			(text) => {
				const address = parseGo2rtcUrl(text);
				if (address) expect(address.host).toMatch(/^[\w.:-]+$/);
			},
		),
	);
});
