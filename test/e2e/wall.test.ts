/** The wall in real Chromium, from simulated cameras over real RTSP, judged by decoded pixels. */
import type { Browser, Page } from "playwright-core";
import { type CameraSim, startCameraSim } from "@vigia/camera-sim";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchChromium, movingTiles, openContext, readTiles } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { noteEachFrame, setHidden } from "../support/wall.ts";

const CAMERAS = 16;
const USER = "vigía";
const PASSWORD = "p@ss:w#rd%/ñ";
const ALL_CAMERAS = new Map(Array.from({ length: CAMERAS }, (_, index) => [`cam${index + 1}`, index + 1]));

let sim: CameraSim;
let server: ServerProcess;
let browser: Browser;

beforeAll(async () => {
	sim = await startCameraSim({ count: CAMERAS, credentials: { username: USER, password: PASSWORD } });
	// As users of the first generation have it, password unescaped.
	server = await startServer(
		{},
		[
			`CAM_USER=${USER}`,
			`CAM_PASS=${PASSWORD}`,
			"CAM_IP=127.0.0.1",
			`CAM_PORT=${sim.port}`,
			`TOTAL_CAMERAS=${CAMERAS}`,
		].join("\n"),
	);
	browser = await launchChromium();
});

afterAll(async () => {
	await browser?.close();
	await server?.[Symbol.asyncDispose]();
	await sim?.[Symbol.asyncDispose]();
});

async function withWall(use: (page: Page) => Promise<unknown>): Promise<void> {
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

test("twenty loads in a row never miss a tile", async () => {
	for (let load = 1; load <= 20; load++) {
		await withWall((page) =>
			eventually(`load ${load}: every tile shows its own camera`, async () => {
				const tiles = await readTiles(page);
				return tiles.length === CAMERAS && tiles.every(({ camera, code }) => code?.camera === ALL_CAMERAS.get(camera));
			}),
		);
	}
});

test("a camera that is switched off is marked alone, and is live again after its return", async () => {
	await withWall(async (page) => {
		await allLive(page);
		await sim.control.stop(5);
		await eventually("camera 5 is marked", async () => {
			const tiles = await readTiles(page);
			return tiles.every(({ camera, state }) => (camera === "cam5" ? state !== "live" : state === "live"));
		});
		const moving = await movingTiles(page);
		expect(moving.has("cam5")).toBe(false);
		expect(moving.size).toBe(CAMERAS - 1);
		await sim.control.start(5);
		await allLive(page);
	});
});

test("video that freezes while RTCP goes on is marked as the camera's fault", async () => {
	await withWall(async (page) => {
		await allLive(page);
		sim.control.freeze(7, { rtcp: true });
		await eventually("camera 7 is marked frozen by its own fault", async () => {
			const tile = (await readTiles(page)).find(({ camera }) => camera === "cam7");
			return tile?.state === "frozen" && tile.fault === "camera";
		});
		expect((await readTiles(page)).filter(({ state }) => state === "live")).toHaveLength(CAMERAS - 1);
		await sim.control.start(7);
		await allLive(page);
	});
});

test("a dead network path without FIN is noticed, and the camera comes back", async () => {
	await withWall(async (page) => {
		await allLive(page);
		sim.control.dropSilently(9);
		await eventually("camera 9 is marked", async () =>
			(await readTiles(page)).some(({ camera, state }) => camera === "cam9" && state !== "live"),
		);
		await sim.control.start(9);
		await allLive(page);
	});
});

test("a server that is killed and started again is live again without a reload", async () => {
	await withWall(async (page) => {
		await allLive(page);
		await page.evaluate(() => Object.assign(window, { notReloaded: true }));
		await server.kill("SIGKILL");
		await eventually("no tile says live", async () => (await readTiles(page)).every(({ state }) => state !== "live"));
		await server.restart();
		await allLive(page);
		expect(await page.evaluate(() => "notReloaded" in window)).toBe(true);
	});
});

test("double click brings the main stream without a blank picture in between, and Escape the grid", async () => {
	await withWall(async (page) => {
		await allLive(page);
		await noteEachFrame(page, 3);
		const tile = page.locator('[data-camera="cam3"]');
		await tile.dblclick();
		const isMain = async (): Promise<boolean> =>
			(await readTiles(page)).some(
				({ camera, width, height }) => camera === "cam3" && width === 1280 && height === 720,
			);
		await eventually("the main stream is shown", isMain);
		await eventually("the main stream moves", async () => (await movingTiles(page)).get("cam3") === 3);
		await page.keyboard.press("Escape");
		await eventually("the sub stream is shown again", async () => !(await isMain()));
		await allLive(page);
		const seen = await page.evaluate(() => (window as unknown as { seen: unknown }).seen);
		expect(seen).toEqual({ blanks: 0, others: 0, widths: [640, 1280, 640] });
	});
});

test("a hidden page stops its video after a grace and comes back at the live edge", async () => {
	await withWall(async (page) => {
		await allLive(page);
		const readers = async (): Promise<number> =>
			(await server.cameras()).reduce((sum, { streams }) => sum + (streams.sub?.readers ?? 0), 0);
		expect(await readers()).toBe(CAMERAS);
		await setHidden(page, true);
		await eventually("nobody reads the streams", async () => (await readers()) === 0);
		await setHidden(page, false);
		await allLive(page);
		expect(await readers()).toBe(CAMERAS);
	});
});
