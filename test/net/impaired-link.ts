/** A network with faults between a browser and this machine: impaired-link.py. @module */
import { spawnSync } from "node:child_process";
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CHROMIUM } from "../support/browser.ts";
import { Child } from "../support/child.ts";

const PYTHON = "/usr/bin/python3";

/** Each of them both ways; what is absent is as good as loopback. */
export interface NetworkConditions {
	/** Of the packets, each by itself. */
	readonly lossPercent?: number;
	/** One way: the round trip takes twice as long. */
	readonly delayMs?: number;
	/** Up to so much more delay, evenly spread; the packets keep their order. */
	readonly jitterMs?: number;
	/** The bottleneck, in 1000 bits a second. */
	readonly rateKbps?: number;
	/** What the bottleneck holds before it drops packets, as time. Default 500 ms. */
	readonly queueMs?: number;
	/** Every packet is lost, and nobody is told. */
	readonly cut?: boolean;
}

/** Packets since the conditions were set. */
export interface LinkCounters {
	readonly passed: number;
	/** By loss or cut. */
	readonly lost: number;
	/** The bottleneck's queue was full. */
	readonly full: number;
}

/** This user may make networks; where not, that is printed once per test file. */
export const NETWORK_IS_POSSIBLE = networkIsPossible();
if (!NETWORK_IS_POSSIBLE) {
	console.log("SKIPPED: no networks with faults here: they take root, /dev/net/tun, python3 and iproute2");
}

function networkIsPossible(): boolean {
	try {
		accessSync("/dev/net/tun", constants.R_OK | constants.W_OK);
	} catch {
		return false;
	}
	const works = (command: string, args: readonly string[]): boolean =>
		spawnSync(command, args, { stdio: "ignore" }).status === 0;
	return works("unshare", ["--net", "ip", "link", "show"]) && works(PYTHON, ["-c", ""]);
}

let links = 0;

/** Dispose of it when the browser behind it has ended. */
export class ImpairedLink implements AsyncDisposable {
	/** The address at which a browser behind the link reaches a server of this machine that listens on all addresses. */
	readonly serverAddress: string;
	/** Becomes Chromium behind the link: for {@link launchChromium}. */
	readonly chromium: string;
	readonly #child: Child;
	readonly #directory: string;

	private constructor(child: Child, directory: string, serverAddress: string) {
		this.#child = child;
		this.#directory = directory;
		this.serverAddress = serverAddress;
		this.chromium = join(directory, "chromium");
	}

	/** A link without faults. */
	static async open(): Promise<ImpairedLink> {
		// Two addresses of RFC 1918 that another test process of this machine does not use.
		const network = `10.${100 + (process.pid % 100)}.${++links % 256}`;
		const script = fileURLToPath(new URL("impaired-link.py", import.meta.url));
		const child = new Child(PYTHON, [script, `${network}.1`, `${network}.2`], { endBy: "input-end" });
		await child.until("the link is up", (output) => /^ready$/m.test(output));
		const directory = mkdtempSync(join(tmpdir(), "vigia-link-"));
		const link = new ImpairedLink(child, directory, `${network}.1`);
		writeFileSync(link.chromium, `#!/bin/sh\nexec ${link.behind(CHROMIUM).join(" ")} "$@"\n`, { mode: 0o755 });
		return link;
	}

	/** A command line that starts a program behind the link. */
	behind(...command: readonly string[]): string[] {
		return ["nsenter", `--net=/proc/${this.#child.pid}/ns/net`, ...command];
	}

	/** Sets the conditions for what comes from now on. @returns what happened under those before. */
	async apply(conditions: NetworkConditions): Promise<LinkCounters> {
		const answers = (): string[] => this.#child.output.match(/^\{.*\}$/gm) ?? [];
		const before = answers().length;
		this.#child.write(`${JSON.stringify(conditions)}\n`);
		return await this.#child.until("the link answers", () => {
			const answer = answers()[before];
			return answer !== undefined && (JSON.parse(answer) as LinkCounters);
		});
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.#child[Symbol.asyncDispose]();
		rmSync(this.#directory, { recursive: true, force: true });
	}
}
