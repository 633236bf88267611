import { expect, test } from "vitest";
import { isIn, isProxyName, proxyList } from "./proxy-list.ts";

test.each(["127.0.0.1", "10.0.0.0/8", "::1", "2001:db8::/32", "loopback", "private"])("%s names proxies", (name) => {
	expect(isProxyName(name)).toBe(true);
});

test.each([
	"",
	"proxy.lan",
	"10.0.0.0/33",
	"10.0.0.0/",
	"10.0.0/8",
	"0.0.0.0/0",
	"::/0",
	"fe80::1%eth0",
	"toString",
	"true",
	"1",
])("%j does not", (name) => {
	expect(isProxyName(name)).toBe(false);
});

test("private networks are those that nobody is reached in from outside, and this machine", () => {
	const list = proxyList(["private"]);
	for (const address of [
		"127.0.0.1",
		"10.1.2.3",
		"172.18.0.1",
		"192.168.1.1",
		"::ffff:172.18.0.1",
		"fd00::1",
		"fe80::1%eth0",
	]) {
		expect(isIn(list, address)).toBe(true);
	}
	for (const address of [
		"172.32.0.1",
		"198.51.100.7",
		"2001:db8::1",
		"::ffff:198.51.100.7",
		"",
		"localhost",
		undefined,
	]) {
		expect(isIn(list, address)).toBe(false);
	}
});
