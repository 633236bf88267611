import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CodedPicture } from "./access-unit.ts";
import { JpegDepacketizer, MAX_JPEG_BYTES } from "./jpeg-depacketizer.ts";
import { type JpegFile, parseJpegFile, parseJpegSize, type PictureSize, writeJpegHeader } from "./jpeg-file.ts";
import { packetizeJpeg } from "./jpeg-packetizer.ts";
import { quantizationTablesOf } from "./jpeg-tables.ts";
import { TINY_JPEG } from "./testing/jpeg-files.ts";
import { bytes, feed, feedUnit, rtp } from "./testing/payload-feed.ts";

const SCAN = bytes(1, 2, 3, 0xff, 0, 4, 5, 6);
const TABLES = { luma: new Uint8Array(64).fill(7), chroma: new Uint8Array(64).fill(9) };

interface HeaderFields {
	readonly offset?: number;
	readonly type?: number;
	readonly q?: number;
	/** Blocks of eight pixels. */
	readonly width?: number;
	readonly height?: number;
	readonly restartInterval?: number;
}

/** RFC 2435 section 3.1: the main header, and behind it whatever is given. */
function payload(fields: HeaderFields, ...rest: readonly Uint8Array[]): Uint8Array {
	const { offset = 0, type = 1, q = 50, width = 40, height = 30, restartInterval } = fields;
	const restarts = restartInterval === undefined ? [] : [restartInterval >> 8, restartInterval & 0xff, 0xff, 0xff];
	const header = bytes(0, offset >> 16, (offset >> 8) & 0xff, offset & 0xff, type, q, width, height);
	return bytes(header, restarts, ...rest);
}

/** RFC 2435 section 3.1.8. */
function tables(precision: number, ...entries: readonly Uint8Array[]): Uint8Array {
	const all = bytes(...entries);
	return bytes(0, precision, all.length >> 8, all.length & 0xff, all);
}

function collect(dimensions?: PictureSize): { pictures: CodedPicture[]; depacketizer: JpegDepacketizer } {
	const pictures: CodedPicture[] = [];
	return { pictures, depacketizer: new JpegDepacketizer((picture) => pictures.push(picture), dimensions) };
}

/** Gives the picture of one payload, taken apart again. */
function fileOf(one: Uint8Array, dimensions?: PictureSize): JpegFile | undefined {
	const { pictures, depacketizer } = collect(dimensions);
	feedUnit(depacketizer, [one], 0);
	return pictures[0] && parseJpegFile(pictures[0].data);
}

