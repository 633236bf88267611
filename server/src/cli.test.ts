import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync, cpSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const LAUNCHER = join(ROOT, "bin/vigia");
let folder: string;

beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "vigia-launcher-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
	readonly code: number;
	readonly out: string;
	readonly error: string;
}

async function run(file: string, args: readonly string[], path = process.env.PATH ?? ""): Promise<Ended> {
	const { promise, resolve } = Promise.withResolvers<Ended>();
	const options = { cwd: folder, env: { PATH: path }, timeout: 15_000 };
	const child = execFile(file, args, options, (failure, out, error) => {
		resolve({ code: failure ? Number(failure.code) : 0, out, error });
	});
	child.stdin?.end();
	return await promise;
}

test("vigia runs with the Node that it was installed with, from anywhere and by a link", async () => {
	const link = join(folder, "vigia");
	symlinkSync(LAUNCHER, link);
	// An older Node that comes first in the path is not taken.
	const old = join(folder, "old");
	mkdirSync(old);
	writeFileSync(join(old, "node"), "#!/bin/sh\necho v20.0.0\n");
	chmodSync(join(old, "node"), 0o755);
	for (const file of [LAUNCHER, link]) {
		const { code, out } = await run(file, ["--version"], `${old}:/usr/bin:/bin`);
		expect(out).toMatch(/^\d+\.\d+\.\d+\n$/);
		expect(code).toBe(0);
	}
});

test("vigia without a Node that is new enough says how to get one", async () => {
	const copy = join(folder, "copy/bin/vigia");
	cpSync(LAUNCHER, copy);
	const { code, error } = await run(copy, [], `${join(folder, "old")}:/usr/bin:/bin`);
	expect(error).toContain("Vigía needs Node 24.15 or newer: run npm install in");
	expect(code).toBe(1);
	writeFileSync(join(folder, "old/node"), "#!/bin/sh\necho v24.14.1\n");
	expect((await run(copy, [], `${join(folder, "old")}:/usr/bin:/bin`)).error).toContain("24.15 or newer");
	// With one in the path it is taken; there is no program beside this copy, which that Node says.
	const newer = await run(copy, [], `${dirname(process.execPath)}:/usr/bin:/bin`);
	expect(newer.error).toContain("server/src/cli.ts");
});

test("vigia --help names the wall's flags and the probe", async () => {
	const { code, out } = await run(LAUNCHER, ["--help"]);
	expect(out).toContain("--port VALUE");
	expect(out).toContain("probe");
	expect(code).toBe(0);
});

test("vigia probe passes on its arguments and ends with its exit code", async () => {
	expect(await run(LAUNCHER, ["probe", "rtsp://127.0.0.1:1/", "--seconds", "1"])).toMatchObject({
		code: 2,
		out: expect.stringContaining("connection-refused") as string,
	});
	expect(await run(LAUNCHER, ["probe"])).toMatchObject({ code: 64, out: "" });
});

test("vigia with a word that is no command says what there is, and does not start the server", async () => {
	const { code, error, out } = await run(LAUNCHER, ["prove", "rtsp://admin:secret@camera/"]);
	expect(error).toContain("vigia probe");
	expect(error + out).not.toContain("secret");
	expect(code).toBe(64);
});
