import { expect, test } from "vitest";
import { LipSync, LONGEST_WAIT_MS } from "./lip-sync.ts";

/** So many samples that waited this long, on top of those before. */
function sound() {
	let stats = { jitterBufferDelay: 0, jitterBufferEmittedCount: 0 };
	return (samples: number, waitMs: number) => {
		stats = {
			jitterBufferDelay: stats.jitterBufferDelay + (samples * waitMs) / 1000,
			jitterBufferEmittedCount: stats.jitterBufferEmittedCount + samples,
		};
		return stats;
	};
}

test("pictures wait as long as the sound did lately", () => {
	const sync = new LipSync();
	const came = sound();
	expect(sync.take(came(24_000, 60))).toBe(60);
	expect(sync.take(came(24_000, 140))).toBe(140);
	expect(sync.take(came(24_000, 40))).toBe(40);
});

test("what nobody hears does not move the pictures", () => {
	const sync = new LipSync();
	const came = sound();
	sync.take(came(24_000, 60));
	expect(sync.take(came(24_000, 70))).toBe(60);
	expect(sync.take(came(0, 0))).toBe(60);
	expect(sync.take({})).toBe(60);
});

test("a late sound is not waited for without an end", () => {
	expect(new LipSync().take(sound()(24_000, 5000))).toBe(LONGEST_WAIT_MS);
});
