import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_ACCESS_UNIT_BYTES, MAX_ACCESS_UNIT_NAL_UNITS } from "./h26x-access-units.ts";
import type { RtpPacket } from "./rtp-packet.ts";
import {
	AUD,
	Collector,
	concat,
	FILLER,
	fromHex,
	fuA,
	PPS,
	packet,
	SEI,
	SSRC,
	SPS,
	slice,
	stapA,
} from "./testing/h264-packets.ts";

const IDR = slice(1, { idr: true });
const P1 = slice(2);
const P2 = slice(3);
const P3 = slice(4);
const LONG_START_CODE = fromHex("00000001");

/** A collector whose first picture is behind it, so that it trusts markers. */
function warm(): Collector {
	const collector = new Collector();
	collector.push([packet(IDR, 1, true), packet(P1, 2, true)]);
	expect(collector.units).toHaveLength(2);
	collector.units.length = 0;
	return collector;
}

/** One packet for each payload, the marker on the last one. */
function packets(timestamp: number, ...payloads: readonly Uint8Array[]): RtpPacket[] {
	return payloads.map((payload, i) => packet(payload, timestamp, i === payloads.length - 1));
}

describe("access units", () => {
	it("are given with their own bytes, codec, timestamp, size and whether they hold an IDR picture", () => {
		const collector = new Collector();
		collector.push(packets(3000, stapA(SPS, PPS), ...fuA(IDR)));
		collector.push(packets(6000, P1));
		expect(collector.units).toEqual([
			{
				codec: "h264",
				nalUnits: [SPS, PPS, IDR],
				rtpTimestamp: 3000,
				randomAccess: true,
				sizeBytes: SPS.length + PPS.length + IDR.length,
			},
			{ codec: "h264", nalUnits: [P1], rtpTimestamp: 6000, randomAccess: false, sizeBytes: P1.length },
		]);
	});

	it("are given at their marker once the first one has shown that markers are right", () => {
		const collector = new Collector();
		collector.push(packets(1, IDR));
		expect(collector.units).toHaveLength(0);
		collector.push(packets(2, P1));
		expect(collector.units).toHaveLength(2);
		collector.push(packets(3, P2));
		expect(collector.units).toHaveLength(3);
	});

	it("wait at the end of the packets until flush", () => {
		const collector = new Collector();
		collector.push(packets(1, IDR));
		collector.depacketizer.flush();
		collector.depacketizer.flush();
		expect(collector.units).toHaveLength(1);
	});

	it("lose delimiters, filler and reserved NAL units and keep SEI (Amcrest IP4M-1051, quirk 112)", () => {
		const collector = warm();
		const reserved = fromHex("1eaabb");
		collector.push(packets(5, AUD, SPS, PPS, SEI, FILLER, reserved, stapA(AUD, IDR), FILLER));
		expect(collector.summary).toEqual([{ timestamp: 5, nalUnits: [SPS, PPS, SEI, IDR] }]);
	});
});

