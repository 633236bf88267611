/** Fuzzes one target in the thread that calls it. @module */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Coverage } from "./coverage.ts";
import { mutate } from "./mutate.ts";
import { Random } from "./random.ts";
import type { FuzzTarget } from "./target.ts";

/** One input may take this much of a processor, in ms: at 160 kB far more than linear work needs. */
export const MAX_RUN_MS = 500;
/** An instance that was given {@link GENERATION_RUNS} inputs may hold this much more than at the start, in bytes. */
export const MAX_HELD_BYTES = 64 * 1024 * 1024;
export const GENERATION_RUNS = 4096;
/** Inputs between two looks at the coverage, which take as long as a few hundred runs of a quick target. */
const BATCH_RUNS = 128;
const SLOW_BATCH_RUNS = 8;
/** Inputs of the corpus in memory; more are not needed for targets of this size. */
const MAX_CORPUS = 2000;
/** Larger inputs are not kept in the corpus, which would soon consist of them. */
const MAX_CORPUS_INPUT_BYTES = 16 * 1024;
const MINIMISE_RUNS = 2000;
const MINIMISE_MS = 5000;

export interface Finding {
	readonly target: string;
	readonly kind: "throw" | "slow" | "growth" | "hang" | "crash";
	/** The error's text and the first lines of its stack. */
	readonly text: string;
	/** Absent where no one input alone does it. */
	readonly input?: Uint8Array;
}

export interface FuzzOptions {
	readonly target: FuzzTarget;
	readonly corpus: readonly Uint8Array[];
	readonly seed: string;
	/** Ends after so many inputs, and after so many milliseconds. */
	readonly maxRuns?: number;
	readonly maxMs?: number;
	/** Told of each input before it runs, for a watchdog. */
	readonly onInput?: (input: Uint8Array) => void;
	/** Where a fuzzer's speed is of no importance, without coverage. */
	readonly guided?: boolean;
}

export interface FuzzResult {
	readonly runs: number;
	readonly findings: readonly Finding[];
	/** Inputs that reached code which no input before them reached, those given left out. */
	readonly discovered: readonly Uint8Array[];
	/** Characters of source text that were reached. */
	readonly covered: number;
}

export function fuzz(options: FuzzOptions): FuzzResult {
	return new Fuzzer(options).run();
}

class Fuzzer {
	readonly #options: FuzzOptions;
	readonly #target: FuzzTarget;
	readonly #random: Random;
	readonly #corpus: Uint8Array[] = [];
	readonly #discovered: Uint8Array[] = [];
	readonly #coverage: Coverage | undefined;
	/** By signature: one mistake is found many times. */
	readonly #findings = new Map<string, Finding>();
	readonly #endMs: number;
	#instance: ((input: Uint8Array) => void) | undefined;
	#baselineBytes = 0;
	#runs = 0;

	constructor(options: FuzzOptions) {
		this.#options = options;
		this.#target = options.target;
		this.#random = new Random(`${options.seed}:${options.target.name}`);
		this.#coverage = options.guided === false ? undefined : new Coverage();
		this.#endMs = performance.now() + (options.maxMs ?? Number.POSITIVE_INFINITY);
	}

