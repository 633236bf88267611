import { expect, test } from "vitest";
import { RateMeter } from "./rate-meter.ts";

test("nothing is said before a whole second was seen", () => {
	const meter = new RateMeter();
	meter.add(1000, 500);
	expect(meter.read(900)).toBeUndefined();
});

test("fifteen pictures a second of 3 kB are 15 fps and 360 kbit/s", () => {
	const meter = new RateMeter();
	for (let picture = 0; picture < 15 * 8; picture++) meter.add(3000, (picture * 1000) / 15);
	const rate = meter.read(8000);
	expect(rate?.unitsPerSecond).toBeCloseTo(15, 5);
	expect(rate?.bitsPerSecond).toBeCloseTo(360_000, 5);
});

test("the rate falls to nothing when the pictures stop", () => {
	const meter = new RateMeter();
	for (let picture = 0; picture < 30; picture++) meter.add(1000, picture * 100);
	expect(meter.read(60_000)?.unitsPerSecond).toBe(0);
});
