/** For tests: a program that takes the place of go2rtc, and does what the test wants. @module */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Says its process id and the mode of its settings, and answers on the socket that they name. Once the file `silent` is
 * beside it, it answers no more; with `broken` it ends at once.
 */
const SCRIPT = `#!${process.execPath}
const { appendFileSync, existsSync, readFileSync, statSync } = require("node:fs");
const { join } = require("node:path");
const file = process.argv[process.argv.indexOf("-config") + 1];
const config = JSON.parse(readFileSync(file, "utf8"));
const mode = (statSync(file).mode & 0o777).toString(8);
appendFileSync(join(__dirname, "runs"), JSON.stringify({ pid: process.pid, mode, config, environment: Object.keys(process.env) }) + "\\n");
if (existsSync(join(__dirname, "broken"))) process.exit(3);
console.log('{"level":"info","message":"rtsp://user:s3cret-word@127.0.0.1/x"}');
require("node:fs").rmSync(config.api.unix_listen, { force: true });
require("node:http").createServer((request, response) => {
	if (existsSync(join(__dirname, "silent"))) return;
	response.end(JSON.stringify({ version: "1.9.14" }));
}).listen(config.api.unix_listen);
`;

interface ProgramRun {
	readonly pid: number;
	/** Of the file with its settings, octal. */
	readonly mode: string;
	readonly config: { readonly api: { readonly unix_listen: string } } & Readonly<Record<string, unknown>>;
	/** Names of the variables that it was given. */
	readonly environment: readonly string[];
}

export class Go2rtcProgram implements Disposable {
	readonly #directory = mkdtempSync(join(tmpdir(), "vigia-program-"));
	readonly path: string = join(this.#directory, "go2rtc");

	constructor() {
		this.install();
	}

	/** All its runs, the oldest first. */
	get runs(): readonly ProgramRun[] {
		try {
			const lines = readFileSync(join(this.#directory, "runs"), "utf8").split("\n");
			return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as ProgramRun);
		} catch {
			return [];
		}
	}

	install(): void {
		// A directory with an own package.json, so that the file is taken for CommonJS wherever it lies.
		writeFileSync(join(this.#directory, "package.json"), "{}");
		writeFileSync(this.path, SCRIPT);
		chmodSync(this.path, 0o755);
	}

	uninstall(): void {
		rmSync(this.path);
	}

	set(flag: "silent" | "broken", isSet: boolean): void {
		const file = join(this.#directory, flag);
		if (isSet) writeFileSync(file, "");
		else rmSync(file, { force: true });
	}

	[Symbol.dispose](): void {
		rmSync(this.#directory, { recursive: true, force: true });
	}
}

/** A process of this id runs. */
export function isRunning(pid: number): boolean {
	try {
		// What has ended and was not waited for is none.
		return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
	} catch {
		return false;
	}
}
