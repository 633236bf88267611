import type { LookupAddress } from "node:dns";
import { describe, expect, it } from "vitest";
import { FakeClock } from "../platform/fake-clock.ts";
import { ADDRESS_LIFETIME_MS, MAX_LOOKUPS, NameLookup, SLOW_LOOKUP_MS } from "./name-lookup.ts";

type Answer = (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void;

/** A resolver that the test answers for. */
function open() {
	const clock = new FakeClock();
	const asked: { name: string; answer: Answer }[] = [];
	const names = new NameLookup(clock, (name, answer) => asked.push({ name, answer }));
	const found: (string | undefined)[] = [];
	return {
		clock,
		asked,
		found,
		names,
		ask: (name: string) =>
			names.lookup(name, {}, (error, address) =>
				found.push(error?.code ?? (typeof address === "string" ? address : undefined)),
			),
		answer: (index: number, address = "192.0.2.1") => asked[index]?.answer(null, [{ address, family: 4 }]),
		fail: (index: number) => asked[index]?.answer(Object.assign(new Error("no such name"), { code: "ENOTFOUND" }), []),
		settle: () => new Promise((resolve) => setImmediate(resolve)),
	};
}

describe("names of cameras", () => {
	it("are looked up once for all who ask at the same time, in any spelling", () => {
		const { ask, asked, answer, found } = open();
		for (let channel = 0; channel < 64; channel++) ask(channel % 2 === 0 ? "nvr.lan" : "NVR.lan");
		expect(asked).toHaveLength(1);
		answer(0);
		expect(found).toEqual(Array.from({ length: 64 }, () => "192.0.2.1"));
	});

	it("are asked for again after a few seconds, so that a camera that moved is found", async () => {
		const { clock, ask, asked, answer, found, settle } = open();
		ask("cam");
		answer(0, "192.0.2.1");
		clock.advance(ADDRESS_LIFETIME_MS - 1);
		ask("cam");
		await settle();
		expect(found).toEqual(["192.0.2.1", "192.0.2.1"]);
		clock.advance(1);
		ask("cam");
		answer(1, "192.0.2.2");
		expect(found.at(-1)).toBe("192.0.2.2");
		expect(asked).toHaveLength(2);
	});

	it("that are unknown are told so to all who wait, and asked for again at the next try", () => {
		const { ask, asked, fail, found } = open();
		ask("cam");
		ask("cam");
		fail(0);
		expect(found).toEqual(["ENOTFOUND", "ENOTFOUND"]);
		ask("cam");
		expect(asked).toHaveLength(2);
	});

	it("of 64 cameras at a dead resolver block a few threads only, and those who wait are bounded by the names", () => {
		const { ask, asked } = open();
		for (let round = 0; round < 10; round++) for (let camera = 0; camera < 64; camera++) ask(`cam${camera}`);
		expect(asked).toHaveLength(MAX_LOOKUPS);
	});

	it("that were slow or unknown do not keep the others waiting", () => {
		const { clock, ask, asked, answer, fail } = open();
		for (const index of [0, 1, 2]) ask(`dead${index}`);
		clock.advance(SLOW_LOOKUP_MS);
		answer(0);
		fail(1);
		fail(2);
		clock.advance(ADDRESS_LIFETIME_MS);
		for (const index of [0, 1, 2]) ask(`dead${index}`);
		expect(asked.slice(3).map(({ name }) => name)).toEqual(["dead0"]);
		ask("good");
		expect(asked.at(-1)?.name).toBe("good");
		answer(3);
		expect(asked.at(-1)?.name).toBe("dead1");
	});

	it("give all addresses, or those of one family, as net.connect asks", () => {
		const { asked, names } = open();
		const answers: unknown[] = [];
		names.lookup("cam", { all: true }, (...args) => answers.push(args));
		names.lookup("cam", { family: 6 }, (...args) => answers.push(args));
		const both = [
			{ address: "192.0.2.1", family: 4 },
			{ address: "2001:db8::1", family: 6 },
		];
		asked[0]?.answer(null, both);
		expect(answers).toEqual([
			[null, both],
			[null, "2001:db8::1", 6],
		]);
	});
});
