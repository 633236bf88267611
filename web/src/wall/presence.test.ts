import { beforeEach, expect, test } from "vitest";
import { FakeClock } from "../testing/fake-clock.ts";
import { HIDDEN_GRACE_MS, Presence } from "./presence.ts";

let clock: FakeClock;
let seen: string[];
let presence: Presence;

beforeEach(() => {
	clock = new FakeClock();
	seen = [];
	presence = new Presence({ clock, onAway: () => seen.push("away"), onBack: () => seen.push("back") });
});

test("a short look elsewhere changes nothing", () => {
	presence.set(false);
	clock.advance(HIDDEN_GRACE_MS - 1);
	presence.set(true);
	clock.advance(HIDDEN_GRACE_MS * 2);
	expect(seen).toEqual([]);
	expect(clock.pending).toBe(0);
});

test("a hidden page is away after the grace, counted from the first moment, and back when it is seen", () => {
	presence.set(false);
	clock.advance(HIDDEN_GRACE_MS - 1);
	presence.set(false);
	clock.advance(1);
	expect(seen).toEqual(["away"]);
	presence.set(false);
	clock.advance(HIDDEN_GRACE_MS);
	presence.set(true);
	presence.set(true);
	expect(seen).toEqual(["away", "back"]);
});
