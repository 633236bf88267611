/**
 * `npm run bench`: the budgets of this machine, measured. Cameras and viewers run in processes of their own, so that
 * the server's cost is the server's. Exits with 1 when a budget does not hold. @module
 */
import { launchChromium } from "../support/browser.ts";
import { clipsWithGop } from "../support/clips.ts";
import { eventually } from "../support/eventually.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { measureEnlarge, measureFaults, measureLatency, measureStart } from "./browser-rows.ts";
import { CamerasProcess } from "./processes.ts";
import { measureServer } from "./server-rows.ts";
import { formatTable, type Row } from "./table.ts";

const CAMERAS = 16;
const FRAMES_PER_SECOND = 15;
/** The repository's clips: loops of four seconds, GOPs of two. */
const LOOP_SECONDS = 4;
const GOP_SECONDS = 2;
const LONG_GOP_SECONDS = 10;

async function startWall(cameras: CamerasProcess): Promise<ServerProcess> {
	const server = await startServer({
		CAM_IP: "127.0.0.1",
		CAM_PORT: String(cameras.port),
		CAM_USER: "bench",
		CAM_PASS: "bench",
		TOTAL_CAMERAS: String(CAMERAS),
		LOG_LEVEL: "warn",
	});
	await eventually("all cameras are live", async () => (await server.cameras()).every(({ state }) => state === "live"));
	return server;
}

const rows: Row[] = [];
const report = (...more: Row[]): void => {
	for (const { what, measured } of more) console.log(`${what}: ${measured}`);
	rows.push(...more);
};

const browser = await launchChromium();
{
	using cameras = await CamerasProcess.start(LOOP_SECONDS * FRAMES_PER_SECOND);
	await using server = await startWall(cameras);
	report(...(await measureServer(cameras, server)));
	report(await measureLatency(browser, cameras, server));
	report(await measureStart(browser, cameras, server, GOP_SECONDS));
	report(await measureEnlarge(browser, server, GOP_SECONDS));
	report(...(await measureFaults(browser, cameras, server)));
}
{
	using cameras = await CamerasProcess.start(LONG_GOP_SECONDS * FRAMES_PER_SECOND, clipsWithGop(LONG_GOP_SECONDS));
	await using server = await startWall(cameras);
	report(await measureStart(browser, cameras, server, LONG_GOP_SECONDS));
}
await browser.close();
console.log(`\n${formatTable(rows)}`);
process.exit(rows.every(({ holds }) => holds) ? 0 : 1);
