/**
 * The machine-readable code along the top edge of every simulated picture: twenty black or white blocks over the full
 * width, each as high as it is wide. Two sync blocks (white, black), seven bits camera number, eight bits frame
 * counter, three bits checksum; most significant bit first. No imports, so that a browser test can use it as it is.
 * @module
 */

/** What one picture says about itself. */
export interface FrameCode {
	/** The number of the clip's camera, 1-127. */
	readonly camera: number;
	/** The picture's index in its loop, 0-255. */
	readonly counter: number;
}

/** Blocks across the picture. */
export const FRAME_CODE_BLOCKS = 20;
const CAMERA_BITS = 7;
const COUNTER_BITS = 8;
const CHECKSUM_BITS = 3;
const SYNC = [true, false];

/** A block nearer to mid grey than this is no block of ours: the code was scaled away, faded or covered. */
const MIN_CONTRAST = 24;
/** Mid grey, between black and white both in limited-range luma (16, 235) and in RGB (0, 255). */
const MID_GREY = 127;
/** The part of a block's width that is sampled: its edges suffer from compression and scaling. */
const SAMPLED_PART = 0.5;

/**
 * The twenty blocks of a code, left to right: `true` is white.
 * @throws RangeError when the camera or the counter does not fit its bits.
 */
export function frameCodeBlocks(code: FrameCode): readonly boolean[] {
	if (!Number.isInteger(code.camera) || code.camera < 1 || code.camera >= 1 << CAMERA_BITS)
		throw new RangeError(`The camera number ${code.camera} does not fit a frame code: use 1-127.`);
	if (!Number.isInteger(code.counter) || code.counter < 0 || code.counter >= 1 << COUNTER_BITS)
		throw new RangeError(`The frame counter ${code.counter} does not fit a frame code: use 0-255.`);
	return [
		...SYNC,
		...bitsOf(code.camera, CAMERA_BITS),
		...bitsOf(code.counter, COUNTER_BITS),
		...bitsOf(checksum(code), CHECKSUM_BITS),
	];
}

/**
 * Reads the code of a whole picture. At least 80 pixels wide; 160 and more is safe.
 * @param pixels Rows from the top without gaps; only read. Luma (`channels` 1), RGB (3) or RGBA (4).
 * @returns `undefined` when there is no code that is whole and right.
 */
export function readFrameCode(
	pixels: Uint8Array | Uint8ClampedArray,
	width: number,
	height: number,
	channels: 1 | 3 | 4,
): FrameCode | undefined {
	const block = width / FRAME_CODE_BLOCKS;
	if (height < block || pixels.length < width * height * channels) return undefined;
	const bits: boolean[] = [];
	for (let index = 0; index < FRAME_CODE_BLOCKS; index++) {
		const level = blockLevel(pixels, width, channels, index, block);
		if (!(Math.abs(level - MID_GREY) >= MIN_CONTRAST)) return undefined;
		bits.push(level > MID_GREY);
	}
	if (bits[0] !== SYNC[0] || bits[1] !== SYNC[1]) return undefined;
	const code = {
		camera: numberOf(bits, SYNC.length, CAMERA_BITS),
		counter: numberOf(bits, SYNC.length + CAMERA_BITS, COUNTER_BITS),
	};
	const expected = numberOf(bits, SYNC.length + CAMERA_BITS + COUNTER_BITS, CHECKSUM_BITS);
	return code.camera > 0 && checksum(code) === expected ? code : undefined;
}

function checksum(code: FrameCode): number {
	return (code.camera + code.counter) % (1 << CHECKSUM_BITS);
}

function bitsOf(value: number, count: number): boolean[] {
	return Array.from({ length: count }, (_, index) => ((value >> (count - 1 - index)) & 1) === 1);
}

function numberOf(bits: readonly boolean[], start: number, count: number): number {
	let value = 0;
	for (let index = start; index < start + count; index++) value = value * 2 + (bits[index] ? 1 : 0);
	return value;
}

/** The mean level of a block's middle, 0-255; `NaN` when the picture is too small to have one. */
function blockLevel(
	pixels: Uint8Array | Uint8ClampedArray,
	width: number,
	channels: 1 | 3 | 4,
	index: number,
	block: number,
): number {
	const margin = (block * (1 - SAMPLED_PART)) / 2;
	const left = Math.ceil(index * block + margin);
	const right = Math.floor((index + 1) * block - margin);
	const top = Math.ceil(margin);
	const bottom = Math.floor(block - margin);
	let sum = 0;
	for (let y = top; y < bottom; y++) {
		for (let x = left; x < right; x++) {
			const at = (y * width + x) * channels;
			const first = pixels[at] ?? 0;
			// ITU-R BT.601 weights are near enough: the blocks are grey.
			sum += channels === 1 ? first : 0.299 * first + 0.587 * (pixels[at + 1] ?? 0) + 0.114 * (pixels[at + 2] ?? 0);
		}
	}
	return sum / ((right - left) * (bottom - top));
}
