/**
 * The last column of `docs/cameras.md`: which tests show how a quirk is met. Test names cite quirks by number
 * (`... (quirks 99-101)`), scenarios of the quirk server in a list; this reads both from the files.
 * `node scripts/cameras-doc.ts --write` writes the column.
 * @module
 */
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { ROOT } from "./run.ts";

const DOCUMENT = `${ROOT}docs/cameras.md`;
const TEST_FILES = "{packages/*/src,server/src,camera-sim/src,test}/**/*.ts";
export const QUIRKS = 142;
export const SCENARIOS = 58;
/** A quirk met by half the tests is shown by its scenarios and a few more. */
const MAX_CITED = 6;

export interface CitedTest {
	/** Path from the repository's root. */
	readonly file: string;
	readonly name: string;
	readonly quirks: readonly number[];
	/** `S07`; undefined if the test's name begins with none. */
	readonly scenario: string | undefined;
}

/** `(quirk 48)`, `(quirks 99-101, 107)` at the end of a name. */
function quirksOf(name: string): number[] {
	const list = /\(quirks? ([\d ,and–-]+)\)/.exec(name)?.[1];
	return (list ?? "").split(/,|and/).flatMap((part) => {
		const [first = 0, last = first] = part.split(/[–-]/).map(Number);
		return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
	});
}

/** Tests in a file's text: `it("…")`, `test("…")`, and objects with `id`, `quirks` and `title`. */
export function testsOf(file: string, text: string): CitedTest[] {
	const named = [...text.matchAll(/\b(?:it|test|describe)(?:\.each\([^]*?\)|\.\w+\([^)]*\))?\(\s*(["`])([^]*?)\1/g)];
	const scenarios = [...text.matchAll(/id: "(S\d\d)\w*",\s*quirks: \[([\d, ]*)\],\s*title: (["`])([^]*?)\3/g)];
	return [
		...named.map(([, , name = ""]) => ({
			file,
			name,
			quirks: quirksOf(name),
			scenario: /^S\d\d/.exec(name)?.[0],
		})),
		...scenarios.map(([, scenario, quirks = "", , name = ""]) => ({
			file,
			name: `${scenario ?? ""}: ${name}`,
			quirks: quirks.split(",").flatMap((part) => (part.trim() === "" ? [] : [Number(part)])),
			scenario,
		})),
	];
}

export function allTests(): CitedTest[] {
	return globSync(TEST_FILES, { cwd: ROOT })
		.toSorted()
		.flatMap((file) => testsOf(file, readFileSync(`${ROOT}${file}`, "utf8")));
}

/** What the last column says of a quirk: its scenarios, and the files of other tests that cite it. */
function citation(quirk: number, tests: readonly CitedTest[]): string {
	const citing = tests.filter(({ quirks }) => quirks.includes(quirk));
	const scenarios = [...new Set(citing.flatMap(({ scenario }) => scenario ?? []))].toSorted();
	const files = [...new Set(citing.filter((one) => one.scenario === undefined).map(({ file }) => file))].map(
		(file) => `\`${file.replace(/^.*\//, "").replace(/\.test\.ts$/, "")}\``,
	);
	return [...scenarios, ...files].slice(0, MAX_CITED).join(", ");
}

/** The document with its last column as the tests are now. */
export function withCitations(document: string, tests: readonly CitedTest[]): string {
	return document.replace(/^\| (\d+) \|(.*)\|[^|]*\|$/gm, (_, number: string, middle: string) => {
		const cited = citation(Number(number), tests);
		return `| ${number} |${middle}| ${cited}${cited === "" ? "" : " "}|`;
	});
}

export function readDocument(): string {
	return readFileSync(DOCUMENT, "utf8");
}

if (import.meta.main && process.argv.includes("--write")) {
	writeFileSync(DOCUMENT, withCitations(readDocument(), allTests()));
}
