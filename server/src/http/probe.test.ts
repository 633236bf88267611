import { probeReportSchema } from "@vigia/api";
import { type CameraSim, startCameraSim } from "@vigia/camera-sim";
import fastify, { type FastifyInstance } from "fastify";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Credentials } from "../config/credentials.ts";
import type { CameraSettings } from "../config/settings.ts";
import { systemClock } from "../platform/clock.ts";
import { MAX_RUNNING_PROBES, ProbeService } from "../probe/probe-service.ts";
import { installErrorHandlers } from "./errors.ts";
import { registerProbe } from "./probe.ts";
import { installVisitors } from "./visitor.ts";

const PASSWORD = "p@ss:w#rd%/ñ";
const CAMERAS = MAX_RUNNING_PROBES + 2;
let sim: CameraSim;
let app: FastifyInstance;
let probes: ProbeService;

beforeAll(async () => {
	sim = await startCameraSim({ count: CAMERAS, credentials: { username: "admin", password: PASSWORD } });
});
afterAll(() => sim.close());

const pathOf = (channel: number, subtype: 0 | 1): string => `/cam/realmonitor?channel=${channel}&subtype=${subtype}`;

beforeEach(async () => {
	const cameras = Array.from({ length: CAMERAS }, (_, index): CameraSettings => {
		const address = { scheme: "rtsp", host: "127.0.0.1", port: sim.port } as const;
		const streams = {
			main: { ...address, path: pathOf(index + 1, 0) },
			...(index > 0 && { sub: { ...address, path: pathOf(index + 1, 1) } }),
		};
		return { id: `cam${index + 1}`, name: "Camera", credentials: new Credentials("admin", PASSWORD), streams };
	});
	probes = new ProbeService({ cameras: () => cameras, clock: systemClock, transport: "tcp", seconds: 1 });
	app = fastify({ logger: false });
	installErrorHandlers(app, pino({ level: "silent" }));
	installVisitors(app, { trustProxy: [], basePath: "" });
	registerProbe(app, probes);
	await app.listen({ host: "127.0.0.1", port: 0 });
});

afterEach(async () => {
	await probes.stop();
	await app.close();
	for (const { channel } of sim.statuses()) await sim.control.start(channel);
});

interface Answer {
	readonly status: number;
	readonly body: { readonly error?: { readonly code: string; readonly message: string } };
	readonly retryAfter: string | null;
}

/** A real request; no answer may hold the password or where the camera is. */
async function post(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
	const address = app.server.address();
	if (address === null || typeof address === "string") throw new Error("not listening");
	const response = await fetch(`http://127.0.0.1:${address.port}${path}`, {
		method: "POST",
		headers: { ...(body !== undefined && { "content-type": "application/json" }), ...headers },
		...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
	});
	const text = await response.text();
	expect(text).not.toMatch(/p@ss|realmonitor/);
	const retryAfter = response.headers.get("retry-after");
	return { status: response.status, body: JSON.parse(text) as Answer["body"], retryAfter };
}

const sessionsOf = (channel: number): number => sim.status(channel).sessions;

describe("a probe of a camera in the settings", () => {
	test("answers its report", async () => {
		const { status, body } = await post("/api/cameras/cam2/probe?stream=main");
		expect(status).toBe(200);
		expect(probeReportSchema.parse(body)).toMatchObject({ result: "good", video: { width: 1280, height: 720 } });
	});

	test("is of the stream that fills the grid where none is named, in the language that is asked for", async () => {
		sim.control.limitSessions(1, 0);
		const { body } = await post("/api/cameras/cam1/probe?lang=es");
		const report = probeReportSchema.parse(body);
		expect(report.failure).toMatchObject({ code: "camera-full", text: expect.stringContaining("La cámara") as string });
	});

	test("is joined by whoever asks for the same meanwhile", async () => {
		const before = sessionsOf(3);
		const answers = await Promise.all([1, 2, 3].map(() => post("/api/cameras/cam3/probe?stream=sub")));
		expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
		expect(answers[1]?.body).toEqual(answers[0]?.body);
		expect(sessionsOf(3) - before).toBe(1);
	});

	test("keeps one of the camera's other stream waiting", async () => {
		const running = post("/api/cameras/cam3/probe?stream=sub");
		await expect.poll(() => sim.status(3).activeSessions, { timeout: 10_000 }).toBe(1);
		const other = await post("/api/cameras/cam3/probe?stream=main");
		expect(other).toMatchObject({ status: 409, body: { error: { code: "probe-running" } }, retryAfter: "10" });
		expect((await running).status).toBe(200);
	});

	test("waits where too many run", async () => {
		const before = Array.from({ length: CAMERAS }, (_, index) => sim.status(index + 1).sessions);
		const running = Array.from({ length: MAX_RUNNING_PROBES }, (_, index) =>
			post(`/api/cameras/cam${index + 1}/probe`),
		);
		const started = (): boolean =>
			before.slice(0, MAX_RUNNING_PROBES).every((sessions, index) => sessionsOf(index + 1) > sessions);
		await expect.poll(started, { timeout: 10_000 }).toBe(true);
		const last = await post(`/api/cameras/cam${CAMERAS}/probe`);
		expect(last).toMatchObject({ status: 503, body: { error: { code: "too-many-probes" } }, retryAfter: "10" });
		expect((await Promise.all(running)).map(({ status }) => status)).toEqual(running.map(() => 200));
	});

	test("does not try a refused password again for a while (quirk 29)", async () => {
		sim.control.refusePasswords(4);
		const describes = (): number => sim.status(4).requests.DESCRIBE ?? 0;
		const first = await post("/api/cameras/cam4/probe");
		const tried = describes();
		const second = await post("/api/cameras/cam4/probe");
		const other = await post("/api/cameras/cam4/probe?stream=main&lang=es");
		expect(first.body).toMatchObject({ result: "failed", failure: { code: "auth-refused" } });
		expect(second.body).toEqual(first.body);
		expect(other.body).toMatchObject({
			failure: { code: "auth-refused", text: expect.stringContaining("rechazó") as string },
		});
		expect(describes()).toBe(tried);
	});

	test.each([
		["/api/cameras/none/probe", 404, "unknown-camera"],
		["/api/cameras/cam1/probe?stream=sub", 404, "unknown-stream"],
		["/api/cameras/cam1/probe?stream=third", 400, "bad-request"],
		["/api/cameras/cam1/probe?lang=xx", 400, "bad-request"],
	])("%s is answered with %i %s", async (path, status, code) => {
		expect(await post(path)).toMatchObject({ status, body: { error: { code } } });
	});

	test("ends with the server, and says TEARDOWN", async () => {
		const before = sim.status(5).teardowns;
		const answer = post("/api/cameras/cam5/probe?stream=sub");
		await expect.poll(() => sim.status(5).activeSessions, { timeout: 10_000 }).toBe(1);
		await probes.stop();
		expect((await answer).status).toBe(200);
		expect(sim.status(5).teardowns).toBe(before + 1);
	});
});

