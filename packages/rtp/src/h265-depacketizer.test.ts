import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { H265Depacketizer } from "./h265-depacketizer.ts";
import { H265_NAL_TYPE, h265NalTypeOf, isH265VclNalType, isIrapNalType } from "./h265-nal.ts";
import { MAX_ACCESS_UNIT_BYTES, MAX_ACCESS_UNIT_NAL_UNITS } from "./h26x-access-units.ts";
import type { RtpPacket } from "./rtp-packet.ts";
import { concat, fromHex, packet } from "./testing/h264-packets.ts";
import {
	ap,
	fu,
	H265_AUD,
	H265_FILLER,
	H265_PPS,
	H265_SPS,
	H265Collector,
	h265Slice,
	PREFIX_SEI,
	SUFFIX_SEI,
	VPS,
} from "./testing/h265-packets.ts";

const IDR = h265Slice(1, { type: H265_NAL_TYPE.idrWRadl });
const CRA = h265Slice(2, { type: H265_NAL_TYPE.cra });
const RASL = h265Slice(3, { type: H265_NAL_TYPE.raslN });
const RADL = h265Slice(4, { type: H265_NAL_TYPE.radlN });
const P1 = h265Slice(5);
const P2 = h265Slice(6);
const P3 = h265Slice(7, { type: H265_NAL_TYPE.trailN });
const SETS = [VPS, H265_SPS, H265_PPS];
const LONG_START_CODE = fromHex("00000001");

/** A collector whose first picture is behind it, so that it trusts markers. */
function warm(): H265Collector {
	const collector = new H265Collector();
	collector.push([packet(IDR, 1, true), packet(P1, 2, true)]);
	expect(collector.units).toHaveLength(2);
	collector.units.length = 0;
	return collector;
}

/** One packet for each payload, the marker on the last one. */
function packets(timestamp: number, ...payloads: readonly Uint8Array[]): RtpPacket[] {
	return payloads.map((payload, i) => packet(payload, timestamp, i === payloads.length - 1));
}

describe("H.265 access units", () => {
	it("S52: come out of APs and FUs with their sets, codec, size and whether decoding can start there (quirk 111)", () => {
		const collector = new H265Collector();
		collector.push(packets(3000, ap(...SETS), ...fu(IDR)));
		collector.push(packets(6000, P1));
		expect(collector.units).toEqual([
			{
				codec: "h265",
				nalUnits: [...SETS, IDR],
				rtpTimestamp: 3000,
				randomAccess: true,
				sizeBytes: [...SETS, IDR].reduce((sum, nal) => sum + nal.length, 0),
			},
			{ codec: "h265", nalUnits: [P1], rtpTimestamp: 6000, randomAccess: false, sizeBytes: P1.length },
		]);
	});

	it("S52: may be of type 0, TRAIL_N (retina#123, quirk 118)", () => {
		const collector = warm();
		collector.push([...packets(5, P3), ...packets(6, ...fu(P3))]);
		expect(collector.summary).toEqual([
			{ timestamp: 5, nalUnits: [P3] },
			{ timestamp: 6, nalUnits: [P3] },
		]);
	});

	it("lose delimiters, filler and reserved NAL units and keep SEI before and behind the picture (quirk 112)", () => {
		const collector = warm();
		const reserved = [fromHex("1601a1"), fromHex("5201bb"), fromHex("6a01cc"), fromHex("0201")];
		collector.push(packets(5, H265_AUD, ...SETS, PREFIX_SEI, H265_FILLER, ...reserved, IDR, SUFFIX_SEI));
		collector.push(packets(6, SUFFIX_SEI, P1));
		expect(collector.summary).toEqual([
			{ timestamp: 5, nalUnits: [...SETS, PREFIX_SEI, IDR, SUFFIX_SEI] },
			{ timestamp: 6, nalUnits: [P1] },
		]);
	});

	it("S42: take parameter sets of another timestamp with them (Reolink RLC-822A, quirk 100)", () => {
		const collector = warm();
		collector.push([...SETS.map((nal) => packet(nal, 4, true)), packet(IDR, 5, true)]);
		expect(collector.summary).toEqual([{ timestamp: 5, nalUnits: [...SETS, IDR] }]);
	});
});

