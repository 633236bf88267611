/** A standard WHEP player that is not ours (aiortc, decoding with FFmpeg) plays cam1. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { startServer } from "../support/server-process.ts";

const python = fileURLToPath(new URL("../../.cache/aiortc/bin/python", import.meta.url));
const client = fileURLToPath(new URL("clients/whep-client.py", import.meta.url));
const present = existsSync(python);
if (!present) console.log("SKIPPED: aiortc is not installed; `npm test` installs it where Python and PyPI are there");

test.skipIf(!present)(
	"a WHEP player decodes cam1, its main stream unless it asks for the sub stream, and ends its session",
	async () => {
		await using server = await startServer({});
		await eventually("cam1 is live", async () => (await server.cameras())[0]?.state === "live");
		for (const [query, width, height] of [
			["", 1280, 720],
			["?stream=main", 1280, 720],
			["?stream=sub", 640, 360],
		] as const) {
			const { stdout } = await promisify(execFile)(python, [
				client,
				`${server.url}/api/cameras/cam1/whep${query}`,
				"30",
			]);
			expect(JSON.parse(stdout)).toMatchObject({ frames: 30, width, height, status: 201, deleted: 200 });
		}
	},
);
