/**
 * Three networks as with a container of Docker's: outside, the machine that forwards its published ports (DNAT), and the
 * container. All are network namespaces of child processes, joined by veth pairs: nothing of this machine's own network is
 * touched, and with the processes everything is gone.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CHROMIUM } from "./browser.ts";
import { Child } from "./child.ts";
import { eventually } from "./eventually.ts";

const MAIN = fileURLToPath(new URL("../../server/src/main.ts", import.meta.url));

/** RFC 5737: of nobody. The machine's address outside, and that of who looks at the wall. */
export const MACHINE = "198.51.100.1";
const VIEWER = "198.51.100.2";
/** As Docker gives them: the machine's end of the bridge, and the container. */
export const BRIDGE = "172.31.254.1";
export const CONTAINER = "172.31.254.2";
/** The published ports. */
const HTTP_PORT = 8000;
const MEDIA_PORT = 8555;

/** This user may make such networks; where not, that is printed once per test file. */
export const NAT_IS_POSSIBLE =
	spawnSync(
		"unshare",
		["--net", "sh", "-c", "ip link add vigia0 type veth peer name vigia1 && nft list tables && nsenter --version"],
		{
			stdio: "ignore",
		},
	).status === 0;
if (!NAT_IS_POSSIBLE) {
	console.log("SKIPPED: no networks behind NAT here: they take root, iproute2, nftables and util-linux");
}

/** What Docker sets up for `-p 8000:8000 -p 8555:8555/udp`, and that nothing else comes in. */
const RULES = `
table ip nat {
	chain arriving {
		type nat hook prerouting priority dstnat;
		iifname "outside" tcp dport ${HTTP_PORT} dnat to ${CONTAINER}
		iifname "outside" udp dport ${MEDIA_PORT} dnat to ${CONTAINER}
	}
	chain leaving {
		type nat hook postrouting priority srcnat;
		oifname "outside" masquerade
	}
}
table ip guard {
	chain passing {
		type filter hook forward priority filter; policy drop;
		ct state established,related accept
		ct status dnat accept
		iifname "bridge" accept
	}
}
`;
const BLOCK = `
table ip block {
	chain arriving {
		type filter hook prerouting priority raw;
		iifname "outside" meta l4proto udp counter drop
	}
}
`;

export class NatNetwork implements AsyncDisposable {
	readonly url = `http://${MACHINE}:${HTTP_PORT}`;
	/** Becomes Chromium outside: for {@link launchChromium}. */
	readonly chromium: string;
	readonly #stack = new AsyncDisposableStack();
	readonly #directory: string;
	/** Processes whose namespaces they are. */
	readonly #outside: Child;
	readonly #machine: Child;
	readonly #container: Child;

	private constructor() {
		this.#directory = mkdtempSync(join(tmpdir(), "vigia-nat-"));
		this.#stack.defer(() => rmSync(this.#directory, { recursive: true, force: true }));
		const open = (): Child => this.#stack.use(new Child("unshare", ["--net", "cat"], { endBy: "input-end" }));
		[this.#outside, this.#machine, this.#container] = [open(), open(), open()];
		this.chromium = join(this.#directory, "chromium");
		writeFileSync(this.chromium, `#!/bin/sh\nexec ${within(this.#outside).join(" ")} ${CHROMIUM} "$@"\n`, {
			mode: 0o755,
		});
	}

	static async open(): Promise<NatNetwork> {
		const network = new NatNetwork();
		try {
			await network.#connect();
			return network;
		} catch (error) {
			await network[Symbol.asyncDispose]();
			throw error;
		}
	}

	/** The server in the container, with its simulated cameras. Resolves when it is ready, to be disposed of. */
	async startServer(env: Readonly<Record<string, string>> = {}): Promise<Child> {
		const directory = mkdtempSync(join(this.#directory, "data-"));
		const ports = { PORT: String(HTTP_PORT), WEBRTC_PORT: String(MEDIA_PORT) };
		const [command = "", ...args] = within(this.#container);
		const options = { cwd: directory, env: { PATH: process.env.PATH, ...ports, ...env } };
		const server = new Child(command, [...args, process.execPath, MAIN], options);
		await server.until("the server is ready", (output) => output.includes("the wall is ready"));
		return server;
	}

	/** A program on the machine itself, beside the container. */
	start(command: string, args: readonly string[]): Child {
		const [enter = "", ...within_] = within(this.#machine);
		return new Child(enter, [...within_, command, ...args]);
	}

	/** Runs a program outside, and resolves with what it wrote. */
	async outside(command: string, args: readonly string[]): Promise<string> {
		return run(within(this.#outside), [command, ...args]);
	}

	/** From now on no UDP comes from outside; nobody is told. */
	blockUdp(): void {
		this.#rule(BLOCK);
	}

	allowUdp(): void {
		run(within(this.#machine), ["nft", "delete", "table", "ip", "block"]);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.#stack.disposeAsync();
	}

	async #connect(): Promise<void> {
		for (const child of [this.#outside, this.#machine, this.#container]) {
			await eventually("the namespace is there", () => isApart(child));
			run(within(child), ["ip", "link", "set", "lo", "up"]);
		}
		for (const [name, own, child, address] of [
			["outside", MACHINE, this.#outside, VIEWER],
			["bridge", BRIDGE, this.#container, CONTAINER],
		] as const) {
			const peer = ["peer", "name", "eth0", "netns", String(child.pid)];
			run(within(this.#machine), ["ip", "link", "add", name, "type", "veth", ...peer]);
			run(within(this.#machine), ["ip", "address", "add", `${own}/24`, "dev", name]);
			run(within(this.#machine), ["ip", "link", "set", name, "up"]);
			run(within(child), ["ip", "address", "add", `${address}/24`, "dev", "eth0"]);
			run(within(child), ["ip", "link", "set", "eth0", "up"]);
			// A browser asks the default route for its own address.
			run(within(child), ["ip", "route", "add", "default", "via", own]);
		}
		run(within(this.#machine), ["sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"]);
		this.#rule(RULES);
	}

	#rule(rules: string): void {
		run(within(this.#machine), ["nft", "-f", "-"], rules);
	}
}

/** A command line that starts a program in the network of this one. */
function within({ pid }: Child): string[] {
	return ["nsenter", `--net=/proc/${pid}/ns/net`];
}

/** It has left this process's network: `unshare` does so soon after its start. */
function isApart({ pid }: Child): boolean {
	return readlinkSync(`/proc/${pid}/ns/net`) !== readlinkSync("/proc/self/ns/net");
}

function run([command = "", ...args]: readonly string[], rest: readonly string[], input = ""): string {
	const { status, stdout, stderr, error } = spawnSync(command, [...args, ...rest], { encoding: "utf8", input });
	if (status !== 0) throw new Error(`${rest.join(" ")} failed: ${stderr || error?.message}`);
	return stdout;
}
