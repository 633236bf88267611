/** What a long run of players says at its end, and whether the limits hold. @module */
import { percentile } from "../bench/table.ts";
import type { PageSample, TileSample } from "./player-page.ts";
import { type Trend, trendOf } from "./statistics.ts";

/** Growth that can be told apart from none must not fill a machine within a week: MB an hour. */
const MAX_GROWTH_MB_PER_HOUR = 10;
/** Ten seconds are kept behind playback and fetched ahead of it, each rounded up to a segment of at most five. */
const MAX_BUFFERED_SECONDS = 30;
/** A pause is no drift, but a session that pauses more often than every ten minutes is not watched. */
const MAX_PAUSES_PER_TILE_HOUR = 6;
/** What HLS may keep for one track on the server: 45 s of 3 Mbit/s. */
const MAX_HLS_MB_PER_TRACK = 16;
/** Send to screen, the median over the last third of the run: DELIVERY.md. */
const LATENCY_BUDGETS_MS: Readonly<Record<string, number>> = { mse: 200, hls: 1500 };
/** A clock that runs away by more than a tenth of the budget in an hour. */
const MAX_DRIFT_SHARE_PER_HOUR = 0.1;
/** Until then caches fill and code is compiled: trends are those of the rest. */
const WARM_UP_SHARE = 1 / 3;
/** Below this the trend of a run is the garbage collector's mood: it is printed and not judged. */
const MIN_JUDGED_MINUTES = 20;
/** A slope within so many standard errors is none. */
const NOISE_ERRORS = 3;
/** The machine has nothing left: times, and rungs that tiles leave for want of pictures, are the machine's. */
const SATURATED_PERCENT = 85;

/** What was measured at one time. */
export interface PlayersSample {
	readonly atHours: number;
	readonly serverMegabytes: number;
	/** Media that the server keeps for HLS, and of how many playlists. */
	readonly hlsMegabytes: number;
	readonly hlsTracks: number;
	/** In the order of {@link PlayersFacts.rungs}. */
	readonly pages: readonly PageSample[];
}

export interface PlayersFacts {
	/** Stopped by hand. */
	readonly interrupted: boolean;
	readonly tiles: number;
	/** One page each. */
	readonly rungs: readonly string[];
	/** How HLS came: over HTTP/2 or over HTTP/1.1. */
	readonly hlsOver: string;
	readonly samples: readonly PlayersSample[];
	/** Of a core, the server's. */
	readonly serverPercent: number;
	readonly machinePercent: number;
	readonly load: readonly number[];
	/** Sockets, timers and requests of the server: at the start and at the end. */
	readonly resources: readonly [number, number];
	/** Lines of the log that tell of a mistake of the server. */
	readonly mistakes: readonly string[];
}

export interface PlayersReport {
	readonly text: string;
	readonly holds: boolean;
}

interface Verdict {
	/** `undefined` when it cannot be judged: by how short the run was, or by how busy the machine. */
	readonly holds: boolean | undefined;
	readonly text: string;
}

type Points = readonly (readonly [hours: number, value: number])[];

export function reportOfPlayers(facts: PlayersFacts): PlayersReport {
	const { samples, rungs, tiles } = facts;
	const minutes = minutesOf(facts);
	const verdicts = [...serverVerdicts(facts), ...rungs.flatMap((_, page) => pageVerdicts(facts, page))];
	const text = [
		`players: ${minutes.toFixed(1)} min, ${tiles} tiles on ${rungs.join(" and on ")}, HLS over ${facts.hlsOver}, ${samples.length} samples${facts.interrupted ? ", STOPPED BY HAND" : ""}`,
		`machine ${facts.machinePercent.toFixed(0)} % busy, load ${facts.load.map((value) => value.toFixed(1)).join(" ")}; server ${facts.serverPercent.toFixed(1)} % of a core, sockets and timers ${facts.resources.join(" and ")}`,
		...(isSaturated(facts) ? ["SATURATED: latencies, pauses and rungs are the machine's, and not judged"] : []),
		...(isLong(facts) ? [] : [`shorter than ${MIN_JUDGED_MINUTES} min: slopes are told and not judged`]),
		"",
		`${"".padEnd(44)}${["first third", "last third", "most", "slope per hour"].map((cell) => cell.padStart(14)).join("")}`,
		...seriesOf(facts).map(({ name, points }) => seriesLine(name, points)),
		"",
		...verdicts.map((verdict) => `${markOf(verdict)}  ${verdict.text}`),
	].join("\n");
	return { text, holds: verdicts.every(({ holds }) => holds !== false) };
}

