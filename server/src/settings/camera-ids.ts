/**
 * Keeps the identity of cameras that have none in the file but their place: one that moves to another place gets the id
 * that it has now, so that no tile takes another camera's picture and no stream restarts. Pure.
 *
 * @module
 */
import type { CameraEntry } from "../config/settings-file.ts";

export interface PlacedCamera {
	readonly entry: CameraEntry;
	/** Its place in the list before; `undefined` for a new one. */
	readonly was: number | undefined;
}

export interface NumberingFacts {
	/** The list before. */
	readonly before: readonly CameraEntry[];
	/** Ids of the cameras that do not come from this list; those of `CAMERA_3_*` are `cam3`. */
	readonly elsewhere: readonly string[];
}

/** The ids that the entries have by the loader's rule: config/camera-list.ts. */
export function idsOf(entries: readonly CameraEntry[], elsewhere: readonly string[]): string[] {
	const last = lastNumber(elsewhere);
	return entries.map(({ id }, index) => id ?? `cam${last + index + 1}`);
}

/** The entries with an id written out where their place alone would give them another one, or somebody else's. */
export function withStableIds(cameras: readonly PlacedCamera[], { before, elsewhere }: NumberingFacts): CameraEntry[] {
	const last = lastNumber(elsewhere);
	const idsBefore = idsOf(before, elsewhere);
	const used = new Set([...elsewhere, ...idsBefore, ...cameras.flatMap(({ entry }) => entry.id ?? [])]);
	return cameras.map(({ entry, was }, index) => {
		if (entry.id !== undefined) return entry;
		const byPlace = `cam${last + index + 1}`;
		const known = was === undefined ? undefined : idsBefore[was];
		if (known !== undefined) return known === byPlace ? entry : { ...entry, id: known };
		const id = used.has(byPlace) ? freeId(used, last) : byPlace;
		used.add(id);
		return id === byPlace ? entry : { ...entry, id };
	});
}

function lastNumber(elsewhere: readonly string[]): number {
	return Math.max(0, ...elsewhere.map((id) => Number(/^cam([1-9]\d{0,2})$/.exec(id)?.[1] ?? 0)));
}

function freeId(used: ReadonlySet<string>, last: number): string {
	for (let number = last + 1; ; number++) if (!used.has(`cam${number}`)) return `cam${number}`;
}
