import { describe, expect, it } from "vitest";
import { startCameraSim } from "./camera-sim.ts";
import { TestClient } from "./testing/rtsp-client.ts";
import { waitFor } from "./testing/wait-for.ts";

const credentials = { username: "admin", password: "p@ss:w#rd%/ñ" };

async function playing(url: string): Promise<TestClient> {
	const client = await TestClient.connect(url);
	expect(await client.play()).toBe(200);
	await waitFor("pictures", () => client.frames.length > 0);
	return client;
}

/** Drops what has come and waits for what comes after. */
async function nextPacket(client: TestClient, channel: number): Promise<void> {
	client.frames.length = 0;
	await waitFor(`a packet on channel ${channel}`, () => client.frames.some((frame) => frame.channel === channel));
}

describe("a stopped camera", () => {
	it("behind a shared port: its sessions end, the others go on, and it comes back", async () => {
		await using sim = await startCameraSim({ count: 2 });
		await using first = await playing(sim.url(1, "sub"));
		await using second = await playing(sim.url(2, "sub"));
		await sim.control.stop(1);
		await waitFor("the end", () => first.closed);
		await nextPacket(second, 0);
		await using again = await TestClient.connect(sim.url(1, "sub"));
		expect(await again.play()).toBeUndefined();
		await sim.control.start(1);
		await using back = await playing(sim.url(1, "sub"));
		expect(back.closed).toBe(false);
	});

	it.each([404, 503] as const)("behind a shared port: answers %d if wanted", async (status) => {
		await using sim = await startCameraSim({ count: 1 });
		await sim.control.stop("all", status);
		await using client = await TestClient.connect(sim.url(1, "sub"));
		expect(await client.play()).toBe(status);
	});

	it("behind a port of its own: refuses connections until it is started again", async () => {
		await using sim = await startCameraSim({ count: 2, ports: "separate" });
		await using first = await playing(sim.url(1, "sub"));
		const url = sim.url(1, "sub");
		await sim.control.stop(1);
		await waitFor("the end", () => first.closed);
		await expect(TestClient.connect(url)).rejects.toThrow("ECONNREFUSED");
		await using other = await playing(sim.url(2, "sub"));
		expect(other.closed).toBe(false);
		await sim.control.start(1);
		expect(sim.url(1, "sub")).toBe(url);
		await using back = await playing(url);
		expect(back.closed).toBe(false);
	});

	it("comes back by itself after a restart's delay", async () => {
		await using sim = await startCameraSim({ count: 1 });
		await using client = await playing(sim.url(1, "sub"));
		await sim.control.restart(1, 100);
		await waitFor("the end", () => client.closed);
		await waitFor("the start", () => sim.status(1).faults.stopped === undefined);
		await using back = await playing(sim.url(1, "sub"));
		expect(back.closed).toBe(false);
	});
});

describe("a frozen camera", () => {
	it("keeps the connection but sends nothing, then goes on", async () => {
		await using sim = await startCameraSim({ count: 1 });
		await using client = await playing(sim.url(1, "sub"));
		sim.control.freeze(1, { rtcp: false });
		const sent = sim.status(1).picturesSent;
		expect((await client.request("GET_PARAMETER"))?.status).toBe(200);
		client.frames.length = 0;
		await waitFor("six seconds of silence", silence(6000));
		expect(client.frames).toEqual([]);
		expect(sim.status(1).picturesSent).toBe(sent);
		await sim.control.start(1);
		await nextPacket(client, 0);
	});

	it("goes on with its reports where only the video is frozen", async () => {
		await using sim = await startCameraSim({ count: 1 });
		await using client = await playing(sim.url(1, "sub"));
		sim.control.freeze("all", { rtcp: true });
		expect((await client.request("GET_PARAMETER"))?.status).toBe(200);
		await nextPacket(client, 1);
		expect(client.takeFrames(0)).toEqual([]);
	});
});

function silence(forMs: number): () => boolean {
	const startMs = performance.now();
	return () => performance.now() - startMs > forMs;
}

