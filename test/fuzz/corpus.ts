/** The corpus and the regressions, one file an input, in folders named after their targets. @module */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const CORPUS_FOLDER = fileURLToPath(new URL("corpus", import.meta.url));
export const REGRESSIONS_FOLDER = fileURLToPath(new URL("regressions", import.meta.url));

export interface StoredInput {
	readonly name: string;
	readonly bytes: Uint8Array;
}

/** In the order of their names; none where there is no folder. */
export function readInputs(folder: string, target: string): StoredInput[] {
	const directory = join(folder, target);
	if (!existsSync(directory)) return [];
	return readdirSync(directory)
		.sort()
		.map((name) => ({ name, bytes: new Uint8Array(readFileSync(join(directory, name))) }));
}

/** Names of the targets that have a folder there. */
export function storedTargets(folder: string): string[] {
	return existsSync(folder) ? readdirSync(folder) : [];
}

/** Writes an input under its hash. @returns its path from the working directory. */
export function writeInput(folder: string, target: string, input: Uint8Array): string {
	const directory = join(folder, target);
	mkdirSync(directory, { recursive: true });
	const file = join(directory, createHash("sha256").update(input).digest("hex").slice(0, 16));
	writeFileSync(file, input);
	return relative(process.cwd(), file);
}
