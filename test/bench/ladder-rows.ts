/** How fast the wall is there over MSE, gets there when UDP is blocked, and climbs back. @module */
import type { Browser, Page } from "playwright-core";
import { counterVerdicts, watchCounters } from "../support/counter-watch.ts";
import { eventually } from "../support/eventually.ts";
import { blockUdp } from "../support/udp-block.ts";
import { firstPictures, latenciesOfCodes, type Painted, stopReadingCodes, TILES, withWall } from "./painted.ts";
import { type CamerasProcess, REPORT_MS, sleep } from "./processes.ts";
import { percentile, type Row } from "./table.ts";

const MSE_LOADS = 3;
const BLOCKED_LOADS = 3;
/** A picture this young counts as live over MSE: far above the usual 160 ms; a tile tells its age from 2 s on. */
const LIVE_MS = 1_000;
/** How often it is looked whether all tiles are live, {@link REPORT_MS} apart: three times the budget of stepping down. */
const LIVE_LOOKS = 10;
/** How exactly the moment is known at which a tile became live. */
const READ_EVERY_MS = 200;
const STEP_DOWN_BUDGET_MS = 5_000;
const CLIMB_BUDGET_MS = 30_000;
/** A climb that takes longer than twice its budget is not waited for. */
const CLIMB_LIMIT_MS = 60_000;
/** Watched on after the last tile climbed: what it left must not have been needed. */
const AFTER_CLIMB_MS = 3_000;
const PAUSE_BUDGET_MS = 500;

/** Milliseconds from navigation until the last tile's first picture, and until the last tile is live over MSE. */
interface Start {
	readonly lastFirstMs: number;
	/** Infinite when a tile was never seen live. */
	readonly liveMs: number;
}

async function startOverMse(page: Page, cameras: CamerasProcess): Promise<Start> {
	await eventually("every tile has painted over MSE", async () => {
		const painted = await paintedSoFar(page);
		return new Set(painted.filter(({ rung }) => rung === "mse").map(({ camera }) => camera)).size === TILES;
	});
	const origin = await page.evaluate(() => performance.timeOrigin);
	const lastFirstMs = Math.max(...(await firstPictures(page)).values());
	let liveMs = Number.POSITIVE_INFINITY;
	for (let look = 0; look < LIVE_LOOKS && liveMs === Number.POSITIVE_INFINITY; look++) {
		const painted = (await paintedSoFar(page)).filter(({ rung }) => rung === "mse");
		await sleep(REPORT_MS);
		const liveAt = liveSince(cameras, painted);
		if (liveAt.size === TILES) liveMs = Math.max(...liveAt.values()) - origin;
	}
	return { lastFirstMs, liveMs };
}

/** When each tile's first picture was painted that was young enough, in milliseconds since 1970. */
function liveSince(cameras: CamerasProcess, painted: readonly Painted[]): Map<number, number> {
	const liveAt = new Map<number, number>();
	for (const { camera, paintedAtMs, latencyMs } of latenciesOfCodes(cameras, painted)) {
		if (latencyMs <= LIVE_MS && !liveAt.has(camera)) liveAt.set(camera, paintedAtMs);
	}
	return liveAt;
}

async function paintedSoFar(page: Page): Promise<Painted[]> {
	return await page.evaluate(() => window.painted);
}

/** @param mseUrl the page held to MSE. */
export async function measureMseStart(browser: Browser, cameras: CamerasProcess, mseUrl: string): Promise<Row> {
	const starts: Start[] = [];
	for (let load = 0; load < MSE_LOADS; load++) {
		starts.push(await withWall(browser, mseUrl, (page) => startOverMse(page, cameras), READ_EVERY_MS));
	}
	const first = starts.map(({ lastFirstMs }) => lastFirstMs);
	const live = starts.map(({ liveMs }) => liveMs);
	return {
		what: `navigation to sixteenth first picture over MSE (median and worst of ${MSE_LOADS} loads)`,
		budget: "",
		measured: `${medianAndWorst(first)}, younger than ${LIVE_MS / 1000} s ${medianAndWorst(live)}`,
	};
}

