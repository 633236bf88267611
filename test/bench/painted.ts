/**
 * Pictures that headless Chromium painted, by `requestVideoFrameCallback`, and how old they were: from the code in
 * their pixels and the cameras' word on when each was sent. What the player says of itself is not asked. @module
 */
import type { Browser, Page } from "playwright-core";
import { openContext, readTiles } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import type { CamerasProcess } from "./processes.ts";

export const TILES = 16;
const RTP_TICKS_PER_PICTURE = 90_000 / 15;
/**
 * A callback that comes later than this, half a picture's time, may read the code of the next picture already: then the
 * time of reading counts, which makes the delay longer and never shorter.
 */
const SURE_FOR_MS = 33;

/** One painted picture: which tile, when (ms since 1970), its RTP timestamp, and its code where it was read. */
export interface Painted {
	readonly camera: number;
	readonly atMs: number;
	readonly rtpTimestamp: number;
	readonly width: number;
	/** What the page says brought it; absent on other pages than ours. */
	readonly rung?: string;
	readonly counter?: number;
	/** When the code was read. */
	readonly readAtMs?: number;
}

declare global {
	interface Window {
		painted: Painted[];
		/** Tiles whose next picture's code is to be read. */
		readCodesOf: Set<number>;
		/** The timer that asks for codes again and again. */
		readingCodes: number;
	}
}

/**
 * A script for a page, before its own ones: notes every picture that a video paints.
 * @param readEveryMs reads a code of each tile about so often, from the beginning; default: only where {@link readCodes}
 * asks for it.
 */
export function paintedScript(readEveryMs?: number): string {
	const reading = readEveryMs === undefined ? "" : `(${installReading.toString()})(${TILES}, ${readEveryMs});`;
	return `(${installNotes.toString()})();\n${reading}`;
}

/** Runs in the page. */
function installNotes(): void {
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
			const readAtMs = performance.timeOrigin + performance.now();
			const counter = window.readCodesOf.delete(camera) ? readCode(video) : undefined;
			const { rung } = video.dataset;
			window.painted.push({
				camera,
				atMs: performance.timeOrigin + metadata.presentationTime,
				rtpTimestamp: metadata.rtpTimestamp ?? 0,
				width: metadata.width,
				...(rung !== undefined && { rung }),
				...(counter !== undefined && { counter, readAtMs }),
			});
			video.requestVideoFrameCallback(note);
		};
		video.requestVideoFrameCallback(note);
	};
	new MutationObserver(() => document.querySelectorAll("video").forEach(watch)).observe(document, {
		childList: true,
		subtree: true,
	});
}

/** Runs in the page. One tile after the other: all at once would hold up the painting that is measured. */
function installReading(tiles: number, everyMs: number): void {
	let camera = 0;
	window.readingCodes = window.setInterval(() => {
		camera = (camera % tiles) + 1;
		window.readCodesOf.add(camera);
	}, everyMs / tiles);
}

/**
 * Opens a page in a browser context of its own, which knows nothing of earlier ones, and waits until every tile has
 * painted.
 * @param readEveryMs as with {@link paintedScript}.
 */
export async function withWall<T>(
	browser: Browser,
	url: string,
	use: (page: Page) => Promise<T>,
	readEveryMs?: number,
): Promise<T> {
	const context = await openContext(browser, 1920, 1080);
	try {
		const page = await context.newPage();
		await page.addInitScript({ content: paintedScript(readEveryMs) });
		await page.goto(url);
		try {
			await eventually("every tile has painted", async () => (await firstPictures(page)).size === TILES);
		} catch (cause) {
			throw new Error(`tiles that have not painted: ${await unpaintedTiles(page)}`, { cause });
		}
		return await use(page);
	} finally {
		await context.close();
	}
}

/** What the tiles say that have not painted. */
async function unpaintedTiles(page: Page): Promise<string> {
	const painted = await firstPictures(page);
	const tiles = (await readTiles(page)).filter(({ camera }) => !painted.has(Number(camera.slice(3))));
	return tiles.map(({ camera, rung, state }) => `${camera} ${rung} ${state}`).join(", ") || "all are missing";
}

/** A page of Playwright's or of {@link BareChromium}. */
export interface Evaluates {
	/** @param expression of what can be told as JSON. */
	evaluate(expression: string): Promise<unknown>;
}

/** Milliseconds from navigation to each tile's first picture. */
export async function firstPictures(page: Evaluates): Promise<Map<number, number>> {
	const { origin, painted } = (await page.evaluate(
		"({ origin: performance.timeOrigin, painted: window.painted })",
	)) as { origin: number; painted: readonly Painted[] };
	const first = new Map<number, number>();
	for (const { camera, atMs, width } of painted) if (width > 0 && !first.has(camera)) first.set(camera, atMs - origin);
	return first;
}

/** One code a tile fixes its RTP clock to its camera's; reading more would cost what is measured. */
export async function readCodes(page: Page): Promise<void> {
	await page.evaluate((tiles) => {
		for (let camera = 1; camera <= tiles; camera++) window.readCodesOf.add(camera);
	}, TILES);
	await eventually("a code was read in every tile", () => page.evaluate(() => window.readCodesOf.size === 0));
}

/** Ends the reading that {@link withWall} began. */
export async function stopReadingCodes(page: Page): Promise<void> {
	await page.evaluate(() => clearInterval(window.readingCodes));
}

export interface Latency {
	readonly camera: number;
	readonly paintedAtMs: number;
	readonly latencyMs: number;
}

/** From the camera's socket to the screen, of all WebRTC pictures with live timestamps, from one code a tile. */
export function latencies(cameras: CamerasProcess, painted: readonly Painted[]): Latency[] {
	const anchors = new Map<number, { rtpTimestamp: number; index: number }>();
	for (const { camera, counter, atMs, rtpTimestamp } of painted) {
		if (counter === undefined) continue;
		const sent = cameras.lastSent(camera, counter, atMs);
		if (sent) anchors.set(camera, { rtpTimestamp, index: sent.index });
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

/**
 * From the camera's socket to the screen, of the pictures whose codes were read, however they came. The cameras' loop
 * must be longer than any delay: the code tells the picture, not the loop.
 */
export function latenciesOfCodes(cameras: CamerasProcess, painted: readonly Painted[]): Latency[] {
	return painted.flatMap(({ camera, counter, atMs, readAtMs }) => {
		if (counter === undefined || readAtMs === undefined) return [];
		const paintedAtMs = readAtMs - atMs > SURE_FOR_MS ? readAtMs : atMs;
		const sent = cameras.lastSent(camera, counter, paintedAtMs);
		return sent ? [{ camera, paintedAtMs, latencyMs: paintedAtMs - sent.atMs }] : [];
	});
}
