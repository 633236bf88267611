import {
	chownSync,
	existsSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getuid } from "node:process";
import {
	type SettingsCamera,
	type SettingsCameraInput,
	settingsCamerasSchema,
	settingsDescribeAnswerSchema,
	settingsImportAnswerSchema,
	settingsTestAnswerSchema,
} from "@vigia/api";
import { type CameraSim, startCameraSim, startOnvifDevice } from "@vigia/camera-sim";
import { parseJpegSize } from "@vigia/rtp";
import fastify, { type FastifyInstance } from "fastify";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { loadSettings } from "../config/load.ts";
import type { CameraSettings } from "../config/settings.ts";
import { SettingsReload } from "../config/settings-reload.ts";
import { systemClock } from "../platform/clock.ts";
import { FakeClock } from "../platform/fake-clock.ts";
import { Ffmpeg } from "../platform/ffmpeg.ts";
import { ProbeService } from "../probe/probe-service.ts";
import { CameraListEditor } from "../settings/camera-list-editor.ts";
import { CameraTest } from "../settings/camera-test.ts";
import { DeviceSearch } from "../settings/device-search.ts";
import { hasFfmpeg } from "../transcode/testing/clips.ts";
import { installErrorHandlers } from "./errors.ts";
import { MAX_WRONG_TOKENS, SESSION_MS, SettingsAccess, WRONG_WINDOW_MS } from "./settings-access.ts";
import { registerSettings } from "./settings-routes.ts";
import { installVisitors, type ProxySettings } from "./visitor.ts";

const PASSWORD = "p@ss:w#rd%/ñ";
const LOGIN = { username: "admin", password: PASSWORD };
/** What a proxy adds: then a request is not this machine's own. */
const FROM_AFAR = { "x-forwarded-for": "192.0.2.7" };

let sim: CameraSim;
beforeAll(async () => {
	sim = await startCameraSim({ count: 3, credentials: { username: "admin", password: PASSWORD } });
});
afterAll(() => sim.close());

let cwd: string;
let app: FastifyInstance;
/** The app, with these proxies before it. */
let open: (proxies: ProxySettings) => Promise<FastifyInstance>;
let probes: ProbeService;
let access: SettingsAccess;
let clock: FakeClock;
/** As the wall would have them now. */
let wall: readonly CameraSettings[];
let env: Record<string, string>;
/** Whether the settings as a whole are right. */
let isTakenUp: boolean;

beforeEach(async () => {
	isTakenUp = true;
	cwd = mkdtempSync(join(tmpdir(), "vigia-settings-"));
	env = {};
	clock = new FakeClock();
	access = new SettingsAccess(clock);
	wall = [];
	probes = new ProbeService({ cameras: () => wall, clock: systemClock, transport: "tcp", seconds: 1 });
	const load = { argv: [], env, cwd };
	const loaded = loadSettings(load);
	if (loaded.type !== "settings") throw new Error("no settings");
	const log = { info: () => {}, warn: () => {}, error: () => {} };
	const onCameras = async ({ cameras }: { cameras: readonly CameraSettings[] }): Promise<void> => {
		wall = cameras;
	};
	const reload = new SettingsReload({ load, settings: loaded.settings, clock, log, onCameras });
	open = async (proxies) => {
		const made = fastify({ logger: false, forceCloseConnections: true });
		installVisitors(made, proxies);
		installErrorHandlers(made, pino({ level: "silent" }));
		await registerSettings(made, {
			access,
			editor: new CameraListEditor({ load, reload: async () => isTakenUp && reload.reload() }),
			cameraTest: new CameraTest({
				probes,
				ffmpeg: new Ffmpeg({ clock: systemClock }),
				clock: systemClock,
				transport: "tcp",
			}),
			devices: new DeviceSearch({ clock: systemClock, signal: new AbortController().signal }),
		});
		await made.listen({ host: "127.0.0.1", port: 0 });
		return made;
	};
	app = await open({ trustProxy: [], basePath: "" });
});
afterEach(async () => {
	await probes.stop();
	await app.close();
	rmSync(cwd, { recursive: true, force: true });
	for (const { channel } of sim.statuses()) await sim.control.start(channel);
});

