/** Clips that the repository does not hold, made when they are first asked for. @module */
import { spawnSync } from "node:child_process";
import { existsSync, renameSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Drawing and encoding takes seconds a clip; the simulator's cameras share them in turn. */
export const LONG_GOP_CLIPS = 4;

/**
 * Sub streams whose loop is one GOP of so many seconds; camera n shows clip `(n - 1) % LONG_GOP_CLIPS + 1`.
 * @returns their folder, kept in `.cache`.
 */
export function clipsWithGop(seconds: number): string {
	const folder = fileURLToPath(new URL(`../../.cache/clips-${LONG_GOP_CLIPS}-gop-${seconds}s`, import.meta.url));
	if (existsSync(folder)) return folder;
	const unfinished = `${folder}.part`;
	rmSync(unfinished, { recursive: true, force: true });
	const script = fileURLToPath(new URL("../../camera-sim/scripts/make-clips.ts", import.meta.url));
	const gop = ["--seconds", `${seconds}`, "--gop-seconds", `${seconds}`];
	const args = [script, "--only", "sub", "--cameras", `${LONG_GOP_CLIPS}`, ...gop, "--out", unfinished];
	const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
	if (status !== 0) throw new Error(`making the clips failed: ${stderr}`);
	renameSync(unfinished, folder);
	return folder;
}
