import { expect, it } from "vitest";
import { allTests, QUIRKS, readDocument, SCENARIOS, testsOf, withCitations } from "./cameras-doc.ts";

/** Quirks that are answered by not doing something, which no test can show. */
const WITHOUT_TEST = [15, 18, 134];

it("docs/cameras.md cites the tests as they are now: node scripts/cameras-doc.ts --write", () => {
	expect(readDocument()).toBe(withCitations(readDocument(), allTests()));
});

it("docs/cameras.md has a row for every quirk, once", () => {
	const numbers = [...readDocument().matchAll(/^\| (\d+) \|/gm)].map(([, number]) => Number(number));
	expect(numbers).toEqual(Array.from({ length: QUIRKS }, (_, index) => index + 1));
});

it("every quirk that something is done about has a test", () => {
	const cited = new Set(allTests().flatMap(({ quirks }) => quirks));
	const missing = Array.from({ length: QUIRKS }, (_, index) => index + 1).filter((quirk) => !cited.has(quirk));
	expect(missing).toEqual(WITHOUT_TEST);
});

it("every scenario S01 to S58 has a test", () => {
	const there = new Set(allTests().flatMap(({ scenario }) => scenario ?? []));
	const all = Array.from({ length: SCENARIOS }, (_, index) => `S${String(index + 1).padStart(2, "0")}`);
	expect(all.filter((scenario) => !there.has(scenario))).toEqual([]);
});

it("test names are read with their quirks, ranges included", () => {
	const text =
		'it("S41: padding (quirks 98, 100-102)", () => {}); defineScenario({ id: "S07", quirks: [28, 31], title: "x" });';
	expect(testsOf("a.test.ts", text)).toEqual([
		{ file: "a.test.ts", name: "S41: padding (quirks 98, 100-102)", quirks: [98, 100, 101, 102], scenario: "S41" },
		{ file: "a.test.ts", name: "S07: x", quirks: [28, 31], scenario: "S07" },
	]);
});
