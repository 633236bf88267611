/**
 * `node test/net/main.ts [--conditions loss,cut] [--rungs auto,mse] [--seconds 20] [--cameras 16]`: the wall in
 * Chromium behind a link with faults, rung by rung. Prints what the tiles did each second, then a table. Exits with 1
 * when a tile's picture was old and the tile called it live. @module
 */
import { parseArgs } from "node:util";
import type { Browser, Page } from "playwright-core";
import { startCameraSim } from "@vigia/camera-sim";
import { launchChromium, openContext, readTiles, type TilePicture } from "../support/browser.ts";
import { startServer } from "../support/server-process.ts";
import { ImpairedLink, type LinkCounters, NETWORK_IS_POSSIBLE, type NetworkConditions } from "./impaired-link.ts";
import { formatSecond, formatSummary, Observer, type Phase, type RunSummary, type Second } from "./observer.ts";

const CONDITIONS: Readonly<Record<string, NetworkConditions>> = {
	clean: {},
	loss: { lossPercent: 5 },
	delay: { delayMs: 100 },
	jitter: { delayMs: 20, jitterMs: 80 },
	rate: { rateKbps: 256 },
	cut: { cut: true },
};
/** `auto` is the ladder; the others force one rung. */
const RUNGS = ["auto", "webrtc", "mse", "hls"];
/** A cut lasts as long as the issue says, whatever `--seconds`. */
const CUT_SECONDS = 10;
/** The page has this long to be live before the fault, and to be live again after it. */
const BEFORE_SECONDS = 15;
const AFTER_SECONDS = 90;

const { values } = parseArgs({
	options: {
		conditions: { type: "string", default: Object.keys(CONDITIONS).join(",") },
		rungs: { type: "string", default: RUNGS.join(",") },
		seconds: { type: "string", default: "20" },
		cameras: { type: "string", default: "16" },
	},
});
const cameras = Number(values.cameras);
const faultSeconds = Number(values.seconds);

/** One page through three phases: no fault until all move, the fault, no fault until all is back, on `auto` also WebRTC. */
async function run(link: ImpairedLink, page: Page, rung: string, condition: string): Promise<RunSummary> {
	const observer = new Observer(rung, condition, cameras);
	const isBack = ({ phase, moving, rungs }: Second): boolean =>
		moving === cameras && (phase !== "after" || rung !== "auto" || rungs.get("webrtc") === cameras);
	const total = { passed: 0, lost: 0, full: 0 };
	const apply = async (conditions: NetworkConditions): Promise<LinkCounters> => {
		const counters = await link.apply(conditions);
		for (const name of ["passed", "lost", "full"] as const) total[name] += counters[name];
		return counters;
	};
	const watch = async (phase: Phase, seconds: number, untilBack: boolean): Promise<void> => {
		const conditions = phase === "fault" ? (CONDITIONS[condition] as NetworkConditions) : {};
		await apply(conditions);
		if (phase === "fault") total.passed = total.lost = total.full = 0;
		for (let second = 0; second < seconds; second++) {
			await page.waitForTimeout(1000);
			const tiles = await readTiles(page).catch((): TilePicture[] => []);
			const seen = observer.look(phase, tiles, performance.now());
			const { passed, lost, full } = await apply(conditions);
			console.log(`${formatSecond(rung, condition, seen)} | packets ${passed} / ${lost} / ${full}`);
			if (untilBack && isBack(seen)) return;
		}
	};
	await watch("before", BEFORE_SECONDS, true);
	await watch("fault", condition === "cut" ? CUT_SECONDS : faultSeconds, false);
	const packets = { ...total };
	await watch("after", AFTER_SECONDS, true);
	return { ...observer.summary(), packets };
}

async function withPage<T>(browser: Browser, url: string, use: (page: Page) => Promise<T>): Promise<T> {
	// What one run taught the page about this network must not decide the next one: each has a context of its own.
	const context = await openContext(browser, 1920, 1080);
	try {
		const page = await context.newPage();
		await page.goto(url, { waitUntil: "commit" });
		return await use(page);
	} finally {
		await context.close();
	}
}

async function main(): Promise<number> {
	if (!NETWORK_IS_POSSIBLE) return 1;
	const conditions = values.conditions.split(",");
	const rungs = values.rungs.split(",");
	const unknown = [
		...conditions.filter((name) => !(name in CONDITIONS)),
		...rungs.filter((name) => !RUNGS.includes(name)),
	];
	if (unknown.length > 0) {
		console.error(
			`Unknown: ${unknown.join(", ")}. Conditions: ${Object.keys(CONDITIONS).join(", ")}; rungs: ${RUNGS.join(", ")}.`,
		);
		return 1;
	}
	await using link = await ImpairedLink.open();
	await using sim = await startCameraSim({ count: cameras });
	await using server = await startServer({
		HOST: "0.0.0.0",
		CAM_IP: "127.0.0.1",
		CAM_PORT: String(sim.port),
		CAM_USER: "net",
		CAM_PASS: "net",
		TOTAL_CAMERAS: String(cameras),
		LOG_LEVEL: "warn",
	});
	const summaries: RunSummary[] = [];
	const browser = await launchChromium(link.chromium);
	try {
		for (const rung of rungs) {
			const url = `http://${link.serverAddress}:${new URL(server.url).port}/${rung === "auto" ? "" : `?protocol=${rung}`}`;
			for (const condition of conditions) {
				summaries.push(await withPage(browser, url, (page) => run(link, page, rung, condition)));
			}
		}
	} finally {
		await browser.close();
	}
	console.log(`\n${formatSummary(summaries)}`);
	return summaries.some(({ longestUnmarkedS }) => longestUnmarkedS > 0) ? 1 : 0;
}

process.exitCode = await main();
