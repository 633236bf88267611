/**
 * FFmpeg, in the one file that starts it. Children get bytes on standard input and give bytes on standard output: no
 * address, no file name and no secret ever reaches their arguments, their environment or what they write to the log.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { constants, setPriority } from "node:os";
import type { Clock, Timer } from "./clock.ts";

/** Asks a child to end; what does not is killed after this. */
export const KILL_AFTER_MS = 1_000;
/** Longest that FFmpeg may take to say what it is: loading its libraries from a cold SD card takes seconds. */
const LOOK_LIMIT_MS = 10_000;
/** An FFmpeg that was not there is looked for again no sooner: somebody has to install it. */
export const LOOK_AGAIN_AFTER_MS = 60_000;
/** A child's last words, for the log. */
const MAX_LINES = 12;
const MAX_LINE_CHARACTERS = 400;
/** Lists of encoders take 15 kB. */
const MAX_LISTING_BYTES = 512 * 1024;
/** Media that must be on time goes before its conversion. */
const PRIORITY = constants.priority.PRIORITY_BELOW_NORMAL;
/** What FFmpeg needs of our environment, in which camera passwords can be. */
const ENVIRONMENT = ["PATH", "LD_LIBRARY_PATH", "LIBVA_DRIVER_NAME", "LIBVA_DRIVERS_PATH", "CUDA_VISIBLE_DEVICES"];

export interface FfmpegFacts {
	/** As it says it: `5.1.9-0+deb12u1`. */
	readonly version: string;
	/** Names of the encoders that were compiled in; whether one works is another question. */
	readonly encoders: ReadonlySet<string>;
}

/** How a child ended. */
export interface ChildEnd {
	/** `null` if a signal ended it, or if it could not be started. */
	readonly code: number | null;
	readonly signal: NodeJS.Signals | null;
	/** The last lines of its standard error. */
	readonly lastLines: readonly string[];
}

/** One running FFmpeg. Nothing here throws, whatever became of the process. */
export interface FfmpegChild {
	/** `undefined` if it could not be started. */
	readonly pid: number | undefined;
	/** Settles once, never rejects: the process is gone and its output is read. */
	readonly closed: Promise<ChildEnd>;
	/** Bytes that it has not read yet, without those in the pipe. */
	readonly queuedBytes: number;
	/** Standard input; the bytes belong to the child from now on. Nothing happens after its end. */
	write(bytes: Uint8Array): void;
	/** No more input: it gives what it still has and ends. */
	end(): void;
	/** Asks it to end, kills it after {@link KILL_AFTER_MS}. Safe to call twice. */
	stop(): void;
	/** Kills it at once, also when it is stopped by a signal. */
	kill(): void;
}

/** What a short run gave. */
export interface RunResult extends ChildEnd {
	readonly output: Uint8Array;
	/** It took too long or gave too much, and was killed. */
	readonly cut: boolean;
}

export interface FfmpegOptions {
	/** A path, or a name on PATH. */
	readonly path?: string | undefined;
	readonly clock: Clock;
}

export class Ffmpeg {
	readonly #path: string;
	readonly #clock: Clock;
	#facts: FfmpegFacts | undefined;
	#looking: Promise<FfmpegFacts | undefined> | undefined;
	#lookedAtMs: number | undefined;
	readonly #children = new Set<Child>();

	constructor({ path = "ffmpeg", clock }: FfmpegOptions) {
		this.#path = path;
		this.#clock = clock;
	}

	/** `undefined` until {@link look} has found it, and once it is gone. */
	get facts(): FfmpegFacts | undefined {
		return this.#facts;
	}

	/** Finds out whether FFmpeg is there. Cheap to call often: one look serves all, and finding nothing lasts a minute. */
	look(): Promise<FfmpegFacts | undefined> {
		if (this.#facts) return Promise.resolve(this.#facts);
		const nowMs = this.#clock.nowMs();
		if (this.#looking && (this.#lookedAtMs === undefined || nowMs - this.#lookedAtMs < LOOK_AGAIN_AFTER_MS)) {
			return this.#looking;
		}
		this.#lookedAtMs = undefined;
		return (this.#looking = this.#find().finally(() => {
			this.#lookedAtMs = this.#clock.nowMs();
		}));
	}

	/** Starts a child that gets `args` and bytes, and gives bytes. `onOutput` owns what it is given. */
	spawn(args: readonly string[], onOutput: (bytes: Uint8Array) => void): FfmpegChild {
		const child = new Child(this.#path, args, {
			clock: this.#clock,
			onOutput,
			onMissing: () => {
				this.#facts = undefined;
				this.#looking = Promise.resolve(undefined);
				this.#lookedAtMs = this.#clock.nowMs();
			},
		});
		this.#children.add(child);
		void child.closed.then(() => this.#children.delete(child));
		return child;
	}

	/** Ends all children; resolves when they are gone. */
	async close(): Promise<void> {
		const children = [...this.#children];
		for (const child of children) child.stop();
		await Promise.all(children.map(({ closed }) => closed));
	}

	/** Runs one child to its end: `input` in, all of its output out, within the limits. */
	async run(
		args: readonly string[],
		input: readonly Uint8Array[],
		limits: { readonly timeoutMs: number; readonly maxOutputBytes: number; readonly signal?: AbortSignal },
	): Promise<RunResult> {
		const chunks: Uint8Array[] = [];
		let bytes = 0;
		let cut = false;
		const child = this.spawn(args, (chunk) => {
			bytes += chunk.length;
			if (bytes > limits.maxOutputBytes) giveUp();
			else chunks.push(chunk);
		});
		function giveUp(): void {
			cut = true;
			child.kill();
		}
		const timer = this.#clock.after(limits.timeoutMs, giveUp);
		limits.signal?.addEventListener("abort", giveUp, { once: true });
		for (const part of input) child.write(part);
		child.end();
		const end = await child.closed;
		timer.cancel();
		limits.signal?.removeEventListener("abort", giveUp);
		return { ...end, output: Buffer.concat(chunks), cut };
	}

	async #find(): Promise<FfmpegFacts | undefined> {
		const limits = { timeoutMs: LOOK_LIMIT_MS, maxOutputBytes: MAX_LISTING_BYTES };
		const [about, listing] = await Promise.all([
			this.run(["-hide_banner", "-version"], [], limits),
			this.run(["-hide_banner", "-encoders"], [], limits),
		]);
		const version = /^ffmpeg version (\S+)/.exec(Buffer.from(about.output).toString("latin1"))?.[1];
		if (about.code !== 0 || listing.code !== 0 || version === undefined) return undefined;
		const encoders = new Set<string>();
		for (const line of Buffer.from(listing.output).toString("latin1").split("\n")) {
			const name = /^ [VAS][A-Z.]{5} (\w+) /.exec(line)?.[1];
			if (name !== undefined) encoders.add(name);
		}
		return (this.#facts = { version, encoders });
	}
}

