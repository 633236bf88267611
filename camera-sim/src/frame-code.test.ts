import { readFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DEFAULT_CLIPS_DIRECTORY } from "./camera-sim.ts";
import { CLIP_INDEX_FILE, parseClipIndex } from "./clip-index.ts";
import { frameCodeBlocks, readFrameCode } from "./frame-code.ts";
import { readAll, run } from "./testing/ffmpeg.ts";

const codes = fc.record({ camera: fc.integer({ min: 1, max: 127 }), counter: fc.integer({ min: 0, max: 255 }) });

function draw(blocks: readonly boolean[], width: number, channels: 1 | 3 | 4): Uint8Array {
	const height = Math.ceil((width * 9) / 16);
	const pixels = new Uint8Array(width * height * channels).fill(90);
	for (let y = 0; y < width / 20; y++)
		for (let x = 0; x < width; x++) {
			const white = blocks[Math.floor((x * 20) / width)] === true;
			pixels.fill(white ? 235 : 16, (y * width + x) * channels, (y * width + x + 1) * channels);
		}
	return pixels;
}

describe("the frame code", () => {
	it("reads what was drawn, at any size and pixel format", () => {
		fc.assert(
			fc.property(codes, fc.integer({ min: 80, max: 400 }), fc.constantFrom(1, 3, 4), (code, width, channels) => {
				const pixels = draw(frameCodeBlocks(code), width, channels);
				expect(readFrameCode(pixels, width, Math.ceil((width * 9) / 16), channels)).toEqual(code);
			}),
		);
	});

	it("refuses a code whose checksum is wrong", () => {
		const blocks = frameCodeBlocks({ camera: 5, counter: 9 }).map((bit, index) => (index === 19 ? !bit : bit));
		expect(readFrameCode(draw(blocks, 320, 1), 320, 180, 1)).toBeUndefined();
	});

	it("sees nothing in a grey picture, in noise and in a picture that is too small", () => {
		expect(readFrameCode(new Uint8Array(320 * 180).fill(128), 320, 180, 1)).toBeUndefined();
		expect(readFrameCode(new Uint8Array(320 * 180), 320, 180, 1)).toBeUndefined();
		expect(readFrameCode(new Uint8Array(20 * 10).fill(235), 20, 10, 1)).toBeUndefined();
		expect(readFrameCode(new Uint8Array(10), 320, 180, 4)).toBeUndefined();
	});

	it("says which numbers fit", () => {
		expect(() => frameCodeBlocks({ camera: 128, counter: 0 })).toThrow("1-127");
		expect(() => frameCodeBlocks({ camera: 1, counter: 256 })).toThrow("0-255");
	});
});

describe("the clips of the repository", async () => {
	const index = parseClipIndex(await readFile(join(DEFAULT_CLIPS_DIRECTORY, CLIP_INDEX_FILE), "utf8"));

	it("are sixteen cameras with a main and a sub stream", () => {
		expect(index).toHaveLength(32);
		expect(new Set(index.map((entry) => entry.camera)).size).toBe(16);
	});

	it.each(index)("$file carries its code in every picture, at full size and at 160x90", async (entry) => {
		const file = join(DEFAULT_CLIPS_DIRECTORY, entry.file);
		const expected = Array.from({ length: entry.frames }, (_, counter) => ({ camera: entry.camera, counter }));
		const strip = entry.width / 20;
		const full = await run(
			"ffmpeg",
			[
				["-v", "error", "-i", file, "-vf", `crop=${entry.width}:${strip}:0:0`, "-pix_fmt", "gray"],
				["-f", "rawvideo", "-"],
			].flat(),
		);
		expect(readAll(full, entry.width, strip, 1)).toEqual(expected);
		const small = await run(
			"ffmpeg",
			[["-v", "error", "-i", file, "-vf", "scale=160:90", "-pix_fmt", "rgba", "-f", "rawvideo", "-"]].flat(),
		);
		expect(readAll(small, 160, 90, 4)).toEqual(expected);
	});
});