/** @param udpPort of the server's WebRTC media. */
export async function measureUdpBlock(
	browser: Browser,
	cameras: CamerasProcess,
	url: string,
	udpPort: number,
): Promise<Row[]> {
	const live: number[] = [];
	let climb: Climb | undefined;
	for (let load = 0; load < BLOCKED_LOADS; load++) {
		await using block = await blockUdp(udpPort);
		const use = async (page: Page): Promise<void> => {
			live.push((await startOverMse(page, cameras)).liveMs);
			if (load === BLOCKED_LOADS - 1) climb = await climbBack(page, cameras.loopPictures, block);
		};
		await withWall(browser, url, use, READ_EVERY_MS);
	}
	const worst = Math.max(...live);
	return [
		{
			what: `UDP blocked: navigation to sixteen tiles live over MSE (worst of ${BLOCKED_LOADS} loads)`,
			budget: `<= ${STEP_DOWN_BUDGET_MS / 1000} s`,
			measured: `${(worst / 1000).toFixed(2)} s`,
			holds: worst <= STEP_DOWN_BUDGET_MS,
		},
		...(climb ? climbRows(climb) : []),
	];
}

interface Climb {
	/** Infinite when a tile never climbed. */
	readonly lastMs: number;
	readonly longestPauseMs: number;
	readonly stepsBack: number;
}

/** Lifts the block and watches what is in sight on all tiles until each has climbed. */
async function climbBack(page: Page, loopPictures: number, block: AsyncDisposable): Promise<Climb> {
	await stopReadingCodes(page);
	await watchCounters(page);
	await sleep(AFTER_CLIMB_MS);
	if ((await tilesOverWebRtc(page)) > 0) throw new Error("the block blocks nothing: tiles are over WebRTC");
	await block[Symbol.asyncDispose]();
	const liftedMs = performance.now();
	const lastMs = await eventually(
		"all tiles are over WebRTC",
		async () => (await tilesOverWebRtc(page)) === TILES && performance.now() - liftedMs,
		CLIMB_LIMIT_MS,
	).catch(() => Number.POSITIVE_INFINITY);
	await sleep(AFTER_CLIMB_MS);
	const verdicts = await counterVerdicts(page, loopPictures);
	return {
		lastMs,
		longestPauseMs: Math.max(...verdicts.map(({ longestPauseMs }) => longestPauseMs)),
		stepsBack: verdicts.reduce((sum, { stepsBack }) => sum + stepsBack, 0),
	};
}

/** By what the video in sight is fed from, not by what the tile says: only WebRTC's has a MediaStream. */
async function tilesOverWebRtc(page: Page): Promise<number> {
	return await page.evaluate(
		() =>
			[...document.querySelectorAll("[data-camera]")].filter((tile) => {
				const inSight = [...tile.querySelectorAll("video")].filter((video) => {
					const { visibility, opacity } = getComputedStyle(video);
					return video.videoWidth > 0 && visibility !== "hidden" && opacity !== "0";
				});
				return inSight.at(-1)?.srcObject instanceof MediaStream;
			}).length,
	);
}

function climbRows({ lastMs, longestPauseMs, stepsBack }: Climb): Row[] {
	return [
		{
			what: "the block is lifted: all sixteen tiles over WebRTC again",
			budget: `<= ${CLIMB_BUDGET_MS / 1000} s`,
			measured: lastMs < Infinity ? `${(lastMs / 1000).toFixed(1)} s` : `not within ${CLIMB_LIMIT_MS / 1000} s`,
			holds: lastMs <= CLIMB_BUDGET_MS,
		},
		{
			what: "longest pause of a picture meanwhile, looked at every 100 ms",
			budget: `<= ${PAUSE_BUDGET_MS} ms, never back`,
			measured: `${longestPauseMs.toFixed(0)} ms, ${stepsBack} times back`,
			holds: longestPauseMs <= PAUSE_BUDGET_MS && stepsBack === 0,
		},
	];
}

function medianAndWorst(values: readonly number[]): string {
	return `${percentile(values, 0.5).toFixed(0)} ms (worst ${Math.max(...values).toFixed(0)})`;
}
