/** Which tile the keyboard goes to. Pure: places and keys come in, an index goes out. @module */
import type { Clock } from "../clock.ts";
import type { Rect } from "./layout.ts";

export type Direction = "left" | "right" | "up" | "down";

/** Digits typed within this time of each other are one number, in milliseconds. */
export const DIGITS_TOGETHER_MS = 800;

/**
 * The tile next to `from` in a direction: sideways in reading order, so that every tile is reached; up and down to
 * the nearest row, there to the tile whose middle is nearest. Stays where nothing is.
 */
export function neighbour(tiles: readonly Rect[], from: number, direction: Direction): number {
	const here = tiles[from];
	if (!here) return tiles.length > 0 ? 0 : -1;
	if (direction === "left") return Math.max(0, from - 1);
	if (direction === "right") return Math.min(tiles.length - 1, from + 1);
	let best = from;
	let bestCost = Infinity;
	for (const [index, tile] of tiles.entries()) {
		const rows = (middleY(tile) - middleY(here)) * (direction === "down" ? 1 : -1);
		if (rows <= here.height / 4) continue;
		// The nearest row first, whatever its tiles' places are: no wall is wider than this factor allows.
		const cost = rows * 1e5 + Math.abs(middleX(tile) - middleX(here));
		if (cost < bestCost) {
			bestCost = cost;
			best = index;
		}
	}
	return best;
}

const middleX = (rect: Rect): number => rect.x + rect.width / 2;
const middleY = (rect: Rect): number => rect.y + rect.height / 2;

/** Camera numbers from single digits: `1` goes to camera 1 at once, `1` `2` on to camera 12 where there is one. */
export class DigitJump {
	#typed = "";
	#lastMs = 0;
	readonly #clock: Pick<Clock, "nowMs">;

	constructor(clock: Pick<Clock, "nowMs">) {
		this.#clock = clock;
	}

	/** The index of the tile to go to, or `undefined` where no camera has the number. */
	type(digit: string, count: number): number | undefined {
		const nowMs = this.#clock.nowMs();
		const together = nowMs - this.#lastMs <= DIGITS_TOGETHER_MS ? this.#typed + digit : digit;
		this.#lastMs = nowMs;
		this.#typed = Number(together) >= 1 && Number(together) <= count ? together : digit;
		const number = Number(this.#typed);
		return number >= 1 && number <= count ? number - 1 : undefined;
	}
}
