import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { probeReportSchema } from "@vigia/api";
import { type CameraSim, startCameraSim } from "@vigia/camera-sim";
import { headerOf } from "@vigia/rtsp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadSettings } from "../config/load.ts";
import { answerTo, type CameraScript, ScriptedCamera } from "../sources/testing/scripted-camera.ts";
import { type CliIo, EXIT_CODES, probeCommand } from "./cli.ts";

const PASSWORD = "p@ss:w#rd%/ñ";
let sim: CameraSim;
let cwd: string;

beforeAll(async () => {
	sim = await startCameraSim({ count: 2, credentials: { username: "admin", password: PASSWORD } });
	cwd = mkdtempSync(join(tmpdir(), "vigia-probe-"));
});
afterAll(async () => {
	rmSync(cwd, { recursive: true, force: true });
	await sim.close();
});

interface Outcome {
	readonly code: number;
	readonly out: string;
	readonly error: string;
}

/** Runs the command; none of its outputs may hold the password. */
async function run(
	args: readonly string[],
	{
		stdin = "",
		env = {},
		...more
	}: { stdin?: string; env?: NodeJS.ProcessEnv } & Pick<CliIo, "askHidden" | "signal" | "lookup"> = {},
) {
	let out = "";
	let error = "";
	const code = await probeCommand(args, {
		env,
		cwd,
		stdin: (async function* () {
			for (const character of stdin) yield Buffer.from(character);
			if (stdin !== "" && !stdin.endsWith("\n")) await new Promise(() => undefined);
		})(),
		out: (text) => (out += text),
		error: (text) => (error += text),
		...more,
	});
	expect(out + error).not.toMatch(/p@ss|w#rd/);
	return { code, out, error } satisfies Outcome;
}

const url = (channel: number, login = ""): string =>
	`rtsp://${login}127.0.0.1:${sim.port}/cam/realmonitor?channel=${channel}&subtype=1`;

describe("an address", () => {
	test("is probed with the password from standard input, and all is said in plain words", async () => {
		const { code, out, error } = await run([url(1), "--user", "admin", "--password-stdin", "--transport", "tcp"], {
			stdin: `${PASSWORD}\r\nmore\n`,
		});
		expect(error).toBe("");
		expect(out).toMatch(/^Result {10}good: no fault was found\nCamera {10}Vigia camera simulator\n/);
		expect(out).toMatch(
			/Video {11}H\.264 avc1\.42c016, 640x360, 1[456][.\d]* pictures\/s, \d+ kbit\/s, a key frame every 2 s/,
		);
		expect(code).toBe(EXIT_CODES.good);
	});

	test("may hold the password, which is warned of, and is answered as JSON", async () => {
		const { code, out, error } = await run([url(1, `admin:${PASSWORD}@`), "--seconds=1", "--json"]);
		expect(error).toContain("history");
		expect(probeReportSchema.parse(JSON.parse(out))).toMatchObject({ result: "good" });
		expect(code).toBe(0);
	});

	test("may hold the name, and the password is asked for where somebody types", async () => {
		const args = [url(1, "admin@"), "--password-stdin", "--seconds", "1"];
		const { code, error } = await run(args, { askHidden: async () => PASSWORD });
		expect(error).toBe("");
		expect(code).toBe(EXIT_CODES.good);
	});

	test("that gives no picture ends with its own exit code", async () => {
		const { code, out } = await run([url(9, `admin:${PASSWORD}@`), "--lang", "es"]);
		expect(out).toContain("La cámara no conoce este canal");
		expect(code).toBe(EXIT_CODES.failed);
	});
});

const nobody: CliIo["lookup"] = (name, _options, callback) => {
	callback(Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: "ENOTFOUND" }), "", 0);
};
const AUTH: CameraScript["auth"] = {
	offers: [{ scheme: "digest", realm: "r", nonce: "n", algorithm: "MD5" }],
	credentials: { username: "admin", password: PASSWORD },
};
const onlyAt = (path: string): CameraScript => ({
	answer: (request) => (request.target.includes(path) ? undefined : answerTo(request, "404 Not Found", [])),
});

