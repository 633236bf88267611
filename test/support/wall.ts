/** A server, simulated cameras and pages with the wall, for tests of the ladder. @module */
import { type CameraSim, type CameraSimOptions, startCameraSim } from "@vigia/camera-sim";
import type { Browser, Page } from "playwright-core";
import { type Evaluates, openContext, readTiles, type TilePicture } from "./browser.ts";
import { eventually } from "./eventually.ts";
import { freeUdpPort, type ServerProcess, startServer } from "./server-process.ts";

export const CAMERAS = 16;
export const CAMERA_IDS = Array.from({ length: CAMERAS }, (_, index) => `cam${index + 1}`);

export interface Wall extends AsyncDisposable {
	readonly sim: CameraSim;
	readonly server: ServerProcess;
	/** Where WebRTC comes from. */
	readonly udpPort: number;
}

/** Resolves when all sixteen cameras are live. */
export async function startWall(env: Record<string, string> = {}, options: CameraSimOptions = {}): Promise<Wall> {
	const sim = await startCameraSim({ count: CAMERAS, ...options });
	const udpPort = await freeUdpPort();
	const server = await startServer({
		CAM_IP: "127.0.0.1",
		CAM_PORT: String(sim.port),
		CAM_USER: "nobody",
		CAM_PASS: "asks",
		TOTAL_CAMERAS: String(CAMERAS),
		WEBRTC_PORT: String(udpPort),
		...env,
	});
	await eventually("all cameras are live", async () => (await server.cameras()).every(({ state }) => state === "live"));
	return {
		sim,
		server,
		udpPort,
		async [Symbol.asyncDispose]() {
			await server[Symbol.asyncDispose]();
			await sim[Symbol.asyncDispose]();
		},
	};
}

/** Opens the wall in a browser of its own memory. */
export async function withPage(browser: Browser, url: string, use: (page: Page) => Promise<unknown>): Promise<void> {
	const context = await openContext(browser);
	try {
		const page = await context.newPage();
		await page.goto(url);
		await use(page);
	} finally {
		await context.close();
	}
}

/** A climb takes half a minute at the longest; a loaded machine twice that. */
export const CLIMB_LIMIT_MS = 60_000;

/** Every tile is live on this rung, and shows its own camera, moving. Resolves with the milliseconds that it took. */
export async function allLiveOn(page: Evaluates, rung: string, limitMs = CLIMB_LIMIT_MS): Promise<number> {
	const startMs = performance.now();
	const isLive = ({ state, rung: on }: TilePicture): boolean => state === "live" && on === rung;
	let tiles: TilePicture[] = [];
	try {
		await eventually(
			`all tiles are live over ${rung}`,
			async () => {
				tiles = await readTiles(page);
				return tiles.length === CAMERAS && tiles.every((tile) => isLive(tile) && isOwn(tile));
			},
			limitMs,
		);
	} catch (error) {
		const seen = tiles.map(
			({ camera, state, fault = "", rung: on, code }) => `${camera} ${state} ${fault} ${on} ${code?.camera}`,
		);
		throw new Error(`not all tiles are live over ${rung}:\n${seen.join("\n")}`, { cause: error });
	}
	const tookMs = performance.now() - startMs;
	await allChange(() => readTiles(page), limitMs);
	return tookMs;
}

/** Every tile shows another picture of its own camera than at first, at one time or another. */
export async function allChange(look: () => Promise<readonly TilePicture[]>, limitMs: number): Promise<void> {
	const before = new Map((await look()).map(({ camera, code }) => [camera, code?.counter]));
	const changed = new Set<string>();
	await eventually(
		"every tile shows another picture of its camera",
		async () => {
			for (const tile of await look()) {
				if (isOwn(tile) && tile.code?.counter !== before.get(tile.camera)) changed.add(tile.camera);
			}
			return changed.size === CAMERAS;
		},
		limitMs,
	);
}

/** It shows a picture of the camera whose tile it is. */
export function isOwn({ camera, code }: TilePicture): boolean {
	return code !== undefined && `cam${code.camera}` === camera;
}

/** Headless Chromium never hides a page by itself, so the page is told. */
export async function setHidden(page: Page, hidden: boolean): Promise<void> {
	await page.evaluate((isHidden) => {
		Object.defineProperty(document, "visibilityState", {
			configurable: true,
			get: () => (isHidden ? "hidden" : "visible"),
		});
		Object.defineProperty(document, "hidden", { configurable: true, get: () => isHidden });
		document.dispatchEvent(new Event("visibilitychange"));
	}, hidden);
}

/**
 * From now on looks at one camera's tile at each animation frame; `window.seen` counts the looks at which it was blank or
 * showed another camera, and lists the widths of its pictures one after the other.
 */
export async function noteEachFrame(page: Page, number: number): Promise<void> {
	await page.evaluate((wanted) => {
		const seen: { blanks: number; others: number; widths: number[] } = { blanks: 0, others: 0, widths: [] };
		Object.assign(window, { seen });
		const look = (): void => {
			const tile = window.readTiles().find(({ camera }) => camera === `cam${wanted}`);
			if (!tile || tile.blank) seen.blanks++;
			else if ((tile.code?.camera ?? wanted) !== wanted) seen.others++;
			else if (seen.widths.at(-1) !== tile.width) seen.widths.push(tile.width);
			requestAnimationFrame(look);
		};
		look();
	}, number);
}
