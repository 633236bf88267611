/** quick-start.sh on a terminal: what is typed as the password is not shown. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { ScriptBench } from "./support/script-bench.ts";

const PYTHON_IS_THERE = spawnSync("python3", ["--version"], { stdio: "ignore" }).status === 0;
if (!PYTHON_IS_THERE) console.log("SKIPPED: python3 is not installed, which plays the terminal");

test.skipIf(!PYTHON_IS_THERE)("the password is not shown on the terminal, and the user is", async () => {
	using bench = await ScriptBench.open(["quick-start.sh"]);
	const person = fileURLToPath(new URL("support/hidden-answer.py", import.meta.url));
	const answers = ["maria", "hidden:s3cret-word", "not an address"];
	const { stdout } = spawnSync(
		"python3",
		[person, ...answers, "--", "bash", "--norc", `${bench.project}/quick-start.sh`],
		{ encoding: "utf8", env: { PATH: process.env.PATH, LC_ALL: "C.UTF-8", HOME: bench.path("home") } },
	);
	expect(stdout).toContain("User of the recorder [admin]: maria");
	expect(stdout).toContain("Password (not shown): \r\n");
	// It got to the next question: the password was taken.
	expect(stdout).toContain("Address of the recorder");
	expect(stdout).not.toContain("s3cret");
});