describe("JpegDepacketizer", () => {
	it("S53: puts fragments together to a JPEG file with all its tables", () => {
		const { pictures, depacketizer } = collect();
		const fragments = [payload({}, SCAN.subarray(0, 3)), payload({ offset: 3 }, SCAN.subarray(3))];
		feedUnit(depacketizer, fragments, 90_000);
		const [picture] = pictures;
		expect(picture).toMatchObject({ codec: "jpeg", rtpTimestamp: 90_000, randomAccess: true });
		expect(picture?.sizeBytes).toBe(picture?.data.length);
		expect(picture?.data.subarray(-2)).toEqual(bytes(0xff, 0xd9));
		expect(parseJpegFile(picture?.data ?? bytes())).toEqual({
			width: 320,
			height: 240,
			sampling: "4:2:0",
			restartInterval: 0,
			tables: quantizationTablesOf(50),
			scan: SCAN,
		});
	});

	it("S53: types 0 and 1 tell the sampling, types 64 and 65 the restart interval too (quirk 123)", () => {
		expect(fileOf(payload({ type: 0 }, SCAN))).toMatchObject({ sampling: "4:2:2", restartInterval: 0 });
		expect(fileOf(payload({ type: 1 }, SCAN))).toMatchObject({ sampling: "4:2:0", restartInterval: 0 });
		const restarts = { sampling: "4:2:2", restartInterval: 300, scan: SCAN };
		expect(fileOf(payload({ type: 64, restartInterval: 300 }, SCAN))).toMatchObject(restarts);
		expect(fileOf(payload({ type: 65, restartInterval: 300 }, SCAN))).toMatchObject({ ...restarts, sampling: "4:2:0" });
	});

	it("S53: pictures of the types 2 to 63 and 66 to 255 are counted as unsupported (quirk 123)", () => {
		const { pictures, depacketizer } = collect();
		for (const type of [2, 63, 66, 127, 128, 255]) {
			const restarts = type === 66 || type === 127 ? { restartInterval: 1 } : {};
			feedUnit(
				depacketizer,
				[payload({ type, ...restarts }, SCAN), payload({ type, offset: 8, ...restarts }, SCAN)],
				type,
			);
		}
		expect(pictures).toEqual([]);
		expect(depacketizer).toMatchObject({ unsupportedPictures: 6, damagedUnits: 0 });
	});

	it("S53: a Q of 1 to 99 scales the standard tables; reserved values count as the next valid one (quirk 122)", () => {
		expect(quantizationTablesOf(50).luma.subarray(0, 4)).toEqual(bytes(16, 11, 12, 14));
		expect(quantizationTablesOf(75).chroma.subarray(0, 4)).toEqual(bytes(9, 9, 9, 12));
		expect(quantizationTablesOf(1).luma.every((entry) => entry === 255)).toBe(true);
		expect(fileOf(payload({ q: 20 }, SCAN))?.tables).toEqual(quantizationTablesOf(20));
		expect(fileOf(payload({ q: 0 }, SCAN))?.tables).toEqual(quantizationTablesOf(1));
		expect(fileOf(payload({ q: 127 }, SCAN))?.tables).toEqual(quantizationTablesOf(99));
	});

	it("S53: with a Q from 128 to 254 a picture without tables reuses the last ones of that Q (quirk 122)", () => {
		const { pictures, depacketizer } = collect();
		const other = { luma: new Uint8Array(64).fill(1), chroma: new Uint8Array(64).fill(2) };
		feedUnit(depacketizer, [payload({ q: 200 }, tables(0), SCAN)], 0);
		expect(depacketizer.damagedUnits).toBe(1);
		feedUnit(depacketizer, [payload({ q: 200 }, tables(0, TABLES.luma, TABLES.chroma), SCAN)], 1);
		feedUnit(depacketizer, [payload({ q: 201 }, tables(0, other.luma, other.chroma), SCAN)], 2);
		feedUnit(depacketizer, [payload({ q: 200 }, tables(0), SCAN)], 3);
		feedUnit(depacketizer, [payload({ q: 202 }, tables(0), SCAN)], 4);
		expect(pictures.map((picture) => parseJpegFile(picture.data)?.tables)).toEqual([TABLES, other, TABLES]);
		expect(depacketizer).toMatchObject({ damagedUnits: 2, malformedPayloads: 0 });
	});

	it("S53: with Q 255 every picture needs its own tables (quirk 122)", () => {
		const { pictures, depacketizer } = collect();
		feedUnit(depacketizer, [payload({ q: 255 }, tables(0, TABLES.luma, TABLES.chroma), SCAN)], 0);
		feedUnit(depacketizer, [payload({ q: 255 }, tables(0), SCAN)], 1);
		expect(pictures).toHaveLength(1);
		expect(depacketizer.damagedUnits).toBe(1);
	});

	it("S53: takes tables of 16-bit entries, and one table for all components (quirk 122)", () => {
		const small = new Uint8Array(128).map((_, i) => (i % 2 === 0 ? 0 : 5));
		const large = new Uint8Array(128).fill(3);
		const mixed = fileOf(payload({ q: 255 }, tables(1, small, TABLES.chroma), SCAN));
		expect(mixed?.tables).toEqual({ luma: new Uint8Array(64).fill(5), chroma: TABLES.chroma });
		expect(fileOf(payload({ q: 255 }, tables(3, large, large), SCAN))?.tables).toEqual({ luma: large, chroma: large });
		const shared = fileOf(payload({ q: 255 }, tables(0, TABLES.luma), SCAN));
		expect(shared?.tables).toEqual({ luma: TABLES.luma, chroma: TABLES.luma });
	});

	it("S53: a table header that lies about its length drops the picture (quirk 122)", () => {
		const { pictures, depacketizer } = collect();
		feedUnit(depacketizer, [payload({ q: 255 }, bytes(0, 0, 0, 200), SCAN)], 0);
		feedUnit(depacketizer, [payload({ q: 255 }, tables(0, new Uint8Array(63)), SCAN)], 1);
		feedUnit(depacketizer, [payload({ q: 255 })], 2);
		expect(pictures).toEqual([]);
		expect(depacketizer).toMatchObject({ damagedUnits: 3, malformedPayloads: 3 });
	});

	it("S53: appends a missing EOI and keeps one that is there (quirk 123)", () => {
		const { pictures, depacketizer } = collect();
		feedUnit(depacketizer, [payload({}, SCAN)], 0);
		feedUnit(depacketizer, [payload({}, SCAN, bytes(0xff, 0xd9))], 1);
		expect(pictures[1]?.data).toEqual(pictures[0]?.data);
	});

	it("S53: a whole JPEG file in the payload is passed on as it is, with or without table header (quirk 123)", () => {
		const withTables = tables(0, TABLES.luma, TABLES.chroma);
		for (const first of [payload({}), payload({ q: 255 }), payload({ q: 255 }, withTables), payload({ type: 5 })]) {
			const { pictures, depacketizer } = collect();
			const rest = payload({ offset: 500 }, TINY_JPEG.subarray(500));
			feedUnit(depacketizer, [bytes(first, TINY_JPEG.subarray(0, 500)), rest], 0);
			expect(pictures[0]?.data).toEqual(TINY_JPEG);
		}
	});

	it("S53: drops and counts a picture once when fragments, its start or its marker are missing (quirk 123)", () => {
		const { pictures, depacketizer } = collect();
		const whole = [0, 3, 6].map((offset) => payload({ offset }, SCAN.subarray(offset, offset + 3)));
		const [first = SCAN, second = SCAN, third = SCAN] = whole;
		feedUnit(depacketizer, [first, third], 1);
		expect(depacketizer.damagedUnits).toBe(1);
		feedUnit(depacketizer, [second, third], 2);
		expect(depacketizer.damagedUnits).toBe(2);
		feed(depacketizer, rtp(first, 3));
		feed(depacketizer, rtp(second, 3));
		feedUnit(depacketizer, whole, 4);
		expect(depacketizer.damagedUnits).toBe(3);
		feed(depacketizer, rtp(first, 5));
		feed(depacketizer, rtp(second, 5), 1);
		feed(depacketizer, rtp(third, 5, true));
		expect(depacketizer.damagedUnits).toBe(4);
		feedUnit(depacketizer, whole, 6);
		feed(depacketizer, rtp(first, 7));
		depacketizer.flush();
		expect(depacketizer.damagedUnits).toBe(5);
		expect(pictures.map((picture) => picture.rtpTimestamp)).toEqual([4, 6]);
	});

	it("a new SSRC ends the picture of the old one and keeps the tables (quirk 95)", () => {
		const { pictures, depacketizer } = collect();
		feedUnit(depacketizer, [payload({ q: 128 }, tables(0, TABLES.luma, TABLES.chroma), SCAN)], 0);
		feed(depacketizer, rtp(payload({}, SCAN), 1));
		feed(depacketizer, rtp(payload({ offset: SCAN.length }, SCAN), 1, true, 99));
		feed(depacketizer, rtp(payload({ q: 128 }, tables(0), SCAN), 2, true, 99));
		expect(pictures.map((picture) => picture.rtpTimestamp)).toEqual([0, 2]);
		expect(depacketizer.damagedUnits).toBe(2);
	});

	it("pictures may have equal timestamps, and a packet without payload changes nothing", () => {
		const { pictures, depacketizer } = collect();
		feedUnit(depacketizer, [payload({}, SCAN)], 5);
		feed(depacketizer, rtp(bytes(), 9));
		feedUnit(depacketizer, [payload({}, SCAN)], 5);
		expect(pictures).toHaveLength(2);
		expect(depacketizer.damagedUnits).toBe(0);
	});

	it("S53: takes the size above 2040 pixels from the session description (quirk 121)", () => {
		const dimensions = { width: 2304, height: 1728 };
		expect(fileOf(payload({ width: 288 & 0xff, height: 216 }, SCAN), dimensions)).toMatchObject(dimensions);
		// 1366 is no multiple of eight: the header rounds, the description does not.
		const odd = { width: 1366, height: 2100 };
		expect(fileOf(payload({ width: 171, height: 263 & 0xff }, SCAN), odd)).toMatchObject(odd);
		expect(fileOf(payload({ width: 170, height: 262 & 0xff }, SCAN), odd)).toMatchObject(odd);
		// The description is of another stream.
		expect(fileOf(payload({ width: 80, height: 60 }, SCAN), dimensions)).toMatchObject({ width: 640, height: 480 });
		const absurd = { width: 0, height: 1e9 };
		expect(fileOf(payload({ width: 80, height: 60 }, SCAN), absurd)).toMatchObject({ width: 640, height: 480 });
	});

	it("S53: without it knows the usual sizes by what is left of them; 0 means 2048 (quirk 121)", () => {
		for (const [width, height] of [
			[2304, 1296],
			[2560, 1440],
			[2560, 1920],
			[2592, 1944],
			[3840, 2160],
			[4096, 2160],
			[2048, 1536],
			[2048, 2048],
			[1920, 1080],
			[640, 480],
			[512, 384],
		] as const) {
			const fields = { width: (width / 8) & 0xff, height: (height / 8) & 0xff };
			expect(fileOf(payload(fields, SCAN))).toMatchObject({ width, height });
		}
	});

	it("S53: a picture of more than 8 MiB is dropped, the next one is given (quirk 123)", () => {
		const { pictures, depacketizer } = collect();
		const fragment = payload({}, new Uint8Array(60_000));
		const count = Math.ceil(MAX_JPEG_BYTES / 60_000) + 2;
		for (let i = 0; i < count; i++) {
			fragment.set(payload({ offset: i * 60_000 }));
			depacketizer.push(rtp(fragment, 1, i === count - 1), 0);
		}
		feedUnit(depacketizer, [payload({}, SCAN)], 2);
		expect(pictures).toHaveLength(1);
		expect(depacketizer).toMatchObject({ overflows: 1, damagedUnits: 1 });
	});

	it("never throws and never gives a picture that lacks its ends, whatever comes", () => {
		const header = fc.tuple(
			fc.constantFrom(0, 0, 0, 3, 8),
			fc.constantFrom(0, 1, 64, 65, 2, 255),
			fc.constantFrom(0, 50, 128, 255),
			fc.uint8Array({ maxLength: 300 }),
		);
		const likely = header.map(([offset, type, q, rest]) => payload({ offset, type, q }, rest));
		const packets = fc.array(
			fc.record({
				payload: fc.oneof(fc.uint8Array({ maxLength: 40 }), likely),
				timestamp: fc.nat(3),
				marker: fc.boolean(),
				lost: fc.constantFrom(0, 0, 0, 1, -1),
			}),
			{ maxLength: 30 },
		);
		fc.assert(
			fc.property(packets, (all) => {
				const { pictures, depacketizer } = collect();
				for (const one of all) feed(depacketizer, rtp(one.payload, one.timestamp, one.marker), one.lost);
				depacketizer.flush();
				expect(pictures.length + depacketizer.damagedUnits).toBeLessThanOrEqual(2 * all.length);
				for (const { data } of pictures) {
					expect(data.subarray(0, 2)).toEqual(bytes(0xff, 0xd8));
					expect(data.subarray(-2)).toEqual(bytes(0xff, 0xd9));
				}
			}),
			{ numRuns: 300 },
		);
	});
});

