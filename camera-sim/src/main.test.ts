import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { TestClient } from "./testing/rtsp-client.ts";
import { waitFor } from "./testing/wait-for.ts";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));

function start(args: readonly string[], env: Record<string, string> = {}) {
	const child = spawn(process.execPath, [MAIN, ...args], { env: { ...process.env, ...env } });
	const output = { text: "" };
	for (const stream of [child.stdout, child.stderr])
		stream.on("data", (chunk: Buffer) => {
			output.text += chunk.toString();
		});
	return { child, output, exited: once(child, "exit") };
}

describe("npm run cameras", () => {
	it.each(["SIGINT", "SIGTERM"] as const)("says what it serves, serves it and stops at %s", async (signal) => {
		const args = ["--count", "2", "--port", "0", "--control-port", "0", "--user", "admin", "--password-env", "SECRET"];
		const { child, output, exited } = start(args, { SECRET: "p@ss:w#rd%/ñ" });
		try {
			await waitFor("the start", () => output.text.includes("Ctrl+C"));
			const url = /rtsp:\S+channel=2&subtype=1/.exec(output.text)?.[0] ?? "";
			await using client = await TestClient.connect(url);
			expect((await client.request("DESCRIBE"))?.status).toBe(401);
			const api = /http:\S+/.exec(output.text)?.[0] ?? "";
			expect(await (await fetch(api)).json()).toHaveLength(2);
			expect(output.text).toContain("Car park");
			expect(output.text).not.toContain("p@ss");
		} finally {
			child.kill(signal);
		}
		expect(await exited).toEqual([0, null]);
	});

	it.each([
		[["--count", "0"], "--count must be a whole number from 1 to 1024"],
		[["--port", "http"], "--port must be a whole number"],
		[["--ports", "many"], "shared or separate"],
		[["--user", "admin"], "--user and a password go together"],
		[["--user", "a", "--password-env", "NOT_SET_ANYWHERE"], "NOT_SET_ANYWHERE is not set"],
		[["--digest", "none"], "md5, md5-qop, sha-256"],
		[["--cuont", "3"], "--cuont"],
		[["--clips", "/nowhere", "--port", "0"], "npm run clips"],
	])("explains %j", async (args, message) => {
		const { output, exited } = start(args);
		expect((await exited)[0]).toBeGreaterThan(0);
		expect(output.text).toContain(message);
		expect(output.text).not.toContain("    at ");
	});
});