describe("the end of an access unit", () => {
	const pictures = [
		[SPS, PPS, IDR, slice(5, { idr: true, first: false })],
		[SEI, P1, slice(6, { first: false })],
		[P2, slice(7, { first: false })],
		[P3, slice(8, { first: false })],
	];
	const expected = pictures.map((nalUnits, i) => ({ timestamp: 3000 * i, nalUnits }));

	it.each<[string, (nal: Uint8Array, isLast: boolean) => boolean]>([
		["right", (_, isLast) => isLast],
		["never (FLIR M400, mediamtx#3945)", () => false],
		["on every packet", () => true],
		["on every slice", (nal) => [1, 5].includes((nal[0] ?? 0) & 0x1f)],
		[
			"on parameter sets too (Tapo TC70, Reolink Duo 2)",
			(nal, isLast) => isLast || [7, 8].includes((nal[0] ?? 0) & 0x1f),
		],
		["on SEI too (LV-IP22IR40DVBL, moonfire#352)", (nal, isLast) => isLast || ((nal[0] ?? 0) & 0x1f) === 6],
	])("S42: is found when markers are %s (quirk 99)", (_, hasMarker) => {
		const collector = new Collector();
		for (const [i, nalUnits] of pictures.entries()) {
			collector.push(nalUnits.map((nal, at) => packet(nal, 3000 * i, hasMarker(nal, at === nalUnits.length - 1))));
		}
		collector.depacketizer.flush();
		expect(collector.summary).toEqual(expected);
		expect(collector.depacketizer.damagedUnits).toBe(0);
	});

	it("S42: is found when markers turn wrong later, at the cost of one picture (quirk 99)", () => {
		const collector = warm();
		for (const [i, nalUnits] of pictures.entries()) {
			collector.push(nalUnits.map((nal) => packet(nal, 3000 * i, true)));
		}
		collector.depacketizer.flush();
		expect(collector.depacketizer.trustsMarkers).toBe(false);
		expect(collector.summary.slice(1)).toEqual(expected.slice(1));
		expect(collector.depacketizer.damagedUnits).toBe(1);
	});

	it("S42: is found between pictures of equal timestamp (quirk 101)", () => {
		const collector = new Collector();
		for (const nalUnits of pictures) collector.push(nalUnits.map((nal) => packet(nal, 77)));
		collector.depacketizer.flush();
		expect(collector.summary).toEqual(pictures.map((nalUnits) => ({ timestamp: 77, nalUnits })));
	});

	it("S42: comes with a new timestamp when the marker is missing (quirk 99)", () => {
		const collector = warm();
		collector.push([packet(P1, 5), packet(P2, 6, true)]);
		expect(collector.summary).toEqual([
			{ timestamp: 5, nalUnits: [P1] },
			{ timestamp: 6, nalUnits: [P2] },
		]);
	});

	it("S42: is not between parameter sets of another timestamp and their picture (Reolink RLC-822A, quirk 100)", () => {
		const collector = warm();
		collector.push([packet(SPS, 4, true), packet(PPS, 4, true), packet(IDR, 5, true)]);
		expect(collector.summary).toEqual([{ timestamp: 5, nalUnits: [SPS, PPS, IDR] }]);
	});
});

describe("parameter sets", () => {
	const otherSps = concat(SPS, fromHex("ff"));

	it("S46: reach the picture behind them whenever they come, changed ones too (quirks 107, 108)", () => {
		const collector = warm();
		collector.push([...packets(5, IDR), ...packets(6, SPS, PPS, IDR), ...packets(7, P1)]);
		collector.push(packets(8, otherSps, PPS, IDR));
		expect(collector.summary).toEqual([
			{ timestamp: 5, nalUnits: [IDR] },
			{ timestamp: 6, nalUnits: [SPS, PPS, IDR] },
			{ timestamp: 7, nalUnits: [P1] },
			{ timestamp: 8, nalUnits: [otherSps, PPS, IDR] },
		]);
	});

	it("S46: of pictures that are dropped one after the other are kept once (quirk 107)", () => {
		const collector = warm();
		for (const timestamp of [5, 6, 7])
			collector.push([packet(stapA(SPS, PPS), timestamp), packet(fuA(IDR)[0]!, timestamp)]);
		collector.push(packets(8, IDR), 1);
		expect(collector.summary).toEqual([{ timestamp: 8, nalUnits: [SPS, PPS, IDR] }]);
		expect(collector.depacketizer.damagedUnits).toBe(3);
	});
});