describe("the end of an H.265 access unit", () => {
	const pictures = [
		[...SETS, IDR, h265Slice(8, { type: H265_NAL_TYPE.idrWRadl, first: false })],
		[PREFIX_SEI, P1, h265Slice(9, { first: false })],
		[P2, h265Slice(10, { first: false })],
		[P3, h265Slice(11, { first: false, type: H265_NAL_TYPE.trailN })],
	];

	it.each<[string, (nal: Uint8Array, isLast: boolean) => boolean]>([
		["right", (_, isLast) => isLast],
		["never set", () => false],
		["on every packet", () => true],
		["on every slice", (nal) => isH265VclNalType(h265NalTypeOf(nal))],
		["on parameter sets too", (nal, isLast) => isLast || h265NalTypeOf(nal) >= 32],
	])("S42: is found when markers are %s (quirk 99)", (_, hasMarker) => {
		const collector = new H265Collector();
		for (const [i, nalUnits] of pictures.entries()) {
			collector.push(nalUnits.map((nal, at) => packet(nal, 3000 * i, hasMarker(nal, at === nalUnits.length - 1))));
		}
		collector.depacketizer.flush();
		expect(collector.summary).toEqual(pictures.map((nalUnits, i) => ({ timestamp: 3000 * i, nalUnits })));
		expect(collector.depacketizer.damagedUnits).toBe(0);
	});

	it("S42: is found between pictures of equal timestamp (quirk 101)", () => {
		const collector = new H265Collector();
		for (const nalUnits of pictures) collector.push(nalUnits.map((nal) => packet(nal, 77)));
		collector.depacketizer.flush();
		expect(collector.summary).toEqual(pictures.map((nalUnits) => ({ timestamp: 77, nalUnits })));
	});
});

describe("random access in H.265", () => {
	it.each(["blaWLp", "blaWRadl", "blaNLp", "idrWRadl", "idrNLp", "cra"] as const)(
		"S52: is there at any IRAP picture: %s (quirk 116)",
		(name) => {
			const collector = warm();
			collector.push(packets(5, h265Slice(9, { type: H265_NAL_TYPE[name] })));
			expect(collector.units[0]?.randomAccess).toBe(true);
		},
	);

	it("S52: drops the RASL pictures of a CRA picture at the start and keeps RADL pictures (quirk 116)", () => {
		const collector = new H265Collector();
		collector.push([...packets(1, ...SETS, CRA), ...packets(2, RASL), ...packets(3, RADL), ...packets(4, P1)]);
		collector.push([...packets(5, CRA), ...packets(6, RASL), ...packets(7, P2)]);
		expect(collector.summary.map((unit) => unit.timestamp)).toEqual([1, 3, 4, 5, 6, 7]);
		expect(collector.depacketizer).toMatchObject({ undecodableUnits: 1, damagedUnits: 0, accessUnits: 6 });
	});

	it.each<[string, (collector: H265Collector) => void]>([
		["lost packets", (collector) => collector.push(packets(3, P2), 1)],
		["flush", (collector) => collector.depacketizer.flush()],
		["another SSRC", (collector) => collector.push([packet(P2, 3, true, 99), packet(P2, 4, true)])],
		["a damaged picture", (collector) => collector.push(packets(3, fu(P2)[0]!, P3))],
		["an end of sequence", (collector) => collector.push([packet(fromHex("4801"), 3)])],
	])("S52: drops the RASL pictures of a CRA picture behind %s (quirk 116)", (_, interrupt) => {
		const collector = warm();
		interrupt(collector);
		collector.push([
			...packets(5, CRA),
			...packets(6, RASL),
			...packets(7, P2),
			...packets(8, CRA),
			...packets(9, RASL),
		]);
		collector.depacketizer.flush();
		expect(collector.summary.map((unit) => unit.timestamp).filter((timestamp) => timestamp > 4)).toEqual([5, 7, 8, 9]);
		expect(collector.depacketizer.undecodableUnits).toBe(1);
	});

	it("S52: drops the RASL pictures of a CRA picture behind the end of a sequence of one picture (quirk 116)", () => {
		const collector = warm();
		collector.push([...packets(5, CRA, fromHex("4801")), ...packets(6, CRA), ...packets(7, RASL), ...packets(8, P2)]);
		expect(collector.summary.map((unit) => unit.timestamp)).toEqual([5, 6, 8]);
		expect(collector.depacketizer.undecodableUnits).toBe(1);
	});

	it("S52: drops the RASL pictures of a CRA picture that is lost, and of BLA pictures (quirk 116)", () => {
		const collector = warm();
		collector.push([packet(fu(CRA)[0]!, 5), ...packets(6, RASL), ...packets(7, P2)]);
		collector.push([...packets(8, h265Slice(9, { type: H265_NAL_TYPE.blaWLp })), ...packets(9, RASL)]);
		expect(collector.summary.map((unit) => unit.timestamp)).toEqual([7, 8]);
		expect(collector.depacketizer).toMatchObject({ undecodableUnits: 2, damagedUnits: 1 });
	});

	it("S46: leaves the parameter sets of a dropped picture to the next one", () => {
		const collector = warm();
		collector.push([packet(ap(...SETS), 5), packet(fu(IDR)[0]!, 5)]);
		collector.push(packets(6, CRA), 1);
		expect(collector.summary).toEqual([{ timestamp: 6, nalUnits: [...SETS, CRA] }]);
	});
});

