/**
 * Changes the list of cameras in `vigia.yaml`, as the page does it: comments and everything else in the file stay, and at
 * no moment is there half a file.
 * @module
 */
import { createHash, randomUUID } from "node:crypto";
import {
	closeSync,
	fchownSync,
	fsyncSync,
	lstatSync,
	openSync,
	readFileSync,
	readlinkSync,
	realpathSync,
	renameSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { basename, dirname, isAbsolute, join, sep } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { type Document, isAlias, isMap, isScalar, isSeq, parseDocument, Scalar, type YAMLMap, YAMLSeq } from "yaml";
import { giveFirstItsComment, keepComments, likeBefore, writeOutAliases } from "./settings-document.ts";

/** Keys of a camera in the file, in the order in which new ones are written. */
export const CAMERA_KEYS = [
	"id",
	"name",
	"url",
	"main",
	"host",
	"port",
	"scheme",
	"template",
	"channel",
	"user",
	"password",
	"transport",
	"tls",
	"serial",
	"found_at",
] as const;
export type CameraKey = (typeof CAMERA_KEYS)[number];

/** One camera as it stands in the file: text, as it is written there without quotes. */
export type CameraEntry = Readonly<Partial<Record<CameraKey, string>>>;

export interface CameraEntries {
	readonly cameras: readonly CameraEntry[];
	/** Of the file's text: another one when somebody has changed it. */
	readonly revision: string;
}

/** Only its owner reads it: there are passwords in it. */
const MODE = 0o600;
/** One behind the other, as many as Linux follows (MAXSYMLINKS): more of them lead in a circle. */
const MAX_LINKS = 40;

/** Why the file was not written. */
export type SettingsFileProblem =
	/** It has changed since the list was read: read it again first. */
	| "changed-meanwhile"
	/** It is not valid YAML, or its cameras are no list: somebody has to mend it by hand. */
	| "not-readable"
	/** The folder or the file may not be written by this user. */
	| "not-writable";

export class SettingsFileError extends Error {
	readonly problem: SettingsFileProblem;

	constructor(problem: SettingsFileProblem, cause?: unknown) {
		super(`the settings file: ${problem}`, { cause });
		this.name = "SettingsFileError";
		this.problem = problem;
	}
}

export class SettingsFile {
	readonly path: string;

	constructor(path: string) {
		this.path = path;
	}

	/** The cameras in the file; none where there is no file yet. @throws {SettingsFileError} `not-readable`. */
	read(): CameraEntries {
		const text = this.#text();
		return { cameras: entriesOf(parse(text)), revision: revisionOf(text) };
	}

	/**
	 * The text that the file would have with these cameras, in this order; nothing is written. Settings and comments
	 * stay.
	 *
	 * @param revision of {@link read}.
	 * @param was for each camera its place in the list of `revision`, so that it keeps its comments; `undefined` for a new
	 * one. Without it cameras are known again by their ids.
	 * @throws {SettingsFileError}
	 */
	compose(cameras: readonly CameraEntry[], revision: string, was?: readonly (number | undefined)[]): string {
		const text = this.#text();
		if (revisionOf(text) !== revision) throw new SettingsFileError("changed-meanwhile");
		return likeBefore(text, edited(text, cameras, was));
	}

	/**
	 * Gives the file this text, of {@link compose}.
	 *
	 * @param revision of the text that it is made from.
	 * @throws {SettingsFileError}
	 */
	replace(text: string, revision: string): void {
		if (revisionOf(this.#text()) !== revision) throw new SettingsFileError("changed-meanwhile");
		this.#replace(text);
	}

	/**
	 * Makes these the cameras of the file, in this order. An entry with the id of one that is there keeps its comments.
	 *
	 * @param revision of {@link read}.
	 * @throws {SettingsFileError}
	 */
	write(cameras: readonly CameraEntry[], revision: string): void {
		this.replace(this.compose(cameras, revision), revision);
	}

	/**
	 * Where it is written. A symbolic link stays one: what it leads to is replaced, or made where it is not there yet.
	 * @throws {SettingsFileError} `not-writable`.
	 */
	realPath(): string {
		try {
			return endOfLinks(this.path);
		} catch (error) {
			throw new SettingsFileError("not-writable", error);
		}
	}

	#text(): string {
		try {
			return readFileSync(this.path, "utf8");
		} catch (error) {
			if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
			throw new SettingsFileError("not-readable", error);
		}
	}

	/** By a file beside it that takes its place: whoever reads meanwhile finds the old one or the new one. */
	#replace(text: string): void {
		const path = this.realPath();
		const beside = join(dirname(path), `.vigia-${randomUUID()}.tmp`);
		try {
			const file = openSync(beside, "wx", MODE);
			try {
				keepOwner(file, path);
				writeFileSync(file, text);
				fsyncSync(file);
			} finally {
				closeSync(file);
			}
			renameSync(beside, path);
		} catch (error) {
			rmSync(beside, { force: true });
			throw new SettingsFileError("not-writable", error);
		}
	}
}

/** As `realpath`, but the last link may lead to a file that is not there; its folder has to be. */
function endOfLinks(path: string): string {
	let end = path;
	for (let links = 0; links <= MAX_LINKS; links++) {
		// By the system: Node's own would take `..` behind a link for the folder that the link is in.
		const folder = realpathSync.native(dirname(end));
		end = join(folder, basename(end));
		const stats = lstatSync(end, { throwIfNoEntry: false });
		if (stats?.isSymbolicLink() !== true) return end;
		const target = readlinkSync(end);
		end = isAbsolute(target) ? target : `${folder}${sep}${target}`;
	}
	throw new Error("too many symbolic links");
}

/** Whoever runs the server can still read its file when root has changed it. Its mode is {@link MODE}, whatever it was. */
function keepOwner(file: number, path: string): void {
	const before = statSync(path, { throwIfNoEntry: false });
	if (!before) return;
	try {
		fchownSync(file, before.uid, before.gid);
	} catch {
		// Only root gives files away: then it is the file of whoever has saved it.
	}
}

function revisionOf(text: string): string {
	return createHash("sha256").update(text).digest("base64url");
}

/** All scalars stay text, as for whoever loads the settings: a password of digits is no number. */
function parse(text: string): Document {
	// The parser leaves the carriage returns in comments.
	const document: Document = parseDocument(text.replaceAll("\r\n", "\n"), { schema: "failsafe", prettyErrors: false });
	if (document.errors.length > 0) throw new SettingsFileError("not-readable");
	const { contents } = document;
	if (contents === null || (isScalar(contents) && (contents.value === "" || contents.value === null))) {
		document.contents = document.createNode({});
	} else if (!isMap(contents)) throw new SettingsFileError("not-readable");
	return document;
}

/** The list under `cameras`; `undefined` where there is none yet. */
function listOf(document: Document): YAMLSeq | undefined {
	const node = document.get("cameras", true);
	if (node === undefined || (isScalar(node) && (node.value === "" || node.value === null))) return undefined;
	if (!isSeq(node) || !node.items.every(isMap)) throw new SettingsFileError("not-readable");
	return node;
}

function entriesOf(document: Document): CameraEntry[] {
	return (listOf(document)?.items ?? []).map((item) => {
		const map = item as YAMLMap;
		const entry: Partial<Record<CameraKey, string>> = {};
		for (const key of CAMERA_KEYS) {
			const value = valueOf(document, map, key);
			if (value !== undefined) entry[key] = value;
		}
		return entry;
	});
}

/** The text under a key, also where an alias (`*name`) stands for it. */
function valueOf(document: Document, map: YAMLMap, key: CameraKey): string | undefined {
	const node = map.get(key, true) as unknown;
	const scalar = isAlias(node) ? node.resolve(document) : node;
	return isScalar(scalar) && typeof scalar.value === "string" ? scalar.value : undefined;
}

/** @throws {SettingsFileError} `not-readable`. */
function edited(
	text: string,
	cameras: readonly CameraEntry[],
	was: readonly (number | undefined)[] | undefined,
): string {
	for (const keepsAliases of [true, false]) {
		const document = parse(text);
		if (!keepsAliases) writeOutAliases(document);
		putCameras(document, cameras, was);
		try {
			// Long addresses stay on their line.
			const made = document.toString({ lineWidth: 0 });
			// An alias may stand for another value of the same name now.
			if (isDeepStrictEqual(entriesOf(parse(made)), cameras)) return made;
		} catch {
			// What an alias stands for was taken out, or comes after it now.
		}
	}
	throw new SettingsFileError("not-readable");
}

function putCameras(
	document: Document,
	cameras: readonly CameraEntry[],
	was: readonly (number | undefined)[] | undefined,
): void {
	const list = listOf(document);
	const maps = (list?.items ?? []) as YAMLMap[];
	if (list) giveFirstItsComment(list);
	const known = new Map(maps.map((item) => [item.get("id"), item]));
	// Cameras without an id are told apart by their place among themselves.
	const nameless = maps.filter((item) => item.get("id") === undefined);
	const before = (entry: CameraEntry, index: number): YAMLMap | undefined => {
		if (was) return maps[was[index] ?? -1];
		return entry.id === undefined ? nameless.shift() : known.get(entry.id);
	};
	const items = cameras.map((entry, index) => putCamera(document, before(entry, index), entry));
	if (list) list.items = items;
	else {
		const made = new YAMLSeq();
		made.items = items;
		document.set("cameras", made);
	}
}

function putCamera(document: Document, known: YAMLMap | undefined, entry: CameraEntry): YAMLMap {
	const map = known ?? (document.createNode({}) as YAMLMap);
	for (const key of CAMERA_KEYS) {
		const value = entry[key];
		if (value === undefined) map.delete(key);
		else if (valueOf(document, map, key) !== value) {
			const scalar = textOf(document, key, value);
			keepComments(map.get(key, true), scalar);
			map.set(key, scalar);
		}
	}
	return map;
}

/** Passwords are written between quotes: so they stay what they are when somebody edits the file. */
function textOf(document: Document, key: CameraKey, value: string): Scalar {
	const scalar = document.createNode(value) as Scalar;
	if (key === "password" || key === "user") scalar.type = Scalar.QUOTE_SINGLE;
	return scalar;
}
