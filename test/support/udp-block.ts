/** Blocks a UDP port of this machine for a test, as a firewall on the way does: packets vanish without a word. @module */
import { spawnSync } from "node:child_process";
import { Child } from "./child.ts";

/** nftables is installed and this user may change rules; where not, that is printed once per test file. */
export const UDP_BLOCK_IS_POSSIBLE = spawnSync("nft", ["list", "tables"], { stdio: "ignore" }).status === 0;
if (!UDP_BLOCK_IS_POSSIBLE) {
	console.log("SKIPPED: UDP cannot be blocked here: it takes root and nftables (Debian: nftables)");
}

let tables = 0;

/**
 * Drops what comes to and from this port until disposal. The rules stand in a table of their own that the kernel
 * removes when the process that owns it ends, so that a test that crashes leaves nothing behind.
 */
export async function blockUdp(port: number): Promise<AsyncDisposable> {
	const table = `vigia_test_${process.pid}_${++tables}`;
	const nft = new Child("nft", ["--interactive"], { endBy: "input-end" });
	nft.write(
		[
			`add table inet ${table} { flags owner; }`,
			// At the receiver's side: a sender whose own firewall refuses would be told (EPERM), one on the way is not.
			`add chain inet ${table} incoming { type filter hook input priority 0; }`,
			`add rule inet ${table} incoming udp dport ${port} counter drop`,
			`add rule inet ${table} incoming udp sport ${port} counter drop`,
			`list table inet ${table}\n`,
		].join("\n"),
	);
	await nft.until(`nft blocks port ${port}`, (output) => output.includes(`udp sport ${port} counter`));
	return nft;
}
