/**
 * All ways from the server to the screen measured in the same manner, one after the other, and the classic design beside
 * them. @module
 */
import type { Rung } from "@vigia/api";
import { BareChromium } from "../support/bare-chromium.ts";
import { tileReaderScript } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { firstPictures, latenciesOfCodes, type Painted, paintedScript, TILES } from "./painted.ts";
import {
	type CamerasProcess,
	processorSeconds,
	proportionalMegabytes,
	REPORT_MS,
	residentMegabytes,
	sleep,
} from "./processes.ts";
import { formatColumns, percentile, type Row } from "./table.ts";

/** Until players have come to their distance from the live edge: hls.js catches up by playing faster. */
const SETTLE_MS = 8_000;
const MEASURE_MS = 10_000;
/** Codes of sixteen tiles: their cost is in Chromium's, of all deliveries alike. */
const READ_EVERY_MS = 1_000;
/** In pixels. */
const WINDOW = [1920, 1080] as const;

/** Of the cameras' loop: where delays come near to it, a code may be of the loop before, and older than it seems. */
const SURE_PART_OF_LOOP = 0.75;
const PICTURE_MS = 1000 / 15;

export interface Delivery {
	readonly name: string;
	/** The page with sixteen tiles. */
	readonly url: string;
	/** All tiles must be on it from the beginning of the measurement to its end; absent when the page is not ours. */
	readonly rung?: Rung;
	/** The server behind it; absent when it is not ours. */
	readonly serverPid?: number;
	/** What else it needs: what the processes are called, and which they are. */
	readonly others?: { readonly name: string; readonly pids: readonly number[] };
}

export interface DeliveryFigures {
	readonly name: string;
	/** Pictures whose codes were read. */
	readonly read: number;
	readonly p50Ms: number;
	readonly p95Ms: number;
	/** From navigation to the first picture of the first and of the last tile. */
	readonly firstMs: number;
	readonly lastMs: number;
	/** Painted a second, by all tiles on average and by the worst. */
	readonly picturesPerSecond: number;
	readonly fewestPerSecond: number;
	/** All of Chromium's processes, in percent of a core. */
	readonly browserPercent: number;
	readonly server: Cost | undefined;
	readonly others: (Cost & { readonly name: string }) | undefined;
}

interface Cost {
	/** Of a core. */
	readonly percent: number;
	readonly megabytes: number;
}

/** In a Chromium that is watched by nobody else: {@link BareChromium} says why. */
export async function measureDelivery(cameras: CamerasProcess, delivery: Delivery): Promise<DeliveryFigures> {
	const script = `${tileReaderScript()}\n${paintedScript(READ_EVERY_MS)}`;
	await using page = await BareChromium.open(delivery.url, script, WINDOW);
	await eventually("every tile has painted", async () => (await firstPictures(page)).size === TILES);
	const first = [...(await firstPictures(page)).values()];
	await sleep(SETTLE_MS);
	const costs = await startCosts(page, delivery);
	await page.evaluate("window.painted.length = 0");
	const fromMs = performance.now();
	await sleep(MEASURE_MS);
	const painted = (await page.evaluate("window.painted")) as readonly Painted[];
	const seconds = (performance.now() - fromMs) / 1000;
	const cost = await costs();
	await sleep(REPORT_MS);
	checkRung(delivery, painted);
	const values = latenciesOfCodes(cameras, painted).map(({ latencyMs }) => latencyMs);
	if (percentile(values, 0.95) > cameras.loopPictures * PICTURE_MS * SURE_PART_OF_LOOP) {
		throw new Error(`${delivery.name}: pictures may be older than the cameras' loop is long`);
	}
	const pictures = Array.from({ length: TILES }, (_, index) => countOf(painted, index + 1));
	return {
		name: delivery.name,
		read: values.length,
		p50Ms: percentile(values, 0.5),
		p95Ms: percentile(values, 0.95),
		firstMs: Math.min(...first),
		lastMs: Math.max(...first),
		picturesPerSecond: painted.length / TILES / seconds,
		fewestPerSecond: Math.min(...pictures) / seconds,
		...cost,
	};
}

function countOf(painted: readonly Painted[], camera: number): number {
	return painted.filter((picture) => picture.camera === camera).length;
}

/** Figures of another way than the one that was to be measured would be worse than none. */
function checkRung({ name, rung }: Delivery, painted: readonly Painted[]): void {
	const other = painted.find((picture) => rung !== undefined && picture.rung !== rung);
	if (other) throw new Error(`${name}: camera ${other.camera} came over ${other.rung}`);
}

/** Begins to count processor time. The function that it returns ends it. */
async function startCosts(
	page: BareChromium,
	{ serverPid, others }: Delivery,
): Promise<() => Promise<Pick<DeliveryFigures, "browserPercent" | "server" | "others">>> {
	const sumOf = (pids: readonly number[]): number => pids.reduce((sum, pid) => sum + processorSeconds(pid), 0);
	const used = async (): Promise<{ browser: number; server: number; others: number }> => ({
		browser: sumOf(await page.pids()),
		server: serverPid === undefined ? 0 : processorSeconds(serverPid),
		others: sumOf(others?.pids ?? []),
	});
	const [before, fromMs] = [await used(), performance.now()];
	return async () => {
		const after = await used();
		const percent = (what: keyof typeof after): number =>
			((after[what] - before[what]) * 100_000) / (performance.now() - fromMs);
		return {
			browserPercent: percent("browser"),
			server:
				serverPid === undefined ? undefined : { percent: percent("server"), megabytes: residentMegabytes(serverPid) },
			others: others && {
				name: others.name,
				percent: percent("others"),
				megabytes: proportionalMegabytes(others.pids),
			},
		};
	};
}

/** @param budgetMs of the median; absent where the figure is for information. */
export function latencyRow({ name, read, p50Ms, p95Ms, fewestPerSecond }: DeliveryFigures, budgetMs?: number): Row {
	const pictures = `fewest pictures of a tile ${fewestPerSecond.toFixed(1)}/s`;
	return {
		what: `${name}, sent to screen, 16 tiles (${read} pictures)`,
		budget: budgetMs === undefined ? "" : `p50 <= ${budgetMs} ms`,
		measured: `p50 ${p50Ms.toFixed(0)} ms, p95 ${p95Ms.toFixed(0)} ms, ${pictures}`,
		...(budgetMs !== undefined && { holds: p50Ms <= budgetMs }),
	};
}

export function formatDeliveries(deliveries: readonly DeliveryFigures[]): string {
	const cost = (of: Cost | undefined): string =>
		of === undefined ? "" : `${of.percent.toFixed(1)}, ${of.megabytes.toFixed(0)} MB`;
	return formatColumns([
		[
			"16 tiles, send to screen",
			"p50 / p95 ms",
			"first..last picture ms",
			"pictures/s (worst tile)",
			"Chromium CPU %",
			"server CPU %",
			"besides CPU %",
		],
		...deliveries.map((of) => [
			of.name,
			`${of.p50Ms.toFixed(0)} / ${of.p95Ms.toFixed(0)}`,
			`${of.firstMs.toFixed(0)}..${of.lastMs.toFixed(0)}`,
			`${of.picturesPerSecond.toFixed(1)} (${of.fewestPerSecond.toFixed(1)})`,
			of.browserPercent.toFixed(0),
			cost(of.server),
			of.others ? `${of.others.name} ${cost(of.others)}` : "",
		]),
	]);
}