function markOf({ holds }: Verdict): string {
	if (holds === undefined) return "told";
	return holds ? "ok  " : "FAIL";
}

function minutesOf({ samples }: PlayersFacts): number {
	return (samples.at(-1)?.atHours ?? 0) * 60;
}

function isLong(facts: PlayersFacts): boolean {
	return minutesOf(facts) >= MIN_JUDGED_MINUTES;
}

function isSaturated({ machinePercent }: PlayersFacts): boolean {
	return machinePercent > SATURATED_PERCENT;
}

function seriesOf(facts: PlayersFacts): { name: string; points: Points }[] {
	return [
		{ name: "server memory, MB", points: pointsOf(facts, ({ serverMegabytes }) => serverMegabytes) },
		{ name: "server media for HLS, MB", points: pointsOf(facts, ({ hlsMegabytes }) => hlsMegabytes) },
		...facts.rungs.flatMap((rung, page) => [
			{ name: `${rung} page: heap, MB`, points: pagePoints(facts, page, ({ heapMegabytes }) => heapMegabytes) },
			{ name: `${rung} page: heap after collection, MB`, points: collectedPoints(facts, page) },
			{ name: `${rung} page: nodes`, points: pagePoints(facts, page, ({ nodes }) => nodes) },
			{ name: `${rung} page: its Chromium, MB`, points: pagePoints(facts, page, (sample) => sample.browserMegabytes) },
			{
				name: `${rung} page: buffered by a tile, s`,
				points: pagePoints(facts, page, (sample) => Math.max(...sample.tiles.map((tile) => tile.bufferedSeconds))),
			},
			{ name: `${rung} page: latency, ms`, points: latencyPoints(facts, page) },
		]),
	];
}

function pointsOf({ samples }: PlayersFacts, value: (sample: PlayersSample) => number | undefined): Points {
	return samples.flatMap((sample) => {
		const found = value(sample);
		return found === undefined || Number.isNaN(found) ? [] : [[sample.atHours, found] as const];
	});
}

function pagePoints(facts: PlayersFacts, page: number, value: (sample: PageSample) => number | undefined): Points {
	return pointsOf(facts, ({ pages }) => pages[page] && value(pages[page]));
}

function collectedPoints(facts: PlayersFacts, page: number): Points {
	return pagePoints(facts, page, ({ collectedMegabytes }) => collectedMegabytes);
}

/** Of all tiles of a page together, the median at each time. */
function latencyPoints(facts: PlayersFacts, page: number): Points {
	return pagePoints(facts, page, ({ tiles }) => {
		const known = tiles.flatMap(({ latencyMs }) => latencyMs ?? []);
		return known.length > 0 ? percentile(known, 0.5) : undefined;
	});
}

function afterWarmUp(points: Points): Points {
	const from = (points.at(-1)?.[0] ?? 0) * WARM_UP_SHARE;
	return points.filter(([hours]) => hours >= from);
}

function third(points: Points, which: 0 | 2): number[] {
	const end = points.at(-1)?.[0] ?? 0;
	const [from, to] = which === 0 ? [0, end / 3] : [(2 * end) / 3, Number.POSITIVE_INFINITY];
	return points.filter(([hours]) => hours >= from && hours < to).map(([, value]) => value);
}

