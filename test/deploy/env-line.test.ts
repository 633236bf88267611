/** What quick-start.sh writes into `.env`, read by the parser of the settings. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ROOT } from "../../scripts/run.ts";
import { parseEnvFile } from "../../server/src/config/env-file.ts";

/** Everything that means something to a shell, to compose or to `.env`, and plain text between. */
const AWKWARD = [
	"p@ss",
	":",
	"#",
	" ",
	"%/",
	"ñ",
	"$",
	"${",
	"$(id)",
	"`id`",
	'"',
	"'",
	"\\",
	"\\n",
	"!",
	"&",
	"*",
	"=",
];
const EACH_LINE = 'while IFS= read -r -d "" value; do env_line "V$((count += 1))" "$value"; done';

function writtenByTheScript(values: readonly string[], locale: string): Readonly<Record<string, string>> {
	const { stdout, stderr, status } = spawnSync(
		"bash",
		["--norc", "-c", `. "$1"; count=0; ${EACH_LINE}`, "bash", join(ROOT, "quick-start.sh")],
		{ input: values.map((value) => `${value}\0`).join(""), encoding: "utf8", env: { ...process.env, LC_ALL: locale } },
	);
	if (status !== 0) throw new Error(stderr);
	return parseEnvFile(stdout).values;
}

function valuesByName(values: readonly string[]): Record<string, string> {
	return Object.fromEntries(values.map((value, index) => [`V${index + 1}`, value]));
}

test("the hardest passwords come back as they were typed", () => {
	const passwords = [
		`p@ss:w#rd%/ñ $\` " ' \\ spaces`,
		...["", " ", " a ", "'", '"', "\\", "'\\", "it's\\", "'quoted'", '"quoted"', "#", "a #b", "${", "'${", "\\'"],
	];
	for (const locale of ["C", "C.UTF-8"]) {
		expect(writtenByTheScript(passwords, locale)).toEqual(valuesByName(passwords));
	}
});

test("any text of one line comes back as it was typed", () => {
	const password = fc.array(fc.oneof(fc.constantFrom(...AWKWARD), fc.string({ unit: "grapheme" })), { maxLength: 8 });
	const oneLine = password.map((parts) => parts.join("").replace(/\p{Cc}/gu, ""));
	fc.assert(
		fc.property(fc.array(oneLine, { minLength: 50, maxLength: 100 }), (passwords) => {
			expect(writtenByTheScript(passwords, "C.UTF-8")).toEqual(valuesByName(passwords));
		}),
		// A shell each: the many values are inside.
		{ numRuns: 10 },
	);
});

test("what the first generation wrote without quotes is still written so", () => {
	const { stdout } = spawnSync(
		"bash",
		[
			"--norc",
			"-c",
			'. "$1"; env_line CAM_USER admin; env_line CAM_IP 192.168.1.108',
			"bash",
			join(ROOT, "quick-start.sh"),
		],
		{ encoding: "utf8" },
	);
	expect(stdout).toBe("CAM_USER=admin\nCAM_IP=192.168.1.108\n");
});

/**
 * Compose reads the file for its own variables, and would stop at a bad one. These forms were compared with compose-go
 * v2.16, which gives each value back, as it does for hundreds of random ones.
 */
test.each([
	["a$b", "'a$b'"],
	["${", "'${'"],
	["it's $5", '"it\'s \\$5"'],
	["ends with \\", '"ends with \\\\"'],
	["a #b", "'a #b'"],
	['say "x"', "'say \"x\"'"],
])("%j stands as %s, so that compose takes nothing in it for a variable", (value, written) => {
	const { stdout } = spawnSync(
		"bash",
		["--norc", "-c", '. "$1"; env_line V "$2"', "bash", join(ROOT, "quick-start.sh"), value],
		{ encoding: "utf8" },
	);
	expect(stdout).toBe(`V=${written}\n`);
});
