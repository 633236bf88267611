import { spawnSync } from "node:child_process";
import {
	chmodSync,
	chownSync,
	lstatSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
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
	expect(text()).toContain("  # At the gate.\n  - id: gate\n    url: rtsp://192.168.1.20/sub # the small one");
	expect(file.read().cameras.map(({ id }) => id)).toEqual(["yard", "gate", "hall"]);
	expect(file.read().cameras[1]).toEqual({ ...gate, user: "viewer" });
});

test("a camera that is taken out is gone with its comments, and the others are as they were", () => {
	writeFileSync(file.path, TEXT);
	const { cameras, revision } = file.read();
	file.write(cameras.slice(1), revision);
	expect(text()).not.toMatch(/192\.168\.1\.20|gate/);
	expect(text()).toContain("- { id: yard, host: 192.168.1.21 }");
});

test("a comment beside a value stays when the value changes, and one about all cameras where it is", () => {
	writeFileSync(file.path, TEXT.replace("  # At", "  # From left to right.\n\n  # At"));
	const { cameras, revision } = file.read();
	const [gate, yard] = cameras as [CameraEntry, CameraEntry];
	file.write([yard, { ...gate, url: "rtsp://192.168.1.30/sub" }], revision);
	expect(text()).toContain("url: rtsp://192.168.1.30/sub # the small one");
	expect(text()).toMatch(
		/cameras:\n {2}# From left to right\.\n\n? {2}- \{ id: yard[^]*# At the gate\.\n {2}- id: gate/,
	);
});

