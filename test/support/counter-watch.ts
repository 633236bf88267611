/** Whether pictures ever paused or went back, from the counters on a page's tiles, looked at again and again. @module */
import type { Page } from "playwright-core";

/** A counter that a tile showed, and when it first did, by the page's clock. */
export interface CounterNote {
	readonly camera: string;
	readonly atMs: number;
	readonly counter: number;
}

export interface CounterVerdict {
	readonly camera: string;
	/** Pictures that were seen; faster ones than the looks are missed. */
	readonly pictures: number;
	/** The longest time for which a picture stood, the time from the last one to the end included. */
	readonly longestPauseMs: number;
	/** How often an older picture came after a newer one. */
	readonly stepsBack: number;
}

/** Of a loop in the repository's clips, sub stream. */
const LOOP_PICTURES = 60;
/** Shorter than two pictures of a sub stream. Sixteen tiles take a look some milliseconds. */
const LOOK_EVERY_MS = 100;

declare global {
	interface Window {
		counterNotes: CounterNote[] | undefined;
	}
}

/** Begins to look at all tiles; a second call begins anew. The page must be of `openContext`. */
export async function watchCounters(page: Page): Promise<void> {
	await page.evaluate((everyMs) => {
		const isRunning = window.counterNotes !== undefined;
		window.counterNotes = [];
		if (isRunning) return;
		const shown = new Map<string, number>();
		setInterval(() => {
			for (const { camera, code } of window.readTiles()) {
				if (!code || shown.get(camera) === code.counter) continue;
				shown.set(camera, code.counter);
				window.counterNotes?.push({ camera, atMs: performance.now(), counter: code.counter });
			}
		}, everyMs);
	}, LOOK_EVERY_MS);
}

/** What was seen since {@link watchCounters}, by tile. */
export async function counterVerdicts(page: Page, loopPictures: number = LOOP_PICTURES): Promise<CounterVerdict[]> {
	const { notes, nowMs } = await page.evaluate(() => ({ notes: window.counterNotes ?? [], nowMs: performance.now() }));
	return judgeCounters(notes, nowMs, loopPictures);
}

/**
 * Judges notes in the order of their times.
 * @param loopPictures the counter begins anew after so many: a step of more than half of them forward is one back.
 */
export function judgeCounters(notes: readonly CounterNote[], endMs: number, loopPictures: number): CounterVerdict[] {
	return [...Map.groupBy(notes, ({ camera }) => camera)].map(([camera, own]) => {
		const steps = own.slice(1).map((note, index) => {
			const before = own[index] as CounterNote;
			return { ms: note.atMs - before.atMs, pictures: (note.counter - before.counter + loopPictures) % loopPictures };
		});
		const sinceLastMs = endMs - (own.at(-1)?.atMs ?? endMs);
		return {
			camera,
			pictures: own.length,
			longestPauseMs: Math.max(sinceLastMs, ...steps.map(({ ms }) => ms)),
			stepsBack: steps.filter(({ pictures }) => pictures > loopPictures / 2).length,
		};
	});
}
