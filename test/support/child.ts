/** A program that a test runs beside itself. @module */
import { type ChildProcess, spawn } from "node:child_process";
import { eventually } from "./eventually.ts";

export interface ChildOptions {
	readonly cwd?: string;
	readonly env?: NodeJS.ProcessEnv;
	/** Sent by disposal; `input-end` closes its standard input. Default SIGTERM. */
	readonly endBy?: "SIGTERM" | "SIGKILL" | "input-end";
}

/** After this long without effect, what disposal sends is followed by SIGKILL. */
const END_LIMIT_MS = 5_000;
/** Its output is waited for so long after its end. */
const LAST_WORDS_MS = 1_000;
/** Of its output this much is kept, from the end: a program that runs for hours must not fill the memory. */
const OUTPUT_KEPT = 1 << 20;

export class Child implements AsyncDisposable {
	/** Settles with the exit code; `null` when a signal ended it or it could not be started. */
	readonly exited: Promise<number | null>;
	readonly #process: ChildProcess;
	readonly #endBy: NonNullable<ChildOptions["endBy"]>;
	#output = "";
	#ended = false;

	constructor(command: string, args: readonly string[], { endBy = "SIGTERM", ...options }: ChildOptions = {}) {
		this.#endBy = endBy;
		this.#process = spawn(command, args, { ...options, stdio: ["pipe", "pipe", "pipe"] });
		for (const stream of [this.#process.stdout, this.#process.stderr]) {
			stream?.setEncoding("utf8").on("data", (text: string) => {
				this.#output = (this.#output + text).slice(-OUTPUT_KEPT);
			});
		}
		// A program that ended no longer reads: its exit says more than EPIPE.
		this.#process.stdin?.on("error", () => undefined);
		this.exited = new Promise((resolve) => {
			this.#process.once("exit", (code) => {
				this.#ended = true;
				// Its last words come after its end; processes that it started itself may hold the pipes longer.
				const limit = setTimeout(() => resolve(code), LAST_WORDS_MS);
				this.#process.once("close", () => {
					clearTimeout(limit);
					resolve(code);
				});
			});
			this.#process.once("error", (error) => {
				this.#ended = true;
				this.#output += error.message;
				resolve(null);
			});
		});
	}

	/** Absent when it could not be started. */
	get pid(): number | undefined {
		return this.#process.pid;
	}

	/** What it wrote so far, both outputs. */
	get output(): string {
		return this.#output;
	}

	write(text: string): void {
		this.#process.stdin?.write(text);
	}

	/** Asks until the answer is neither false nor undefined; ends the program and rejects when it never is. */
	async until<T>(
		what: string,
		ask: (output: string) => T | false | undefined | Promise<T | false | undefined>,
	): Promise<T> {
		let over = false;
		const ended = this.exited.then((code) => {
			if (over) return undefined as never;
			throw new Error(`the program ended with ${code} before: ${what}\n${this.#output}`);
		});
		try {
			return await Promise.race([eventually(what, () => over || ask(this.#output)) as Promise<T>, ended]);
		} catch (error) {
			await this[Symbol.asyncDispose]();
			throw error;
		} finally {
			over = true;
		}
	}

	async [Symbol.asyncDispose](): Promise<void> {
		if (this.#ended) return;
		if (this.#endBy === "input-end") this.#process.stdin?.end();
		else this.#process.kill(this.#endBy);
		const limit = setTimeout(() => this.#process.kill("SIGKILL"), END_LIMIT_MS);
		await this.exited;
		clearTimeout(limit);
	}
}
