/** Clips that the repository does not hold, made when they are first asked for. @module */
import { spawnSync } from "node:child_process";
import { existsSync, renameSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Sub streams of sixteen cameras whose loop is one GOP of so many seconds. @returns their folder, kept in `.cache`. */
export function clipsWithGop(seconds: number): string {
	const folder = fileURLToPath(new URL(`../../.cache/clips-gop-${seconds}s`, import.meta.url));
	if (existsSync(folder)) return folder;
	const unfinished = `${folder}.part`;
	rmSync(unfinished, { recursive: true, force: true });
	const script = fileURLToPath(new URL("../../camera-sim/scripts/make-clips.ts", import.meta.url));
	const args = [script, "--only", "sub", "--seconds", `${seconds}`, "--gop-seconds", `${seconds}`, "--out", unfinished];
	const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
	if (status !== 0) throw new Error(`making the clips failed: ${stderr}`);
	renameSync(unfinished, folder);
	return folder;
}
