import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromByteString } from "./bytes.ts";
import { formatOf, parseSdp } from "./sdp.ts";
import { writeSdp } from "./sdp-write.ts";

const video = "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:trackID=1\r\n";

describe("descriptions that cameras send", () => {
	// Quirks 54 and 68.
	test.each([
		["no session lines at all", video],
		["LF only", video.replaceAll("\r\n", "\n")],
		["CR only", video.replaceAll("\r\n", "\r")],
		["no final line end", video.trimEnd()],
		["a byte order mark, blank lines and NULs", `\u00ef\u00bb\u00bf\r\n\r\n${video}\0\0`],
		[
			"broken session lines",
			`v=\r\no=RTSP Session 1 2 3 IN IP4 IP4\r\ns=a\r\ns=b\r\nc=IN \r\nt=now-\r\nb=TIAS:\r\nnonsense\r\n${video}`,
		],
		["blanks at the ends of lines", video.replaceAll("\r\n", "  \t\r\n")],
		["control before rtpmap", "m=video 0 RTP/AVP 96\r\na=control:trackID=1\r\na=rtpmap:96 h264/90000\r\n"],
	])("%s", (_name, text) => {
		const { media } = parseSdp(text);
		expect(media).toHaveLength(1);
		expect(media[0]).toMatchObject({ type: "video", protocol: "RTP/AVP", payloadTypes: [96], control: "trackID=1" });
		expect(formatOf(media[0]!, 96)).toEqual({ encoding: "H264", clockRate: 90_000, channels: undefined });
	});

	test("unknown media keep their places (quirk 55)", () => {
		const { media } = parseSdp(
			`m=application/TP-LINK 0 RTP/AVP smart/1/90000\r\na=control:track3\r\nm=vana\r\nm=\r\n${video}`,
		);
		expect(media.map(({ type, payloadTypes }) => [type, payloadTypes])).toEqual([
			["application/tp-link", []],
			["vana", []],
			["", []],
			["video", [96]],
		]);
	});

	test("fmtp and rtpmap under the wrong media are given to the one with that payload type (quirks 56, 58)", () => {
		const { media } = parseSdp(
			`${video}m=audio 0 RTP/AVP 8\r\na=fmtp:96 packetization-mode=1\r\na=rtpmap:0 pcma/8000\r\n`,
		);
		expect(media[0]?.formatParameters.get(96)?.get("packetization-mode")).toBe("1");
		expect(formatOf(media[1]!, 8)).toMatchObject({ encoding: "PCMA" });
	});

	test("the same payload type in two media means two things (quirk 59)", () => {
		// UniFi.
		const { media } = parseSdp(
			"m=audio 0 RTP/AVP 96\na=rtpmap:96 mpeg4-generic/48000/1\nm=audio 0 RTP/AVP 96\na=rtpmap:96 opus/48000/2\na=fmtp:96\n",
		);
		expect(media.map((one) => formatOf(one, 96)?.encoding)).toEqual(["MPEG4-GENERIC", "OPUS"]);
	});

	test.each([
		// Quirks 57, 58.
		["m=audio 0 RTP/AVP 0", 0, "PCMU", 8000],
		["m=audio 0 RTP/AVP 10", 10, "L16", 44_100],
		["m=video 0 RTP/AVP 26", 26, "JPEG", 90_000],
		["m=audio 0 RTP/AVP 8\na=rtpmap:8 PCMU/8000/1", 8, "PCMU", 8000],
		["m=video 0 RTP/AVP 98\na=rtpmap:98 MetaData", 98, "METADATA", 0],
		["m=video 0 RTP/AVP 35\na=rtpmap:35 H264/90000 ", 35, "H264", 90_000],
	])("%j: payload type %i is %s", (text, payloadType, encoding, clockRate) => {
		expect(formatOf(parseSdp(text).media[0]!, payloadType)).toMatchObject({ encoding, clockRate });
	});

	test.each([
		// Quirk 60.
		[
			"96 packetization-mode=1; sprop-parameter-sets=Z0==,aO== ;",
			{ "packetization-mode": "1", "sprop-parameter-sets": "Z0==,aO==" },
		],
		['96 sprop-parameter-sets="Z0,aO"', { "sprop-parameter-sets": "Z0,aO" }],
		["96 SizeLength = 13;flag", { sizelength: "13", flag: "" }],
		["96", {}],
	])("fmtp %j", (value, parameters) => {
		const [media] = parseSdp(`m=video 0 RTP/AVP 96\na=fmtp:${value}\n`).media;
		expect(Object.fromEntries(media?.formatParameters.get(96) ?? [])).toEqual(parameters);
	});

	test("of several controls the first absolute one counts, the session's own is kept apart", () => {
		const { control, media } = parseSdp(
			"a=control:*\nm=video 0 RTP/AVP 96\na=control:*\na=control:trackID=1\na=control:rtsp://h/t1\na=control:rtsp://h/t2\n",
		);
		expect(control).toBe("*");
		expect(media[0]?.control).toBe("rtsp://h/t1");
	});
});

test("whatever comes, the result is bounded and nothing is thrown", () => {
	const line = fc.oneof(
		fc.constantFrom("m=video 0 RTP/AVP 96", "a=rtpmap:", "a=fmtp:96 ", "a=control", "m=", "a=rtpmap:96 H264/90000"),
		fc.string(),
	);
	fc.assert(
		fc.property(fc.array(line), fc.uint8Array(), (lines, bytes) => {
			expect(parseSdp(lines.join("\n")).media.length).toBeLessThanOrEqual(64);
			parseSdp(bytes);
		}),
	);
	expect(parseSdp("m=video 0 RTP/AVP 96\n".repeat(1000)).media).toHaveLength(64);
});

test("what is written is read back", () => {
	const bytes = writeSdp({
		sessionName: "Cámara\r\n1",
		sessionId: "7",
		address: "127.0.0.1",
		media: [
			{
				type: "video",
				payloadType: 96,
				encoding: "H264",
				clockRate: 90_000,
				formatParameters: "packetization-mode=1",
				control: "trackID=0",
			},
			{ type: "audio", payloadType: 0, control: "trackID=1" },
		],
	});
	const { control, media } = parseSdp(bytes);
	expect(control).toBe("*");
	expect(media).toMatchObject([
		{ type: "video", payloadTypes: [96], control: "trackID=0", direction: "recvonly" },
		{ type: "audio", payloadTypes: [0], control: "trackID=1" },
	]);
	expect(formatOf(media[0]!, 96)).toMatchObject({ encoding: "H264", clockRate: 90_000 });
	expect(bytes).toEqual(fromByteString(String.fromCharCode(...bytes)));
});
