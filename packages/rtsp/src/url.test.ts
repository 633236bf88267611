import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RtspError } from "./errors.ts";
import { chooseBaseUrl, formatRtspUrl, joinControlUrl, parseRtspUrl } from "./url.ts";

describe("URLs that people type", () => {
	test.each([
		["rtsp://h/x", "h", 554, "/x", undefined, undefined],
		["RTSP://h", "h", 554, "/", undefined, undefined],
		["rtsps://h:7441/id?enableSrtp", "h", 7441, "/id?enableSrtp", undefined, undefined],
		["rtsp://h?x=1", "h", 554, "/?x=1", undefined, undefined],
		["rtsp://h//", "h", 554, "//", undefined, undefined],
		[
			"rtsp://h/cam/realmonitor?channel=1&subtype=0",
			"h",
			554,
			"/cam/realmonitor?channel=1&subtype=0",
			undefined,
			undefined,
		],
		["rtsp://h/user=a&password=b@c&channel=1", "h", 554, "/user=a&password=b@c&channel=1", undefined, undefined],
		["rtsp://h/user=a&password=b@c.d&channel=1", "h", 554, "/user=a&password=b@c.d&channel=1", undefined, undefined],
		["rtsp://u@h/x", "h", 554, "/x", "u", ""],
		["rtsp://u:p@ss@h/", "h", 554, "/", "u", "p@ss"],
		["rtsp://u:p@h/path@x", "h", 554, "/path@x", "u", "p"],
		["rtsp://u:p%ss%41%@h/", "h", 554, "/", "u", "p%ssA%"],
		["rtsp://u:%C3%B1%FF@h/", "h", 554, "/", "u", "%C3%B1%FF"],
		["rtsp://u:%C3%B1@h/", "h", 554, "/", "u", "ñ"],
		["rtsp://admin:p@ss:w#rd%/ñ@192.168.1.9:554/cam?a=1", "192.168.1.9", 554, "/cam?a=1", "admin", "p@ss:w#rd%/ñ"],
		["rtsp://admin:a?b@cam.local/x", "cam.local", 554, "/x", "admin", "a?b"],
		["rtsp://admin:12/34@192.168.1.9/x", "192.168.1.9", 554, "/x", "admin", "12/34"],
		["rtsp://[fe80::1%25eth0]:8554/x", "fe80::1%eth0", 8554, "/x", undefined, undefined],
		["rtsp://::ffff:192.168.1.123/x", "::ffff:192.168.1.123", 554, "/x", undefined, undefined],
		["rtsp://u:p@[2001:db8::1]/x", "2001:db8::1", 554, "/x", "u", "p"],
		["rtsp://u:p@2001:db8::1/x", "2001:db8::1", 554, "/x", "u", "p"],
		["rtsp://fe80::1/x?mail=a@b.c", "fe80::1", 554, "/x?mail=a@b.c", undefined, undefined],
		["rtsp://u:@::?@192.0.2.7/x", "192.0.2.7", 554, "/x", "u", "@::?"],
	])("S10: %s (quirks 1-7)", (text, host, port, path, username, password) => {
		expect(parseRtspUrl(text)).toMatchObject({ host, port, path, username, password });
	});

	test("RTSP over TLS has its own port unless the URL names one (quirk 10)", () => {
		expect(parseRtspUrl("rtsps://h/x")).toMatchObject({ scheme: "rtsps", port: 322 });
		expect(parseRtspUrl("rtsps://h:554/x")).toMatchObject({ scheme: "rtsps", port: 554 });
		expect(parseRtspUrl("rtsp://h:322/x")).toMatchObject({ scheme: "rtsp", port: 322 });
	});

	test.each([
		["http://h/"],
		["h/x"],
		["rtsp://"],
		["rtsp://h:0/"],
		["rtsp://h:70000/"],
		["rtsp://u:secret@/x"],
		["rtsp://a b/"],
	])("%s is refused without being repeated", (text) => {
		expect(() => parseRtspUrl(text)).toThrow(
			expect.objectContaining({ kind: "usage", message: expect.not.stringContaining("secret") }),
		);
	});

	test("a password of any characters is found again in front of an IP address", () => {
		fc.assert(
			fc.property(
				fc.string({ unit: fc.constantFrom("a", "b", "@", ":", "/", "#", "?", "%", ".", "ñ", '"', "\\") }),
				(password) => {
					// What looks like an escape, or like an address of its own, is ambiguous.
					fc.pre(!/%[0-9a-f]{2}|[@][^/?]*[^.]\.[^.]/i.test(`${password}@`));
					const parsed = parseRtspUrl(`rtsp://user:${password}@192.0.2.7:8554/path?x=1`);
					expect(parsed).toMatchObject({
						host: "192.0.2.7",
						port: 8554,
						path: "/path?x=1",
						username: "user",
						password,
					});
				},
			),
		);
	});

	test("nothing but an RtspError is ever thrown", () => {
		fc.assert(
			fc.property(fc.string(), (text) => {
				for (const url of [text, `rtsp://${text}`]) {
					try {
						expect(parseRtspUrl(url).path.startsWith("/")).toBe(true);
					} catch (error) {
						expect(error).toBeInstanceOf(RtspError);
					}
				}
			}),
		);
	});
});