describe("a host", () => {
	const login = ["--user", "admin", "--password-stdin"];

	test("is tried path by path, and what is found is probed, with the lines for the settings", async () => {
		const args = [`127.0.0.1:${sim.port}`, "--vendor", "Hikvision", "--channel", "2", ...login, "--seconds", "1"];
		const { code, out, error } = await run(args, { stdin: `${PASSWORD}\n` });
		expect(error.split("\n")).toEqual([
			`Trying rtsp://127.0.0.1:${sim.port}/Streaming/Channels/201`,
			`Trying rtsp://127.0.0.1:${sim.port}/h264/ch2/main/av_stream`,
			`Trying rtsp://127.0.0.1:${sim.port}/cam/realmonitor?channel=2&subtype=0`,
			`It answers like dahua, at port ${sim.port}. Looking at its streams...`,
			"",
		]);
		expect(out).toMatch(/^The stream for the grid: [^]*640x360[^]*\nThe main stream: [^]*1280x720/);
		const [, yaml = "", env = ""] = /vigia\.yaml[^\n]*\n\n([^]*?)\n\nOr this[^\n]*\n\n([^]*)$/.exec(out) ?? [];
		expect(yaml).toMatch(/template: dahua\n {4}channel: 2\n {4}user: admin\n {4}password: '\.\.\.'$/);
		const folder = mkdtempSync(join(cwd, "lines-"));
		const camerasOf = (file: string, text: string): unknown => {
			writeFileSync(join(folder, file), text);
			const loaded = loadSettings({ argv: [], env: {}, cwd: folder });
			rmSync(join(folder, file));
			return loaded.type === "settings" && loaded.settings.cameras.map(({ streams }) => streams);
		};
		const path = { scheme: "rtsp", host: "127.0.0.1", port: sim.port };
		const streams = {
			main: { ...path, path: "/cam/realmonitor?channel=2&subtype=0" },
			sub: { ...path, path: "/cam/realmonitor?channel=2&subtype=1" },
		};
		expect(camerasOf("vigia.yaml", yaml)).toEqual([streams]);
		expect(camerasOf(".env", env)).toEqual([streams]);
		expect(code).toBe(EXIT_CODES.good);
	});

	test("that refuses the password is asked no further, since cameras lock", async () => {
		await using camera = await ScriptedCamera.open({ auth: AUTH });
		const args = [`127.0.0.1:${camera.port}`, ...login, "--lang", "es"];
		const { code, out, error } = await run(args, { stdin: "wrong\n" });
		expect(camera.requests.filter((request) => headerOf(request, "authorization") !== undefined)).toHaveLength(1);
		expect(error).toBe(`Probando rtsp://127.0.0.1:${camera.port}/cam/realmonitor?channel=1&subtype=0\n`);
		expect(out).toContain("No se probó ninguna otra ruta con esta contraseña.");
		expect(out).toContain("se bloquean tras unas pocas");
		expect(out + error).not.toContain("wrong");
		expect(code).toBe(EXIT_CODES.failed);
		expect((await run([`127.0.0.1:${camera.port}`])).out).toContain("was given none");
	});

	test("with no path that is known is told what was tried and what to do", async () => {
		await using camera = await ScriptedCamera.open(onlyAt("/secret"));
		const { code, out } = await run([`127.0.0.1:${camera.port}`, "--vendor", "tapo"]);
		expect(out).toMatch(/Tried at port \d+: \/stream1 [^\n]*\/Streaming\/Channels\/101 /);
		expect(out).toContain("vigia probe rtsp://...");
		expect(code).toBe(EXIT_CODES.failed);
		const { out: json } = await run([`127.0.0.1:${camera.port}`, "--json"]);
		const { tried, ...failed } = JSON.parse(json) as { tried: string[] };
		expect(failed).toMatchObject({ failure: { code: "not-found" } });
		expect(tried).toContain(`rtsp://127.0.0.1:${camera.port}/stream1`);
	});

	test("with one stream only is written down by its address", async () => {
		await using camera = await ScriptedCamera.open(onlyAt("/live.sdp"));
		const { code, out } = await run([`localhost:${camera.port}`, "--vendor", "vivotek", "--seconds", "1"]);
		expect(out).toContain(`\n  - url: rtsp://localhost:${camera.port}/live.sdp\n`);
		expect(out).toContain(`\nCAMERA_1_URL=rtsp://localhost:${camera.port}/live.sdp\n`);
		expect(out).not.toMatch(/MAIN_URL|PASS|password/);
		expect(code).toBe(EXIT_CODES.works);
	});

	test("of which no stream plays gets no lines for the settings", async () => {
		await using camera = await ScriptedCamera.open({
			answer: (request) => (request.method === "SETUP" ? answerTo(request, "453 Not Enough Bandwidth", []) : undefined),
		});
		const { code, out } = await run([`127.0.0.1:${camera.port}`]);
		expect(out).toMatch(/^The stream for the grid: [^]*camera-full[^]*\nThe main stream: [^]*camera-full[^]*[^\n]\n$/);
		expect(out).not.toMatch(/vigia\.yaml|CAMERA_1/);
		expect(code).toBe(EXIT_CODES.failed);
	});

	test("where nothing listens is told with its port, and one of which nobody knows is not tried twice", async () => {
		const { code, out } = await run(["127.0.0.1:1"]);
		expect(out).toContain("put it behind the address: 127.0.0.1:8554");
		expect(code).toBe(EXIT_CODES.failed);
		const unknown = await run(["camera.lan"], { lookup: nobody });
		expect(unknown.error).toBe("Trying rtsp://camera.lan/cam/realmonitor?channel=1&subtype=0\n");
		expect(unknown.code).toBe(EXIT_CODES.failed);
	});

	test("that is being tried is left alone after Ctrl-C", async () => {
		const interrupt = new AbortController();
		await using camera = await ScriptedCamera.open({
			answer: (request) => {
				interrupt.abort();
				return answerTo(request, "404 Not Found", []);
			},
		});
		const { code, out, error } = await run([`127.0.0.1:${camera.port}`], { signal: interrupt.signal });
		expect({ code, out }).toEqual({ code: EXIT_CODES.interrupted, out: "" });
		expect(error.match(/Trying/g)).toHaveLength(1);
	});
});

