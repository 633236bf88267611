/** Clips that the repository does not hold, made when they are first asked for. @module */
import { spawnSync } from "node:child_process";
import { existsSync, renameSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Drawing and encoding takes seconds a clip; the simulator's cameras share them in turn. */
export const LONG_GOP_CLIPS = 4;

/**
 * Sub streams with GOPs of so many seconds; camera n shows clip `(n - 1) % LONG_GOP_CLIPS + 1`.
 * @param loopSeconds until the pictures and their counter begin anew, by default one GOP and at most 17: a delay is
 * told from the counter only where it is shorter than that.
 * @returns their folder, kept in `.cache`.
 */
export function clipsWithGop(seconds: number, loopSeconds: number = seconds): string {
	const loop = loopSeconds === seconds ? "" : `-loop-${loopSeconds}s`;
	const name = `clips-${LONG_GOP_CLIPS}-gop-${seconds}s${loop}`;
	const folder = fileURLToPath(new URL(`../../.cache/${name}`, import.meta.url));
	if (existsSync(folder)) return folder;
	const unfinished = `${folder}.part`;
	rmSync(unfinished, { recursive: true, force: true });
	const script = fileURLToPath(new URL("../../camera-sim/scripts/make-clips.ts", import.meta.url));
	const gop = ["--seconds", `${loopSeconds}`, "--gop-seconds", `${seconds}`];
	const args = [script, "--only", "sub", "--cameras", `${LONG_GOP_CLIPS}`, ...gop, "--out", unfinished];
	const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
	if (status !== 0) throw new Error(`making the clips failed: ${stderr}`);
	renameSync(unfinished, folder);
	return folder;
}
