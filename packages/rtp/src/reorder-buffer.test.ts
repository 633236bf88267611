import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { H264Depacketizer } from "./h264-depacketizer.ts";
import { packetizeH264 } from "./h264-packetizer.ts";
import { REORDER_MAX_MS, REORDER_MAX_PACKETS, ReorderBuffer } from "./reorder-buffer.ts";
import type { RtpPacket } from "./rtp-packet.ts";
import { RTP_DROP, RtpReceiver } from "./rtp-receiver.ts";
import { slice } from "./testing/h264-packets.ts";

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

/** A buffer with the sequence numbers that it gave. */
class Collector {
	readonly numbers: number[] = [];
	readonly arrivals: number[] = [];
	readonly packets: RtpPacket[] = [];
	readonly buffer: ReorderBuffer = new ReorderBuffer({
		payloadTypes: [96],
		onPacket: (given, arrivalMs) => {
			this.numbers.push(given.sequenceNumber);
			this.arrivals.push(arrivalMs);
			this.packets.push(given);
		},
	});

	/** `before`: a packet that came, and was waited for, long before those of the test. */
	constructor(before?: number) {
		if (before === undefined) return;
		this.buffer.push(packet(before), -REORDER_MAX_MS);
		this.buffer.handleTimeout(0);
		for (const list of [this.numbers, this.arrivals, this.packets]) list.length = 0;
	}

	pushAll(sequenceNumbers: readonly number[], arrivalMs = 0): this {
		for (const number of sequenceNumbers) this.buffer.push(packet(number), arrivalMs);
		return this;
	}
}

function range(from: number, count: number): number[] {
	return Array.from({ length: count }, (_, i) => from + i);
}