describe("start codes inside payloads", () => {
	const stream = concat(SPS, LONG_START_CODE, PPS, LONG_START_CODE, IDR);

	it.each([
		["a single NAL unit payload (V380, retina#68)", [stream]],
		["a payload that starts with a start code", [concat(LONG_START_CODE, stream)]],
		["an FU-A (Amatek AR-N3222F, gortsplib#989)", fuA(stream)],
		["an FU-A whose body starts with a start code", fuA(concat(fromHex("65"), LONG_START_CODE, stream))],
		["a STAP-A", [stapA(stream)]],
	])("S47: separate the NAL units of %s (quirk 109)", (_, payloads) => {
		const collector = warm();
		collector.push(packets(5, ...payloads));
		expect(collector.summary).toEqual([{ timestamp: 5, nalUnits: [SPS, PPS, IDR] }]);
	});
});

describe("FU-A", () => {
	it("S48: may have start and end in one (CostarHD, gortsplib#649, quirk 110)", () => {
		const collector = warm();
		collector.push(packets(5, ...fuA(P1, 1)));
		expect(collector.summary).toEqual([{ timestamp: 5, nalUnits: [P1] }]);
	});

	it("S48: may have an empty fragment (retina#115, quirk 110)", () => {
		const collector = warm();
		const [start, middle, end] = fuA(P1, 3);
		collector.push(packets(5, start!, fromHex("5c01"), middle!, end!));
		expect(collector.summary).toEqual([{ timestamp: 5, nalUnits: [P1] }]);
	});

	it("S48: has the type of its first fragment (Tiandy, moonfire#344) whatever the reserved bit (quirk 110)", () => {
		const collector = warm();
		const [start, middle, end] = fuA(IDR, 3);
		middle![1] = 0x21;
		end![1] = 0x41;
		collector.push(packets(5, start!, middle!, end!));
		expect(collector.summary).toEqual([{ timestamp: 5, nalUnits: [IDR] }]);
	});

	it.each<[string, (fragments: Uint8Array[]) => [RtpPacket[], RtpPacket[]]]>([
		["without its start", ([, b, c]) => [[], [packet(b!, 5), packet(c!, 5, true)]]],
		["without its middle", ([a, , c]) => [[packet(a!, 5)], [packet(c!, 5, true)]]],
		["without its end", ([a, b]) => [[packet(a!, 5), packet(b!, 5)], []]],
	])("S48: %s takes its whole access unit with it (quirk 110)", (_, lose) => {
		const collector = warm();
		const [before, after] = lose(fuA(P1, 3));
		collector.push(packets(5, SEI, slice(9)).map((one) => ({ ...one, marker: false })));
		// The picture's second slice is the fragmented one.
		collector.push(before);
		collector.push(after, 1);
		collector.push(packets(6, P2), after.length === 0 ? 1 : 0);
		expect(collector.summary).toEqual([{ timestamp: 6, nalUnits: [P2] }]);
		expect(collector.depacketizer.damagedUnits).toBe(1);
		expect(collector.depacketizer.lostPackets).toBe(1);
	});

	it.each([
		["a new NAL unit", slice(9, { first: false })],
		["a new start", fuA(slice(9, { first: false }))[0]!],
	])("S48: that is interrupted by %s takes its access unit with it, even in sequence (quirk 110)", (_, intruder) => {
		const collector = warm();
		const [start, middle] = fuA(P1, 3);
		collector.push(packets(5, start!, middle!, intruder));
		collector.push(packets(6, P2));
		expect(collector.summary).toEqual([{ timestamp: 6, nalUnits: [P2] }]);
		expect(collector.depacketizer.damagedUnits).toBe(1);
	});

	it("S48: without its end is dropped when the next timestamp comes, even in sequence (quirk 110)", () => {
		const collector = warm();
		const [start, middle] = fuA(P1, 3);
		collector.push([packet(start!, 5), packet(middle!, 5, true), packet(P2, 6, true)]);
		expect(collector.summary).toEqual([{ timestamp: 6, nalUnits: [P2] }]);
	});

	it("S48: that is cut off is counted (quirk 110)", () => {
		const collector = warm();
		collector.push([packet(fromHex("5c"), 5)]);
		expect(collector.depacketizer.malformedPayloads).toBe(1);
	});
});

