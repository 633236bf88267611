import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { exposedFiles, remedyFor } from "./exposed-files.ts";

const PASSWORD = "p@ss:w#rd%/ñ";
const LOGIN = `CAM_IP=192.168.1.50\nCAM_USER=admin\nCAM_PASS=${PASSWORD}\n`;

let cwd: string;
beforeEach(() => {
	cwd = mkdtempSync(join(tmpdir(), "vigia-exposed-"));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

function write(name: string, text: string, mode: number): void {
	writeFileSync(join(cwd, name), text);
	chmodSync(join(cwd, name), mode);
}
const warnings = (argv: readonly string[] = []): string[] => exposedFiles({ argv, cwd, env: {} });

test.each([
	[0o644, "read it"],
	[0o640, "read it"],
	[0o604, "read it"],
	[0o620, "change it"],
	[0o602, "change it"],
	[0o666, "read and change it"],
])("a password that others get at (%o) is warned of once, with the command that mends it", (mode, can) => {
	write(".env", LOGIN, mode);
	expect(warnings()).toEqual([`.env holds passwords, and other users of this machine can ${can}: chmod 600 .env`]);
	expect(warnings().join("\n")).not.toContain(PASSWORD);
});

test("of a file for its owner alone nothing is said, nor of none", () => {
	expect(warnings()).toEqual([]);
	write(".env", LOGIN, 0o600);
	write("vigia.yaml", "cameras: [{host: 192.168.1.20, password: x}]\n", 0o400);
	expect(warnings()).toEqual([]);
});

test.each([
	["cameras: [{host: 192.168.1.20, user: a, password: '1234'}]", true],
	["cameras: [{url: 'rtsp://admin:a/b@192.168.1.20/1'}]", true],
	["cam_pass: x", true],
	["rtsp_pass: x", true],
	["go2rtc_url: 'http://a:b@192.168.1.5:1984'", true],
	["ice_servers: ['stun:a.example:3478', 'turn:u:p@a.example:3478']", true],
	["ice_servers: 'stun:a.example:3478'", false],
	["port: 8000\ncameras: [{url: 'rtsp://192.168.1.20/1', name: Password}]", false],
	["cameras: [", false],
	["- a list", false],
	["", false],
])("whether there is a secret in a vigia.yaml is seen: %j", (text, isSecret) => {
	write("vigia.yaml", text, 0o644);
	expect(warnings()).toHaveLength(isSecret ? 1 : 0);
});

test("the file of --config is looked at instead, and the command fits its name", () => {
	write("vigia.yaml", "cam_pass: x", 0o644);
	write("it's mine.yaml", "cam_pass: x", 0o644);
	expect(warnings(["--config", "it's mine.yaml"])).toEqual([
		expect.stringMatching(/^it's mine\.yaml holds .*: chmod 600 'it'\\''s mine\.yaml'$/),
	]);
});

test.each([
	["its own", { own: 1000, owner: 1000 }, "chmod 600 .env"],
	["another user's", { own: 1000, owner: 1234 }, "chown 1000 .env && chmod 600 .env"],
	["root's, whom nothing keeps out", { own: 0, owner: 1234 }, "chmod 600 .env"],
	[
		"another user's in its own folder of a container",
		{ own: 1000, owner: 0, isInContainer: true },
		"on the machine itself sudo chown 1000 .env && sudo chmod 600 .env; then docker compose up -d",
	],
	[
		"another user's, as is the folder of the container",
		{ own: 1001, owner: 1000, isInContainer: true },
		"VIGIA_UID=1000 and VIGIA_GID=100 in .env; on the machine itself sudo chown 1000 .env && sudo chmod 600 .env; then docker compose up -d",
	],
])("after the remedy the server still reads a file that is %s", (_, file, remedy) => {
	const given = { name: ".env", folder: { uid: 1000, gid: 100 }, isInContainer: false };
	expect(remedyFor({ ...given, ...file })).toBe(remedy);
});