test("line endings of Windows and a byte order mark stay", () => {
	writeFileSync(file.path, `\ufeff${TEXT.replace("  # At", "  # Two\n  # At")}`.replaceAll("\n", "\r\n"));
	const { cameras, revision } = file.read();
	file.write([...cameras, { id: "hall", host: "192.168.1.22" }], revision);
	expect(text()).toMatch(/^\ufeff# The[^]*# Two\r\n {2}# At[^]*- id: hall\r\n {4}host: 192\.168\.1\.22\r\n$/);
	expect(text().replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
	expect(loadSettings({ argv: [], env: {}, cwd: folder })).toMatchObject({ type: "settings" });
});

const SHARED = `cameras:
  - {id: a, host: x, user: &u admin, password: &p '1234'}
  - {id: b, host: y, user: *u, password: *p}
`;

test("a value that stands elsewhere is read, and stays there", () => {
	writeFileSync(file.path, SHARED);
	const { cameras, revision } = file.read();
	expect(cameras[1]).toEqual({ id: "b", host: "y", user: "admin", password: "1234" });
	file.write(cameras, revision);
	expect(text()).toContain("{ id: b, host: y, user: *u, password: *p }");
});

test("a value that stands elsewhere stays what it was when that one changes, goes, or comes behind it", () => {
	const changes: ((a: CameraEntry, b: CameraEntry) => CameraEntry[])[] = [
		(a, b) => [{ ...a, password: "other" }, b],
		(_a, b) => [b],
		(a, b) => [b, a],
	];
	for (const change of changes) {
		writeFileSync(file.path, SHARED);
		const { cameras, revision } = file.read();
		const wanted = change(...(cameras as [CameraEntry, CameraEntry]));
		file.write(wanted, revision);
		expect(file.read().cameras).toEqual(wanted);
	}
});

test("a value that stands elsewhere under a name that is there twice stays what it was", () => {
	writeFileSync(file.path, `${SHARED}  - {id: c, host: z, user: &u viewer, password: &p '5678'}\n`);
	const { cameras, revision } = file.read();
	const [a, b, c] = cameras as [CameraEntry, CameraEntry, CameraEntry];
	file.write([a, c, b], revision);
	expect(file.read().cameras).toEqual([a, c, b]);
});

test("a symbolic link stays one, and what it leads to is replaced", () => {
	const real = join(folder, "elsewhere", "real.yaml");
	mkdirSync(join(folder, "elsewhere"));
	writeFileSync(real, TEXT);
	symlinkSync(real, file.path);
	const { cameras, revision } = file.read();
	file.write(cameras.slice(1), revision);
	expect(lstatSync(file.path).isSymbolicLink()).toBe(true);
	expect(readFileSync(real, "utf8")).not.toContain("gate");
	expect(readdirSync(join(folder, "elsewhere"))).toEqual(["real.yaml"]);
});

test("a symbolic link to a file that is not there stays one, and the file is made for its owner alone", () => {
	mkdirSync(join(folder, "elsewhere", "deep"), { recursive: true });
	symlinkSync(join(folder, "elsewhere", "deep"), join(folder, "short"));
	symlinkSync("short/../next.yaml", file.path);
	symlinkSync("real.yaml", join(folder, "elsewhere", "next.yaml"));
	const { cameras, revision } = file.read();
	expect(cameras).toEqual([]);
	file.write([{ id: "gate", host: "192.168.1.20", user: "admin", password: PASSWORD }], revision);
	expect(lstatSync(file.path).isSymbolicLink()).toBe(true);
	expect(statSync(join(folder, "elsewhere", "real.yaml")).mode & 0o777).toBe(0o600);
	expect(readdirSync(join(folder, "elsewhere"))).toEqual(["deep", "next.yaml", "real.yaml"]);
	expect(file.read().cameras).toMatchObject([{ id: "gate" }]);
});

test("a symbolic link into a folder that is not there stays one, and is told", () => {
	symlinkSync(join(folder, "nowhere", "real.yaml"), file.path);
	expect(problemOf(() => file.write([{ host: "192.168.1.20" }], file.read().revision))).toBe("not-writable");
	expect(lstatSync(file.path).isSymbolicLink()).toBe(true);
});

test.each([0o644, 0o640, 0o660, 0o600, 0o400])("a file of mode %o is its owner's alone once it is saved", (before) => {
	writeFileSync(file.path, TEXT);
	chmodSync(file.path, before);
	const { cameras, revision } = file.read();
	file.write(cameras, revision);
	expect(statSync(file.path).mode & 0o777).toBe(0o600);
});

test.skipIf(process.getuid?.() !== 0)("a file that root changes stays its owner's", () => {
	writeFileSync(file.path, TEXT);
	chownSync(file.path, 12_345, 23_456);
	chmodSync(file.path, 0o640);
	const { cameras, revision } = file.read();
	file.write(cameras, revision);
	expect(statSync(file.path)).toMatchObject({ uid: 12_345, gid: 23_456 });
	expect(statSync(file.path).mode & 0o777).toBe(0o600);
});

test("a disk that is full leaves the file as it was, not half of the new one", () => {
	writeFileSync(file.path, `${TEXT}${"# x\n".repeat(2000)}`);
	const before = text();
	const module = new URL("./settings-file.ts", import.meta.url).href;
	const script = `
		const { SettingsFile } = await import(${JSON.stringify(module)});
		const file = new SettingsFile(${JSON.stringify(file.path)});
		const { cameras, revision } = file.read();
		try { file.write(cameras, revision); } catch (error) { process.stdout.write(error.problem); }
	`;
	// No file may grow beyond a block: the first write is cut, and only the next one fails.
	const shell = 'ulimit -f 1; exec "$0" --input-type=module -e "$1"';
	const { stdout } = spawnSync("sh", ["-c", shell, process.execPath, script], { encoding: "utf8" });
	expect(stdout).toBe("not-writable");
	expect(text()).toBe(before);
	expect(readdirSync(folder)).toEqual(["vigia.yaml"]);
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

test("an alias is what it stands for, and stays; one that would stand for nothing is written out", () => {
	writeFileSync(
		file.path,
		"cameras:\n  - {host: a, user: admin, password: &pw '1234'}\n  - {host: b, user: admin, password: *pw}\n",
	);
	const { cameras, revision } = file.read();
	expect(cameras.map(({ password }) => password)).toEqual(["1234", "1234"]);
	expect(file.compose(cameras.slice(1), revision, [1])).toContain("{ host: b, user: admin, password: '1234' }");
	file.replace(file.compose(cameras, revision, [0, 1]), revision);
	expect(text()).toContain("password: *pw");
});