describe("aggregation", () => {
	it.each([
		["zero padding", concat(stapA(SPS, PPS, IDR), new Uint8Array(5)), 0],
		["a size of zero between", concat(stapA(SPS, new Uint8Array(0), PPS, IDR)), 0],
		["a size beyond the end", concat(stapA(SPS, PPS, IDR), fromHex("00ff41")), 1],
		["a nested STAP-A", stapA(SPS, PPS, stapA(SEI, SEI), IDR), 0],
	])("S49: keeps what is whole beside %s (quirk 111)", (_, payload, malformed) => {
		const collector = warm();
		collector.push(packets(5, payload));
		expect(collector.summary).toEqual([{ timestamp: 5, nalUnits: [SPS, PPS, IDR] }]);
		expect(collector.depacketizer.malformedPayloads).toBe(malformed);
	});

	it.each([25, 26, 27, 29])(
		"S49: drops the access unit of the unsupported type %i and counts it (quirk 111)",
		(type) => {
			const collector = warm();
			collector.push(packets(5, P1, concat(new Uint8Array([0x60 | type]), P2)));
			collector.push(packets(6, P3));
			expect(collector.summary).toEqual([{ timestamp: 6, nalUnits: [P3] }]);
			expect(collector.depacketizer.unsupportedPayloads).toBe(1);
			expect(collector.depacketizer.damagedUnits).toBe(1);
		},
	);
});

describe("loss", () => {
	it("between access units is only counted", () => {
		const collector = warm();
		collector.push(packets(5, P1));
		collector.push(packets(9, P2), 4);
		expect(collector.units).toHaveLength(2);
		expect(collector.depacketizer).toMatchObject({ lostPackets: 4, damagedUnits: 0 });
	});

	it("of the first slice drops the access unit", () => {
		const collector = warm();
		collector.push(packets(5, slice(9, { first: false })), 1);
		collector.push(packets(6, P2));
		expect(collector.summary).toEqual([{ timestamp: 6, nalUnits: [P2] }]);
		expect(collector.depacketizer.trustsMarkers).toBe(true);
	});

	it("of the end drops the access unit and keeps the next", () => {
		const collector = warm();
		collector.push([packet(P1, 5)]);
		collector.push(packets(6, P2), 1);
		expect(collector.summary).toEqual([{ timestamp: 6, nalUnits: [P2] }]);
	});

	it("leaves the parameter sets of a dropped access unit to the next one", () => {
		const collector = warm();
		collector.push([packet(stapA(SPS, PPS), 5), packet(fuA(IDR)[0]!, 5)]);
		collector.push(packets(6, slice(9, { idr: true })), 1);
		collector.push(packets(7, P1));
		expect(collector.summary).toEqual([
			{ timestamp: 6, nalUnits: [SPS, PPS, slice(9, { idr: true })] },
			{ timestamp: 7, nalUnits: [P1] },
		]);
	});

	it("leaves nothing of a dropped access unit to another source", () => {
		const collector = warm();
		collector.push([packet(stapA(SPS, PPS), 5), packet(fuA(IDR)[0]!, 5), packet(SEI, 6)]);
		collector.push([packet(P1, 7, true, SSRC + 1)]);
		expect(collector.summary).toEqual([{ timestamp: 7, nalUnits: [P1] }]);
	});

	it("of a part of an SEI costs the SEI and not the picture", () => {
		const collector = warm();
		collector.push([packet(fuA(SEI)[0]!, 5)]);
		collector.push(packets(5, P1), 2);
		expect(collector.summary).toEqual([{ timestamp: 5, nalUnits: [P1] }]);
	});

	it("is noticed before a packet of nothing but padding", () => {
		const collector = warm();
		collector.push([packet(P1, 5)]);
		collector.push([packet(new Uint8Array(0), 5)], 1);
		collector.push([packet(slice(9, { first: false }), 5, true), packet(P2, 6, true)]);
		expect(collector.summary).toEqual([{ timestamp: 6, nalUnits: [P2] }]);
	});

	it("does not happen when the SSRC changes between access units, with or without markers", () => {
		for (const marker of [true, false]) {
			const collector = new Collector();
			collector.push([
				packet(IDR, 1, marker),
				packet(P1, 2, marker),
				packet(P2, 1, marker, 99),
				packet(P3, 2, marker, 99),
			]);
			collector.depacketizer.flush();
			expect(collector.units).toHaveLength(4);
		}
	});

	it("never mixes fragments of two sources", () => {
		const collector = warm();
		const [a, b, c] = fuA(P1, 3);
		collector.push([packet(a!, 5), packet(b!, 5, false, 99), packet(c!, 5, true, 99), packet(P2, 6, true, 99)]);
		expect(collector.summary).toEqual([{ timestamp: 6, nalUnits: [P2] }]);
	});
});