interface ChildOptions {
	readonly clock: Clock;
	readonly onOutput: (bytes: Uint8Array) => void;
	/** There is no such program. */
	readonly onMissing: () => void;
}

class Child implements FfmpegChild {
	readonly closed: Promise<ChildEnd>;
	/** `undefined` if the system refused even to try. */
	readonly #process: ChildProcess | undefined;
	readonly #clock: Clock;
	readonly #lines = new LastLines();
	#ended = false;
	#killTimer: Timer | undefined;

	constructor(path: string, args: readonly string[], { clock, onOutput, onMissing }: ChildOptions) {
		this.#clock = clock;
		const env: NodeJS.ProcessEnv = { LC_ALL: "C", AV_LOG_FORCE_NOCOLOR: "1" };
		for (const name of ENVIRONMENT) if (process.env[name] !== undefined) env[name] = process.env[name];
		const { promise, resolve } = Promise.withResolvers<ChildEnd>();
		this.closed = promise;
		const finish = (code: number | null, signal: NodeJS.Signals | null): void => {
			this.#ended = true;
			this.#killTimer?.cancel();
			resolve({ code, signal, lastLines: this.#lines.read() });
		};
		const notStarted = (error: unknown): void => {
			const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
			this.#lines.push(Buffer.from(`${path} cannot be started: ${code}\n`));
			if (code === "ENOENT") onMissing();
			finish(null, null);
		};
		try {
			// Its own process group: Ctrl-C on our terminal is ours to handle. When we die, its input ends, and so does it.
			this.#process = spawn(path, args, { stdio: ["pipe", "pipe", "pipe"], shell: false, detached: true, env });
		} catch (error) {
			notStarted(error);
			return;
		}
		const { stdin, stdout, stderr, pid } = this.#process;
		if (pid !== undefined) lowerPriority(pid);
		// EPIPE of a child that is gone: its end is reported by itself.
		for (const pipe of [stdin, stdout, stderr]) pipe?.on("error", () => {});
		stdout?.on("data", (bytes: Uint8Array) => onOutput(bytes));
		stderr?.on("data", (bytes: Uint8Array) => this.#lines.push(bytes));
		this.#process.on("error", (error) => {
			// A signal that could not be sent is reported here, too: the child runs on.
			if (pid === undefined) notStarted(error);
		});
		this.#process.on("close", finish);
	}

	get pid(): number | undefined {
		return this.#process?.pid;
	}

	get queuedBytes(): number {
		return this.#process?.stdin?.writableLength ?? 0;
	}

	write(bytes: Uint8Array): void {
		const stdin = this.#process?.stdin;
		if (!this.#ended && stdin?.writable) stdin.write(bytes);
	}

	end(): void {
		if (!this.#ended) this.#process?.stdin?.end();
	}

	stop(): void {
		if (this.#ended || this.#killTimer) return;
		this.#process?.stdin?.destroy();
		this.#process?.kill("SIGTERM");
		this.#killTimer = this.#clock.after(KILL_AFTER_MS, () => this.kill());
	}

	kill(): void {
		if (!this.#ended) this.#process?.kill("SIGKILL");
	}
}

function lowerPriority(pid: number): void {
	try {
		setPriority(pid, PRIORITY);
	} catch {
		// It is gone already, or the system does not let us: both do no harm.
	}
}

/** The end of a text that comes in pieces, bounded. */
class LastLines {
	#lines: string[] = [];
	#open = "";

	push(bytes: Uint8Array): void {
		const pieces = `${this.#open}${Buffer.from(bytes).toString("utf8")}`.split(/[\r\n]+/);
		this.#open = (pieces.pop() ?? "").slice(0, MAX_LINE_CHARACTERS);
		for (const piece of pieces) this.#lines.push(piece.slice(0, MAX_LINE_CHARACTERS));
		if (this.#lines.length > MAX_LINES) this.#lines = this.#lines.slice(-MAX_LINES);
	}

	read(): readonly string[] {
		return [...this.#lines, this.#open].filter((line) => line !== "").slice(-MAX_LINES);
	}
}
