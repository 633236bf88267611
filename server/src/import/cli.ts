/** `vigia import`: the cameras of another program's settings file become cameras in vigia.yaml. @module */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { loadSettings } from "../config/load.ts";
import type { CameraSettings } from "../config/settings.ts";
import { SettingsError } from "../config/settings-error.ts";
import { type CameraEntry, SettingsFile, SettingsFileError } from "../config/settings-file.ts";
import { DEFAULT_YAML_FILE } from "../config/setting-layers.ts";
import { inLanguage, PROBE_LANGUAGES, type ProbeLanguage } from "../probe/advice-texts.ts";
import { importCameras } from "./import-cameras.ts";
import { toYamlCamera } from "./imported-camera.ts";
import { knownAs } from "./known-cameras.ts";
import { noteText } from "./notes.ts";

/** All is in place; nothing could be imported or written; the command is not understood (sysexits.h). */
export const EXIT_CODES = { done: 0, failed: 1, usage: 64 } as const;

const USAGE = `Takes over the cameras of Frigate (config.yml), go2rtc (go2rtc.yaml) or MediaMTX (mediamtx.yml).

Usage: vigia import <file> [flags]

  --config FILE   Where the cameras go. Default: ${DEFAULT_YAML_FILE}, made where it is not there. Its comments stay.
  --dry-run       Says what would be added, and adds nothing.
  --lang en|es    Language of the report.

Variables in the file (Frigate's {FRIGATE_...}, go2rtc's \${...}) are taken from the environment.
Exit code: ${EXIT_CODES.done} added, ${EXIT_CODES.failed} nothing could be added, ${EXIT_CODES.usage} command not understood.
`;

const TEXTS = {
	added: ["Added to {file}: {cameras}", "Añadidas a {file}: {cameras}"],
	wouldAdd: ["Would be added to {file}: {cameras}", "Se añadirían a {file}: {cameras}"],
	known: ["There already, and not added again: {cameras}", "Ya estaban y no se añaden otra vez: {cameras}"],
	nothing: ["There is no camera to add.", "No hay ninguna cámara que añadir."],
	unreadable: ["{file} cannot be read ({code}).", "{file} no se puede leer ({code})."],
	"changed-meanwhile": [
		"{file} was changed by somebody else meanwhile: try again.",
		"Otra persona ha cambiado {file} mientras tanto: inténtelo otra vez.",
	],
	"not-readable": [
		"{file} is not valid YAML with a list of cameras: mend it by hand first.",
		"{file} no es YAML válido con una lista de cámaras: corríjalo antes a mano.",
	],
	"not-writable": [
		"{file} cannot be written: check who owns the folder; in a container mount the folder, not the file alone.",
		"{file} no se puede escribir: revise de quién es la carpeta; en un contenedor monte la carpeta, no solo el archivo.",
	],
} as const satisfies Record<string, readonly [en: string, es: string]>;

export interface ImportIo {
	readonly env: NodeJS.ProcessEnv;
	readonly cwd: string;
	readonly out: (text: string) => void;
	readonly error: (text: string) => void;
}

interface Flags {
	readonly file: string;
	readonly config: string;
	readonly dryRun: boolean;
	readonly language: ProbeLanguage;
}

/** @param args behind `import`. @returns the exit code: {@link EXIT_CODES}. */
export function importCommand(args: readonly string[], io: ImportIo): number {
	const flags = readFlags(args);
	if (flags === "help") {
		io.out(USAGE);
		return EXIT_CODES.done;
	}
	if (!flags) {
		io.error("vigia import needs one file: see vigia import --help.\n");
		return EXIT_CODES.usage;
	}
	const say = (key: keyof typeof TEXTS, values: Readonly<Record<string, string>> = {}): string =>
		`${inLanguage(TEXTS[key], flags.language).replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole)}\n`;
	let text: string;
	try {
		text = readFileSync(resolve(io.cwd, flags.file), "utf8");
	} catch (error) {
		const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
		io.error(say("unreadable", { file: flags.file, code }));
		return EXIT_CODES.failed;
	}
	try {
		return take(text, flags, io, say);
	} catch (error) {
		if (error instanceof SettingsError) io.error(`${error.message}\n`);
		else if (error instanceof SettingsFileError) io.error(say(error.problem, { file: flags.config }));
		else throw error;
		return EXIT_CODES.failed;
	}
}

function take(text: string, { config, dryRun, language }: Flags, io: ImportIo, say: Say): number {
	const file = new SettingsFile(resolve(io.cwd, config));
	const { cameras: before, revision } = file.read();
	const present = presentCameras(config, io);
	const { cameras, notes } = importCameras(text, { variables: io.env, taken: present.map(({ id }) => id) });
	for (const note of notes) io.error(`${noteText(note, language)}\n`);
	const findKnown = knownAs(present);
	const known = new Set(cameras.flatMap((camera) => findKnown(camera) ?? []));
	const added = cameras.filter((camera) => !findKnown(camera));
	const names = (list: Iterable<{ readonly id: string }>): string => [...list].map(({ id }) => id).join(", ");
	if (known.size > 0) io.out(say("known", { cameras: names(known) }));
	if (added.length === 0) {
		io.out(say("nothing"));
		return EXIT_CODES.failed;
	}
	if (!dryRun) file.write([...before, ...added.map((camera) => toYamlCamera(camera) as CameraEntry)], revision);
	io.out(say(dryRun ? "wouldAdd" : "added", { file: config, cameras: names(added) }));
	return EXIT_CODES.done;
}

type Say = (key: keyof typeof TEXTS, values?: Readonly<Record<string, string>>) => string;

/** All cameras that there are, also those that are not in this file. @throws {SettingsError} */
function presentCameras(config: string, { env, cwd }: ImportIo): readonly CameraSettings[] {
	const argv = config === DEFAULT_YAML_FILE ? [] : ["--config", config];
	try {
		const loaded = loadSettings({ argv, env, cwd });
		return loaded.type === "settings" ? loaded.settings.cameras : [];
	} catch (error) {
		// The file that is to be made is not there yet.
		if (error instanceof SettingsError && error.problems.every(({ name }) => name === "--config")) return [];
		throw error;
	}
}

function readFlags(args: readonly string[]): Flags | "help" | undefined {
	const { values, positionals } = parseArgs({
		args: [...args],
		strict: false,
		allowPositionals: true,
		options: {
			config: { type: "string" },
			lang: { type: "string" },
			"dry-run": { type: "boolean" },
			help: { type: "boolean", short: "h" },
		},
	});
	if (values.help === true) return "help";
	const unknown = Object.keys(values).some((name) => !["config", "lang", "dry-run"].includes(name));
	const language = PROBE_LANGUAGES.find((known) => known === (values.lang ?? "en"));
	const [file = ""] = positionals;
	const config = values.config ?? DEFAULT_YAML_FILE;
	if (unknown || !language || positionals.length !== 1 || file === "" || typeof config !== "string") return undefined;
	return { file, config, dryRun: values["dry-run"] === true, language };
}
