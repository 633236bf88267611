import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InterleavedTransport } from "./interleaved-transport.ts";
import type { PresentationTrack } from "./presentation.ts";
import { parseSessionHeader } from "./session-header.ts";
import { parseTransport, writeTransport } from "./transport-header.ts";

describe("Transport", () => {
	// Quirk 70, S27.
	test.each([
		["RTP/AVP/TCP;unicast;interleaved=0-1", { protocol: "RTP/AVP/TCP", interleaved: [0, 1] }],
		["RTP/AVP/TCP;ssrc=22345684;interleaved=0-1", { interleaved: [0, 1], ssrc: 0x22345684 }],
		["RTP/AVP/TCP;unicast;interleaved=0-1;ssrc= d6d6627", { interleaved: [0, 1], ssrc: 0xd6d6627 }],
		['RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=4cacc3d1;mode="PLAY"', { mode: "play", ssrc: 0x4cacc3d1 }],
		["rtp/avp/tcp ; UNICAST ; Interleaved = 8 - 9", { protocol: "RTP/AVP/TCP", interleaved: [8, 9] }],
		["RTP/AVP/TCP;interleaved=0", { interleaved: [0, 1] }],
		["RTP/AVP;unicast;interleaved=0-1", { protocol: "RTP/AVP", interleaved: [0, 1] }],
		["RTP/AVP/TCP;interleaved=400-401", { interleaved: undefined }],
		["RTP/AVP/TCP;interleaved=0-1;ssrc=xyz;source=", { ssrc: undefined, source: undefined }],
		[
			"RTP/AVP;unicast;client_port=5000-5001;server_port=40000-40001,ssrc=FFFFCCCC",
			{ serverPort: [40_000, 40_001], ssrc: 0xffffcccc },
		],
		["RTP/AVP;multicast;destination=239.0.0.1;ttl=5", { multicast: true, destination: "239.0.0.1" }],
		["unicast;interleaved=2-3", { protocol: "", interleaved: [2, 3] }],
	])("%s", (value, spec) => {
		expect(parseTransport(value)).toMatchObject([spec]);
	});

	test("several transports in one field", () => {
		expect(parseTransport("RTP/AVP/TCP;interleaved=0-1, RTP/AVP;client_port=1-2").map((spec) => spec.protocol)).toEqual(
			["RTP/AVP/TCP", "RTP/AVP"],
		);
	});

	test("what is written is read back", () => {
		const pair = fc.tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 255 }));
		fc.assert(
			fc.property(pair, pair, fc.integer({ min: 0, max: 0xffffffff }), (interleaved, serverPort, ssrc) => {
				const init = { protocol: "RTP/AVP/TCP", interleaved, serverPort, ssrc } as const;
				expect(parseTransport(writeTransport(init))).toMatchObject([init]);
			}),
		);
	});

	test("no text makes the parsers throw", () => {
		fc.assert(
			fc.property(fc.string(), (text) => {
				expect(parseTransport(text).length).toBeLessThanOrEqual(16);
				parseSessionHeader(text);
			}),
		);
	});
});

describe("Session", () => {
	// Quirk 72, S28.
	test.each([
		["12345678", "12345678", undefined],
		["       708345999;timeout=60", "708345999", 60],
		["9a90de54; timeout=120", "9a90de54", 120],
		['a ; TimeOut = "15"', "a", 15],
		["a;timeout=0", "a", undefined],
		["a;timeout=;x=y", "a", undefined],
		["a;timeout=999999999", "a", 86_400],
	])("%j", (value, id, timeoutS) => {
		expect(parseSessionHeader(value)).toEqual({ id, timeoutS });
	});

	test("without an id there is none", () => {
		expect(parseSessionHeader(" ;timeout=60")).toBeUndefined();
	});
});

describe("interleaved channels", () => {
	const track = (index: number): PresentationTrack => ({
		index,
		type: "video",
		protocol: "RTP/AVP",
		payloadType: 96,
		encoding: "H264",
		clockRate: 90_000,
		formatParameters: new Map(),
		setupUrl: "",
		fallbackSetupUrl: "",
		backchannel: false,
	});

	// Quirk 69, S26.
	test.each([
		["as asked", "RTP/AVP/TCP;unicast;interleaved=0-1", 0, 1],
		["renumbered", "RTP/AVP/TCP;unicast;interleaved=8-9", 8, 9],
		["odd", "RTP/AVP/TCP;interleaved=3-4", 3, 4],
		["single", "RTP/AVP/TCP;interleaved=6", 6, 7],
		["without /TCP", "RTP/AVP;unicast;interleaved=2-3", 2, 3],
		["missing", "RTP/AVP/TCP;unicast", 0, 1],
		["no field at all", undefined, 0, 1],
	])("%s", (_name, value, rtp, rtcp) => {
		const transport = new InterleavedTransport();
		const video = track(0);
		expect(transport.offer()).toBe("RTP/AVP/TCP;unicast;interleaved=0-1");
		transport.accept(video, value);
		expect(transport.trackOf(rtp)).toBe(video);
		expect(transport.rtcpChannel(video)).toBe(rtcp);
		expect(transport.trackOf(rtcp + 1)).toBeUndefined();
	});

	test("UDP in the answer, or channels that are taken, are an error", () => {
		const transport = new InterleavedTransport();
		const udp = "RTP/AVP;unicast;client_port=0-1;server_port=5000-5001";
		expect(() => transport.accept(track(0), udp)).toThrow(expect.objectContaining({ kind: "unsupported-transport" }));
		transport.accept(track(0), "RTP/AVP/TCP;interleaved=0-1");
		expect(transport.offer()).toContain("interleaved=2-3");
		expect(() => transport.accept(track(1), "RTP/AVP/TCP;interleaved=1-2")).toThrow(/same channels/);
	});
});