describe("limits", () => {
	it("S50: allow a picture of 200 slices (quirk 113)", () => {
		const collector = warm();
		const slices = Array.from({ length: 200 }, (_, i) => slice(i, { first: i === 0 }));
		collector.push(packets(5, ...slices));
		expect(collector.summary).toEqual([{ timestamp: 5, nalUnits: slices }]);
	});

	it("S50: drop a picture of too many NAL units and all until the next IDR (quirk 113)", () => {
		const collector = warm();
		const slices = Array.from({ length: MAX_ACCESS_UNIT_NAL_UNITS + 1 }, (_, i) => slice(i, { first: i === 0 }));
		collector.push(packets(5, ...slices));
		collector.push(packets(6, P1));
		collector.push(packets(7, SPS, PPS, IDR));
		collector.push(packets(8, P2));
		expect(collector.summary).toEqual([
			{ timestamp: 7, nalUnits: [SPS, PPS, IDR] },
			{ timestamp: 8, nalUnits: [P2] },
		]);
		expect(collector.depacketizer).toMatchObject({ overflows: 1, damagedUnits: 1, undecodableUnits: 1 });
	});

	it("S50: drop a picture of 20 MB, whether one NAL unit or many (quirk 113)", () => {
		const fragment = concat(fromHex("5c05"), new Uint8Array(60_000).fill(7));
		const single = slice(1, { first: false, size: 60_000 });
		for (const payload of [fragment, single]) {
			const collector = warm();
			collector.push([packet(payload === fragment ? concat(fromHex("5c85"), P1) : P1, 5)]);
			for (let sent = 0; sent < 20_000_000; sent += 60_000) collector.depacketizer.push(packet(payload, 5), 0);
			collector.push(packets(6, P1));
			collector.push(packets(7, IDR));
			expect(collector.summary).toEqual([{ timestamp: 7, nalUnits: [IDR] }]);
			expect(collector.depacketizer.overflows).toBeGreaterThan(0);
			expect(collector.depacketizer.damagedUnits).toBe(1);
		}
		expect(MAX_ACCESS_UNIT_BYTES).toBeLessThan(20_000_000);
	});

	it("S50: hold when markers, timestamps and first slices never end a picture (go2rtc#675, quirk 113)", () => {
		const collector = warm();
		const endless = slice(1, { first: false, size: 50_000 });
		for (let i = 0; i < 1000; i++) collector.depacketizer.push(packet(endless, 5), 0);
		collector.push(packets(6, SPS, PPS, IDR));
		expect(collector.summary).toEqual([{ timestamp: 6, nalUnits: [SPS, PPS, IDR] }]);
		expect(collector.depacketizer.overflows).toBeGreaterThanOrEqual(Math.floor(50_000_000 / MAX_ACCESS_UNIT_BYTES));
	});

	it("S50: hold the work too: what waits is not compared anew with each damaged picture", { timeout: 10_000 }, () => {
		const collector = warm();
		const part = concat(fromHex("7c07"), new Uint8Array(50_000).fill(7));
		for (let set = 0; set < 16; set++) {
			collector.push([packet(fromHex("7c87"), 5)]);
			for (let i = 0; i < 9; i++) collector.depacketizer.push(packet(part, 5), 0);
			collector.push([packet(new Uint8Array([0x7c, 0x47, set]), 5)]);
		}
		// To compare all sets with each other takes more than 50 ms.
		for (let i = 0; i < 500; i++) collector.push([packet(slice(i, { first: false }), 6 + i)]);
		collector.push(packets(1000, IDR));
		expect(collector.units.map((unit) => unit.nalUnits.length)).toEqual([17]);
		expect(collector.depacketizer).toMatchObject({ damagedUnits: 500, overflows: 0 });
	});

	it("S50: hold for parameter sets of dropped access units: the latest 16 wait", () => {
		const collector = warm();
		for (let i = 0; i < 40; i++) {
			collector.push([packet(concat(SPS, new Uint8Array([i])), 5 + i), packet(slice(1, { first: false }), 5 + i)]);
		}
		collector.push(packets(1000, IDR));
		const latest = Array.from({ length: 16 }, (_, i) => concat(SPS, new Uint8Array([24 + i])));
		expect(collector.summary).toEqual([{ timestamp: 1000, nalUnits: [...latest, IDR] }]);
	});

	it("S50: hold for packets without any picture too (quirk 113)", () => {
		const collector = warm();
		for (let i = 0; i < 3 * MAX_ACCESS_UNIT_NAL_UNITS; i++) collector.push([packet(SEI, i)]);
		collector.push(packets(5000, IDR));
		expect(collector.units).toHaveLength(1);
		expect(collector.units[0]?.nalUnits.length).toBeLessThan(MAX_ACCESS_UNIT_NAL_UNITS);
		expect(collector.depacketizer.overflows).toBeGreaterThan(0);
	});
});

