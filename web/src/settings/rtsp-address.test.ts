import fc from "fast-check";
import { expect, test } from "vitest";
import { readAddress } from "./rtsp-address.ts";

const read = (text: string) => {
	const result = readAddress(text);
	return result.ok ? result.address : result.problem;
};

test("user and password are taken out of an address", () => {
	expect(read("rtsp://admin:secret@192.168.1.20:554/stream2?x=1")).toEqual({
		url: "rtsp://192.168.1.20:554/stream2?x=1",
		host: "192.168.1.20",
		port: "554",
		user: "admin",
		password: "secret",
	});
	expect(read(" RTSPS://cam.local/live ")).toEqual({ url: "rtsps://cam.local/live", host: "cam.local", port: "" });
});

test("an @ in a path is no end of a user name", () => {
	expect(read("rtsp://10.0.0.5/cam@front")).toMatchObject({ url: "rtsp://10.0.0.5/cam@front", host: "10.0.0.5" });
	expect(read("rtsp://h/user=a&password=b@c.d")).not.toHaveProperty("user");
});

test.each([
	["192.168.1.20/stream", "no-address"],
	["", "no-address"],
	["http://192.168.1.20/", "other-scheme"],
	["rtmp://192.168.1.20/", "other-scheme"],
	["rtsp://", "no-host"],
	["rtsp:///stream", "no-host"],
	["rtsp://host:99999/", "no-host"],
	["rtsp://10.0.0.5/a b", "space"],
	[`rtsp://10.0.0.5/${"a".repeat(5000)}`, "too-long"],
])("%j cannot be used: %s", (text, problem) => {
	expect(read(text)).toBe(problem);
});

test("IPv6 hosts are read with and without a port", () => {
	expect(read("rtsp://[fe80::1]:8554/x")).toMatchObject({ host: "fe80::1", port: "8554" });
	expect(read("rtsp://[2001:db8::7]/x")).toMatchObject({ host: "2001:db8::7", port: "" });
});

const printable = fc.string({ unit: "grapheme-ascii", maxLength: 20 }).filter((text) => !/\s/.test(text));

test("whatever is in a password, escaped or not, it is not in the address that is shown", () => {
	fc.assert(
		fc.property(fc.stringMatching(/^[a-z]{1,8}$/), printable, fc.boolean(), (user, password, escaped) => {
			const written = escaped ? encodeURIComponent(password) : password.replaceAll("%", "");
			const result = readAddress(`rtsp://${user}:${written}@192.168.1.20:554/stream2`);
			// An @ with something like a host behind it in a password that is not escaped is anybody's guess.
			fc.pre(escaped || !/@/.test(password));
			expect(result).toMatchObject({ ok: true, address: { url: "rtsp://192.168.1.20:554/stream2", user } });
			if (escaped && result.ok) expect(result.address.password).toBe(password);
		}),
	);
});

test("anything that is typed is read without a fault", () => {
	fc.assert(
		fc.property(
			fc.oneof(
				fc.string(),
				fc.string().map((text) => `rtsp://${text}`),
			),
			(text) => {
				const result = readAddress(text);
				if (result.ok) expect(readAddress(result.address.url)).toMatchObject({ ok: true });
			},
		),
	);
});
