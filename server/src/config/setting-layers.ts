/** The places that settings come from, in their order, before anything in them is judged. @module */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { getuid } from "node:process";
import { parseArgs } from "node:util";
import { LineCounter, parseDocument } from "yaml";
import { parseEnvFile } from "./env-file.ts";
import type { SettingsProblem } from "./settings-error.ts";
import { docOf, settingsSchema } from "./schema.ts";
import { nearestName } from "./suggest.ts";

export const COMMAND_LINE = "command line";
export const ENVIRONMENT = "environment";
export const ENV_FILE = ".env";
/** Read where it is there; `--config` names another one, which must be there. */
export const DEFAULT_YAML_FILE = "vigia.yaml";

/** The names of all settings but the cameras. */
export const SETTING_NAMES = Object.keys(settingsSchema.shape) as (keyof typeof settingsSchema.shape)[];
/** Flags by the name of their setting. */
const FLAGS = new Map(
	SETTING_NAMES.flatMap((name) => {
		const { flag } = docOf(settingsSchema.shape[name]);
		return flag === undefined ? [] : [[name, flag] as const];
	}),
);
const OWN_FLAGS = ["config", "help", "version"] as const;

/** One place, with what it says by the names of the environment. */
export interface Layer {
	readonly source: string;
	readonly values: Readonly<Record<string, unknown>>;
	/** How a setting is written there. */
	readonly nameOf: (name: string) => string;
}

export interface CommandLine {
	readonly layer: Layer;
	readonly configFile: string | undefined;
	readonly help: boolean;
	readonly version: boolean;
}

export function readCommandLine(argv: readonly string[], problems: SettingsProblem[]): CommandLine {
	const names = [...FLAGS.values(), ...OWN_FLAGS];
	const { tokens } = parseArgs({
		args: [...argv],
		strict: false,
		tokens: true,
		options: {
			...Object.fromEntries([...FLAGS.values(), "config"].map((flag) => [flag, { type: "string" as const }])),
			help: { type: "boolean", short: "h" },
			version: { type: "boolean" },
		},
	});
	const given = new Map<string, string | undefined>();
	for (const token of tokens) {
		if (token.kind === "option" && names.includes(token.name)) given.set(token.name, token.value);
		else if (token.kind === "option") problems.push(unknownFlag(token.rawName, token.name, names));
	}
	// What stands behind an unknown flag was meant as its value.
	if (problems.length === 0 && tokens.some(({ kind }) => kind === "positional")) {
		problems.push({ name: "arguments", source: COMMAND_LINE, reason: "only flags are understood: see --help" });
	}
	const values: Record<string, unknown> = {};
	for (const [name, flag] of FLAGS) {
		if (!given.has(flag)) continue;
		values[name] = given.get(flag) ?? "";
		if (values[name] === "") {
			problems.push({
				name: `--${flag}`,
				source: COMMAND_LINE,
				reason: "a value is missing",
				example: flagExample(name, flag),
			});
		}
	}
	const configFile = given.get("config");
	if (given.has("config") && (configFile ?? "") === "") {
		problems.push({
			name: "--config",
			source: COMMAND_LINE,
			reason: "a file is missing",
			example: "--config vigia.yaml",
		});
	}
	return {
		layer: { source: COMMAND_LINE, values, nameOf: (name) => `--${FLAGS.get(name as never) ?? name}` },
		configFile,
		help: given.has("help"),
		version: given.has("version"),
	};
}

function flagExample(name: keyof typeof settingsSchema.shape, flag: string): string {
	return `--${flag} ${docOf(settingsSchema.shape[name]).example}`;
}

function unknownFlag(rawName: string, name: string, names: readonly string[]): SettingsProblem {
	const near = nearestName(name, names);
	const reason =
		near === undefined ? "this flag does not exist: see --help" : `this flag does not exist; did you mean --${near}?`;
	return { name: rawName, source: COMMAND_LINE, reason };
}

/** The YAML file that is read, as it is written or by default. */
export function configFileOf(argv: readonly string[]): string {
	return readCommandLine(argv, []).configFile ?? DEFAULT_YAML_FILE;
}

