import { expect, test } from "vitest";
import { Child } from "./child.ts";
import { eventually } from "./eventually.ts";
import { childrenOf } from "./processes.ts";

test("a child is found by its program's name until it has ended, stopped or not", async () => {
	const sleeper = new Child("sleep", ["60"]);
	await eventually("it is found", () => childrenOf(process.pid, "sleep").includes(sleeper.pid ?? 0));
	process.kill(sleeper.pid ?? 0, "SIGSTOP");
	expect(childrenOf(process.pid, "sleep")).toContain(sleeper.pid);
	process.kill(sleeper.pid ?? 0, "SIGKILL");
	expect(await sleeper.exited).toBeNull();
	expect(childrenOf(process.pid, "sleep")).toEqual([]);
});

test("a program that ends before what is waited for fails the wait at once, with its own words", async () => {
	const failing = new Child("sh", ["-c", "echo no such thing >&2; exit 3"]);
	await expect(failing.until("it listens", () => false)).rejects.toThrow(/ended with 3.*no such thing/s);
	const missing = new Child("no-such-program-of-vigia", []);
	await expect(missing.until("it listens", () => false)).rejects.toThrow("ENOENT");
});
