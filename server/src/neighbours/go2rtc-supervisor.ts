/** Keeps a go2rtc of our own running: a run that fails is replaced, later each time. @module */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Logger } from "../observe/log.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import { type ChildExit, Go2rtcChild } from "./go2rtc-child.ts";
import { Go2rtcClient } from "./go2rtc-client.ts";

/** It is up within 50 ms on a fast machine. */
const START_LOOK_MS = 100;
/** Loading 20 MB from a cold SD card takes seconds. */
export const START_LIMIT_MS = 15_000;
/** One that hangs is noticed within this and the time of a request. */
export const CHECK_EVERY_MS = 5_000;
/** From a run that failed to the next, doubled each time. */
export const FIRST_RETRY_MS = 500;
export const MAX_RETRY_MS = 60_000;
/** A run that held this long was a good one. */
export const STEADY_MS = 60_000;

export interface Go2rtcSupervisorOptions {
	/** A path, or a name on PATH. */
	readonly program: string;
	/** The settings of the next run, as YAML; its API is to listen on this socket. */
	readonly config: (socketPath: string) => string;
	readonly clock: Clock;
	readonly log: Pick<Logger, "debug" | "info" | "warn">;
}

/** A program that is running, or about to. */
interface Run {
	readonly child: Go2rtcChild;
	readonly startedAtMs: number;
	isReady: boolean;
	/** It was ended on purpose: another one follows at once. */
	isReplaced: boolean;
}

export class Go2rtcSupervisor {
	readonly client: Go2rtcClient;
	readonly #options: Go2rtcSupervisorOptions;
	/** Ours alone (mode 700): the socket and the settings, which hold a password. */
	readonly #directory: string;
	readonly #socketPath: string;
	readonly #configFile: string;
	#run: Run | undefined;
	#runs = 0;
	#timer: Timer | undefined;
	#retryMs = FIRST_RETRY_MS;
	#complained = false;
	#closed = false;

	/** @throws Error when there is no place for its settings. */
	constructor(options: Go2rtcSupervisorOptions) {
		this.#options = options;
		this.#directory = makeFolder();
		this.#socketPath = join(this.#directory, "api.sock");
		this.#configFile = join(this.#directory, "go2rtc.yaml");
		this.client = new Go2rtcClient({ socketPath: this.#socketPath }, options.clock);
	}

	/** Whether it can be asked now. */
	get isReady(): boolean {
		return this.#run?.isReady === true;
	}

	/** How often it was started. */
	get runs(): number {
		return this.#runs;
	}

	start(): void {
		this.#timer?.cancel();
		const { program, config, clock, log } = this.#options;
		try {
			writeFileSync(this.#configFile, config(this.#socketPath), { mode: 0o600 });
		} catch (error) {
			log.warn({ error }, "the settings of go2rtc cannot be written: the built-in engine answers");
			this.#retry();
			return;
		}
		const child = new Go2rtcChild(program, this.#configFile, (line) => log.debug({ line }, "go2rtc says"));
		const run: Run = { child, startedAtMs: clock.nowMs(), isReady: false, isReplaced: false };
		this.#run = run;
		this.#runs += 1;
		void child.exited.then((exit) => this.#onExit(run, exit));
		void this.#look(run);
	}

	/** Replaces the run, because its settings are others. Its players lose their pictures and have to ask again. */
	restart(): void {
		if (!this.#run) return;
		this.#run.isReplaced = true;
		this.#run.child.kill();
	}

	/** Resolves when the program is gone. Safe to call twice. */
	async close(): Promise<void> {
		this.#closed = true;
		this.#timer?.cancel();
		this.#run?.child.kill();
		await this.#run?.child.exited;
		rmSync(this.#directory, { recursive: true, force: true });
	}

	/** Asks it for a sign of life, until it is ready, and then from time to time. */
	async #look(run: Run): Promise<void> {
		const { clock, log } = this.#options;
		const answers = await this.client.info().then(
			() => true,
			() => false,
		);
		if (this.#closed || this.#run !== run) return;
		if (answers && !run.isReady) {
			run.isReady = true;
			this.#complained = false;
			// It has read them, and they hold a password.
			rmSync(this.#configFile, { force: true });
			log.info({}, "go2rtc runs, and answers WHEP players");
		}
		// Its exit does the rest.
		if (!answers && (run.isReady || clock.nowMs() - run.startedAtMs >= START_LIMIT_MS)) return run.child.kill();
		this.#timer = clock.after(run.isReady ? CHECK_EVERY_MS : START_LOOK_MS, () => void this.#look(run));
	}

	#onExit(run: Run, exit: ChildExit): void {
		this.#run = undefined;
		this.#timer?.cancel();
		const { clock, log, program } = this.#options;
		if (this.#closed) return;
		if (run.isReplaced) return this.start();
		if (!this.#complained) {
			const missing = `go2rtc is not to be found: install it, or set GO2RTC_BIN to its path. Until then the built-in engine answers`;
			log.warn(
				{ program },
				exit === "missing" ? missing : "go2rtc has ended: the built-in engine answers until it is back",
			);
			this.#complained = true;
		}
		if (run.isReady && clock.nowMs() - run.startedAtMs >= STEADY_MS) this.#retryMs = FIRST_RETRY_MS;
		this.#retry();
	}

	#retry(): void {
		this.#timer = this.#options.clock.after(this.#retryMs, () => this.start());
		this.#retryMs = Math.min(2 * this.#retryMs, MAX_RETRY_MS);
	}
}

/** @throws Error with the remedy. */
function makeFolder(): string {
	const parent = tmpdir();
	try {
		return mkdtempSync(join(parent, "vigia-go2rtc-"));
	} catch (cause) {
		const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
		const remedy = "make it writable (in a container: a tmpfs), or set TMPDIR to another folder";
		throw new Error(`its settings need a folder, and ${parent} cannot be written (${code}): ${remedy}`, { cause });
	}
}
