/** What moves or stands about in several scenes. @module */
import type { Colour, Paint, Point, Raster } from "./raster.ts";
import { mix, rgb } from "./raster.ts";

const DARK = rgb("#1c2230");
const GLASS = rgb("#bfe3f2");
const WHEEL_HUB = rgb("#c9ced6");

/** A walking person; `step`, in turns, swings the legs. */
export function person(raster: Raster, x: number, footY: number, height: number, colour: Colour, step: number): void {
	const swing = Math.sin(step * 2 * Math.PI) * height * 0.16;
	const hip: Point = [x, footY - height * 0.45];
	raster.ellipse(x, footY, height * 0.2, height * 0.035, DARK, 0.25);
	raster.line(hip, [x + swing, footY], height * 0.1, mix(colour, DARK, 0.65));
	raster.line(hip, [x - swing, footY], height * 0.1, mix(colour, DARK, 0.5));
	raster.polygon(
		[
			[x - height * 0.13, footY - height * 0.8],
			[x + height * 0.13, footY - height * 0.8],
			[x + height * 0.1, footY - height * 0.4],
			[x - height * 0.1, footY - height * 0.4],
		],
		colour,
	);
	raster.line(
		[x, footY - height * 0.76],
		[x - swing * 0.9, footY - height * 0.48],
		height * 0.06,
		mix(colour, DARK, 0.25),
	);
	raster.circle(x, footY - height * 0.9, height * 0.095, rgb("#e8b48f"));
}

/** A car seen from the side that drives to the right; `x` is its middle, `groundY` where its wheels stand. */
export function car(raster: Raster, x: number, groundY: number, length: number, colour: Colour): void {
	const unit = length / 100;
	const at = (dx: number, dy: number): Point => [x + dx * unit, groundY - dy * unit];
	raster.ellipse(x, groundY, 52 * unit, 4 * unit, DARK, 0.35);
	raster.polygon([at(-30, 24), at(-20, 40), at(16, 40), at(30, 24)], mix(colour, DARK, 0.15));
	raster.polygon([at(-25, 25), at(-18, 37), at(-3, 37), at(-3, 25)], GLASS);
	raster.polygon([at(0, 25), at(0, 37), at(14, 37), at(24, 25)], GLASS);
	raster.polygon([at(-50, 9), at(-49, 22), at(-34, 25), at(32, 25), at(49, 20), at(50, 9)], {
		from: colour,
		to: mix(colour, DARK, 0.3),
	});
	raster.polygon([at(46, 15), at(46, 20), at(50, 19), at(50, 15)], rgb("#fff3b8"));
	for (const wheel of [-29, 29]) {
		raster.circle(x + wheel * unit, groundY - 8 * unit, 9 * unit, DARK);
		raster.circle(x + wheel * unit, groundY - 8 * unit, 4 * unit, WHEEL_HUB);
	}
}

export function tree(raster: Raster, x: number, footY: number, height: number, leaves: Colour): void {
	raster.rectangle(x - height * 0.04, footY - height * 0.45, height * 0.08, height * 0.45, rgb("#6b4a35"));
	raster.circle(x - height * 0.14, footY - height * 0.5, height * 0.2, mix(leaves, DARK, 0.25));
	raster.circle(x + height * 0.15, footY - height * 0.55, height * 0.2, mix(leaves, DARK, 0.12));
	raster.circle(x, footY - height * 0.74, height * 0.25, leaves);
}

export function cloud(raster: Raster, x: number, y: number, size: number, opacity = 0.9): void {
	const white = rgb("#f7fafc");
	raster.ellipse(x, y, size, size * 0.28, white, opacity);
	raster.circle(x - size * 0.35, y - size * 0.16, size * 0.3, white, opacity);
	raster.circle(x + size * 0.2, y - size * 0.24, size * 0.38, white, opacity);
}

/** A carton seen from the front, with its tape. */
export function carton(raster: Raster, x: number, y: number, size: number): void {
	raster.rectangle(x, y, size, size, { from: rgb("#d3a063"), to: rgb("#b07f45") });
	raster.rectangle(x + size * 0.42, y, size * 0.16, size, rgb("#e7c48f"), 0.8);
	raster.rectangle(x + size * 0.08, y + size * 0.7, size * 0.24, size * 0.16, rgb("#f4ead8"));
}

/** A grid of equal windows. */
export function windows(
	raster: Raster,
	area: { x: number; y: number; columns: number; rows: number; stepX: number; stepY: number },
	size: { width: number; height: number },
	paint: (column: number, row: number) => Paint,
): void {
	for (let row = 0; row < area.rows; row++) {
		for (let column = 0; column < area.columns; column++) {
			const x = area.x + column * area.stepX;
			raster.rectangle(x, area.y + row * area.stepY, size.width, size.height, paint(column, row));
		}
	}
}

/** A wave that begins and ends at the same value over one turn. */
export function sway(phase: number, turns = 1): number {
	return Math.sin(phase * turns * 2 * Math.PI);
}

/** A way there and back again over one turn: 0 to 1 to 0. */
export function pendulum(phase: number): number {
	return (1 - Math.cos(phase * 2 * Math.PI)) / 2;
}
