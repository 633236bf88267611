/** The wall's page with the real go2rtc as its WebRTC engine: the pictures come from there, and go on when it is killed. */
import { existsSync, globSync, mkdtempDisposableSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { WEBRTC_ENGINE_HEADER } from "@vigia/api";
import { startCameraSim } from "@vigia/camera-sim";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { Go2rtcClient } from "../../server/src/neighbours/go2rtc-client.ts";
import { systemClock } from "../../server/src/platform/clock.ts";
import { launchChromium, movingTiles, openContext, readTiles } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { childrenOf } from "../support/processes.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";

const go2rtcPath = fileURLToPath(new URL("../../.cache/bin/go2rtc", import.meta.url));
const present = existsSync(go2rtcPath);
if (!present) console.log("SKIPPED: go2rtc is not built; `npm test` builds it where Go and its module proxy are there");

const CAMERAS = [1, 2, 3, 4];

/** What the built-in engine has sent since the start. */
async function packetsSent(url: string): Promise<number> {
	const text = await (await fetch(`${url}/metrics`)).text();
	return Number(/^vigia_webrtc_packets_sent_total (\d+)$/m.exec(text)?.[1]);
}

/** All tiles show other pictures of their cameras than a moment ago, live and over WebRTC, and who sent them. */
async function player(page: Page, server: ServerProcess): Promise<"go2rtc" | "built-in" | undefined> {
	const before = await packetsSent(server.url);
	const moving = await movingTiles(page);
	const sent = (await packetsSent(server.url)) - before;
	const tiles = await readTiles(page);
	const areLive = tiles.every(({ state, rung }) => state === "live" && rung === "webrtc");
	if (!areLive || !CAMERAS.every((number) => moving.get(`cam${number}`) === number)) return undefined;
	return sent === 0 ? "go2rtc" : "built-in";
}

/** Processes of go2rtc that were started, however indirectly, by this one's shell. */
function go2rtcOf(serverPid: number): number[] {
	return childrenOf(serverPid, "sh").flatMap((shell) => childrenOf(shell, "go2rtc"));
}

test.skipIf(!present)("the page plays from go2rtc, goes on when it is killed, and goes back to it", async () => {
	using directory = mkdtempDisposableSync(join(tmpdir(), "vigia-program-"));
	const program = join(directory.path, "go2rtc");
	symlinkSync(go2rtcPath, program);
	await using sim = await startCameraSim({ count: CAMERAS.length });
	const urls = CAMERAS.flatMap((number) => [
		[`CAMERA_${number}_URL`, sim.url(number, "sub")],
		[`CAMERA_${number}_MAIN_URL`, sim.url(number, "main")],
	]);
	await using server = await startServer({
		...Object.fromEntries(urls),
		WEBRTC_ENGINE: "go2rtc",
		GO2RTC_BIN: program,
		// Where its socket is made.
		TMPDIR: directory.path,
	});
	await eventually("go2rtc runs", () => server.output().includes("go2rtc runs"));
	const browser = await launchChromium();
	try {
		const page = await (await openContext(browser)).newPage();
		const answered: string[] = [];
		const ended: string[] = [];
		page.on("response", (response) => {
			const method = response.request().method();
			if (!response.url().includes("/whep")) return;
			if (method === "POST") answered.push(response.headers()[WEBRTC_ENGINE_HEADER] ?? "built-in");
			else if (method === "DELETE") ended.push(`${response.status()}`);
		});
		await page.goto(server.url);
		await eventually("go2rtc plays", async () => (await player(page, server)) === "go2rtc");
		expect(answered).toEqual(CAMERAS.map(() => "go2rtc"));
		const [socketPath = ""] = globSync("vigia-go2rtc-*/api.sock", { cwd: directory.path });
		const client = new Go2rtcClient({ socketPath: join(directory.path, socketPath) }, systemClock);
		expect(await client.countPlayers()).toBe(CAMERAS.length);

		await page.dblclick('[data-camera="cam1"]');
		await eventually("cam1 is large, from go2rtc", async () => {
			const before = await packetsSent(server.url);
			const isMoving = (await movingTiles(page)).get("cam1") === 1;
			const large = (await readTiles(page)).find(({ camera }) => camera === "cam1");
			return isMoving && large?.width === 1280 && (await packetsSent(server.url)) === before;
		});
		expect(answered).toHaveLength(CAMERAS.length + 1);
		await page.keyboard.press("Escape");
		await eventually("the main stream has ended", () => ended.length === 1);

		// Where the program is gone it does not come back at once.
		rmSync(program);
		const [killed] = go2rtcOf(server.pid);
		process.kill(killed as number, "SIGKILL");
		const killedMs = performance.now();
		await eventually("the built-in engine plays", async () => (await player(page, server)) === "built-in");
		console.log(`all tiles moved again ${Math.round(performance.now() - killedMs)} ms after go2rtc was killed`);
		symlinkSync(go2rtcPath, program);
		await eventually("go2rtc plays again", async () => (await player(page, server)) === "go2rtc");

		// One that hangs nobody is told of.
		const [stopped] = go2rtcOf(server.pid);
		process.kill(stopped as number, "SIGSTOP");
		const stoppedMs = performance.now();
		await eventually("the built-in engine plays again", async () => (await player(page, server)) === "built-in");
		console.log(`all tiles moved again ${Math.round(performance.now() - stoppedMs)} ms after go2rtc was stopped`);
		expect(new Set(answered)).toEqual(new Set(["go2rtc"]));
	} finally {
		await browser.close();
	}
});