describe("ReorderBuffer", () => {
	it("gives a packet in order at once, the same object, with nothing to wait for", () => {
		const { buffer, packets } = new Collector(65533);
		for (const number of [65534, 65535, 0, 1]) {
			const given = packet(number);
			buffer.push(given, number);
			expect(packets.at(-1)).toBe(given);
			expect(buffer.nextTimeout()).toBeUndefined();
		}
	});

	it("S31: puts packets back that come up to five places late, and counts them (quirk 94)", () => {
		const collector = new Collector(9).pushAll([10, 12, 13, 14, 15, 16, 11, 17, 19, 18]);
		expect(collector.numbers).toEqual(range(10, 10));
		expect(collector.buffer.reorderedPackets).toBe(2);
		expect(collector.buffer.nextTimeout()).toBeUndefined();
	});

	it("S31: puts the very first packets in order too, within 100 ms (quirk 94)", () => {
		const collector = new Collector().pushAll([65535, 1, 65534, 0], 0).pushAll([3, 2], 60);
		expect(collector.numbers).toEqual([]);
		collector.buffer.handleTimeout(REORDER_MAX_MS);
		expect(collector.numbers).toEqual([65534, 65535, 0, 1, 2, 3]);
		collector.pushAll([4], REORDER_MAX_MS);
		expect(collector.numbers.at(-1)).toBe(4);
	});

	it("S31: drops doubled and late packets and counts them (quirk 94)", () => {
		const collector = new Collector(9).pushAll([10, 10, 12, 12, 11, 11, 9]);
		expect(collector.numbers).toEqual([10, 11, 12]);
		expect(collector.buffer.oldPackets).toBe(4);
	});

	it("S31: a lost packet is waited for 100 ms, and the receiver behind it counts it (quirk 94)", () => {
		const receiver = new RtpReceiver({ payloadTypes: [96], clockRateHz: 90_000 });
		const answers: number[] = [];
		const buffer = new ReorderBuffer({
			payloadTypes: [96],
			onPacket: (given, arrivalMs) => answers.push(receiver.push(given, arrivalMs)),
		});
		buffer.push(packet(1), -REORDER_MAX_MS);
		buffer.handleTimeout(0);
		buffer.push(packet(3), 40);
		buffer.push(packet(4), 50);
		expect(answers).toEqual([0]);
		expect(buffer.nextTimeout()).toBe(40 + REORDER_MAX_MS);
		buffer.handleTimeout(40 + REORDER_MAX_MS - 1);
		expect(answers).toEqual([0]);
		buffer.handleTimeout(40 + REORDER_MAX_MS);
		expect(answers).toEqual([0, 1, 0]);
		expect(buffer.nextTimeout()).toBeUndefined();
		expect(receiver.lostPackets).toBe(1);
	});

	it("gives held packets with the time of their own arrival", () => {
		const collector = new Collector(0);
		collector.pushAll([1], 0).pushAll([3], 10).pushAll([2], 20);
		expect(collector.arrivals).toEqual([0, 20, 10]);
	});

	it("does not need the timer while packets come", () => {
		const collector = new Collector()
			.pushAll([1], 0)
			.pushAll([3], 10)
			.pushAll([4], 10 + REORDER_MAX_MS);
		expect(collector.numbers).toEqual([1, 3, 4]);
	});

	it("waits again for each gap", () => {
		const collector = new Collector().pushAll([1], 0).pushAll([3], 10).pushAll([5], 60);
		collector.buffer.handleTimeout(110);
		expect(collector.numbers).toEqual([1, 3]);
		expect(collector.buffer.nextTimeout()).toBe(160);
		collector.pushAll([4], 120);
		expect(collector.numbers).toEqual([1, 3, 4, 5]);
	});

	it("holds at most 128 numbers behind a gap", () => {
		const collector = new Collector().pushAll([0]).pushAll(range(2, REORDER_MAX_PACKETS - 1));
		expect(collector.numbers).toEqual([0]);
		collector.pushAll([REORDER_MAX_PACKETS + 1]);
		expect(collector.numbers).toEqual([0, ...range(2, REORDER_MAX_PACKETS)]);
		expect(collector.buffer.nextTimeout()).toBeUndefined();
	});

	it("a hole larger than the window moves it on", () => {
		const collector = new Collector().pushAll([0, 2, 1000]);
		expect(collector.numbers).toEqual([0, 2]);
		collector.buffer.flush();
		expect(collector.numbers).toEqual([0, 2, 1000]);
	});

	it("S40: private payload types neither fill gaps nor make them (quirk 97)", () => {
		const { buffer, packets } = new Collector(0);
		buffer.push(packet(1), 0);
		buffer.push(packet(2, { payloadType: 112 }), 0);
		buffer.push(packet(9, { payloadType: 112 }), 0);
		buffer.push(packet(2), 0);
		expect(packets.map(({ payloadType }) => payloadType)).toEqual([96, 112, 112, 96]);
		expect(buffer.nextTimeout()).toBeUndefined();
	});

	it("S40: a new SSRC ends the waiting (quirk 95)", () => {
		const { buffer, numbers } = new Collector();
		buffer.push(packet(1), 0);
		buffer.push(packet(3), 0);
		buffer.push(packet(40_000, { ssrc: 2 }), 0);
		buffer.push(packet(40_001, { ssrc: 2 }), 0);
		expect(numbers).toEqual([1, 3, 40_000, 40_001]);
		expect(buffer.nextTimeout()).toBeUndefined();
	});

	it("S40: a jump of the sequence number ends the waiting, and the receiver resyncs to it (quirk 96)", () => {
		const receiver = new RtpReceiver({ payloadTypes: [96], clockRateHz: 90_000 });
		const taken: number[] = [];
		const buffer = new ReorderBuffer({
			payloadTypes: [96],
			onPacket: (given, arrivalMs) => {
				if (receiver.push(given, arrivalMs) !== RTP_DROP) taken.push(given.sequenceNumber);
			},
		});
		for (const number of [1, 2, 4, 30_000, 30_001, 30_002]) buffer.push(packet(number), 0);
		expect(taken).toEqual([1, 2, 4, 30_001, 30_002]);
		expect(receiver.resyncs).toBe(1);
	});

	it("a stray packet far off does not move the window", () => {
		const collector = new Collector().pushAll([1, 2, 30_000, 3, 5, 4]);
		expect(collector.numbers).toEqual([1, 2, 30_000, 3, 4, 5]);
	});

	it("S31: any order within the window comes out sorted, without loss (quirk 94)", () => {
		const order = fc
			.integer({ min: 1, max: REORDER_MAX_PACKETS - 1 })
			.chain((count) => fc.shuffledSubarray(range(1, count), { minLength: count }));
		fc.assert(
			fc.property(fc.nat(0xffff), order, (start, offsets) => {
				const collector = new Collector(start - 1).pushAll([start]).pushAll(offsets.map((offset) => start + offset));
				expect(collector.numbers).toEqual(range(start, offsets.length + 1).map((number) => number & 0xffff));
				expect(collector.buffer.nextTimeout()).toBeUndefined();
			}),
		);
	});

	it("whatever is lost, doubled and late: numbers rise, nothing is held for more than 100 ms, or in greater number", () => {
		const network = fc.array(
			fc.record({
				lost: fc.boolean(),
				copies: fc.integer({ min: 1, max: 2 }),
				delayMs: fc.oneof(fc.nat(20), fc.nat(300)),
				// Nothing comes more than 75 packets late: RFC 3550 calls more than 100 a jump.
				intervalMs: fc.integer({ min: 4, max: 20 }),
			}),
			{ maxLength: 300 },
		);
		fc.assert(
			fc.property(fc.nat(0xffff), network, fc.boolean(), (start, steps, timer) => {
				let sentMs = 0;
				const sent = steps.flatMap(({ lost, copies, delayMs, intervalMs }, i) => {
					sentMs += intervalMs;
					const arrivals = Array.from({ length: copies }, (_, copy) => sentMs + delayMs + copy * 7);
					return lost ? [] : arrivals.map((arrivalMs) => ({ number: start + 1 + i, arrivalMs }));
				});
				sent.sort((a, b) => a.arrivalMs - b.arrivalMs);
				let nowMs = 0;
				let last = start - 1;
				let given = 0;
				const buffer = new ReorderBuffer({
					payloadTypes: [96],
					onPacket: ({ sequenceNumber }, arrivalMs) => {
						given++;
						const step = (sequenceNumber - last) & 0xffff;
						expect(step).toBeGreaterThan(0);
						expect(step).toBeLessThan(1000);
						last += step;
						// Without a timer it is the next packet's arrival that ends the waiting.
						if (timer) expect(nowMs - arrivalMs).toBeLessThanOrEqual(REORDER_MAX_MS);
					},
				});
				buffer.push(packet(start), 0);
				let pushed = 1;
				for (const { number, arrivalMs } of sent) {
					for (;;) {
						const dueMs = buffer.nextTimeout();
						if (!timer || dueMs === undefined || dueMs >= arrivalMs) break;
						nowMs = dueMs;
						buffer.handleTimeout(nowMs);
					}
					nowMs = arrivalMs;
					buffer.push(packet(number), arrivalMs);
					pushed++;
					expect(pushed - given - buffer.oldPackets).toBeLessThan(REORDER_MAX_PACKETS);
				}
				nowMs += timer ? 0 : REORDER_MAX_MS;
				buffer.flush();
				expect(given + buffer.oldPackets).toBe(pushed);
			}),
		);
	});

	it("S31: with loss, order off by 5 and duplicates every picture without loss comes whole, and no other (quirk 94)", () => {
		const picture = fc.record({
			bytes: fc.integer({ min: 50, max: 4000 }),
			lost: fc.integer({ min: 0, max: 19 }).map((value) => value === 0),
		});
		const order = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 20, maxLength: 20 });
		fc.assert(
			fc.property(
				fc.array(picture, { minLength: 5, maxLength: 60 }),
				order,
				fc.nat(0xffff),
				(pictures, late, start) => {
					let number = start;
					// The second picture shows that markers are true, the last one that nothing is missing before it.
					const isHit = (index: number, lost: boolean): boolean => lost && index > 1 && index < pictures.length - 1;
					const sent = pictures.flatMap(({ bytes, lost }, index) => {
						const payloads = packetizeH264([slice(index, { idr: index === 0, size: bytes })], 500);
						const packets = payloads.map((payload, i) =>
							packet(number++, { payload, timestamp: index * 3600, marker: i === payloads.length - 1 }),
						);
						return isHit(index, lost) ? packets.slice(1) : packets;
					});
					const arrived = sent
						.map((one, i) => ({ one, place: i === 0 ? -1 : i + (late[i % late.length] ?? 0) }))
						.sort((a, b) => a.place - b.place);
					const timestamps: number[] = [];
					const depacketizer = new H264Depacketizer((unit) => timestamps.push(unit.rtpTimestamp));
					const receiver = new RtpReceiver({ payloadTypes: [96], clockRateHz: 90_000 });
					const buffer = new ReorderBuffer({
						payloadTypes: [96],
						onPacket: (given, arrivalMs) => {
							const lostBefore = receiver.push(given, arrivalMs);
							expect(lostBefore).not.toBe(RTP_DROP);
							depacketizer.push(given, lostBefore);
						},
					});
					for (const [i, { one }] of arrived.entries()) {
						buffer.push(one, i * 10);
						if (i % 10 === 0) buffer.push(one, i * 10);
					}
					buffer.flush();
					depacketizer.flush();
					const whole = pictures.flatMap(({ lost }, index) => (isHit(index, lost) ? [] : [index * 3600]));
					expect(timestamps).toEqual(whole);
				},
			),
		);
	});

	it("any numbers, sources and times: gives each packet at most once and holds less than the window", () => {
		const step = fc.record({ number: fc.nat(0xffff), ssrc: fc.nat(2), elapsedMs: fc.nat(150) });
		fc.assert(
			fc.property(fc.array(step), (steps) => {
				const given = new Set<RtpPacket>();
				const buffer = new ReorderBuffer({
					payloadTypes: [96],
					onPacket: (one) => {
						expect(given.has(one)).toBe(false);
						given.add(one);
					},
				});
				let nowMs = 0;
				for (const [index, { number, ssrc, elapsedMs }] of steps.entries()) {
					nowMs += elapsedMs;
					buffer.push(packet(number, { ssrc }), nowMs);
					expect(index + 1 - given.size - buffer.oldPackets).toBeLessThan(REORDER_MAX_PACKETS);
				}
				buffer.flush();
				expect(given.size + buffer.oldPackets).toBe(steps.length);
				expect(buffer.nextTimeout()).toBeUndefined();
			}),
		);
	});
});
