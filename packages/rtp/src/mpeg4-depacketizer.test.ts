import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CodedPicture } from "./access-unit.ts";
import { MAX_MPEG4_BYTES, MAX_MPEG4_CONFIG_BYTES, Mpeg4Depacketizer } from "./mpeg4-depacketizer.ts";
import { bytes, feed, feedUnit, rtp } from "./testing/payload-feed.ts";

/** VOS, VO and VOL of FFmpeg's encoder, 64x48. */
const CONFIG_HEX = "000001b001000001b58913000001000000012000c48d8800cd0204183443";
const CONFIG = Uint8Array.from(Buffer.from(CONFIG_HEX, "hex"));
const GROUP = bytes(0, 0, 1, 0xb3, 0, 0x10, 7);
/** vop_coding_type 0, 1 and 2. */
const I_VOP = bytes(0, 0, 1, 0xb6, 0x10, 0x60, 0x11, 0x22);
const P_VOP = bytes(0, 0, 1, 0xb6, 0x50, 0x60, 0x33, 0x44);
const B_VOP = bytes(0, 0, 1, 0xb6, 0x90, 0x60, 0x55, 0x66);

function collect(config?: string): { pictures: CodedPicture[]; depacketizer: Mpeg4Depacketizer } {
	const pictures: CodedPicture[] = [];
	const formatParameters = new Map(config === undefined ? [] : [["config", config]]);
	return { pictures, depacketizer: new Mpeg4Depacketizer({ formatParameters }, (picture) => pictures.push(picture)) };
}

