/** Runs a shell script of the repository where every other program is known: a few real tools, and stand-ins. @module */
import { spawn } from "node:child_process";
import {
	copyFileSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { findProgram, ROOT } from "../../../scripts/run.ts";

/** What scripts may use as it is: nothing here reaches beyond the folder of the test. */
const REAL_TOOLS = [
	...["bash", "cat", "chmod", "chown", "cmp", "cp", "dirname", "env", "grep", "head", "id", "install", "mktemp"],
	...["mv", "rm", "sed", "sh", "sleep", "stat", "tail", "timeout", "tr", "uname"],
];

/** For a stand-in of Docker or of the old docker-compose: the wall is there, says the health check of its image. */
export const HEALTHY = 'case "$*" in *"exec -T vigia "*) echo "http://127.0.0.1:8000/health 200: {}";; esac';

export interface ScriptResult {
	readonly code: number | null;
	readonly stdout: string;
	readonly stderr: string;
}

export interface ScriptOptions {
	readonly args?: readonly string[];
	/** What is typed, a line each; then the input ends. */
	readonly answers?: readonly string[];
	readonly env?: Readonly<Record<string, string>>;
}

export class ScriptBench implements Disposable {
	/** Where the script lies and is run. */
	readonly project: string;
	readonly #folder: string;
	readonly #tools: string;
	readonly #callLog: string;

	private constructor(folder: string, project: string) {
		this.#folder = folder;
		this.project = project;
		this.#tools = join(folder, "tools");
		this.#callLog = join(folder, "calls");
	}

	/** @param files of the repository, which are copied into the project. */
	static async open(files: readonly string[]): Promise<ScriptBench> {
		const folder = mkdtempSync(join(tmpdir(), "vigia-test-"));
		// Quoting is tested on the way: people's folders have spaces.
		const bench = new ScriptBench(folder, join(folder, "my cámaras"));
		for (const path of [bench.#tools, bench.project, bench.path("home")]) mkdirSync(path);
		for (const file of files) {
			mkdirSync(dirname(join(bench.project, file)), { recursive: true });
			copyFileSync(join(ROOT, file), join(bench.project, file));
		}
		for (const name of REAL_TOOLS) {
			const program = await findProgram(name);
			if (program === undefined) throw new Error(`the test needs ${name}`);
			symlinkSync(program, join(bench.#tools, name));
		}
		return bench;
	}

	/** A place beside the project. */
	path(name: string): string {
		return join(this.#folder, name);
	}

	/** The text of a file of the project, `undefined` if there is none. */
	read(file: string): string | undefined {
		const path = join(this.project, file);
		return existsSync(path) ? readFileSync(path, "utf8") : undefined;
	}

	write(file: string, text: string, mode = 0o644): void {
		mkdirSync(dirname(join(this.project, file)), { recursive: true });
		writeFileSync(join(this.project, file), text, { mode });
	}

	/** Permissions, e.g. 0o600. */
	mode(file: string): number {
		return statSync(join(this.project, file)).mode & 0o777;
	}

	/** Puts a stand-in on PATH: it notes its arguments (see {@link calls}), then does as the lines of `sh` say. */
	stub(name: string, ...body: readonly string[]): void {
		this.#program(join(this.#tools, name), name, body);
	}

	/** The same, in the project. */
	stubFile(file: string, ...body: readonly string[]): void {
		mkdirSync(dirname(join(this.project, file)), { recursive: true });
		this.#program(join(this.project, file), file, body);
	}

	#program(path: string, name: string, body: readonly string[]): void {
		rmSync(path, { force: true });
		const lines = ["#!/bin/sh", `printf '%s\\n' "${name} $*" >>'${this.#callLog}'`, ...body, ""];
		writeFileSync(path, lines.join("\n"), { mode: 0o755 });
	}

	/** What the stand-ins were called with, in order: `docker compose up -d`. */
	get calls(): string[] {
		return existsSync(this.#callLog) ? readFileSync(this.#callLog, "utf8").split("\n").slice(0, -1) : [];
	}

	forgetCalls(): void {
		rmSync(this.#callLog, { force: true });
	}

	async run(script: string, { args = [], answers = [], env = {} }: ScriptOptions = {}): Promise<ScriptResult> {
		// From elsewhere: a script finds its folder by itself.
		const child = spawn(join(this.#tools, "bash"), ["--norc", join(this.project, script), ...args], {
			cwd: this.#folder,
			env: { PATH: this.#tools, HOME: this.path("home"), TMPDIR: this.#folder, ...env },
			stdio: ["pipe", "pipe", "pipe"],
		});
		let stdout = "";
		let stderr = "";
		child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
		child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
		// A script that does not read all of it ends before it is written.
		child.stdin.on("error", () => undefined);
		child.stdin.end(answers.map((line) => `${line}\n`).join(""));
		return await new Promise((resolve, reject) => {
			child.once("error", reject);
			child.once("close", (code) => resolve({ code, stdout, stderr }));
		});
	}

	[Symbol.dispose](): void {
		rmSync(this.#folder, { recursive: true, force: true });
	}
}

/** A TCP port on loopback at which somebody listens, and never speaks. */
export async function listeningPort(): Promise<AsyncDisposable & { readonly port: number }> {
	const server: Server = createServer((socket) => socket.on("error", () => undefined).destroy());
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const address = server.address();
	if (address === null || typeof address === "string") throw new Error("no port");
	return {
		port: address.port,
		[Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
	};
}
