/** What a person sees over WebRTC: pictures in headless Chromium. @module */
import type { Browser } from "playwright-core";
import { eventually } from "../support/eventually.ts";
import type { ServerProcess } from "../support/server-process.ts";
import { firstPictures, latencies, readCodes, TILES, withWall } from "./painted.ts";
import { type CamerasProcess, REPORT_MS, sleep } from "./processes.ts";
import { percentile, type Row } from "./table.ts";

const LOADS = 5;
const MEASURE_MS = 15_000;
/** A picture this young counts as live: far above the usual 30 ms, far below what a person calls late. */
const LIVE_EDGE_MS = 250;
/** A page has caught up with its cameras after this long. */
const LIVE_EDGE_LIMIT_MS = 2_500;
/** An outage of the usual kind: longer than the first tries, shorter than a minute. */
const OUTAGE_MS = 8_000;

export async function measureLatency(browser: Browser, cameras: CamerasProcess, server: ServerProcess): Promise<Row> {
	return await withWall(browser, server.url, async (page) => {
		await sleep(LIVE_EDGE_LIMIT_MS);
		await page.evaluate(() => {
			window.painted = [];
		});
		await readCodes(page);
		await sleep(MEASURE_MS);
		const painted = await page.evaluate(() => window.painted);
		await sleep(REPORT_MS);
		const values = latencies(cameras, painted).map(({ latencyMs }) => latencyMs);
		const [p50, p95] = [percentile(values, 0.5), percentile(values, 0.95)];
		return {
			what: `sent to screen in headless Chromium, 16 tiles (${values.length} pictures)`,
			budget: "p50 <= 30 ms, p95 <= 90 ms",
			measured: `p50 ${p50.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms`,
			holds: p50 <= 30 && p95 <= 90,
		};
	});
}

export async function measureStart(
	browser: Browser,
	cameras: CamerasProcess,
	server: ServerProcess,
	gopSeconds: number,
): Promise<Row> {
	const lastFirst: number[] = [];
	const liveEdge: number[] = [];
	for (let load = 0; load < LOADS; load++) {
		await withWall(browser, server.url, async (page) => {
			await sleep(LIVE_EDGE_LIMIT_MS);
			await readCodes(page);
			const { origin, painted } = await page.evaluate(() => ({
				origin: performance.timeOrigin,
				painted: window.painted,
			}));
			await sleep(REPORT_MS);
			lastFirst.push(Math.max(...(await firstPictures(page)).values()));
			const liveAt = new Map<number, number>();
			for (const { camera, paintedAtMs, latencyMs } of latencies(cameras, painted)) {
				if (latencyMs <= LIVE_EDGE_MS && !liveAt.has(camera)) liveAt.set(camera, paintedAtMs - origin);
			}
			liveEdge.push(liveAt.size === TILES ? Math.max(...liveAt.values()) : Number.POSITIVE_INFINITY);
		});
	}
	const [first, live] = [percentile(lastFirst, 0.5), percentile(liveEdge, 0.5)];
	return {
		what: `navigation to sixteenth first picture, GOP ${gopSeconds} s (median and worst of ${LOADS} loads)`,
		budget: `<= 1 s, live edge <= ${LIVE_EDGE_LIMIT_MS / 1000} s`,
		measured: `${first.toFixed(0)} ms (worst ${Math.max(...lastFirst).toFixed(0)}), live edge ${live.toFixed(0)} ms`,
		holds: first <= 1000 && live <= LIVE_EDGE_LIMIT_MS,
	};
}

export async function measureEnlarge(browser: Browser, server: ServerProcess, gopSeconds: number): Promise<Row> {
	const budgetMs = gopSeconds * 1000 + 500;
	const measuredMs = await withWall(browser, server.url, async (page) => {
		const fromMs = await page.evaluate(() => performance.timeOrigin + performance.now());
		await page.locator('[data-camera="cam4"]').dblclick();
		return await eventually("the main stream is painted", async () => {
			const painted = await page.evaluate(() => window.painted);
			const main = painted.find(({ camera, width, atMs }) => camera === 4 && width > 640 && atMs > fromMs);
			return main && main.atMs - fromMs;
		});
	});
	return {
		what: `enlarge: sub to main, main not yet pulled, GOP ${gopSeconds} s`,
		budget: `main within ${budgetMs} ms`,
		measured: `${measuredMs.toFixed(0)} ms`,
		holds: measuredMs <= budgetMs,
	};
}

/** How long after a fault its tile says so, and how long after the camera's return it says live again. */
export async function measureFaults(browser: Browser, cameras: CamerasProcess, server: ServerProcess): Promise<Row[]> {
	const noticed: number[] = [];
	const recovered: number[] = [];
	await withWall(browser, server.url, async (page) => {
		const stateChange = async (channel: number, isThere: (state: string) => boolean): Promise<number> => {
			await eventually(`camera ${channel} changes its state`, async () =>
				isThere((await page.locator(`[data-camera="cam${channel}"]`).getAttribute("data-state")) ?? ""),
			);
			return performance.timeOrigin + performance.now();
		};
		for (const [action, channel] of [
			["freeze", 1],
			["stop", 2],
			["freeze", 3],
			["stop", 4],
			["stop", 5],
		] as const) {
			await stateChange(channel, (state) => state === "live");
			const brokenMs = await cameras.fault(action, channel);
			noticed.push((await stateChange(channel, (state) => state !== "live")) - brokenMs);
			await sleep(OUTAGE_MS);
			const backMs = await cameras.fault("start", channel);
			recovered.push((await stateChange(channel, (state) => state === "live")) - backMs);
		}
	});
	const row = (what: string, values: readonly number[]): Row => ({
		what: `${what} (worst of ${values.length})`,
		budget: "<= 3 s",
		measured: `${(Math.max(...values) / 1000).toFixed(2)} s`,
		holds: Math.max(...values) <= 3000,
	});
	return [row("camera stall shown on the tile", noticed), row("live again after the camera's return", recovered)];
}
