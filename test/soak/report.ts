/** What a soak test says at its end, and whether the limits hold. @module */
import { percentile } from "../bench/table.ts";
import { FAULT_KINDS, type FaultKind, type FaultName } from "./faults.ts";
import type { Recovery } from "./recovery.ts";
import type { Sample } from "./samples.ts";
import { trendOf } from "./statistics.ts";

/** p95 of the recoveries after outages under a minute. */
export const MAX_RECOVERY_MS = 3_000;
/** Until then caches fill and code is compiled: the memory's trend is that of the rest. */
const WARM_UP_SHARE = 1 / 3;
/** Below this the trend of a run is the garbage collector's mood: it is printed and not judged. */
const MIN_JUDGED_MINUTES = 20;
/** A slope within so many standard errors is none. */
const NOISE_ERRORS = 3;
/** The machine has nothing left: what is measured is the machine. */
const SATURATED_PERCENT = 85;

export interface SoakFacts {
	readonly seed: string;
	/** Stopped by hand: who is not live then was not given the time to come back. */
	readonly interrupted: boolean;
	readonly minutes: number;
	readonly cameras: number;
	readonly viewers: number;
	readonly tiles: number;
	readonly faults: ReadonlyMap<FaultName, number>;
	readonly recoveries: readonly Recovery[];
	/** Of the server's process. */
	readonly samples: readonly Sample[];
	readonly processorPercent: { readonly server: number; readonly cameras: number; readonly viewers: number };
	readonly machinePercent: number;
	readonly load: readonly number[];
	/** Sockets, timers and requests of the server: at the start and at the end. */
	readonly resources: readonly [number, number];
	readonly packets: number;
	readonly viewerReconnects: number;
	readonly viewersEnded: number;
	/** Cameras that are not live at the end, with what the server says of them. */
	readonly notLive: readonly string[];
	/** Cameras that are live but that no viewer receives. */
	readonly notReceived: readonly number[];
	/** Forms of credentials that were seen, by number: they are not printed. */
	readonly secretsSeen: readonly number[];
	/** Lines of the log that tell of a mistake of the server. */
	readonly mistakes: readonly string[];
}

export interface SoakReport {
	readonly text: string;
	readonly holds: boolean;
}

export function reportOf(facts: SoakFacts): SoakReport {
	const limits = limitsOf(facts);
	const verdicts = limits.map(({ holds, text }) => `${holds ? "ok  " : "FAIL"}  ${text}`);
	const text = [
		`soak test: ${facts.minutes.toFixed(1)} min, ${facts.cameras} cameras, ${facts.viewers} viewers of ${facts.tiles} tiles, seed ${facts.seed}${facts.interrupted ? ", STOPPED BY HAND" : ""}`,
		"",
		...recoveryLines(facts),
		"",
		...resourceLines(facts),
		"",
		...verdicts,
	].join("\n");
	return { text, holds: limits.every(({ holds }) => holds) };
}

function recoveryLines({ recoveries, faults }: SoakFacts): string[] {
	const lines = [row("recovery in ms", "faults", "back", "p50", "p95", "max")];
	for (const name of Object.keys(FAULT_KINDS) as FaultName[]) {
		const took = recoveries.filter(({ kind }) => kind === name).map(({ tookMs }) => tookMs);
		const kind: FaultKind = FAULT_KINDS[name];
		lines.push(
			figures(kind.name, faults.get(name) ?? 0, took) + (kind.apart === undefined ? "" : `   apart: ${kind.apart}`),
		);
	}
	const counted = countedOf(recoveries);
	lines.push(
		figures(
			"all but those apart",
			[...faults.values()].reduce((sum, count) => sum + count, 0),
			counted,
		),
	);
	return lines;
}

function figures(name: string, faults: number, took: readonly number[]): string {
	const figure = (ms: number): string => (took.length === 0 ? "-" : ms.toFixed(0));
	const [p50, p95, max] = [percentile(took, 0.5), percentile(took, 0.95), Math.max(...took)];
	return row(name, String(faults), String(took.length), figure(p50), figure(p95), figure(max));
}

