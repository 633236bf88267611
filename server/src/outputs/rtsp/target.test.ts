import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseTarget, trackUrl } from "./target.ts";

describe("parseTarget", () => {
	it.each([
		["rtsp://host:8554/cam1", "cam1", "sub", undefined, "rtsp://host:8554/cam1"],
		["rtsp://host:8554/cam1/", "cam1", "sub", undefined, "rtsp://host:8554/cam1"],
		["rtsp://host/cam1/sub", "cam1", "sub", undefined, "rtsp://host/cam1/sub"],
		["RTSP://[::1]:8554/front_door/main", "front_door", "main", undefined, "rtsp://[::1]:8554/front_door/main"],
		["rtsp://host/cam1/trackID=0", "cam1", "sub", "video", "rtsp://host/cam1"],
		["rtsp://host/main/main/trackID=1", "main", "main", "audio", "rtsp://host/main/main"],
		["rtsp://host/cam1?video&audio", "cam1", "sub", undefined, "rtsp://host/cam1"],
		["rtsp://host/cam1/main?timeout=5/trackID=1", "cam1", "main", "audio", "rtsp://host/cam1/main"],
		["rtsp://host/cam1/main/?a=b", "cam1", "main", undefined, "rtsp://host/cam1/main"],
		["rtsp://user:secret@host/cam1", "cam1", "sub", undefined, "rtsp://host/cam1"],
	] as const)("reads %s", (url, cameraId, stream, track, presentationUrl) => {
		expect(parseTarget(url)).toEqual({ cameraId, stream, track, presentationUrl });
	});

	it.each([
		"*",
		"",
		"rtsp://host",
		"rtsp://host/",
		"http://host/cam1",
		"rtsp://host/cam1/other",
		"rtsp://host/-cam",
		"rtsp://host/cam1/trackID=2",
		"rtsp://host/cam%31",
		"rtsp://host/a b",
	])("takes %j for no stream", (url) => expect(parseTarget(url)).toBeUndefined());

	it("never throws, and is quick", () => {
		fc.assert(
			fc.property(
				fc.string({ unit: "binary" }),
				fc.array(fc.constantFrom("/", "?", "trackID=", "main", "@", "a", ":")),
				(text, parts) => {
					parseTarget(text);
					parseTarget(`rtsp://${text}`);
					parseTarget(`rtsp://host/cam${parts.join("")}`);
					parseTarget(`rtsp://${parts.join("").repeat(50)}`);
				},
			),
		);
	});

	it("does not ponder over a long one", () => {
		expect(parseTarget(`rtsp://host/cam1${"?".repeat(30_000)} x`)).toBeUndefined();
		expect(parseTarget(`rtsp://host/cam1?${"x".repeat(500)}`)?.cameraId).toBe("cam1");
	});

	it("finds every camera and track again in the control URL that it gives", () => {
		fc.assert(
			fc.property(
				fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/),
				fc.constantFrom("", "/main", "/sub"),
				fc.constantFrom("video" as const, "audio" as const),
				(id, path, track) => {
					const target = parseTarget(`rtsp://10.0.0.1:8554/${id}${path}`);
					if (!target) throw new Error("It is an address.");
					expect(target.cameraId).toBe(id);
					expect(parseTarget(trackUrl(target, track))).toEqual({ ...target, track });
				},
			),
		);
	});
});