describe("packetizeJpeg", () => {
	it("S53: is undone by the depacketizer: the same scan, tables and size", () => {
		const { pictures, depacketizer } = collect();
		feedUnit(depacketizer, packetizeJpeg(TINY_JPEG, 300) ?? [], 0);
		const [picture] = pictures;
		expect(parseJpegFile(picture?.data ?? bytes())).toEqual(parseJpegFile(TINY_JPEG));
		expect(parseJpegFile(TINY_JPEG)).toMatchObject({ width: 48, height: 32, sampling: "4:2:0" });
	});

	it("is undone by the depacketizer, whatever the picture and the limit", () => {
		const table = fc.oneof(
			fc.uint8Array({ minLength: 64, maxLength: 64 }),
			fc.uint8Array({ minLength: 128, maxLength: 128 }).map((entries) => bytes(1, entries.subarray(1))),
		);
		const scan = fc
			.uint8Array({ minLength: 1, maxLength: 3000 })
			.map((data) => bytes(...Array.from(data, (byte) => (byte === 0xff ? [0xff, 0] : [byte]))));
		const file = fc.record({
			// An odd number of blocks: no known size above 2040 pixels leaves one, so that none is taken for one.
			width: fc.nat(127).map((pairs) => 8 * (2 * pairs + 1)),
			height: fc.integer({ min: 1, max: 255 }).map((blocks) => blocks * 8),
			sampling: fc.constantFrom("4:2:2" as const, "4:2:0" as const),
			restartInterval: fc.nat(65_535),
			tables: fc.record({ luma: table, chroma: table }),
			scan,
		});
		fc.assert(
			fc.property(
				fc.array(file, { minLength: 1, maxLength: 3 }),
				fc.integer({ min: 273, max: 2000 }),
				(files, limit) => {
					const { pictures, depacketizer } = collect();
					const images = files.map((one) => bytes(writeJpegHeader(one), one.scan, [0xff, 0xd9]));
					for (const [i, image] of images.entries()) {
						const payloads = packetizeJpeg(image, limit) ?? [];
						for (const one of payloads) expect(one.length).toBeLessThanOrEqual(limit);
						feedUnit(depacketizer, payloads, i);
					}
					expect(pictures.map((picture) => picture.data)).toEqual(images);
					expect(depacketizer).toMatchObject({ damagedUnits: 0, malformedPayloads: 0 });
				},
			),
			{ numRuns: 100 },
		);
	});

	it("refuses files that RFC 2435 cannot carry, and limits that cannot work", () => {
		expect(packetizeJpeg(bytes(), 1200)).toBeUndefined();
		expect(packetizeJpeg(TINY_JPEG.subarray(0, 500), 1200)).toBeUndefined();
		const progressive = TINY_JPEG.map((byte, i) => (TINY_JPEG[i - 1] === 0xff && byte === 0xc0 ? 0xc2 : byte));
		expect(packetizeJpeg(progressive, 1200)).toBeUndefined();
		const optimised = TINY_JPEG.map((byte, i) => (TINY_JPEG[i - 5] === 0xff && TINY_JPEG[i - 4] === 0xc4 ? 1 : byte));
		expect(packetizeJpeg(optimised, 1200)).toBeUndefined();
		expect(() => packetizeJpeg(TINY_JPEG, 272)).toThrow(RangeError);
		expect(() => packetizeJpeg(TINY_JPEG, 65_536)).toThrow(RangeError);
	});
});

describe("parseJpegSize and parseJpegFile", () => {
	it("give the size of any JPEG file and nothing of other bytes", () => {
		expect(parseJpegSize(TINY_JPEG)).toEqual({ width: 48, height: 32 });
		expect(parseJpegSize(TINY_JPEG.map((byte) => (byte === 0xc0 ? 0xc2 : byte)))).toEqual({ width: 48, height: 32 });
		expect(parseJpegSize(bytes(1, 2, 3))).toBeUndefined();
		expect(parseJpegSize(bytes(0xff, 0xd8, 0xff, 0xc0, 0, 2))).toBeUndefined();
	});

	it("never throw, whatever is changed in a file or cut off", () => {
		const change = fc.tuple(fc.nat(TINY_JPEG.length - 1), fc.nat(255));
		fc.assert(
			fc.property(fc.array(change, { maxLength: 8 }), fc.nat(TINY_JPEG.length), (changes, end) => {
				const file = TINY_JPEG.slice(0, end);
				for (const [at, value] of changes) file[at] = value;
				parseJpegSize(file);
				parseJpegFile(file);
				packetizeJpeg(file, 400);
			}),
			{ numRuns: 500 },
		);
	});
});