function row(first: string, ...rest: readonly string[]): string {
	return first.padEnd(26) + rest.map((cell) => cell.padStart(8)).join("");
}

function isCounted(name: FaultName): boolean {
	const kind: FaultKind = FAULT_KINDS[name];
	return kind.apart === undefined;
}

function countedOf(recoveries: readonly Recovery[]): number[] {
	return recoveries.filter(({ kind }) => isCounted(kind)).map(({ tookMs }) => tookMs);
}

function memoryTrend(samples: readonly Sample[]) {
	const from = (samples.at(-1)?.atHours ?? 0) * WARM_UP_SHARE;
	return trendOf(
		samples.filter(({ atHours }) => atHours >= from).map(({ atHours, megabytes }) => [atHours, megabytes]),
	);
}

function resourceLines(facts: SoakFacts): string[] {
	const { samples, processorPercent: percent, resources } = facts;
	const [start, end] = [samples[0], samples.at(-1)];
	const trend = memoryTrend(samples);
	const slope = trend
		? `${signed(trend.slope)} +- ${trend.standardError.toFixed(1)} MB/h over the last two thirds`
		: "unknown";
	const most = Math.max(0, ...samples.map(({ megabytes }) => megabytes));
	return [
		`server memory      ${start?.megabytes.toFixed(0)} MB at the start, ${end?.megabytes.toFixed(0)} at the end, ${most.toFixed(0)} at most; slope ${slope}`,
		`server processor   ${percent.server.toFixed(1)} % of one (cameras ${percent.cameras.toFixed(1)} %, viewers ${percent.viewers.toFixed(1)} %)`,
		`server open files  ${start?.openFiles} at the start, ${end?.openFiles} at the end; sockets and timers ${resources.join(" and ")}`,
		`machine            ${facts.machinePercent.toFixed(0)} % busy, load ${facts.load.map((value) => value.toFixed(1)).join(" ")}` +
			(facts.machinePercent > SATURATED_PERCENT ? " - SATURATED: the times are the machine's, not the server's" : ""),
		`viewers            ${facts.packets} packets, ${facts.viewerReconnects} reconnects`,
	];
}

function signed(value: number): string {
	return `${value < 0 ? "" : "+"}${value.toFixed(1)}`;
}

interface Limit {
	readonly holds: boolean;
	readonly text: string;
}

function limitsOf(facts: SoakFacts): Limit[] {
	const counted = countedOf(facts.recoveries);
	const p95 = percentile(counted, 0.95);
	const trend = memoryTrend(facts.samples);
	const judged = facts.minutes >= MIN_JUDGED_MINUTES;
	const flat = trend !== undefined && trend.slope <= NOISE_ERRORS * trend.standardError;
	const list = (items: readonly (string | number)[]): string => (items.length === 0 ? "none" : items.join("; "));
	return [
		{
			holds: counted.length === 0 || p95 <= MAX_RECOVERY_MS,
			text: `recovery p95 ${counted.length === 0 ? "-" : p95.toFixed(0)} ms, at most ${MAX_RECOVERY_MS}`,
		},
		{ holds: facts.notLive.length === 0, text: `not live at the end: ${list(facts.notLive)}` },
		{ holds: facts.notReceived.length === 0, text: `live but received by no viewer: ${list(facts.notReceived)}` },
		{ holds: facts.viewersEnded === 0, text: `viewers that ended: ${facts.viewersEnded}` },
		{
			holds: facts.secretsSeen.length === 0,
			text: `forms of credentials seen (by number): ${list(facts.secretsSeen)}`,
		},
		{ holds: facts.mistakes.length === 0, text: `mistakes in the log: ${list(facts.mistakes.slice(0, 5))}` },
		{
			holds: !judged || flat,
			text: `memory slope within ${NOISE_ERRORS} standard errors${judged ? "" : ` (not judged below ${MIN_JUDGED_MINUTES} min)`}`,
		},
	];
}