interface Answer {
	readonly status: number;
	readonly headers: Headers;
	readonly body: unknown;
}

/** A real request; no answer may hold the password in any form. */
async function ask(
	method: string,
	path: string,
	body?: unknown,
	headers: Record<string, string> = {},
): Promise<Answer> {
	const { port } = app.server.address() as AddressInfo;
	const response = await fetch(`http://127.0.0.1:${port}/api/settings${path}`, {
		method,
		headers: { ...(body !== undefined && { "content-type": "application/json" }), ...headers },
		...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
	});
	const text = await response.text();
	expect(text).not.toMatch(/p@ss|p%40ss|w#rd/);
	expect(response.headers.get("cache-control")).toBe("no-store");
	return { status: response.status, headers: response.headers, body: text === "" ? undefined : JSON.parse(text) };
}

const errorOf = (body: unknown): { code: string; message: string; problems?: unknown } =>
	(body as { error: { code: string; message: string } }).error;
const write = (text: string): void => writeFileSync(join(cwd, "vigia.yaml"), text);
const file = (): string => readFileSync(join(cwd, "vigia.yaml"), "utf8");
const list = async (): Promise<ReturnType<typeof settingsCamerasSchema.parse>> =>
	settingsCamerasSchema.parse((await ask("GET", "/cameras")).body);
const put = async (cameras: readonly SettingsCameraInput[], more = {}): Promise<Answer> =>
	ask("PUT", "/cameras", { revision: (await list()).revision, cameras, ...more });
/** A camera of the list, as the page sends it back. */
const back = ({ hasPassword: _hasPassword, ...camera }: SettingsCamera, was: number): SettingsCameraInput => ({
	...camera,
	was,
});

describe("access", () => {
	const cookieOf = ({ headers }: Answer): string => headers.get("set-cookie") ?? "";
	const redeem = (token: string, headers = {}): Promise<Answer> =>
		ask("POST", "/access", { token }, { ...FROM_AFAR, ...headers });

	test("is the machine's own, and nobody else's without the token", async () => {
		expect((await ask("GET", "/access")).body).toEqual({ allowed: true });
		expect((await ask("GET", "/access", undefined, FROM_AFAR)).body).toEqual({ allowed: false });
		for (const [method, path] of [
			["GET", "/cameras"],
			["PUT", "/cameras"],
			["POST", "/test"],
			["POST", "/find"],
			["POST", "/discover"],
			["POST", "/describe"],
			["POST", "/import"],
		] as const) {
			const answer = await ask(method, path, method === "GET" ? undefined : {}, FROM_AFAR);
			expect([path, answer.status, errorOf(answer.body).code]).toEqual([path, 403, "settings-locked"]);
		}
	});

	test("is explained: the machine itself, or the printed address, and only that to somebody at localhost already", async () => {
		const messageAt = async (host: string, query = ""): Promise<string> => {
			const headers = { host, ...FROM_AFAR };
			return errorOf((await app.inject({ url: `/api/settings/cameras${query}`, headers })).json()).message;
		};
		expect(await messageAt("192.168.1.5:8000", "?lang=es")).toMatch(/en el propio equipo .*#settings=/);
		expect(await messageAt("192.168.1.5:8000")).toMatch(/on the machine itself \(http:\/\/localhost.*#settings=/);
		for (const host of ["localhost:8000", "127.0.0.1:8000", "[::1]:8000"]) {
			expect(await messageAt(host)).toMatch(/#settings=.*docker compose logs vigia/);
			expect(await messageAt(host)).not.toMatch(/machine itself|http:\/\/localhost/);
			expect(await messageAt(host, "?lang=es")).toMatch(/en un contenedor.*#settings=.*docker compose logs vigia/);
		}
	});

	test("is not for a page that has bound its own name to the machine's address, not even from the machine itself", async () => {
		const token = access.issueToken();
		const host = `evil.example:${(app.server.address() as AddressInfo).port}`;
		const from = (name: string) => ({ host: name, origin: `http://${name}` });
		// Browsers send no Origin with what a page reads from its own name.
		expect((await app.inject({ url: "/api/settings/access", headers: { host } })).json()).toEqual({ allowed: false });
		const reading = await app.inject({ url: "/api/settings/cameras", headers: { host } });
		expect([reading.statusCode, errorOf(reading.json()).code]).toEqual([403, "settings-locked"]);
		for (const [method, path, payload] of [
			["POST", "/access", { token }],
			["PUT", "/cameras", {}],
			["POST", "/import", {}],
		] as const) {
			const writing = await app.inject({ method, url: `/api/settings${path}`, headers: from(host), payload });
			expect([writing.statusCode, errorOf(writing.json()).code]).toEqual([403, "origin-not-allowed"]);
		}
		const own = from("127.0.0.1:8000");
		const given = await app.inject({ method: "POST", url: "/api/settings/access", headers: own, payload: { token } });
		expect(given.statusCode).toBe(204);
	});

	test("is given for the token, once, by a cookie for twelve hours", async () => {
		const token = access.issueToken();
		expect(token).toMatch(/^[\w-]{32}$/);
		const answer = await redeem(token);
		expect(answer.status).toBe(204);
		expect(cookieOf(answer)).toMatch(/^vigia_settings=[\w-]{32}; Max-Age=43200; HttpOnly; SameSite=Strict$/);
		const cookie = `other=1; ${cookieOf(answer).split(";")[0] ?? ""}`;
		expect((await ask("GET", "/cameras", undefined, { ...FROM_AFAR, cookie })).status).toBe(200);
		expect(errorOf((await redeem(token)).body).code).toBe("token-wrong");
		const wrong = await ask("GET", "/cameras", undefined, { ...FROM_AFAR, cookie: "vigia_settings=wrong" });
		expect(wrong.status).toBe(403);
		clock.advance(SESSION_MS);
		expect((await ask("GET", "/cameras", undefined, { ...FROM_AFAR, cookie })).status).toBe(403);
	});

	test("goes over nothing but TLS where it came over it", async () => {
		await app.close();
		app = await open({ trustProxy: ["loopback"], basePath: "" });
		const answer = await redeem(access.issueToken(), { "x-forwarded-proto": "https" });
		expect(cookieOf(answer)).toMatch(/; Secure$/);
	});

	test.each([
		{ trustProxy: ["loopback"], basePath: "" },
		{ trustProxy: [], basePath: "/cams" },
	])("is nobody's without the token where there is a proxy, who may be silent: %j", async (proxies) => {
		await app.close();
		app = await open(proxies);
		for (const headers of [{}, { "x-forwarded-for": "127.0.0.1" }]) {
			expect((await ask("GET", "/access", undefined, headers)).body).toEqual({ allowed: false });
			expect((await ask("GET", "/cameras", undefined, headers)).status).toBe(403);
		}
		const cookie = cookieOf(await redeem(access.issueToken())).split(";")[0] ?? "";
		expect((await ask("GET", "/access", undefined, { cookie })).body).toEqual({ allowed: true });
	});

	test("is refused for a body without a token, as what it is", async () => {
		const { status, body } = await ask("POST", "/access", { nope: 1 }, FROM_AFAR);
		expect([status, errorOf(body).code]).toEqual([400, "bad-request"]);
	});

	test("is refused for wrong tokens, after some of them without a look, and given for the right one all the same", async () => {
		const token = access.issueToken();
		for (let tries = 0; tries < MAX_WRONG_TOKENS; tries++) {
			expect(errorOf((await redeem(`wrong${tries}`)).body).code).toBe("token-wrong");
		}
		const limited = await redeem("wrong");
		expect([limited.status, limited.headers.get("retry-after")]).toEqual([429, "60"]);
		clock.advance(WRONG_WINDOW_MS);
		expect((await redeem("wrong")).status).toBe(403);
		expect((await redeem(token)).status).toBe(204);
	});

	test("is not for pages of other sites, and takes no form", async () => {
		const foreign = await ask("GET", "/cameras", undefined, { origin: "https://evil.example" });
		expect(errorOf(foreign.body).code).toBe("origin-not-allowed");
		for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
			const answer = await ask("PUT", "/cameras", "{}", { "content-type": type });
			expect([answer.status, errorOf(answer.body).code]).toEqual([415, "media-type-unsupported"]);
		}
		expect((await ask("POST", "/discover")).status).toBe(400);
	});
});

describe("the list of cameras", () => {
	test("is empty where there is no file, with the makers in the language that is asked for", async () => {
		const cameras = await list();
		expect(cameras).toMatchObject({ file: "vigia.yaml", cameras: [], elsewhere: 0 });
		expect(cameras.vendors[0]).toMatchObject({ id: "dahua", template: "dahua", port: 554 });
		const { vendors } = settingsCamerasSchema.parse((await ask("GET", "/cameras?lang=es")).body);
		expect(vendors[0]?.notes[0]).toContain("contraseña");
	});

	test("is written as the page sends it, for its owner alone, and is on the wall with the answer", async () => {
		const answer = await put([
			{ name: "Puerta", host: "192.168.1.20", template: "reolink", user: "admin", password: PASSWORD },
			{ name: "Patio", url: `rtsp://admin:${PASSWORD}@192.168.1.21/sub` },
		]);
		expect(answer.status).toBe(200);
		expect(settingsCamerasSchema.parse(answer.body).cameras).toEqual([
			{ name: "Puerta", host: "192.168.1.20", template: "reolink", user: "admin", hasPassword: true },
			{ name: "Patio", url: "rtsp://192.168.1.21/sub", user: "admin", hasPassword: true },
		]);
		expect(statSync(join(cwd, "vigia.yaml")).mode & 0o777).toBe(0o600);
		expect(wall.map(({ id, name }) => [id, name])).toEqual([
			["cam1", "Puerta"],
			["cam2", "Patio"],
		]);
		expect(wall.map(({ credentials }) => credentials?.reveal().password)).toEqual([PASSWORD, PASSWORD]);
	});

	test("keeps passwords, comments and identities when cameras are renamed, moved and taken out", async () => {
		write(`port: 8001 # the printer has 8000
cameras:
  - url: rtsp://admin:${PASSWORD.replace("#", "%23")}@192.168.1.20/sub # the gate
  - {host: 192.168.1.21, user: admin, password: 'one'}
  - {id: hall, host: 192.168.1.22}
`);
		const { cameras, ids } = await list();
		expect(ids).toEqual(["cam1", "cam2", "hall"]);
		const [gate, yard, hall] = cameras.map(back) as [SettingsCameraInput, SettingsCameraInput, SettingsCameraInput];
		expect((await put([hall, { ...yard, name: "Yard" }, gate])).status).toBe(200);
		expect(wall.map(({ id, name }) => [id, name])).toEqual([
			["hall", "Camera 1"],
			["cam2", "Yard"],
			["cam1", "Camera 3"],
		]);
		expect((await list()).ids).toEqual(["hall", "cam2", "cam1"]);
		expect(wall.map(({ credentials }) => credentials?.reveal().password)).toEqual([undefined, "one", PASSWORD]);
		expect(file()).toContain("port: 8001 # the printer has 8000");
		expect(file()).toContain("@192.168.1.20/sub # the gate");
		expect((await put((await list()).cameras.map(back).slice(1))).status).toBe(200);
		expect(wall.map(({ id }) => id)).toEqual(["cam2", "cam1"]);
	});

	test("takes the serial number that a device gives, into the file, and keeps it when the page sends it back", async () => {
		await using device = await startOnvifDevice({ serial: "7F0A11PAZ00123", credentials: LOGIN });
		const login = { user: LOGIN.username, password: LOGIN.password };
		const { body } = await ask("POST", "/describe", { address: `127.0.0.1:${device.port}`, ...login });
		const { cameras, serial } = settingsDescribeAnswerSchema.parse(body);
		expect(serial).toBe("7F0A11PAZ00123");
		expect((await put(cameras.map((camera) => ({ ...camera, ...login, ...(serial && { serial }) })))).status).toBe(200);
		expect(file()).toContain("serial: 7F0A11PAZ00123");
		expect(wall[0]?.serial).toBe(serial);
		expect((await put((await list()).cameras.map(back))).status).toBe(200);
		expect(wall[0]?.serial).toBe(serial);
	});

	test("counts those of the environment, which are not its own", async () => {
		Object.assign(env, { CAMERA_1_URL: "rtsp://192.168.1.30/a", CAMERA_4_URL: "rtsp://192.168.1.31/a" });
		expect((await put([{ host: "192.168.1.20" }])).status).toBe(200);
		const { elsewhere, ids } = await list();
		expect([elsewhere, ids]).toEqual([2, wall.slice(2).map(({ id }) => id)]);
		expect(wall.map(({ id }) => id)).toEqual(["cam1", "cam4", "cam5"]);
	});

	test("is not written when something in it is wrong: all of it is told by place and field, in both languages", async () => {
		const cameras = [
			{ host: "192.168.1.20" },
			{ url: `http://admin:${PASSWORD}@x`, id: "a b" },
			{ host: "c", user: "admin" },
			{ host: "192.168.1.20", tls: "insecure" },
			{ name: "Nowhere" },
		];
		const { status, body } = await put(cameras);
		expect([status, errorOf(body).code]).toEqual([422, "settings-invalid"]);
		expect(errorOf(body).problems).toEqual([
			{ camera: 1, field: "id", text: expect.stringContaining("must be letters, digits") as string },
			{ camera: 2, field: "password", text: expect.stringContaining("it is not set, but the user name is") as string },
			{ camera: 3, field: "tls", text: expect.stringContaining("this setting is for rtsps") as string },
			{ camera: 4, text: expect.stringContaining("needs url or host") as string },
		]);
		const spanish = errorOf((await put(cameras, { lang: "es" })).body).problems as { text: string }[];
		for (const { text } of spanish) expect(text).not.toMatch(/ (is|the|must|not) /);
		const url = await put([{ url: `http://admin:${PASSWORD}@x` }]);
		expect(errorOf(url.body).problems).toMatchObject([{ camera: 0, field: "url" }]);
		expect(wall).toEqual([]);
		expect(() => file()).toThrow("ENOENT");
	});

	test("is not written over what somebody else has changed, and not where another setting is broken", async () => {
		const { revision } = await list();
		write("cameras:\n  - host: other\n");
		const answer = await ask("PUT", "/cameras", { revision, cameras: [] });
		expect([answer.status, errorOf(answer.body).code]).toEqual([409, "changed-meanwhile"]);
		write("prot: 1\n");
		const broken = await put([{ host: "c" }]);
		expect(errorOf(broken.body).problems).toEqual([{ text: expect.stringContaining("prot (vigia.yaml)") as string }]);
		write("cameras: [");
		const unreadable = await ask("GET", "/cameras");
		expect([unreadable.status, errorOf(unreadable.body).code]).toEqual([500, "not-readable"]);
		expect(errorOf((await ask("GET", "/cameras?lang=es")).body).message).toContain("no se puede leer como YAML");
	});

	test("says what to do where the file cannot be written", async () => {
		const { revision } = await list();
		rmSync(cwd, { recursive: true });
		const answer = await ask("PUT", "/cameras", { revision, cameras: [{ host: "c" }] });
		expect([answer.status, errorOf(answer.body).code]).toEqual([500, "not-writable"]);
		expect(errorOf(answer.body).message).toContain("create it");
		const spanish = await ask("PUT", "/cameras", { revision, cameras: [{ host: "c" }], lang: "es" });
		expect(errorOf(spanish.body)).toMatchObject({
			code: "not-writable",
			message: "vigia.yaml no se puede escribir porque su carpeta no existe: créela.",
		});
	});

	// Not even root makes a file in there.
	test.skipIf(!existsSync("/dev/pts"))(
		"names in a container the owner of the folder that a link leads to",
		async () => {
			env["VIGIA_CONTAINER"] = "1";
			symlinkSync("/dev/pts/vigia.yaml", join(cwd, "vigia.yaml"));
			if (getuid?.() === 0) chownSync(cwd, 1001, 1001);
			const { uid } = statSync("/dev/pts");
			const { status, body } = await put([{ host: "c" }]);
			expect([status, errorOf(body).code]).toEqual([500, "not-writable"]);
			expect(errorOf(body).message).toContain(uid === getuid?.() ? "(chown)" : `VIGIA_UID=${uid} `);
		},
	);

	test("is refused with what to do in a container too where the links of the file lead nowhere", async () => {
		env["VIGIA_CONTAINER"] = "1";
		symlinkSync("vigia.yaml", join(cwd, "vigia.yaml"));
		const { status, body } = await ask("GET", "/cameras");
		expect([status, errorOf(body).code]).toEqual([500, "not-readable"]);
	});

	test("says in the asker's language that it was written and not taken up", async () => {
		const asked = { revision: (await list()).revision, cameras: [{ host: "c" }], lang: "es" };
		isTakenUp = false;
		const { status, body } = await ask("PUT", "/cameras", asked);
		expect([status, errorOf(body).code]).toEqual([500, "not-applied"]);
		expect(errorOf(body).message).toMatch(/^Se escribió vigia\.yaml, .* el registro dice por qué\.$/);
	});

	test("takes one change at a time: of two with the same revision one is too late", async () => {
		const { revision } = await list();
		const answers = await Promise.all(
			["a", "b"].map((host) => ask("PUT", "/cameras", { revision, cameras: [{ host }] })),
		);
		expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409]);
	});

	test.each([
		[{}],
		[{ revision: "x", cameras: [{ hots: "c" }] }],
		[{ revision: "x", cameras: [{ host: "c", was: -1 }] }],
		[{ revision: "x", cameras: Array.from({ length: 257 }, () => ({ host: "c" })) }],
		["[]"],
		[`{"${PASSWORD}`],
	])("is refused as no list: %#", async (body) => {
		const answer = await ask("PUT", "/cameras", body);
		expect([answer.status, errorOf(answer.body).code]).toEqual([400, "bad-request"]);
	});

	test("is refused where two cameras are the same one, or one never was", async () => {
		write("cameras:\n  - host: a\n");
		expect(
			(
				await put([
					{ host: "a", was: 0 },
					{ host: "b", was: 0 },
				])
			).status,
		).toBe(400);
		expect((await put([{ host: "a", was: 1 }])).status).toBe(400);
		const spanish = await put([{ host: "a", was: 1 }], { lang: "es" });
		expect(errorOf(spanish.body).message).toMatch(/^No hay ninguna cámara /);
		const unread = await ask("PUT", "/cameras", { revision: "x", cameras: [{ hots: "c" }], lang: "es" });
		expect(errorOf(unread.body).message).toMatch(/^El cuerpo no es el JSON .* en cameras\.0:/);
	});

	test("refuses another host with the password that was given for this one", async () => {
		write(`cameras:\n  - {host: a, user: admin, password: '${PASSWORD}'}\n`);
		const { body } = await put([{ host: "b", user: "admin", was: 0 }], { lang: "es" });
		expect(errorOf(body).problems).toEqual([
			{ camera: 0, field: "password", text: expect.stringContaining("otro dispositivo") as string },
		]);
	});
});

describe("a test before saving", () => {
	const camera = (password: string): SettingsCameraInput => ({
		host: "127.0.0.1",
		port: String(sim.port),
		template: "dahua",
		channel: "2",
		user: "admin",
		password,
	});
	const run = async (given: SettingsCameraInput, more = {}): Promise<Answer> =>
		ask("POST", "/test", { revision: (await list()).revision, camera: given, ...more });

	test("shows both streams, and a picture of the grid's", async () => {
		const { status, body } = await run(camera(PASSWORD));
		expect(status).toBe(200);
		const { streams } = settingsTestAnswerSchema.parse(body);
		expect(streams.map(({ stream, report }) => [stream, report.result, report.video?.width])).toEqual([
			["sub", "good", 640],
			["main", "good", 1280],
		]);
		const picture = Buffer.from(streams[0]?.picture ?? "", "base64");
		if (hasFfmpeg()) expect(parseJpegSize(picture)).toEqual({ width: 640, height: 360 });
		expect(streams[1]?.picture).toBeUndefined();
		expect(() => file()).toThrow("ENOENT");
	});

	test("tries a wrong password once, for both streams and whoever asks again", async () => {
		const before = sim.status(2).requests.DESCRIBE ?? 0;
		const answers = await Promise.all([run(camera("wrong"), { lang: "es" }), run(camera("wrong"))]);
		const again = await run(camera("wrong"));
		for (const { body } of [...answers, again]) {
			const { streams } = settingsTestAnswerSchema.parse(body);
			expect(streams.map(({ report }) => report.failure?.code)).toEqual(["auth-refused"]);
		}
		expect(JSON.stringify(answers[0]?.body)).toContain("rechazó");
		// Without and with the password.
		expect((sim.status(2).requests.DESCRIBE ?? 0) - before).toBe(2);
	});

	test("uses the password of the file for a camera that is in it", async () => {
		const path = "cam/realmonitor?channel=3&subtype=";
		write(`cameras:\n  - url: 'rtsp://admin:${PASSWORD}@127.0.0.1:${sim.port}/${path}0'\n`);
		const { cameras } = await list();
		const { body } = await run({
			...back(cameras[0] as SettingsCamera, 0),
			url: `rtsp://127.0.0.1:${sim.port}/${path}1`,
		});
		expect(settingsTestAnswerSchema.parse(body).streams[0]?.report.result).toBe("good");
	});

	test("is refused as a list would be", async () => {
		const { status, body } = await run({ host: "a b" });
		expect([status, errorOf(body).problems]).toEqual([
			422,
			[{ field: "host", text: expect.stringContaining("must be a host name") as string }],
		]);
		const late = await ask("POST", "/test", { revision: "x", camera: { host: "c", was: 0 } });
		expect(late.status).toBe(409);
	});
});

describe("an import", () => {
	const text = `streams:
  gate: rtsp://admin:${encodeURIComponent(PASSWORD)}@192.168.1.20/sub
  yard: rtsp://\${USER}:\${SECRET}@192.168.1.21/sub
`;

	test("shows what can be made of another program's file, and adds it when it is told to", async () => {
		write("cameras:\n  - host: 192.168.1.9\n");
		Object.assign(env, { USER: "root", SECRET: PASSWORD });
		const { revision } = await list();
		const shown = settingsImportAnswerSchema.parse((await ask("POST", "/import", { revision, text, add: false })).body);
		expect(shown).toMatchObject({
			kind: "go2rtc",
			cameras: [{ id: "gate", user: "admin", hasPassword: true }, { id: "yard" }],
		});
		expect(shown.notes.length).toBeGreaterThan(0);
		expect(wall).toEqual([]);
		const added = await ask("POST", "/import", { revision, text, add: true, lang: "es" });
		expect(added.status).toBe(200);
		expect(wall.map(({ id, credentials }) => [id, credentials?.reveal().password])).toEqual([
			["cam1", undefined],
			["gate", PASSWORD],
			// The server's own variables are not the sender's.
			["yard", undefined],
		]);
		const again = await ask("POST", "/import", { revision: (await list()).revision, text, add: true });
		expect(settingsImportAnswerSchema.parse(again.body).cameras).toEqual([]);
		expect(
			(await ask("POST", "/import", { revision, text: "streams: {x: 'rtsp://192.168.1.30/'}", add: true })).status,
		).toBe(409);
	});

	test("leaves out cameras that are there by host and template, or with their login in the address", async () => {
		write(
			"cameras:\n  - host: 192.168.1.20\n    template: /{main|sub}\n  - url: rtsp://viewer:secret@192.168.1.21/sub\n",
		);
		const { revision } = await list();
		const shown = (await ask("POST", "/import", { revision, text, add: false })).body;
		expect(settingsImportAnswerSchema.parse(shown).cameras).toEqual([]);
	});

	test("of anything else is told, and a file that is too large is refused", async () => {
		const { revision } = await list();
		const nothing = await ask("POST", "/import", { revision, text: "a: 1", add: true });
		expect(settingsImportAnswerSchema.parse(nothing.body)).toMatchObject({ cameras: [] });
		expect((await ask("POST", "/import", { revision, text: "x".repeat(310_000), add: false })).status).toBe(413);
	});
});
