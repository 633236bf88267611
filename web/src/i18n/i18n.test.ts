import { REASON_TEXTS } from "@vigia/api";
import { describe, expect, test } from "vitest";
import { en } from "./en.ts";
import { es } from "./es.ts";
import { chooseLanguage, createTranslate, formatAge } from "./index.ts";

const placeholders = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();

test("both languages have the same keys, and nothing is empty", () => {
	expect(Object.keys(es).sort()).toEqual(Object.keys(en).sort());
	for (const text of [...Object.values(en), ...Object.values(es)]) expect(text.trim()).not.toBe("");
});

test("both languages fill in the same values", () => {
	for (const key of Object.keys(en) as (keyof typeof en)[])
		expect(placeholders(es[key])).toEqual(placeholders(en[key]));
});

test("every reason of the server is translated", () => {
	for (const code of Object.keys(REASON_TEXTS)) {
		expect(en).toHaveProperty([`reason.${code}`]);
		expect(es).toHaveProperty([`reason.${code}`]);
	}
});

describe("the language", () => {
	test("is the browser's first that is spoken here", () => {
		expect(chooseLanguage("", ["de-DE", "es-MX", "en"])).toBe("es");
		expect(chooseLanguage("", ["de-DE"])).toBe("en");
	});

	test("is the page's parameter where it is there", () => {
		expect(chooseLanguage("?lang=es", ["en-GB"])).toBe("es");
		expect(chooseLanguage("?lang=xx", ["es"])).toBe("es");
	});
});

test("values are filled in as they are", () => {
	expect(createTranslate("en")("announce.one", { name: "{state} <b>", state: "Live" })).toBe("{state} <b>: Live");
});

test("ages are whole and in the largest unit that still tells something", () => {
	const age = (ms: number) => formatAge(createTranslate("en"), ms);
	expect([age(6999), age(119_000), age(120_000), age(7_199_000), age(7_200_000)]).toEqual([
		"6 s",
		"119 s",
		"2 min",
		"119 min",
		"2 h",
	]);
});
