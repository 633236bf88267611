/** A foreign YAML file as plain values: bounded, without types, and without anything that runs. @module */
import { type Document, isAlias, isScalar, LineCounter, parseDocument, visit } from "yaml";
import type { Notes } from "./notes.ts";

/** Settings of a hundred cameras are a fifth of it. */
export const MAX_IMPORT_CHARS: number = 256 * 1024;
/**
 * Ends of lines, brackets, commas, quotes, `- `, `: ` and the like in a file. What the parser takes its time for stands
 * between two of them. Frigate's settings of 150 cameras with masks and zones have three quarters of it.
 */
export const MAX_IMPORT_MARKS = 15_000;
const MARK = /[\n,[\]{}"'!&*|>]|[-:?](?=\s)/g;
/** Anchors and aliases: some for each camera. Each alias is looked for among all of them. */
export const MAX_ANCHORS_AND_ALIASES = 2000;
/** Entries that merges copy: dozens for each of hundreds of cameras. A hostile file has one map copied over and over. */
const MAX_MERGED_ENTRIES = 50_000;

/** A map of the file, in its order; `undefined` where there is none. */
export type YamlMap = ReadonlyMap<unknown, unknown>;

/** The file's outermost map. @returns `undefined` where nothing can be made of the file; `notes` then say why. */
export function readYamlInput(text: string, notes: Notes): YamlMap | undefined {
	if (text.length > MAX_IMPORT_CHARS || (text.match(MARK) ?? []).length > MAX_IMPORT_MARKS) {
		notes.add("", "too-large");
		return undefined;
	}
	const lines = new LineCounter();
	try {
		// Types are left out: a password of digits stays what it is. Repeated keys are looked for in quadratic time.
		const document = parseDocument(text, {
			schema: "failsafe",
			uniqueKeys: false,
			prettyErrors: false,
			lineCounter: lines,
		});
		const [error] = document.errors;
		if (error) {
			notes.add(`line ${lines.linePos(error.pos[0]).line}`, "not-yaml");
			return undefined;
		}
		lookThrough(document, lines, notes);
		// The parser's own bound on aliases goes through the whole file for each alias below an anchor.
		const root: unknown = document.toJS({ mapAsMap: true, maxAliasCount: -1 });
		new Merges().resolve(root);
		if (root instanceof Map) return root;
		notes.add("", "unknown-kind");
	} catch {
		// Aliases without an anchor, too many of them, too many merged entries, nesting beyond the stack.
		notes.add("", "not-yaml");
	}
	return undefined;
}

/**
 * `!secret name` and the like stand for a value that is elsewhere: their text is not the value.
 * @throws RangeError beyond {@link MAX_ANCHORS_AND_ALIASES}.
 */
function lookThrough(document: Document, lines: LineCounter, notes: Notes): void {
	let count = 0;
	visit(document, {
		Node(_key, node) {
			if ((isAlias(node) || node.anchor !== undefined) && ++count > MAX_ANCHORS_AND_ALIASES) {
				throw new RangeError("too many aliases");
			}
			if (!isScalar(node) || node.tag?.startsWith("!") !== true) return;
			const line = node.range ? lines.linePos(node.range[0]).line : 0;
			notes.add(`line ${line}`, "tag-unknown", { tag: node.tag });
			node.value = null;
		},
	});
}

/**
 * Merges (`<<: *name`): yaml.org/type/merge.html. The parser's own have no bound, and resolve what a map takes over from
 * others once for each time that it is taken over.
 */
class Merges {
	readonly #resolved = new Set<unknown>();
	#entries = 0;

	/** @throws RangeError beyond {@link MAX_MERGED_ENTRIES}. */
	resolve(value: unknown): void {
		if (typeof value !== "object" || value === null || this.#resolved.has(value)) return;
		this.#resolved.add(value);
		if (Array.isArray(value)) for (const inner of value) this.resolve(inner);
		if (!(value instanceof Map)) return;
		for (const inner of value.values()) this.resolve(inner);
		for (const source of listOf(value.get("<<"))) this.#take(value, source);
		value.delete("<<");
	}

	/** A key that the map has already stays as it is. */
	#take(map: Map<unknown, unknown>, source: unknown): void {
		if (!(source instanceof Map)) return;
		this.#entries += source.size;
		if (this.#entries > MAX_MERGED_ENTRIES) throw new RangeError("too many merged entries");
		for (const [key, value] of source) if (!map.has(key)) map.set(key, value);
	}
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
