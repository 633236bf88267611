import { expect, test } from "vitest";
import { CAMERA_TEMPLATES, expandTemplate, findTemplate, hasChannel, hasTwoStreams } from "./camera-template.ts";

test.each([
	["dahua", "/cam/realmonitor?channel=12&subtype=0", "/cam/realmonitor?channel=12&subtype=1"],
	["Hikvision", "/Streaming/Channels/1201", "/Streaming/Channels/1202"],
	["reolink", "/h264Preview_12_main", "/h264Preview_12_sub"],
	["uniview", "/unicast/c12/s0/live", "/unicast/c12/s1/live"],
	[
		"axis",
		"/axis-media/media.amp?camera=12&videocodec=h264",
		"/axis-media/media.amp?camera=12&videocodec=h264&resolution=640x360",
	],
	["tapo", "/stream1", "/stream2"],
	["/live/{channel}?s={subtype}", "/live/12?s=0", "/live/12?s=1"],
	["/live/{channel:02}/{hi|lo}", "/live/12/hi", "/live/12/lo"],
])("%s gives the paths of channel 12", (name, main, sub) => {
	const template = findTemplate(name) ?? "";
	expect(expandTemplate(template, 12, "main")).toBe(main);
	expect(expandTemplate(template, 12, "sub")).toBe(sub);
	expect(hasTwoStreams(template)).toBe(true);
});

test("a channel below ten gets its zero where the maker wants one", () => {
	expect(expandTemplate(CAMERA_TEMPLATES.reolink, 3, "sub")).toBe("/h264Preview_03_sub");
	expect(expandTemplate(CAMERA_TEMPLATES.hikvision, 3, "sub")).toBe("/Streaming/Channels/302");
});

test.each(["sony", "live/{channel}", "/live/{chanel}", "/live/{channel", "/a b", "/ñ", ""])(
	"%j is no template",
	(text) => {
		expect(findTemplate(text)).toBeUndefined();
	},
);

test("tells whether channels and streams differ", () => {
	expect([hasChannel("/live/{channel}"), hasChannel("/stream1")]).toEqual([true, false]);
	expect([hasTwoStreams("/live/{subtype}"), hasTwoStreams("/live/{channel}")]).toEqual([true, false]);
});
