import { describe, expect, it } from "vitest";
import { startCameraSim } from "./camera-sim.ts";
import { startControlServer } from "./control-http.ts";
import { TestClient } from "./testing/rtsp-client.ts";
import { waitFor } from "./testing/wait-for.ts";

const credentials = { username: "admin", password: "p@ss:w#rd%/ñ" };

async function open() {
	const sim = await startCameraSim({ count: 2, credentials });
	const control = await startControlServer(sim);
	const base = `http://127.0.0.1:${control.port}`;
	return {
		sim,
		get: (path: string) => fetch(base + path),
		post: (path: string, body?: unknown, type = "application/json") =>
			fetch(base + path, {
				method: "POST",
				...(body === undefined
					? {}
					: { body: typeof body === "string" ? body : JSON.stringify(body), headers: { "content-type": type } }),
			}),
		async [Symbol.asyncDispose]() {
			await control.close();
			await sim.close();
		},
	};
}

describe("the control API", () => {
	it("tells what the cameras are and do, and never a password", async () => {
		await using api = await open();
		const response = await api.get("/cameras");
		const text = await response.text();
		expect(JSON.parse(text)).toMatchObject([
			{ channel: 1, name: { en: "Main gate", es: "Puerta principal" }, activeSessions: 0, requests: {} },
			{ channel: 2 },
		]);
		expect(text).not.toContain("p@ss");
		expect(await (await api.get("/cameras/2")).json()).toMatchObject({ channel: 2 });
	});

	it.each([
		["stop", { answer: 503 }, { stopped: 503 }],
		["stop", undefined, { stopped: "cut" }],
		["freeze", { rtcp: true }, { freeze: "video" }],
		["freeze", { rtcp: false }, { freeze: "all" }],
		["drop-silently", {}, { halfOpen: true }],
		["refuse-passwords", {}, { refusePasswords: true }],
		["limit-sessions", { limit: 1 }, { sessionLimit: 1 }],
	])("%s %o, and start ends it", async (action, body, faults) => {
		await using api = await open();
		const response = await api.post(`/cameras/1/${action}`, body);
		expect(response.status).toBe(200);
		expect(await response.json()).toMatchObject({ faults });
		expect(api.sim.status(2).faults).not.toMatchObject(faults);
		expect((await api.post("/cameras/all/start")).status).toBe(200);
		expect(api.sim.status(1).faults).toMatchObject({ freeze: "none", halfOpen: false, refusePasswords: false });
		expect(api.sim.status(1).faults.stopped).toBeUndefined();
	});

	it("restarts after a delay and changes passwords", async () => {
		await using api = await open();
		expect((await api.post("/cameras/all/restart", { delayMs: 50 })).status).toBe(200);
		await waitFor("the start", () => api.sim.statuses().every((status) => status.faults.stopped === undefined));
		expect((await api.post("/cameras/2/change-password", { password: "other" })).status).toBe(200);
		await using client = await TestClient.connect(api.sim.url(2, "sub"));
		const challenged = await client.request("DESCRIBE");
		if (!challenged) throw new Error("No answer.");
		const answer = await client.authorize("DESCRIBE", challenged, { ...credentials, password: "other" });
		expect(answer?.status).toBe(200);
	});

	it.each([
		["/cameras/1/restart", {}, 400],
		["/cameras/1/restart", { delayMs: -1 }, 400],
		["/cameras/1/stop", { answer: 200 }, 400],
		["/cameras/1/freeze", { rtcp: "yes" }, 400],
		["/cameras/1/limit-sessions", { limit: -1 }, 400],
		["/cameras/1/change-password", { password: 7 }, 400],
		["/cameras/1/freeze", "{broken", 400],
		["/cameras/1/freeze", "[]", 400],
		["/cameras/1/freeze", `"${"x".repeat(5000)}"`, 413],
		["/cameras/3/stop", {}, 404],
		["/cameras/x/stop", {}, 404],
		["/cameras/1/explode", {}, 404],
		["/cameras/1/toString", {}, 404],
		["/elsewhere", {}, 404],
		["/cameras", {}, 405],
	])("answers %s with %o by %s and a reason", async (path, body, status) => {
		await using api = await open();
		const response = await api.post(path, body);
		expect(response.status).toBe(status);
		expect(await response.json()).toEqual({ error: expect.stringMatching(/.{8,}/) });
	});

	it("wants POST for actions and JSON for bodies", async () => {
		await using api = await open();
		expect((await api.get("/cameras/1/stop")).status).toBe(405);
		expect((await api.post("/cameras/1/stop", "{}", "text/plain")).status).toBe(415);
		expect(api.sim.status(1).faults.stopped).toBeUndefined();
	});
});
