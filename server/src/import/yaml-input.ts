/** A foreign YAML file as plain values: bounded, without types, and without anything that runs. @module */
import { type Document, LineCounter, parseDocument, visit } from "yaml";
import type { Notes } from "./notes.ts";

/** Settings of a hundred cameras are a fifth of it; a hostile file of this size keeps the parser busy for seconds. */
export const MAX_IMPORT_CHARS: number = 256 * 1024;
/** Aliases of one anchor: settings that many cameras share. */
const MAX_ALIASES = 1000;

/** A map of the file, in its order; `undefined` where there is none. */
export type YamlMap = ReadonlyMap<unknown, unknown>;

/** The file's outermost map. @returns `undefined` where nothing can be made of the file; `notes` then say why. */
export function readYamlInput(text: string, notes: Notes): YamlMap | undefined {
	if (text.length > MAX_IMPORT_CHARS) {
		notes.add("", "too-large");
		return undefined;
	}
	const lines = new LineCounter();
	try {
		// Types are left out: a password of digits stays what it is. Repeated keys are looked for in quadratic time.
		const document = parseDocument(text, {
			schema: "failsafe",
			merge: true,
			uniqueKeys: false,
			prettyErrors: false,
			lineCounter: lines,
		});
		const [error] = document.errors;
		if (error) {
			notes.add(`line ${lines.linePos(error.pos[0]).line}`, "not-yaml");
			return undefined;
		}
		dropTagged(document, lines, notes);
		const root: unknown = document.toJS({ mapAsMap: true, maxAliasCount: MAX_ALIASES });
		if (root instanceof Map) return root;
		notes.add("", "unknown-kind");
	} catch {
		// The parser's own limits: aliases without an anchor, too many of them, nesting beyond its stack.
		notes.add("", "not-yaml");
	}
	return undefined;
}

/** `!secret name` and the like stand for a value that is elsewhere: their text is not the value. */
function dropTagged(document: Document, lines: LineCounter, notes: Notes): void {
	visit(document, {
		Scalar(_key, node) {
			if (node.tag?.startsWith("!") !== true) return;
			const line = node.range ? lines.linePos(node.range[0]).line : 0;
			notes.add(`line ${line}`, "tag-unknown", { tag: node.tag });
			node.value = null;
		},
	});
}

/** What stands under a key; `undefined` where `value` is no map or has no such key. */
export function fieldOf(value: unknown, key: string): unknown {
	return value instanceof Map ? (value as YamlMap).get(key) : undefined;
}

/** The text under a key; `undefined` where there is none, or an empty one. */
export function textOf(value: unknown, key: string): string | undefined {
	const field = fieldOf(value, key);
	return typeof field === "string" && !isNothing(field) ? field.trim() : undefined;
}

/** The entries of a map whose keys are text. */
export function entriesOf(value: unknown): [string, unknown][] {
	if (!(value instanceof Map)) return [];
	return [...(value as YamlMap)].filter((entry): entry is [string, unknown] => typeof entry[0] === "string");
}

/** A list as it is, one value as a list of it, nothing as an empty one. */
export function listOf(value: unknown): readonly unknown[] {
	if (Array.isArray(value)) return value as unknown[];
	return isNothing(value) ? [] : [value];
}

/** Without types `null` is text. */
function isNothing(value: unknown): boolean {
	return value === undefined || value === null || (typeof value === "string" && /^\s*(?:null|~)?\s*$/i.test(value));
}

/** YAML 1.1's and 1.2's words for it, as the three programs read them. */
export function isFalse(value: unknown): boolean {
	return typeof value === "string" && /^(false|no|off|n)$/i.test(value);
}

export function isTrue(value: unknown): boolean {
	return typeof value === "string" && /^(true|yes|on|y)$/i.test(value);
}
