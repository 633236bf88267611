import { expect, test } from "vitest";
import { settingsNotice } from "./settings-notice.ts";

const OUTSIDE = {
	listening: "http://127.0.0.1:8000",
	token: "abc",
	outer: "192.168.1.10",
	isInContainer: false,
	isBehindProxy: false,
};

test("the printed address is one that others reach", () => {
	expect(settingsNotice(OUTSIDE)).toBe(
		"cameras are set on this machine, or once from another device at http://192.168.1.10:8000/#settings=abc",
	);
	expect(settingsNotice({ ...OUTSIDE, outer: undefined })).toContain("http://127.0.0.1:8000/#settings=abc");
});

test("in a container it is no address of the container's, and nobody is promised the machine itself", () => {
	const text = settingsNotice({ ...OUTSIDE, outer: "172.18.0.2", isInContainer: true });
	expect(text).toContain("at http://localhost:8000/#settings=abc (");
	expect(text).not.toMatch(/172\.18|on this machine/);
});

test("behind a proxy it is the only way", () => {
	const text = settingsNotice({ ...OUTSIDE, isBehindProxy: true });
	expect(text).toContain("at http://192.168.1.10:8000/#settings=abc (at the proxy's address instead");
	expect(text).not.toContain("on this machine");
});
