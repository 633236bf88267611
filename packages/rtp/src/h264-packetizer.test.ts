import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { packetizeH264 } from "./h264-packetizer.ts";
import { Collector, concat, fromHex, PPS, packet, SEI, SPS, slice } from "./testing/h264-packets.ts";

const IDR = slice(1, { idr: true, size: 3000 });

/** Bytes as an encoder leaves them: without anything that looks like a start code. */
const body = fc
	.uint8Array({ minLength: 1, maxLength: 1500 })
	.map((bytes) => bytes.map((byte) => (byte === 0 ? 0x80 : byte)));
const prefix = fc
	.tuple(fc.constantFrom(0x67, 0x68, 0x06), body)
	.map(([header, rest]) => concat(new Uint8Array([header]), rest));
const slices = fc
	.array(body, { minLength: 1, maxLength: 6 })
	.chain((bodies) =>
		fc
			.boolean()
			.map((idr) => bodies.map((rest, i) => concat(new Uint8Array([idr ? 0x65 : 0x41, i === 0 ? 0x88 : 0x40]), rest))),
	);
const accessUnit = fc.tuple(fc.array(prefix, { maxLength: 4 }), slices).map(([before, after]) => [...before, ...after]);

describe("packetizeH264", () => {
	it("puts parameter sets and SEI into one STAP-A with the highest importance", () => {
		const payloads = packetizeH264([SPS, PPS, SEI, slice(1)], 1200);
		expect(payloads).toHaveLength(2);
		expect(payloads[0]?.[0]).toBe(0x78);
		expect(payloads[0]?.length).toBe(1 + 6 + SPS.length + PPS.length + SEI.length);
	});

	it("passes a NAL unit that fits on as the same bytes", () => {
		const nal = slice(1);
		expect(packetizeH264([nal], nal.length)).toEqual([nal]);
		expect(packetizeH264([nal], nal.length)[0]).toBe(nal);
		expect(packetizeH264([SPS], 1200)[0]).toBe(SPS);
	});

	it("cuts a larger one into FU-A payloads of the allowed size with a start and an end", () => {
		const payloads = packetizeH264([IDR], 1200);
		expect(payloads.map((payload) => payload.length)).toEqual([1200, 1200, 605]);
		expect(payloads.map((payload) => payload[0])).toEqual([0x7c, 0x7c, 0x7c]);
		expect(payloads.map((payload) => payload[1])).toEqual([0x85, 0x05, 0x45]);
	});

	it("keeps the order when a parameter set is too large to be put together with others", () => {
		const large = concat(fromHex("67"), new Uint8Array(2000).fill(9));
		const payloads = packetizeH264([SEI, large, PPS, IDR], 1200);
		expect(payloads.map((payload) => (payload[0] ?? 0) & 0x1f)).toEqual([6, 28, 28, 8, 28, 28, 28]);
	});

	it("leaves out empty NAL units and refuses limits that cannot work", () => {
		expect(packetizeH264([new Uint8Array(0)], 1200)).toEqual([]);
		expect(() => packetizeH264([SPS], 2)).toThrow(RangeError);
		expect(() => packetizeH264([SPS], 65_536)).toThrow(RangeError);
	});

	it("is undone by the depacketizer at the smallest limit", () => {
		const collector = new Collector();
		const payloads = packetizeH264([SPS, PPS, slice(1, { idr: true })], 3);
		collector.push(payloads.map((payload, at) => packet(payload, 3000, at === payloads.length - 1)));
		collector.depacketizer.flush();
		expect(collector.summary).toEqual([{ timestamp: 3000, nalUnits: [SPS, PPS, slice(1, { idr: true })] }]);
	});

	it("is undone by the depacketizer, whatever the access units and the limit", () => {
		fc.assert(
			fc.property(
				fc.array(accessUnit, { minLength: 1, maxLength: 5 }),
				fc.oneof(fc.integer({ min: 20, max: 100 }), fc.integer({ min: 100, max: 1400 })),
				(units, limit) => {
					const collector = new Collector();
					for (const [i, nalUnits] of units.entries()) {
						const payloads = packetizeH264(nalUnits, limit);
						for (const payload of payloads) expect(payload.length).toBeLessThanOrEqual(limit);
						collector.push(payloads.map((payload, at) => packet(payload, i * 3000, at === payloads.length - 1)));
					}
					collector.depacketizer.flush();
					expect(collector.summary).toEqual(units.map((nalUnits, i) => ({ timestamp: i * 3000, nalUnits })));
					expect(collector.depacketizer.damagedUnits).toBe(0);
				},
			),
			{ numRuns: 100 },
		);
	});

	it("loses only the access units that a lost packet belongs to", () => {
		fc.assert(
			fc.property(
				fc.array(accessUnit, { minLength: 3, maxLength: 8 }),
				fc.integer({ min: 100, max: 1000 }),
				fc.nat(),
				(units, limit, which) => {
					const all = units.flatMap((nalUnits, i) => {
						const payloads = packetizeH264(nalUnits, limit);
						return payloads.map((payload, at) => packet(payload, i * 3000, at === payloads.length - 1));
					});
					const lostAt = which % all.length;
					const collector = new Collector();
					for (const [at, one] of all.entries()) {
						if (at !== lostAt) collector.push([one], at === lostAt + 1 ? 1 : 0);
					}
					collector.depacketizer.flush();
					const lostTimestamp = all[lostAt]?.timestamp ?? 0;
					// The first picture waits for its marker to be proven right and can go with a loss directly behind it.
					const atRisk = new Set([lostTimestamp, lostTimestamp === 3000 ? 0 : lostTimestamp]);
					const given = new Map(collector.summary.map((unit) => [unit.timestamp, unit.nalUnits]));
					for (const [i, nalUnits] of units.entries()) {
						const timestamp = i * 3000;
						if (!given.has(timestamp) && atRisk.has(timestamp)) continue;
						// The slices are all there; parameter sets can be lost or come from a dropped access unit.
						expect(given.get(timestamp)?.filter(isSlice)).toEqual(nalUnits.filter(isSlice));
					}
					expect(collector.units.length).toBeGreaterThanOrEqual(units.length - 2);
				},
			),
			{ numRuns: 100 },
		);
	});

	it("never leads to an access unit with a slice missing, whatever is lost and whether there are markers", () => {
		fc.assert(
			fc.property(
				fc.array(accessUnit, { minLength: 2, maxLength: 8 }),
				fc.integer({ min: 100, max: 1000 }),
				fc.infiniteStream(fc.constantFrom(true, false, false, false)),
				fc.boolean(),
				(units, limit, losses, markers) => {
					const collector = new Collector();
					let lost = 0;
					for (const [i, nalUnits] of units.entries()) {
						const payloads = packetizeH264(nalUnits, limit);
						for (const [at, payload] of payloads.entries()) {
							// The last access unit arrives whole: behind the last packet no loss shows.
							if (i < units.length - 1 && losses.next().value === true) {
								lost++;
								continue;
							}
							collector.push([packet(payload, i * 3000, markers && at === payloads.length - 1)], lost);
							lost = 0;
						}
					}
					collector.depacketizer.flush();
					for (const { timestamp, nalUnits } of collector.summary) {
						expect(nalUnits.filter(isSlice)).toEqual(units[timestamp / 3000]?.filter(isSlice));
					}
					expect(collector.units.at(-1)?.rtpTimestamp).toBe((units.length - 1) * 3000);
				},
			),
			{ numRuns: 100 },
		);
	});
});

function isSlice(nal: Uint8Array): boolean {
	const nalType = (nal[0] ?? 0) & 0x1f;
	return nalType === 1 || nalType === 5;
}
