import { expect, test } from "vitest";
import { SettingsFileError } from "../config/settings-file.ts";
import { fileRefusal, invalidSettings, notApplied } from "./settings-refusal.ts";

const notWritable = (code: string): SettingsFileError =>
	new SettingsFileError("not-writable", Object.assign(new Error("system"), { code }));

test.each(["EBUSY", "EROFS", "EACCES", "EPERM", "ENOSPC", "EDQUOT", "ENOENT", "EIO"])(
	"a file that cannot be written (%s) is explained in both languages",
	(code) => {
		const refusal = fileRefusal(notWritable(code), "vigia.yaml");
		expect(refusal).toMatchObject({ status: 500, code: "not-writable" });
		expect(refusal.text("en")).toMatch(/^vigia\.yaml .*(folder|space).*\.$/);
		expect(refusal.text("es")).toMatch(/^vigia\.yaml .*(carpeta|espacio).*\.$/);
		expect(refusal.text("es")).not.toMatch(/ (is|the|it|be) /);
	},
);

test("every other failure of the file has a text in both languages too", () => {
	const refusals = [
		notApplied("vigia.yaml"),
		fileRefusal(new SettingsFileError("changed-meanwhile"), "vigia.yaml"),
		fileRefusal(new SettingsFileError("not-readable"), "vigia.yaml"),
	];
	for (const refusal of refusals) {
		expect(refusal.text("en")).toMatch(/\b(was|cannot)\b/);
		expect(refusal.text("es")).toMatch(/vigia\.yaml.* (se|no) /);
		expect(refusal.text("es")).not.toMatch(/ (is|the|it|be) /);
	}
});

test("settings that are not right are told so in both languages", () => {
	const refusal = invalidSettings([]);
	expect(refusal.text("en")).toMatch(/^The settings are not right, .*: see problems\.$/);
	expect(refusal.text("es")).toMatch(/^La configuración no es correcta .*: vea problems\.$/);
});

test("in a container the folder's owner is named, and what to write into .env, in both languages", () => {
	const folder = { uid: 1001, gid: 100, own: 1000 };
	const refusal = fileRefusal(notWritable("EACCES"), "vigia.yaml", folder);
	for (const language of ["en", "es"] as const) {
		expect(refusal.text(language)).toMatch(
			/^vigia\.yaml .*VIGIA_UID=1001 (and|y) VIGIA_GID=100 .*docker compose up -d\.$/,
		);
		expect(refusal.text(language)).not.toContain("chown");
	}
	expect(refusal.text("es")).not.toMatch(/ (is|the|it|be|and) /);
	// Of its own folder it is the mode that is wrong, and a full disk is full in a container too.
	expect(fileRefusal(notWritable("EACCES"), "vigia.yaml", { ...folder, uid: 1000 }).text("en")).toContain("chown");
	expect(fileRefusal(notWritable("ENOSPC"), "vigia.yaml", folder).text("en")).toContain("disk is full");
});