describe("a camera of the settings", () => {
	test("is probed by its id, with its password, on the stream of the grid", async () => {
		writeFileSync(
			join(cwd, "cameras.yaml"),
			`cameras:\n  - id: door\n    url: ${url(1)}\n    main: ${url(1).replace("subtype=1", "subtype=0")}\n    user: admin\n    password: '${PASSWORD}'\n`,
		);
		const args = ["door", "--config", "cameras.yaml", "--json", "--seconds", "1"];
		expect(JSON.parse((await run(args)).out)).toMatchObject({ video: { width: 640 } });
		expect(JSON.parse((await run([...args, "--stream", "main"])).out)).toMatchObject({ video: { width: 1280 } });
	});

	test("that is not there, nor a device of that name, is told with those that are", async () => {
		const env = { CAMERA_1_URL: url(1), CAMERA_2_URL: url(2) };
		const { code, error } = await run(["cam7"], { env, lookup: nobody });
		expect(error).toContain("there are cam1, cam2");
		expect(code).toBe(EXIT_CODES.usage);
		expect((await run(["cam1"], { lookup: nobody })).error).toContain("there are none");
		expect((await run(["7"], { env })).error).toContain("there are cam1, cam2");
	});

	test("goes before a host of the same name", async () => {
		writeFileSync(join(cwd, "named.yaml"), "cameras:\n  - id: localhost\n    url: rtsp://127.0.0.1:1/\n");
		const { code, out, error } = await run(["localhost", "--config", "named.yaml"]);
		expect(out).toContain("connection-refused");
		expect({ code, error }).toEqual({ code: EXIT_CODES.failed, error: "" });
	});

	test("without that stream is told", async () => {
		expect((await run(["cam1", "--stream", "sub"], { env: { CAMERA_1_URL: url(1) } })).error).toContain(
			"no sub stream",
		);
	});

	test("needs settings that are right; a host of one word is looked for without them, which is remarked", async () => {
		const wrong = { env: { PORT: "x" }, lookup: nobody };
		const host = await run(["door"], wrong);
		expect(host.error).toMatch(
			/^door is taken for a host, [^]* PORT \(environment\): [^]*\nTrying rtsp:\/\/door\/[^]*\nNo device has this name\. If it is a camera's id, correct the settings/,
		);
		expect(host.code).toBe(EXIT_CODES.usage);
		const camera = await run(["door", "--stream", "main"], wrong);
		expect(camera.error).toMatch(/^Vigía does not start: [^]* PORT [^]*docs\/settings\.md\n$/);
		expect(camera.code).toBe(EXIT_CODES.usage);
	});
});

