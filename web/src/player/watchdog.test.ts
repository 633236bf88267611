import { expect, test } from "vitest";
import { LONGEST_REFRESH_MS, REFRESH_AFTER_MS, Watchdog } from "./watchdog.ts";

const TICK_MS = 500;

/** Runs the watchdog at every tick; `frames(slot, now)` answers when the slot last decoded a picture. */
function run(
	watchdog: Watchdog,
	options: {
		slots: number[];
		fromMs: number;
		toMs: number;
		serverLive?: (slot: number, nowMs: number) => boolean;
		frames: (slot: number, nowMs: number) => number | undefined;
	},
): { slot: number; atMs: number }[] {
	const refreshes: { slot: number; atMs: number }[] = [];
	for (let nowMs = options.fromMs; nowMs <= options.toMs; nowMs += TICK_MS) {
		for (const slot of options.slots) {
			const serverLive = options.serverLive?.(slot, nowMs) ?? true;
			if (watchdog.needsRefresh({ slot, serverLive, lastFrameMs: options.frames(slot, nowMs) }, nowMs)) {
				refreshes.push({ slot, atMs: nowMs });
			}
		}
	}
	return refreshes;
}

function watching(...slots: number[]): Watchdog {
	const watchdog = new Watchdog();
	for (const slot of slots) watchdog.asked(slot, 0);
	return watchdog;
}

test("a slot that decodes is left alone", () => {
	const seen = run(watching(0), { slots: [0], fromMs: 500, toMs: 60_000, frames: (_, nowMs) => nowMs - 20 });
	expect(seen).toEqual([]);
});

test("a slot without a picture is asked for again after three seconds, then at growing distances", () => {
	const seen = run(watching(0, 1), {
		slots: [0, 1],
		fromMs: 500,
		toMs: 100_000,
		frames: (slot, nowMs) => (slot === 0 ? nowMs : undefined),
	});
	expect(seen.every(({ slot }) => slot === 1)).toBe(true);
	const at = seen.map(({ atMs }) => atMs);
	expect(at[0]).toBe(REFRESH_AFTER_MS);
	expect(at.slice(1).map((ms, i) => ms - (at[i] ?? 0))).toEqual([6000, 12_000, 24_000, LONGEST_REFRESH_MS]);
});

test("a camera that the server does not have is not asked for", () => {
	const seen = run(watching(0), {
		slots: [0],
		fromMs: 500,
		toMs: 60_000,
		serverLive: () => false,
		frames: () => undefined,
	});
	expect(seen).toEqual([]);
});

test("the three seconds begin when the server has pictures", () => {
	const seen = run(watching(0, 1), {
		slots: [0, 1],
		fromMs: 500,
		toMs: 14_000,
		serverLive: (slot, nowMs) => slot === 0 || nowMs > 10_000,
		frames: (slot, nowMs) => (slot === 0 ? nowMs : undefined),
	});
	expect(seen).toEqual([{ slot: 1, atMs: 10_000 + REFRESH_AFTER_MS }]);
});

test("a picture that stops is asked for again as well", () => {
	const seen = run(watching(0, 1), {
		slots: [0, 1],
		fromMs: 500,
		toMs: 14_000,
		frames: (slot, nowMs) => (slot === 0 ? nowMs : Math.min(nowMs, 10_000)),
	});
	expect(seen[0]).toEqual({ slot: 1, atMs: 10_000 + REFRESH_AFTER_MS });
});

test("a slot that is not wanted any more is forgotten", () => {
	const watchdog = watching(0);
	watchdog.dropped(0);
	const seen = run(watchdog, { slots: [0], fromMs: 500, toMs: 20_000, frames: () => undefined });
	expect(seen).toEqual([]);
});
