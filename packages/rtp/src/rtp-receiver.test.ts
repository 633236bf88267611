import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RtpPacket } from "./rtp-packet.ts";
import { RTP_DROP, RTP_RESYNC, RtpReceiver } from "./rtp-receiver.ts";

function packet(sequenceNumber: number, fields: Partial<RtpPacket> = {}): RtpPacket {
	return {
		payloadType: 96,
		marker: false,
		sequenceNumber: sequenceNumber & 0xffff,
		timestamp: 0,
		ssrc: 1,
		payload: new Uint8Array(1),
		...fields,
	};
}

function receiver(): RtpReceiver {
	return new RtpReceiver({ payloadTypes: [96], clockRateHz: 90_000 });
}

/** Pushes packets with these numbers and gives the answers. */
function pushAll(track: RtpReceiver, sequenceNumbers: readonly number[]): number[] {
	return sequenceNumbers.map((number) => track.push(packet(number), 0));
}

describe("RtpReceiver", () => {
	it("tells how many packets are missing before each one, over the wrap-around", () => {
		const track = receiver();
		expect(pushAll(track, [65533, 65534, 1, 2, 10])).toEqual([0, 0, 2, 0, 7]);
		expect(track.extendedSequenceNumber).toBe(65536 + 10);
		expect(track.lostPackets).toBe(9);
	});

	it("drops doubled and late packets", () => {
		const track = receiver();
		expect(pushAll(track, [100, 102, 102, 101, 3, 103])).toEqual([0, 1, RTP_DROP, RTP_DROP, RTP_DROP, 0]);
		expect(track.oldPackets).toBe(3);
		expect(track.packets).toBe(3);
	});

	it("follows a large jump when two consecutive numbers show it", () => {
		const track = receiver();
		expect(pushAll(track, [100, 9000, 101, 20000, 20001, 20002])).toEqual([0, RTP_DROP, 0, RTP_DROP, RTP_RESYNC, 0]);
		expect(track.resyncs).toBe(1);
		expect(track.lostPackets).toBe(0);
	});

	it("takes a gap of 2998 packets for loss and one of 2999 for a jump", () => {
		expect(pushAll(receiver(), [0, 2999])).toEqual([0, 2998]);
		expect(pushAll(receiver(), [0, 3000])).toEqual([0, RTP_DROP]);
	});

	it("leaves private payload types out of the accounting (Hikvision 112, Geovision 50)", () => {
		const track = receiver();
		track.push(packet(1), 0);
		expect(track.push(packet(2, { payloadType: 112 }), 0)).toBe(RTP_DROP);
		expect(track.push(packet(2), 0)).toBe(0);
		expect(track.foreignPackets).toBe(1);
	});

	it("follows a new SSRC without loss (Uniview changes it with every GOP, gortsplib#687)", () => {
		const track = receiver();
		track.push(packet(1), 0);
		expect(track.push(packet(40_000, { ssrc: 2 }), 0)).toBe(0);
		expect(track.push(packet(40_001, { ssrc: 2 }), 0)).toBe(0);
		expect(track.ssrc).toBe(2);
		expect(track.ssrcChanges).toBe(1);
	});

	it("has no report block before the first packet", () => {
		expect(receiver().takeReportBlock(0)).toBeUndefined();
	});

	it("reports loss of the interval and of the whole time", () => {
		const track = receiver();
		pushAll(track, [65535, 0, 2, 3]);
		expect(track.takeReportBlock(0)).toMatchObject({
			ssrc: 1,
			fractionLost: 51, // one of five
			cumulativeLost: 1,
			extendedHighestSequenceNumber: 65536 + 3,
		});
		pushAll(track, [4, 5]);
		expect(track.takeReportBlock(0)).toMatchObject({ fractionLost: 0, cumulativeLost: 1 });
		expect(track.takeReportBlock(0)).toMatchObject({ fractionLost: 0, cumulativeLost: 1 });
		pushAll(track, [5, 5]);
		expect(track.takeReportBlock(0)).toMatchObject({ fractionLost: 0, cumulativeLost: -1 });
	});

	it("tells when the last sender report came", () => {
		const track = receiver();
		track.push(packet(1), 0);
		track.noteSenderReport(
			{
				type: "senderReport",
				ssrc: 99,
				ntp: { seconds: 0x11112222, fraction: 0x33334444 },
				rtpTimestamp: 0,
				packetCount: 0,
				octetCount: 0,
				reports: [],
			},
			1000,
		);
		expect(track.takeReportBlock(3500)).toMatchObject({
			lastSenderReport: 0x22223333,
			delaySinceLastSenderReport: 2.5 * 65_536,
		});
	});

	it("measures no jitter for even arrival and some for uneven arrival, over the timestamp's wrap-around", () => {
		const track = receiver();
		for (let i = 0; i < 50; i++) track.push(packet(i, { timestamp: (0xffff0000 + i * 3600) >>> 0 }), i * 40);
		expect(track.jitter).toBe(0);
		for (let i = 50; i < 500; i++) {
			track.push(packet(i, { timestamp: (0xffff0000 + i * 3600) >>> 0 }), i * 40 + (i % 2) * 10);
		}
		// Neighbouring packets are 10 ms off each other: 900 units.
		expect(track.jitter).toBeCloseTo(900, 0);
	});

	it("never misses or invents a lost packet, whatever is lost and doubled", () => {
		fc.assert(
			fc.property(
				fc.nat(0xffff),
				fc.array(fc.record({ gap: fc.nat(50), doubled: fc.boolean() }), { maxLength: 200 }),
				(start, steps) => {
					const track = receiver();
					let number = start;
					track.push(packet(number), 0);
					for (const { gap, doubled } of steps) {
						number += gap + 1;
						expect(track.push(packet(number), 0)).toBe(gap);
						if (doubled) expect(track.push(packet(number), 0)).toBe(RTP_DROP);
					}
					expect(track.lostPackets).toBe(steps.reduce((sum, { gap }) => sum + gap, 0));
					expect(track.extendedSequenceNumber).toBe(number);
				},
			),
		);
	});
});
