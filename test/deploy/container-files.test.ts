/** What Dockerfile and compose files promise, without an engine: it is read, and given to linters where they are. */
import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { ROOT } from "../../scripts/run.ts";
import { isInContainer } from "../../server/src/platform/container.ts";

const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");
const is = (program: string, ...args: string[]): boolean => spawnSync(program, args, { stdio: "ignore" }).status === 0;

const COMPOSE_FILES = ["docker-compose.yml", ...globSync("deploy/compose.*.yml", { cwd: ROOT }).toSorted()];
const SHELL_SCRIPTS = globSync(["*.sh", "test/deploy/**/*.sh"], { cwd: ROOT }).toSorted();

/** The Dockerfile's instructions, their continued lines joined, without comments. */
const instructions = read("Dockerfile")
	.replace(/^\s*#.*\n/gm, "")
	.replace(/\\\n\s*/g, "")
	.split("\n")
	.filter((line) => line !== "");
const lastStage = instructions.slice(instructions.findLastIndex((line) => line.startsWith("FROM")));

describe("the Dockerfile", () => {
	test("has the version of the package", () => {
		expect(instructions).toContain(`ARG VERSION=${packageJson.version}`);
	});

	test("copies what there is, and lets all of it past .dockerignore", () => {
		const allowed = read(".dockerignore").match(/(?<=^!).*/gm) ?? [];
		const sources = instructions.flatMap((line) => (/^COPY (?!--from)/.test(line) ? line.split(" ").slice(1, -1) : []));
		expect(sources.length).toBeGreaterThan(10);
		for (const source of sources) {
			expect(globSync(source, { cwd: ROOT }), source).toHaveLength(1);
			expect(
				allowed.some((name) => source === name || source.startsWith(`${name}/`)),
				source,
			).toBe(true);
		}
	});

	test("tells npm about every workspace, in each stage that installs", () => {
		const manifests = globSync(
			packageJson.workspaces.map((workspace) => `${workspace}/package.json`),
			{ cwd: ROOT },
		);
		expect(manifests.length).toBeGreaterThan(5);
		for (const manifest of manifests) {
			expect(
				instructions.filter((line) => line.startsWith(`COPY ${manifest} `)),
				manifest,
			).toHaveLength(2);
		}
	});

	test("ends as a user that is not root, which is process 1 itself and is checked without a shell", () => {
		expect(lastStage.filter((line) => line.startsWith("USER"))).toEqual(["USER 1000:1000"]);
		expect(lastStage).toContain('ENTRYPOINT ["node", "/app/server/src/cli.ts"]');
		expect(lastStage).toContain("STOPSIGNAL SIGTERM");
		expect(lastStage.some((line) => /^HEALTHCHECK .* CMD \["node", /.test(line))).toBe(true);
		// Nothing runs in it, so that an image for another processor needs no emulation here.
		expect(lastStage.some((line) => line.startsWith("RUN"))).toBe(false);
	});

	test("tells the server that it is in a container", () => {
		const set = lastStage.filter((line) => line.startsWith("ENV ")).join(" ");
		expect(/\bVIGIA_CONTAINER=(\S*)/.exec(set)?.[1]).toBe("1");
		expect(isInContainer({ VIGIA_CONTAINER: "1" })).toBe(true);
		expect(isInContainer({})).toBe(false);
	});

	test("knows no secret", () => {
		for (const line of instructions.filter((each) => /^(ARG|ENV)/.test(each))) {
			expect(line).not.toMatch(/PASS|SECRET|TOKEN|CAM_|KEY/i);
		}
		const ignored = read(".dockerignore").split("\n");
		expect(ignored.find((line) => line !== "" && !line.startsWith("#"))).toBe("*");
		// Behind what is let in: the last rule that fits counts.
		const lastAllowed = ignored.findLastIndex((line) => line.startsWith("!"));
		for (const rule of ["**/.env*", "**/vigia.yaml", "**/node_modules"]) {
			expect(ignored.indexOf(rule), rule).toBeGreaterThan(lastAllowed);
		}
	});

	test("builds into FFmpeg all that the server asks of it", () => {
		const enabled = instructions.join(" ");
		const parts = (kind: string): string[] =>
			[...enabled.matchAll(new RegExp(`--enable-${kind}=(\\S+)`, "g"))].flatMap(([, list = ""]) => list.split(","));
		const sources = globSync("server/src/{transcode,outputs}/**/*.ts", {
			cwd: ROOT,
			exclude: ["**/*.test.ts", "**/testing/**"],
		})
			.map(read)
			.join("\n");
		const used = (pattern: RegExp): string[] => [...sources.matchAll(pattern)].map(([, name = ""]) => name);
		const formats = used(/"-f",\s*"(\w+)"/g);
		expect(formats).toContain("matroska");
		expect([...parts("demuxer"), ...parts("muxer"), ...parts("indev")]).toEqual(expect.arrayContaining(formats));
		const encoders = used(/"-c:[av]",\s*"(\w+)"/g);
		expect(encoders).toEqual(expect.arrayContaining(["libopus", "aac", "mjpeg"]));
		expect(parts("encoder")).toEqual(expect.arrayContaining([...encoders, "libx264"]));
		// They stand in templates, with their options.
		const filters = ["color", "format", "scale", "select"].filter((name) => sources.includes(`${name}=`));
		expect(filters).toHaveLength(4);
		expect(parts("filter")).toEqual(expect.arrayContaining(filters));
	});
});

interface Service {
	readonly env_file?: unknown;
	readonly environment?: Readonly<Record<string, unknown>>;
	readonly read_only?: boolean;
	readonly tmpfs?: readonly string[];
	readonly cap_drop?: readonly string[];
	readonly security_opt?: readonly string[];
	readonly restart?: string;
	readonly ports?: readonly string[];
	readonly logging?: unknown;
	readonly user?: string;
	readonly image?: string;
	readonly volumes?: readonly (string | { readonly source: string })[];
}

function services(file: string): Readonly<Record<string, Service>> {
	// It is a dependency of the server's.
	const { parse } = createRequire(join(ROOT, "server/package.json"))("yaml") as { parse: (text: string) => unknown };
	return (parse(read(file).replace(/!(reset|override)/g, "")) as { services: Record<string, Service> }).services;
}

describe("the compose files", () => {
	test("publish the page and the media, restart, limit the log, and run without any privilege", () => {
		expect(services("docker-compose.yml").vigia).toMatchObject({
			ports: [
				"${VIGIA_BIND:-0.0.0.0}:${PORT:-8000}:${PORT:-8000}/tcp",
				"${WEBRTC_PORT:-8555}:${WEBRTC_PORT:-8555}/udp",
			],
			restart: "unless-stopped",
			logging: { driver: "json-file", options: { "max-size": "10m", "max-file": "3" } },
			read_only: true,
			cap_drop: ["ALL"],
			security_opt: ["no-new-privileges:true"],
			user: "${VIGIA_UID:-1000}:${VIGIA_GID:-1000}",
		});
	});

	test("leave one place to write in the read-only file system, which has an end", () => {
		const { tmpfs = [] } = services("docker-compose.yml").vigia ?? {};
		expect(tmpfs).toHaveLength(1);
		expect(tmpfs[0]).toMatch(/^\/tmp:(.*,)?size=\d+m/);
	});

	test.each(COMPOSE_FILES)("%s puts no secret where docker inspect shows it", (file) => {
		for (const { env_file: envFile, environment = {} } of Object.values(services(file))) {
			expect(envFile).toBeUndefined();
			const names = Object.keys(environment);
			expect(
				names.filter(
					(name) => !["PORT", "WEBRTC_PORT", "HOST", "TRUST_PROXY", "VIGIA_SITE", "VIGIA_UPSTREAM"].includes(name),
				),
			).toEqual([]);
		}
		expect(read(file).replace(/^\s*#.*$/gm, "")).not.toMatch(/_PASS|ICE_SERVERS|password/i);
	});

	test.each(COMPOSE_FILES.slice(1))("%s limits its own containers too, and mounts files that there are", (file) => {
		for (const [name, service] of Object.entries(services(file))) {
			if (name === "vigia") continue;
			expect(service).toMatchObject({ restart: "unless-stopped", read_only: true, logging: { driver: "json-file" } });
			expect(service.image).toMatch(/^[a-z/]+:\d/);
			for (const volume of service.volumes ?? []) {
				if (typeof volume === "string" || /certs$|turnserver\.conf$/.test(volume.source)) continue;
				expect(globSync(volume.source, { cwd: ROOT }), volume.source).toHaveLength(1);
			}
		}
	});
});

describe("what linters say where they are installed", () => {
	const SHELLCHECK = is("shellcheck", "--version");
	const HADOLINT = is("hadolint", "--version");
	const SYSTEMD = is("systemd-analyze", "--version");
	const CADDY = is("caddy", "version");
	for (const [name, there] of Object.entries({ SHELLCHECK, HADOLINT, SYSTEMD, CADDY })) {
		if (!there) console.log(`SKIPPED: ${name.toLowerCase()} is not installed`);
	}

	test.skipIf(!SHELLCHECK)("shellcheck finds nothing in the scripts", () => {
		const { status, stdout } = spawnSync("shellcheck", ["-x", ...SHELL_SCRIPTS, "bin/vigia", "bin/link-node"], {
			cwd: ROOT,
			encoding: "utf8",
		});
		expect(stdout).toBe("");
		expect(status).toBe(0);
	});

	test.skipIf(!HADOLINT)("hadolint finds nothing in the Dockerfile", () => {
		const { stdout } = spawnSync("hadolint", ["Dockerfile"], { cwd: ROOT, encoding: "utf8" });
		expect(stdout).toBe("");
	});

	test.skipIf(!SYSTEMD)("systemd knows every line of the unit, and takes it for well guarded", () => {
		const unit = "deploy/systemd/vigia.service";
		const { stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", unit], { cwd: ROOT, encoding: "utf8" });
		const found = stderr.split("\n").filter((line) => line !== "" && !line.includes("is not executable"));
		expect(found).toEqual([]);
		const args = ["security", "--offline=true", "--threshold=20", unit];
		expect(spawnSync("systemd-analyze", args, { cwd: ROOT, encoding: "utf8" }).status).toBe(0);
	});

	test.skipIf(!CADDY)("caddy takes its configuration", () => {
		const args = ["validate", "--adapter", "caddyfile", "--config", "deploy/caddy/Caddyfile"];
		const { status, stderr } = spawnSync("caddy", args, { cwd: ROOT, encoding: "utf8" });
		expect(status, stderr).toBe(0);
	});
});
