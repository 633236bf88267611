/** What the tiles of a wall did under a network fault, from what is seen of them once a second. Pure. @module */
import type { TilePicture } from "../support/browser.ts";
import type { LinkCounters } from "./impaired-link.ts";

export type Phase = "before" | "fault" | "after";

/** A tile must not say live for longer than this without a new picture: two seconds, and one between two looks. */
const OLD_MS = 3_000;
/** It must have been seen so in so many looks: on a busy machine one look can be seconds after the other. */
const OLD_LOOKS = 3;

/** One look at the wall. */
export interface Second {
	readonly phase: Phase;
	/** Since the first look. */
	readonly atS: number;
	/** Tiles whose picture changed since the look before. */
	readonly moving: number;
	/** Tiles that say live. */
	readonly live: number;
	/** Tiles that have said live for {@link OLD_MS} without a new picture: there must be none. */
	readonly unmarked: readonly string[];
	/** How many tiles are in each state, with its fault where there is one. */
	readonly states: ReadonlyMap<string, number>;
	/** How many tiles are on each rung. */
	readonly rungs: ReadonlyMap<string, number>;
}

export interface RunSummary {
	readonly rung: string;
	readonly condition: string;
	/** Mean share of the tiles that moved during the fault, 0-1. */
	readonly movingShare: number;
	/** Seconds of the fault in which no tile moved. */
	readonly stillSeconds: number;
	/** Until every tile moved again after the fault; absent when that never came. */
	readonly recoveredS: number | undefined;
	/** The most seconds in a row in which some tile was old and called live. */
	readonly longestUnmarkedS: number;
	/** The most changes of rung that one tile made within a minute: more than three are a flap. */
	readonly mostMoves: number;
	/** From the start of the fault to the last change of rung within it; absent when there was none. */
	readonly settledS: number | undefined;
	/** The rungs that tiles were on at the end of the fault, and at the end of all. */
	readonly rungsInFault: string;
	readonly rungsAtEnd: string;
	readonly packets?: LinkCounters;
}

/** Keeps one page's seconds. */
export class Observer {
	readonly #rung: string;
	readonly #condition: string;
	readonly #cameras: number;
	readonly #seconds: Second[] = [];
	/** By camera: the counter on its picture, and since when, for how many looks, the tile says live with that picture. */
	readonly #pictures = new Map<
		string,
		{ readonly counter: number | undefined; readonly sinceMs: number; readonly looks: number }
	>();
	/** By camera: its rung, and when that changed. */
	readonly #moves = new Map<string, { readonly rung: string | undefined; readonly atMs: readonly number[] }>();
	#startMs: number | undefined;
	#faultMs: number | undefined;
	#settledMs: number | undefined;

	constructor(rung: string, condition: string, cameras: number) {
		this.#rung = rung;
		this.#condition = condition;
		this.#cameras = cameras;
	}