function mean(values: readonly number[]): number {
	return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function seriesLine(name: string, points: Points): string {
	const figures = [mean(third(points, 0)), mean(third(points, 2)), Math.max(...points.map(([, value]) => value))];
	const cells = [...figures.map((value) => value.toFixed(1)), describe(trendOf(afterWarmUp(points)))];
	return `${name.padEnd(44)}${cells.map((cell) => cell.padStart(14)).join("")}`;
}

function describe(trend: Trend | undefined): string {
	if (!trend) return "unknown";
	return `  ${trend.slope < 0 ? "" : "+"}${trend.slope.toFixed(1)} +- ${trend.standardError.toFixed(1)}`;
}

function serverVerdicts(facts: PlayersFacts): Verdict[] {
	const { samples, mistakes } = facts;
	const media = samples.map(({ hlsMegabytes, hlsTracks }) => hlsMegabytes / Math.max(1, hlsTracks));
	return [
		growthVerdict(
			facts,
			"server memory",
			pointsOf(facts, ({ serverMegabytes }) => serverMegabytes),
		),
		atMost("server media for HLS, MB a playlist", Math.max(...media), MAX_HLS_MB_PER_TRACK),
		{ holds: mistakes.length === 0, text: `mistakes in the log: ${mistakes.slice(0, 5).join("; ") || "none"}` },
	];
}

function pageVerdicts(facts: PlayersFacts, page: number): Verdict[] {
	const { samples, rungs } = facts;
	const rung = rungs[page] ?? "";
	const tiles = samples.flatMap(({ pages }) => pages[page]?.tiles ?? []);
	const buffered = Math.max(...tiles.map(({ bufferedSeconds }) => bufferedSeconds));
	return [
		growthVerdict(facts, `${rung} page: heap after collection`, collectedPoints(facts, page)),
		growthVerdict(
			facts,
			`${rung} page: its Chromium`,
			pagePoints(facts, page, ({ browserMegabytes }) => browserMegabytes),
		),
		atMost(`${rung} page: buffered by a tile, s`, buffered, MAX_BUFFERED_SECONDS),
		driftVerdict(facts, page),
		...timeVerdicts(facts, page, tiles),
	];
}

function timeVerdicts(facts: PlayersFacts, page: number, tiles: readonly TileSample[]): Verdict[] {
	const { samples, tiles: count } = facts;
	const rung = facts.rungs[page] ?? "";
	const isOff = (tile: TileSample): boolean => tile.rung !== rung || tile.state !== "live";
	// Who is not there is not live either.
	const off = tiles.filter(isOff).length + samples.length * count - tiles.length;
	const pauses = tiles.reduce((sum, tile) => sum + tile.pauses, 0);
	const allowed = Math.max(facts.tiles, Math.ceil(((MAX_PAUSES_PER_TILE_HOUR * minutesOf(facts)) / 60) * facts.tiles));
	const latency = percentile(third(latencyPoints(facts, page), 2), 0.5);
	const longest = Math.max(0, ...tiles.map(({ longestPauseMs }) => longestPauseMs));
	const judged = (verdict: Verdict): Verdict => (isSaturated(facts) ? { ...verdict, holds: undefined } : verdict);
	return [
		atMost(`${rung} page: latency of the last third, ms`, latency, LATENCY_BUDGETS_MS[rung] ?? 0),
		{
			holds: pauses <= allowed,
			text: `${rung} page: ${pauses} pauses, at most ${allowed} (the longest picture stood ${longest.toFixed(0)} ms)`,
		},
		{
			holds: off === 0,
			text: `${rung} page: looks at a tile that found it not live on its rung: ${off} of ${samples.length * count}`,
		},
	].map(judged);
}

function growthVerdict(facts: PlayersFacts, name: string, points: Points): Verdict {
	const trend = trendOf(afterWarmUp(points));
	const text = `${name} grows by ${describe(trend).trim()} MB an hour, at most ${MAX_GROWTH_MB_PER_HOUR} or ${NOISE_ERRORS} errors`;
	return { holds: isLong(facts) ? isWithin(trend, MAX_GROWTH_MB_PER_HOUR) : undefined, text };
}

/**
 * Only that it grows: the distance from the edge follows the jitter, so that it falls when the machine gets quieter, and
 * playback that came too near would pause, which is counted.
 */
function driftVerdict(facts: PlayersFacts, page: number): Verdict {
	const rung = facts.rungs[page] ?? "";
	const trend = trendOf(afterWarmUp(latencyPoints(facts, page)));
	const most = (LATENCY_BUDGETS_MS[rung] ?? 0) * MAX_DRIFT_SHARE_PER_HOUR;
	const holds = isWithin(trend, most);
	const text = `${rung} page: latency drifts by ${describe(trend).trim()} ms an hour, at most ${most} or ${NOISE_ERRORS} errors`;
	return { holds: isLong(facts) && !isSaturated(facts) ? holds : undefined, text };
}

/** What was not measured does not hold. */
function isWithin(trend: Trend | undefined, most: number): boolean {
	return trend !== undefined && trend.slope <= Math.max(most, NOISE_ERRORS * trend.standardError);
}

function atMost(name: string, value: number, limit: number): Verdict {
	return { holds: value <= limit, text: `${name}: ${value.toFixed(1)}, at most ${limit}` };
}