describe("hostile packets", () => {
	const anyPacket = fc.record({
		payloadType: fc.constant(96),
		marker: fc.boolean(),
		sequenceNumber: fc.constant(0),
		timestamp: fc.nat(3),
		ssrc: fc.constantFrom(1, 1, 1, 2),
		payload: fc.oneof(
			fc.uint8Array({ maxLength: 40 }),
			fc
				.array(fc.constantFrom(0, 0, 1, 2, 0x65, 0x88, 0x5c, 0x85, 0x45, 0x78), { maxLength: 20 })
				.map((v) => new Uint8Array(v)),
			fc.constantFrom(SPS, PPS, IDR, P1, ...fuA(IDR), ...fuA(P1), stapA(SPS, PPS)),
		),
		lost: fc.constantFrom(0, 0, 0, 1, -2),
	});

	it("never throw, and what comes out is whole and well-formed", () => {
		fc.assert(
			fc.property(fc.array(anyPacket, { maxLength: 60 }), (sequence) => {
				const collector = new Collector();
				let bytesIn = 0;
				for (const { lost, ...one } of sequence) {
					collector.push([one], lost);
					bytesIn += one.payload.length;
				}
				collector.depacketizer.flush();
				let bytesOut = 0;
				for (const unit of collector.units) {
					const types = unit.nalUnits.map((nal) => (nal[0] ?? 0) & 0x1f);
					expect(types.some((type) => type >= 1 && type <= 5)).toBe(true);
					expect(unit.randomAccess).toBe(types.includes(5));
					expect(unit.sizeBytes).toBe(unit.nalUnits.reduce((sum, nal) => sum + nal.length, 0));
					bytesOut += unit.sizeBytes;
				}
				expect(bytesOut).toBeLessThanOrEqual(bytesIn);
			}),
			{ numRuns: 1000 },
		);
	});
});
