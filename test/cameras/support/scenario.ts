/** One scenario, one object: what a camera does, and what must come of it. @module */
import type { CameraState, ReasonCode } from "@vigia/api";
import { encodeBase64, type RtspRequest, utf8ByteString } from "@vigia/rtsp";
import { expect, test } from "vitest";
import type { SourceCounters } from "../../../server/src/sources/source.ts";
import type { CameraScript } from "./camera-script.ts";
import { QuirkCamera } from "./quirk-camera.ts";
import { Viewer, type ViewerOptions } from "./viewer.ts";
import { VirtualTime } from "./virtual-time.ts";

export const USERNAME = "admin";
/** Every character that has ever leaked or broken a URL. */
export const PASSWORD = "p@ss:w#rd%/ñ";
/** What a camera without oddities is asked. */
export const USUAL: readonly string[] = ["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"];
/** RTSP-QUIRKS asks for the first picture within a second. */
const WITHIN_MS = 1_000;
/** After all that should come: time for what should not. */
const AFTERWARDS_MS = 300;
/** TEARDOWN is given up after half a second. */
const STOP_MS = 2_000;
/** Real time until the kernel has told both ends of a closed connection. */
const CLOSE_PATIENCE_MS = 10_000;

export interface Stage {
	readonly camera: QuirkCamera;
	readonly viewer: Viewer;
	readonly time: VirtualTime;
}

export interface Expectation {
	/** Default `live`. */
	readonly state?: CameraState;
	/** The reason of that state. */
	readonly reason?: ReasonCode;
	/** Virtual milliseconds within which the state is reached and all pictures came; default 1000. */
	readonly withinMs?: number;
	/** Numbers of the pictures that come, none else; default: all that the camera sent. `any`: `run` or `check` tells. */
	readonly tags?: readonly number[] | "any";
	/** Every method that the camera was asked, TEARDOWN included. */
	readonly methods?: readonly string[];
	/** Each matches one request at least: method, target and fields in lower-case names, a line each. */
	readonly wire?: readonly RegExp[];
	/** None matches any request. */
	readonly notWire?: readonly RegExp[];
	readonly counters?: Partial<SourceCounters>;
	readonly quirks?: readonly string[];
}

export interface Scenario {
	/** `S07`: docs/cameras.md. */
	readonly id: string;
	/** Their numbers there. */
	readonly quirks: readonly number[];
	readonly title: string;
	readonly camera?: CameraScript;
	/** Cameras that the first one may send us to: its `others`. */
	readonly others?: readonly CameraScript[];
	readonly viewer?: Partial<Omit<ViewerOptions, "clock" | "host" | "port">>;
	/** What happens once the expected state is reached. */
	readonly run?: (stage: Stage) => void | Promise<void>;
	readonly expect?: Expectation;
	/** More to check, before the server lets the camera go. */
	readonly check?: (stage: Stage) => void;
}

/** `S07: a nonce that changes ... (quirk 28)`. */
export function scenarioName({ id, quirks, title }: Pick<Scenario, "id" | "quirks" | "title">): string {
	const numbers = quirks.length === 0 ? "" : ` (quirk${quirks.length > 1 ? "s" : ""} ${quirks.join(", ")})`;
	return `${id}: ${title}${numbers}`;
}

/** From the first to the last. */
export function numbers(first: number, last: number): number[] {
	return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
}

/** Makes one test of a scenario. */
export function defineScenario(scenario: Scenario): void {
	test(scenarioName(scenario), () => play(scenario));
}

async function play(scenario: Scenario): Promise<void> {
	const { camera: script = {}, others: otherScripts = [], viewer: viewerOptions = {} } = scenario;
	const rejections: unknown[] = [];
	const onRejection = (reason: unknown): void => void rejections.push(reason);
	process.on("unhandledRejection", onRejection);
	const socketsBefore = openHandles();
	const username = viewerOptions.username ?? USERNAME;
	const password = viewerOptions.password ?? PASSWORD;
	const cameras: QuirkCamera[] = [];
	const viewers: Viewer[] = [];
	using time = new VirtualTime(
		() => [...cameras, ...viewers].reduce((sum, { activity }) => sum + activity, 0),
		() => cameras.flatMap(({ sockets }) => sockets),
	);
	if (script.tls) time.blind = "tls";
	else if (script.udp || viewerOptions.transport === "udp") time.blind = "udp";
	for (const one of [script, ...otherScripts]) {
		cameras.push(await QuirkCamera.open(one, time.camera, { username, password }));
	}
	const [camera, ...others] = cameras as [QuirkCamera, ...QuirkCamera[]];
	camera.others = others;
	const viewer = new Viewer({
		...viewerOptions,
		clock: time.server,
		host: camera.host,
		port: camera.port,
		username,
		password,
	});
	viewers.push(viewer);
	try {
		viewer.supervisor.start();
		await runTo(scenario, { camera, viewer, time });
		await stop({ camera, viewer, time });
		expectWire(scenario, camera);
		for (const one of cameras) {
			expectNoLeak(one, viewer, username, password);
			expect(
				one.sessions.filter(({ announced }) => announced).map(({ endedBy }) => endedBy),
				"every session that the camera did not end got its TEARDOWN",
			).not.toContain("client");
		}
		expect(viewer.readerErrors).toEqual([]);
		await expectAllClosed(cameras, time);
		expect(rejections).toEqual([]);
	} finally {
		void viewer.supervisor.stop();
		time.server.advance(STOP_MS);
		for (const one of cameras) await one.close();
		process.off("unhandledRejection", onRejection);
	}
	expect(await atMost(openHandles, socketsBefore), "sockets of this process").toBeLessThanOrEqual(socketsBefore);
}