describe("start codes inside H.265 payloads", () => {
	const stream = concat(VPS, LONG_START_CODE, H265_SPS, LONG_START_CODE, H265_PPS, LONG_START_CODE, IDR);

	it.each([
		["a single NAL unit payload", [stream]],
		["a payload that starts with a start code", [concat(LONG_START_CODE, stream)]],
		["an FU (gortsplib#989)", fu(stream)],
		["an FU whose body starts with a start code", fu(concat(fromHex("2601"), LONG_START_CODE, stream))],
		["an AP", [ap(stream)]],
	])("S47: separate the NAL units of %s (quirk 109)", (_, payloads) => {
		const collector = warm();
		collector.push(packets(5, ...payloads));
		expect(collector.summary).toEqual([{ timestamp: 5, nalUnits: [...SETS, IDR] }]);
	});
});

describe("FU", () => {
	it("S48: may have start and end in one (OpenIPC, quirk 110)", () => {
		const collector = warm();
		collector.push(packets(5, ...fu(P1, 1)));
		expect(collector.summary).toEqual([{ timestamp: 5, nalUnits: [P1] }]);
	});

	it("S48: may have an empty fragment and has the type of its first one (quirk 110)", () => {
		const collector = warm();
		const [start, middle, end] = fu(IDR, 3);
		middle![2] = 0x01;
		end![2] = 0x40;
		collector.push(packets(5, start!, fromHex("620113"), middle!, end!));
		expect(collector.summary).toEqual([{ timestamp: 5, nalUnits: [IDR] }]);
	});

	it.each<[string, (fragments: Uint8Array[]) => [RtpPacket[], RtpPacket[]]]>([
		["without its start", ([, b, c]) => [[], [packet(b!, 5), packet(c!, 5, true)]]],
		["without its middle", ([a, , c]) => [[packet(a!, 5)], [packet(c!, 5, true)]]],
		["without its end", ([a, b]) => [[packet(a!, 5), packet(b!, 5)], []]],
	])("S48: %s takes its whole access unit with it (quirk 110)", (_, lose) => {
		const collector = warm();
		const [before, after] = lose(fu(P1, 3));
		collector.push(packets(5, PREFIX_SEI, P3).map((one) => ({ ...one, marker: false })));
		collector.push(before);
		collector.push(after, 1);
		collector.push(packets(6, P2), after.length === 0 ? 1 : 0);
		expect(collector.summary).toEqual([{ timestamp: 6, nalUnits: [P2] }]);
		expect(collector.depacketizer).toMatchObject({ damagedUnits: 1, lostPackets: 1 });
	});

	it("S48: that is interrupted takes its access unit with it, even in sequence (quirk 110)", () => {
		for (const intruder of [h265Slice(9, { first: false }), fu(h265Slice(9, { first: false }))[0]!]) {
			const collector = warm();
			const [start, middle] = fu(P1, 3);
			collector.push(packets(5, start!, middle!, intruder));
			collector.push(packets(6, P2));
			expect(collector.summary).toEqual([{ timestamp: 6, nalUnits: [P2] }]);
			expect(collector.depacketizer.damagedUnits).toBe(1);
		}
	});

	it("S48: that is cut off is counted (quirk 110)", () => {
		const collector = warm();
		collector.push([packet(fromHex("62"), 5), packet(fromHex("6201"), 5)]);
		expect(collector.depacketizer.malformedPayloads).toBe(2);
	});
});

