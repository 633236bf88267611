import { expect, test } from "vitest";
import { FakeClock } from "../testing/fake-clock.ts";
import { DIGITS_TOGETHER_MS, DigitJump, neighbour } from "./focus.ts";
import { layOut } from "./layout.ts";

const grid = layOut({ width: 1600, height: 900, gap: 2, aspects: Array.from({ length: 16 }, () => 16 / 9) }).tiles;

test("arrows move by one tile and by one row of a grid", () => {
	expect(neighbour(grid, 5, "left")).toBe(4);
	expect(neighbour(grid, 5, "right")).toBe(6);
	expect(neighbour(grid, 5, "up")).toBe(1);
	expect(neighbour(grid, 5, "down")).toBe(9);
});

test("sideways goes on in the next row, so that every tile is reached", () => {
	expect(neighbour(grid, 3, "right")).toBe(4);
	expect(neighbour(grid, 4, "left")).toBe(3);
});

test("at the edge the focus stays", () => {
	expect(neighbour(grid, 0, "left")).toBe(0);
	expect(neighbour(grid, 2, "up")).toBe(2);
	expect(neighbour(grid, 14, "down")).toBe(14);
	expect(neighbour(grid, 15, "right")).toBe(15);
	expect(neighbour([], 0, "right")).toBe(-1);
});

test("between rows of different lengths the nearest tile is taken", () => {
	const rows = layOut({ width: 1920, height: 1080, gap: 0, aspects: Array.from({ length: 5 }, () => 16 / 9) }).tiles;
	const first = rows.filter((tile) => Math.abs(tile.y - (rows[0]?.y ?? 0)) < 1).length;
	expect(neighbour(rows, 0, "down")).toBe(first);
	expect(neighbour(rows, 4, "up")).toBe(first - 1);
});

test("digits jump at once, and two of them together reach the later cameras", () => {
	const clock = new FakeClock();
	const jump = new DigitJump(clock);
	expect(jump.type("1", 16)).toBe(0);
	clock.advance(DIGITS_TOGETHER_MS);
	expect(jump.type("2", 16)).toBe(11);
	clock.advance(DIGITS_TOGETHER_MS + 1);
	expect(jump.type("2", 16)).toBe(1);
	expect(jump.type("9", 16)).toBe(8);
	expect(jump.type("0", 16)).toBeUndefined();
});