test.each([
	[{ scheme: "rtsp", host: "h", port: 554, path: "/a b?x={}" }, "rtsp://h/a b?x={}"],
	[{ scheme: "rtsp", host: "h", port: 322, path: "/" }, "rtsp://h:322/"],
	[{ scheme: "rtsps", host: "h", port: 322, path: "/" }, "rtsps://h/"],
	[{ scheme: "rtsp", host: "fe80::1%eth0", port: 8554, path: "/" }, "rtsp://[fe80::1%25eth0]:8554/"],
	[{ scheme: "rtsp", host: "h", port: 554, path: "/ñ" }, "rtsp://h/\u00c3\u00b1"],
] as const)("the URL on the wire: %o", (address, url) => {
	expect(formatRtspUrl(address)).toBe(url);
});

describe("control URLs", () => {
	const address = { scheme: "rtsp", host: "10.0.0.9", port: 8554, path: "/live" } as const;
	const origin = "rtsp://10.0.0.9:8554";

	test.each([
		[`${origin}/live`, undefined, `${origin}/live`],
		[`${origin}/live`, "", `${origin}/live`],
		[`${origin}/live`, "*", `${origin}/live`],
		[`${origin}/live`, "trackID=1", `${origin}/live/trackID=1`],
		[`${origin}/live/`, "trackID=1", `${origin}/live/trackID=1`],
		[`${origin}/live`, "/trackID=1", `${origin}/live/trackID=1`],
		[`${origin}/live`, "?ctype=video", `${origin}/live?ctype=video`],
		[`${origin}/live`, "0", `${origin}/live/0`],
		[`${origin}/cam?channel=1&subtype=0`, "trackID=0", `${origin}/cam?channel=1&subtype=0/trackID=0`],
		[`${origin}/live`, "rtsp://192.168.1.64:554/live/trackID=1?a=b", `${origin}/live/trackID=1?a=b`],
		[`${origin}/live`, "RTSP://wrong/t", `${origin}/t`],
	])("S25: %s and %s (quirk 64)", (base, control, url) => {
		expect(joinControlUrl(base, control, address)).toBe(url);
	});

	test.each([
		["nothing", {}, `${origin}/live`],
		[
			"Content-Base with another port",
			{ contentBase: "rtsp://192.168.5.107:65534/videoMain/" },
			`${origin}/videoMain/`,
		],
		["Content-Base without a scheme", { contentBase: "192.168.1.10:554/stream0/" }, `${origin}/stream0/`],
		["a double scheme", { contentBase: "rtsp://rtsp://h/x/" }, `${origin}/x/`],
		["IPv6 without brackets", { contentBase: "rtsp://::ffff:192.168.1.123/x" }, `${origin}/x`],
		["a path only", { contentBase: "/x/" }, `${origin}/x/`],
		["no path", { contentBase: "rtsp://h:554" }, origin],
		["rubbish, then Content-Location", { contentBase: "not a url", contentLocation: "rtsp://h/y" }, `${origin}/y`],
		["a relative word", { contentBase: "stream" }, `${origin}/live`],
		[
			"an absolute session control",
			{ sessionControl: "rtsp://h/s/?p=1", contentBase: "rtsp://h/x" },
			`${origin}/s/?p=1`,
		],
		["a relative session control", { sessionControl: "0", contentBase: "rtsp://h/x" }, `${origin}/x`],
	])("S24: the base with %s (quirks 65, 66)", (_name, input, base) => {
		const chosen = chooseBaseUrl({
			sessionControl: undefined,
			contentBase: undefined,
			contentLocation: undefined,
			requestUrl: `${origin}/live`,
			address,
			...input,
		});
		expect(chosen).toBe(base);
	});
});
