/**
 * When, by a page's clock, something went through its audio graph. The graph's clock counts the samples that the audio
 * device took: on a machine too busy to fill the device's buffer in time it stands still (seconds in a minute were seen),
 * and never makes up for it.
 * @module
 */

/** What the graph's clock said, and when the page heard it: as late as the message took. */
export interface ClockMessage {
	readonly graphMs: number;
	readonly pageMs: number;
}

const WINDOW_MS = 1000;
/** Before the moment, and after it. */
const WINDOWS = [-2, -1, 0];
/** Of about 23 in a window: one of them came through at once. */
const LEAST_MESSAGES = 5;
/** Further apart than this, the clock stood still between two windows. */
const STILL_MS = 20;

/** `undefined` if the clock stood still within the two seconds before the moment, or if too little is known. */
export function pageTimeOf(graphMs: number, clock: readonly ClockMessage[]): number | undefined {
	const starts = WINDOWS.map((window) => {
		const from = graphMs + window * WINDOW_MS;
		const within = clock.filter((message) => message.graphMs >= from && message.graphMs < from + WINDOW_MS);
		if (within.length < LEAST_MESSAGES) return Number.NaN;
		return Math.min(...within.map((message) => message.pageMs - message.graphMs));
	});
	const earliest = Math.min(...starts);
	return Math.max(...starts) - earliest <= STILL_MS ? graphMs + earliest : undefined;
}