async function runTo(scenario: Scenario, stage: Stage): Promise<void> {
	const { camera, viewer, time } = stage;
	const wanted = scenario.expect ?? {};
	const state = wanted.state ?? "live";
	const units = camera.tracks[0]?.units ?? 0;
	const isReached = (): boolean => {
		if (viewer.status.state !== state) return false;
		if (typeof wanted.tags === "object") return viewer.tags.length >= wanted.tags.length;
		return wanted.tags === "any" || state !== "live" || !Number.isFinite(units) || viewer.tags.length >= units;
	};
	await time.until(isReached, wanted.withinMs ?? WITHIN_MS);
	const reached = { state: viewer.status.state, reason: viewer.status.failure?.code, tags: viewer.tags };
	const said = JSON.stringify({ failures: viewer.failures.slice(0, 3), methods: camera.methods.slice(0, 20) });
	expect(reached.state, said).toBe(state);
	if (wanted.reason) expect(reached.reason, said).toBe(wanted.reason);
	if (scenario.run) await scenario.run(stage);
	else if (state === "live") await time.pass(AFTERWARDS_MS);
	await time.settle();
	const all = Array.from({ length: camera.sent() }, (_, index) => index + 1);
	if (typeof wanted.tags === "object") expect(viewer.tags, said).toEqual(wanted.tags);
	else if (wanted.tags === undefined && state === "live") expect(viewer.tags, said).toEqual(all);
	if (wanted.counters) expect(viewer.supervisor.counters, said).toMatchObject(wanted.counters);
	if (wanted.quirks) expect(viewer.quirks).toEqual(expect.arrayContaining([...wanted.quirks]));
	scenario.check?.(stage);
}

async function stop({ viewer, time }: Stage): Promise<void> {
	let stopped = false;
	const stopping = viewer.supervisor.stop().then(() => (stopped = true));
	expect(await time.until(() => stopped, STOP_MS), "the session closes in time").toBe(true);
	await stopping;
}

function expectWire(scenario: Scenario, camera: QuirkCamera): void {
	const texts = camera.requests.map((request) => textOf(request, true));
	const { methods, wire = [], notWire = [] } = scenario.expect ?? {};
	if (methods) expect(camera.methods).toEqual(methods);
	for (const pattern of wire) {
		expect(
			texts.some((text) => pattern.test(text)),
			`${pattern} in ${texts.join("\n")}`,
		).toBe(true);
	}
	for (const pattern of notWire) expect(texts.filter((text) => pattern.test(text))).toEqual([]);
}

/** A request as text: method and target, then a field a line. */
export function textOf(request: RtspRequest, withAuthorization: boolean): string {
	const lines = [`${request.method} ${request.target}`];
	for (const [name, values] of request.headers) {
		if (name === "authorization" && !withAuthorization) continue;
		for (const value of values) lines.push(`${name}: ${value}`);
	}
	return lines.join("\n");
}

function expectNoLeak(camera: QuirkCamera, viewer: Viewer, username: string, password: string): void {
	if (password.length < 4) return;
	const bytes = utf8ByteString(password);
	const escaped = encodeURIComponent(password);
	const secrets = [password, bytes, escaped, escaped.toLowerCase(), encodeBase64(bytes)];
	secrets.push(encodeBase64(`${username}:${bytes}`));
	const basicFields = /^authorization: Basic .*$/gim;
	const said = [
		...camera.requests.map((request) => textOf(request, true).replace(basicFields, "")),
		...camera.httpRequests.map((head) => head.replace(basicFields, "")),
		JSON.stringify(viewer.failures),
		JSON.stringify(viewer.statuses),
		JSON.stringify(viewer.descriptions),
		JSON.stringify(viewer.sessions.map((session) => session.quirks)),
	].join("\n");
	for (const secret of secrets) expect(said.includes(secret), `the secret is said: ${secret}`).toBe(false);
}

async function expectAllClosed(cameras: readonly QuirkCamera[], time: VirtualTime): Promise<void> {
	expect(time.server.pending, "timers of the server").toBe(0);
	const open = (): number => cameras.reduce((sum, { openSockets }) => sum + openSockets, 0);
	expect(await atMost(open, 0), "connections that a camera still sees").toBe(0);
	expect(await atMost(() => time.openClientSockets, 0), "sockets of the server").toBe(0);
}

/** Sockets of this process, of all kinds. */
function openHandles(): number {
	const kinds = ["TCPSocketWrap", "TCPServerWrap", "TLSWrap", "UDPWrap", "TCPWrap", "UDPWRAP"];
	return process.getActiveResourcesInfo().filter((kind) => kinds.includes(kind)).length;
}

/** Waits, in real time, until no more are left than wanted. */
async function atMost(ask: () => number, wanted: number): Promise<number> {
	const endMs = performance.now() + CLOSE_PATIENCE_MS;
	while (ask() > wanted && performance.now() < endMs) await new Promise((resolve) => setTimeout(resolve, 2));
	return ask();
}
