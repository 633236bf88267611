/** One picture of one camera: scene, clock, number and machine-readable code. @module */
import { frameCodeBlocks } from "../src/frame-code.ts";
import type { Colour } from "./raster.ts";
import { DESIGN_WIDTH, Raster, rgb, toYuv420p } from "./raster.ts";
import { INDOOR } from "./scenes-indoor.ts";
import type { Scene } from "./scenes-outdoor.ts";
import { OUTDOOR } from "./scenes-outdoor.ts";

/** In the order of the camera numbers; the names are in src/camera-names.ts. */
const SCENES: readonly Scene[] = [
	OUTDOOR.gate,
	OUTDOOR.parking,
	INDOOR.corridor,
	INDOOR.warehouse,
	OUTDOOR.pool,
	OUTDOOR.street,
	INDOOR.reception,
	OUTDOOR.garden,
	INDOOR.loadingDock,
	OUTDOOR.playground,
	INDOOR.shop,
	INDOOR.staircase,
	OUTDOOR.rooftop,
	INDOOR.workshop,
	INDOOR.serverRoom,
	OUTDOOR.harbour,
];

/** How many different cameras can be drawn. */
export const SCENE_COUNT = SCENES.length;

/** The clock's hand and every movement take about this long, whatever the length of the loop. */
const TURN_SECONDS = 4;

const BLACK = rgb("#000000");
const WHITE = rgb("#ffffff");
const PANEL = rgb("#10141c");
const HAND = rgb("#ff5436");

/** Digits of 3 x 5 squares, one row after the other. */
const DIGITS = [
	"111101101101111",
	"010110010010111",
	"111001111100111",
	"111001111001111",
	"101101111001001",
	"111100111001111",
	"111100111101111",
	"111001010010010",
	"111101111101111",
	"111101111001111",
];
const DIGIT_SQUARE = 20;

export interface PictureOptions {
	/** 1 to {@link SCENE_COUNT}. */
	readonly camera: number;
	readonly width: number;
	readonly height: number;
	readonly framesPerSecond: number;
	/** Length of the loop. */
	readonly frames: number;
	/** Greatest change of luma by standing texture and by noise that changes with every picture. */
	readonly texture: number;
	readonly noise: number;
}

/** Draws the pictures of one loop in order, as yuv420p. Always the same bytes for the same options. */
export function* drawPictures(options: PictureOptions): Generator<Uint8Array, void, undefined> {
	const scene = SCENES[options.camera - 1];
	if (!scene) throw new RangeError(`There is no scene for camera ${options.camera}: use 1-${SCENE_COUNT}.`);
	const background = new Raster(options.width, options.height);
	scene.background(background);
	const texture = makeNoise(options.width * options.height, options.camera, options.texture);
	const noise = makeNoise(options.width * options.height, options.camera + 1000, options.noise);
	const turns = Math.max(1, Math.round(options.frames / options.framesPerSecond / TURN_SECONDS));
	const raster = new Raster(options.width, options.height);
	const codeHeight = Math.round(options.width / 20);
	for (let frame = 0; frame < options.frames; frame++) {
		const phase = ((frame * turns) / options.frames) % 1;
		raster.copyFrom(background);
		scene.moving(raster, phase);
		drawClock(raster, phase);
		drawNumber(raster, options.camera);
		drawCode(raster, options.camera, frame);
		const shift = (frame * 7919) % noise.length;
		yield toYuv420p(raster, (x, y) => {
			if (y < codeHeight) return 0;
			const at = y * options.width + x;
			return (texture[at] ?? 0) + (noise[(at + shift) % noise.length] ?? 0);
		});
	}
}

function drawCode(raster: Raster, camera: number, frame: number): void {
	const size = DESIGN_WIDTH / 20;
	for (const [index, white] of frameCodeBlocks({ camera, counter: frame }).entries())
		raster.rectangle(index * size, 0, size, size, white ? WHITE : BLACK);
}

function drawClock(raster: Raster, phase: number): void {
	const [x, y, radius] = [1184, 166, 74];
	raster.circle(x, y, radius, PANEL, 0.85);
	raster.circle(x, y, radius - 8, WHITE, 0.95);
	for (let hour = 0; hour < 12; hour++) {
		const [dx, dy] = direction(hour / 12);
		raster.line([x + dx * 50, y + dy * 50], [x + dx * 60, y + dy * 60], hour % 3 === 0 ? 8 : 4, PANEL);
	}
	const [dx, dy] = direction(phase);
	raster.line([x - dx * 14, y - dy * 14], [x + dx * 56, y + dy * 56], 9, HAND);
	raster.circle(x, y, 9, PANEL);
}

/** The unit vector of a clock's hand; `turn` 0 points up, 0.25 to the right. */
function direction(turn: number): readonly [number, number] {
	return [Math.sin(turn * 2 * Math.PI), -Math.cos(turn * 2 * Math.PI)];
}

function drawNumber(raster: Raster, camera: number): void {
	const text = String(camera);
	const width = text.length * 4 * DIGIT_SQUARE - DIGIT_SQUARE;
	raster.rectangle(32, 556, width + 48, 5 * DIGIT_SQUARE + 36, PANEL, 0.82);
	for (const [index, character] of text.split("").entries())
		drawDigit(raster, 56 + index * 4 * DIGIT_SQUARE, 574, Number(character), WHITE);
}

function drawDigit(raster: Raster, x: number, y: number, digit: number, colour: Colour): void {
	for (const [index, square] of (DIGITS[digit] ?? "").split("").entries()) {
		if (square !== "1") continue;
		const column = index % 3;
		const row = Math.floor(index / 3);
		raster.rectangle(x + column * DIGIT_SQUARE, y + row * DIGIT_SQUARE, DIGIT_SQUARE, DIGIT_SQUARE, colour);
	}
}

/** Even noise between -amplitude and +amplitude: a linear congruential generator, so that every run draws the same. */
function makeNoise(length: number, seed: number, amplitude: number): Float32Array {
	const noise = new Float32Array(length);
	let state = (seed * 2654435761) >>> 0;
	for (let index = 0; index < length; index++) {
		state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
		noise[index] = (state / 0xffffffff) * 2 * amplitude - amplitude;
	}
	return noise;
}
