/** `npm run check`: every check that needs no running program. All of them run, even after one has failed. @module */
import { globSync, readFileSync } from "node:fs";
import { checkImports } from "./import-rules.ts";
import { type Captured, capture, ROOT } from "./run.ts";

const TYPE_PROJECTS = [
	"packages/rtp/tsconfig.json",
	"packages/rtp/tsconfig.test.json",
	"packages/rtsp/tsconfig.json",
	"packages/rtsp/tsconfig.test.json",
	"packages/cmaf/tsconfig.json",
	"packages/cmaf/tsconfig.test.json",
	"packages/api/tsconfig.json",
	"packages/api/tsconfig.test.json",
	"server/tsconfig.json",
	"web/tsconfig.json",
	"camera-sim/tsconfig.json",
	"tsconfig.json",
];

const SOURCES = "{packages/*,server,web,camera-sim}/{src,scripts}/**/*.{ts,tsx}";

interface Step {
	readonly name: string;
	readonly run: () => Promise<Captured> | Captured;
}

function importRules(): Captured {
	const files = globSync(SOURCES, { cwd: ROOT }).toSorted();
	const violations = files.flatMap((file) => checkImports(file, readFileSync(`${ROOT}${file}`, "utf8")));
	const lines = violations.map(
		({ file, line, specifier, reason }) => `${file}:${line} imports ${specifier}: ${reason}`,
	);
	return { code: lines.length === 0 ? 0 : 1, output: [...lines, `${files.length} files read`].join("\n") };
}

const STEPS: readonly Step[] = [
	...TYPE_PROJECTS.map((project) => ({
		name: `types: ${project}`,
		run: () => capture("tsc", ["--pretty", "false", "-p", project]),
	})),
	{ name: "imports: scripts/import-rules.ts", run: importRules },
	{ name: "lint: oxlint", run: () => capture("oxlint", ["."]) },
	{ name: "format: biome", run: () => capture("biome", ["format", "."]) },
	{ name: "dead code: knip", run: () => capture("knip", []) },
];

const failed: string[] = [];
for (const { name, run } of STEPS) {
	const startedMs = performance.now();
	const { code, output } = await run();
	const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
	console.log(`== ${name} ${code === 0 ? "ok" : "FAILED"} (${seconds} s)`);
	if (code !== 0) {
		failed.push(name);
		console.log(output.trimEnd());
	}
}
if (failed.length === 0) {
	console.log(`\nAll ${STEPS.length} checks passed.`);
} else {
	console.log(`\n${failed.length} of ${STEPS.length} checks failed:\n${failed.map((name) => `  ${name}`).join("\n")}`);
	process.exitCode = 1;
}