describe("Mpeg4Depacketizer", () => {
	it("puts the fragments of a picture together, up to the marker", () => {
		const { pictures, depacketizer } = collect(CONFIG_HEX);
		feedUnit(depacketizer, [P_VOP.subarray(0, 5), P_VOP.subarray(5, 6), P_VOP.subarray(6)], 90_000);
		expect(pictures).toEqual([
			{ codec: "mpeg4", data: P_VOP, rtpTimestamp: 90_000, randomAccess: false, sizeBytes: P_VOP.length },
		]);
	});

	it("puts the described configuration in front of every I-VOP that brings none", () => {
		const { pictures, depacketizer } = collect(` ${CONFIG_HEX.toUpperCase()} `);
		for (const [index, picture] of [I_VOP, P_VOP, B_VOP, bytes(GROUP, I_VOP)].entries()) {
			feedUnit(depacketizer, [picture], index);
		}
		expect(pictures.map(({ data }) => data)).toEqual([bytes(CONFIG, I_VOP), P_VOP, B_VOP, bytes(CONFIG, GROUP, I_VOP)]);
		expect(pictures.map(({ randomAccess }) => randomAccess)).toEqual([true, false, false, true]);
	});

	it("leaves out what stands in front of a described configuration", () => {
		const { pictures, depacketizer } = collect(`0020${CONFIG_HEX}`);
		feedUnit(depacketizer, [I_VOP], 0);
		expect(pictures).toMatchObject([{ data: bytes(CONFIG, I_VOP), randomAccess: true }]);
	});

	it("takes a configuration out of the stream, and the newest one counts", () => {
		const { pictures, depacketizer } = collect(CONFIG_HEX);
		const other = bytes(CONFIG, 0x99);
		feedUnit(depacketizer, [bytes(other, GROUP, I_VOP)], 0);
		feedUnit(depacketizer, [I_VOP], 1);
		expect(pictures.map(({ data }) => data)).toEqual([bytes(other, GROUP, I_VOP), bytes(other, I_VOP)]);
	});

	it("keeps a configuration that comes in a packet of its own, which is no picture", () => {
		const { pictures, depacketizer } = collect();
		feedUnit(depacketizer, [CONFIG], 0);
		expect(pictures).toHaveLength(0);
		feedUnit(depacketizer, [I_VOP], 0);
		expect(pictures).toMatchObject([{ data: bytes(CONFIG, I_VOP), randomAccess: true }]);
		expect(depacketizer).toMatchObject({ damagedUnits: 0, malformedPayloads: 0 });
	});

	it("calls an I-VOP without any configuration no random access point", () => {
		for (const config of [undefined, "", "zz", "000001b6", "00".repeat(MAX_MPEG4_CONFIG_BYTES + 1)]) {
			const { pictures, depacketizer } = collect(config);
			feedUnit(depacketizer, [I_VOP], 0);
			expect(pictures, config).toMatchObject([{ data: I_VOP, randomAccess: false }]);
		}
	});

	it("ends a picture with the timestamp where markers are missing", () => {
		const { pictures, depacketizer } = collect(CONFIG_HEX);
		feed(depacketizer, rtp(I_VOP, 0));
		feed(depacketizer, rtp(P_VOP.subarray(0, 6), 1));
		feed(depacketizer, rtp(P_VOP.subarray(6), 1));
		feed(depacketizer, rtp(P_VOP, 2));
		expect(pictures.map(({ data }) => data)).toEqual([bytes(CONFIG, I_VOP), P_VOP]);
	});

	it("drops a picture of which a packet is missing, and no other", () => {
		const { pictures, depacketizer } = collect(CONFIG_HEX);
		feedUnit(depacketizer, [I_VOP], 0);
		// The middle.
		feed(depacketizer, rtp(P_VOP.subarray(0, 5), 1));
		feed(depacketizer, rtp(P_VOP.subarray(6), 1, true), 1);
		feedUnit(depacketizer, [P_VOP], 2);
		// The start.
		feed(depacketizer, rtp(P_VOP.subarray(5), 3), 1);
		feed(depacketizer, rtp(P_VOP.subarray(6), 3, true));
		// The end.
		feed(depacketizer, rtp(P_VOP.subarray(0, 5), 4));
		feed(depacketizer, rtp(P_VOP, 5, true), 1);
		expect(pictures.map(({ rtpTimestamp }) => rtpTimestamp)).toEqual([0, 2, 5]);
		expect(depacketizer).toMatchObject({ damagedUnits: 3, malformedPayloads: 0 });
	});

	it("counts what begins without a start code", () => {
		const { pictures, depacketizer } = collect(CONFIG_HEX);
		feedUnit(depacketizer, [bytes(1, 2, 3), bytes(4, 5)], 0);
		expect(pictures).toHaveLength(0);
		expect(depacketizer).toMatchObject({ damagedUnits: 1, malformedPayloads: 1 });
	});

	it("forgets a picture that is not finished when another source goes on, or none", () => {
		const { pictures, depacketizer } = collect(CONFIG_HEX);
		feed(depacketizer, rtp(P_VOP.subarray(0, 6), 0));
		feed(depacketizer, rtp(P_VOP, 0, true, 0x5678));
		feed(depacketizer, rtp(P_VOP.subarray(0, 6), 1, false, 0x5678));
		depacketizer.flush();
		expect(pictures).toHaveLength(1);
		expect(depacketizer.damagedUnits).toBe(2);
	});

	it("drops a picture that grows beyond its cap", () => {
		const { pictures, depacketizer } = collect(CONFIG_HEX);
		const large = new Uint8Array(65_000);
		feed(depacketizer, rtp(P_VOP, 0));
		for (let sent = 0; sent <= MAX_MPEG4_BYTES; sent += large.length) feed(depacketizer, rtp(large, 0));
		feed(depacketizer, rtp(large, 0, true));
		feedUnit(depacketizer, [P_VOP], 1);
		expect(pictures).toHaveLength(1);
		expect(depacketizer.damagedUnits).toBe(1);
	});

	it("gives the pictures of any cut and any loss whole or not at all", () => {
		const vop = fc.tuple(fc.constantFrom(I_VOP, P_VOP, B_VOP), fc.uint8Array({ min: 2, maxLength: 50 }));
		const pictures = fc.array(fc.tuple(vop, fc.array(fc.nat(1000), { maxLength: 4 })), { minLength: 1, maxLength: 12 });
		fc.assert(
			fc.property(pictures, fc.infiniteStream(fc.integer({ min: 0, max: 9 })), (all, luck) => {
				const given = collect(CONFIG_HEX);
				const sent: Uint8Array[] = [];
				let missing = 0;
				for (const [index, [[head, body], cuts]] of all.entries()) {
					const whole = bytes(head, body);
					sent.push(whole);
					const ends = [...new Set(cuts.map((cut) => 4 + (cut % (whole.length - 4))))].toSorted((a, b) => a - b);
					const starts = [0, ...ends];
					for (const [at, start] of starts.entries()) {
						const packet = rtp(whole.subarray(start, starts[at + 1]), index, at === starts.length - 1);
						if (luck.next().value === 0) missing++;
						else {
							feed(given.depacketizer, packet, missing);
							missing = 0;
						}
					}
				}
				for (const { data, rtpTimestamp, randomAccess } of given.pictures) {
					const whole = sent[rtpTimestamp] ?? bytes();
					expect(data).toEqual(randomAccess ? bytes(CONFIG, whole) : whole);
				}
				expect(given.pictures.length + given.depacketizer.damagedUnits).toBeLessThanOrEqual(all.length);
			}),
			{ numRuns: 300 },
		);
	});

	it("survives any packets", () => {
		const likely = fc.tuple(
			fc.constantFrom(CONFIG, GROUP, I_VOP, P_VOP, bytes(0, 0, 1)),
			fc.uint8Array({ maxLength: 9 }),
		);
		const packets = fc.array(
			fc.record({
				payload: fc.oneof(
					fc.uint8Array({ maxLength: 40 }),
					likely.map((parts) => bytes(...parts)),
				),
				timestamp: fc.nat(3),
				marker: fc.boolean(),
				lost: fc.constantFrom(0, 0, 0, 1, -1),
			}),
			{ maxLength: 30 },
		);
		fc.assert(
			fc.property(fc.option(fc.string(), { nil: undefined }), packets, (config, all) => {
				const { pictures, depacketizer } = collect(config);
				for (const one of all) feed(depacketizer, rtp(one.payload, one.timestamp, one.marker), one.lost);
				depacketizer.flush();
				expect(pictures.length + depacketizer.damagedUnits).toBeLessThanOrEqual(2 * all.length);
				for (const { data } of pictures) expect(data.subarray(0, 3)).toEqual(bytes(0, 0, 1));
			}),
			{ numRuns: 300 },
		);
	});
});
