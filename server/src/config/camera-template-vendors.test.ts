import { describe, expect, test } from "vitest";
import { CAMERA_TEMPLATES, expandTemplate, findTemplate } from "./camera-template.ts";
import { likelyTemplates } from "./camera-template-candidates.ts";
import { CAMERA_VENDORS, findVendor } from "./camera-template-vendors.ts";

describe("a vendor", () => {
	test.each(CAMERA_VENDORS)("$id is found by all of its names, and by no other's", (vendor) => {
		for (const name of [vendor.id, vendor.name, vendor.name.toUpperCase(), ...vendor.aliases]) {
			expect(findVendor(name)).toBe(vendor);
		}
		expect(vendor.aliases.every((alias) => alias === alias.toLowerCase())).toBe(true);
		expect(vendor.templates.length > 0 || vendor.notes.length > 0).toBe(true);
	});

	test("takes the name of each of its templates", () => {
		for (const [name, path] of Object.entries(CAMERA_TEMPLATES)) {
			expect(findVendor(name)?.templates).toContain(name);
			expect(findTemplate(name)).toBe(path);
		}
	});

	test.each([
		["Wisenet", "/profile2/media.smp"],
		["TP-Link", "/stream{1|2}"],
		["unv", "/unicast/c{channel}/s{0|1}/live"],
	])("%s may be written as the template", (name, path) => {
		expect(findTemplate(name)).toBe(path);
	});

	test("whose paths are secret is offered with where to copy the address, in both languages", () => {
		const notes = findVendor("unifi")?.notes[0];
		for (const text of [notes?.en, notes?.es]) expect(text).toMatch(/rtsps:.*7441.*rtsp:.*7447/);
	});

	test.each(["unifi", "generic", "constructor", "", " "])("%j has no template", (name) => {
		expect(findTemplate(name)).toBeUndefined();
	});
});

describe("likely templates", () => {
	const first = (count: number, vendor?: string): string[] =>
		likelyTemplates(vendor)
			.slice(0, count)
			.map(({ template, port }) => `${template}:${port}`);

	test("begin with the most usual ones", () => {
		expect(first(4)).toEqual(["dahua:554", "hikvision:554", "hikvision-old:554", "reolink:554"]);
	});

	test("begin with the vendor's own at each of its ports", () => {
		expect(first(3, "Foscam")).toEqual(["foscam:88", "foscam:554", "dahua:554"]);
		expect(first(2, "imou")).toEqual(["imou:554", "hikvision:554"]);
		expect(first(6, "hanwha-nvr")).toEqual([
			"hanwha:554",
			"hanwha-sensors:554",
			"hanwha-nvr:554",
			"hanwha:558",
			"hanwha-sensors:558",
			"hanwha-nvr:558",
		]);
	});

	test("of no vendor, or of one without templates, are all that are known, each once", () => {
		const all = likelyTemplates();
		const asked = all.map(({ path, port }) => `${port}${expandTemplate(path, 1, "main")}`);
		expect(new Set(asked).size).toBe(asked.length);
		expect(all).toHaveLength(likelyTemplates("nobody knows it").length);
		for (const path of Object.values(CAMERA_TEMPLATES)) expect(all.map((entry) => entry.path)).toContain(path);
		expect(likelyTemplates("generic").map(({ path }) => path)).toEqual(all.map(({ path }) => path));
	});
});
