/**
 * Fuzzes a target in a thread of its own under a watchdog: an input that never ends, or eats the memory, costs the
 * thread and is kept.
 *
 * @module
 */
import { Worker } from "node:worker_threads";
import type { Finding, FuzzResult } from "./fuzzer.ts";
import { countOf, inputOf, makeShared } from "./progress.ts";

/** An input that is not done by then hangs, even on a busy machine. */
export const HANG_MS = 20_000;
const LOOK_MS = 200;
/** JavaScript objects of one thread, in MB. */
const MAX_HEAP_MB = 1024;
/** The whole process: array buffers do not count as heap. */
const MAX_PROCESS_BYTES = 4 * 1024 ** 3;

export interface RunOptions {
	/** URL of a module that exports `TARGETS`. */
	readonly module: string;
	readonly name: string;
	readonly corpus: readonly Uint8Array[];
	readonly seed: string;
	readonly maxMs?: number;
	readonly maxRuns?: number;
	/** For the test of the watchdog; {@link HANG_MS} otherwise. */
	readonly hangMs?: number;
	readonly signal?: AbortSignal;
}

/** Never rejects: a thread that ends badly is a finding. */
export async function runTarget(options: RunOptions): Promise<FuzzResult> {
	const { module, name, corpus, seed, maxMs, maxRuns, signal, hangMs = HANG_MS } = options;
	const shared = makeShared();
	const limits = { ...(maxMs !== undefined && { maxMs }), ...(maxRuns !== undefined && { maxRuns }) };
	const worker = new Worker(new URL("worker.ts", import.meta.url), {
		workerData: { module, name, corpus, seed, shared, ...limits },
		resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
		execArgv: [],
	});
	const lost = (kind: Finding["kind"], text: string): FuzzResult => {
		const finding: Finding = { target: name, kind, text, input: inputOf(shared) };
		return { runs: countOf(shared), findings: [finding], discovered: [], covered: 0 };
	};
	return await new Promise<FuzzResult>((resolve) => {
		let count = countOf(shared);
		let movedAtMs = performance.now();
		const watch = setInterval(() => {
			const now = countOf(shared);
			if (now !== count) {
				count = now;
				movedAtMs = performance.now();
			} else if (count > 0 && performance.now() - movedAtMs > hangMs) {
				end(lost("hang", `an input was not done after ${hangMs} ms`));
			}
			// Whichever thread eats it: the one that stands still longest is the likeliest.
			if (process.memoryUsage.rss() > MAX_PROCESS_BYTES && performance.now() - movedAtMs > LOOK_MS) {
				end(lost("crash", `the process took more than ${MAX_PROCESS_BYTES} bytes`));
			}
		}, LOOK_MS);
		const end = (result: FuzzResult): void => {
			clearInterval(watch);
			void worker.terminate();
			resolve(result);
		};
		worker.once("message", (result: FuzzResult) => end(result));
		worker.once("error", (error: Error) => end(lost("crash", error.stack ?? error.message)));
		worker.once("exit", (code) => end(lost("crash", `the thread ended with ${code}`)));
		signal?.addEventListener("abort", () => end({ runs: countOf(shared), findings: [], discovered: [], covered: 0 }), {
			once: true,
		});
	});
}
