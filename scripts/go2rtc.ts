/**
 * Builds go2rtc, an RTSP server that others wrote, for the interoperability tests. Where Go or the network is missing
 * those tests are skipped.
 *
 * `go install` asks the module proxy for the list of versions, which not every proxy serves; a download by exact
 * version is enough for a build inside a copy of the module's own folder.
 *
 * @module
 */
import { cp, glob, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { capture, findProgram, ROOT } from "./run.ts";

const MODULE = "github.com/AlexxIT/go2rtc@v1.9.14";
const GO2RTC = join(ROOT, ".cache/bin/go2rtc");
/** Each of the two steps. A build takes one processor about a minute. */
const STEP_TIMEOUT_MS = 240_000;

async function build(go: string): Promise<string | undefined> {
	const work = await mkdtemp(join(tmpdir(), "vigia-go2rtc-"));
	try {
		console.log(`Building ${MODULE} once, in about a minute: downloading`);
		const download = await capture(go, ["mod", "download", "-json", MODULE], { cwd: work, timeoutMs: STEP_TIMEOUT_MS });
		const folder = /"Dir": "(.*)"/.exec(download.output)?.[1];
		if (download.code !== 0 || folder === undefined) return lastLine(download.output);
		const copy = join(work, "src");
		// The module cache is read-only; without cgo Go refuses a folder with C files, here mere generators of tables.
		await cp(folder, copy, { recursive: true });
		if ((await capture("chmod", ["-R", "u+w", copy])).code !== 0) return "its copy cannot be made writable";
		for await (const file of glob("**/*_arch.c", { cwd: copy })) await rm(join(copy, file));
		console.log("Building go2rtc: compiling");
		const compile = await capture(go, ["build", "-trimpath", "-o", join(work, "go2rtc"), "."], {
			cwd: copy,
			env: { CGO_ENABLED: "0" },
			timeoutMs: STEP_TIMEOUT_MS,
		});
		if (compile.code !== 0) return lastLine(compile.output);
		await mkdir(join(ROOT, ".cache/bin"), { recursive: true });
		// Copied beside its place first, so that an interrupted copy is never taken for the program.
		await cp(join(work, "go2rtc"), `${GO2RTC}.new`);
		await rename(`${GO2RTC}.new`, GO2RTC);
		return undefined;
	} finally {
		await rm(work, { recursive: true, force: true });
	}
}

function lastLine(output: string): string {
	return output.trim().split("\n").at(-1) ?? "no reason was given";
}

/** Makes `.cache/bin/go2rtc` where that is possible, and prints why where it is not. Never throws. */
export async function ensureGo2rtc(): Promise<void> {
	try {
		if ((await capture(GO2RTC, ["-version"])).code === 0) return;
		const go = await findProgram("go");
		const problem = go === undefined ? "Go is not on PATH" : await build(go);
		if (problem !== undefined) console.log(`go2rtc could not be built, its tests are skipped: ${problem}`);
	} catch (error) {
		console.log(`go2rtc could not be built, its tests are skipped: ${String(error)}`);
	}
}
