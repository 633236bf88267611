import { createServer } from "node:net";
import { startCameraSim } from "@vigia/camera-sim";
import { headerOf } from "@vigia/rtsp";
import { describe, expect, test } from "vitest";
import { Credentials } from "../config/credentials.ts";
import { systemClock } from "../platform/clock.ts";
import { FakeClock } from "../platform/fake-clock.ts";
import { answerTo, type CameraScript, ScriptedCamera } from "../sources/testing/scripted-camera.ts";
import { CANDIDATE_LIMIT_MS, type CandidateOutcome, type CandidateSearch, probeCandidates } from "./candidates.ts";

const LOGIN = { username: "admin", password: "p@ss:w#rd%/ñ" };
const AUTH: CameraScript["auth"] = {
	offers: [{ scheme: "digest", realm: "r", nonce: "n", algorithm: "MD5" }],
	credentials: LOGIN,
};

async function search(port: number, more: Partial<CandidateSearch> = {}): Promise<CandidateOutcome> {
	return await probeCandidates({
		host: "127.0.0.1",
		port,
		credentials: new Credentials(LOGIN.username, LOGIN.password),
		clock: systemClock,
		...more,
	});
}

/** A camera that knows this path only. */
const onlyAt = (path: string): CameraScript => ({
	answer: (request) => (request.target.endsWith(path) ? undefined : answerTo(request, "404 Not Found", [])),
});

describe("a device", () => {
	test("of a maker nobody named is found by its path, and nothing is played", async () => {
		await using camera = await ScriptedCamera.open({ ...onlyAt("/unicast/c3/s0/live"), auth: AUTH });
		expect(await search(camera.port, { channel: 3 })).toMatchObject({
			type: "found",
			candidate: { template: "uniview", path: "/unicast/c{channel}/s{0|1}/live", port: camera.port },
		});
		expect(camera.methods).not.toContain("PLAY");
		// One after the other.
		expect(camera.connections.slice(0, -1).every(({ socket }) => socket.closed)).toBe(true);
	});

	test("of a maker that was named is asked for that maker's paths first", async () => {
		await using camera = await ScriptedCamera.open(onlyAt("/live.sdp"));
		expect(await search(camera.port, { vendor: "Vivotek" })).toMatchObject({
			type: "found",
			candidate: { template: "vivotek-old" },
			tried: 2,
		});
	});

	test("of another maker than the named one is found all the same", async () => {
		const sim = await startCameraSim({ count: 2, credentials: LOGIN });
		try {
			expect(await search(sim.port, { vendor: "Hikvision", channel: 2 })).toMatchObject({
				type: "found",
				candidate: { template: "dahua", server: "Vigia camera simulator" },
				tried: 3,
			});
		} finally {
			await sim.close();
		}
	});

	test("with no path that is known is not found", async () => {
		await using camera = await ScriptedCamera.open(onlyAt("/secret"));
		const outcome = await search(camera.port);
		expect(outcome).toMatchObject({ type: "none", failure: { code: "not-found" } });
		expect(outcome.tried).toBeGreaterThan(15);
	});
});

describe("the search ends", () => {
	test("at the first refused password: devices lock after a few (quirk 29)", async () => {
		await using camera = await ScriptedCamera.open({ auth: AUTH });
		const outcome = await search(camera.port, { credentials: new Credentials("admin", "wrong") });
		expect(outcome).toMatchObject({ type: "none", failure: { code: "auth-refused" }, tried: 1 });
		const passwords = camera.requests.filter((request) => headerOf(request, "authorization") !== undefined);
		expect(passwords).toHaveLength(1);
		expect(JSON.stringify(outcome)).not.toContain("wrong");
	});

	test("where the password is refused behind a path that does not exist", async () => {
		await using camera = await ScriptedCamera.open({
			auth: AUTH,
			answer: (request) =>
				headerOf(request, "authorization") !== undefined && request.target.includes("realmonitor")
					? answerTo(request, "404 Not Found", [])
					: undefined,
		});
		const outcome = await search(camera.port, { credentials: new Credentials("admin", "wrong") });
		expect(outcome).toMatchObject({ failure: { code: "auth-refused" }, tried: 2 });
	});

	test("where the device has no session free, or no password was given", async () => {
		await using full = await ScriptedCamera.open({
			answer: (request) => answerTo(request, "453 Not Enough Bandwidth", []),
		});
		expect(await search(full.port)).toMatchObject({ failure: { code: "camera-full" }, tried: 1 });
		await using closed = await ScriptedCamera.open({ auth: AUTH });
		expect(await search(closed.port, { credentials: undefined })).toMatchObject({
			failure: { code: "auth-refused" },
			tried: 1,
		});
	});

	test("where nothing listens", async () => {
		const server = createServer().listen(0, "127.0.0.1");
		await new Promise((resolve) => server.once("listening", resolve));
		const address = server.address();
		await new Promise((resolve) => server.close(resolve));
		const port = typeof address === "object" && address ? address.port : 0;
		expect(await search(port)).toMatchObject({ failure: { code: "connection-refused" }, tried: 1 });
	});

	test("where the device takes the connection and says nothing", async () => {
		const clock = new FakeClock();
		await using camera = await ScriptedCamera.open({
			answer: () => {
				clock.advance(CANDIDATE_LIMIT_MS);
				return "";
			},
		});
		expect(await search(camera.port, { clock })).toMatchObject({ failure: { code: "no-answer" }, tried: 1 });
		expect(clock.pending).toBe(0);
	});

	test("when it is called off", async () => {
		const caller = new AbortController();
		await using camera = await ScriptedCamera.open({
			answer: (request) => {
				caller.abort();
				return answerTo(request, "404 Not Found", []);
			},
		});
		const outcome = await search(camera.port, { signal: caller.signal });
		expect(outcome).toMatchObject({ type: "none", tried: 1 });
		expect(await search(camera.port, { signal: caller.signal })).toMatchObject({ tried: 0 });
	});
});
