import { describe, expect, it } from "vitest";
import { CORPUS_FOLDER, readInputs, REGRESSIONS_FOLDER, storedTargets } from "./corpus.ts";
import { fuzz } from "./fuzzer.ts";
import { LISTED_TARGETS } from "./targets/index.ts";

/** Of each target, on top of what is stored: enough to exercise the fuzzer, little enough for every `npm test`. */
const FRESH_RUNS = 300;
/** The corpus is part of the repository. */
const MAX_CORPUS_BYTES = 300_000;

describe.each(LISTED_TARGETS.map(({ target }) => [target.name, target] as const))("%s", (name, target) => {
	it("bears its seeds, its corpus and everything that fuzzing ever found", () => {
		for (const seed of target.seeds) target.run(seed.slice());
		for (const folder of [CORPUS_FOLDER, REGRESSIONS_FOLDER]) {
			for (const { name: file, bytes } of readInputs(folder, name)) {
				expect(() => target.run(bytes), `${folder}/${name}/${file}`).not.toThrow();
			}
		}
	});

	it(`bears ${FRESH_RUNS} more inputs`, () => {
		const corpus = readInputs(CORPUS_FOLDER, name).map(({ bytes }) => bytes);
		const { findings } = fuzz({ target, corpus, seed: "npm test", maxRuns: FRESH_RUNS, guided: false });
		expect(findings).toEqual([]);
	});
});

describe("the stored inputs", () => {
	const names = LISTED_TARGETS.map(({ target }) => target.name);

	it("belong to targets that there are", () => {
		expect(new Set(names).size).toBe(names.length);
		for (const folder of [CORPUS_FOLDER, REGRESSIONS_FOLDER]) {
			expect(storedTargets(folder).filter((name) => !names.includes(name))).toEqual([]);
		}
	});

	it("stay small", () => {
		const sizes = names.flatMap((name) => readInputs(CORPUS_FOLDER, name).map(({ bytes }) => bytes.length));
		expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(MAX_CORPUS_BYTES);
	});
});
