/**
 * Who may import whom: the rings of `docs/architecture.md` as a table, and its checker.
 *
 * Arrows point inward only, sources and outputs meet in the stream hub, and each foreign engine is imported in one
 * file. What the table cannot say (no Node in the packages, no `Date`) the compiler and oxlint say.
 *
 * @module
 */
import { posix } from "node:path";
import { parseSync, Visitor } from "vite";

/** One import that breaks a rule. */
export interface ImportViolation {
	/** Path of the importing file, from the repository's root. */
	readonly file: string;
	readonly line: number;
	/** What it imports, as written. */
	readonly specifier: string;
	readonly reason: string;
}

interface Ring {
	/** Files of the ring: paths from the repository's root that begin with this. */
	readonly folder: string;
	/** Packages that its files may import, besides files of their own ring. `node:` stands for all of Node's. */
	readonly packages: readonly string[];
	/** Said when a file imports another package. */
	readonly reason: string;
}

const SERVER_PACKAGES = [
	"node:",
	"@vigia/api",
	"@vigia/cmaf",
	"@vigia/rtp",
	"@vigia/rtsp",
	"@fastify/",
	"fastify",
	"@prometheus-io/client",
	"pino",
	"sdp-transform",
	"ws",
	"yaml",
	"zod",
];

/** Each ring, with all that it may import. A package that is not in the list is refused. */
const RINGS: readonly Ring[] = [
	{ folder: "packages/rtp/", packages: [], reason: "packages/rtp is the innermost ring: it imports nothing" },
	{
		folder: "packages/rtsp/",
		packages: ["@vigia/rtp"],
		reason: "packages/rtsp is pure protocol code: it imports @vigia/rtp only",
	},
	{
		folder: "packages/cmaf/",
		packages: ["@vigia/rtp"],
		reason: "packages/cmaf is pure format code: it imports @vigia/rtp only",
	},
	{
		folder: "packages/api/",
		packages: ["zod/mini"],
		reason: "packages/api stands alone and goes into the browser: it imports zod/mini only",
	},
	{
		folder: "web/src/",
		packages: ["@vigia/api", "preact", "@preact/signals", "hls.js", "hls.js/light"],
		reason: "the page imports @vigia/api, preact, @preact/signals and hls.js only",
	},
	{
		folder: "camera-sim/",
		packages: ["node:", "@vigia/rtp", "@vigia/rtsp"],
		reason: "the camera simulator stands apart from what it tests: it imports Node, @vigia/rtp and @vigia/rtsp only",
	},
	{
		folder: "server/",
		packages: SERVER_PACKAGES,
		reason: "the server imports Node, the packages and its own dependencies, never the page",
	},
];

/** What test files of any ring may import besides. */
const TEST_PACKAGES = [
	"node:",
	"vitest",
	"fast-check",
	"@vigia/camera-sim",
	"node-datachannel",
	"ws",
	"playwright-core",
	"mp4box",
	"hls-parser",
];

/** A package that only some files of the server may import. */
const RESERVED: readonly { readonly name: string; readonly files: RegExp; readonly reason: string }[] = [
	{
		name: "node-datachannel",
		files: /^server\/src\/platform\/datachannel(-tracks)?\.ts$/,
		reason: "only server/src/platform/datachannel.ts and its tracks import node-datachannel",
	},
	{
		name: "@vigia/camera-sim",
		files: /^server\/src\/(demo|sources)(\/|\.|-)/,
		reason: "simulated cameras are for the demo and for tests: import @vigia/camera-sim in server/src/demo only",
	},
];

