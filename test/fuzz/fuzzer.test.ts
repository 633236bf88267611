import { describe, expect, it } from "vitest";
import { type Finding, fuzz, GENERATION_RUNS } from "./fuzzer.ts";
import { MAX_INPUT_BYTES, mutate } from "./mutate.ts";
import { Random } from "./random.ts";
import { runTarget } from "./run-target.ts";
import type { FuzzTarget } from "./target.ts";
import { TARGETS } from "./testing/planted.ts";

const MODULE = new URL("testing/planted.ts", import.meta.url).href;

function planted(name: string): FuzzTarget {
	const target = TARGETS.find((one) => one.name === name);
	if (!target) throw new Error(name);
	return target;
}

function onlyFinding(findings: readonly Finding[]): Finding {
	expect(findings).toHaveLength(1);
	return findings[0] as Finding;
}

describe("the fuzzer finds", () => {
	it("an exception, and makes its input small", () => {
		const { findings } = fuzz({ target: planted("throws"), corpus: [], seed: "1", maxRuns: 20_000 });
		const { kind, text, input = new Uint8Array(0) } = onlyFinding(findings);
		expect([kind, text]).toEqual(["throw", expect.stringContaining("RangeError: a body of -")]);
		expect(Buffer.from(input).toString("latin1")).toMatch(/^Content-Length: -\d$/);
	});

	it("a length that lies", () => {
		const { findings } = fuzz({ target: planted("overruns"), corpus: [], seed: "1", maxRuns: 2000 });
		expect(findings.map(({ text }) => text).join()).toContain("RangeError");
	});

	it("an input that never ends, which costs its thread only", async () => {
		const { findings } = await runTarget({ module: MODULE, name: "hangs", corpus: [], seed: "1", hangMs: 1000 });
		const { kind, input = new Uint8Array(0) } = onlyFinding(findings);
		expect(kind).toBe("hang");
		expect(input.length).toBeGreaterThan(0);
	});

	it("an input that takes too much of a processor", () => {
		const { findings } = fuzz({ target: planted("slow"), corpus: [], seed: "1", maxRuns: 1, guided: false });
		expect(onlyFinding(findings).kind).toBe("slow");
	});

	it("an instance that grows", () => {
		const maxRuns = GENERATION_RUNS;
		const { findings } = fuzz({ target: planted("grows"), corpus: [], seed: "1", maxRuns, guided: false });
		expect(onlyFinding(findings).kind).toBe("growth");
	});

	it("nothing where nothing is wrong, in a thread too", async () => {
		const result = await runTarget({ module: MODULE, name: "harmless", corpus: [], seed: "1", maxRuns: 500 });
		expect(result).toMatchObject({ findings: [], runs: 500 });
	});
});

describe("the mutator", () => {
	it("makes the same inputs of the same seed, and others of another one", () => {
		const inputs = (seed: string): string[] => {
			const random = new Random(seed);
			const corpus = [Uint8Array.from([1, 2, 3, 0x31, 0x32]), new Uint8Array(300)];
			return Array.from({ length: 500 }, () => mutate(random.pick(corpus), random, corpus, ["word"]).join());
		};
		expect(inputs("a")).toEqual(inputs("a"));
		expect(inputs("a")).not.toEqual(inputs("b"));
		expect(new Set(inputs("a")).size).toBeGreaterThan(300);
	});

	it("stays below its limit and leaves the input as it is, an empty one too", () => {
		const random = new Random("limit");
		const large = new Uint8Array(MAX_INPUT_BYTES).fill(7);
		for (let round = 0; round < 300; round++) {
			expect(mutate(large, random, [large], []).length).toBeLessThanOrEqual(MAX_INPUT_BYTES);
			mutate(new Uint8Array(0), random, [], []);
		}
		expect(large.every((byte) => byte === 7)).toBe(true);
	});
});
