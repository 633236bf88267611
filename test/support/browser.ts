/** Debian's Chromium, and what its tiles really show, read from decoded pixels. @module */
import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

export const CHROMIUM = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";

/** @param executablePath a program that becomes Chromium, where it is to run in other surroundings. */
export async function launchChromium(executablePath: string = CHROMIUM): Promise<Browser> {
	return await chromium.launch({
		executablePath,
		args: [
			"--no-sandbox",
			"--disable-gpu",
			"--disable-quic",
			"--no-first-run",
			"--disable-background-networking",
			"--disable-component-update",
			"--disable-sync",
		],
	});
}

const FRAME_CODE_SOURCE = new URL("../../camera-sim/src/frame-code.ts", import.meta.url);

declare global {
	interface Window {
		readTiles: () => TilePicture[];
	}
}

/** What a tile shows, read from the pixels of the topmost video or still in it that has a picture. */
export interface TilePicture {
	readonly camera: string;
	readonly state: string;
	readonly fault: string | undefined;
	/** How its pictures come: `webrtc`, `mse`, `hls` or `still`; absent before the first. */
	readonly rung: string | undefined;
	/** Of the decoded picture; 0 when there is none. */
	readonly width: number;
	readonly height: number;
	/** There is no picture, or one of a single shade: every simulated picture has black and white along its top. */
	readonly blank: boolean;
	/** From the code along the picture's top edge; absent if there is no picture or no code on it. */
	readonly code?: { readonly camera: number; readonly counter: number };
}

/** Runs in the page: `window.readTiles` looks at every tile. */
function installTileReader(): void {
	const canvas = document.createElement("canvas");
	/** Every so many pixels of the strip are looked at: its blocks are larger. */
	const BLANK_SAMPLE_STEP = 7;
	const size = (element: HTMLVideoElement | HTMLImageElement): { width: number; height: number } =>
		element instanceof HTMLVideoElement
			? { width: element.videoWidth, height: element.videoHeight }
			: { width: element.naturalWidth, height: element.naturalHeight };
	window.readTiles = () =>
		[...document.querySelectorAll<HTMLElement>("[data-camera]")].map((tile) => {
			const pictures = [...tile.querySelectorAll<HTMLVideoElement | HTMLImageElement>("video, img")].filter(
				(element) =>
					size(element).width > 0 &&
					getComputedStyle(element).visibility !== "hidden" &&
					getComputedStyle(element).opacity !== "0",
			);
			const picture = pictures.at(-1);
			const { camera = "", state = "", fault, rung } = tile.dataset;
			const base = { camera, state, fault, rung };
			if (!picture) return { ...base, width: 0, height: 0, blank: true };
			const { width, height } = size(picture);
			canvas.width = width;
			canvas.height = Math.ceil(width / 20);
			const context2d = canvas.getContext("2d", { willReadFrequently: true }) as CanvasRenderingContext2D;
			context2d.drawImage(picture, 0, 0);
			const { data } = context2d.getImageData(0, 0, canvas.width, canvas.height);
			let darkest = 255;
			let brightest = 0;
			for (let at = 0; at < data.length; at += 4 * BLANK_SAMPLE_STEP) {
				darkest = Math.min(darkest, data[at] ?? 0);
				brightest = Math.max(brightest, data[at] ?? 0);
			}
			const read = (
				window as unknown as {
					readFrameCode: (...args: unknown[]) => { camera: number; counter: number } | undefined;
				}
			).readFrameCode;
			const code = read(data, canvas.width, canvas.height, 4);
			return {
				...base,
				width,
				height,
				blank: brightest - darkest < 64,
				...(code && { code }),
			};
		});
}

/** What a page of any browser must run first so that its tiles can be read. */
export function tileReaderScript(): string {
	const reader = stripTypeScriptTypes(readFileSync(FRAME_CODE_SOURCE, "utf8")).replace(/^export /gm, "");
	return `(() => { ${reader}\nwindow.readFrameCode = readFrameCode;\n(${installTileReader.toString()})(); })();`;
}

/** A context whose pages can read the simulated cameras' codes, and take the tests' own certificates. */
export async function openContext(browser: Browser, width = 1280, height = 720): Promise<BrowserContext> {
	const viewport = { width, height };
	const context = await browser.newContext({ viewport, locale: "en-GB", ignoreHTTPSErrors: true });
	await context.addInitScript({ content: tileReaderScript() });
	return context;
}

/** Playwright's page, or a bare Chromium's. */
export interface Evaluates {
	evaluate(expression: string): Promise<unknown>;
}

export async function readTiles(page: Evaluates): Promise<TilePicture[]> {
	return (await page.evaluate("window.readTiles()")) as TilePicture[];
}

/** Camera number by tile of all tiles whose counter moved between two readings. */
export async function movingTiles(page: Page, betweenMs = 400): Promise<Map<string, number>> {
	const before = new Map((await readTiles(page)).map((tile) => [tile.camera, tile.code]));
	await page.waitForTimeout(betweenMs);
	const moving = new Map<string, number>();
	for (const { camera, code } of await readTiles(page)) {
		const old = before.get(camera);
		if (code && old && code.camera === old.camera && code.counter !== old.counter) moving.set(camera, code.camera);
	}
	return moving;
}
