/** Two streams of one camera that a file names apart, as `yard_main` and `yard_sub`. @module */
import type { CameraDraft } from "./imported-camera.ts";
import { sameDevice } from "./imported-camera.ts";

const SEPARATOR = "[-_./ ]";
const MAIN_NAME = new RegExp(`^(.+)${SEPARATOR}(?:main|mainstream|hd|high|hq|clear)$`, "i");
const SUB_NAME = new RegExp(`^(.+)${SEPARATOR}(?:sub|substream|sd|low|lq|fluent|detect)$`, "i");

/**
 * Joins `name_sub` with `name_main` (`_hd`) or with `name` alone, where both are at the same device with the same login.
 * The camera then has the name without the ending, and the place of the main stream.
 */
export function joinPairs(drafts: readonly CameraDraft[]): CameraDraft[] {
	const mains = new Map<string, CameraDraft>();
	for (const draft of drafts) {
		const base = MAIN_NAME.exec(draft.key)?.[1];
		if (base !== undefined && !mains.has(base)) mains.set(base, draft);
	}
	// A name without an ending is the main stream only where no other one says that it is.
	for (const draft of drafts) if (!mains.has(draft.key)) mains.set(draft.key, draft);
	const subs = new Map<CameraDraft, CameraDraft>();
	for (const draft of drafts) {
		const base = SUB_NAME.exec(draft.key)?.[1];
		const main = base === undefined ? undefined : mains.get(base);
		if (!main || main === draft || subs.has(main) || main.sub || !sameDevice(main.main, draft.main)) continue;
		subs.set(main, draft);
	}
	const joined = new Set(subs.values());
	return drafts.flatMap((draft) => {
		const sub = subs.get(draft);
		if (!sub) return joined.has(draft) ? [] : [draft];
		return [{ ...draft, key: MAIN_NAME.exec(draft.key)?.[1] ?? draft.key, sub: sub.main }];
	});
}
