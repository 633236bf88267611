/**
 * Where the tiles go: all of them, without scrolling, with the largest total area of picture.
 *
 * Two families of layouts are compared. In an equal grid all tiles have one size; in justified rows each tile has the
 * shape of its picture and the rows are as wide as the wall. Equal pictures that fill their grid win as a grid;
 * portrait cameras among others, or five cameras on a wide screen, win as rows.
 * @module
 */

export interface Rect {
	readonly x: number;
	readonly y: number;
	readonly width: number;
	readonly height: number;
}

export interface LayoutInput {
	/** The wall in CSS pixels. */
	readonly width: number;
	readonly height: number;
	/** Between two tiles, in CSS pixels. */
	readonly gap: number;
	/** Width divided by height of each picture, in the order of the tiles. */
	readonly aspects: readonly number[];
}

export interface Layout {
	readonly kind: "grid" | "rows";
	/** One per tile, in CSS pixels, fractional. */
	readonly tiles: readonly Rect[];
	/** What the pictures cover, in square CSS pixels. */
	readonly pictureArea: number;
}

/** Pictures beyond these shapes are laid out as if they had them; within their tile they keep their own. */
const NARROWEST = 1 / 3;
const WIDEST = 4;
/** Tiles of one size are easier on the eye: rows of different ones must show this much more picture. */
export const ROWS_MUST_WIN_BY = 1.08;

/** The layout with the largest total area of picture, but for a small preference of equal tiles. */
export function layOut(input: LayoutInput): Layout {
	const aspects = input.aspects.map((aspect) => Math.min(WIDEST, Math.max(NARROWEST, aspect)));
	if (aspects.length === 0 || input.width <= 0 || input.height <= 0) {
		return { kind: "grid", tiles: aspects.map(() => ({ x: 0, y: 0, width: 0, height: 0 })), pictureArea: 0 };
	}
	const grid = bestGrid({ ...input, aspects });
	const rows = bestRows({ ...input, aspects });
	return rows && rows.pictureArea > grid.pictureArea * ROWS_MUST_WIN_BY ? rows : grid;
}

/** What a picture covers in a tile that it fits into. */
function pictureArea(aspect: number, width: number, height: number): number {
	return width / height > aspect ? height * height * aspect : (width * width) / aspect;
}

function bestGrid({ width, height, gap, aspects }: LayoutInput): Layout {
	const widest = Math.max(...aspects);
	const narrowest = Math.min(...aspects);
	let best: { columns: number; cellWidth: number; cellHeight: number; area: number } | undefined;
	for (let columns = 1; columns <= aspects.length; columns++) {
		const rows = Math.ceil(aspects.length / columns);
		const roomX = Math.max(0, (width - gap * (columns - 1)) / columns);
		const roomY = Math.max(0, (height - gap * (rows - 1)) / rows);
		// A cell is no larger than the pictures need: what is left over surrounds the wall, not each tile.
		const cellWidth = Math.min(roomX, roomY * widest);
		const cellHeight = Math.min(roomY, roomX / narrowest);
		let area = 0;
		if (cellWidth > 0 && cellHeight > 0) {
			for (const aspect of aspects) area += pictureArea(aspect, cellWidth, cellHeight);
		}
		if (!best || area > best.area) best = { columns, cellWidth, cellHeight, area };
	}
	const { columns, cellWidth, cellHeight, area } = best as NonNullable<typeof best>;
	const rows = Math.ceil(aspects.length / columns);
	const top = (height - rows * cellHeight - (rows - 1) * gap) / 2;
	const tiles = aspects.map((_, index) => {
		const row = Math.floor(index / columns);
		const inRow = Math.min(columns, aspects.length - row * columns);
		const left = (width - inRow * cellWidth - (inRow - 1) * gap) / 2;
		return {
			x: left + (index - row * columns) * (cellWidth + gap),
			y: top + row * (cellHeight + gap),
			width: cellWidth,
			height: cellHeight,
		};
	});
	return { kind: "grid", tiles, pictureArea: area };
}

function bestRows(input: LayoutInput): Layout | undefined {
	let best: Layout | undefined;
	for (const ends of partitions(input.aspects)) {
		const layout = justify(input, ends);
		if (layout && (!best || layout.pictureArea > best.pictureArea)) best = layout;
	}
	return best;
}

/** Gives each row the wall's width, then makes all rows smaller by one factor where they are too high together. */
function justify({ width, height, gap, aspects }: LayoutInput, ends: readonly number[]): Layout | undefined {
	const heights: number[] = [];
	let start = 0;
	for (const end of ends) {
		let sum = 0;
		for (let index = start; index < end; index++) sum += aspects[index] ?? 1;
		heights.push((width - gap * (end - start - 1)) / sum);
		start = end;
	}
	const roomY = height - gap * (ends.length - 1);
	if (roomY <= 0 || heights.some((rowHeight) => rowHeight <= 0)) return undefined;
	const totalHeight = heights.reduce((total, rowHeight) => total + rowHeight, 0);
	const scale = Math.min(1, roomY / totalHeight);
	let y = (height - totalHeight * scale - gap * (ends.length - 1)) / 2;
	let area = 0;
	const tiles: Rect[] = [];
	start = 0;
	ends.forEach((end, row) => {
		const rowHeight = (heights[row] ?? 0) * scale;
		const rowWidth = (width - gap * (end - start - 1)) * scale + gap * (end - start - 1);
		let x = (width - rowWidth) / 2;
		for (let index = start; index < end; index++) {
			const tileWidth = rowHeight * (aspects[index] ?? 1);
			tiles.push({ x, y, width: tileWidth, height: rowHeight });
			area += tileWidth * rowHeight;
			x += tileWidth + gap;
		}
		y += rowHeight + gap;
		start = end;
	});
	return { kind: "rows", tiles, pictureArea: area };
}

/**
 * For each number of rows, the split in order whose rows are most alike in width: the least sum of squares, by
 * dynamic programming over (rows, tiles). Answers the index after the last tile of each row.
 */
function partitions(aspects: readonly number[]): number[][] {
	const count = aspects.length;
	const sums = [0];
	for (const aspect of aspects) sums.push((sums[sums.length - 1] ?? 0) + aspect);
	const between = (from: number, to: number) => (sums[to] ?? 0) - (sums[from] ?? 0);
	let costs = sums.map((_, end) => (end === 0 ? Infinity : between(0, end) ** 2));
	const cuts: number[][] = [];
	const result: number[][] = [[count]];
	for (let rows = 2; rows <= count; rows++) {
		const next = costs.map(() => Infinity);
		const cut = costs.map(() => 0);
		for (let end = rows; end <= count; end++) {
			for (let start = rows - 1; start < end; start++) {
				const cost = (costs[start] ?? Infinity) + between(start, end) ** 2;
				if (cost < (next[end] ?? Infinity)) {
					next[end] = cost;
					cut[end] = start;
				}
			}
		}
		costs = next;
		cuts.push(cut);
		const ends = [count];
		for (let row = cuts.length - 1; row >= 0; row--) ends.unshift(cuts[row]?.[ends[0] ?? 0] ?? 0);
		result.push(ends);
	}
	return result;
}
