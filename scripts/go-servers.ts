/**
 * Builds go2rtc and MediaMTX, RTSP servers that others wrote, for the interoperability tests. Where Go or the network
 * is missing those tests are skipped.
 *
 * `go install` asks the module proxy for the list of versions, which not every proxy serves; a download by exact
 * version is enough for a build inside a copy of the module's own folder.
 *
 * @module
 */
import { cp, glob, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { capture, findProgram, ROOT } from "./run.ts";

interface GoServer {
	readonly name: string;
	readonly module: string;
	/** Arguments that end the program at once with code 0 if it runs at all. */
	readonly probe: readonly string[];
	/** Makes the copied source compile: what its authors generate before a release is not in the module. */
	readonly prepare: (folder: string) => Promise<void>;
}

const SERVERS: readonly GoServer[] = [
	{
		name: "go2rtc",
		module: "github.com/AlexxIT/go2rtc@v1.9.14",
		probe: ["-version"],
		prepare: async (folder) => {
			// Without cgo Go refuses a folder with C files, here mere generators of tables.
			for await (const file of glob("**/*_arch.c", { cwd: folder })) await rm(join(folder, file));
		},
	},
	{
		name: "mediamtx",
		module: "github.com/bluenviron/mediamtx@v1.14.0",
		probe: ["--version"],
		prepare: async (folder) => {
			await writeFile(join(folder, "internal/core/VERSION"), "v1.14.0");
			// Its HLS page's player, which the tests do not open.
			await writeFile(join(folder, "internal/servers/hls/hls.min.js"), "");
		},
	},
];
const BIN = join(ROOT, ".cache/bin");
/** Each of the two steps. A build takes one processor about a minute. */
const STEP_TIMEOUT_MS = 240_000;

async function build(go: string, { name, module, prepare }: GoServer): Promise<string | undefined> {
	const work = await mkdtemp(join(tmpdir(), "vigia-go-"));
	try {
		console.log(`Building ${module} once, in about a minute: downloading`);
		const download = await capture(go, ["mod", "download", "-json", module], { cwd: work, timeoutMs: STEP_TIMEOUT_MS });
		const folder = /"Dir": "(.*)"/.exec(download.output)?.[1];
		if (download.code !== 0 || folder === undefined) return lastLine(download.output);
		const copy = join(work, "src");
		// The module cache is read-only.
		await cp(folder, copy, { recursive: true });
		if ((await capture("chmod", ["-R", "u+w", copy])).code !== 0) return "its copy cannot be made writable";
		await prepare(copy);
		console.log(`Building ${name}: compiling`);
		const compile = await capture(go, ["build", "-trimpath", "-o", join(work, name), "."], {
			cwd: copy,
			env: { CGO_ENABLED: "0" },
			timeoutMs: STEP_TIMEOUT_MS,
		});
		if (compile.code !== 0) return lastLine(compile.output);
		await mkdir(BIN, { recursive: true });
		// Copied beside its place first, so that an interrupted copy is never taken for the program.
		await cp(join(work, name), join(BIN, `${name}.new`));
		await rename(join(BIN, `${name}.new`), join(BIN, name));
		return undefined;
	} finally {
		await rm(work, { recursive: true, force: true });
	}
}

function lastLine(output: string): string {
	return output.trim().split("\n").at(-1) ?? "no reason was given";
}

async function ensure(server: GoServer): Promise<void> {
	try {
		if ((await capture(join(BIN, server.name), server.probe)).code === 0) return;
		const go = await findProgram("go");
		const problem = go === undefined ? "Go is not on PATH" : await build(go, server);
		if (problem !== undefined) console.log(`${server.name} could not be built, its tests are skipped: ${problem}`);
	} catch (error) {
		console.log(`${server.name} could not be built, its tests are skipped: ${String(error)}`);
	}
}

/** Makes the servers in `.cache/bin` where that is possible, and prints why where it is not. Never throws. */
export async function ensureGoServers(): Promise<void> {
	for (const server of SERVERS) await ensure(server);
}