describe("a probe of any address", () => {
	const url = (channel = 6): string => `rtsp://127.0.0.1:${sim.port}${pathOf(channel, 1)}`;

	test("takes user and password beside the address or in it", async () => {
		const [beside, inside] = await Promise.all([
			post("/api/probe", { url: url(), user: "admin", password: PASSWORD, transport: "tcp" }),
			post("/api/probe", { url: url().replace("://", `://admin:${PASSWORD}@`), transport: "udp" }),
		]);
		expect(probeReportSchema.parse(beside.body)).toMatchObject({ result: "good", transport: "tcp" });
		expect(inside.body).toMatchObject({ transport: "udp", video: { width: 640 } });
	});

	test.each([
		{ "x-forwarded-for": "192.0.2.1" },
		{ "x-forwarded-for": "127.0.0.1" },
		{ forwarded: "for=192.0.2.1" },
		{ "x-real-ip": "192.0.2.1" },
		{ via: "1.1 proxy" },
		{ "x-forwarded-proto": "https" },
	])("is refused through a proxy: %j", async (headers) => {
		const answer = await post("/api/probe", { url: url() }, headers as Record<string, string>);
		expect(answer).toMatchObject({ status: 403, body: { error: { code: "local-only" } } });
		expect(answer.body.error?.message).toContain("this machine");
	});

	test.each(["wall.example.org", "192.168.1.5:8000", "localhost.example.org", "[2001:db8::1]:8000"])(
		"is refused where %s was asked for: a proxy that adds no field keeps the name",
		async (host) => {
			const answer = await app.inject({
				method: "POST",
				url: "/api/probe",
				payload: { url: url() },
				headers: { host },
			});
			expect(answer.statusCode).toBe(403);
		},
	);

	test.each(["localhost:8000", "127.0.0.1:8000", "[::1]:8000"])("is granted at %s", async (host) => {
		const answer = await app.inject({
			method: "POST",
			url: "/api/probe",
			payload: { url: "http://x" },
			headers: { host },
		});
		expect(answer.statusCode).toBe(400);
	});

	test.each(["192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", "128.0.0.1"])(
		"is refused to %s",
		async (remoteAddress) => {
			const answer = await app.inject({ method: "POST", url: "/api/probe", payload: { url: url() }, remoteAddress });
			expect(answer.statusCode).toBe(403);
		},
	);

	test.each(["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"])("is granted to %s", async (remoteAddress) => {
		const answer = await app.inject({ method: "POST", url: "/api/probe", payload: { url: "http://x" }, remoteAddress });
		expect(answer.statusCode).toBe(400);
	});

	test.each([
		[{}],
		[{ url: "http://camera/" }],
		[{ url: `rtsp://admin:${PASSWORD}@` }],
		[{ url: "rtsp://camera/a b" }],
		[{ url: "rtsp://camera/", password: PASSWORD }],
		[{ url: "rtsp://camera/", user: "a\r\nb" }],
		[{ url: "rtsp://camera/", transport: PASSWORD }],
		[{ url: "rtsps://camera/", tls: PASSWORD }],
		[{ url: "rtsp://camera/", tls: "insecure" }],
		[{ url: "rtsp://camera/", [PASSWORD]: 1 }],
		[`{"url": "${PASSWORD}`],
		["[]"],
	])("is refused with a body that is not right, which is not repeated: %j", async (body) => {
		expect(await post("/api/probe", body)).toMatchObject({ status: 400, body: { error: { code: "bad-request" } } });
	});
});
