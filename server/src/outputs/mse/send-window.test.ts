import { expect, test } from "vitest";
import { MAX_WINDOW_BYTES, MIN_WINDOW_BYTES, SendWindow, STALE_AFTER_MS, START_WINDOW_BYTES } from "./send-window.ts";

const CHUNK = 4096;

/** A page behind a link of so many bytes a ms, which acknowledges at the end of each step of 100 ms. */
function run(window: SendWindow, bytesPerMs: number, ms: number): number {
	const endMs = ms;
	let sent = 0;
	let arrived = 0;
	for (let nowMs = 0; nowMs < endMs; nowMs += 100) {
		while (window.isOpen(CHUNK, nowMs)) {
			window.sent(CHUNK, nowMs);
			sent += CHUNK;
		}
		arrived = Math.min(sent, arrived + bytesPerMs * 100);
		window.acknowledge(arrived, nowMs + 100);
	}
	return arrived;
}

test("it opens to its full size within a second on a fast link", () => {
	const window = new SendWindow();
	run(window, 100_000, 1000);
	expect(window.sizeBytes).toBe(MAX_WINDOW_BYTES);
});

test("on a slow link no more is on its way than goes through in time, and the link is kept busy", () => {
	const window = new SendWindow();
	const bytesPerMs = 32;
	expect(run(window, bytesPerMs, 60_000)).toBeGreaterThan(60_000 * bytesPerMs * 0.7);
	expect(window.bytesInFlight).toBeLessThanOrEqual(bytesPerMs * STALE_AFTER_MS);
	expect(window.sizeBytes).toBeGreaterThanOrEqual(MIN_WINDOW_BYTES);
});

test("key frames on a link of 256 kbit/s: what is on its way takes less than two seconds, and the link is kept busy", () => {
	const window = new SendWindow();
	const [bytesPerMs, keyFrame] = [32, 24 * 1024];
	let [sent, arrived, most] = [0, 0, 0];
	for (let nowMs = 0; nowMs < 60_000; nowMs += 100) {
		while (window.isOpen(keyFrame, nowMs)) {
			window.sent(keyFrame, nowMs);
			sent += keyFrame;
		}
		most = Math.max(most, window.bytesInFlight);
		arrived = Math.min(sent, arrived + bytesPerMs * 100);
		window.acknowledge(arrived, nowMs + 100);
	}
	expect(most).toBeLessThan(2000 * bytesPerMs);
	expect(arrived).toBeGreaterThan(60_000 * bytesPerMs * 0.7);
});

test("a page that never acknowledges gets one window and no more", () => {
	const window = new SendWindow();
	let sent = 0;
	for (let nowMs = 0; nowMs < 100_000; nowMs += 10) {
		if (!window.isOpen(CHUNK, nowMs)) continue;
		window.sent(CHUNK, nowMs);
		sent += CHUNK;
	}
	expect(sent).toBe(START_WINDOW_BYTES);
	expect(window.oldestMs(100_000)).toBe(100_000);
});

test("after it was stale it opens again, smaller, when enough has been acknowledged", () => {
	const window = new SendWindow();
	while (window.isOpen(CHUNK, 0)) window.sent(CHUNK, 0);
	expect(window.isOpen(CHUNK, STALE_AFTER_MS + 1)).toBe(false);
	window.acknowledge(CHUNK, STALE_AFTER_MS + 2);
	expect(window.isOpen(CHUNK, STALE_AFTER_MS + 2)).toBe(false);
	window.acknowledge(START_WINDOW_BYTES, STALE_AFTER_MS + 3);
	expect(window.isOpen(CHUNK, STALE_AFTER_MS + 3)).toBe(true);
	expect(window.sizeBytes).toBeLessThan(START_WINDOW_BYTES);
});

test("acknowledgements that cannot be true change nothing for the worse", () => {
	const window = new SendWindow();
	window.acknowledge(Number.MAX_SAFE_INTEGER, 0);
	window.sent(CHUNK, 0);
	window.acknowledge(Number.MAX_SAFE_INTEGER, 10);
	expect(window.bytesInFlight).toBe(0);
	window.acknowledge(0, 20);
	window.sent(CHUNK, 20);
	expect(window.bytesInFlight).toBe(CHUNK);
	expect(window.sizeBytes).toBe(START_WINDOW_BYTES);
});
