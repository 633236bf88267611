import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RtspClientSink, RtspQuirk } from "./client-contract.ts";
import { MediaTransports } from "./media-transports.ts";
import type { PresentationTrack } from "./presentation.ts";
import { parseSessionHeader } from "./session-header.ts";
import { parseTransport, writeTransport } from "./transport-header.ts";

describe("Transport", () => {
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
	])("S27: %s (quirk 70)", (value, spec) => {
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
	test.each([
		["12345678", "12345678", undefined],
		["       708345999;timeout=60", "708345999", 60],
		["9a90de54; timeout=120", "9a90de54", 120],
		['a ; TimeOut = "15"', "a", 15],
		["a;timeout=0", "a", undefined],
		["a;timeout=;x=y", "a", undefined],
		["a;timeout=999999999", "a", 86_400],
	])("S28: %j (quirk 72)", (value, id, timeoutS) => {
		expect(parseSessionHeader(value)).toEqual({ id, timeoutS });
	});

	test("without an id there is none", () => {
		expect(parseSessionHeader(" ;timeout=60")).toBeUndefined();
	});
});

describe("the transport of a track", () => {
	const track = (index: number): PresentationTrack => ({
		index,
		type: "video",
		protocol: "RTP/AVP",
		payloadType: 96,
		encoding: "H264",
		clockRate: 90_000,
		channels: 1,
		dimensions: undefined,
		formatParameters: new Map(),
		setupUrl: "",
		fallbackSetupUrl: "",
		backchannel: false,
	});
	const quirks: RtspQuirk[] = [];
	const nothing = (): void => {};
	const sink: RtspClientSink = {
		transmit: nothing,
		transmitDatagram: nothing,
		described: nothing,
		agreed: nothing,
		playing: nothing,
		rtp: nothing,
		rtcp: nothing,
		failed: nothing,
		closed: nothing,
	};
	const transports = (udpPorts?: readonly (readonly [number, number])[]): MediaTransports => {
		quirks.length = 0;
		return new MediaTransports(udpPorts ? { udpPorts } : {}, { sink, onQuirk: (quirk) => quirks.push(quirk) });
	};

	test.each([
		["as asked", "RTP/AVP/TCP;unicast;interleaved=0-1", 0, 1, []],
		["renumbered", "RTP/AVP/TCP;unicast;interleaved=8-9", 8, 9, ["channels-renumbered"]],
		["odd", "RTP/AVP/TCP;interleaved=3-4", 3, 4, ["channels-renumbered"]],
		["single", "RTP/AVP/TCP;interleaved=6", 6, 7, ["channels-renumbered"]],
		["without /TCP", "RTP/AVP;unicast;interleaved=2-3", 2, 3, ["channels-renumbered"]],
		["missing", "RTP/AVP/TCP;unicast", 0, 1, []],
		["missing from a protocol that says nothing", "RTP/AVP;unicast", 0, 1, []],
		["no field at all", undefined, 0, 1, ["transport-header-missing"]],
	])("S26: interleaved channels %s (quirk 69)", (_name, value, rtp, rtcp, expected) => {
		const both = transports();
		const video = track(0);
		expect(both.offer()).toBe("RTP/AVP/TCP;unicast;interleaved=0-1");
		expect(both.accept(video, value, 0)).toEqual({ type: "interleaved" });
		expect(both.interleaved.trackOf(rtp)).toBe(video);
		expect(both.interleaved.isRtcpChannel(video, rtcp)).toBe(true);
		expect(both.interleaved.trackOf(rtcp + 1)).toBeUndefined();
		expect(quirks).toEqual(expected);
	});

	test("S26: channels that are taken are an error (quirk 69)", () => {
		const both = transports();
		both.accept(track(0), "RTP/AVP/TCP;interleaved=0-1", 0);
		expect(both.offer()).toContain("interleaved=2-3");
		expect(() => both.accept(track(1), "RTP/AVP/TCP;interleaved=1-2", 0)).toThrow(/same channels/);
	});

	test.each([
		["RTP/AVP;unicast;client_port=0-1;server_port=5000-5001"],
		["RTP/AVP/UDP;unicast"],
		["RTP/AVP;multicast;destination=239.1.1.1;port=5000-5001"],
	])("S58: TCP asked and %s answered is an error (quirk 137)", (value) => {
		expect(() => transports().accept(track(0), value, 0)).toThrow(
			expect.objectContaining({ kind: "unsupported-transport" }),
		);
	});

	test.each([
		["both ports", "RTP/AVP;unicast;client_port=4000-4001;server_port=5000-5001", [5000, 5001]],
		["one port", "RTP/AVP;unicast;client_port=4000-4001;server_port=5000", [5000, 5001]],
		["port 0", "RTP/AVP;unicast;server_port=0-0", undefined],
		["port 1", "RTP/AVP/UDP;unicast;server_port=1-2", undefined],
		["no port", "RTP/AVP;unicast;client_port=4000-4001", undefined],
		["no field", undefined, undefined],
	])("S30: UDP with %s from the camera (quirk 76)", (_name, value, serverPort) => {
		const both = transports([[4000, 4001]]);
		expect(both.offer()).toBe("RTP/AVP;unicast;client_port=4000-4001");
		expect(both.accept(track(0), value, 0)).toEqual({ type: "udp", pair: 0, serverPort });
		expect(quirks.includes("server-port-missing")).toBe(serverPort === undefined);
	});

	test("S58: UDP asked and TCP answered is followed (quirk 137)", () => {
		const both = transports([[4000, 4001]]);
		expect(both.accept(track(0), "RTP/AVP/TCP;unicast;interleaved=0-1", 0)).toEqual({ type: "interleaved" });
		expect(quirks).toEqual(["other-transport-answered"]);
	});

	test("multicast is not taken where it was not asked for (quirk 135)", () => {
		const both = transports([[4000, 4001]]);
		const value = "RTP/AVP;multicast;destination=239.1.1.1;port=5000-5001;ttl=16";
		expect(() => both.accept(track(0), value, 0)).toThrow(expect.objectContaining({ code: "RTSP_MULTICAST" }));
	});
});
