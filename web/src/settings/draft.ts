/** Cameras of the settings as they are being changed on the page: nothing of it is saved before a `PUT`. @module */
import type { SettingsCamera, SettingsCameraInput } from "@vigia/api";
import { readAddress } from "./rtsp-address.ts";

/** What the page shows and changes of a camera, besides its password; the serial number it only keeps. */
export const CAMERA_FIELDS = [
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
	"transport",
	"tls",
	"serial",
] as const satisfies readonly (keyof SettingsCamera & keyof SettingsCameraInput)[];
export type CameraField = (typeof CAMERA_FIELDS)[number];

/** A field that is not set is absent. */
export type CameraFields = { readonly [field in CameraField]?: string };

export interface NewCamera {
	readonly fields: CameraFields;
	readonly password?: string;
}

export interface Draft extends NewCamera {
	/** Of this page only. */
	readonly key: number;
	/** The camera of the file that it is, and its place there. */
	readonly original?: { readonly at: number; readonly camera: SettingsCamera };
	/** It is not saved: a camera of the file is taken out, a new one is not taken in. */
	readonly removed: boolean;
}

export function fieldsOf(camera: SettingsCamera): CameraFields {
	return Object.fromEntries(
		CAMERA_FIELDS.flatMap((field) => {
			const value = camera[field];
			return value === undefined || value === "" ? [] : [[field, value]];
		}),
	);
}

/** A draft with one field set, or cleared by an empty text. */
export function withField(draft: Draft, field: CameraField, value: string): Draft {
	const others = without(draft.fields, field);
	const fields = value === "" ? others : { ...others, [field]: value };
	return { ...draft, fields: field === "serial" ? fields : withOwnSerial(fields, draft) };
}

/** The serial number is a device's: at another host there may be another one. */
function withOwnSerial(fields: CameraFields, { fields: before, original }: Draft): CameraFields {
	if (hostOf(fields) === hostOf(before)) return fields;
	const inFile = original ? fieldsOf(original.camera) : {};
	const { serial } = hostOf(fields) === hostOf(inFile) ? inFile : {};
	return { ...without(fields, "serial"), ...(serial !== undefined && { serial }) };
}

/**
 * A draft whose addresses hold no user and no password: they are in their own fields. Not while an address is typed,
 * because half a password looks like a host.
 */
export function tidied(draft: Draft): Draft {
	let tidy = draft;
	for (const field of ["url", "main"] as const) {
		const read = readAddress(tidy.fields[field] ?? "");
		if (!read.ok || read.address.user === undefined) continue;
		const { url, user, password = "" } = read.address;
		tidy = { ...tidy, fields: { ...tidy.fields, [field]: url, user }, password };
	}
	return tidy;
}

/** A draft with this password instead of the one before; `undefined` is the one of the file. */
export function withPassword(draft: Draft, password: string | undefined): Draft {
	return password === undefined ? without(draft, "password") : { ...draft, password };
}

/** A draft as it stands in the file; a new one stays what it is. */
export function reverted({ key, original, ...draft }: Draft): Draft {
	return original
		? { key, original, fields: fieldsOf(original.camera), removed: false }
		: { key, ...draft, removed: false };
}

/** Something in it differs from the file. */
export function isChanged({ original, fields, password }: Draft): boolean {
	return !original || password !== undefined || !sameFields(fields, fieldsOf(original.camera));
}

/** Saving would change the file, whose list had this many cameras. */
export function isDirty(drafts: readonly Draft[], inFile: number): boolean {
	const kept = drafts.filter(({ removed }) => !removed);
	return kept.length !== inFile || kept.some((draft, place) => draft.original?.at !== place || isChanged(draft));
}

export function sameFields(a: CameraFields, b: CameraFields): boolean {
	return CAMERA_FIELDS.every((field) => a[field] === b[field]);
}

/** The file's password is the draft's. */
export function keepsPassword(draft: Draft): boolean {
	return draft.original?.camera.hasPassword === true && draft.password === undefined;
}

/** A draft as the server takes it. A user without any password has an empty one; without a user there is none. */
export function toInput(draft: Draft): SettingsCameraInput {
	const { fields, original } = draft;
	const needs = fields.user !== undefined && !keepsPassword(draft);
	const password = draft.password ?? (needs ? "" : undefined);
	return {
		...fields,
		...(password !== undefined && (fields.user !== undefined || password !== "") && { password }),
		...(original && { was: original.at }),
	};
}

/** Where the camera is, without path and channel; empty where nothing is set. */
export function deviceOf({ url, main, host, port, scheme }: CameraFields): string {
	if (host !== undefined) return `${scheme ?? "rtsp"} ${host.toLowerCase()} ${port ?? ""}`;
	const read = readAddress(url ?? main ?? "");
	return read.ok ? `${/^\w+/.exec(read.address.url)?.[0]} ${read.address.host.toLowerCase()} ${read.address.port}` : "";
}

function hostOf({ url, main, host }: CameraFields): string {
	if (host !== undefined) return host.toLowerCase();
	const read = readAddress(url ?? main ?? "");
	return read.ok ? read.address.host.toLowerCase() : "";
}

/** Drafts with the same device, user and password: one wrong password there is wrong for all of them. */
export function loginOf(draft: Draft): string {
	const { fields, password } = draft;
	return JSON.stringify([deviceOf(fields), fields.user ?? "", password ?? (keepsPassword(draft) ? 1 : 0)]);
}

/** Drafts with the same user and password that were typed here, on whatever devices; those of the file by their device. */
export function typedLoginOf(draft: Draft): string {
	const { fields, password } = draft;
	return password === undefined ? loginOf(draft) : JSON.stringify([fields.user ?? "", password]);
}

/** What of a draft a test's result depends on. */
export function connectionOf(draft: Draft): string {
	const fields = CAMERA_FIELDS.filter((field) => field !== "id" && field !== "name" && field !== "serial");
	return JSON.stringify([fields.map((field) => draft.fields[field] ?? ""), loginOf(draft)]);
}

/** `prefix 1`, `prefix 2`, ...: the first from `from` on that no camera has, in capitals or not. */
export function freeName(prefix: string, from: number, taken: ReadonlySet<string>): string {
	let number = from;
	while (taken.has(`${prefix} ${number}`.toLowerCase())) number += 1;
	return `${prefix} ${number}`;
}

/** A list with the item at `from` moved to `to`; the same list where nothing moves. */
export function moved<T>(list: readonly T[], from: number, to: number): readonly T[] {
	const target = Math.max(0, Math.min(to, list.length - 1));
	const item = list[from];
	if (item === undefined || target === from) return list;
	const without = list.toSpliced(from, 1);
	return without.toSpliced(target, 0, item);
}

/** The object without one of its properties. */
export function without<T extends object, K extends keyof T>(from: T, name: K): Omit<T, K> {
	const copy: Partial<T> = { ...from };
	delete copy[name];
	return copy as Omit<T, K>;
}