	run(): FuzzResult {
		using coverage = this.#coverage;
		for (const input of [...this.#target.seeds, ...this.#options.corpus]) {
			this.#try(input);
			coverage?.isNew(true);
			this.#corpus.push(input);
		}
		if (this.#corpus.length === 0) this.#corpus.push(new Uint8Array(0));
		this.#startGeneration();
		while (!this.#isOver()) this.#batch();
		this.#endGeneration();
		return {
			runs: this.#runs,
			findings: [...this.#findings.values()],
			discovered: this.#discovered,
			covered: coverage?.size ?? 0,
		};
	}

	#isOver(): boolean {
		return this.#runs >= (this.#options.maxRuns ?? Number.POSITIVE_INFINITY) || performance.now() >= this.#endMs;
	}

	#batch(): void {
		const inputs: Uint8Array[] = [];
		const batchRuns = this.#target.slow ? SLOW_BATCH_RUNS : BATCH_RUNS;
		while (inputs.length < batchRuns && !this.#isOver()) {
			const input = mutate(this.#random.pick(this.#corpus), this.#random, this.#corpus, this.#target.words ?? []);
			inputs.push(input);
			this.#try(input);
			if (this.#runs % GENERATION_RUNS === 0) {
				this.#endGeneration();
				this.#startGeneration();
			}
		}
		if (this.#coverage?.isNew(false)) this.#discover(inputs);
		// What only inputs reach that are too large to keep is not looked at again.
		this.#coverage?.isNew(true);
	}

	/** Finds the inputs that reach something new, by halves: of a batch it is nearly always one or two. */
	#discover(inputs: readonly Uint8Array[]): void {
		const small = inputs.filter((input) => input.length <= MAX_CORPUS_INPUT_BYTES);
		for (const input of small) this.#outcomeOf(input);
		const [only] = small;
		if (!only || !this.#coverage?.isNew(small.length === 1)) return;
		if (small.length > 1) {
			const middle = small.length >> 1;
			this.#discover(small.slice(0, middle));
			this.#discover(small.slice(middle));
			return;
		}
		this.#discovered.push(only);
		if (this.#corpus.length < MAX_CORPUS) this.#corpus.push(only);
		else this.#corpus[this.#random.below(MAX_CORPUS)] = only;
	}

	#try(input: Uint8Array): void {
		this.#runs++;
		this.#options.onInput?.(input);
		const startMs = performance.now();
		const failure = this.#outcomeOf(input) ?? this.#feed(input);
		if (failure) this.#keep(input, failure);
		else if (performance.now() - startMs > MAX_RUN_MS && !this.#findings.has("slow") && this.#isSlow(input)) {
			this.#note("slow", { finding: "slow", input, text: `takes more than ${MAX_RUN_MS} ms of a processor` });
		}
	}

	/** What a fresh run throws, `undefined` if nothing. */
	#outcomeOf(input: Uint8Array): Error | undefined {
		try {
			this.#target.run(input);
			return undefined;
		} catch (error) {
			return error instanceof Error ? error : new Error(String(error));
		}
	}

	/** The long-lived instance takes it too; after a failure another one goes on. */
	#feed(input: Uint8Array): Error | undefined {
		if (!this.#instance) return undefined;
		try {
			this.#instance(input);
			return undefined;
		} catch (error) {
			this.#instance = this.#target.open?.();
			return error instanceof Error ? error : new Error(String(error));
		}
	}

	/** By processor time and the best of three, because the machine may be busy with something else. */
	#isSlow(input: Uint8Array): boolean {
		for (let time = 0; time < 3; time++) {
			const before = process.threadCpuUsage();
			this.#outcomeOf(input);
			const used = process.threadCpuUsage(before);
			if ((used.user + used.system) / 1000 <= MAX_RUN_MS) return false;
		}
		return true;
	}

	#keep(input: Uint8Array, failure: Error): void {
		const signature = signatureOf(failure);
		const known = this.#findings.get(signature);
		if (known) return;
		const alone = this.#outcomeOf(input);
		const fails = alone !== undefined && signatureOf(alone) === signature;
		const text = stackOf(failure);
		if (!fails) this.#note(signature, { finding: "throw", input, text: `${text}\n(only after other inputs)` });
		else this.#note(signature, { finding: "throw", input: this.#minimise(input, signature), text });
	}

	#note(signature: string, what: { finding: Finding["kind"]; text: string; input?: Uint8Array }): void {
		if (this.#findings.has(signature)) return;
		const { finding: kind, text, input } = what;
		this.#findings.set(signature, { target: this.#target.name, kind, text, ...(input && { input }) });
	}

	/** Leaves out what can be left out, in ever smaller pieces. */
	#minimise(input: Uint8Array, signature: string): Uint8Array {
		const endMs = performance.now() + MINIMISE_MS;
		let best = input;
		let runs = 0;
		for (let size = Math.ceil(best.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
			for (let at = 0; at < best.length && runs < MINIMISE_RUNS && performance.now() < endMs; ) {
				const shorter = new Uint8Array([...best.subarray(0, at), ...best.subarray(at + size)]);
				const failure = this.#outcomeOf(shorter);
				runs++;
				this.#options.onInput?.(shorter);
				if (failure && signatureOf(failure) === signature) best = shorter;
				else at += size;
			}
		}
		return best;
	}

	#startGeneration(): void {
		this.#instance = this.#target.open?.();
		if (this.#baselineBytes === 0) this.#baselineBytes = heldBytes();
	}

	#endGeneration(): void {
		if (heldBytes() - this.#baselineBytes <= MAX_HELD_BYTES) return;
		const text = `holds more than ${MAX_HELD_BYTES} bytes after ${this.#runs} inputs of seed "${this.#options.seed}"`;
		this.#note("growth", { finding: "growth", text });
	}
}

/** Two failures with the same signature are one mistake: the text without its values, and the place. */
function signatureOf(error: Error): string {
	const place = /\n\s+at [^\n]*/.exec(error.stack ?? "")?.[0] ?? "";
	return `${error.name}:${error.message.replaceAll(/\d+/g, "#").slice(0, 80)}${place}`;
}

function stackOf(error: Error): string {
	return (error.stack ?? error.message).split("\n").slice(0, 6).join("\n");
}

/** Bytes that are held after a collection. */
function heldBytes(): number {
	setFlagsFromString("--expose-gc");
	(runInNewContext("gc") as () => void)();
	const { heapUsed, arrayBuffers } = process.memoryUsage();
	return heapUsed + arrayBuffers;
}
