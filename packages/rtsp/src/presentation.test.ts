import { describe, expect, test } from "vitest";
import { fromByteString } from "./bytes.ts";
import { makeResponse } from "./message.ts";
import { chooseVideoTrack, type Presentation, readPresentation } from "./presentation.ts";

const requestUrl = "rtsp://10.0.0.9/live";
const address = { scheme: "rtsp", host: "10.0.0.9", port: 554, path: "/live" } as const;

function read(lines: readonly string[], headers: Record<string, string> = {}): Presentation {
	const response = makeResponse(200, headers, fromByteString(lines.join("\r\n")));
	return readPresentation(response, { requestUrl, address, encodings: ["H264"] });
}

describe("a presentation", () => {
	test("resolves session and media controls against Content-Base, with the connection's host", () => {
		const { baseUrl, aggregateUrl, tracks } = read(
			["a=control:0", "m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000", "a=control:track1", "m=audio 0 RTP/AVP 0"],
			{ "Content-Base": "rtsp://192.168.5.107:65534/videoMain/" },
		);
		expect(baseUrl).toBe("rtsp://10.0.0.9/videoMain/");
		expect(aggregateUrl).toBe("rtsp://10.0.0.9/videoMain/0");
		expect(tracks).toMatchObject([
			{
				index: 0,
				encoding: "H264",
				setupUrl: "rtsp://10.0.0.9/videoMain/track1",
				fallbackSetupUrl: "rtsp://10.0.0.9/live/track1",
			},
			{ index: 1, encoding: "PCMU", clockRate: 8000, setupUrl: "rtsp://10.0.0.9/videoMain/" },
		]);
	});

	test("of several formats in one media section takes the one that is wanted", () => {
		const presentation = read(["m=video 0 RTP/AVP 98 96", "a=rtpmap:98 MetaData", "a=rtpmap:96 H264/90000"]);
		expect(presentation.tracks).toMatchObject([{ payloadType: 96, encoding: "H264" }]);
	});

	test("knows H.264 without an rtpmap by its parameters, and a clock of zero as 90 kHz", () => {
		expect(read(["m=video 0 RTP/AVP 96", "a=fmtp:96 packetization-mode=1"]).tracks).toMatchObject([
			{ encoding: "H264", clockRate: 90_000 },
		]);
		expect(read(["m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/0"]).tracks).toMatchObject([
			{ encoding: "H264", clockRate: 90_000 },
		]);
	});

	// Quirk 67.
	test.each([
		["of two sound tracks the one marked sendonly", ["recvonly", "recvonly", "sendonly"], [false, false, true]],
		[
			"nothing where every track is marked sendonly (IDS uEye)",
			["sendonly", "sendonly", "sendonly"],
			[false, false, false],
		],
		["not the video, even if it alone is marked (D-Link)", ["sendonly", "recvonly", "recvonly"], [false, false, false]],
	])("a backchannel is %s", (_name, directions, expected) => {
		const lines = directions.flatMap((direction, index) => [
			index === 0 ? "m=video 0 RTP/AVP 96" : "m=audio 0 RTP/AVP 0",
			`a=${direction}`,
		]);
		expect(read(lines).tracks.map((track) => track.backchannel)).toEqual(expected);
	});
});

describe("the video track", () => {
	test("is the first in a codec that is wanted, behind sound and other codecs", () => {
		const presentation = read([
			"m=audio 0 RTP/AVP 0",
			"m=video 0 RTP/AVP 26",
			"m=video 0 RTP/AVP 96",
			"a=rtpmap:96 h264/90000",
		]);
		expect(chooseVideoTrack(presentation, ["H264"]).index).toBe(2);
	});

	test("in a codec that is not wanted is named, without anything that a camera could slip in", () => {
		const presentation = read(["m=video 0 RTP/AVP 96", "a=rtpmap:96 H265\u001b[31m<b>/90000"]);
		expect(() => chooseVideoTrack(presentation, ["H264"])).toThrow("the camera's video is H26531MB, not H264");
	});
});
