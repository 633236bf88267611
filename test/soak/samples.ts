/** What the processes take, sampled while the soak test runs. @module */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { processorSeconds, residentMegabytes } from "../bench/processes.ts";

export interface Sample {
	/** Hours since the first sample. */
	readonly atHours: number;
	readonly megabytes: number;
	readonly openFiles: number;
}

export class ProcessSampler {
	readonly samples: Sample[] = [];
	readonly #pid: number;
	readonly #startMs = performance.now();
	readonly #startSeconds: number;

	constructor(pid: number) {
		this.#pid = pid;
		this.#startSeconds = processorSeconds(pid);
	}

	/** Nothing once the process has ended. */
	take(): void {
		if (!this.running) return;
		this.samples.push({
			atHours: (performance.now() - this.#startMs) / 3_600_000,
			megabytes: residentMegabytes(this.#pid),
			openFiles: readdirSync(`/proc/${this.#pid}/fd`).length,
		});
	}

	get running(): boolean {
		return existsSync(`/proc/${this.#pid}/status`);
	}

	/** Mean share of one processor since the start. */
	get processorPercent(): number {
		if (!this.running) return Number.NaN;
		const seconds = processorSeconds(this.#pid) - this.#startSeconds;
		return (seconds * 100_000) / (performance.now() - this.#startMs);
	}
}

/** How busy all processors are, since it was made. */
export class MachineSampler {
	readonly #start = machineTicks();

	get busyPercent(): number {
		const now = machineTicks();
		return (100 * (now.busy - this.#start.busy)) / Math.max(1, now.all - this.#start.all);
	}
}

/** proc(5): user, nice, system, idle, iowait, ... */
function machineTicks(): { busy: number; all: number } {
	const fields = readFileSync("/proc/stat", "utf8").split("\n")[0]?.split(/\s+/).slice(1).map(Number) ?? [];
	const all = fields.slice(0, 8).reduce((sum, ticks) => sum + ticks, 0);
	return { all, busy: all - (fields[3] ?? 0) - (fields[4] ?? 0) };
}
