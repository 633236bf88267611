import type { SettingsCamera } from "@vigia/api";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Draft, fieldsOf, withField, withPassword } from "./draft.ts";
import { lostPassword, rebase } from "./rebase.ts";

const camera = (name: string, more: Partial<SettingsCamera> = {}): SettingsCamera => ({
	name,
	url: `rtsp://10.0.0.1/${name}`,
	hasPassword: false,
	...more,
});
const draftOf = (of: SettingsCamera, at: number): Draft => ({
	key: at + 1,
	original: { at, camera: of },
	fields: fieldsOf(of),
	removed: false,
});
const put = (drafts: readonly Draft[], cameras: readonly SettingsCamera[]) => {
	let key = 100;
	return rebase(drafts, cameras, () => (key += 1));
};

const [A, B, C] = [camera("a"), camera("b"), camera("c")] as const;

test("cameras that came are put behind, and places are those of the new list", () => {
	const after = put([draftOf(A, 0), draftOf(B, 1)], [C, B, A]);
	expect(after.map(({ fields, original }) => [fields.name, original?.at])).toEqual([
		["a", 2],
		["b", 1],
		["c", 0],
	]);
});

test("what was typed here stays; what was not is as the file says now", () => {
	const named = withField(draftOf(A, 0), "name", "Gate");
	const after = put([named, draftOf(B, 1)], [A, { ...B, name: "Yard" }]);
	expect(after.map(({ fields }) => fields.name)).toEqual(["Gate", "Yard"]);
});

test("a camera that is gone goes with it, unless it was changed here: then it is a new one", () => {
	const changed = withField(draftOf(B, 1), "name", "Yard");
	const after = put([draftOf(A, 0), changed], []);
	expect(after).toEqual([{ key: 2, fields: changed.fields, removed: false }]);
});

test("a camera that was to be removed, and is gone, is no question any more", () => {
	expect(put([{ ...draftOf(A, 0), removed: true }], [])).toEqual([]);
	expect(put([{ ...draftOf(A, 0), removed: true }], [A])).toMatchObject([{ removed: true, original: { at: 0 } }]);
});

test("a camera is found again by its id when all else has changed", () => {
	const was = camera("a", { id: "door" });
	const after = put([withPassword(draftOf(was, 0), "x")], [C, { id: "door", host: "10.0.0.9", hasPassword: true }]);
	expect(after[0]).toMatchObject({ key: 1, original: { at: 1 }, password: "x" });
});

test("a kept password is lost with its camera, and that is known", () => {
	const before = withField(draftOf(camera("a", { user: "me", hasPassword: true }), 0), "name", "Gate");
	const [after] = put([before], []);
	expect(after && lostPassword(before, after)).toBe(true);
});

test("new cameras stay, and nothing is lost or doubled, whatever the two lists are", () => {
	const list = fc.array(
		fc.record({ name: fc.constantFrom("a", "b", "c", "d"), url: fc.constantFrom("rtsp://h/1", "rtsp://h/2") }),
		{ maxLength: 6 },
	);
	fc.assert(
		fc.property(list, list, fc.array(fc.boolean(), { maxLength: 6 }), (before, now, changes) => {
			const cameras = now.map((one) => ({ ...one, hasPassword: false }));
			const drafts = before.map((one, at) => {
				const draft = draftOf({ ...one, hasPassword: false }, at);
				return changes[at] === true ? withField(draft, "name", `typed ${at}`) : draft;
			});
			const after = put([...drafts, { key: 50, fields: { host: "new" }, removed: false }], cameras);
			const places = after.flatMap(({ original }) => (original ? [original.at] : []));
			expect(places.toSorted((a, b) => a - b)).toEqual(cameras.map((_, at) => at));
			expect(new Set(after.map(({ key }) => key)).size).toBe(after.length);
			expect(after.some(({ key }) => key === 50)).toBe(true);
			for (const [at, draft] of drafts.entries()) {
				if (changes[at] === true) expect(after.find(({ key }) => key === draft.key)?.fields.name).toBe(`typed ${at}`);
			}
		}),
	);
});
