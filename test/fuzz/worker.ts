/** The thread that fuzzes one target; see run-target.ts for the other side. @module */
import { parentPort, workerData } from "node:worker_threads";
import { fuzz } from "./fuzzer.ts";
import type { FuzzTarget } from "./target.ts";
import { type WorkerInput, writeProgress } from "./progress.ts";

const { module, name, corpus, seed, maxMs, maxRuns, shared } = workerData as WorkerInput;
const { TARGETS } = (await import(module)) as { TARGETS: readonly FuzzTarget[] };
const target = TARGETS.find((one) => one.name === name);
if (!target) throw new Error(`there is no target "${name}"`);
parentPort?.postMessage(
	fuzz({
		target,
		corpus,
		seed,
		...(maxMs !== undefined && { maxMs }),
		...(maxRuns !== undefined && { maxRuns }),
		onInput: (input) => writeProgress(shared, input),
	}),
);
