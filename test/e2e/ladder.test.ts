/** The ladder in Chromium where UDP does not come through: down to MSE for all tiles at once, and back without a gap. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchChromium } from "../support/browser.ts";
import { pictureVerdicts, watchPictures } from "../support/picture-watch.ts";
import { blockUdp, UDP_BLOCK_IS_POSSIBLE } from "../support/udp-block.ts";
import { allLiveOn, CAMERA_IDS, CAMERAS, startWall, type Wall, withPage } from "../support/wall.ts";

/** A picture that stands longer is seen to stand, in milliseconds. */
const LONGEST_PAUSE_MS = 500;
/** Old pictures are marked after two seconds, at the next of two ticks a second; a loaded machine takes longer. */
const UNMARKED_LIMIT_MS = 3500;
/** What is decided for all tiles in one tick is done to all of them within this, in milliseconds. */
const SAME_TICK_MS = 250;

/** A machine that is busy with something else makes gaps of its own; the ladder's would be there every time. */
const ATTEMPTS = 3;
const LIMIT_MS = 240_000;

let wall: Wall;
let browser: Browser;

beforeAll(async () => {
	wall = await startWall();
	browser = await launchChromium();
});

afterAll(async () => {
	await browser?.close();
	await wall?.[Symbol.asyncDispose]();
});

test.skipIf(!UDP_BLOCK_IS_POSSIBLE)(
	"where UDP is blocked all tiles are live over MSE, and climb to WebRTC without a gap",
	async () => {
		let gaps: string[] = [];
		for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
			gaps = await climb();
			if (gaps.length === 0) break;
		}
		expect(gaps).toEqual([]);
	},
	LIMIT_MS,
);

/** Opens a page without UDP, and lifts the block. Answers what was seen to stand or to go back. */
async function climb(): Promise<string[]> {
	const gaps: string[] = [];
	const block = await blockUdp(wall.udpPort);
	try {
		await withPage(browser, wall.server.url, async (page) => {
			const liveMs = await allLiveOn(page, "mse");
			await watchPictures(page, CAMERA_IDS);
			await block[Symbol.asyncDispose]();
			const climbMs = await allLiveOn(page, "webrtc");
			const verdicts = await pictureVerdicts(page);
			expect(verdicts).toHaveLength(CAMERAS);
			const longestMs = Math.max(...verdicts.map(({ longestPauseMs }) => longestPauseMs));
			console.log(`MSE live after ${Math.round(liveMs)} ms, climb ${Math.round(climbMs)} ms, pause ${longestMs} ms`);
			for (const { camera, longestPauseMs, stepsBack } of verdicts) {
				if (longestPauseMs > LONGEST_PAUSE_MS) gaps.push(`${camera} stood for ${longestPauseMs} ms`);
				gaps.push(...stepsBack.map((step) => `${camera} went back: ${step}`));
			}
		});
	} finally {
		await block[Symbol.asyncDispose]();
	}
	return gaps;
}

test.skipIf(!UDP_BLOCK_IS_POSSIBLE)(
	"UDP that is cut moves all tiles to MSE at once, marked until then, and they climb back",
	async () => {
		await withPage(browser, wall.server.url, async (page) => {
			await allLiveOn(page, "webrtc");
			await watchPictures(page, CAMERA_IDS);
			await watchPreparing(page);
			const block = await blockUdp(wall.udpPort);
			try {
				const downMs = await allLiveOn(page, "mse");
				const prepared = await page.evaluate(() => window.preparedMs);
				expect(new Set(Object.keys(prepared))).toEqual(new Set(CAMERA_IDS));
				const times = Object.values(prepared);
				const spreadMs = Math.max(...times) - Math.min(...times);
				const unmarkedMs = await page.evaluate(() => window.unmarkedMs);
				console.log(`cut: MSE live after ${Math.round(downMs)} ms, spread ${spreadMs} ms, unmarked ${unmarkedMs} ms`);
				expect(spreadMs).toBeLessThan(SAME_TICK_MS);
				expect(unmarkedMs).toBeLessThan(UNMARKED_LIMIT_MS);
			} finally {
				await block[Symbol.asyncDispose]();
			}
			console.log(`climbed back after ${Math.round(await allLiveOn(page, "webrtc"))} ms`);
		});
	},
);

declare global {
	interface Window {
		/** When each tile first got a video of MSE, by the page's clock. */
		preparedMs: Record<string, number>;
	}
}

/** Notes when each tile gets a video of MSE. */
async function watchPreparing(page: Page): Promise<void> {
	await page.evaluate(() => {
		window.preparedMs = {};
		new MutationObserver(() => {
			for (const video of document.querySelectorAll('[data-camera] video[data-rung="mse"]')) {
				const camera = video.closest<HTMLElement>("[data-camera]")?.dataset["camera"] ?? "";
				window.preparedMs[camera] ??= performance.now();
			}
		}).observe(document.body, { childList: true, subtree: true });
	});
}
