/** Running other programs, for the scripts of this folder. @module */
import { spawn } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root, with a closing `/`. */
export const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** Runs a program on this terminal and gives its exit code; a signal or a missing program counts as 1. */
export async function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<number> {
	return await new Promise((resolve) => {
		const child = spawn(command, args, { cwd: ROOT, stdio: "inherit", env: { ...process.env, ...env } });
		child.once("error", (error) => {
			console.error(`${command} cannot be started: ${error.message}`);
			resolve(1);
		});
		child.once("exit", (code) => resolve(code ?? 1));
	});
}

export interface Captured {
	readonly code: number;
	/** Standard output and standard error as they came. */
	readonly output: string;
}

/** Runs a program, by default at the repository's root, and collects what it prints. Never rejects. */
export async function capture(
	command: string,
	args: readonly string[],
	options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv; readonly timeoutMs?: number } = {},
): Promise<Captured> {
	return await new Promise((resolve) => {
		let output = "";
		const child = spawn(command, args, {
			cwd: options.cwd ?? ROOT,
			env: { ...process.env, ...options.env },
			stdio: ["ignore", "pipe", "pipe"],
			...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
		});
		for (const stream of [child.stdout, child.stderr]) {
			stream.setEncoding("utf8");
			stream.on("data", (text: string) => {
				output += text;
			});
		}
		child.once("error", (error) => resolve({ code: 1, output: `${command} cannot be started: ${error.message}` }));
		child.once("close", (code, signal) => {
			resolve({ code: code ?? 1, output: signal === null ? output : `${output}\n${command} was ended by ${signal}` });
		});
	});
}

/** The program's place on PATH, or `undefined`. */
export async function findProgram(name: string): Promise<string | undefined> {
	for (const folder of (process.env.PATH ?? "").split(delimiter)) {
		const path = join(folder, name);
		const found = await access(path, constants.X_OK).then(
			() => true,
			() => false,
		);
		if (found) return path;
	}
	return undefined;
}
