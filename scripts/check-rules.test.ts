/** Breaks each rule of `npm run check` on purpose and sees the check fail. */
import {
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	symlinkSync,
	copyFileSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checkImports } from "./import-rules.ts";
import { capture, ROOT } from "./run.ts";

const BIN = join(ROOT, "node_modules/.bin");

/** A copy of the repository's configuration without its sources: what a rule sees of a file is its path. */
let copy: string;

beforeEach(() => {
	copy = mkdtempSync(join(tmpdir(), "vigia-rules-"));
	symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
	writeFileSync(join(copy, "package.json"), '{ "type": "module" }\n');
	for (const file of [".oxlintrc.json", "tsconfig.base.json", "tsconfig.json"])
		copyFileSync(join(ROOT, file), join(copy, file));
	for (const ring of ["packages/rtp", "packages/rtsp", "packages/api", "server", "web", "camera-sim"]) {
		mkdirSync(join(copy, ring), { recursive: true });
		for (const file of readdirSync(join(ROOT, ring)).filter((name) => name.startsWith("tsconfig"))) {
			copyFileSync(join(ROOT, ring, file), join(copy, ring, file));
		}
	}
});

afterEach(() => rmSync(copy, { recursive: true, force: true }));

function write(file: string, text: string): void {
	mkdirSync(dirname(join(copy, file)), { recursive: true });
	writeFileSync(join(copy, file), text);
}

async function typeCheck(ring: string, text: string): Promise<string> {
	write(`${ring}/src/fixture.ts`, text);
	return (await capture(join(BIN, "tsc"), ["--pretty", "false", "-p", `${ring}/tsconfig.json`], { cwd: copy })).output;
}

async function lint(files: Readonly<Record<string, string>>): Promise<string> {
	for (const [file, text] of Object.entries(files)) write(file, text);
	return (await capture(join(BIN, "oxlint"), ["--format", "unix", "packages", "server"], { cwd: copy })).output;
}

