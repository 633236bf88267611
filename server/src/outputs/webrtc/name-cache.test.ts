import { expect, test, vi } from "vitest";
import { FakeClock } from "../../platform/fake-clock.ts";
import { MAX_KNOWN_NAMES, MAX_LOOKUPS, MAX_WAITING_NAMES, NAME_LIFETIME_MS, NameCache } from "./name-cache.ts";

function setUp() {
	const clock = new FakeClock();
	const started: string[] = [];
	const running: { resolve: (addresses: string[]) => void; reject: (error: Error) => void }[] = [];
	const names = new NameCache(clock, (name) => {
		started.push(name);
		const { promise, resolve, reject } = Promise.withResolvers<string[]>();
		running.push({ resolve, reject });
		return promise;
	});
	return { clock, started, running, names };
}

test("a name is looked up once for all who ask while it runs and a minute after, whatever its case", async () => {
	const { clock, started, running, names } = setUp();
	const first = names.resolve("nvr.lan");
	const second = names.resolve("NVR.lan");
	clock.advance(NAME_LIFETIME_MS * 2);
	const third = names.resolve("nvr.lan");
	running[0]?.resolve(["192.0.2.1"]);
	expect(await Promise.all([first, second, third])).toEqual([["192.0.2.1"], ["192.0.2.1"], ["192.0.2.1"]]);
	clock.advance(NAME_LIFETIME_MS - 1);
	expect(await names.resolve("nvr.lan")).toEqual(["192.0.2.1"]);
	expect(started).toEqual(["nvr.lan"]);
	clock.advance(1);
	void names.resolve("nvr.lan");
	expect(started).toEqual(["nvr.lan", "nvr.lan"]);
});

test("a failure is no address, and is kept as long", async () => {
	const { started, running, names } = setUp();
	const found = names.resolve("nothing.lan");
	running[0]?.reject(new Error("ENOTFOUND"));
	expect(await found).toEqual([]);
	expect(await names.resolve("nothing.lan")).toEqual([]);
	expect(started).toHaveLength(1);
});

test("few look-ups run at a time, some names wait, and what is beyond is not looked up", async () => {
	const { started, running, names } = setUp();
	const all = Array.from({ length: MAX_LOOKUPS + MAX_WAITING_NAMES }, (_, i) => names.resolve(`n${i}.lan`));
	expect(started).toHaveLength(MAX_LOOKUPS);
	expect(await names.resolve("beyond.lan")).toEqual([]);
	for (let i = 0; i < all.length; i++) {
		running[i]?.resolve([`192.0.2.${i}`]);
		expect(await all[i]).toEqual([`192.0.2.${i}`]);
		await vi.waitFor(() => expect(started).toHaveLength(Math.min(all.length, MAX_LOOKUPS + i + 1)));
	}
	const again = names.resolve("beyond.lan");
	running.at(-1)?.resolve(["192.0.2.99"]);
	expect(await again).toEqual(["192.0.2.99"]);
});

test("the oldest of too many names is forgotten", async () => {
	const clock = new FakeClock();
	const started: string[] = [];
	const names = new NameCache(clock, async (name) => {
		started.push(name);
		return [];
	});
	for (let i = 0; i <= MAX_KNOWN_NAMES; i++) await names.resolve(`n${i}.lan`);
	await names.resolve("n1.lan");
	expect(started).toHaveLength(MAX_KNOWN_NAMES + 1);
	await names.resolve("n0.lan");
	expect(started).toHaveLength(MAX_KNOWN_NAMES + 2);
});
