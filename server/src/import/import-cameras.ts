/** Cameras out of the settings of Frigate, go2rtc and MediaMTX, so that nobody has to type them again. Pure. @module */
import { importFrigate } from "./frigate.ts";
import { importGo2rtc } from "./go2rtc.ts";
import type { ImportedCamera } from "./imported-camera.ts";
import { importMediamtx } from "./mediamtx.ts";
import { type ImportNote, Notes } from "./notes.ts";
import { type ImportVariables, substituteGo2rtc } from "./variables.ts";
import { entriesOf, fieldOf, readYamlInput, type YamlMap } from "./yaml-input.ts";

export type ImportKind = "frigate" | "go2rtc" | "mediamtx";

export interface ImportOptions {
	/** Values of `{FRIGATE_...}` and `${...}`; whoever imports a file that another sent gives none. */
	readonly variables?: ImportVariables;
	/** Ids of cameras that are there already, given or by their place (`cam1`). */
	readonly taken?: Iterable<string>;
}

export interface ImportResult {
	/** Whose file it is; `undefined` where nothing could be made of it. */
	readonly kind: ImportKind | undefined;
	readonly cameras: readonly ImportedCamera[];
	/** What was left out or changed, and why. */
	readonly notes: readonly ImportNote[];
}

/** @param text the whole file. It never throws: what cannot be used is in the notes. */
export function importCameras(text: string, options: ImportOptions = {}): ImportResult {
	const notes = new Notes();
	const { variables = {}, taken = [] } = options;
	const root = readYamlInput(text, notes);
	const kind = root && kindOfFile(root);
	if (!root || !kind) {
		if (root) notes.add("", "unknown-kind");
		return { kind: undefined, cameras: [], notes: notes.all };
	}
	return { kind, cameras: readers[kind](root, variables, taken, notes), notes: notes.all };
}

type Reader = (root: YamlMap, variables: ImportVariables, taken: Iterable<string>, notes: Notes) => ImportedCamera[];

const readers: Readonly<Record<ImportKind, Reader>> = {
	frigate: importFrigate,
	go2rtc: (root, variables, taken, notes) =>
		importGo2rtc(root, (text) => substituteGo2rtc(text, variables), taken, notes),
	mediamtx: (root, _variables, taken, notes) => importMediamtx(root, taken, notes),
};

/** By the section that holds the cameras: Frigate's file may have go2rtc's streams in it, one level down. */
function kindOfFile(root: YamlMap): ImportKind | undefined {
	if (entriesOf(fieldOf(root, "cameras")).length > 0) return "frigate";
	if (root.has("streams")) return "go2rtc";
	if (root.has("paths")) return "mediamtx";
	return root.has("cameras") ? "frigate" : undefined;
}
