/** Key frames ten seconds apart: nobody waits for one. */
import { startCameraSim } from "@vigia/camera-sim";
import { expect, test } from "vitest";
import { launchChromium, openContext, readTiles } from "../support/browser.ts";
import { clipsWithGop, LONG_GOP_CLIPS } from "../support/clips.ts";
import { eventually } from "../support/eventually.ts";
import { startServer } from "../support/server-process.ts";

const CAMERAS = 16;
const GOP_SECONDS = 10;
const FRAMES_PER_SECOND = 15;
/** In this part of the loop every camera's next key frame is at least five seconds away. */
const MIDDLE = { from: 1 * FRAMES_PER_SECOND, to: 5 * FRAMES_PER_SECOND };
const BEFORE_NEXT_KEY_FRAME_MS = 5_000;

test("sixteen tiles of cameras with ten-second GOPs are there before the next key frame", async () => {
	await using sim = await startCameraSim({ count: CAMERAS, clipsDirectory: clipsWithGop(GOP_SECONDS) });
	await using server = await startServer({
		CAM_IP: "127.0.0.1",
		CAM_PORT: String(sim.port),
		CAM_USER: "nobody",
		CAM_PASS: "asks",
		TOTAL_CAMERAS: String(CAMERAS),
	});
	const browser = await launchChromium();
	try {
		const context = await openContext(browser);
		const first = await context.newPage();
		await first.goto(server.url);
		await eventually("all cameras are in the middle of their GOPs", async () => {
			const tiles = await readTiles(first);
			return (
				tiles.length === CAMERAS &&
				tiles.every(({ code }) => code && code.counter >= MIDDLE.from && code.counter <= MIDDLE.to)
			);
		});
		const second = await context.newPage();
		await second.goto(server.url);
		const tiles = await eventually(
			"every tile of a new page shows its camera",
			async () => {
				const all = await readTiles(second);
				return all.length === CAMERAS && all.every(({ code }) => code) && all;
			},
			BEFORE_NEXT_KEY_FRAME_MS,
		);
		for (const { camera, code } of tiles) {
			expect(code?.camera).toBe(((Number(camera.slice(3)) - 1) % LONG_GOP_CLIPS) + 1);
		}
	} finally {
		await browser.close();
	}
});
