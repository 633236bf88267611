import { beforeEach, expect, test } from "vitest";
import { FakeClock } from "../testing/fake-clock.ts";
import { RELOAD_AFTER_MS, RELOAD_WITHIN_MS, Reloader, type ReloaderOptions } from "./reload.ts";

let clock: FakeClock;
let reloads: number;
let kept: Map<string, string>;
const storage = () => ({
	getItem: (key: string) => kept.get(key) ?? null,
	setItem: (key: string, value: string) => void kept.set(key, value),
	removeItem: (key: string) => void kept.delete(key),
});
const make = (options: Partial<ReloaderOptions> = {}) =>
	new Reloader({ clock, random: () => 0.5, storage, reload: () => reloads++, ...options });

beforeEach(() => {
	clock = new FakeClock();
	reloads = 0;
	kept = new Map();
});

test("an outdated page reloads once, after a while that differs from page to page", () => {
	make().outdated();
	clock.advance(RELOAD_AFTER_MS + RELOAD_WITHIN_MS / 2 - 1);
	expect(reloads).toBe(0);
	clock.advance(1);
	expect(reloads).toBe(1);
	make().outdated();
	clock.advance(60_000);
	expect(reloads).toBe(1);
});

test("the next update reloads again", () => {
	make().outdated();
	clock.advance(60_000);
	make().upToDate();
	make().outdated();
	clock.advance(60_000);
	expect(reloads).toBe(2);
});

test("without a storage it never reloads", () => {
	const refused = () => {
		throw new DOMException("refused", "SecurityError");
	};
	const reloader = make({ storage: refused });
	reloader.outdated();
	reloader.upToDate();
	clock.advance(60_000);
	expect(reloads).toBe(0);
});
