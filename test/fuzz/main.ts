/**
 * `npm run fuzz -- --minutes N [--target name] [--seed text] [--jobs n] [--grow]`: all parsers and depacketizers against
 * mutated inputs. What it finds is minimised and kept in `test/fuzz/regressions`; then it exits with 1. With `--grow`
 * small inputs that reach new code join the corpus. @module
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { CORPUS_FOLDER, readInputs, REGRESSIONS_FOLDER, writeInput } from "./corpus.ts";
import type { Finding } from "./fuzzer.ts";
import { runTarget } from "./run-target.ts";
import { LISTED_TARGETS } from "./targets/index.ts";

/** Every target comes up at least so often: a mistake in the last one must not wait for the end of the night. */
const SLICE_MS = 60_000;
const MIN_SLICE_MS = 1000;
/** Of one target in one go, so that the corpus stays readable and below 300 kB. */
const MAX_GROWN = 12;
const MAX_GROWN_BYTES = 1024;

const { values: flags } = parseArgs({
	options: {
		minutes: { type: "string", default: "1" },
		target: { type: "string" },
		seed: { type: "string", default: String(Date.now()) },
		jobs: { type: "string", default: String(Math.max(1, availableParallelism() - 1)) },
		grow: { type: "boolean", default: false },
	},
});

const totalMs = positive("minutes") * 60_000;
const jobs = positive("jobs");
const chosen = LISTED_TARGETS.filter(({ target }) => flags.target === undefined || target.name === flags.target);
if (chosen.length === 0) fail(`--target must be one of ${LISTED_TARGETS.map(({ target }) => target.name).join(", ")}`);

function positive(name: "minutes" | "jobs"): number {
	const value = Number(flags[name]);
	if (!(value > 0)) fail(`--${name} must be a number above 0`);
	return value;
}

function fail(message: string): never {
	console.error(message);
	process.exit(2);
}

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => stop.abort());
const endMs = performance.now() + totalMs;
/** Equal shares of the time, at most {@link SLICE_MS} at a time: the rounds go on until it is used up. */
const sliceMs = Math.max(MIN_SLICE_MS, Math.min(SLICE_MS, (totalMs * jobs) / chosen.length));
const findings: { readonly finding: Finding; readonly file: string | undefined }[] = [];
const totals = new Map<string, { runs: number; covered: number }>();
/** What earlier rounds discovered, so that later ones go on from there. */
const discovered = new Map<string, Uint8Array[]>();

console.log(`fuzzing ${chosen.length} targets for ${flags.minutes} min, ${jobs} at a time, seed ${flags.seed}`);
let next = 0;
async function work(): Promise<void> {
	while (!stop.signal.aborted && (next < chosen.length || performance.now() < endMs)) {
		const listed = chosen[next % chosen.length];
		const round = Math.floor(next++ / chosen.length);
		if (!listed) return;
		const { name } = listed.target;
		const stored = [...readInputs(CORPUS_FOLDER, name), ...readInputs(REGRESSIONS_FOLDER, name)].map(
			({ bytes }) => bytes,
		);
		const result = await runTarget({
			module: listed.module,
			name,
			corpus: [...stored, ...(discovered.get(name) ?? [])],
			seed: `${flags.seed}:${round}`,
			maxMs: sliceMs,
			signal: stop.signal,
		});
		discovered.set(name, [...(discovered.get(name) ?? []), ...result.discovered]);
		const total = totals.get(name) ?? { runs: 0, covered: 0 };
		totals.set(name, { runs: total.runs + result.runs, covered: Math.max(total.covered, result.covered) });
		for (const finding of result.findings) {
			const file = finding.input && writeInput(REGRESSIONS_FOLDER, name, finding.input);
			findings.push({ finding, file });
			console.log(`\n${name}: ${finding.kind} (${file ?? "no single input"})\n${finding.text}\n`);
		}
	}
}
await Promise.all(Array.from({ length: Math.min(jobs, chosen.length) }, work));

if (flags.grow) {
	for (const [name, inputs] of discovered) {
		const small = inputs.filter((input) => input.length <= MAX_GROWN_BYTES).sort((a, b) => a.length - b.length);
		for (const input of small.slice(0, MAX_GROWN)) writeInput(CORPUS_FOLDER, name, input);
	}
}

console.log(`\n${"target".padEnd(24)}${"inputs".padStart(12)}${"reached".padStart(10)}${"new".padStart(6)}`);
for (const {
	target: { name },
} of chosen) {
	const { runs, covered } = totals.get(name) ?? { runs: 0, covered: 0 };
	const found = discovered.get(name)?.length ?? 0;
	console.log(name.padEnd(24) + String(runs).padStart(12) + String(covered).padStart(10) + String(found).padStart(6));
}
console.log(
	findings.length === 0
		? "\nnothing found"
		: `\n${findings.length} found:\n${findings.map(({ finding, file }) => `  ${finding.target}: ${finding.kind} ${file ?? ""}`).join("\n")}`,
);
process.exit(findings.length === 0 ? 0 : 1);
