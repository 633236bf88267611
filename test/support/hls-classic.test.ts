import { startCameraSim } from "@vigia/camera-sim";
import { expect, test } from "vitest";
import { launchChromium, movingTiles, openContext } from "./browser.ts";
import { counterVerdicts, watchCounters } from "./counter-watch.ts";
import { eventually } from "./eventually.ts";
import { startHlsClassic } from "./hls-classic.ts";

test("the classic wall shows its camera's pictures in Chromium, one after the other", async () => {
	await using sim = await startCameraSim({ count: 1 });
	await using classic = await startHlsClassic([sim.url(1, "sub")]);
	await using browser = await launchChromium();
	const page = await (await openContext(browser)).newPage();
	await page.goto(classic.url);
	await eventually("the tile moves", async () => (await movingTiles(page)).get("cam1") === 1);
	await watchCounters(page);
	const verdict = await eventually("pictures are counted", async () =>
		(await counterVerdicts(page)).find(({ pictures }) => pictures >= 10),
	);
	expect(verdict.stepsBack).toBe(0);
});
