/** The list of clips beside the clip files: `index.json`. @module */

/** 0 and 1 of the Dahua URL pattern. */
export type StreamName = "main" | "sub";

export interface ClipEntry {
	/** File name in the same directory: an Annex B byte stream (ITU-T H.264 annex B). */
	readonly file: string;
	readonly camera: number;
	readonly stream: StreamName;
	readonly width: number;
	readonly height: number;
	readonly framesPerSecond: number;
	/** Pictures in the loop. */
	readonly frames: number;
}

export const CLIP_INDEX_FILE = "index.json";

/** @throws Error that names what is wrong, when the text is not the index of a clip directory. */
export function parseClipIndex(text: string): readonly ClipEntry[] {
	const value: unknown = JSON.parse(text);
	if (!Array.isArray(value)) throw new Error("The clip index must be a JSON array: run npm run clips again.");
	return value.map(parseEntry);
}

function parseEntry(value: unknown, position: number): ClipEntry {
	if (!isClipEntry(value)) throw new Error(`Entry ${position} of the clip index is broken: run npm run clips again.`);
	return value;
}

function isClipEntry(value: unknown): value is ClipEntry {
	if (typeof value !== "object" || value === null) return false;
	const entry = value as Partial<Record<keyof ClipEntry, unknown>>;
	const counts = [entry.camera, entry.width, entry.height, entry.framesPerSecond, entry.frames];
	return (
		typeof entry.file === "string" &&
		/^[\w-]+\.h264$/.test(entry.file) &&
		(entry.stream === "main" || entry.stream === "sub") &&
		counts.every((count) => Number.isInteger(count) && Number(count) > 0)
	);
}
