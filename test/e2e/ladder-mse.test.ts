/** What a wall over WebRTC can do, it can do over MSE: `PROTOCOL=mse` in Chromium. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchChromium, movingTiles, readTiles } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { watchPictures } from "../support/picture-watch.ts";
import {
	allLiveOn,
	CAMERA_IDS,
	CAMERAS,
	noteEachFrame,
	setHidden,
	startWall,
	type Wall,
	withPage,
} from "../support/wall.ts";

/** Of a loop in the repository's clips, sub stream. */
const LOOP_PICTURES = 60;
const PICTURES_PER_SECOND = 15;
/** Older pictures than this are no live edge, in seconds; a loaded machine reads the tiles late. */
const LIVE_EDGE_SECONDS = 1.5;
/** Old pictures are marked after two seconds, at the next of two ticks a second; a loaded machine takes longer. */
const UNMARKED_LIMIT_MS = 3500;

/** The newest picture that left each camera. */
const sent = new Map<number, number>();
let wall: Wall;
let browser: Browser;

beforeAll(async () => {
	wall = await startWall(
		{ PROTOCOL: "mse" },
		{ onPictureSent: ({ channel, stream, index }) => stream === "sub" && sent.set(channel, index) },
	);
	browser = await launchChromium();
});

afterAll(async () => {
	await browser?.close();
	await wall?.[Symbol.asyncDispose]();
});

/** How far behind the cameras the pictures in sight are, in seconds, modulo the loop of four: the worst of all tiles. */
async function worstBehind(page: Page): Promise<number> {
	const behind = (await readTiles(page)).map(({ code }) => {
		if (!code) return Infinity;
		return (((sent.get(code.camera) ?? 0) - code.counter + LOOP_PICTURES) % LOOP_PICTURES) / PICTURES_PER_SECOND;
	});
	return Math.max(...behind);
}

test("the setting PROTOCOL=mse has all tiles play MSE, near the live edge", async () => {
	await withPage(browser, wall.server.url, async (page) => {
		console.log(`PROTOCOL=mse: live after ${Math.round(await allLiveOn(page, "mse"))} ms`);
		await eventually("all tiles are near the live edge", async () => (await worstBehind(page)) < LIVE_EDGE_SECONDS);
		console.log(`the worst tile is ${(await worstBehind(page)).toFixed(2)} s behind`);
	});
});

test("an enlarged tile shows the main stream without a blank picture in between, and the grid again", async () => {
	await withPage(browser, wall.server.url, async (page) => {
		await allLiveOn(page, "mse");
		await noteEachFrame(page, 3);
		await page.locator('[data-camera="cam3"]').dblclick();
		const shown = async () => (await readTiles(page)).find(({ camera }) => camera === "cam3");
		const startMs = performance.now();
		await eventually("the main stream is shown", async () => {
			const tile = await shown();
			return tile?.width === 1280 && tile.height === 720 && tile.rung === "mse";
		});
		console.log(`main over MSE after ${Math.round(performance.now() - startMs)} ms`);
		await eventually("the main stream moves", async () => (await movingTiles(page)).get("cam3") === 3);
		await page.keyboard.press("Escape");
		await eventually("the sub stream is shown again", async () => (await shown())?.width === 640);
		await allLiveOn(page, "mse");
		expect(await page.evaluate(() => (window as unknown as { seen: unknown }).seen)).toEqual({
			blanks: 0,
			others: 0,
			widths: [640, 1280, 640],
		});
	});
});

test("a camera that is switched off is marked alone and in time, and comes back by itself", async () => {
	await withPage(browser, wall.server.url, async (page) => {
		await allLiveOn(page, "mse");
		await watchPictures(page, CAMERA_IDS);
		try {
			await wall.sim.control.stop(5);
			await eventually("camera 5 alone is marked", async () => {
				const tiles = await readTiles(page);
				return tiles.every(({ camera, state }) => (camera === "cam5" ? state !== "live" : state === "live"));
			});
			// It plays to the end of its buffer.
			await eventually("the others move", async () => {
				const moving = await movingTiles(page, 1500);
				return moving.size === CAMERAS - 1 && !moving.has("cam5");
			});
		} finally {
			await wall.sim.control.start(5);
		}
		await allLiveOn(page, "mse");
		const unmarkedMs = await page.evaluate(() => window.unmarkedMs);
		console.log(`camera off: the old picture was unmarked for ${Math.round(unmarkedMs)} ms`);
		expect(unmarkedMs).toBeLessThan(UNMARKED_LIMIT_MS);
	});
});

test("a server that is killed and started again is live again over MSE without a reload", async () => {
	await withPage(browser, wall.server.url, async (page) => {
		await allLiveOn(page, "mse");
		await page.evaluate(() => Object.assign(window, { notReloaded: true }));
		await wall.server.kill("SIGKILL");
		await eventually("no tile says live", async () => (await readTiles(page)).every(({ state }) => state !== "live"));
		await wall.server.restart();
		console.log(`server killed: live after ${Math.round(await allLiveOn(page, "mse"))} ms`);
		expect(await page.evaluate(() => "notReloaded" in window)).toBe(true);
	});
});

test("a page that was hidden comes back at the live edge, and nothing was sent to it meanwhile", async () => {
	await withPage(browser, wall.server.url, async (page) => {
		await allLiveOn(page, "mse");
		const readers = async (): Promise<number> =>
			(await wall.server.cameras()).reduce((sum, { streams }) => sum + (streams.sub?.readers ?? 0), 0);
		expect(await readers()).toBe(CAMERAS);
		await setHidden(page, true);
		await eventually("nobody reads the streams", async () => (await readers()) === 0);
		await setHidden(page, false);
		console.log(`back in sight: live after ${Math.round(await allLiveOn(page, "mse"))} ms`);
		await eventually("all tiles are near the live edge", async () => (await worstBehind(page)) < LIVE_EDGE_SECONDS);
	});
});
