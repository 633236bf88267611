/** install-docker-chromeos.sh in a root of its own, with stand-ins for apt, curl and the rest. */
import { mkdirSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ScriptBench, type ScriptOptions, type ScriptResult } from "./support/script-bench.ts";

const BOOKWORM = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_CODENAME=bookworm\n';
const KEYRING = "root/etc/apt/keyrings/docker.asc";
const SOURCES = "root/etc/apt/sources.list.d/docker.sources";
/** What curl stands in for: the last argument is the address, the one behind --output the file. */
const CURL = [
	'while [ $# -gt 1 ]; do [ "$1" != --output ] || file=$2; shift; done',
	'case "$1" in',
	"*/gpg) echo '-----BEGIN PGP PUBLIC KEY BLOCK-----' >\"$file\";;",
	'*/Release) echo Suite >"$file";;',
	"*) exit 22;;",
	"esac",
];

let bench: ScriptBench;

beforeEach(async () => {
	bench = await ScriptBench.open(["install-docker-chromeos.sh"]);
	release(BOOKWORM);
	mkdirSync(`${bench.project}/root/etc/apt/sources.list.d`, { recursive: true });
	bench.stub("dpkg", "echo amd64");
	bench.stub("dpkg-query", 'case "$*" in *ca-certificates) echo installed;; *) exit 1;; esac');
	bench.stub("curl", ...CURL);
	bench.stub("sudo", 'exec "$@"');
	bench.stub("apt-get");
	bench.stub("usermod");
	bench.stub("systemctl");
	user("maria", "maria sudo");
});

afterEach(() => bench[Symbol.dispose]());

function release(text: string): void {
	bench.write("root/etc/os-release", text);
}

function user(name: string, groups: string, id = 1000): void {
	bench.stub("id", `case "$1" in -u) echo ${id};; -un) echo ${name};; -nG) echo ${groups};; esac`);
}

const install = async (options: ScriptOptions = {}): Promise<ScriptResult> =>
	await bench.run("install-docker-chromeos.sh", {
		...options,
		env: { LC_ALL: "C.UTF-8", DESTDIR: `${bench.project}/root`, ...options.env },
	});

const aptCalls = (): string[] => bench.calls.filter((call) => call.startsWith("apt-get"));

describe("on Debian", () => {
	test("it adds Docker's repository with a key for it alone, installs, and lets the user in", async () => {
		const { code, stdout, stderr } = await install();
		expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
		expect(bench.read(SOURCES)).toBe(
			[
				"Types: deb",
				"URIs: https://download.docker.com/linux/debian",
				"Suites: bookworm",
				"Components: stable",
				"Architectures: amd64",
				"Signed-By: /etc/apt/keyrings/docker.asc",
				"",
			].join("\n"),
		);
		expect(bench.read(KEYRING)).toContain("BEGIN PGP");
		expect([bench.mode(KEYRING), bench.mode(SOURCES)]).toEqual([0o644, 0o644]);
		expect(aptCalls()).toEqual([
			"apt-get update",
			"apt-get install -y docker-ce docker-ce-cli containerd.io docker-buildx-plugin docker-compose-plugin",
		]);
		expect(bench.calls).toContain("usermod -aG docker maria");
		expect(stdout).toContain("Shut down Linux");
		expect(stdout).toContain("bash quick-start.sh");
	});

	test("nothing is upgraded, removed or trusted for all of apt", async () => {
		await install();
		expect(bench.calls.join("\n")).not.toMatch(/upgrade|remove|purge|autoremove|apt-key|trusted/);
	});

	test("arm64 gets packages of its own", async () => {
		bench.stub("dpkg", "echo arm64");
		await install();
		expect(bench.read(SOURCES)).toContain("Architectures: arm64\n");
	});

	test("the release is taken as it is named", async () => {
		release('ID=ubuntu\nVERSION_CODENAME="noble"\n');
		await install();
		expect(bench.read(SOURCES)).toContain("URIs: https://download.docker.com/linux/ubuntu\nSuites: noble\n");
	});

	test("curl is installed first where it is missing", async () => {
		bench.stub("dpkg-query", "exit 1");
		await install();
		expect(aptCalls().slice(0, 2)).toEqual([
			"apt-get update",
			"apt-get install -y --no-install-recommends ca-certificates curl",
		]);
	});

	test("an old file of the same repository gives way, and is kept", async () => {
		bench.write("root/etc/apt/sources.list.d/docker.list", "deb [signed-by=/x.gpg] https://...\n");
		const { stdout } = await install();
		expect(bench.read("root/etc/apt/sources.list.d/docker.list")).toBeUndefined();
		expect(bench.read("root/etc/apt/sources.list.d/docker.list.save")).toContain("deb [signed-by");
		expect(stdout).toContain("docker.list.save");
	});

	test("as root, without sudo, there is no user to let in", async () => {
		user("root", "root", 0);
		bench.stub("sudo", "exit 1");
		const { code } = await install();
		expect(code).toBe(0);
		expect(bench.calls.join("\n")).not.toMatch(/^(sudo|usermod)/m);
	});

	test("by sudo the user behind it is let in", async () => {
		user("root", "root", 0);
		await install({ env: { SUDO_USER: "jose" } });
		expect(bench.calls).toContain("usermod -aG docker jose");
	});

	test("systemd is told to start it, where there is systemd", async () => {
		await install();
		expect(bench.calls).not.toContain("systemctl enable --now docker");
		mkdirSync(`${bench.project}/root/run/systemd/system`, { recursive: true });
		await install();
		expect(bench.calls).toContain("systemctl enable --now docker");
	});

	test("on ChromeOS it says which ports to forward", async () => {
		expect((await install()).stdout).not.toContain("UDP 8555");
		bench.write("root/dev/.cros_milestone", "130");
		const { stdout } = await install({ env: { LC_ALL: "es_ES.UTF-8" } });
		expect(stdout).toContain("Redirección de puertos: TCP 8000 y UDP 8555");
		expect(stdout).toContain("Apagar Linux");
	});
});

