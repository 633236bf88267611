import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CameraStatus } from "@vigia/api";
import { type OnvifDeviceOptions, type OnvifDeviceSim, startOnvifDevice } from "@vigia/camera-sim";
import type { ChallengeOffer } from "@vigia/rtsp";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadSettings } from "../config/load.ts";
import type { CameraSettings } from "../config/settings.ts";
import { FakeClock } from "../platform/fake-clock.ts";
import { openRtspSource, WALL_MEDIA } from "../sources/rtsp-source.ts";
import { type CameraScript, ScriptedCamera } from "../sources/testing/scripted-camera.ts";
import { TRIAL_TIMEOUT_MS } from "./address-trial.ts";
import { CameraListEditor } from "./camera-list-editor.ts";
import { LOST_AFTER_MS, MovedCameras, type MovedCamerasOptions, SEARCH_EVERY_MS } from "./moved-cameras.ts";

const LOGIN = { username: "admin", password: "p@ss:w#rd%/ñ" };
const SERIAL = "7F0A11PAZ00123";
/** Where the camera was; 127.0.0.1 is where it is now. */
const OLD = "192.0.2.20";
const DIGEST_OFFER: ChallengeOffer = { scheme: "digest", realm: "r", nonce: "n" };
const DIGEST: CameraScript = { auth: { offers: [DIGEST_OFFER], credentials: LOGIN } };
const STEP_MS = 100;
const TURNS = 8;
/** Both cameras of the device are tried. */
const MAX_TRIALS_MS = 2 * TRIAL_TIMEOUT_MS;