/** The environment and the `.env` file beside it, in this order. */
export function readEnvironment(
	env: NodeJS.ProcessEnv,
	cwd: string,
	problems: SettingsProblem[],
	warnings: string[],
): Layer[] {
	const file = parseEnvFile(readIfThere(resolve(cwd, ENV_FILE), ENV_FILE, problems) ?? "");
	for (const line of file.badLines) warnings.push(`${ENV_FILE}: line ${line} is not NAME=value and is ignored`);
	const nameOf = (name: string): string => name;
	return [
		{ source: ENVIRONMENT, values: env, nameOf },
		{ source: ENV_FILE, values: file.values, nameOf },
	];
}

export interface YamlFile {
	readonly layer: Layer;
	/** The list under `cameras`, not judged yet. */
	readonly cameras: unknown;
}

/**
 * The YAML file. All its scalars stay text: a password of digits is no number.
 * @param instead text that is read instead of the file's.
 */
export function readYaml(
	configFile: string | undefined,
	cwd: string,
	problems: SettingsProblem[],
	instead?: string,
): YamlFile {
	const source = configFile ?? DEFAULT_YAML_FILE;
	const empty: YamlFile = { layer: { source, values: {}, nameOf: (name) => name.toLowerCase() }, cameras: undefined };
	const text = instead ?? readIfThere(resolve(cwd, source), source, problems);
	if (text === undefined) {
		if (configFile !== undefined && problems.every(({ source: other }) => other !== source)) {
			problems.push({ name: "--config", source, reason: "the file does not exist" });
		}
		return empty;
	}
	const document = parseYaml(text, source, problems);
	if (document === undefined || document === null || document === "") return empty;
	if (typeof document !== "object" || Array.isArray(document)) {
		problems.push({ name: "the file", source, reason: "must be a map of settings", example: "port: 8000" });
		return empty;
	}
	const known = SETTING_NAMES.map((name) => name.toLowerCase());
	const values: Record<string, unknown> = {};
	let cameras: unknown;
	for (const [key, value] of Object.entries(document)) {
		if (key === "cameras") cameras = value;
		else if (known.includes(key)) values[key.toUpperCase()] = value;
		else problems.push({ name: key, source, reason: unknownKey(key, [...known, "cameras"]) });
	}
	return { layer: { ...empty.layer, values }, cameras };
}

/** What is wrong with a key that the schema does not know. */
export function unknownKey(key: string, names: readonly string[]): string {
	const near = nearestName(key.toLowerCase().replaceAll("-", "_"), names);
	return near === undefined
		? "this setting does not exist: see docs/settings.md"
		: `this setting does not exist; did you mean ${near}?`;
}

function parseYaml(text: string, source: string, problems: SettingsProblem[]): unknown {
	const lineCounter = new LineCounter();
	// Pretty errors quote the line, and a password may stand in it.
	const document = parseDocument(text, { schema: "failsafe", prettyErrors: false, lineCounter });
	for (const error of document.errors) {
		const { line, col } = lineCounter.linePos(error.pos[0]);
		problems.push({
			name: `line ${line}, column ${col}`,
			source,
			reason: "this is not valid YAML; text with special characters stands between single quotes",
			example: "password: 'p@ss:w#rd%/ñ'",
		});
	}
	if (document.errors.length > 0) return undefined;
	try {
		return document.toJS() as unknown;
	} catch {
		problems.push({ name: "the file", source, reason: "its aliases (*name) cannot be resolved" });
		return undefined;
	}
}

function readIfThere(path: string, source: string, problems: SettingsProblem[]): string | undefined {
	try {
		return readFileSync(path, "utf8");
	} catch (error) {
		const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
		// In a container that number is all there is to go by.
		const remedy = code === "EACCES" ? `: make it the file of the user that Vigía runs as, number ${getuid?.()}` : "";
		if (code !== "ENOENT") problems.push({ name: "the file", source, reason: `it cannot be read (${code})${remedy}` });
		return undefined;
	}
}
