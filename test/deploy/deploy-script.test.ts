/** deploy.sh with a stand-in for Docker. */
import { mkdirSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { ScriptBench, type ScriptOptions, type ScriptResult } from "./support/script-bench.ts";

const { version } = packageJson;
const BUILDX =
	'buildx inspect vigia --bootstrap") echo "Platforms: linux/amd64*, linux/amd64/v2, linux/arm64, linux/386";;';

let bench: ScriptBench;

beforeEach(async () => {
	bench = await ScriptBench.open(["deploy.sh", "package.json"]);
	bench.stub("git", 'case "$*" in "rev-parse HEAD") echo 0123abc;; esac');
	bench.stub("docker", 'case "$*" in "buildx version") exit 1;; esac');
	mkdirSync(bench.path("home/.docker"));
	logIn();
});

afterEach(() => bench[Symbol.dispose]());

/** As `docker login` leaves it; the secret may be kept elsewhere. */
function logIn(auths: unknown = { "https://index.docker.io/v1/": {} }): void {
	writeFileSync(bench.path("home/.docker/config.json"), JSON.stringify({ auths, credsStore: "desktop" }));
}

const deploy = async (args: string[] = [], options: ScriptOptions = {}): Promise<ScriptResult> =>
	await bench.run("deploy.sh", { args, ...options, env: { LC_ALL: "C.UTF-8", ...options.env } });

/** Calls of Docker that change something. */
const dockerCalls = (): string[] =>
	bench.calls.filter((call) => /^docker (build |buildx build|push|tag|login)/.test(call));

const buildArguments = `--build-arg VERSION=${version} --build-arg REVISION=0123abc`;

test("without a user it builds, and tags with the version and latest", async () => {
	const { code, stdout } = await deploy();
	expect(code).toBe(0);
	expect(dockerCalls()).toEqual([`docker build ${buildArguments} --tag vigia:${version} --tag vigia:latest .`]);
	expect(stdout).toContain("To push it: ./deploy.sh <dockerhub-user>");
});

describe("with a Docker Hub user", () => {
	test("and buildx it pushes for both processors at once", async () => {
		bench.stub("docker", `case "$*" in "${BUILDX} esac`);
		const { code, stdout } = await deploy(["maria"]);
		expect(code).toBe(0);
		expect(dockerCalls()).toEqual([
			`docker buildx build --builder vigia --platform linux/amd64,linux/arm64 ${buildArguments} --tag maria/vigia:${version} --tag maria/vigia:latest --push .`,
		]);
		expect(bench.calls.join("\n")).not.toContain("buildx create");
		expect(stdout).toContain(`VIGIA_IMAGE=maria/vigia:${version}`);
	});

	test("and no builder yet it makes one", async () => {
		bench.stub("docker", `case "$*" in "buildx inspect vigia") exit 1;; "${BUILDX} esac`);
		expect((await deploy(["maria"])).code).toBe(0);
		expect(bench.calls).toContain("docker buildx create --name vigia --driver docker-container");
	});

	test("and a machine that builds for one processor it pushes for this one, and says so", async () => {
		bench.stub(
			"docker",
			'case "$*" in "buildx inspect vigia --bootstrap") echo "Platforms: linux/amd64, linux/386";; esac',
		);
		const { code, stdout } = await deploy(["maria"]);
		expect(code).toBe(0);
		expect(stdout).toContain("Only for linux/amd64");
		expect(dockerCalls()[0]).toContain("--platform linux/amd64 ");
	});

	test("and no buildx it builds and pushes one tag after the other", async () => {
		const { code, stdout } = await deploy(["maria"], { env: { LC_ALL: "es_ES.UTF-8" } });
		expect(code).toBe(0);
		expect(dockerCalls()).toEqual([
			`docker build ${buildArguments} --tag maria/vigia:${version} --tag maria/vigia:latest .`,
			`docker push maria/vigia:${version}`,
			"docker push maria/vigia:latest",
		]);
		expect(stdout).toContain("Docker no tiene buildx");
	});

	test("and changes that are not committed it says that they are in the image", async () => {
		bench.stub("git", 'case "$1" in status) echo " M server/src/main.ts";; esac');
		expect((await deploy(["maria"])).stdout).toContain("not committed");
	});

	test.each([[{}], [{ "ghcr.io": {} }]])(
		"who is not logged in (%j) is told how, before anything is built",
		async (auths) => {
			logIn(auths);
			const { code, stderr } = await deploy(["maria"]);
			expect(code).toBe(1);
			expect(stderr).toContain("docker login -u maria");
			expect(dockerCalls()).toEqual([]);
		},
	);

	test("whose push fails nothing is said to be pushed", async () => {
		bench.stub("docker", 'case "$*" in "buildx version" | push*) exit 1;; esac');
		const { code, stdout } = await deploy(["maria"]);
		expect(code).not.toBe(0);
		expect(stdout).not.toContain("Pushed");
	});
});

test.each([["Maria"], ["maria/other"], ["maria:1"], [""], ["a b"], ["--push"], ["maria\nx"]])(
	"%j is no user of Docker Hub",
	async (user) => {
		expect((await deploy([user])).code).toBe(64);
		expect(dockerCalls()).toEqual([]);
	},
);

test("more than a user is not understood", async () => {
	expect((await deploy(["maria", "latest"])).code).toBe(64);
});

test("a machine without Docker is told where it comes from", async () => {
	using bare = await ScriptBench.open(["deploy.sh", "package.json"]);
	bare.stub("git");
	const { code, stderr } = await bare.run("deploy.sh", { env: { LC_ALL: "es" } });
	expect(code).toBe(1);
	expect(stderr).toContain("bash install-docker-chromeos.sh");
});

test("a Docker that does not answer is explained", async () => {
	bench.stub("docker", "exit 1");
	const { code, stderr } = await deploy(["maria"]);
	expect(code).toBe(1);
	expect(stderr).toContain("sudo systemctl start docker");
	expect(dockerCalls()).toEqual([]);
});

test.each([
	["C", "Usage: ./deploy.sh"],
	["es_AR.UTF-8", "Uso: ./deploy.sh"],
])("--help in the language of %s", async (locale, text) => {
	const { code, stdout } = await deploy(["--help"], { env: { LC_ALL: locale } });
	expect(code).toBe(0);
	expect(stdout).toContain(text);
	expect(bench.calls).toEqual([]);
});
