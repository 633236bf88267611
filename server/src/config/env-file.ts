/**
 * The `.env` file: `NAME=value` lines as docker-compose and dotenv read them, with two differences, both for the sake
 * of passwords: `#` begins a comment only after a space, and `$` means nothing.
 *
 * @module
 */

export interface EnvFile {
	readonly values: Readonly<Record<string, string>>;
	/** Numbers of the lines that are no setting, counted from 1. */
	readonly badLines: readonly number[];
}

const LINE = /^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*=([^]*)$/;
const DOUBLE_QUOTED = /^[ \t]*"((?:[^"\\]|\\[^])*)"[ \t]*(?:#[^]*)?$/;
const SINGLE_QUOTED = /^[ \t]*'([^']*)'[ \t]*(?:#[^]*)?$/;
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", '"': '"', "\\": "\\", $: "$" };

/** Reads the text of a `.env` file. Never throws; where a name occurs twice the last one counts. */
export function parseEnvFile(text: string): EnvFile {
	const values: Record<string, string> = Object.create(null) as Record<string, string>;
	const badLines: number[] = [];
	for (const [index, line] of text
		.replace(/^\uFEFF/, "")
		.split(/\r\n|\n|\r/)
		.entries()) {
		if (/^[ \t]*(#|$)/.test(line)) continue;
		const match = LINE.exec(line);
		if (match?.[1] === undefined || match[2] === undefined) badLines.push(index + 1);
		else values[match[1]] = readValue(match[2]);
	}
	return { values, badLines };
}

/** A value that opens a quote and does not close it is no quoted value: passwords may begin with a quote. */
function readValue(text: string): string {
	const double = DOUBLE_QUOTED.exec(text)?.[1];
	if (double !== undefined) {
		return double.replace(/\\([^])/g, (whole, character: string) => ESCAPES[character] ?? whole);
	}
	const single = SINGLE_QUOTED.exec(text)?.[1];
	if (single !== undefined) return single;
	return text.replace(/[ \t]#[^]*$/, "").replace(/^[ \t]+|[ \t]+$/g, "");
}