describe("a camera whose network is gone", () => {
	it("neither sends, answers nor closes, to old and new connections, and resets them when it is back", async () => {
		await using sim = await startCameraSim({ count: 2 });
		await using client = await playing(sim.url(1, "sub"));
		await using other = await playing(sim.url(2, "sub"));
		sim.control.dropSilently(1);
		await nextPacket(other, 0);
		client.frames.length = 0;
		const unanswered = client.request("GET_PARAMETER");
		await using late = await TestClient.connect(sim.url(1, "sub"));
		const lateUnanswered = late.request("OPTIONS");
		await nextPacket(other, 0);
		expect([client.closed, late.closed, client.frames.length]).toEqual([false, false, 0]);
		await waitFor("both are silent", () => sim.status(1).connections === 2);
		await sim.control.start(1);
		expect(await unanswered).toBeUndefined();
		expect(await lateUnanswered).toBeUndefined();
		await using back = await playing(sim.url(1, "sub"));
		expect(back.closed).toBe(false);
	});
});

describe("a camera that forgot its connections", () => {
	it("leaves them hanging and serves new ones", async () => {
		await using sim = await startCameraSim({ count: 1 });
		await using client = await playing(sim.url(1, "sub"));
		sim.control.abandonConnections(1);
		const unanswered = client.request("GET_PARAMETER");
		await using again = await playing(sim.url(1, "sub"));
		client.frames.length = 0;
		await nextPacket(again, 0);
		expect([client.closed, client.frames.length]).toEqual([false, 0]);
		await sim.control.start(1);
		expect(await unanswered).toBeUndefined();
		await nextPacket(again, 0);
	});
});

describe("passwords", () => {
	it("are refused whatever they are, even where none was asked for", async () => {
		await using sim = await startCameraSim({ count: 1 });
		sim.control.refusePasswords(1);
		await using client = await TestClient.connect(sim.url(1, "sub"));
		const challenged = await client.request("DESCRIBE");
		expect(challenged?.status).toBe(401);
		if (challenged) expect((await client.authorize("DESCRIBE", challenged, credentials))?.status).toBe(401);
		await sim.control.start(1);
		expect((await client.request("DESCRIBE"))?.status).toBe(200);
	});

	it("can be changed: the old one is refused, the new one is right", async () => {
		await using sim = await startCameraSim({ count: 2, credentials });
		sim.control.changePassword(1, "another");
		const statusWith = async (channel: number, password: string): Promise<number | undefined> => {
			await using client = await TestClient.connect(sim.url(channel, "sub"));
			const challenged = await client.request("DESCRIBE");
			if (!challenged) return undefined;
			return (await client.authorize("DESCRIBE", challenged, { ...credentials, password }))?.status;
		};
		expect(await statusWith(1, credentials.password)).toBe(401);
		expect(await statusWith(1, "another")).toBe(200);
		expect(await statusWith(2, credentials.password)).toBe(200);
		expect(JSON.stringify(sim.statuses())).not.toContain("another");
	});

	it("cannot be changed where none is asked for", async () => {
		await using sim = await startCameraSim({ count: 1 });
		expect(() => sim.control.changePassword(1, "x")).toThrow("credentials");
	});
});

describe("a camera for one viewer", () => {
	it("refuses the second session with 453 and keeps the first", async () => {
		await using sim = await startCameraSim({ count: 1 });
		sim.control.refuseSecondSession("all");
		await using first = await playing(sim.url(1, "sub"));
		await using second = await TestClient.connect(sim.url(1, "sub"));
		expect(await second.play()).toBe(453);
		await nextPacket(first, 0);
		expect(sim.status(1)).toMatchObject({ activeSessions: 1, sessions: 1, requests: { SETUP: 2, PLAY: 1 } });
	});
});

describe("the control", () => {
	it("knows which cameras there are and what is possible", async () => {
		await using sim = await startCameraSim({ count: 2 });
		await expect(sim.control.stop(3)).rejects.toThrow("1-2");
		await expect(sim.control.restart(1, -1)).rejects.toThrow("delayMs");
		expect(() => sim.control.limitSessions(1, 1.5)).toThrow("limit");
		expect(() => sim.status(0)).toThrow("1-2");
	});
});
