/** What was typed, put onto a list that somebody else changed in the meantime. @module */
import type { SettingsCamera } from "@vigia/api";
import { deviceOf, type Draft, fieldsOf, isChanged, keepsPassword, sameFields, without } from "./draft.ts";

/**
 * Drafts on top of the file as it is now. Each camera is found again by what it was, else by its id, else by its place of
 * connection. One that nobody here changed becomes what the file says, or goes with it; one that was changed here keeps
 * what was typed, as a new camera where the file has it no more. Cameras that came are put at the end.
 */
export function rebase(
	drafts: readonly Draft[],
	cameras: readonly SettingsCamera[],
	newKey: () => number,
): readonly Draft[] {
	const places = findAgain(drafts, cameras);
	const kept = drafts.flatMap((draft): Draft[] => {
		if (!draft.original) return [draft];
		const at = places.get(draft.key);
		const camera = at === undefined ? undefined : cameras[at];
		if (at !== undefined && camera) {
			const fields = isChanged(draft) ? draft.fields : fieldsOf(camera);
			return [{ ...draft, original: { at, camera }, fields }];
		}
		if (draft.removed || !isChanged(draft)) return [];
		return [without(draft, "original")];
	});
	const found = new Set(places.values());
	const came = cameras.flatMap((camera, at): Draft[] =>
		found.has(at) ? [] : [{ key: newKey(), original: { at, camera }, fields: fieldsOf(camera), removed: false }],
	);
	return [...kept, ...came];
}

/** A camera lost its password: the file had one, and has the camera no more. */
export function lostPassword(before: Draft, after: Draft): boolean {
	return keepsPassword(before) && !after.original;
}

/** The places in the list of the cameras that the drafts were, by the drafts' keys. */
function findAgain(drafts: readonly Draft[], cameras: readonly SettingsCamera[]): Map<number, number> {
	const places = new Map<number, number>();
	const taken = new Set<number>();
	const sames: ((was: SettingsCamera, is: SettingsCamera) => boolean)[] = [
		(was, is) => was.hasPassword === is.hasPassword && sameFields(fieldsOf(was), fieldsOf(is)),
		(was, is) => was.id !== undefined && was.id === is.id,
		(was, is) => placeOf(was) !== "" && placeOf(was) === placeOf(is),
	];
	for (const same of sames) {
		for (const { key, original } of drafts) {
			if (!original || places.has(key)) continue;
			const at = cameras.findIndex((camera, index) => !taken.has(index) && same(original.camera, camera));
			if (at < 0) continue;
			places.set(key, at);
			taken.add(at);
		}
	}
	return places;
}

function placeOf(camera: SettingsCamera): string {
	const fields = fieldsOf(camera);
	const device = deviceOf(fields);
	return device === "" ? "" : JSON.stringify([device, fields.url, fields.main, fields.template, fields.channel]);
}
