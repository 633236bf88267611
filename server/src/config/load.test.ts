import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadSettings } from "./load.ts";
import type { Settings } from "./settings.ts";
import { secretsOf } from "./secrets.ts";
import { SettingsError, type SettingsProblem } from "./settings-error.ts";

const PASSWORD = "p@ss:w#rd%/ñ";
let cwd: string;

beforeEach(() => {
	cwd = mkdtempSync(join(tmpdir(), "vigia-settings-"));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

interface Given {
	readonly argv?: readonly string[];
	readonly env?: NodeJS.ProcessEnv;
	readonly dotEnv?: string;
	readonly yaml?: string;
}

function loaded({ argv = [], env = {}, dotEnv, yaml }: Given): { settings: Settings; warnings: readonly string[] } {
	if (dotEnv !== undefined) writeFileSync(join(cwd, ".env"), dotEnv);
	if (yaml !== undefined) writeFileSync(join(cwd, "vigia.yaml"), yaml);
	const result = loadSettings({ argv, env, cwd });
	if (result.type !== "settings") throw new Error(`expected settings, not ${result.type}`);
	return result;
}

function problemsOf(given: Given): readonly SettingsProblem[] {
	try {
		loaded(given);
	} catch (error) {
		if (error instanceof SettingsError) return error.problems;
		throw error;
	}
	throw new Error("expected a SettingsError");
}

const namesOf = (given: Given): string[] => problemsOf(given).map(({ name }) => name);

describe("without any setting", () => {
	test("there are defaults and no camera, which means the demo", () => {
		expect(loaded({})).toEqual({
			type: "settings",
			warnings: [],
			settings: {
				host: "0.0.0.0",
				port: 8000,
				webrtcPort: 8555,
				webrtcHosts: [],
				iceServers: [],
				allowOrigins: [],
				trustProxy: [],
				basePath: "",
				protocol: "auto",
				rtspTransport: "auto",
				transcodeMax: 2,
				webrtcEngine: "builtin",
				go2rtcBin: "go2rtc",
				ffmpeg: "ffmpeg",
				logLevel: "info",
				cameras: [],
			},
		});
	});
});

describe("the .env of the first generation", () => {
	const dotEnv = `CAM_USER=admin\nCAM_PASS=${PASSWORD}\nCAM_IP=192.168.1.108\nCAM_PORT=554\nTOTAL_CAMERAS=16\n`;

	test("gives its channels, the sub stream for the grid, the main stream enlarged", () => {
		const { settings, warnings } = loaded({ dotEnv });
		expect(warnings).toEqual([]);
		expect(settings.cameras).toHaveLength(16);
		const address = { scheme: "rtsp", host: "192.168.1.108", port: 554 };
		expect(settings.cameras[15]).toMatchObject({
			id: "cam16",
			name: "Camera 16",
			streams: {
				sub: { ...address, path: "/cam/realmonitor?channel=16&subtype=1" },
				main: { ...address, path: "/cam/realmonitor?channel=16&subtype=0" },
			},
		});
		expect(settings.cameras[15]?.credentials?.reveal()).toEqual({ username: "admin", password: PASSWORD });
	});

	test("never shows the password in any printed form", () => {
		const { settings } = loaded({ dotEnv });
		expect(`${inspect(settings, { depth: 9, showHidden: true })}${JSON.stringify(settings)}`).not.toContain("p@ss");
	});

	test("takes another maker's paths, or any others", () => {
		const path = (template: string) =>
			loaded({ dotEnv: `${dotEnv}CAM_TEMPLATE=${template}\n` }).settings.cameras[1]?.streams;
		expect(path("hikvision")).toMatchObject({ main: { path: "/Streaming/Channels/201" } });
		expect(path("/ch{channel}")).toEqual({ main: { scheme: "rtsp", host: "192.168.1.108", port: 554, path: "/ch2" } });
	});

	test("may leave out port, number of cameras and credentials", () => {
		const { cameras } = loaded({ env: { CAM_IP: "nvr" } }).settings;
		expect(cameras).toHaveLength(16);
		expect(cameras[0]?.credentials).toBeUndefined();
		expect(cameras[0]?.streams.sub?.port).toBe(554);
	});

	test("may have an empty password, but not forget it", () => {
		const env = { CAM_IP: "nvr", CAM_USER: "admin" };
		expect(loaded({ env: { ...env, CAM_PASS: "" } }).settings.cameras[0]?.credentials?.reveal().password).toBe("");
		expect(namesOf({ env })).toEqual(["CAM_PASS"]);
		expect(namesOf({ env: { CAM_IP: "nvr", CAM_PASS: "x" } })).toEqual(["CAM_USER"]);
	});

	test.each(["CAM_USER", "CAM_PASS", "CAM_PORT", "TOTAL_CAMERAS"])("with %s but no address says so", (name) => {
		expect(problemsOf({ env: { [name]: "16" } })).toEqual([
			expect.objectContaining({ name: "CAM_IP", reason: expect.stringContaining(name) as string }),
		]);
	});

	test("asks for {channel} where there are several channels", () => {
		expect(namesOf({ env: { CAM_IP: "nvr", CAM_TEMPLATE: "/stream1" } })).toEqual(["CAM_TEMPLATE"]);
		expect(loaded({ env: { CAM_IP: "c", CAM_TEMPLATE: "tapo", TOTAL_CAMERAS: "1" } }).settings.cameras).toHaveLength(1);
	});
});

describe("single cameras", () => {
	test("take the credentials out of their URL, whatever is in the password", () => {
		const { cameras } = loaded({
			env: {
				CAMERA_1_URL: `rtsp://admin:${PASSWORD}@192.168.1.20:8554/sub?x=1`,
				CAMERA_1_MAIN_URL: "rtsp://192.168.1.20:8554/main",
				CAMERA_1_NAME: "Entrada",
			},
		}).settings;
		expect(cameras).toHaveLength(1);
		expect(cameras[0]).toMatchObject({
			id: "cam1",
			name: "Entrada",
			streams: {
				sub: { scheme: "rtsp", host: "192.168.1.20", port: 8554, path: "/sub?x=1" },
				main: { scheme: "rtsp", host: "192.168.1.20", port: 8554, path: "/main" },
			},
		});
		expect(cameras[0]?.credentials?.reveal()).toEqual({ username: "admin", password: PASSWORD });
	});

	test("take user and password of their own before those of the URL", () => {
		const env = { CAMERA_1_URL: "rtsp://a:b@h/s", CAMERA_1_USER: "admin", CAMERA_1_PASS: PASSWORD };
		expect(loaded({ env }).settings.cameras[0]?.credentials?.reveal()).toEqual({
			username: "admin",
			password: PASSWORD,
		});
	});

	test("with one URL have one stream", () => {
		const { streams } = loaded({ env: { CAMERA_1_URL: "rtsps://h/s" } }).settings.cameras[0] ?? {};
		expect(streams).toEqual({ main: { scheme: "rtsps", host: "h", port: 322, path: "/s" } });
	});

	test("keep their number as id, and change or add to the recorder's channels", () => {
		const { cameras } = loaded({
			env: {
				CAM_IP: "nvr",
				CAM_USER: "admin",
				CAM_PASS: PASSWORD,
				TOTAL_CAMERAS: "2",
				CAMERA_2_NAME: "Patio",
				CAMERA_10_URL: "rtsp://h/ten",
				CAMERA_9_URL: "rtsp://h/nine",
			},
		}).settings;
		expect(cameras.map(({ id, name }) => [id, name])).toEqual([
			["cam1", "Camera 1"],
			["cam2", "Patio"],
			["cam9", "Camera 9"],
			["cam10", "Camera 10"],
		]);
		expect(cameras[1]?.streams.sub?.host).toBe("nvr");
		expect(cameras[1]?.credentials?.reveal().password).toBe(PASSWORD);
		expect(cameras[2]?.credentials).toBeUndefined();
	});

	test("without an address, with a bad one or with half of the credentials are refused", () => {
		expect(namesOf({ env: { CAMERA_1_NAME: "x" } })).toEqual(["CAMERA_1_URL"]);
		expect(
			namesOf({ env: { CAMERA_1_URL: "http://h/", CAMERA_2_URL: "rtsp://h:99999/", CAMERA_3_URL: "rtsp://h/a b" } }),
		).toEqual(["CAMERA_1_URL", "CAMERA_2_URL", "CAMERA_3_URL"]);
		expect(namesOf({ env: { CAMERA_1_URL: "rtsp://h/s", CAMERA_1_USER: "x" } })).toEqual(["CAMERA_1_PASS"]);
	});
});

describe("TLS and transport", () => {
	const PIN = "ab".repeat(32);

	test("are set per camera, and by default not at all (quirks 11, 12 and 74)", () => {
		const { cameras, rtspTransport } = loaded({
			env: {
				RTSP_TRANSPORT: "http",
				CAMERA_1_URL: "rtsps://h:7441/s",
				CAMERA_1_TLS: `sha256:${PIN.toUpperCase()}`,
				CAMERA_1_TRANSPORT: "udp",
				CAMERA_2_URL: "rtsp://h/s",
			},
			yaml: "cameras: [{ host: h, scheme: rtsps, tls: legacy, transport: tcp }, { url: rtsps://h, tls: insecure }]",
		}).settings;
		expect(rtspTransport).toBe("http");
		expect(cameras[0]).toMatchObject({ tls: { mode: "pin", sha256: PIN }, transport: "udp" });
		expect(cameras[1]).not.toHaveProperty("tls");
		expect(cameras[1]).not.toHaveProperty("transport");
		expect(cameras[2]).toMatchObject({
			tls: { mode: "insecure", legacy: true },
			transport: "tcp",
			streams: { main: { scheme: "rtsps", port: 322 } },
		});
		expect(cameras[3]).toMatchObject({ tls: { mode: "insecure", legacy: false } });
	});

	test("of a recorder hold for its channels, not for a camera with an address of its own", () => {
		const { cameras } = loaded({
			env: {
				CAM_IP: "nvr",
				CAM_SCHEME: "rtsps",
				CAM_TLS: `sha256:${PIN}`,
				TOTAL_CAMERAS: "3",
				CAMERA_2_TLS: "insecure",
				CAMERA_3_URL: "rtsps://h/s",
			},
		}).settings;
		expect(cameras[0]).toMatchObject({
			tls: { mode: "pin", sha256: PIN },
			streams: { sub: { scheme: "rtsps", port: 322 } },
		});
		expect(cameras[1]?.tls).toEqual({ mode: "insecure", legacy: false });
		expect(cameras[2]).not.toHaveProperty("tls");
		const other = loaded({ env: { CAM_IP: "nvr", CAM_SCHEME: "rtsps", CAM_PORT: "7441" } }).settings;
		expect(other.cameras[0]?.streams.main?.port).toBe(7441);
	});

	test.each([
		[{ env: { CAMERA_1_URL: "rtsps://h", CAMERA_1_TLS: "off" } }, "CAMERA_1_TLS"],
		[{ env: { CAMERA_1_URL: "rtsps://h", CAMERA_1_TRANSPORT: "multicast" } }, "CAMERA_1_TRANSPORT"],
		[{ env: { CAM_IP: "nvr", CAM_SCHEME: "https" } }, "CAM_SCHEME"],
		[{ env: { CAM_IP: "nvr", CAM_SCHEME: "rtsps", CAM_TLS: "sha256:ab" } }, "CAM_TLS"],
		[{ env: { RTSP_TRANSPORT: "TCP" } }, "RTSP_TRANSPORT"],
		[{ yaml: "cameras: [{ url: rtsps://h, tls: no }]" }, "cameras[0].tls"],
		[{ yaml: "cameras: [{ url: rtsps://h, scheme: rtsps }]" }, "cameras[0].scheme"],
	])("%j names %s, the rule and an example", (given, name) => {
		const [problem] = problemsOf(given);
		expect(problem?.name).toBe(name);
		expect(problem?.reason).toMatch(/must be|belongs to/);
	});

	test("that would guard nothing are refused: nobody is to believe in TLS where there is none", () => {
		expect(namesOf({ env: { CAMERA_1_URL: "rtsp://h", CAMERA_1_TLS: "verify" } })).toEqual(["CAMERA_1_TLS"]);
		expect(namesOf({ env: { CAM_IP: "nvr", CAM_TLS: "insecure" } })).toEqual(["CAM_TLS"]);
		expect(namesOf({ env: { CAM_TLS: "insecure" } })).toEqual(["CAM_IP"]);
		expect(namesOf({ yaml: "cameras: [{ host: h, tls: insecure }]" })).toEqual(["cameras[0].tls"]);
	});
});

describe("vigia.yaml", () => {
	test("holds the same settings in lower case, and cameras", () => {
		const { settings } = loaded({
			yaml: `
port: 8080
webrtc_hosts: [203.0.113.7, camaras.example.org]
ice_servers:
  - urls: turn:turn.example.org
    username: user
    credential: 0123
cameras:
  - name: Front door
    url: rtsp://192.168.1.20/sub
    main: rtsp://192.168.1.20/main
    user: admin
    password: ${PASSWORD}
  - id: yard
    host: 192.168.1.21
    template: reolink
    user: admin
    password: 012345
`,
		});
		expect(settings.port).toBe(8080);
		expect(settings.webrtcHosts).toEqual(["203.0.113.7", "camaras.example.org"]);
		expect(settings.iceServers).toEqual([{ urls: ["turn:turn.example.org"], username: "user", credential: "0123" }]);
		expect(settings.cameras.map(({ id, name }) => [id, name])).toEqual([
			["cam1", "Front door"],
			["yard", "Camera 2"],
		]);
		expect(settings.cameras[0]?.credentials?.reveal().password).toBe(PASSWORD);
		expect(settings.cameras[1]?.credentials?.reveal().password).toBe("012345");
		expect(settings.cameras[1]?.streams.sub?.path).toBe("/h264Preview_01_sub");
	});

	test("numbers its cameras behind those of the environment", () => {
		const env = { CAM_IP: "nvr", TOTAL_CAMERAS: "2" };
		const { cameras } = loaded({ env, yaml: "cameras: [{ url: rtsp://h/s }]" }).settings;
		expect(cameras.map(({ id }) => id)).toEqual(["cam1", "cam2", "cam3"]);
	});

	test("takes found_at for the address that it names, and for no other of the camera", () => {
		const yaml = "cameras: [{ url: rtsp://NVR/s, main: rtsp://gate/m, found_at: nvr, user: a, password: b }]";
		const [camera] = loaded({ yaml }).settings.cameras;
		expect([camera?.streams.sub?.isFound, camera?.streams.main?.isFound]).toEqual([true, undefined]);
		expect(camera?.credentials?.reveal()).toEqual({ username: "a", password: "b" });
	});

	test("says which keys it does not know, and what was meant", () => {
		const problems = problemsOf({ yaml: "prot: 1\nwebrtc-port: 1\ncameras:\n  - url: rtsp://h/s\n    pasword: x\n" });
		expect(problems.map(({ name, reason }) => [name, reason.replace(/.*did you mean /, "")])).toEqual([
			["prot", "port?"],
			["webrtc-port", "webrtc_port?"],
			["cameras[0].pasword", "password?"],
		]);
	});

	test.each([
		["cameras: [{ id: cam1, url: rtsp://h/1 }, { id: cam1, url: rtsp://h/2 }]", "cameras[1].id"],
		["cameras: [{ id: cam2, url: rtsp://h/1 }, { url: rtsp://h/2 }]", "cameras[1].id"],
		["cameras: [{ id: ../x, url: rtsp://h/1 }]", "cameras[0].id"],
		["cameras: [{ name: x }]", "cameras[0]"],
		["cameras: [{ url: rtsp://h/1, host: h }]", "cameras[0].host"],
		["cameras: [{ url: rtsp://h/1, channel: 2 }]", "cameras[0].channel"],
		["cameras: [{ host: h, port: 0 }]", "cameras[0].port"],
		["cameras: [{ host: h, user: x }]", "cameras[0].password"],
		["cameras: [rtsp://h/1]", "cameras[0]"],
		["cameras: rtsp://h/1", "cameras"],
		["- port", "the file"],
		["port: [", "line 1, column 8"],
		["cameras: *x", "the file"],
	])("%s is refused at %s", (yaml, name) => {
		expect(namesOf({ yaml })[0]).toBe(name);
	});

	test("may be empty, and may have another name", () => {
		expect(loaded({ yaml: "# nothing yet\n" }).settings.cameras).toEqual([]);
		writeFileSync(join(cwd, "other.yaml"), "port: 9000");
		expect(loaded({ argv: ["--config", "other.yaml"] }).settings.port).toBe(9000);
		expect(namesOf({ argv: ["--config", "missing.yaml"] })).toEqual(["--config"]);
	});
});

describe("precedence", () => {
	const yaml = "port: 4";
	const dotEnv = "PORT=3";
	const env = { PORT: "2" };
	const argv = ["--port", "1"];

	test.each([
		[{ argv, env, dotEnv, yaml }, 1],
		[{ env, dotEnv, yaml }, 2],
		[{ dotEnv, yaml }, 3],
		[{ yaml }, 4],
		[{ env: { PORT: "" }, dotEnv }, 3],
		[{ argv: ["--port=1"], env }, 1],
	])("%j gives port %i", (given, port) => {
		expect(loaded(given).settings.port).toBe(port);
	});
});

describe("behind a proxy", () => {
	test("those that count are addresses, networks or names of groups, also as a list in YAML", () => {
		const trusted = ["127.0.0.1", "172.16.0.0/12", "private"];
		expect(loaded({ env: { TRUST_PROXY: trusted.join(", ") } }).settings.trustProxy).toEqual(trusted);
		const yaml = `trust_proxy: [${trusted.map((name) => `"${name}"`).join(", ")}]\n`;
		expect(loaded({ yaml }).settings.trustProxy).toEqual(trusted);
		expect(namesOf({ env: { TRUST_PROXY: "127.0.0.1, proxy.lan" } })).toEqual(["TRUST_PROXY"]);
	});

	test.each([
		["/cams", "/cams"],
		["/home/cams_2.~-", "/home/cams_2.~-"],
		["/", ""],
	])("the path %s is taken", (value, basePath) => {
		expect(loaded({ env: { BASE_PATH: value } }).settings.basePath).toBe(basePath);
	});

	test.each(["cams", "/cams/", "//cams", "/a//b", "/a/..", "/./a", "/a b", "/a?b", "/%2e", "https://host/cams"])(
		"the path %s is refused",
		(value) => {
			expect(namesOf({ env: { BASE_PATH: value } })).toEqual(["BASE_PATH"]);
		},
	);
});

describe("transcoding", () => {
	test("is limited, or switched off, and takes another FFmpeg", () => {
		// As everywhere, an empty value counts as not set.
		const empty = loaded({ env: { FFMPEG: "", TRANSCODE_MAX: "" } }).settings;
		expect(empty).toMatchObject({ transcodeMax: 2, ffmpeg: "ffmpeg" });
		const yaml = "ffmpeg: /opt/ff mpeg/bin/ffmpeg\ntranscode_max: 64";
		expect(loaded({ yaml }).settings).toMatchObject({ transcodeMax: 64, ffmpeg: "/opt/ff mpeg/bin/ffmpeg" });
		expect(loaded({ env: { TRANSCODE_MAX: "0" }, yaml }).settings.transcodeMax).toBe(0);
	});

	test.each(["-1", "65", "2.5", "two"])("of %s streams is refused with an example", (value) => {
		expect(problemsOf({ env: { TRANSCODE_MAX: value } })).toMatchObject([
			{ name: "TRANSCODE_MAX", example: "TRANSCODE_MAX=4" },
		]);
	});

	test("by a program with a line break in its name is refused", () => {
		expect(namesOf({ env: { FFMPEG: "ffmpeg\nrm" } })).toEqual(["FFMPEG"]);
	});
});

describe("what is wrong", () => {
	test("is said all at once, each with its place, the reason and an example", () => {
		const given: Given = {
			argv: ["--port", "x", "--nonsense"],
			env: {
				PROTOCOL: "rtmp",
				ICE_SERVERS: "turn:secret-host",
				CAMERA_1_URL: `http://u:${PASSWORD}@h`,
				CAM_IP: `http://${PASSWORD}`,
			},
			dotEnv: "TOTAL_CAMERAS=1000",
			yaml: "log_level: loud\nhost: a b\n",
		};
		const problems = problemsOf(given);
		expect(problems.map(({ name, source }) => `${name} (${source})`).toSorted()).toEqual(
			[
				"--nonsense (command line)",
				"--port (command line)",
				"CAM_IP (environment)",
				"CAMERA_1_URL (environment)",
				"ICE_SERVERS (environment)",
				"PROTOCOL (environment)",
				"TOTAL_CAMERAS (.env)",
				"host (vigia.yaml)",
				"log_level (vigia.yaml)",
			].toSorted(),
		);
		expect(problems).toContainEqual({
			name: "PROTOCOL",
			source: "environment",
			reason: "must be auto, webrtc, mse or hls",
			example: "PROTOCOL=auto",
		});
		expect(problems).toContainEqual(expect.objectContaining({ name: "log_level", example: "log_level: debug" }));
		expect(problems).toContainEqual(expect.objectContaining({ name: "--port", example: "--port 8080" }));
	});

	test("never repeats a value: it may be a password in the wrong place", () => {
		const secret = "S3cret-value";
		const names = [
			"PORT",
			"HOST",
			"WEBRTC_HOSTS",
			"ICE_SERVERS",
			"ALLOW_ORIGINS",
			"PROTOCOL",
			"LOG_LEVEL",
			"CAM_IP",
			"CAM_PORT",
		];
		const wrong = `${secret} \u0007 ${secret}`;
		const env: Record<string, string> = {
			CAM_PASS: wrong,
			CAM_USER: wrong,
			CAMERA_1_URL: `x${wrong}`,
			CAMERA_1_PASS: wrong,
		};
		for (const name of names) env[name] = wrong;
		const yaml = `cameras:\n  - url: http://${secret}\n    host: "${secret} x"\n    id: "${secret}!"\n  - "${secret}"\n`;
		const attempts: Given[] = [{ env, yaml }, { yaml: `password: @${secret}\n` }, { argv: ["--port", secret, secret] }];
		for (const given of attempts) {
			const error = (() => {
				try {
					return loaded(given);
				} catch (caught) {
					return caught;
				}
			})();
			expect(error).toBeInstanceOf(SettingsError);
			expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(secret);
		}
	});

	test("is formatted for the terminal", () => {
		const error = new SettingsError([
			{ name: "PORT", source: ".env", reason: "must be a number", example: "PORT=8000" },
		]);
		expect(error.message).toBe(
			"Vigía does not start: 1 setting is not right.\n\n  PORT (.env): must be a number\n      for example: PORT=8000\n\nAll settings: docs/settings.md",
		);
	});
});

describe("mistyped names", () => {
	test("are warned of, with what was meant", () => {
		const { warnings } = loaded({
			env: {
				PROTOCOLL: "hls",
				CAMERA_1_ULR: "x",
				CAM_IPP: "x",
				CAMERA_COUNT: "3",
				HOSTS: "x",
				LANG: "C",
				HOME: "/root",
			},
			dotEnv: "PROT=1\nnot a setting\nTZ=UTC\n",
		});
		expect(warnings).toEqual([
			".env: line 2 is not NAME=value and is ignored",
			"environment: PROTOCOLL is not a setting and is ignored; did you mean PROTOCOL?",
			"environment: CAMERA_1_ULR is not a setting and is ignored; did you mean CAMERA_1_URL?",
			"environment: CAM_IPP is not a setting and is ignored; did you mean CAM_IP?",
			"environment: CAMERA_COUNT is not a setting and is ignored",
			".env: PROT is not a setting and is ignored; did you mean PORT?",
		]);
	});

	test("on the command line are errors", () => {
		expect(problemsOf({ argv: ["--prot", "1"] })[0]?.reason).toContain("--port");
		expect(namesOf({ argv: ["--port"] })).toContain("--port");
		expect(namesOf({ argv: ["start"] })).toEqual(["arguments"]);
	});
});

test("--help and --version come before everything that is wrong", () => {
	const env = { PORT: "x" };
	expect(loadSettings({ argv: ["--help"], env, cwd })).toMatchObject({ type: "help" });
	expect(loadSettings({ argv: ["-h"], env, cwd })).toMatchObject({ type: "help" });
	expect(loadSettings({ argv: ["--version"], env, cwd })).toEqual({ type: "version" });
});

test("all secrets can be had for the redactor", () => {
	const { settings } = loaded({
		env: {
			CAMERA_1_URL: `rtsp://admin:${PASSWORD}@h`,
			ICE_SERVERS: "stun:s, turn:user:secret@t",
			CAMERA_2_URL: "rtsp://h",
		},
	});
	expect(secretsOf(settings)).toEqual([
		{ username: "admin", password: PASSWORD },
		{ username: "user", password: "secret" },
	]);
});
