/** Makes new inputs from old ones. @module */
import type { Random } from "./random.ts";
import { bytesOf } from "./target.ts";

/** Above the largest limits of the parsers under test (heads 32 KiB, bodies 128 KiB), so that these are reached. */
export const MAX_INPUT_BYTES = 160 * 1024;
/** Most inputs stay small, because small ones are quick and most mistakes need no more. */
const USUAL_BYTES = 4096;
const MAX_STACKED = 6;
const LARGE_SHARE = 40;

const EDGE_BYTES = [0, 1, 2, 0x0a, 0x0d, 0x20, 0x22, 0x24, 0x7f, 0x80, 0xc0, 0xff];
const EDGE_NUMBERS = ["0", "-1", "1", "65535", "65536", "4294967295", "4294967296", "99999999999999999999", "1e9", ""];

type Mutation = (
	input: Uint8Array,
	random: Random,
	others: readonly Uint8Array[],
	words: readonly string[],
) => Uint8Array;

/** An input with one to {@link MAX_STACKED} changes, at most {@link MAX_INPUT_BYTES} long. */
export function mutate(
	input: Uint8Array,
	random: Random,
	others: readonly Uint8Array[],
	words: readonly string[],
): Uint8Array {
	let result: Uint8Array = input.slice();
	const times = 1 + random.below(MAX_STACKED);
	for (let time = 0; time < times; time++) result = random.pick(MUTATIONS)(result, random, others, words);
	const limit = random.below(LARGE_SHARE) === 0 ? MAX_INPUT_BYTES : Math.max(USUAL_BYTES, input.length);
	return result.length > limit ? result.slice(0, limit) : result;
}

const flipBit: Mutation = (input, random) => {
	const at = random.below(input.length);
	if (input.length > 0) input[at] = (input[at] ?? 0) ^ (1 << random.below(8));
	return input;
};

const setByte: Mutation = (input, random) => {
	if (input.length > 0) {
		input[random.below(input.length)] = random.below(2) === 0 ? random.pick(EDGE_BYTES) : random.below(256);
	}
	return input;
};

const truncate: Mutation = (input, random) => input.slice(0, random.below(input.length + 1));

const remove: Mutation = (input, random) => {
	const at = random.below(input.length);
	return replaced(input, at, at + 1 + random.below(Math.min(64, input.length)), new Uint8Array(0));
};

const insertNoise: Mutation = (input, random) => {
	const noise = Uint8Array.from({ length: 1 + random.below(16) }, () => random.below(256));
	const at = random.below(input.length + 1);
	return replaced(input, at, at, noise);
};

/** The same piece again, sometimes very often. */
const repeat: Mutation = (input, random) => {
	if (input.length === 0) return input;
	const start = random.below(input.length);
	const piece = input.slice(start, start + 1 + random.below(Math.min(256, input.length - start)));
	const most = random.below(8) === 0 ? 2000 : 8;
	const times = Math.min(1 + random.below(most), Math.floor(MAX_INPUT_BYTES / piece.length));
	const repeated = new Uint8Array(piece.length * times);
	for (let time = 0; time < times; time++) repeated.set(piece, time * piece.length);
	return replaced(input, start, start, repeated);
};

/** A 16-bit field, as lengths are, says something else. */
const lieAboutLength: Mutation = (input, random) => {
	if (input.length < 2) return input;
	const at = random.below(input.length - 1);
	const now = ((input[at] ?? 0) << 8) | (input[at + 1] ?? 0);
	const rest = input.length - at - 2;
	const lie = random.pick([
		0,
		1,
		0xffff,
		0x7fff,
		0x8000,
		now + 1,
		now - 1,
		rest,
		rest + 1,
		rest - 1,
		random.below(65_536),
	]);
	input[at] = (lie >> 8) & 0xff;
	input[at + 1] = lie & 0xff;
	return input;
};

const overwrite32: Mutation = (input, random) => {
	if (input.length < 4) return input;
	const at = random.below(input.length - 3);
	const value = random.pick([0, 1, 0xffffffff, 0x7fffffff, 0x80000000, random.next()]);
	for (let index = 0; index < 4; index++) input[at + index] = (value >>> (24 - 8 * index)) & 0xff;
	return input;
};

const splice: Mutation = (input, random, others) => {
	if (others.length === 0) return input;
	const other = random.pick(others);
	const from = random.below(other.length + 1);
	const piece = other.slice(from, from + random.below(other.length - from + 1));
	const at = random.below(input.length + 1);
	const until = random.below(2) === 0 ? at : input.length;
	return replaced(input, at, until, piece);
};

const insertWord: Mutation = (input, random, _others, words) => {
	if (words.length === 0) return insertNoise(input, random, [], []);
	const word = bytesOf(random.pick(words));
	const at = random.below(input.length + 1);
	return replaced(input, at, random.below(2) === 0 ? at : at + word.length, word);
};

/** A decimal number says something else. */
const changeNumber: Mutation = (input, random) => {
	const isDigit = (at: number): boolean => (input[at] ?? 0) >= 0x30 && (input[at] ?? 0) <= 0x39;
	let at = random.below(input.length);
	while (at < input.length && !isDigit(at)) at++;
	if (at >= input.length) return flipBit(input, random, [], []);
	let end = at;
	while (end < input.length && isDigit(end)) end++;
	return replaced(input, at, end, bytesOf(random.pick(EDGE_NUMBERS)));
};

const swap: Mutation = (input, random) => {
	const [a = 0, b = 0, c = 0] = Array.from({ length: 3 }, () => random.below(input.length + 1)).sort((x, y) => x - y);
	const swapped = new Uint8Array(input.length);
	swapped.set(input.subarray(0, a));
	swapped.set(input.subarray(b, c), a);
	swapped.set(input.subarray(a, b), a + c - b);
	swapped.set(input.subarray(c), c);
	return swapped;
};

const MUTATIONS: readonly Mutation[] = [
	flipBit,
	flipBit,
	setByte,
	setByte,
	truncate,
	remove,
	insertNoise,
	repeat,
	lieAboutLength,
	overwrite32,
	splice,
	insertWord,
	insertWord,
	changeNumber,
	swap,
];

function replaced(input: Uint8Array, from: number, to: number, piece: Uint8Array): Uint8Array {
	const end = Math.min(to, input.length);
	const room = MAX_INPUT_BYTES - (input.length - (end - from));
	const fitting = piece.length > room ? piece.subarray(0, Math.max(0, room)) : piece;
	const result = new Uint8Array(input.length - (end - from) + fitting.length);
	result.set(input.subarray(0, from));
	result.set(fitting, from);
	result.set(input.subarray(end), from + fitting.length);
	return result;
}
