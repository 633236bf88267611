import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isRtcp, parseRtpPacket, RTP_HEADER_BYTES, type RtpPacket, writeRtpHeader } from "./rtp-packet.ts";
import { concat, fromHex } from "./testing/h264-packets.ts";

function parsed(bytes: Uint8Array): RtpPacket {
	const result = parseRtpPacket(bytes);
	if (!result.ok) throw new Error(result.code);
	return result.packet;
}

const HEADER = fromHex("80e0000100000002 00000003".replace(" ", ""));

describe("parseRtpPacket", () => {
	it("reads the header and gives the payload as a view", () => {
		const bytes = concat(HEADER, fromHex("aabb"));
		const packet = parsed(bytes);
		expect(packet).toEqual({
			payloadType: 96,
			marker: true,
			sequenceNumber: 1,
			timestamp: 2,
			ssrc: 3,
			payload: fromHex("aabb"),
		});
		expect(packet.payload.buffer).toBe(bytes.buffer);
	});

	it("skips CSRCs, a header extension and padding", () => {
		const bytes = concat(
			HEADER,
			fromHex("0000000a0000000b"),
			fromHex("abac0001deadbeef"),
			fromHex("aabb"),
			fromHex("000003"),
		);
		bytes[0] = 0xb2;
		expect(parsed(bytes).payload).toEqual(fromHex("aabb"));
	});

	it("takes a packet of nothing but padding as one without payload", () => {
		const bytes = concat(HEADER, fromHex("00000004"));
		bytes[0] = 0xa0;
		expect(parsed(bytes).payload).toHaveLength(0);
	});

	it.each([
		["too-short", "80e00001"],
		["bad-version", "00e000010000000200000003aa"],
		["too-short", "81e000010000000200000003aa"],
		["bad-extension", "90e000010000000200000003aabb"],
		["bad-extension", "90e000010000000200000003abac0002deadbeef"],
		["bad-padding", "a0e000010000000200000003aa00"],
		["bad-padding", "a0e000010000000200000003aa03"],
		["bad-padding", "a0e000010000000200000003"],
	])("answers %s for %s", (code, hex) => {
		expect(parseRtpPacket(fromHex(hex))).toEqual({ ok: false, code });
	});

	it("never throws and never gives a payload outside the packet", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 64 }), fc.boolean(), (bytes, plausible) => {
				if (plausible && bytes.length > 0) bytes[0] = 0x80 | ((bytes[0] ?? 0) & 0x3f);
				const result = parseRtpPacket(bytes);
				if (result.ok) expect(result.packet.payload.length).toBeLessThanOrEqual(bytes.length - RTP_HEADER_BYTES);
			}),
		);
	});

	it("reads back what writeRtpHeader wrote", () => {
		const header = fc.record({
			payloadType: fc.nat(127),
			marker: fc.boolean(),
			sequenceNumber: fc.nat(0xffff),
			timestamp: fc.nat(0xffffffff),
			ssrc: fc.nat(0xffffffff),
		});
		fc.assert(
			fc.property(header, fc.uint8Array({ maxLength: 20 }), (fields, payload) => {
				const bytes = concat(new Uint8Array(RTP_HEADER_BYTES).fill(0xff), payload);
				writeRtpHeader(bytes, fields);
				expect(parsed(bytes)).toEqual({ ...fields, payload });
			}),
		);
	});
});

describe("isRtcp", () => {
	it("goes by the packet type and not by the channel", () => {
		expect(isRtcp(fromHex("80c80006"))).toBe(true);
		expect(isRtcp(fromHex("81ce0002"))).toBe(true);
		expect(isRtcp(HEADER)).toBe(false);
		expect(isRtcp(fromHex("8060000100"))).toBe(false);
		expect(isRtcp(fromHex("80c8"))).toBe(false);
	});
});