/** Folders of one ring that must not know each other. */
const APART: readonly { readonly from: string; readonly to: string; readonly reason: string }[] = [
	{
		from: "server/src/sources/",
		to: "server/src/outputs/",
		reason: "a source never knows an output: they meet in server/src/streams",
	},
	{
		from: "server/src/outputs/",
		to: "server/src/sources/",
		reason: "an output never knows a source: they meet in server/src/streams",
	},
	{
		from: "server/src/streams/",
		to: "server/src/outputs/",
		reason: "the hub knows readers by their contract only (server/src/streams/reader.ts)",
	},
	...[
		"config",
		"discovery",
		"import",
		"neighbours",
		"observe",
		"platform",
		"probe",
		"settings",
		"sources",
		"streams",
		"outputs",
	].map((folder) => ({
		from: `server/src/${folder}/`,
		to: "server/src/http/",
		reason: "HTTP is the outermost layer of the server: nothing below it imports it",
	})),
	...["config", "observe", "sources", "streams", "outputs", "http"].map((folder) => ({
		from: "server/src/platform/",
		to: `server/src/${folder}/`,
		reason: "server/src/platform wraps the machine: it imports nothing of the server above it",
	})),
];

const TEST_FILE = /\.test\.tsx?$|\/testing\//;

interface FoundImport {
	readonly specifier: string;
	readonly offset: number;
}

/** Every import of a file: static, dynamic, re-exported and in types. */
function importsOf(file: string, text: string): FoundImport[] {
	const found: FoundImport[] = [];
	const add = (source: unknown): void => {
		if (typeof source !== "object" || source === null || !("value" in source) || !("start" in source)) return;
		if (typeof source.value === "string") found.push({ specifier: source.value, offset: Number(source.start) });
	};
	const { program, errors } = parseSync(file, text);
	if (errors.length > 0) throw new Error(`${file} cannot be parsed: ${errors[0]?.message ?? ""}`);
	new Visitor({
		ImportDeclaration: (node) => add(node.source),
		ExportAllDeclaration: (node) => add(node.source),
		ExportNamedDeclaration: (node) => add(node.source),
		ImportExpression: (node) => add(node.source),
		TSImportType: (node) => add(node.source),
	}).visit(program);
	return found;
}

function isListed(specifier: string, packages: readonly string[]): boolean {
	return packages.some((name) =>
		name.endsWith("/") || name.endsWith(":")
			? specifier.startsWith(name)
			: specifier === name || specifier.startsWith(`${name}/`),
	);
}

/** The rule that one import breaks, or `undefined`. */
function brokenRule(file: string, specifier: string): string | undefined {
	const ring = RINGS.find(({ folder }) => file.startsWith(folder));
	if (!ring) return undefined;
	const isTest = TEST_FILE.test(file);
	if (specifier.startsWith(".")) {
		const target = posix.join(posix.dirname(file), specifier);
		// The release is read from the root's package.json.
		if (target === "package.json" && ring.folder === "server/") return undefined;
		// What a package's tests are made from serves other tests too; its API is no place for it.
		if (isTest && /^packages\/\w+\/src\/testing\//.test(target)) return undefined;
		if (!target.startsWith(ring.folder)) return `import another workspace by its package name; ${ring.reason}`;
		if (isTest) return undefined;
		if (TEST_FILE.test(target)) return "code that ships never imports test code";
		return APART.find(({ from, to }) => file.startsWith(from) && target.startsWith(to))?.reason;
	}
	if (isTest && isListed(specifier, TEST_PACKAGES)) return undefined;
	const reserved = RESERVED.find(({ name }) => isListed(specifier, [name]));
	if (reserved) return ring.folder === "server/" && reserved.files.test(file) ? undefined : reserved.reason;
	return isListed(specifier, ring.packages) ? undefined : ring.reason;
}

/** Checks the imports of one TypeScript file; `file` is its path from the repository's root, with `/`. */
export function checkImports(file: string, text: string): ImportViolation[] {
	return importsOf(file, text).flatMap(({ specifier, offset }) => {
		const reason = brokenRule(file, specifier);
		return reason === undefined ? [] : [{ file, line: text.slice(0, offset).split("\n").length, specifier, reason }];
	});
}
