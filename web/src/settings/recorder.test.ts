import { expect, test } from "vitest";
import { EMPTY_RECORDER, recorderCameras, recorderProblems, withHost, withVendor } from "./recorder.ts";

const vendor = (id: string, port: number) => ({ id, name: id, template: id, port, notes: [] });
const FORM = { ...EMPTY_RECORDER, vendor: "dahua", host: "192.168.1.108", user: "admin", password: "p@ss" };

test("each channel is a camera with the recorder's address and login", () => {
	const cameras = recorderCameras({ ...FORM, port: "5540", channels: "2" }, "dahua", (n) => `Camera ${n}`);
	expect(cameras).toEqual(
		[1, 2].map((channel) => ({
			fields: {
				name: `Camera ${channel}`,
				host: "192.168.1.108",
				port: "5540",
				template: "dahua",
				channel: String(channel),
				user: "admin",
			},
			password: "p@ss",
		})),
	);
});

test("without a user there is no password either", () => {
	expect(recorderCameras({ ...FORM, user: "" }, "dahua", String)).toEqual([
		{ fields: { name: "1", host: "192.168.1.108", template: "dahua", channel: "1" } },
	]);
});

test("what is missing or wrong is named", () => {
	expect(recorderProblems(FORM, "dahua")).toEqual([]);
	expect(recorderProblems({ ...FORM, host: "", port: "0", channels: "65" }, undefined)).toEqual([
		"host-missing",
		"port-wrong",
		"channels-wrong",
		"maker-missing",
	]);
	expect(recorderProblems({ ...FORM, host: "10.0.0.1/cam", channels: "1.5" }, "x")).toEqual([
		"host-wrong",
		"channels-wrong",
	]);
});

test("the maker brings its port, and never takes a typed one away", () => {
	const foscam = withVendor(EMPTY_RECORDER, vendor("foscam", 88));
	expect(foscam.port).toBe("88");
	expect(withVendor(foscam, vendor("dahua", 554), vendor("foscam", 88)).port).toBe("554");
	expect(withVendor({ ...foscam, port: "5554" }, vendor("dahua", 554), vendor("foscam", 88)).port).toBe("5554");
});

test.each([
	["192.168.1.108", { host: "192.168.1.108", port: "" }],
	[" nvr.local:5540 ", { host: "nvr.local", port: "5540" }],
	["http://192.168.1.108:80/login", { host: "192.168.1.108", port: "" }],
	["rtsp://me:secret@192.168.1.108:5540/cam", { host: "192.168.1.108", port: "5540", user: "me", password: "secret" }],
])("the address %j is taken apart", (text, expected) => {
	expect(withHost(EMPTY_RECORDER, text)).toMatchObject(expected);
});
