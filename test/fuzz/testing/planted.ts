/** Targets with mistakes that the fuzzer must find. @module */
import { bytesOf, type FuzzTarget, InputReader } from "../target.ts";

const held: Uint8Array[] = [];

export const TARGETS: readonly FuzzTarget[] = [
	{
		name: "throws",
		seeds: [bytesOf("RTSP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello")],
		words: ["Content-Length: ", "-1"],
		run(input) {
			const length = /Content-Length: (-?\d+)/.exec(Buffer.from(input).toString("latin1"))?.[1];
			if (length !== undefined && Number(length) < 0) throw new RangeError(`a body of ${length} bytes`);
		},
	},
	{
		name: "overruns",
		seeds: [Uint8Array.from([0, 3, 1, 2, 3, 0, 1, 9])],
		run(input) {
			for (let at = 0; at + 2 <= input.length; ) {
				const length = ((input[at] ?? 0) << 8) | (input[at + 1] ?? 0);
				new DataView(input.buffer, input.byteOffset + at + 2, length);
				at += 2 + length;
			}
		},
	},
	{
		name: "hangs",
		seeds: [Uint8Array.from([0, 3, 1, 2, 3])],
		run(input) {
			const reader = new InputReader(input);
			// A length of zero makes no progress.
			while (!reader.done) if (reader.chunk().length === 0) for (;;);
		},
	},
	{
		name: "slow",
		seeds: [bytesOf("abcdefghijkl")],
		run(input) {
			if (input.length <= 8) return;
			const before = process.threadCpuUsage();
			while (process.threadCpuUsage(before).user < 600_000);
		},
	},
	{
		name: "grows",
		seeds: [bytesOf("abc")],
		run: () => {},
		open: () => () => void held.push(new Uint8Array(32 * 1024).fill(1)),
	},
	{ name: "harmless", seeds: [bytesOf("abc")], run: () => {} },
];
