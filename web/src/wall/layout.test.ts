import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { layOut, ROWS_MUST_WIN_BY } from "./layout.ts";

const WIDE = 16 / 9;
const TOLERANCE_PX = 1e-6;

const wall = fc.record({
	width: fc.integer({ min: 200, max: 4000 }),
	height: fc.integer({ min: 200, max: 4000 }),
	gap: fc.integer({ min: 0, max: 6 }),
	aspects: fc.array(fc.constantFrom(WIDE, 4 / 3, 1, 9 / 16, 32 / 9), { minLength: 1, maxLength: 64 }),
});

describe("any wall of 1-64 cameras", () => {
	test("never overflows and never overlaps", () => {
		fc.assert(
			fc.property(wall, (input) => {
				const { tiles } = layOut(input);
				expect(tiles).toHaveLength(input.aspects.length);
				for (const [index, tile] of tiles.entries()) {
					expect(tile.width).toBeGreaterThan(0);
					expect(tile.height).toBeGreaterThan(0);
					expect(tile.x).toBeGreaterThanOrEqual(-TOLERANCE_PX);
					expect(tile.y).toBeGreaterThanOrEqual(-TOLERANCE_PX);
					expect(tile.x + tile.width).toBeLessThanOrEqual(input.width + TOLERANCE_PX);
					expect(tile.y + tile.height).toBeLessThanOrEqual(input.height + TOLERANCE_PX);
					const next = tiles[index + 1];
					const beside = next && next.x >= tile.x + tile.width + input.gap - TOLERANCE_PX;
					const below = next && next.y >= tile.y + tile.height + input.gap - TOLERANCE_PX;
					expect(next === undefined || beside || below).toBe(true);
				}
			}),
			{ numRuns: 200 },
		);
	});

	test("all tiles are equal, or have their picture's shape in rows of one height", () => {
		fc.assert(
			fc.property(wall, (input) => {
				const { kind, tiles } = layOut(input);
				tiles.forEach((tile, index) => {
					if (kind === "grid") {
						expect(tile.width).toBeCloseTo(tiles[0]?.width ?? 0, 6);
						expect(tile.height).toBeCloseTo(tiles[0]?.height ?? 0, 6);
					} else {
						expect(tile.width / tile.height).toBeCloseTo(input.aspects[index] ?? 0, 6);
					}
				});
			}),
			{ numRuns: 200 },
		);
	});

	test("a larger wall never shows less picture", () => {
		fc.assert(
			fc.property(wall, fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 500 }), (input, wider, higher) => {
				const larger = { ...input, width: input.width + wider, height: input.height + higher };
				// But for the step from rows to an equal grid, which is preferred by a margin.
				expect(layOut(larger).pictureArea * ROWS_MUST_WIN_BY).toBeGreaterThanOrEqual(
					layOut(input).pictureArea - TOLERANCE_PX,
				);
			}),
			{ numRuns: 200 },
		);
	});
});

describe("known walls", () => {
	const equal = (count: number) => Array.from({ length: count }, () => WIDE);

	test.each([
		[1, 1],
		[4, 2],
		[9, 3],
		[16, 4],
		[25, 5],
		[36, 6],
		[64, 8],
	])("%i cameras on a wide screen are a full square grid of %i columns", (count, columns) => {
		const { kind, tiles } = layOut({ width: 1920, height: 1080, gap: 0, aspects: equal(count) });
		expect(kind).toBe("grid");
		expect(tiles[0]?.width).toBeCloseTo(1920 / columns, 6);
		expect(tiles[0]?.height).toBeCloseTo(1080 / columns, 6);
	});

	test("sixteen cameras on an upright phone are two columns", () => {
		const { tiles } = layOut({ width: 390, height: 844, gap: 2, aspects: equal(16) });
		expect(new Set(tiles.map((tile) => Math.round(tile.x))).size).toBe(2);
	});

	test("five cameras leave no empty place: two above three", () => {
		const { kind, tiles, pictureArea } = layOut({ width: 1920, height: 1080, gap: 0, aspects: equal(5) });
		expect(kind).toBe("rows");
		expect(new Set(tiles.map((tile) => Math.round(tile.y))).size).toBe(2);
		expect(pictureArea / (1920 * 1080)).toBeGreaterThan(0.8);
	});

	test("an upright camera takes the room of an upright camera", () => {
		const { kind, tiles } = layOut({ width: 1920, height: 1080, gap: 0, aspects: [WIDE, 9 / 16] });
		expect(kind).toBe("rows");
		expect((tiles[1]?.width ?? 0) / (tiles[1]?.height ?? 1)).toBeCloseTo(9 / 16, 6);
	});

	test("no cameras and no room are no error", () => {
		expect(layOut({ width: 1920, height: 1080, gap: 2, aspects: [] }).tiles).toEqual([]);
		expect(layOut({ width: 0, height: 0, gap: 2, aspects: [WIDE] }).tiles).toHaveLength(1);
	});
});
