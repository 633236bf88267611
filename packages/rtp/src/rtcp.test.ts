import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compactNtp, ntpFromUnixMs, parseRtcp, type ReportBlock, unixMsFromNtp } from "./rtcp.ts";
import { writeBye, writeCompound, writePli, writeReceiverReport, writeSdes, writeSenderReport } from "./rtcp-writer.ts";
import { concat, fromHex } from "./testing/h264-packets.ts";

const uint32 = fc.nat(0xffffffff);
const reportBlock: fc.Arbitrary<ReportBlock> = fc.record({
	ssrc: uint32,
	fractionLost: fc.nat(255),
	cumulativeLost: fc.integer({ min: -0x800000, max: 0x7fffff }),
	extendedHighestSequenceNumber: uint32,
	jitter: uint32,
	lastSenderReport: uint32,
	delaySinceLastSenderReport: uint32,
});
const senderReport = fc.record({
	ssrc: uint32,
	ntp: fc.record({ seconds: uint32, fraction: uint32 }),
	rtpTimestamp: uint32,
	packetCount: uint32,
	octetCount: uint32,
	reports: fc.array(reportBlock, { maxLength: 31 }),
});
const asciiName = fc.string({ maxLength: 255, unit: "grapheme-ascii" });

describe("parseRtcp", () => {
	it("reads back every packet of a written compound packet", () => {
		fc.assert(
			fc.property(
				senderReport,
				fc.array(reportBlock, { maxLength: 31 }),
				asciiName,
				fc.array(uint32, { maxLength: 31 }),
				uint32,
				(report, reports, cname, ssrcs, ssrc) => {
					const compound = writeCompound([
						writeSenderReport(report),
						writeReceiverReport({ ssrc, reports }),
						writeSdes(ssrc, cname),
						writePli(ssrc, report.ssrc),
						writeBye(ssrcs),
					]);
					expect(parseRtcp(compound)).toEqual({
						malformed: false,
						packets: [
							{ type: "senderReport", ...report },
							{ type: "receiverReport", ssrc, reports },
							{ type: "sdes", chunks: [{ ssrc, cname }] },
							{ type: "pli", senderSsrc: ssrc, mediaSsrc: report.ssrc },
							{ type: "bye", ssrcs },
						],
					});
				},
			),
			{ numRuns: 50 },
		);
	});

	it("expands the bitmask of a NACK over the wrap-around", () => {
		expect(parseRtcp(fromHex("81cd0004 00000001 00000002 fffe0003 00058000".replaceAll(" ", ""))).packets).toEqual([
			{ type: "nack", senderSsrc: 1, mediaSsrc: 2, sequenceNumbers: [65534, 65535, 0, 5, 21] },
		]);
	});

	it("reads a FIR and a REMB and skips unknown packets", () => {
		const fir = fromHex("84ce000400000001000000000000000209000000");
		const unknown = fromHex("80cc00020000000154455354");
		const remb = fromHex("8fce000500000001000000005245 4d42010800fa00000002".replaceAll(" ", ""));
		expect(parseRtcp(concat(unknown, fir, remb))).toEqual({
			malformed: false,
			packets: [
				{ type: "fir", senderSsrc: 1, requests: [{ ssrc: 2, sequenceNumber: 9 }] },
				{ type: "remb", senderSsrc: 1, bitrateBps: 1000, ssrcs: [2] },
			],
		});
	});

	it("keeps what stands before a broken part", () => {
		const bye = writeBye([7]);
		for (const broken of ["80c9", "80c900ff00000001", "00c90001", "81c9000100000001", "a0c9000100000009"]) {
			const result = parseRtcp(concat(bye, fromHex(broken)));
			expect(result.malformed, broken).toBe(true);
			expect(result.packets[0]).toEqual({ type: "bye", ssrcs: [7] });
		}
	});

	it("takes a canonical name without its end byte, as the Hanwha QNV-8080R sends it (mediamtx#5355)", () => {
		expect(parseRtcp(fromHex("81ca0002000000010102 6162".replaceAll(" ", "")))).toEqual({
			malformed: false,
			packets: [{ type: "sdes", chunks: [{ ssrc: 1, cname: "ab" }] }],
		});
	});

	it("does not read padding as NACK entries", () => {
		const padded = fromHex("a1cd0004000000010000000200050000" + "00000004");
		expect(parseRtcp(padded).packets).toEqual([{ type: "nack", senderSsrc: 1, mediaSsrc: 2, sequenceNumbers: [5] }]);
	});

	it("never throws on random, flipped or cut-off bytes", () => {
		const good = writeCompound([writeSdes(1, "vigia"), writePli(1, 2), writeBye([1, 2, 3])]);
		fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void parseRtcp(bytes)));
		fc.assert(
			fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), (at, value, end) => {
				const bytes = good.slice();
				bytes[at] = value;
				parseRtcp(bytes.subarray(0, end));
			}),
		);
	});
});

describe("writers", () => {
	it("refuse what does not fit", () => {
		expect(() => writeBye(Array.from({ length: 32 }, () => 1))).toThrow(RangeError);
		expect(() => writeSdes(1, "x".repeat(256))).toThrow(RangeError);
		expect(() => writeSdes(1, "\u0100")).toThrow(RangeError);
	});
});

describe("NTP timestamps", () => {
	it("convert to and from milliseconds since 1970, beyond 2036 too", () => {
		expect(ntpFromUnixMs(0)).toEqual({ seconds: 2_208_988_800, fraction: 0 });
		expect(ntpFromUnixMs(500)).toEqual({ seconds: 2_208_988_800, fraction: 2 ** 31 });
		for (const unixMs of [1, 1_790_000_000_123, 2_085_978_496_001, 2_500_000_000_000]) {
			expect(unixMsFromNtp(ntpFromUnixMs(unixMs))).toBeCloseTo(unixMs, 3);
		}
	});

	it("are no wall clock time when they are zero", () => {
		expect(unixMsFromNtp({ seconds: 0, fraction: 0 })).toBeUndefined();
	});

	it("have their middle 32 bits as compact form", () => {
		expect(compactNtp({ seconds: 0xaaaabbbb, fraction: 0xccccdddd })).toBe(0xbbbbcccc);
	});
});
