/** The wall in real Chromium, from simulated cameras over real RTSP, judged by decoded pixels. */
import type { Browser, Page } from "playwright-core";
import { type CameraSim, startCameraSim } from "@vigia/camera-sim";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchChromium, movingTiles, openContext, readTiles } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";

const CAMERAS = 16;
const USER = "vigía";
const PASSWORD = "p@ss:w#rd%/ñ";
const ALL_CAMERAS = new Map(Array.from({ length: CAMERAS }, (_, index) => [`cam${index + 1}`, index + 1]));

let sim: CameraSim;
let server: ServerProcess;
let browser: Browser;

beforeAll(async () => {
	sim = await startCameraSim({ count: CAMERAS, credentials: { username: USER, password: PASSWORD } });
	server = await startServer({
		CAM_USER: USER,
		CAM_PASS: PASSWORD,
		CAM_IP: "127.0.0.1",
		CAM_PORT: String(sim.port),
		TOTAL_CAMERAS: String(CAMERAS),
	});
	browser = await launchChromium();
});

afterAll(async () => {
	await browser?.close();
	await server?.[Symbol.asyncDispose]();
	await sim?.[Symbol.asyncDispose]();
});

async function withWall(use: (page: Page) => Promise<void>): Promise<void> {
	const context = await openContext(browser);
	try {
		const page = await context.newPage();
		await page.goto(server.url);
		await use(page);
	} finally {
		await context.close();
	}
}

async function allLive(page: Page): Promise<void> {
	await eventually("every tile shows its own camera, moving", async () => {
		const moving = await movingTiles(page);
		return moving.size === CAMERAS && [...ALL_CAMERAS].every(([tile, camera]) => moving.get(tile) === camera);
	});
	await eventually("every tile says live", async () => (await readTiles(page)).every((tile) => tile.state === "live"));
}

test("sixteen tiles of a first-generation .env show their cameras live", async () => {
	await withWall(allLive);
});
