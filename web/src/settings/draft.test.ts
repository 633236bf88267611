import type { SettingsCamera } from "@vigia/api";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
	connectionOf,
	deviceOf,
	type Draft,
	fieldsOf,
	freeName,
	isChanged,
	isDirty,
	loginOf,
	moved,
	reverted,
	tidied,
	toInput,
	withField,
	withPassword,
} from "./draft.ts";

const DOOR: SettingsCamera = { name: "Door", url: "rtsp://10.0.0.1/a", user: "admin", hasPassword: true };
const YARD: SettingsCamera = { name: "Yard", host: "10.0.0.2", template: "dahua", channel: "2", hasPassword: false };

const draftOf = (camera: SettingsCamera, at: number): Draft => ({
	key: at + 1,
	original: { at, camera },
	fields: fieldsOf(camera),
	removed: false,
});

describe("a camera of the file", () => {
	test("is sent as it is, with its place and without a password", () => {
		expect(toInput(draftOf(DOOR, 3))).toEqual({ name: "Door", url: "rtsp://10.0.0.1/a", user: "admin", was: 3 });
	});

	test("keeps its serial number, as long as it is at its host", () => {
		const door = draftOf({ ...DOOR, serial: "7F0A11PAZ00123" }, 3);
		expect(toInput(door).serial).toBe("7F0A11PAZ00123");
		const elsewhere = withField(door, "url", "rtsp://10.0.0.7/a");
		expect(toInput(elsewhere).serial).toBeUndefined();
		expect(toInput(withField(door, "url", "rtsp://10.0.0.1:8554/b")).serial).toBe("7F0A11PAZ00123");
		expect(isChanged(withField(elsewhere, "url", "rtsp://10.0.0.1/a"))).toBe(false);
		expect(connectionOf(door)).toBe(connectionOf(draftOf(DOOR, 3)));
	});

	test("that is given another password sends it", () => {
		expect(toInput(withPassword(draftOf(DOOR, 0), "n3w"))).toMatchObject({ password: "n3w", was: 0 });
	});

	test("whose user was cleared is sent without a password, and so has none", () => {
		expect(toInput(withField(draftOf(DOOR, 0), "user", ""))).toEqual({
			name: "Door",
			url: "rtsp://10.0.0.1/a",
			was: 0,
		});
	});

	test("has no field that is empty", () => {
		expect(fieldsOf({ name: "", host: "h", hasPassword: false })).toEqual({ host: "h" });
		expect(withField(draftOf(YARD, 0), "channel", "").fields).toEqual({
			name: "Yard",
			host: "10.0.0.2",
			template: "dahua",
		});
	});

	test("is as in the file again when it is taken back", () => {
		const changed = withPassword(withField(draftOf(DOOR, 0), "name", "Gate"), "x");
		expect([isChanged(changed), isChanged(reverted(changed))]).toEqual([true, false]);
	});
});

test("a new camera with a user and no password has an empty one, and one without both has none", () => {
	expect(toInput({ key: 1, fields: { host: "h", user: "admin" }, removed: false })).toMatchObject({ password: "" });
	expect(toInput({ key: 1, fields: { host: "h" }, password: "", removed: false })).toEqual({ host: "h" });
});

test("user and password in an address go to their own fields, once it is typed to its end", () => {
	const typed = withField(draftOf(YARD, 0), "url", "rtsp://me:p@ss@10.0.0.9/x");
	expect(typed.fields.url).toBe("rtsp://me:p@ss@10.0.0.9/x");
	const draft = tidied(typed);
	expect(draft.fields).toMatchObject({ url: "rtsp://10.0.0.9/x", user: "me" });
	expect(draft.password).toBe("p@ss");
});

describe("something is unsaved", () => {
	const drafts = [draftOf(DOOR, 0), draftOf(YARD, 1)];
	test("not when nothing was done", () => expect(isDirty(drafts, 2)).toBe(false));
	test("when the order is another", () => expect(isDirty(drafts.toReversed(), 2)).toBe(true));
	test("when one is removed", () =>
		expect(isDirty([{ ...draftOf(DOOR, 0), removed: true }, draftOf(YARD, 1)], 2)).toBe(true));
	test("when one is new, and not when it is left out", () => {
		const added: Draft = { key: 9, fields: { host: "h" }, removed: false };
		expect(isDirty([...drafts, added], 2)).toBe(true);
		expect(isDirty([...drafts, { ...added, removed: true }], 2)).toBe(false);
	});
	test("when a name is changed, and not when it is typed back", () => {
		const gate = withField(draftOf(DOOR, 0), "name", "Gate");
		expect(isDirty([gate, draftOf(YARD, 1)], 2)).toBe(true);
		expect(isDirty([withField(gate, "name", "Door"), draftOf(YARD, 1)], 2)).toBe(false);
	});
});

test("a test's result outlives another name, and no other address or password", () => {
	const draft = draftOf(DOOR, 0);
	expect(connectionOf(withField(draft, "name", "Gate"))).toBe(connectionOf(draft));
	expect(connectionOf(withField(draft, "url", "rtsp://10.0.0.1/b"))).not.toBe(connectionOf(draft));
	expect(connectionOf(withPassword(draft, "x"))).not.toBe(connectionOf(draft));
});

test("channels of a recorder share a login; another password is another one", () => {
	const channel = (number: string): Draft => ({
		key: 1,
		fields: { host: "NVR.local", channel: number, user: "a" },
		password: "p",
		removed: false,
	});
	expect(loginOf(channel("1"))).toBe(loginOf(channel("2")));
	expect(loginOf(withPassword(channel("1"), "q"))).not.toBe(loginOf(channel("1")));
	expect(deviceOf({ url: "rtsp://10.0.0.1:554/a" })).toBe(deviceOf({ url: "rtsp://10.0.0.1:554/b" }));
});

test("a free name is the first that nobody has", () => {
	expect(freeName("Camera", 1, new Set(["camera 1", "camera 2"]))).toBe("Camera 3");
});

test("moving keeps every item, and puts one at its place", () => {
	fc.assert(
		fc.property(
			fc.uniqueArray(fc.nat(), { minLength: 1 }),
			fc.nat(40),
			fc.integer({ min: -3, max: 40 }),
			(list, from, to) => {
				const after = moved(list, from, to);
				expect(after.toSorted((a, b) => a - b)).toEqual(list.toSorted((a, b) => a - b));
				if (from < list.length) expect(after[Math.max(0, Math.min(to, list.length - 1))]).toBe(list[from]);
			},
		),
	);
});
