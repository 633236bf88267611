import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseRtpPacket, type RtpPacket } from "./rtp-packet.ts";
import { RTP_DROP, RTP_RESYNC, RtpReceiver, SOURCE_SILENCE_MS } from "./rtp-receiver.ts";

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
	it("S40: tells how many packets are missing before each one, over the wrap-around (quirk 94)", () => {
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

	it("S40: follows a large jump when two consecutive numbers show it (quirk 96)", () => {
		const track = receiver();
		expect(pushAll(track, [100, 9000, 101, 20000, 20001, 20002])).toEqual([0, RTP_DROP, 0, RTP_DROP, RTP_RESYNC, 0]);
		expect(track.resyncs).toBe(1);
		expect(track.lostPackets).toBe(0);
	});

	it("takes a gap of 2998 packets for loss and one of 2999 for a jump", () => {
		expect(pushAll(receiver(), [0, 2999])).toEqual([0, 2998]);
		expect(pushAll(receiver(), [0, 3000])).toEqual([0, RTP_DROP]);
	});

	it("S40: leaves private payload types out of the accounting (Hikvision 112, Geovision 50; quirk 97)", () => {
		const track = receiver();
		track.push(packet(1), 0);
		expect(track.push(packet(2, { payloadType: 112 }), 0)).toBe(RTP_DROP);
		expect(track.push(packet(2), 0)).toBe(0);
		expect(track.foreignPackets).toBe(1);
	});

	it("S40: follows a new SSRC without loss (Uniview changes it with every GOP, gortsplib#687; quirk 95)", () => {
		const track = receiver();
		let nowMs = 0;
		for (let gop = 0; gop < 50; gop++) {
			for (let i = 0; i < 25; i++) {
				expect(track.push(packet(gop * 7919 + i, { ssrc: gop }), nowMs)).toBe(0);
				nowMs += 40;
			}
		}
		expect(track.ssrc).toBe(49);
		expect(track.ssrcChanges).toBe(49);
		expect(track.packets).toBe(50 * 25);
	});

	it("S40: follows SSRCs that take turns without loss when the numbers go on, or each pauses (quirk 95)", () => {
		const goesOn = receiver();
		for (let i = 0; i < 100; i++) {
			expect(goesOn.push(packet(65_500 + i, { ssrc: 1 + (Math.floor(i / 5) % 2) }), i * 40)).toBe(0);
		}
		const pauses = receiver();
		for (let gop = 0; gop < 10; gop++) {
			for (let i = 0; i < 30; i++) {
				const fields = { ssrc: 1 + (gop % 2) };
				expect(pauses.push(packet(gop * 5000 + i, fields), (gop * 30 + i) * 40)).toBe(0);
			}
		}
	});

	it("S20: of two SSRCs at once stays with the one that began later: the other is a stale session's (quirks 50, 95)", () => {
		const track = receiver();
		for (let i = 0; i < 10; i++) expect(track.push(packet(500 + i, { ssrc: 7 }), i * 40)).toBe(0);
		for (let i = 0; i < 100; i++) {
			const nowMs = (10 + i) * 40;
			expect(track.push(packet(9000 + i, { ssrc: 8 }), nowMs)).toBe(0);
			expect(track.push(packet(510 + i, { ssrc: 7 }), nowMs + 20)).toBe(RTP_DROP);
		}
		expect(track.ssrc).toBe(8);
		expect(track.ssrcChanges).toBe(1);
		expect(track.staleSourcePackets).toBe(100);
	});

	it("remembers eight earlier SSRCs and no more, however many come", () => {
		const track = receiver();
		for (let ssrc = 1; ssrc <= 1000; ssrc++) expect(track.push(packet(100 * ssrc, { ssrc }), 0)).toBe(0);
		for (let ssrc = 992; ssrc < 1000; ssrc++) expect(track.push(packet(7, { ssrc }), 1)).toBe(RTP_DROP);
		expect(track.push(packet(7, { ssrc: 991 }), 1)).toBe(0);
	});

	it("goes back to an earlier SSRC when the later one has fallen silent (quirk 95)", () => {
		const track = receiver();
		track.push(packet(500, { ssrc: 7 }), 0);
		track.push(packet(9000, { ssrc: 8 }), 40);
		expect(track.push(packet(501, { ssrc: 7 }), 80)).toBe(RTP_DROP);
		expect(track.push(packet(502, { ssrc: 7 }), 40 + SOURCE_SILENCE_MS - 1)).toBe(RTP_DROP);
		expect(track.push(packet(503, { ssrc: 7 }), 40 + SOURCE_SILENCE_MS)).toBe(0);
		expect(track.ssrc).toBe(7);
	});

	it("S41: padding, padding alone, CSRCs and header extensions change neither payload nor numbering (quirk 98)", () => {
		const plain = [0x61, 1, 2, 3];
		const header = (first: number, number: number): number[] => [first, 96, 0, number, 0, 0, 0, 9, 0, 0, 0, 1];
		const packets = [
			[...header(0x80, 1), ...plain],
			[...header(0xa0, 2), ...plain, 0, 0, 3],
			[...header(0xa0, 3), 0, 0, 0, 4],
			[...header(0x82, 4), 0, 0, 0, 5, 0, 0, 0, 6, ...plain],
			[...header(0x90, 5), 0xab, 0xac, 0, 3, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, ...plain],
			[...header(0xb1, 6), 0, 0, 0, 5, 0xbe, 0xde, 0, 1, 1, 2, 3, 4, ...plain, 0, 2],
		];
		const track = receiver();
		const payloads = packets.map((bytes) => {
			const parsed = parseRtpPacket(new Uint8Array(bytes));
			if (!parsed.ok) throw new Error(parsed.code);
			expect(track.push(parsed.packet, 0)).toBe(0);
			return [...parsed.packet.payload];
		});
		expect(payloads).toEqual([plain, plain, [], plain, plain, plain]);
		expect(parseRtpPacket(new Uint8Array([...header(0xa0, 7), 0, 0, 9]))).toEqual({ ok: false, code: "bad-padding" });
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