describe("AP", () => {
	it.each([
		["zero padding", concat(ap(...SETS, IDR), new Uint8Array(5)), 0],
		["a size of zero between", ap(VPS, new Uint8Array(0), H265_SPS, H265_PPS, IDR), 0],
		["a size beyond the end", concat(ap(...SETS, IDR), fromHex("00ff0201")), 1],
		["a nested AP", ap(...SETS, ap(PREFIX_SEI, PREFIX_SEI), IDR), 0],
	])("S49: keeps what is whole beside %s (quirk 111)", (_, payload, malformed) => {
		const collector = warm();
		collector.push(packets(5, payload));
		expect(collector.summary).toEqual([{ timestamp: 5, nalUnits: [...SETS, IDR] }]);
		expect(collector.depacketizer.malformedPayloads).toBe(malformed);
	});

	it("S49: PACI payloads drop their access unit and are counted (quirk 111)", () => {
		const collector = warm();
		collector.push(packets(5, P1, concat(fromHex("6401"), P2)));
		collector.push(packets(6, P3));
		expect(collector.summary).toEqual([{ timestamp: 6, nalUnits: [P3] }]);
		expect(collector.depacketizer).toMatchObject({ unsupportedPayloads: 1, damagedUnits: 1 });
	});

	it("S49: all payloads with decoding order numbers are unsupported and counted (quirk 111)", () => {
		const units: unknown[] = [];
		const depacketizer = new H265Depacketizer((unit) => units.push(unit), 2);
		for (const one of [...packets(5, IDR), ...packets(6, P1), ...packets(7, P2)]) depacketizer.push(one, 0);
		depacketizer.flush();
		expect(units).toEqual([]);
		expect(depacketizer.unsupportedPayloads).toBe(3);
	});
});

describe("limits of H.265 access units", () => {
	it("S50: allow 200 slices and drop too many NAL units and all until the next IRAP picture (quirk 113)", () => {
		const collector = warm();
		const slices = Array.from({ length: MAX_ACCESS_UNIT_NAL_UNITS + 1 }, (_, i) => h265Slice(i, { first: i === 0 }));
		collector.push(packets(4, ...slices.slice(0, 200)));
		collector.push([...packets(5, ...slices), ...packets(6, P1), ...packets(7, CRA), ...packets(8, P2)]);
		expect(collector.summary.map((unit) => unit.timestamp)).toEqual([4, 7, 8]);
		expect(collector.depacketizer).toMatchObject({ overflows: 1, damagedUnits: 1, undecodableUnits: 1 });
	});

	it("S50: drop a picture of 20 MB, whether one NAL unit or many (quirk 113)", () => {
		const fragment = concat(fromHex("620101"), new Uint8Array(60_000).fill(7));
		const single = h265Slice(1, { first: false, size: 60_000 });
		for (const payload of [fragment, single]) {
			const collector = warm();
			collector.push([packet(payload === fragment ? concat(fromHex("620181"), P1) : P1, 5)]);
			for (let sent = 0; sent < 20_000_000; sent += 60_000) collector.depacketizer.push(packet(payload, 5), 0);
			collector.push([...packets(6, P1), ...packets(7, IDR)]);
			expect(collector.summary).toEqual([{ timestamp: 7, nalUnits: [IDR] }]);
			expect(collector.depacketizer.damagedUnits).toBe(1);
		}
		expect(MAX_ACCESS_UNIT_BYTES).toBeLessThan(20_000_000);
	});
});

describe("hostile H.265 packets", () => {
	const anyPacket = fc.record({
		payloadType: fc.constant(96),
		marker: fc.boolean(),
		sequenceNumber: fc.constant(0),
		timestamp: fc.nat(3),
		ssrc: fc.constantFrom(1, 1, 1, 2),
		payload: fc.oneof(
			fc.uint8Array({ maxLength: 40 }),
			fc
				.array(fc.constantFrom(0, 0, 1, 2, 0x26, 0x2a, 0x62, 0x93, 0x53, 0x60, 0x64), { maxLength: 20 })
				.map((v) => new Uint8Array(v)),
			fc.constantFrom(...SETS, IDR, CRA, RASL, P1, SUFFIX_SEI, ...fu(IDR), ...fu(P1), ap(...SETS)),
		),
		lost: fc.constantFrom(0, 0, 0, 1, -2),
	});

	it("never throw, and what comes out is whole and well-formed", () => {
		fc.assert(
			fc.property(fc.array(anyPacket, { maxLength: 60 }), (sequence) => {
				const collector = new H265Collector();
				let bytesIn = 0;
				for (const { lost, ...one } of sequence) {
					collector.push([one], lost);
					bytesIn += one.payload.length;
				}
				collector.depacketizer.flush();
				let bytesOut = 0;
				for (const unit of collector.units) {
					const types = unit.nalUnits.map(h265NalTypeOf);
					expect(types.some(isH265VclNalType)).toBe(true);
					expect(unit.randomAccess).toBe(types.some(isIrapNalType));
					expect(unit.sizeBytes).toBe(unit.nalUnits.reduce((sum, nal) => sum + nal.length, 0));
					bytesOut += unit.sizeBytes;
				}
				expect(bytesOut).toBeLessThanOrEqual(bytesIn);
			}),
			{ numRuns: 1000 },
		);
	});
});
