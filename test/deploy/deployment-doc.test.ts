/**
 * DEPLOYMENT.md in both languages: blocks that are marked as tested are run, in a folder like a user's; those marked as
 * tried stand in the trial that they name; of all of them the files, npm scripts and settings that they name are there.
 */
import { spawnSync } from "node:child_process";
import {
	existsSync,
	globSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { get as getHttp, type IncomingMessage } from "node:http";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { type CameraSim, startCameraSim } from "@vigia/camera-sim";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { ROOT } from "../../scripts/run.ts";
import { loadSettings } from "../../server/src/config/load.ts";
import { settingsSchema } from "../../server/src/config/schema.ts";
import { Child } from "../support/child.ts";
import { eventually } from "../support/eventually.ts";
import { NGINX_IS_THERE, startNginx } from "../support/nginx.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";

const LANGUAGES = [
	{ file: "DEPLOYMENT.md", tested: "# tested", tried: "# tried in ", untested: "# not executed in our tests" },
	{
		file: "DEPLOYMENT.es.md",
		tested: "# probado",
		tried: "# ensayado en ",
		untested: "# no se ejecuta en nuestras pruebas",
	},
];
/** Made by the reader, as the text says. */
const MADE_BY_HAND = ["deploy/coturn/turnserver.conf", "deploy/nginx/certs"];

interface Block {
	readonly language: string;
	readonly text: string;
}

const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");

function blocksOf(file: string): readonly Block[] {
	const found = read(file).matchAll(/^```(\w*)\n([^]*?)^```$/gm);
	return [...found].map(([, language = "", text = ""]) => ({ language, text }));
}

/** What both languages share: commands and settings, without words. */
const commandsOf = ({ language, text }: Block): string => `${language}\n${text.replace(/^\s*#.*\n/gm, "")}`;

let folder: string;
let sim: CameraSim;
let server: ServerProcess;

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "vigia-test-"));
	for (const name of readdirSync(ROOT)) {
		if (!name.startsWith(".")) symlinkSync(join(ROOT, name), join(folder, name));
	}
	sim = await startCameraSim({ count: 1 });
	const settings = {
		CAM_IP: "127.0.0.1",
		CAM_PORT: String(sim.port),
		TOTAL_CAMERAS: "1",
		CAM_USER: "a",
		CAM_PASS: "b",
	};
	writeFileSync(
		join(folder, ".env"),
		Object.entries(settings)
			.map(([name, value]) => `${name}=${value}\n`)
			.join(""),
	);
	const inputs = "inputs: [{ path: 'rtsp://192.0.2.1/stream1', roles: [record] }]";
	writeFileSync(join(folder, "frigate.yml"), `cameras:\n  yard:\n    ffmpeg:\n      ${inputs}\n`);
	server = await startServer(settings);
	await eventually("the camera is live", async () => (await server.cameras())[0]?.state === "live");
});

afterAll(async () => {
	await server?.[Symbol.asyncDispose]();
	await sim?.[Symbol.asyncDispose]();
	rmSync(folder, { recursive: true, force: true });
});

const isThere = (program: string): boolean =>
	spawnSync("sh", ["-c", `command -v ${program}`], { stdio: "ignore" }).status === 0;

/** The programs of other packages that a block begins its lines with. */
const PROGRAMS = ["curl", "openssl", "systemd-analyze", "tar"];

/** Where a person has to choose, a trial has chosen. */
const CHOSEN_BY_HAND = /<\w+>|^nano /;

