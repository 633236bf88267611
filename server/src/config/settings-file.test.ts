import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadSettings } from "./load.ts";
import { CAMERA_KEYS, type CameraEntry, SettingsFile, SettingsFileError } from "./settings-file.ts";

const PASSWORD = "p@ss:w#rd%/ñ";
const TEXT = `# The school's wall.
port: 8001 # the printer has 8000

cameras:
  # At the gate.
  - id: gate
    url: rtsp://192.168.1.20/sub # the small one
    password: '1234'
    user: admin
  - {id: yard, host: 192.168.1.21}
`;

let folder: string;
let file: SettingsFile;
const text = (): string => readFileSync(file.path, "utf8");
const problemOf = (act: () => unknown): string | undefined => {
	try {
		act();
		return undefined;
	} catch (error) {
		if (!(error instanceof SettingsFileError)) throw error;
		return error.problem;
	}
};

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "vigia-file-"));
	file = new SettingsFile(join(folder, "vigia.yaml"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("where there is no file there is no camera, and the first one makes it, for its owner alone", () => {
	const { cameras, revision } = file.read();
	expect(cameras).toEqual([]);
	file.write([{ id: "gate", url: "rtsp://192.168.1.20/sub", user: "admin", password: PASSWORD }], revision);
	expect(statSync(file.path).mode & 0o777).toBe(0o600);
	expect(text()).toContain(`password: '${PASSWORD}'`);
	expect(readdirSync(folder)).toEqual(["vigia.yaml"]);
});

test("comments and other settings stay, entries change in their places, and the order is the given one", () => {
	writeFileSync(file.path, TEXT);
	const { cameras, revision } = file.read();
	expect(cameras).toEqual([
		{ id: "gate", url: "rtsp://192.168.1.20/sub", password: "1234", user: "admin" },
		{ id: "yard", host: "192.168.1.21" },
	]);
	const [gate, yard] = cameras as [CameraEntry, CameraEntry];
	file.write(
		[
			{ ...yard, name: "Patio" },
			{ ...gate, user: "viewer" },
			{ id: "hall", host: "192.168.1.22" },
		],
		revision,
	);
	expect(text()).toContain("# The school's wall.\nport: 8001 # the printer has 8000");
	expect(text()).toContain("# At the gate.");
	expect(text()).toContain("url: rtsp://192.168.1.20/sub # the small one");
	expect(file.read().cameras.map(({ id }) => id)).toEqual(["yard", "gate", "hall"]);
	expect(file.read().cameras[1]).toEqual({ ...gate, user: "viewer" });
});

test("a camera that is taken out is gone with its comments, and the others are as they were", () => {
	writeFileSync(file.path, TEXT);
	const { cameras, revision } = file.read();
	file.write(cameras.slice(1), revision);
	expect(text()).not.toContain("192.168.1.20");
	expect(text()).toContain("- { id: yard, host: 192.168.1.21 }");
});

test("a file that somebody else has changed meanwhile is not written over", () => {
	writeFileSync(file.path, TEXT);
	const { cameras, revision } = file.read();
	writeFileSync(file.path, `${TEXT}\nhost: 127.0.0.1\n`);
	expect(problemOf(() => file.write(cameras, revision))).toBe("changed-meanwhile");
	expect(text()).toContain("host: 127.0.0.1");
});

test.each([["cameras: ["], ["cameras: text"], ["- a list"], ["cameras:\n  - text"]])(
	"a file that only a person can mend is left alone: %j",
	(broken) => {
		writeFileSync(file.path, broken);
		expect(problemOf(() => file.read())).toBe("not-readable");
		expect(text()).toBe(broken);
	},
);

test.each([[""], ["cameras:\n"], ["# nothing yet\n"], ["port: 8001\n"]])("cameras are added to %j", (before) => {
	writeFileSync(file.path, before);
	const { cameras, revision } = file.read();
	expect(cameras).toEqual([]);
	file.write([{ id: "gate", host: "camera" }], revision);
	expect(file.read().cameras).toEqual([{ id: "gate", host: "camera" }]);
	if (before.includes("#")) expect(text()).toContain("# nothing yet");
	if (before.includes("port")) expect(text()).toContain("port: 8001");
});

test("a folder that may not be written is told, and leaves nothing behind", () => {
	// Root may write everywhere, but nobody writes into a folder that is not there.
	const nowhere = new SettingsFile(join(folder, "missing", "vigia.yaml"));
	expect(problemOf(() => nowhere.write([], nowhere.read().revision))).toBe("not-writable");
});

test("whatever is written is read again as it was, by this and by whoever loads the settings", () => {
	const value = fc.oneof(
		fc.constantFrom(PASSWORD, "'", '"', "#", "- a", "{x}", "0123", "null", "~", "true", " edge ", "a: b", "ñ", "%TAG"),
		fc.string({ minLength: 1, maxLength: 20 }).filter((made) => !/\p{Cc}/u.test(made)),
	);
	const entry = fc.record({ name: value, user: value, password: value }, { requiredKeys: [] });
	fc.assert(
		fc.property(fc.array(entry, { maxLength: 4 }), (entries) => {
			const cameras = entries.map((more, index) => ({ id: `c${index}`, host: "camera", ...more }));
			file.write(cameras, file.read().revision);
			expect(file.read().cameras).toEqual(cameras);
			const complete = cameras.filter(({ user, password }) => (user === undefined) === (password === undefined));
			file.write(complete, file.read().revision);
			const loaded = loadSettings({ argv: [], env: {}, cwd: folder });
			if (loaded.type !== "settings") throw new Error("no settings");
			expect(loaded.settings.cameras.map(({ credentials }) => credentials?.reveal())).toEqual(
				complete.map(({ user, password }) => (user === undefined ? undefined : { username: user, password })),
			);
		}),
		{ numRuns: 60 },
	);
});

test("its keys are those of the schema", async () => {
	const { yamlCameraSchema } = await import("./schema.ts");
	expect(new Set(CAMERA_KEYS)).toEqual(new Set(Object.keys(yamlCameraSchema.shape)));
});

test("cameras without an id keep their comments wherever they go, told by the places that they had", () => {
	writeFileSync(file.path, "cameras:\n  - host: yard # behind the house\n  # At the gate.\n  - host: gate\n");
	const { cameras, revision } = file.read();
	const [yard, gate] = cameras as [CameraEntry, CameraEntry];
	file.replace(file.compose([{ host: "new" }, { ...gate, id: "cam2" }, yard], revision, [undefined, 1, 0]), revision);
	expect(text()).toBe(
		"cameras:\n  - host: new\n  # At the gate.\n  - host: gate\n    id: cam2\n  - host: yard # behind the house\n",
	);
});

test("an alias is what it stands for, and stays; one that would stand for nothing is not written", () => {
	writeFileSync(
		file.path,
		"cameras:\n  - {host: a, user: admin, password: &pw '1234'}\n  - {host: b, user: admin, password: *pw}\n",
	);
	const { cameras, revision } = file.read();
	expect(cameras.map(({ password }) => password)).toEqual(["1234", "1234"]);
	expect(problemOf(() => file.compose(cameras.slice(1), revision, [1]))).toBe("not-readable");
	file.replace(file.compose(cameras, revision, [0, 1]), revision);
	expect(text()).toContain("password: *pw");
});