describe("Ctrl-C", () => {
	test("ends a probe with what is known by then", async () => {
		const interrupt = new AbortController();
		const running = run([url(2, `admin:${PASSWORD}@`), "--transport", "tcp"], { signal: interrupt.signal });
		await expect.poll(() => sim.status(2).activeSessions, { timeout: 10_000 }).toBe(1);
		interrupt.abort();
		const { code, error } = await running;
		expect(error).toContain("Called off");
		expect(code).toBe(EXIT_CODES.interrupted);
	});

	test("ends the wait for a password", async () => {
		const interrupt = new AbortController();
		const running = run([url(2), "--user", "admin", "--password-stdin"], { stdin: "p", signal: interrupt.signal });
		setImmediate(() => interrupt.abort());
		expect(await running).toMatchObject({ code: EXIT_CODES.interrupted, out: "" });
	});
});

describe("a command that is not understood", () => {
	test.each([
		[[], "needs one address"],
		[["rtsp://a", "rtsp://b"], "needs one address"],
		[["rtsp://a", "--transport", "multicast"], "--transport must be auto, tcp, udp, http"],
		[["rtsp://a", "--tls", "off"], "--tls must be verify, insecure, legacy or sha256"],
		[["rtsp://a", "--seconds", "0"], "--seconds must be"],
		[["rtsp://a", "--seconds", "121"], "--seconds must be"],
		[["rtsp://a", "--stream", "third"], "--stream must be"],
		[["rtsp://a", "--lang", "fr"], "--lang must be"],
		[["rtsp://a", "--user"], "--user must be"],
		[["rtsp://a", "--nonsense"], "--nonsense is no flag"],
		[["rtsp://a", "--tls", "insecure"], "--tls is for rtsps"],
		[["rtsp://a", "--vendor", "axis"], "--vendor and --channel are for a host alone"],
		[["camera.lan", "--vendor", "nobody"], "--vendor must be one of dahua, hikvision"],
		[["camera.lan", "--channel", "0"], "--channel must be a whole number"],
		[["camera.lan", "--stream", "sub"], "--stream is for cameras of the settings"],
		[["camera.lan", "--tls", "insecure"], "--tls is for rtsps"],
		[["::1"], "IPv6 stands between brackets"],
		[[`admin:${PASSWORD}@camera.lan`], "This is no address"],
		[["http://a"], "no RTSP address"],
		[["rtsp://a", "--user", "admin"], "--password-stdin"],
		[["rtsp://a", "--password-stdin"], "--user"],
		[["rtsp://a", "--password", PASSWORD], "--password-stdin"],
		[[`--password=${PASSWORD}`, "rtsp://a"], "--password-stdin"],
		[[`rtsp://admin:${PASSWORD}@`], "no RTSP address"],
		[["rtsp://a", "--stream", "sub"], "--stream is for cameras of the settings"],
	])("says what is wrong, never a password: %j", async (args, message) => {
		const { code, out, error } = await run(args, { stdin: "x\n" });
		expect(error).toContain(message);
		expect(out).toBe("");
		expect(code).toBe(EXIT_CODES.usage);
	});

	test("without a password on standard input asks no camera", async () => {
		const { error, code } = await run([url(1), "--user", "u", "--password-stdin"]);
		expect(error).toBe("There is no password on standard input.\n");
		expect(code).toBe(EXIT_CODES.usage);
	});

	test("on a line without end stops reading", async () => {
		const { error } = await run(["rtsp://a", "--user", "u", "--password-stdin"], { stdin: "x".repeat(5000) });
		expect(error).toContain("too long");
	});
});

test("--help tells every flag and every exit code", async () => {
	const { code, out } = await run(["--help"]);
	expect(code).toBe(0);
	for (const flag of [
		"user",
		"password-stdin",
		"vendor",
		"channel",
		"stream",
		"transport",
		"tls",
		"seconds",
		"config",
		"lang",
		"json",
	]) {
		expect(out).toContain(`--${flag}`);
	}
	for (const exitCode of Object.values(EXIT_CODES)) expect(out).toContain(` ${exitCode} `);
});
