/** Holds docs/settings.md and .env.example equal to the schema. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { z } from "zod";
import { CAMERA_TEMPLATES } from "./camera-template.ts";
import { loadSettings } from "./load.ts";
import { cameraVariablesSchema, docOf, settingsSchema, yamlCameraSchema } from "./schema.ts";

const read = (file: string): string => readFileSync(new URL(`../../../${file}`, import.meta.url), "utf8");

function rowOf(name: string, schema: z.ZodType): string {
	const { flag, summary, rule, defaultText = "", example } = docOf(schema);
	const names = flag === undefined ? `\`${name}\`` : `\`${name}\`, \`--${flag}\``;
	return `| ${names} | ${summary} | ${rule} | ${defaultText} | \`${example}\` |`;
}

const SETTINGS: readonly (readonly [string, z.ZodType])[] = [
	...Object.entries(settingsSchema.shape),
	...Object.entries(cameraVariablesSchema.shape).map(([name, schema]) => [`CAMERA_n_${name}`, schema] as const),
	...Object.entries(yamlCameraSchema.shape),
];

describe("docs/settings.md", () => {
	const lines = read("docs/settings.md").split("\n");
	const rows = lines.filter((line) => line.startsWith("| `"));
	const templates = Object.entries(CAMERA_TEMPLATES).map(
		([name, path]) => `| \`${name}\` | \`${path.replaceAll("|", "\\|")}\` |`,
	);

	test("has a row for every setting and every maker, and none besides", () => {
		expect(rows.toSorted()).toEqual(
			[...SETTINGS.map(([name, schema]) => rowOf(name, schema)), ...templates].toSorted(),
		);
	});

	test("shows a vigia.yaml that is right", () => {
		const yaml = /```yaml\n([^]*?)```/.exec(lines.join("\n"))?.[1] ?? "";
		const loaded = loadIn({ "vigia.yaml": yaml });
		expect(loaded).toMatchObject({ warnings: [], settings: { port: 8000 } });
		expect(loaded.type === "settings" && loaded.settings.cameras.map(({ id }) => id)).toEqual(["cam1", "yard"]);
	});
});

describe(".env.example", () => {
	test("is right as it is, and with every line taken into use", () => {
		const text = read(".env.example");
		expect(loadIn({ ".env": text })).toMatchObject({ warnings: [], settings: { cameras: { length: 16 } } });
		const used = text.replace(/^# (?=[A-Z][A-Z0-9_]*=)/gm, "");
		expect(loadIn({ ".env": used })).toMatchObject({ warnings: [], settings: { cameras: { length: 17 } } });
	});
});

test.each(SETTINGS)("the example of %s is right", (_name, schema) => {
	expect(schema.safeParse(docOf(schema).example.replace(/^'|'$/g, "")).success).toBe(true);
});

function loadIn(files: Readonly<Record<string, string>>): ReturnType<typeof loadSettings> {
	const cwd = mkdtempSync(join(tmpdir(), "vigia-docs-"));
	try {
		for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
		return loadSettings({ argv: [], env: {}, cwd });
	} finally {
		rmSync(cwd, { recursive: true, force: true });
	}
}
