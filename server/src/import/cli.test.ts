import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { EXIT_CODES, importCommand } from "./cli.ts";

const PASSWORD = "p@ss:w#rd%/ñ";
const GO2RTC = `streams:
  gate: rtsp://admin:${encodeURIComponent(PASSWORD)}@192.168.1.20/main
  gate_sub: rtsp://admin:${encodeURIComponent(PASSWORD)}@192.168.1.20/sub
  toy: ffmpeg:toy.mp4
`;

let cwd: string;
let out: string;
let error: string;
const run = (...args: string[]): number => {
	out = error = "";
	return importCommand(args, {
		env: {},
		cwd,
		out: (text) => (out += text),
		error: (text) => (error += text),
	});
};
const yaml = (): string => readFileSync(join(cwd, "vigia.yaml"), "utf8");

beforeEach(() => {
	cwd = mkdtempSync(join(tmpdir(), "vigia-import-"));
	writeFileSync(join(cwd, "go2rtc.yaml"), GO2RTC);
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

test("the cameras are written to vigia.yaml, which its owner alone reads, and what was left out is said", () => {
	expect(run("go2rtc.yaml")).toBe(EXIT_CODES.done);
	expect(out).toContain("Added to vigia.yaml: gate");
	expect(error).toContain("toy");
	expect(out + error).not.toContain(PASSWORD);
	expect(statSync(join(cwd, "vigia.yaml")).mode & 0o777).toBe(0o600);
	expect(yaml()).toContain(`password: '${PASSWORD}'`);
	expect(yaml()).toContain("main: rtsp://192.168.1.20/main");
});

test("what is there stays, with its comments, and is not added a second time", () => {
	writeFileSync(join(cwd, "vigia.yaml"), "cameras:\n  # The old one.\n  - url: rtsp://192.168.1.9/1\n");
	expect(run("go2rtc.yaml")).toBe(EXIT_CODES.done);
	expect(yaml()).toContain("# The old one.");
	const before = yaml();
	expect(run("go2rtc.yaml", "--lang", "es")).toBe(EXIT_CODES.failed);
	expect(out).toContain("Ya estaban");
	expect(yaml()).toBe(before);
});

test.each([
	["has its login in its address", `url: rtsp://viewer:${encodeURIComponent("other")}@192.168.1.20/sub`],
	["is given by host and template", "host: 192.168.1.20\n    template: /{main|sub}"],
	["has the large stream only", "url: rtsp://192.168.1.20:554/main"],
])("a camera that %s is known again, by its own id", (_, place) => {
	writeFileSync(join(cwd, "vigia.yaml"), `cameras:\n  - id: door\n    ${place}\n`);
	const before = yaml();
	expect(run("go2rtc.yaml")).toBe(EXIT_CODES.failed);
	expect(out).toContain("not added again: door\n");
	expect(yaml()).toBe(before);
});

test("a recorder's channel in .env is known again", () => {
	writeFileSync(join(cwd, ".env"), "CAM_IP=192.168.1.20\nCAM_TEMPLATE=/{main|sub}\nTOTAL_CAMERAS=1\n");
	expect(run("go2rtc.yaml")).toBe(EXIT_CODES.failed);
	expect(out).toContain("not added again: cam1\n");
});

test("a dry run says what would be, and writes nothing", () => {
	expect(run("go2rtc.yaml", "--dry-run")).toBe(EXIT_CODES.done);
	expect(out).toContain("Would be added");
	expect(() => yaml()).toThrow("ENOENT");
});

test("another file takes them with --config", () => {
	expect(run("go2rtc.yaml", "--config", "cams.yaml")).toBe(EXIT_CODES.done);
	expect(readFileSync(join(cwd, "cams.yaml"), "utf8")).toContain("id: gate");
});

test("what is wrong is said with the remedy", () => {
	expect([run(), error]).toEqual([EXIT_CODES.usage, expect.stringContaining("needs one file")]);
	expect([run("--nope", "go2rtc.yaml")]).toEqual([EXIT_CODES.usage]);
	expect([run("missing.yaml"), error]).toEqual([EXIT_CODES.failed, "missing.yaml cannot be read (ENOENT).\n"]);
	expect(run("--help")).toBe(EXIT_CODES.done);
	writeFileSync(join(cwd, "vigia.yaml"), "cameras: [");
	expect([run("go2rtc.yaml"), error]).toEqual([EXIT_CODES.failed, expect.stringContaining("mend it by hand")]);
});
