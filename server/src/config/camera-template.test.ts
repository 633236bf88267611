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
	["vivotek", "/live12s1.sdp", "/live12s2.sdp"],
	["vivotek-old", "/live.sdp", "/live2.sdp"],
	["uniview-camera", "/media/video1", "/media/video2"],
	["hikvision-old", "/h264/ch12/main/av_stream", "/h264/ch12/sub/av_stream"],
	["/live/{channel}?s={subtype}", "/live/12?s=0", "/live/12?s=1"],
	["/live/{channel:02}/{hi|lo}", "/live/12/hi", "/live/12/lo"],
])("%s gives the paths of channel 12", (name, main, sub) => {
	const template = findTemplate(name) ?? "";
	expect(expandTemplate(template, 12, "main")).toBe(main);
	expect(expandTemplate(template, 12, "sub")).toBe(sub);
	expect(hasTwoStreams(template)).toBe(true);
});

test("the first generation's template is what it was", () => {
	expect(CAMERA_TEMPLATES.dahua).toBe("/cam/realmonitor?channel={channel}&subtype={0|1}");
});

test("a channel counts from 0 where the maker does", () => {
	expect(expandTemplate(CAMERA_TEMPLATES["hanwha-nvr"], 3, "main")).toBe("/LiveChannel/2/media.smp");
	expect(expandTemplate("/{channel-1}/{channel}", 1, "sub")).toBe("/0/1");
});

test("a channel below ten gets its zero where the maker wants one", () => {
	expect(expandTemplate(CAMERA_TEMPLATES.reolink, 3, "sub")).toBe("/h264Preview_03_sub");
	expect(expandTemplate(CAMERA_TEMPLATES.hikvision, 3, "sub")).toBe("/Streaming/Channels/302");
});

test.each(["sony", "live/{channel}", "/live/{chanel}", "/live/{channel-2}", "/live/{channel", "/a b", "/ñ", ""])(
	"%j is no template",
	(text) => {
		expect(findTemplate(text)).toBeUndefined();
	},
);

test("tells whether channels and streams differ", () => {
	const channels = ["/live/{channel}", "/{channel-1}/x", "/{channel:02}", "/stream1", "/{channel-2}"];
	expect(channels.map(hasChannel)).toEqual([true, true, true, false, false]);
	expect([hasTwoStreams("/live/{subtype}"), hasTwoStreams("/live/{channel}")]).toEqual([true, false]);
});
