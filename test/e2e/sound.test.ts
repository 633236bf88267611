/** The sound of one tile, really heard: over WebRTC, by MSE and by HLS, in step with the pictures. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BEEP_HERTZ, CODED_CLIPS } from "../interop/coded-clips.ts";
import { GSTREAMER_IS_THERE, GstreamerServer, LOGIN } from "../interop/gstreamer-server.ts";
import { measureLipSync, openHearingPage, receivedSound, soundingElements } from "../support/beep-watch.ts";
import { launchChromium, movingTiles, readTiles } from "../support/browser.ts";
import { cameraSettings } from "../support/camera-settings.ts";
import { eventually } from "../support/eventually.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";

/** The product's promise is 80 ms; a loaded machine measures worse than it plays. */
const LIP_SYNC_LIMIT_MS = 150;
const BEEPS = 5;
/** A busy machine lets fewer be measured. */
const LEAST_BEEPS = 3;
const [PCMA, AAC] = ["cam1", "cam2"];

let gstreamer: GstreamerServer;
let server: ServerProcess;
let browser: Browser;

beforeAll(async () => {
	if (!GSTREAMER_IS_THERE) return;
	gstreamer = await GstreamerServer.startWithClips();
	const urls = (["pcma", "aac"] as const).map(
		(clip) => `rtsp://127.0.0.1:${gstreamer.port}${gstreamer.clipPath(clip)}`,
	);
	server = await startServer(cameraSettings(urls, LOGIN));
	browser = await launchChromium();
});

afterAll(async () => {
	await browser?.close();
	await server?.[Symbol.asyncDispose]();
	gstreamer?.[Symbol.dispose]();
});

async function withWall(query: string, use: (page: Page) => Promise<unknown>): Promise<void> {
	const page = await openHearingPage(browser);
	try {
		await page.goto(`${server.url}/${query}`);
		await eventually("both tiles play, and have sound", async () => {
			const moving = await movingTiles(page);
			return moving.get(PCMA) === CODED_CLIPS.pcma && moving.get(AAC) === CODED_CLIPS.aac && (await haveSound());
		});
		await use(page);
	} finally {
		await page.context().close();
	}
}

async function haveSound(): Promise<boolean> {
	return (await server.cameras()).every(({ streams }) => streams.main?.audio !== undefined);
}

/** By the tile's menu, as somebody with a mouse does it. */
async function clickSound(page: Page, tile: string, item: "Turn sound on" | "Turn sound off"): Promise<void> {
	await page.locator(`[data-camera="${tile}"]`).hover();
	await page.locator(`[data-camera="${tile}"] .menu-button`).click();
	await page.getByRole("menuitem", { name: item }).click();
}

/** A tile's beeps are heard as they were made, and with their pictures. */
async function expectBeeps(page: Page, tile: string, what: string): Promise<void> {
	const { measured, hertz, offsetMs, spreadMs, outputLatencyMs } = await measureLipSync(page, tile, BEEPS);
	console.log(
		`${what}: beeps of ${hertz} Hz, ${offsetMs} ms after the picture (${measured}, spread ${spreadMs} ms); output ${outputLatencyMs} ms`,
	);
	expect(Math.abs(hertz - BEEP_HERTZ)).toBeLessThan(BEEP_HERTZ / 10);
	if (measured < LEAST_BEEPS) {
		console.warn("LIP-SYNC NOT CHECKED: this machine is too busy, its audio device stood still again and again");
	} else expect(Math.abs(offsetMs)).toBeLessThan(LIP_SYNC_LIMIT_MS);
}

describe.skipIf(!GSTREAMER_IS_THERE)("the sound of a tile", () => {
	test("is off until somebody turns it on, and is one tile's at a time, over WebRTC", async () => {
		await withWall("", async (page) => {
			expect(await soundingElements(page)).toEqual([]);
			expect(await receivedSound(page)).toBeUndefined();

			await clickSound(page, PCMA, "Turn sound on");
			await eventually("PCMA arrives as it is", async () => (await receivedSound(page))?.codec === "audio/PCMA");
			await eventually("it plays", async () => (await soundingElements(page)).length === 1);
			await expectBeeps(page, PCMA, "PCMA over WebRTC");

			// By the key.
			await page.locator(`[data-camera="${AAC}"]`).focus();
			await page.keyboard.press("m");
			await eventually("AAC arrives as Opus", async () => (await receivedSound(page))?.codec === "audio/opus");
			await expectBeeps(page, AAC, "AAC made Opus over WebRTC");
			expect(await page.locator(".tile .chip .icon-sound, .tile [aria-pressed=true]").count()).toBeGreaterThan(0);
			expect(await soundingElements(page)).toHaveLength(1);

			await clickSound(page, AAC, "Turn sound off");
			await eventually("nothing sounds", async () => (await soundingElements(page)).length === 0);
			await eventually("no sound is sent", async () => {
				const before = (await receivedSound(page))?.packets;
				await page.waitForTimeout(1000);
				return (await receivedSound(page))?.packets === before;
			});
			expect((await readTiles(page)).map(({ state, rung }) => [state, rung])).toEqual(
				[PCMA, AAC].map(() => ["live", "webrtc"]),
			);
		});
	});

	test("comes with the pictures by MSE, and the button of the enlarged tile turns it off", async () => {
		await withWall("?protocol=mse", async (page) => {
			expect(await soundingElements(page)).toEqual([]);
			await clickSound(page, AAC, "Turn sound on");
			await eventually("the tile's video sounds", async () => {
				expect(await soundingElements(page)).toEqual([{ name: "video", camera: AAC }]);
				return true;
			});
			await expectBeeps(page, AAC, "AAC by MSE");

			await clickSound(page, PCMA, "Turn sound on");
			await eventually("the other tile's video sounds, and no more", async () => {
				expect(await soundingElements(page)).toEqual([{ name: "video", camera: PCMA }]);
				return true;
			});
			await expectBeeps(page, PCMA, "PCMA made AAC by MSE");

			await page.locator(`[data-camera="${PCMA}"]`).dblclick();
			await page.locator(`[data-camera="${PCMA}"] [aria-label="Turn sound off"]`).click();
			await eventually("nothing sounds", async () => (await soundingElements(page)).length === 0);
			await eventually("the tile plays on", async () => (await movingTiles(page)).get(PCMA) === CODED_CLIPS.pcma);
		});
	});

	test("comes with the pictures by HLS, whatever the camera's codec", async () => {
		await withWall("?protocol=hls", async (page) => {
			for (const [tile, what] of [
				[AAC, "AAC"],
				[PCMA, "PCMA made AAC"],
			] as const) {
				await clickSound(page, tile, "Turn sound on");
				await eventually("the tile's video sounds, and no other", async () => {
					expect(await soundingElements(page)).toEqual([{ name: "video", camera: tile }]);
					return true;
				});
				await expectBeeps(page, tile, `${what} by HLS`);
			}
			await clickSound(page, PCMA, "Turn sound off");
			await eventually("nothing sounds", async () => (await soundingElements(page)).length === 0);
			await eventually("the tile plays on", async () => (await movingTiles(page)).get(PCMA) === CODED_CLIPS.pcma);
		});
	});
});
