/** What a fuzzing thread leaves for its watchdog in shared memory: how far it is, and the input that it runs. @module */
import { MAX_INPUT_BYTES } from "./mutate.ts";

export interface WorkerInput {
	/** URL of a module that exports `TARGETS`. */
	readonly module: string;
	readonly name: string;
	readonly corpus: readonly Uint8Array[];
	readonly seed: string;
	readonly maxMs?: number;
	readonly maxRuns?: number;
	readonly shared: SharedArrayBuffer;
}

/** Count of inputs, length of the present one. */
const HEADER_BYTES = 8;

export function makeShared(): SharedArrayBuffer {
	return new SharedArrayBuffer(HEADER_BYTES + MAX_INPUT_BYTES);
}

export function writeProgress(shared: SharedArrayBuffer, input: Uint8Array): void {
	new Uint8Array(shared, HEADER_BYTES).set(input.subarray(0, MAX_INPUT_BYTES));
	const header = new Int32Array(shared, 0, 2);
	Atomics.store(header, 1, Math.min(input.length, MAX_INPUT_BYTES));
	Atomics.add(header, 0, 1);
}

export function countOf(shared: SharedArrayBuffer): number {
	return Atomics.load(new Int32Array(shared, 0, 2), 0);
}

export function inputOf(shared: SharedArrayBuffer): Uint8Array {
	return new Uint8Array(shared, HEADER_BYTES, Atomics.load(new Int32Array(shared, 0, 2), 1)).slice();
}