describe("the compiler keeps the packages pure", () => {
	test("a pure file compiles", async () => {
		expect(
			await typeCheck("packages/rtp", "export const length = (bytes: Uint8Array): number => bytes.length;\n"),
		).toBe("");
	});

	test.each(["packages/rtp", "packages/rtsp", "packages/api"])(
		"in %s nothing of Node or the browser compiles",
		async (ring) => {
			const forbidden = [
				'import "node:fs";',
				'export const a: unknown = Buffer.from("x");',
				"setTimeout(() => {}, 1);",
				'console.log("x");',
				'export const b: unknown = new URL("x:");',
				"export const c: unknown = new TextDecoder();",
				"export const d: unknown = performance.now();",
				"export const e: unknown = document;",
				"export const f: unknown = process;",
				"export const g: unknown = AbortSignal;",
			];
			const output = await typeCheck(ring, `${forbidden.join("\n")}\n`);
			const lines = new Set([...output.matchAll(/fixture\.ts\((\d+),/g)].map((match) => Number(match[1])));
			expect([...lines].toSorted((a, b) => a - b)).toEqual(forbidden.map((_, index) => index + 1));
		},
	);

	test("an export of rtp or rtsp without a written type does not compile", async () => {
		expect(await typeCheck("packages/rtp", "export const sum = (a: number) => a + 1;\n")).toContain(
			"--isolatedDeclarations",
		);
	});
});

describe("oxlint", () => {
	test("refuses the clock, chance and the global object in the packages, and nowhere else", async () => {
		const text = [
			"export const a = Date.now();",
			"export const b = new Date();",
			"export const c = Math.random();",
			"export const d = globalThis;",
			"",
		].join("\n");
		const output = await lint({
			"packages/rtp/src/fixture.ts": text,
			"packages/rtp/src/fixture.test.ts": text,
			"server/src/fixture.ts": text,
		});
		const found = [...output.matchAll(/^(.*?):(\d+):/gm)].map((match) => `${match[1]}:${match[2]}`).toSorted();
		expect(found).toEqual([1, 2, 3, 4].map((line) => `packages/rtp/src/fixture.ts:${line}`));
	});

	test.each([
		["no-floating-promises", "const wait = async (): Promise<void> => {};\nwait();\n"],
		["no-misused-promises", "export const a = [1].filter(async () => true);\n[1].forEach(async () => {});\n"],
		["no-explicit-any", "export const a: any = 1;\n"],
		["no-console", 'console.log("x");\n'],
		[
			"switch-exhaustiveness-check",
			'export const f = (a: "x" | "y"): void => {\n\tswitch (a) {\n\t\tcase "x":\n\t\t\tbreak;\n\t}\n};\n',
		],
		["only-throw-error", 'export const f = (): void => {\n\tthrow "x";\n};\n'],
		["no-default-export", "export default 1;\n"],
		["max-lines", "\n".repeat(700)],
	])("refuses what %s says", async (rule, text) => {
		expect(await lint({ "server/src/fixture.ts": text })).toContain(rule);
	});

	test("refuses an import cycle of values", async () => {
		const output = await lint({
			"server/src/a.ts": 'import { b } from "./b.ts";\nexport const a = (): unknown => b;\n',
			"server/src/b.ts": 'import { a } from "./a.ts";\nexport const b = (): unknown => a;\n',
		});
		expect(output).toContain("no-cycle");
	});

	test("allows a cycle of types", async () => {
		const output = await lint({
			"server/src/a.ts": 'import type { B } from "./b.ts";\nexport interface A {\n\tb: B;\n}\n',
			"server/src/b.ts": 'import type { A } from "./a.ts";\nexport interface B {\n\ta: A;\n}\n',
		});
		expect(output).not.toContain("no-cycle");
	});
});

describe("the import rules", () => {
	test.each([
		["packages/rtp/src/a.ts", "@vigia/rtsp"],
		["packages/rtp/src/a.ts", "node:buffer"],
		["packages/rtp/src/a.ts", "zod/mini"],
		["packages/rtp/src/a.ts", "../../rtsp/src/index.ts"],
		["packages/rtsp/src/a.ts", "@vigia/api"],
		["packages/rtsp/src/a.ts", "node:crypto"],
		["packages/rtsp/src/a.ts", "../../rtp/src/index.ts"],
		["packages/api/src/a.ts", "@vigia/rtp"],
		["packages/api/src/a.ts", "zod"],
		["web/src/a.tsx", "@vigia/rtp"],
		["web/src/a.tsx", "@vigia/server"],
		["web/src/a.tsx", "zod/mini"],
		["web/src/a.tsx", "../../server/src/config/settings.ts"],
		["server/src/a.ts", "@vigia/web"],
		["server/src/a.ts", "preact"],
		["server/src/a.ts", "../../web/src/a.ts"],
		["server/src/outputs/webrtc/a.ts", "node-datachannel"],
		["server/src/platform/other.ts", "node-datachannel"],
		["server/src/http/a.ts", "@vigia/camera-sim"],
		["server/src/config/a.ts", "vitest"],
		["server/src/config/a.ts", "./a.test.ts"],
		["server/src/config/a.ts", "./testing/a.ts"],
		["server/src/sources/a.ts", "../outputs/webrtc/a.ts"],
		["server/src/outputs/webrtc/a.ts", "../../sources/source.ts"],
		["server/src/streams/a.ts", "../outputs/webrtc/a.ts"],
		["server/src/platform/a.ts", "../sources/source.ts"],
		["server/src/observe/a.ts", "../http/a.ts"],
		["camera-sim/src/a.ts", "@vigia/server"],
		["camera-sim/src/a.ts", "@vigia/api"],
		["camera-sim/src/a.ts", "../../server/src/main.ts"],
		["packages/rtp/src/a.test.ts", "../../../server/src/main.ts"],
	])("%s may not import %s", (file, specifier) => {
		for (const text of [
			`import { x } from "${specifier}";`,
			`import type { X } from "${specifier}";`,
			`export * from "${specifier}";`,
			`export { x } from "${specifier}";`,
			`const x = await import("${specifier}");`,
			`let x: import("${specifier}").X;`,
		]) {
			expect(checkImports(file, `// One line before it.\n${text}\n`)).toEqual([
				{ file, line: 2, specifier, reason: expect.any(String) as string },
			]);
		}
	});

	test.each([
		["packages/rtp/src/a.ts", "./b.ts"],
		["packages/rtp/src/a.test.ts", "fast-check"],
		["packages/rtsp/src/a.ts", "@vigia/rtp"],
		["packages/api/src/a.ts", "zod/mini"],
		["web/src/ui/a.tsx", "../wall/layout.ts"],
		["web/src/ui/a.tsx", "preact/hooks"],
		["web/src/ui/a.tsx", "./a.css"],
		["server/src/main.ts", "./http/server.ts"],
		["server/src/sources/a.ts", "../streams/stream.ts"],
		["server/src/outputs/webrtc/a.ts", "../../streams/reader.ts"],
		["server/src/platform/datachannel.ts", "node-datachannel"],
		["server/src/streams/a.test.ts", "../../../packages/rtp/src/testing/pictures.ts"],
		["server/src/outputs/webrtc/a.test.ts", "node-datachannel"],
		["server/src/demo.ts", "@vigia/camera-sim"],
		["server/src/demo/cameras.ts", "@vigia/camera-sim"],
		["camera-sim/src/a.ts", "node:net"],
		["test/e2e/a.test.ts", "../../server/src/main.ts"],
		["scripts/a.ts", "vite"],
	])("%s may import %s", (file, specifier) => {
		expect(checkImports(file, `import { x } from "${specifier}";\n`)).toEqual([]);
	});

	test("an import that is only quoted in a string or a comment is none", () => {
		expect(
			checkImports("packages/rtp/src/a.ts", '// import "node:fs";\nexport const a = \'import "node:fs"\';\n'),
		).toEqual([]);
	});
});

test("npm run check runs every tsconfig of the repository", () => {
	const script = readFileSync(join(ROOT, "scripts/check.ts"), "utf8");
	for (const ring of ["packages/rtp", "packages/rtsp", "packages/api", "server", "web", "camera-sim"]) {
		for (const file of readdirSync(join(ROOT, ring)).filter((name) => name.startsWith("tsconfig"))) {
			expect(script).toContain(`"${ring}/${file}"`);
		}
	}
});
