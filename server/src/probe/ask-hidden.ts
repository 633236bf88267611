/** Asks on a terminal for something that must not be seen. @module */
import { createInterface } from "node:readline";
import { Writable } from "node:stream";

/**
 * Asks on standard error and reads a line from standard input, which must be a terminal; what is typed is not shown.
 * @param signal ends it.
 * @returns the line without its end; `undefined` if it was called off, also by Ctrl-C or Ctrl-D.
 */
export async function askHidden(question: string, signal: AbortSignal): Promise<string | undefined> {
	const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
	const { promise, resolve } = Promise.withResolvers<string | undefined>();
	const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true, signal });
	process.stderr.write(question);
	lines.once("line", resolve);
	// In this mode of the terminal Ctrl-C is a character, which the process has to hear as the signal it stands for.
	lines.once("SIGINT", () => process.kill(process.pid, "SIGINT"));
	lines.once("close", () => resolve(undefined));
	try {
		return await promise;
	} finally {
		lines.close();
		process.stderr.write("\n");
	}
}
