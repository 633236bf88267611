/** A small painter: anti-aliased polygons on an RGB raster, and the way to the encoder's yuv420p. @module */

export type Colour = readonly [red: number, green: number, blue: number];
export type Point = readonly [x: number, y: number];
/** One colour, or two blended from the shape's top to its bottom. */
export type Paint = Colour | { readonly from: Colour; readonly to: Colour };

/** All scenes are drawn for this size and scaled to the clip's. */
export const DESIGN_WIDTH = 1280;
export const DESIGN_HEIGHT = 720;

/** Sub-scanlines per row: four are enough for edges that H.264 blurs anyway. */
const SUBSCANLINES = 4;
const CIRCLE_CORNERS = 64;

/** `#rrggbb` as numbers. */
export function rgb(hex: string): Colour {
	const value = Number.parseInt(hex.slice(1), 16);
	return [value >> 16, (value >> 8) & 255, value & 255];
}

export function mix(a: Colour, b: Colour, part: number): Colour {
	return [a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part, a[2] + (b[2] - a[2]) * part];
}

export class Raster {
	readonly width: number;
	readonly height: number;
	/** Three bytes per pixel, rows from the top. */
	readonly pixels: Uint8ClampedArray;
	readonly #scale: number;
	readonly #coverage: Float32Array;

	constructor(width: number, height: number) {
		this.width = width;
		this.height = height;
		this.pixels = new Uint8ClampedArray(width * height * 3);
		this.#scale = width / DESIGN_WIDTH;
		this.#coverage = new Float32Array(width + 2);
	}

	/** Takes over the picture of a raster of the same size. */
	copyFrom(other: Raster): void {
		this.pixels.set(other.pixels);
	}

	/** Fills a polygon, given in design coordinates, by the even-odd rule. */
	polygon(points: readonly Point[], paint: Paint, opacity = 1): void {
		const scaled = points.map(([x, y]): Point => [x * this.#scale, y * this.#scale]);
		const xs = scaled.map((point) => point[0]);
		const ys = scaled.map((point) => point[1]);
		const left = Math.max(0, Math.floor(Math.min(...xs)));
		const right = Math.min(this.width, Math.ceil(Math.max(...xs)));
		const top = Math.min(...ys);
		const bottom = Math.max(...ys);
		const lastRow = Math.min(this.height - 1, Math.floor(bottom));
		for (let y = Math.max(0, Math.floor(top)); y <= lastRow; y++) {
			this.#coverage.fill(0, left, right);
			for (let sub = 0; sub < SUBSCANLINES; sub++) this.#addSubscanline(scaled, y + (sub + 0.5) / SUBSCANLINES);
			const colour =
				"from" in paint ? mix(paint.from, paint.to, Math.min(1, Math.max(0, (y - top) / (bottom - top || 1)))) : paint;
			this.#blendRow(y, left, right, colour, opacity);
		}
	}

	rectangle(x: number, y: number, width: number, height: number, paint: Paint, opacity = 1): void {
		this.polygon(
			[
				[x, y],
				[x + width, y],
				[x + width, y + height],
				[x, y + height],
			],
			paint,
			opacity,
		);
	}

	ellipse(x: number, y: number, radiusX: number, radiusY: number, paint: Paint, opacity = 1): void {
		const points = Array.from({ length: CIRCLE_CORNERS }, (_, index): Point => {
			const angle = (index / CIRCLE_CORNERS) * 2 * Math.PI;
			return [x + Math.cos(angle) * radiusX, y + Math.sin(angle) * radiusY];
		});
		this.polygon(points, paint, opacity);
	}

	circle(x: number, y: number, radius: number, paint: Paint, opacity = 1): void {
		this.ellipse(x, y, radius, radius, paint, opacity);
	}

	/** A straight stroke with flat ends. */
	line(from: Point, to: Point, width: number, paint: Paint, opacity = 1): void {
		const length = Math.hypot(to[0] - from[0], to[1] - from[1]) || 1;
		const dx = ((to[1] - from[1]) / length) * (width / 2);
		const dy = (-(to[0] - from[0]) / length) * (width / 2);
		this.polygon(
			[
				[from[0] + dx, from[1] + dy],
				[to[0] + dx, to[1] + dy],
				[to[0] - dx, to[1] - dy],
				[from[0] - dx, from[1] - dy],
			],
			paint,
			opacity,
		);
	}

	#addSubscanline(points: readonly Point[], y: number): void {
		const crossings: number[] = [];
		for (let index = 0; index < points.length; index++) {
			const a = points[index] ?? [0, 0];
			const b = points[(index + 1) % points.length] ?? [0, 0];
			if (a[1] <= y !== b[1] <= y) crossings.push(a[0] + ((y - a[1]) / (b[1] - a[1])) * (b[0] - a[0]));
		}
		crossings.sort((a, b) => a - b);
		for (let index = 0; index + 1 < crossings.length; index += 2)
			this.#addSpan(crossings[index] ?? 0, crossings[index + 1] ?? 0);
	}

	#addSpan(from: number, to: number): void {
		const left = Math.max(0, from);
		const right = Math.min(this.width, to);
		for (let x = Math.floor(left); x < right; x++) {
			const covered = Math.min(x + 1, right) - Math.max(x, left);
			this.#coverage[x] = (this.#coverage[x] ?? 0) + covered / SUBSCANLINES;
		}
	}

	#blendRow(y: number, left: number, right: number, colour: Colour, opacity: number): void {
		for (let x = left; x < right; x++) {
			const part = (this.#coverage[x] ?? 0) * opacity;
			if (part <= 0) continue;
			const at = (y * this.width + x) * 3;
			for (let channel = 0; channel < 3; channel++) {
				const old = this.pixels[at + channel] ?? 0;
				this.pixels[at + channel] = old + ((colour[channel] ?? 0) - old) * Math.min(1, part);
			}
		}
	}
}

/**
 * The raster as planar yuv420p, ITU-R BT.709, limited range.
 * @param grain Added to the luma of each pixel: the texture that real sensors have.
 */
export function toYuv420p(raster: Raster, grain: (x: number, y: number) => number): Uint8Array {
	const { width, height, pixels } = raster;
	const out = new Uint8Array((width * height * 3) / 2);
	const uAt = width * height;
	const vAt = uAt + (width * height) / 4;
	for (let y = 0; y < height; y++) {
		for (let x = 0; x < width; x++) {
			const at = (y * width + x) * 3;
			const red = pixels[at] ?? 0;
			const green = pixels[at + 1] ?? 0;
			const blue = pixels[at + 2] ?? 0;
			const luma = 16 + 0.1826 * red + 0.6142 * green + 0.062 * blue + grain(x, y);
			out[y * width + x] = Math.max(16, Math.min(235, Math.round(luma)));
			if (y % 2 !== 0 || x % 2 !== 0) continue;
			const chroma = (y / 2) * (width / 2) + x / 2;
			out[uAt + chroma] = Math.round(128 - 0.1006 * red - 0.3386 * green + 0.4392 * blue);
			out[vAt + chroma] = Math.round(128 + 0.4392 * red - 0.3989 * green - 0.0403 * blue);
		}
	}
	return out;
}