	/** Takes one look's tiles; `nowMs` on any steady clock. */
	look(phase: Phase, tiles: readonly TilePicture[], nowMs: number): Second {
		this.#startMs ??= nowMs;
		if (phase === "fault") this.#faultMs ??= nowMs;
		let moving = 0;
		const unmarked: string[] = [];
		for (const { camera, state, rung, code } of tiles) {
			this.#noteRung(phase, camera, rung, nowMs);
			const known = this.#pictures.get(camera);
			const changed = code !== undefined && known?.counter !== undefined && code.counter !== known.counter;
			if (changed) moving++;
			const stands = known !== undefined && !changed && state === "live";
			const [sinceMs, looks] = stands ? [known.sinceMs, known.looks + 1] : [nowMs, 0];
			// A picture that cannot be read for a moment is not a new one.
			this.#pictures.set(camera, { counter: code?.counter ?? known?.counter, sinceMs, looks });
			if (nowMs - sinceMs > OLD_MS && looks >= OLD_LOOKS) unmarked.push(camera);
		}
		const second: Second = {
			phase,
			atS: Math.round((nowMs - this.#startMs) / 1000),
			moving,
			live: tiles.filter(({ state }) => state === "live").length,
			unmarked,
			states: count(tiles.map(({ state, fault }) => (fault ? `${state}/${fault}` : state))),
			rungs: count(tiles.map(({ rung }) => rung ?? "-")),
		};
		this.#seconds.push(second);
		return second;
	}

	#noteRung(phase: Phase, camera: string, rung: string | undefined, nowMs: number): void {
		const known = this.#moves.get(camera);
		if (known?.rung === rung) return;
		this.#moves.set(camera, { rung, atMs: known ? [...known.atMs, nowMs] : [] });
		if (known && phase === "fault") this.#settledMs = nowMs;
	}

	summary(): RunSummary {
		const fault = this.#seconds.filter(({ phase }) => phase === "fault");
		const after = this.#seconds.filter(({ phase }) => phase === "after");
		const recovered = after.findIndex(({ moving }) => moving === this.#cameras);
		const moved = fault.reduce((sum, { moving }) => sum + moving, 0);
		return {
			rung: this.#rung,
			condition: this.#condition,
			movingShare: moved / (fault.length * this.#cameras),
			stillSeconds: fault.filter(({ moving }) => moving === 0).length,
			recoveredS: recovered < 0 ? undefined : recovered + 1,
			longestUnmarkedS: longestRun(this.#seconds.map(({ unmarked }) => unmarked.length > 0)),
			mostMoves: Math.max(0, ...[...this.#moves.values()].map(({ atMs }) => mostWithinMinute(atMs))),
			settledS: this.#settledMs === undefined ? undefined : Math.round((this.#settledMs - (this.#faultMs ?? 0)) / 1000),
			rungsInFault: formatCounts(fault.at(-1)?.rungs),
			rungsAtEnd: formatCounts(this.#seconds.at(-1)?.rungs),
		};
	}
}

function count(names: readonly string[]): Map<string, number> {
	const counts = new Map<string, number>();
	for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
	return counts;
}

function longestRun(marks: readonly boolean[]): number {
	let [longest, run] = [0, 0];
	for (const mark of marks) {
		run = mark ? run + 1 : 0;
		longest = Math.max(longest, run);
	}
	return longest;
}

function mostWithinMinute(atMs: readonly number[]): number {
	return Math.max(0, ...atMs.map((endMs) => atMs.filter((ms) => ms <= endMs && endMs - ms < 60_000).length));
}

function formatCounts(counts: ReadonlyMap<string, number> | undefined): string {
	return [...(counts ?? [])].map(([name, tiles]) => `${name} ${tiles}`).join(", ");
}

/** One line of what was seen. */
export function formatSecond(rung: string, condition: string, second: Second): string {
	const { phase, atS, moving, unmarked, states, rungs } = second;
	const parts = [
		rung.padEnd(7),
		condition.padEnd(7),
		phase.padEnd(7),
		`${atS} s`.padStart(5),
		`moving ${moving}`.padEnd(10),
	];
	const marks = unmarked.length > 0 ? [`OLD AND UNMARKED ${unmarked.join(" ")}`] : [];
	return [...parts, formatCounts(states), `rung ${formatCounts(rungs)}`, ...marks].join(" | ");
}

/** All runs as a Markdown table. */
export function formatSummary(summaries: readonly RunSummary[]): string {
	const rows = summaries.map((run) => [
		run.rung,
		run.condition,
		`${Math.round(run.movingShare * 100)} %`,
		`${run.stillSeconds} s`,
		run.recoveredS === undefined ? "never" : `${run.recoveredS} s`,
		run.rungsInFault,
		run.settledS === undefined ? "at once" : `${run.settledS} s`,
		run.rungsAtEnd,
		String(run.mostMoves),
		run.longestUnmarkedS === 0 ? "none" : `${run.longestUnmarkedS} s`,
		run.packets ? `${run.packets.passed} / ${run.packets.lost} / ${run.packets.full}` : "",
	]);
	const head = [
		"rung",
		"condition",
		"tiles moving",
		"nothing moved",
		"all moving after",
		"rungs in fault",
		"settled after",
		"rungs at end",
		"rung changes a minute",
	];
	const cells = [[...head, "old and unmarked", "packets passed / lost / queue full"], ...rows];
	const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
	const lines = cells.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`);
	const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
	return [lines[0], rule, ...lines.slice(1)].join("\n");
}
