import { expect, test } from "vitest";
import { SlotWatch } from "./slot-watch.ts";

test("progress is a counter that changed", () => {
	const watch = new SlotWatch();
	watch.received(0, 0, 100);
	expect(watch.lastPacketMs).toBeUndefined();
	watch.received(10, 0, 600);
	watch.received(20, 1, 1100);
	watch.received(20, 1, 1600);
	expect(watch.lastPacketMs).toBe(1100);
	expect(watch.lastFrameMs).toBe(1100);
});

test("the counters of a new connection begin anew: a smaller one is progress, and zero is not", () => {
	const watch = new SlotWatch();
	watch.received(500, 100, 1000);
	watch.received(0, 0, 1500);
	expect(watch.lastFrameMs).toBe(1000);
	watch.received(3, 1, 2000);
	expect(watch.lastFrameMs).toBe(2000);
});

test("painted is what was presented since the last report", () => {
	const watch = new SlotWatch();
	watch.painted(1, 650);
	watch.painted(1, 1150);
	expect(watch.lastPaintMs).toBe(650);
	watch.painted(9, 1650);
	expect(watch.lastPaintMs).toBe(1650);
	expect(watch.presented).toBe(9);
});
