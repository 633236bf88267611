import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { systemClock } from "../platform/clock.ts";
import { loadSettings } from "./load.ts";
import type { Settings } from "./settings.ts";
import { SettingsReload } from "./settings-reload.ts";

const PASSWORD = "p@ss:w#rd%/ñ";
const camera = (id: string, more = ""): string => `  - {id: ${id}, url: 'rtsp://192.168.1.20/${id}'${more}}\n`;

let cwd: string;
let lines: string[];
let lists: string[][];
let reload: SettingsReload | undefined;
/** What an `onCameras` waits for before it is done. */
let takingUp: Promise<void>;

beforeEach(() => {
	cwd = mkdtempSync(join(tmpdir(), "vigia-reload-"));
	lines = [];
	lists = [];
	takingUp = Promise.resolve();
});
afterEach(() => {
	reload?.[Symbol.dispose]();
	rmSync(cwd, { recursive: true, force: true });
});

const write = (text: string): void => writeFileSync(join(cwd, "vigia.yaml"), text);

function open(text: string | undefined, onCameras?: (settings: Settings) => void): SettingsReload {
	if (text !== undefined) write(text);
	const load = { argv: [], env: {}, cwd };
	const loaded = loadSettings(load);
	if (loaded.type !== "settings") throw new Error("no settings");
	const note =
		(level: string) =>
		(_: unknown, line: string): void =>
			void lines.push(`${level}: ${line}`);
	reload = new SettingsReload({
		load,
		settings: loaded.settings,
		clock: systemClock,
		log: { info: note("info"), warn: note("warn"), error: note("error") },
		onCameras: async (settings) => {
			onCameras?.(settings);
			await takingUp;
			lists.push(settings.cameras.map(({ id }) => id));
		},
	});
	return reload;
}

test("other cameras are taken up, the same ones are not", async () => {
	const settings = open(`cameras:\n${camera("door")}`);
	expect(await settings.reload()).toBe(true);
	expect(lists).toEqual([]);
	write(`cameras:\n${camera("yard")}${camera("door")}`);
	await Promise.all([settings.reload(), settings.reload()]);
	expect(lists).toEqual([["yard", "door"]]);
});

test("another password alone is a change, and is in no line of the log", async () => {
	const settings = open(`cameras:\n${camera("door", ", user: admin, password: old")}`);
	write(`cameras:\n${camera("door", `, user: admin, password: '${PASSWORD}'`)}`);
	await settings.reload();
	expect(lists).toEqual([["door"]]);
	expect(lines.join("\n")).not.toContain(PASSWORD);
});

test("a password in a file that others can read is warned of at each reload, until its mode is 600", async () => {
	const settings = open(`cameras:\n${camera("door", ", user: admin, password: old")}`);
	chmodSync(join(cwd, "vigia.yaml"), 0o644);
	await settings.reload();
	expect(lines).toEqual([expect.stringMatching(/^warn: vigia\.yaml holds passwords, .*: chmod 600 vigia\.yaml$/)]);
	chmodSync(join(cwd, "vigia.yaml"), 0o600);
	await settings.reload();
	expect(lines).toHaveLength(1);
});

test("a broken file is told with all that is wrong in it, and changes nothing", async () => {
	const settings = open(`cameras:\n${camera("door")}`);
	write(`prot: 1\ncameras:\n${camera("door", ", sub: x")}${camera("yard")}`);
	await settings.reload();
	expect(lists).toEqual([]);
	expect(lines).toHaveLength(1);
	expect(lines[0]).toContain("The changed settings are not used, and the old ones stay: 2 settings are not right.");
	expect(lines[0]).toContain("did you mean port?");
	write("cameras: [");
	expect(await settings.reload()).toBe(false);
	expect(lists).toEqual([]);
	expect(lines.at(-1)).toContain("this is not valid YAML");
});

test("what counts with the next start only is named, each time until then", async () => {
	const settings = open(`port: 8000\ncameras:\n${camera("door")}`);
	write(`port: 8001\nlog_level: debug\ncameras:\n${camera("door")}`);
	await settings.reload();
	expect(lines).toEqual(["warn: changed, and used from the next start on: PORT, LOG_LEVEL"]);
	expect(lists).toEqual([]);
});

test("a mistake of ours is told, and made with the same list again, not hidden", async () => {
	const settings = open(`cameras:\n${camera("door")}`, () => {
		throw new Error("ours");
	});
	write(`cameras:\n${camera("yard")}`);
	await settings.reload();
	await settings.reload();
	expect(lines).toEqual(Array(2).fill("error: the changed settings could not be taken up by our mistake"));
});

test("lists are taken up one after the other, and of many signals one waits, with the newest list", async () => {
	const settings = open(`cameras:\n${camera("door")}`);
	const { promise, resolve } = Promise.withResolvers<void>();
	takingUp = promise;
	write(`cameras:\n${camera("yard")}`);
	const first = settings.reload();
	await Promise.resolve();
	const later = Array.from({ length: 100 }, (_, index) => {
		write(`cameras:\n${camera(`gate${index}`)}`);
		return settings.reload();
	});
	expect(new Set(later).size).toBe(1);
	expect(lists).toEqual([]);
	resolve();
	await Promise.all([first, ...later]);
	expect(lists).toEqual([["yard"], ["gate99"]]);
});

test("after the end nothing is taken up", async () => {
	const settings = open(`cameras:\n${camera("door")}`);
	write(`cameras:\n${camera("yard")}`);
	const late = settings.reload();
	settings[Symbol.dispose]();
	await late;
	expect(lists).toEqual([]);
});

test("a file that is gone or empty takes no camera from the wall", async () => {
	const settings = open(`cameras:\n${camera("door")}`);
	rmSync(join(cwd, "vigia.yaml"));
	await settings.reload();
	write("");
	await settings.reload();
	expect(lists).toEqual([]);
	expect(lines).toHaveLength(2);
	expect(lines[1]).toContain("error: The settings' file is gone or empty, and the old settings stay");
	write("cameras: []");
	await settings.reload();
	expect(lists).toEqual([[]]);
});

test("a file that was not there may stay away", async () => {
	const settings = open(undefined);
	await settings.reload();
	expect(lines).toEqual([]);
	write(`cameras:\n${camera("door")}`);
	await settings.reload();
	expect(lists).toEqual([["door"]]);
});

test("a file that changes or appears is noticed, also when another one takes its place", {
	timeout: 30_000,
}, async () => {
	open(`cameras:\n${camera("door")}`).watch();
	// The watch notes how the file is now, with its first look.
	await vi.waitUntil(
		() => {
			write(`cameras:\n${camera("yard")}`);
			return lists.length > 0;
		},
		{ timeout: 20_000, interval: 1500 },
	);
	rmSync(join(cwd, "vigia.yaml"));
	write(`cameras:\n${camera("gate")}${camera("yard")}`);
	await vi.waitUntil(() => lists.at(-1)?.join() === "gate,yard", { timeout: 20_000 });
});