test("where all is there already, nothing is done", async () => {
	bench.stub("docker");
	user("maria", "maria docker");
	const { code, stdout } = await install();
	expect(code).toBe(0);
	expect(stdout).toContain("installed already");
	expect(bench.calls.filter((call) => /^(sudo|apt-get|curl|usermod)/.test(call))).toEqual([]);
	expect(stdout).not.toContain("log in again");
});

test("Docker without compose is not all", async () => {
	bench.stub("docker", "exit 1");
	await install();
	expect(aptCalls()).toHaveLength(2);
});

test("a second run leaves the files as they are", async () => {
	await install();
	bench.forgetCalls();
	await install();
	expect(bench.calls.filter((call) => call.includes("docker.sources"))).toEqual([]);
});

describe("it changes nothing and says why", () => {
	test.each([
		["no Debian", "ID=fedora\nVERSION_CODENAME=\n", "for Debian and Ubuntu"],
		["a release without a name", "ID=debian\n", "has no name"],
	])("on %s", async (_what, text, message) => {
		release(text);
		const { code, stderr } = await install();
		expect(code).toBe(1);
		expect(stderr).toContain(message);
	});

	test("on a processor that has no image", async () => {
		bench.stub("dpkg", "echo armhf");
		const { code, stderr } = await install();
		expect(code).toBe(1);
		expect(stderr).toContain("this machine is armhf");
	});

	test("for a release that Docker does not know", async () => {
		release("ID=debian\nVERSION_CODENAME=sid\n");
		bench.stub("curl", "exit 22");
		const { code, stderr } = await install({ env: { LC_ALL: "es_ES.UTF-8" } });
		expect(code).toBe(1);
		expect(stderr).toContain("no tiene paquetes para debian sid");
	});

	test("beside packages of the distribution's own Docker", async () => {
		bench.stub(
			"dpkg-query",
			'case "$*" in *docker.io | *docker-compose | *ca-certificates) echo installed;; *) exit 1;; esac',
		);
		const { code, stderr } = await install();
		expect(code).toBe(1);
		expect(stderr).toContain("sudo apt-get remove docker.io docker-compose");
	});

	test("when something else than the key comes", async () => {
		bench.stub("curl", 'while [ $# -gt 1 ]; do [ "$1" != --output ] || file=$2; shift; done; echo "<html>" >"$file"');
		const { code, stderr } = await install();
		expect(code).toBe(1);
		expect(stderr).toContain("not Docker's key");
	});

	test("when another's key comes", async () => {
		bench.stub("gpg", "echo fpr:::::::::0000000000000000000000000000000000000000:");
		const { code, stderr } = await install();
		expect(code).toBe(1);
		expect(stderr).toContain("not the one Docker signs with");
	});

	test("without root and without sudo", async () => {
		using bare = await ScriptBench.open(["install-docker-chromeos.sh"]);
		bare.write("root/etc/os-release", BOOKWORM);
		bare.stub("dpkg", "echo amd64");
		bare.stub("id", "echo 1000");
		const env = { LC_ALL: "C", DESTDIR: `${bare.project}/root` };
		const { code, stderr } = await bare.run("install-docker-chromeos.sh", { env });
		expect(code).toBe(1);
		expect(stderr).toContain("Run this as root, or install sudo.");
	});

	afterEach(() => {
		expect(bench.read(SOURCES)).toBeUndefined();
		expect(bench.read(KEYRING)).toBeUndefined();
		expect(aptCalls()).toEqual([]);
	});
});

test.each([
	["C", "Usage: bash install-docker-chromeos.sh"],
	["es_CL.UTF-8", "Uso: bash install-docker-chromeos.sh"],
])("--help in the language of %s", async (locale, text) => {
	const { code, stdout } = await install({ args: ["--help"], env: { LC_ALL: locale } });
	expect(code).toBe(0);
	expect(stdout).toContain(text);
	expect(bench.calls).toEqual([]);
});

test("an argument that it does not know shows the usage, and fails", async () => {
	expect((await install({ args: ["-y"] })).code).toBe(64);
});
