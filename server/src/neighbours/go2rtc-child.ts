/** One run of the go2rtc program. It ends with us, however we end. @module */
import { type ChildProcess, spawn } from "node:child_process";

/** Longer lines are cut: they are for the log. */
const MAX_LINE_CHARS = 1_000;

/**
 * Starts the program ($1, its settings in $2) and kills it when the shell's standard input ends: the system closes our
 * end of that pipe also when we are killed, so that nothing is left behind. Exits as the program does.
 */
const SCRIPT = `
exec 3<&0
"$1" -config "$2" 3<&- </dev/null &
child=$!
{ read -r _ <&3; kill -KILL "$child"; } 2>/dev/null &
watcher=$!
exec 3<&-
wait "$child"
code=$?
kill -KILL "$watcher" 2>/dev/null
exit "$code"
`;
/** What POSIX shells exit with when they do not find a program, or may not start it. */
const NOT_STARTED = [126, 127];

export type ChildExit =
	/** There is no such program. */
	"missing" | "ended";

export class Go2rtcChild {
	/** Settles once, never rejects: the program is gone. */
	readonly exited: Promise<ChildExit>;
	readonly #process: ChildProcess;

	/** @param onLine takes what it writes, a line at a time, without logins. */
	constructor(program: string, configFile: string, onLine: (line: string) => void) {
		this.#process = spawn("/bin/sh", ["-c", SCRIPT, "vigia-go2rtc", program, configFile], {
			// Of our environment, in which camera passwords can be, it needs nothing else.
			env: { PATH: process.env.PATH },
			stdio: ["pipe", "pipe", "pipe"],
		});
		const { stdin, stdout, stderr } = this.#process;
		// EPIPE of a shell that is gone: its end is reported by itself.
		for (const pipe of [stdin, stdout, stderr]) pipe?.on("error", () => {});
		for (const pipe of [stdout, stderr]) readLines(pipe, onLine);
		this.exited = new Promise((resolve) => {
			this.#process.on("error", () => resolve("missing"));
			this.#process.on("exit", (code) => {
				// Where somebody killed the shell alone, this ends the program.
				stdin?.destroy();
				resolve(code !== null && NOT_STARTED.includes(code) ? "missing" : "ended");
			});
		});
	}

	/** Ends it at once. Safe to call twice. */
	kill(): void {
		this.#process.stdin?.destroy();
	}
}

function readLines(pipe: ChildProcess["stdout"], onLine: (line: string) => void): void {
	let open = "";
	pipe?.setEncoding("utf8").on("data", (text: string) => {
		const lines = `${open}${text}`.split("\n");
		open = (lines.pop() ?? "").slice(0, MAX_LINE_CHARS);
		for (const line of lines) if (line.trim() !== "") onLine(withoutLogins(line.slice(0, MAX_LINE_CHARS)));
	});
}

function withoutLogins(line: string): string {
	return line.replace(/:\/\/[^\s"@/]*@/g, "://***@");
}
