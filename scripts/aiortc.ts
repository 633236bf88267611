/**
 * Makes a Python environment with aiortc, a WebRTC implementation that others wrote, for the WHEP test. Where Python or
 * the network is missing that test is skipped.
 *
 * @module
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { capture, findProgram, ROOT } from "./run.ts";

const PACKAGE = "aiortc==1.16.0";
const ENVIRONMENT = join(ROOT, ".cache/aiortc");
/** Each of the two steps; the wheels are 50 MB. */
const STEP_TIMEOUT_MS = 180_000;

/** Makes `.cache/aiortc/bin/python` where that is possible, and prints why where it is not. Never throws. */
export async function ensureAiortc(): Promise<void> {
	if ((await capture(join(ENVIRONMENT, "bin/python"), ["-c", "import aiortc"])).code === 0) return;
	const problem = await make();
	if (problem !== undefined) console.log(`aiortc could not be installed, the WHEP test is skipped: ${problem}`);
}

async function make(): Promise<string | undefined> {
	if ((await findProgram("python3")) === undefined) return "python3 is not on PATH";
	console.log(`Installing ${PACKAGE} for the WHEP test`);
	await rm(ENVIRONMENT, { recursive: true, force: true });
	const steps = [
		["python3", ["-m", "venv", ENVIRONMENT]],
		[join(ENVIRONMENT, "bin/pip"), ["install", "--quiet", "--disable-pip-version-check", PACKAGE]],
	] as const;
	for (const [command, args] of steps) {
		const { code, output } = await capture(command, args, { timeoutMs: STEP_TIMEOUT_MS });
		if (code !== 0) return output.trim().split("\n").at(-1) ?? "no reason was given";
	}
	return undefined;
}
