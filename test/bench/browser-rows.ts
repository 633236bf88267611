/** What a person sees: pictures in headless Chromium, by `requestVideoFrameCallback`. @module */
import type { Browser, Page } from "playwright-core";
import { openContext } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import type { ServerProcess } from "../support/server-process.ts";
import { type CamerasProcess, sleep } from "./processes.ts";
import { percentile, type Row } from "./table.ts";

const TILES = 16;
const LOADS = 5;
const MEASURE_MS = 15_000;
/** Counters of the cameras' processes come each second. */
const REPORT_MS = 1_500;
const RTP_TICKS_PER_PICTURE = 90_000 / 15;
/** A picture this young counts as live: far above the usual 30 ms, far below what a person calls late. */
const LIVE_EDGE_MS = 250;
/** A page has caught up with its cameras after this long. */
const LIVE_EDGE_LIMIT_MS = 2_500;
/** An outage of the usual kind: longer than the first tries, shorter than a minute. */
const OUTAGE_MS = 8_000;

/** One painted picture: which tile, when (ms since 1970), its RTP timestamp, and its code where it was read. */
interface Painted {
	readonly camera: number;
	readonly atMs: number;
	readonly rtpTimestamp: number;
	readonly width: number;
	readonly counter?: number;
}

declare global {
	interface Window {
		painted: Painted[];
		/** Tiles whose next picture's code is to be read. */
		readCodesOf: Set<number>;
	}
}

/** Notes every picture that a video paints, and its code where {@link readCodes} asked for it. */
async function notePaintedPictures(page: Page): Promise<void> {
	await page.addInitScript(() => {
		window.painted = [];
		window.readCodesOf = new Set();
		const canvas = document.createElement("canvas");
		const known = new WeakSet<HTMLVideoElement>();
		const readCode = (video: HTMLVideoElement): number | undefined => {
			canvas.width = video.videoWidth;
			canvas.height = Math.ceil(video.videoWidth / 20);
			const context = canvas.getContext("2d", { willReadFrequently: true }) as CanvasRenderingContext2D;
			context.drawImage(video, 0, 0);
			const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
			const { readFrameCode } = window as unknown as {
				readFrameCode: (...args: unknown[]) => { camera: number; counter: number } | undefined;
			};
			return readFrameCode(data, canvas.width, canvas.height, 4)?.counter;
		};
		const watch = (video: HTMLVideoElement): void => {
			if (known.has(video)) return;
			known.add(video);
			const note: VideoFrameRequestCallback = (_now, metadata) => {
				const camera = Number(video.closest<HTMLElement>("[data-camera]")?.dataset.camera?.slice(3));
				const counter = window.readCodesOf.delete(camera) ? readCode(video) : undefined;
				window.painted.push({
					camera,
					atMs: performance.timeOrigin + metadata.presentationTime,
					rtpTimestamp: metadata.rtpTimestamp ?? 0,
					width: metadata.width,
					...(counter !== undefined && { counter }),
				});
				video.requestVideoFrameCallback(note);
			};
			video.requestVideoFrameCallback(note);
		};
		new MutationObserver(() => document.querySelectorAll("video").forEach(watch)).observe(document, {
			childList: true,
			subtree: true,
		});
	});
}

async function withWall<T>(browser: Browser, server: ServerProcess, use: (page: Page) => Promise<T>): Promise<T> {
	const context = await openContext(browser, 1920, 1080);
	try {
		const page = await context.newPage();
		await notePaintedPictures(page);
		await page.goto(server.url);
		await eventually("every tile has painted", async () => (await firstPictures(page)).size === TILES);
		return await use(page);
	} finally {
		await context.close();
	}
}

/** Milliseconds from navigation to each tile's first picture. */
async function firstPictures(page: Page): Promise<Map<number, number>> {
	const { origin, painted } = await page.evaluate(() => ({ origin: performance.timeOrigin, painted: window.painted }));
	const first = new Map<number, number>();
	for (const { camera, atMs, width } of painted) if (width > 0 && !first.has(camera)) first.set(camera, atMs - origin);
	return first;
}

/** One code a tile fixes its RTP clock to its camera's; reading more would cost what is measured. */
async function readCodes(page: Page): Promise<void> {
	await page.evaluate((tiles) => {
		for (let camera = 1; camera <= tiles; camera++) window.readCodesOf.add(camera);
	}, TILES);
	await eventually("a code was read in every tile", () => page.evaluate(() => window.readCodesOf.size === 0));
}

interface Latency {
	readonly camera: number;
	readonly paintedAtMs: number;
	readonly latencyMs: number;
}

/** From the camera's socket to the screen, of all pictures with live timestamps. */
function latencies(cameras: CamerasProcess, painted: readonly Painted[]): Latency[] {
	const anchors = new Map<number, { rtpTimestamp: number; index: number }>();
	for (const { camera, counter, atMs, rtpTimestamp } of painted) {
		if (counter === undefined) continue;
		const sent = [...(cameras.sentAt[camera] ?? [])].findLast(
			([index, sentMs]) => index % cameras.loopPictures === counter && sentMs <= atMs,
		);
		if (sent) anchors.set(camera, { rtpTimestamp, index: sent[0] });
	}
	return painted.flatMap(({ camera, atMs, rtpTimestamp }) => {
		const anchor = anchors.get(camera);
		if (!anchor) return [];
		const pictures = ((rtpTimestamp - anchor.rtpTimestamp) | 0) / RTP_TICKS_PER_PICTURE;
		// Pictures of the start burst carry compressed timestamps: they were late on purpose and do not count.
		if (Math.abs(pictures - Math.round(pictures)) > 0.01) return [];
		const sentMs = cameras.sentAt[camera]?.get(anchor.index + Math.round(pictures));
		return sentMs === undefined ? [] : [{ camera, paintedAtMs: atMs, latencyMs: atMs - sentMs }];
	});
}

export async function measureLatency(browser: Browser, cameras: CamerasProcess, server: ServerProcess): Promise<Row> {
	return await withWall(browser, server, async (page) => {
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
		await withWall(browser, server, async (page) => {
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
	const measuredMs = await withWall(browser, server, async (page) => {
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
	await withWall(browser, server, async (page) => {
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