let cwd: string;
beforeEach(() => {
	cwd = mkdtempSync(join(tmpdir(), "vigia-moved-"));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

interface ServerOptions {
	/** The path of the second channel. */
	readonly second?: string;
	/** Its main stream. */
	readonly main?: string;
	/** A camera in YAML. */
	readonly more?: string;
	readonly move?: MovedCamerasOptions["move"];
}

/** A server with one recorder of two channels, and a camera without a serial number. */
function open(device: OnvifDeviceSim, rtspPort = 1, options: ServerOptions = {}) {
	const login = LOGIN;
	const { second = "/sub", main, more = "", move = (one) => editor.move(one) } = options;
	const password = login.password.replace("#", "%23");
	writeFileSync(
		join(cwd, "vigia.yaml"),
		`cameras:
  - {host: ${OLD}, port: ${rtspPort}, user: ${login.username}, password: '${login.password}', serial: ${SERIAL}} # channel 1
  - url: rtsp://${login.username}:${password}@${OLD}:${rtspPort}${second}
    serial: ' ${SERIAL.toLowerCase()}'${main === undefined ? "" : `\n    main: ${main}`}
  - {host: ${OLD}}
${more}`,
	);
	const load = { argv: [], env: {}, cwd };
	const cameras = (): readonly CameraSettings[] => {
		const loaded = loadSettings(load);
		if (loaded.type !== "settings") throw new Error("no settings");
		return loaded.settings.cameras;
	};
	const editor = new CameraListEditor({ load, reload: () => Promise.resolve(true) });
	const clock = new FakeClock();
	const lines: string[] = [];
	let state: CameraStatus["state"] = "live";
	let searches = 0;
	let unconfirmed: ReadonlySet<string> = new Set();
	const moved = new MovedCameras({
		clock,
		cameras,
		statuses: () => cameras().map(({ id, name }) => ({ id, name, state, since: "", streams: {} })),
		openSource: ({ credentials }, address) =>
			openRtspSource({ address, credentials, transport: "tcp", tls: { mode: "verify" }, media: WALL_MEDIA, clock }),
		onUnconfirmed: (ids) => (unconfirmed = ids),
		move,
		log: { info: (_, line) => void lines.push(line), warn: (_, line) => void lines.push(line) },
		signal: new AbortController().signal,
		discovery: {
			interfaces: [],
			port: device.discoveryPort,
			get range() {
				searches++;
				return ["127.0.0.1", "127.0.0.2"];
			},
		},
	});
	moved.start();
	/** Lets time go by so slowly, counted in turns of the loop, that the device answers before anybody gives it up. */
	const pass = async (ms: number): Promise<void> => {
		for (let passed = 0; passed < ms; passed += STEP_MS) {
			clock.advance(STEP_MS);
			for (let turns = 0; turns < TURNS; turns++) await new Promise((resolve) => setImmediate(resolve));
		}
	};
	return {
		pass,
		lines,
		cameras,
		searches: () => searches,
		unconfirmed: () => [...unconfirmed],
		setState: (next: typeof state) => (state = next),
	};
}

const device = (more: OnvifDeviceOptions = {}): Promise<OnvifDeviceSim> =>
	startOnvifDevice({ serial: SERIAL, credentials: LOGIN, ...more });

test.each([{ serialInScopes: true }, { serialInScopes: false }])(
	"a device that is out of reach for a minute is found at its new address, with all its cameras: %j",
	async (told) => {
		await using camera = await device(told);
		await using rtsp = await ScriptedCamera.open(DIGEST);
		const { pass, lines, cameras, setState } = open(camera, rtsp.port);
		await pass(LOST_AFTER_MS);
		setState("waiting");
		await pass(2 * LOST_AFTER_MS);
		expect(lines).toHaveLength(1);
		expect(cameras().map(({ streams }) => Object.values(streams)[0]?.host)).toEqual(["127.0.0.1", "127.0.0.1", OLD]);
		expect(cameras().map(({ streams }) => Object.values(streams)[0]?.isFound)).toEqual([true, true, undefined]);
		expect(readFileSync(join(cwd, "vigia.yaml"), "utf8")).toContain("# channel 1");
		expect(lines.join()).not.toMatch(/p@ss|127\.0/);
	},
);

test("nothing is searched while cameras answer, and no more than every five minutes while they do not", async () => {
	await using camera = await device({ serial: "AN0THER1" });
	const { pass, searches, setState } = open(camera);
	await pass(2 * LOST_AFTER_MS);
	expect(searches()).toBe(0);
	setState("waiting");
	await pass(SEARCH_EVERY_MS);
	expect(searches()).toBe(1);
	await pass(SEARCH_EVERY_MS);
	expect(searches()).toBe(2);
});

test("another device is asked with the password once, and nothing moves", async () => {
	await using camera = await device({ credentials: { username: "root", password: "other" } });
	const { pass, lines, cameras, searches, setState } = open(camera);
	setState("waiting");
	await pass(LOST_AFTER_MS + SEARCH_EVERY_MS);
	const asked = camera.requestCount();
	await pass(SEARCH_EVERY_MS);
	expect(searches()).toBeGreaterThan(1);
	expect(camera.requestCount()).toEqual(asked);
	expect(lines).toEqual([]);
	expect(cameras()[0]?.streams.main?.host).toBe(OLD);
});

/** Passwords and what Basic makes of them, in whatever was sent to the device. */
function sentReadable({ requests }: ScriptedCamera): boolean {
	return /basic|p@ss/i.test(JSON.stringify(requests.map(({ target, headers }) => [target, [...headers]])));
}

test("a device that names the serial number and asks for the password readable gets neither it nor the camera's place", async () => {
	await using fake = await device({ serialInScopes: true, authentication: "token" });
	const offers: ChallengeOffer[] = [{ scheme: "basic", realm: "r" }];
	await using rtsp = await ScriptedCamera.open({ auth: { offers, credentials: LOGIN } });
	const { pass, lines, cameras, unconfirmed, setState } = open(fake, rtsp.port);
	setState("waiting");
	await pass(2 * LOST_AFTER_MS);
	expect(rtsp.requests).not.toEqual([]);
	expect(sentReadable(rtsp)).toBe(false);
	expect(cameras().map(({ streams }) => Object.values(streams)[0]?.host)).toEqual([OLD, OLD, OLD]);
	expect(unconfirmed()).toEqual(["cam1", "cam2"]);
	expect(lines).toEqual([]);
	await pass(SEARCH_EVERY_MS);
	expect(sentReadable(rtsp)).toBe(false);
	expect(unconfirmed()).toEqual(["cam1", "cam2"]);
	offers[0] = DIGEST_OFFER;
	await pass(SEARCH_EVERY_MS);
	expect(cameras()[0]?.streams.main?.host).toBe("127.0.0.1");
	expect(unconfirmed()).toEqual([]);
});

test.each([{ serialInScopes: true }, { serialInScopes: false }])(
	"a wrong password is tried with two cameras once, and one that is corrected finds the device: %j",
	async (told) => {
		const credentials = { username: LOGIN.username, password: "right" };
		await using camera = await device({ ...told, credentials });
		await using rtsp = await ScriptedCamera.open({ auth: { offers: [DIGEST_OFFER], credentials } });
		const { pass, cameras, setState } = open(camera, rtsp.port);
		setState("waiting");
		await pass(2 * LOST_AFTER_MS);
		const answers = (): number => rtsp.requests.filter(({ headers }) => headers.has("authorization")).length;
		expect(answers()).toBe(told.serialInScopes ? 2 : 0);
		const asked = [rtsp.requests.length, camera.requestCount()];
		await pass(SEARCH_EVERY_MS);
		expect([rtsp.requests.length, camera.requestCount()]).toEqual(asked);
		const file = join(cwd, "vigia.yaml");
		writeFileSync(file, readFileSync(file, "utf8").replaceAll(/p@ss:w(#|%23)rd%\/ñ/g, "right"));
		await pass(SEARCH_EVERY_MS);
		expect(cameras().map(({ streams }) => Object.values(streams)[0]?.host)).toEqual(["127.0.0.1", "127.0.0.1", OLD]);
	},
);

test("a recorder is found again whose first channel this user may not see", async () => {
	await using camera = await device({ serialInScopes: true });
	await using rtsp = await ScriptedCamera.open({
		...DIGEST,
		answer: ({ target, headers }) =>
			target.includes("realmonitor")
				? `RTSP/1.0 401 Unauthorized\r\nCSeq: ${String(headers.get("cseq"))}\r\nWWW-Authenticate: Digest realm="r", nonce="n"\r\n\r\n`
				: undefined,
	});
	const { pass, cameras, setState } = open(camera, rtsp.port);
	setState("waiting");
	await pass(2 * LOST_AFTER_MS);
	expect(cameras().map(({ streams }) => Object.values(streams)[0]?.host)).toEqual(["127.0.0.1", "127.0.0.1", OLD]);
});

test("a camera whose address is entered while it is searched waits for nobody's confirmation", async () => {
	await using fake = await device({ serialInScopes: true, authentication: "token" });
	const entered = (): undefined => {
		const file = join(cwd, "vigia.yaml");
		writeFileSync(file, readFileSync(file, "utf8").replace(`{host: ${OLD}, port`, "{host: 192.0.2.21, port"));
	};
	await using rtsp = await ScriptedCamera.open({
		auth: { offers: [{ scheme: "basic", realm: "r" }], credentials: LOGIN },
		answer: entered,
	});
	const { pass, unconfirmed, setState } = open(fake, rtsp.port);
	setState("waiting");
	await pass(2 * LOST_AFTER_MS);
	expect(unconfirmed()).toEqual(["cam2"]);
});

test("a path with the password in it is told nobody who was only found", async () => {
	await using fake = await device({ serialInScopes: true });
	await using rtsp = await ScriptedCamera.open();
	const second = "/user=admin_password=p@ss_channel=1";
	const { pass, cameras, unconfirmed, setState } = open(fake, rtsp.port, { second });
	setState("waiting");
	await pass(2 * LOST_AFTER_MS);
	expect(rtsp.requests.filter(({ target }) => target.includes("p@ss"))).toEqual([]);
	expect(cameras()[0]?.streams.main?.host).toBe(OLD);
	expect(unconfirmed()).toEqual(["cam1", "cam2"]);
});

test("what a camera has at a host that was entered by hand is neither asked about nor changed", async () => {
	await using camera = await device({ serialInScopes: true });
	await using rtsp = await ScriptedCamera.open(DIGEST);
	const main = "rtsp://192.0.2.99/password=p@ss";
	const { pass, cameras, setState } = open(camera, rtsp.port, { main });
	setState("waiting");
	await pass(2 * LOST_AFTER_MS);
	const { streams, credentials } = cameras()[1] ?? {};
	expect([streams?.sub?.host, streams?.sub?.isFound]).toEqual(["127.0.0.1", true]);
	expect([streams?.main?.host, streams?.main?.isFound]).toEqual(["192.0.2.99", undefined]);
	expect(credentials?.reveal()).toEqual(LOGIN);
	expect(rtsp.requests.filter(({ target }) => target.includes("p@ss"))).toEqual([]);
});

test("a device that lets us in and shows nothing does not take the camera's place", async () => {
	await using fake = await device({ serialInScopes: true });
	await using rtsp = await ScriptedCamera.open({ ...DIGEST, pictures: [] });
	const { pass, lines, cameras, unconfirmed, setState } = open(fake, rtsp.port);
	setState("waiting");
	await pass(2 * LOST_AFTER_MS + MAX_TRIALS_MS);
	expect(rtsp.methods).toContain("PLAY");
	expect(cameras()[0]?.streams.main?.host).toBe(OLD);
	expect([lines, unconfirmed()]).toEqual([[], []]);
});

test("a serial number that somebody claims does not count where the device says another one itself", async () => {
	await using other = await device({ serial: "AN0THER1", serialInScopes: SERIAL });
	await using rtsp = await ScriptedCamera.open(DIGEST);
	const { pass, cameras, setState } = open(other, rtsp.port);
	setState("waiting");
	await pass(2 * LOST_AFTER_MS);
	expect(rtsp.requests).toEqual([]);
	expect(cameras()[0]?.streams.main?.host).toBe(OLD);
});

test("a new address that cannot be written keeps no other device from being looked for", async () => {
	await using first = await device({ serialInScopes: true });
	const other = { host: "127.0.0.2", discoveryPort: first.discoveryPort, serial: "AN0THER1" };
	await using second = await device({ ...other, serialInScopes: true });
	await using rtsp = await ScriptedCamera.open(DIGEST);
	const more = `  - {url: "rtsp://192.0.2.30/password=${LOGIN.password}", serial: AN0THER1}\n`;
	const move = (): Promise<void> => Promise.reject(new Error("read-only"));
	const { pass, lines, unconfirmed, setState } = open(first, rtsp.port, { more, move });
	setState("waiting");
	await pass(2 * LOST_AFTER_MS);
	expect(second.discoveryPort).toBe(first.discoveryPort);
	expect(lines).toEqual([expect.stringContaining("not taken up")]);
	expect(unconfirmed()).toEqual(["cam4"]);
});