describe.each(LANGUAGES)("$file", ({ file, tested, tried, untested }) => {
	const text = read(file);
	const blocks = blocksOf(file);
	const shell = blocks.filter(({ language }) => language === "sh");
	const run = shell.filter((block) => block.text.startsWith(`${tested}\n`));

	const walked = shell.filter((block) => block.text.startsWith(tried));

	test("says of every block of commands whether it is tested", () => {
		expect(shell.length).toBeGreaterThan(10);
		expect(run.length).toBeGreaterThan(4);
		const marked = [...run, ...walked];
		expect(shell.filter((block) => !marked.includes(block) && !block.text.startsWith(untested))).toEqual([]);
	});

	test("calls tried what the trial does", () => {
		expect(walked.length).toBeGreaterThan(3);
		for (const { text: block } of walked) {
			const [mark = "", ...lines] = block.trimEnd().split("\n");
			const trial = read(mark.slice(tried.length));
			const commands = lines.flatMap((line) => line.split(" && ")).map((each) => each.replace(/^sudo /, ""));
			const missing = commands.filter((command) => !CHOSEN_BY_HAND.test(command) && !trial.includes(command));
			expect(missing).toEqual([]);
		}
	});

	// Those of the other language are the same: see the last test.
	test.each((file === "DEPLOYMENT.md" ? run : []).map((block) => [block.text.split("\n")[1] as string, block.text]))(
		"runs: %s",
		async (_line, commands) => {
			const missing = PROGRAMS.filter((program) => new RegExp(`\\b${program} `).test(commands) && !isThere(program));
			if (missing.length > 0) return console.log(`SKIPPED: ${missing.join(" and ")} is not installed`);
			const script = commands.replaceAll("http://localhost:8000", server.url);
			const env = { PATH: process.env.PATH, LC_ALL: "C.UTF-8" };
			await using child = new Child("bash", ["-e", "-c", script], { cwd: folder, env });
			const code = await child.exited;
			// A probe ends with 1 where there is a picture with a remark.
			expect([0, script.includes(" probe ") ? 1 : 0], child.output).toContain(code);
		},
	);

	test("has settings that are right", () => {
		const settings = blocks.filter(({ language }) => language === "dotenv");
		expect(settings.length).toBeGreaterThan(5);
		for (const { text: dotEnv } of settings) {
			const cwd = mkdtempSync(join(folder, "settings-"));
			writeFileSync(join(cwd, ".env"), dotEnv);
			expect(loadSettings({ argv: [], env: {}, cwd }), dotEnv).toMatchObject({ type: "settings", warnings: [] });
		}
	});

	test("names settings that there are", () => {
		const compose = ["docker-compose.yml", "deploy/compose.caddy.yml"].map(read).join("\n");
		const names = [...text.matchAll(/(?<![\w-])[A-Z][A-Z0-9]*_[A-Z0-9_]+(?![\w-])/g)].map(([name]) => name);
		const known = Object.keys(settingsSchema.shape);
		expect(names.length).toBeGreaterThan(10);
		const ofCompose = (name: string): boolean => name === "COMPOSE_FILE" || compose.includes(`\${${name}:`);
		expect(names.filter((name) => !known.includes(name) && !ofCompose(name))).toEqual([]);
	});

	// Given by -f, they would be gone with the next plain `docker compose up -d`, and with a proxy's file its protection.
	test("keeps the variants in .env, by files that there are", () => {
		const lists = [...text.matchAll(/^COMPOSE_FILE=(.*)$/gm)].map(([, list = ""]) => list.split(":"));
		expect(lists.length).toBeGreaterThan(3);
		expect(lists.filter(([first]) => first !== "docker-compose.yml")).toEqual([]);
		expect(lists.flat().filter((name) => !existsSync(join(ROOT, name)))).toEqual([]);
		const ownCompose = ["docker-compose.yml", ...globSync("deploy/compose.*.yml", { cwd: ROOT })].map(read);
		expect([text, ...ownCompose].join("\n")).not.toMatch(/docker compose (-\S+ )*-f/);
	});

	test("names files, npm scripts and headings that there are", () => {
		const files = text.matchAll(
			/(?<![\w/:.-])((?:bin|deploy|docs|server|test)\/[\w./-]*\w|[\w-]+\.sh|docker-compose\.yml)/g,
		);
		const missing = [...files].map(([name]) => name).filter((name) => !existsSync(join(ROOT, name)));
		expect(missing.filter((name) => !MADE_BY_HAND.includes(name))).toEqual([]);
		const scripts = [...text.matchAll(/npm run ([\w:]+)/g)].map(([, name = ""]) => name);
		expect(scripts.length).toBeGreaterThan(3);
		expect(scripts.filter((name) => !Object.hasOwn(packageJson.scripts, name))).toEqual([]);
		const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
			heading
				.toLowerCase()
				.replace(/[^\p{L}\p{N} -]/gu, "")
				.replaceAll(" ", "-"),
		);
		const links = [...text.matchAll(/\]\(#([^)]+)\)/g)].map(([, link = ""]) => link);
		expect(links.filter((link) => !headings.includes(link))).toEqual([]);
	});

	test.skipIf(!NGINX_IS_THERE)("has lines that nginx takes", () => {
		const locations = blocks.filter(({ language }) => language === "nginx");
		expect(locations).toHaveLength(2);
		for (const { text: location } of locations) {
			const prefix = mkdtempSync(join(folder, "nginx-"));
			mkdirSync(join(prefix, "logs"));
			const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${name};`);
			const server = `server { listen 127.0.0.1:65000; ${location} }`;
			const http = `pid nginx.pid; events {} http { access_log off; ${paths.join(" ")} ${server} }`;
			writeFileSync(join(prefix, "nginx.conf"), http);
			const args = ["-t", "-p", prefix, "-c", join(prefix, "nginx.conf"), "-e", "logs/error.log"];
			const { status, stderr } = spawnSync("nginx", args, { encoding: "utf8" });
			expect(status, stderr).toBe(0);
		}
	});
});

/** Of this machine, where it has one besides loopback: whoever comes by it is somebody else in the network. */
const [outer] = Object.values(networkInterfaces())
	.flatMap((all) => all ?? [])
	.filter(({ family, internal }) => family === "IPv4" && !internal);
if (!outer) console.log("SKIPPED: no address but loopback, so nginx is asked at that alone");

// Both languages have the same ones: see the last test.
test
	.skipIf(!NGINX_IS_THERE)
	.each(blocksOf("DEPLOYMENT.md").flatMap(({ language, text }) => (language === "nginx" ? [text] : [])))(
	"whoever comes by this proxy is not taken for the machine itself: %s",
	async (written) => {
		const location = written.replaceAll("http://127.0.0.1:8000", server.url);
		expect(location).toContain(server.url);
		await using nginx = await startNginx({ upstream: server.url, location, host: "0.0.0.0" });
		const path = /^location (\S*)/.exec(written)?.[1] ?? "/";
		for (const address of ["127.0.0.1", ...(outer ? [outer.address] : [])]) {
			for (const host of ["localhost", "localhost:8000", "127.0.0.1:8000", "cctv.example"]) {
				const url = `${nginx.url.replace("127.0.0.1", address)}${path}api/settings/access`;
				expect([address, host, await getJson(url, host)]).toEqual([address, host, { allowed: false }]);
			}
		}
	},
);

/** `fetch` asks for no other name than that of the address. */
async function getJson(url: string, host: string): Promise<unknown> {
	const response = await new Promise<IncomingMessage>((resolve, reject) => {
		getHttp(url, { agent: false, headers: { host } }, resolve).on("error", reject);
	});
	return await json(response);
}

// As the page and the command line do.
test.each(["DEPLOYMENT.es.md", "quick-start.sh", "deploy.sh", "install-docker-chromeos.sh"])(
	"%s says usted in Spanish",
	(file) => {
		const familiar = /(?<!\p{L})(?:tú|tus?|tuy[oa]s?|ti|contigo|puedes|tienes|quieres|haz|pon|ponlo)(?!\p{L})/giu;
		const prose = read(file).replace(/`[^`]*`/g, "");
		expect(prose.match(familiar)).toBeNull();
	},
);

test("both languages have the same commands and settings", () => {
	const [english = [], spanish = []] = LANGUAGES.map(({ file }) => blocksOf(file).map(commandsOf));
	expect(spanish).toEqual(english);
});
