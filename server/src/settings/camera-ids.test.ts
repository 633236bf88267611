import fc from "fast-check";
import { expect, test } from "vitest";
import type { CameraEntry } from "../config/settings-file.ts";
import { idsOf, type PlacedCamera, withStableIds } from "./camera-ids.ts";

const entries = (...hosts: string[]): CameraEntry[] => hosts.map((host) => ({ host }));

test("cameras at their old places get no id written, new ones behind them neither", () => {
	const before = entries("a", "b");
	const placed = [...before.map((entry, was) => ({ entry, was })), { entry: { host: "c" }, was: undefined }];
	expect(withStableIds(placed, { before, elsewhere: [] })).toEqual(entries("a", "b", "c"));
});

test("those that change places keep the ids that they had by them", () => {
	const before = entries("a", "b", "c");
	const placed = [2, 1, 0].map((was) => ({ entry: before[was] as CameraEntry, was }));
	const ids = withStableIds(placed, { before, elsewhere: ["cam1", "cam3"] }).map(({ id }) => id);
	// Behind CAMERA_3_* the list begins with cam4.
	expect(ids).toEqual(["cam6", undefined, "cam4"]);
});

test("a new camera does not get the id of one that was taken out", () => {
	const before = entries("a", "b");
	const placed = [
		{ entry: { host: "b" }, was: 1 },
		{ entry: { host: "new" }, was: undefined },
	];
	expect(withStableIds(placed, { before, elsewhere: [] }).map(({ id }) => id)).toEqual(["cam2", "cam3"]);
});

test("whatever is moved, taken out and added, kept cameras keep their ids and no two have the same", () => {
	const id = fc.constantFrom("cam1", "cam2", "cam3", "cam5", "gate", undefined);
	const listed = fc
		.uniqueArray(fc.record({ id, key: fc.nat() }), { maxLength: 6, selector: ({ id: one, key }) => one ?? key })
		.map((list) => list.map(({ id: one }): CameraEntry => (one === undefined ? {} : { id: one })));
	const elsewhere = fc.uniqueArray(fc.constantFrom("cam1", "cam2", "cam4"), { maxLength: 2 });
	fc.assert(
		fc.property(listed, elsewhere, fc.array(fc.nat({ max: 8 }), { maxLength: 9 }), (before, others, order) => {
			const idsBefore = idsOf(before, others);
			fc.pre(new Set([...idsBefore, ...others]).size === idsBefore.length + others.length);
			const seen = new Set<number>();
			const placed = order.map((was): PlacedCamera => {
				const entry = seen.has(was) ? undefined : before[was];
				seen.add(was);
				return entry ? { entry, was } : { entry: {}, was: undefined };
			});
			const after = idsOf(withStableIds(placed, { before, elsewhere: others }), others);
			for (const [index, { was }] of placed.entries()) if (was !== undefined) expect(after[index]).toBe(idsBefore[was]);
			expect(new Set([...after, ...others]).size).toBe(after.length + others.length);
		}),
		{ numRuns: 300 },
	);
});
