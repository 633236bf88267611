/** Cameras that stall, vanish, come back, are full; viewers that do not keep up. */
import { expect } from "vitest";
import { CAMERA_CERTIFICATE } from "../../server/src/sources/testing/test-certificates.ts";
import { retryDelayMs } from "../../server/src/sources/retry-policy.ts";
import type { StreamUnit } from "../../server/src/streams/reader.ts";
import type { CameraConnection } from "./support/camera-connection.ts";
import { h264, pSlice, tagOfSlice } from "./support/h264-track.ts";
import { defineScenario, type Stage } from "./support/scenario.ts";

const endless = h264({ units: Number.POSITIVE_INFINITY });
/** RTSP-QUIRKS, S36. */
const DETECTED_WITHIN_MS = 12_000;

// S36.

const REPORT = Buffer.from("80c80006000012340000000000000000000000000000000000000000", "hex");
for (const [what, goesOn] of [
	["everything stops and no end is said", () => {}],
	["only RTCP and keep-alive answers go on", ({ camera }: Stage) => camera.connection.sendFrame(1, REPORT)],
	[
		"only packets of another payload type go on",
		({ camera }: Stage) => camera.connection.sendFrame(0, Buffer.from("80700001000000000000123470", "hex")),
	],
] as const) {
	defineScenario({
		id: "S36",
		quirks: [88, 89],
		title: `video that stops while ${what} is found out and comes back in a new session`,
		camera: { tracks: [endless] },
		expect: { tags: "any" },
		run: async (stage) => {
			const { camera, viewer, time } = stage;
			await time.pass(3_000);
			camera.connection.stopMedia();
			const stoppedAtMs = time.nowMs;
			expect(
				await time.until(() => {
					goesOn(stage);
					return viewer.status.state === "stalled";
				}, DETECTED_WITHIN_MS),
			).toBe(true);
			expect(viewer.status.failure?.code).toBe("video-stalled");
			await time.until(() => viewer.sessions.length === 2 && viewer.status.state === "live", DETECTED_WITHIN_MS);
			expect(viewer.status.state).toBe("live");
			expect(time.nowMs - stoppedAtMs).toBeLessThanOrEqual(DETECTED_WITHIN_MS);
			// The camera keeps sessions that hang: it was told all the same.
			expect(camera.methods.filter((method) => method === "TEARDOWN")).toHaveLength(1);
			await time.pass(500);
			const tags = viewer.tags;
			expect(tags).toEqual(Array.from({ length: camera.sent() }, (_, index) => index + 1));
		},
	});
}

defineScenario({
	id: "S36",
	quirks: [88],
	title: "video that goes on after a short break stays in its session",
	camera: { tracks: [h264({ units: 100, atMs: (index) => index * 40 + (index >= 50 ? 2_500 : 0) })] },
	expect: { withinMs: 8_000 },
	check: ({ viewer }) => {
		expect(viewer.sessions).toHaveLength(1);
		expect(viewer.states).toEqual(["connecting", "buffering", "live", "stalled", "live"]);
	},
});

defineScenario({
	id: "S36",
	quirks: [88],
	title: "a session that plays and never brings a picture is replaced",
	camera: { tracks: [h264({ units: 0 })] },
	expect: { state: "waiting", reason: "video-stalled", withinMs: DETECTED_WITHIN_MS, tags: [] },
	check: ({ viewer }) => expect(viewer.states.slice(0, 3)).toEqual(["connecting", "buffering", "waiting"]),
});

defineScenario({
	id: "S36",
	quirks: [88],
	title: "a camera that accepts and never answers is told as such",
	camera: { answer: () => "silence" },
	expect: { state: "waiting", reason: "no-answer", withinMs: DETECTED_WITHIN_MS, tags: [] },
});

for (const method of ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]) {
	for (const [what, react] of [
		["ends the connection", (connection: CameraConnection) => connection.close("end")],
		["resets the connection", (connection: CameraConnection) => connection.close("reset")],
		["says nothing", () => {}],
		[
			"closes its half after an answer cut in two",
			(connection: CameraConnection) => {
				connection.send("RTSP/1.0 200 OK\r\nCSe");
				connection.close("end");
			},
		],
	] as const) {
		defineScenario({
			id: "S38",
			quirks: [33, 91],
			title: `a camera that ${what} at its first ${method} is tried again and plays`,
			camera: {
				tracks: [endless],
				answer: (request, _reply, connection) => {
					if (request.method !== method || connection.camera.connections.length > 1) return undefined;
					// Nobody wants the media of a PLAY that was not answered.
					if (method === "PLAY") connection.stopMedia();
					react(connection);
					return "silence";
				},
			},
			expect: { withinMs: 15_000, tags: "any" },
			check: ({ viewer }) => expect(viewer.failures.length).toBeLessThanOrEqual(1),
		});
	}
}

for (const [how, camera, viewer] of [
	["TCP", {}, {}],
	["UDP", { udp: {} }, { transport: "udp" }],
	["HTTP", { tunnel: { plainToo: false } }, { transport: "http" }],
	["TLS", { tls: CAMERA_CERTIFICATE }, { scheme: "rtsps", tls: { mode: "insecure", legacy: false } }],
] as const) {
	for (const method of ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]) {
		defineScenario({
			id: "S38",
			quirks: [73, 92],
			title: `over ${how} a session that is given up before ${method} is answered leaves nothing behind`,
			camera: { ...camera, answer: (request) => (request.method === method ? "silence" : undefined) },
			viewer,
			expect: { state: "connecting", withinMs: 0, tags: "any" },
			run: async ({ camera: one, time }) => {
				expect(await time.until(() => one.methods.includes(method), 500)).toBe(true);
			},
		});
	}
	defineScenario({
		id: "S38",
		quirks: [91],
		title: `over ${how} a camera that loses its power for five seconds is back within two seconds of its return`,
		camera: { ...camera, host: "127.0.0.40", tracks: [endless] },
		viewer,
		expect: { tags: "any", withinMs: 3_000 },
		run: async ({ camera: one, time }) => {
			await time.pass(2_000);
			await one.goDown();
			await time.pass(5_000);
			await one.comeUp();
			const before = one.sessions.length;
			expect(await time.until(() => one.sessions.length > before && one.methods.at(-1) === "PLAY", 2_000)).toBe(true);
			await time.pass(300);
		},
		check: ({ viewer: one }) => expect(one.status.state).toBe("live"),
	});
}

defineScenario({
	id: "S38",
	quirks: [91],
	title: "a camera that says BYE and sends on is not left",
	camera: {
		tracks: [
			h264({ units: 100, rtcp: (index) => (index === 30 ? Buffer.from("81cb000100001234", "hex") : undefined) }),
		],
	},
	expect: { withinMs: 6_000 },
	check: ({ viewer }) => expect(viewer.sessions).toHaveLength(1),
});

defineScenario({
	id: "S38",
	quirks: [91],
	title: "a camera that says BYE and stops is asked anew",
	camera: {
		tracks: [h264({ units: 31, rtcp: (index) => (index === 30 ? Buffer.from("81cb000100001234", "hex") : undefined) })],
	},
	expect: { tags: "any", withinMs: 2_000 },
	run: async ({ viewer, time }) => {
		await time.pass(1_300);
		expect(await time.until(() => viewer.sessions.length === 2 && viewer.status.state === "live", 5_000)).toBe(true);
	},
});

defineScenario({
	id: "S36",
	quirks: [115],
	title: "video without any key frame is told as such after a minute",
	camera: { tracks: [h264({ units: Number.POSITIVE_INFINITY, picture: (tag) => [pSlice(tag)] })] },
	expect: { state: "waiting", reason: "no-key-frame", withinMs: 75_000, tags: [] },
});

defineScenario({
	id: "S36",
	quirks: [117],
	title: "a camera of one picture in four seconds is live and stays so",
	camera: { tracks: [h264({ units: Number.POSITIVE_INFINITY, intervalMs: 4_000, gop: 1 })] },
	expect: { withinMs: 9_000, tags: "any" },
	run: async ({ viewer, time }) => {
		await time.pass(60_000, 100);
		expect(viewer.sessions.length).toBeLessThanOrEqual(2);
		expect(viewer.status.state).toBe("live");
	},
});

defineScenario({
	id: "S38",
	quirks: [91],
	title: "a camera that is up for two seconds at a time is live within a second of each return for the first minute",
	camera: { host: "127.0.0.41", tracks: [endless] },
	expect: { tags: "any" },
	run: async ({ camera, viewer, time }) => {
		for (let flaps = 0; flaps < 12; flaps++) {
			await time.pass(2_000);
			await camera.goDown();
			await time.pass(2_000);
			await camera.comeUp();
			expect(await time.until(() => viewer.status.state === "live", 1_500), `flap ${flaps}`).toBe(true);
		}
	},
});

defineScenario({
	id: "S36",
	quirks: [85, 88],
	title: "a camera whose answers all stop while its pictures go on is kept",
	camera: {
		tracks: [endless],
		answer: (request) =>
			["GET_PARAMETER", "OPTIONS"].includes(request.method) && request.headers.has("session") ? "silence" : undefined,
	},
	run: async ({ time }) => await time.pass(300_000, 200),
	check: ({ viewer }) => expect(viewer.sessions).toHaveLength(1),
});

// S37.

defineScenario({
	id: "S37",
	quirks: [90],
	title: "a reader that throws is let go, and one that is slow costs nobody else a picture",
	camera: { tracks: [h264({ units: 200, intervalMs: 10, gop: 20 })] },
	expect: { tags: "any" },
	run: async ({ camera, viewer, time }) => {
		const other: number[] = [];
		let pushes = 0;
		viewer.stream.attach({ push: (unit) => void other.push(tagOf(unit)) });
		viewer.stream.attach({
			push: () => {
				pushes++;
				if (pushes === 3) throw new RangeError("this reader is broken");
			},
		});
		// It keeps everything and lets the processor wait, as a reader must not.
		const hoard: StreamUnit[] = [];
		viewer.stream.attach({
			push: (unit) => {
				hoard.push(unit);
				const endMs = performance.now() + 2;
				while (performance.now() < endMs);
			},
		});
		await time.pass(2_500);
		expect(camera.sent()).toBe(200);
		expect(viewer.tags).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
		expect(other).toEqual(viewer.tags.slice(-other.length));
		expect(hoard.map(tagOf)).toEqual(other);
		expect(pushes).toBe(3);
		expect(viewer.readerErrors).toHaveLength(1);
		viewer.readerErrors.length = 0;
		expect(viewer.supervisor.counters.lostPackets).toBe(0);
		// The socket was drained all the time: nothing waits at the camera.
		for (const socket of camera.sockets) expect(socket.writableLength).toBe(0);
	},
});

function tagOf(unit: StreamUnit): number {
	return tagOfSlice("nalUnits" in unit ? unit.nalUnits.at(-1) : undefined);
}

// S38.

defineScenario({
	id: "S38",
	quirks: [91, 93],
	title: "a camera that reboots twenty times, each for 30 s, comes back each time by the schedule of tries",
	camera: { host: "127.0.0.38", tracks: [endless] },
	expect: { tags: "any" },
	run: async ({ camera, viewer, time }) => {
		// Deterministic, and never the same: 21 s to 41 s of video, long enough to count as healthy.
		const upMs = Array.from({ length: 20 }, (_, index) => 21_000 + ((index * 7_919) % 20_000));
		for (const [reboot, forMs] of upMs.entries()) {
			await time.pass(forMs, 50);
			expect(viewer.status.state, `before reboot ${reboot}`).toBe("live");
			const connectsBefore = viewer.supervisor.connects;
			await camera.goDown(reboot % 2 === 0 ? "reset" : "end");
			const downAtMs = time.nowMs;
			await time.pass(30_000, 50);
			expect(["waiting", "connecting"]).toContain(viewer.status.state);
			const tries = viewer.supervisor.connects - connectsBefore;
			// Each half second for 15 s, then each three quarters.
			expect(tries).toBeGreaterThanOrEqual(40);
			expect(tries).toBeLessThanOrEqual(52);
			const waits = viewer.statuses.filter((status) => status.retryAtMs !== undefined && status.retryAtMs >= downAtMs);
			expect(waits.length).toBeGreaterThanOrEqual(tries - 1);
			await camera.comeUp();
			const recovered = await time.until(() => viewer.status.state === "live", 2_000);
			expect(recovered, `reboot ${reboot}: ${JSON.stringify(viewer.status)}`).toBe(true);
			expect(time.nowMs - downAtMs).toBeLessThan(32_000);
		}
		await time.pass(200);
		expect(viewer.sessions.length).toBeGreaterThan(20);
	},
});

defineScenario({
	id: "S38",
	quirks: [91],
	title: "tries grow rarer over a day without the camera, and it comes back within half a minute of being there",
	camera: { host: "127.0.0.39", tracks: [endless] },
	expect: { tags: "any" },
	run: async ({ camera, viewer, time }) => {
		await camera.goDown();
		const downAtMs = time.nowMs;
		await time.pass(3_600_000 + 600_000, 2_500);
		const late = viewer.status.retryAtMs ?? 0;
		expect(late - time.nowMs).toBeLessThanOrEqual(retryDelayMs("connection-refused", 1, 2 * 3_600_000, 0.5));
		expect(viewer.supervisor.connects).toBeLessThan(700);
		expect(time.nowMs - downAtMs).toBeGreaterThan(3_600_000);
		await camera.comeUp();
		expect(await time.until(() => viewer.status.state === "live", 37_000, 200)).toBe(true);
	},
});

defineScenario({
	id: "S38",
	quirks: [91],
	title: "a camera that closes its connection at random times is back within a second each time",
	camera: { tracks: [endless] },
	expect: { tags: "any" },
	run: async ({ camera, viewer, time }) => {
		for (let closes = 0; closes < 20; closes++) {
			await time.pass(((closes * 7_919) % 3_000) + 40);
			camera.connection.close(closes % 2 === 0 ? "end" : "reset");
			expect(await time.until(() => viewer.status.state !== "live", 200)).toBe(true);
			expect(await time.until(() => viewer.status.state === "live", 1_000)).toBe(true);
		}
		await time.pass(200);
		const { tags } = viewer;
		expect(tags).toEqual(Array.from({ length: camera.sent() }, (_, index) => index + 1));
	},
});

// S39.

defineScenario({
	id: "S39",
	quirks: [19, 73],
	title: "a camera for one viewer whose old session lives on for 65 s is busy, then live",
	camera: { tracks: [endless], maxSessions: 1, holdMs: 65_000 },
	expect: { tags: "any" },
	run: async ({ camera, viewer, time }) => {
		await time.pass(1_000);
		// As after a crash of ours: the camera believes that somebody is still there.
		camera.holdSession({ id: "0", senders: new Map(), announced: true, endedBy: "client" });
		camera.connection.close("reset");
		const goneAtMs = time.nowMs;
		expect(await time.until(() => viewer.status.state === "busy", 2_000)).toBe(true);
		expect(viewer.status.failure?.code).toBe("camera-full");
		const before = viewer.supervisor.connects;
		expect(await time.until(() => viewer.status.state === "live", 90_000, 50)).toBe(true);
		expect(time.nowMs - goneAtMs).toBeGreaterThan(64_000);
		expect(time.nowMs - goneAtMs).toBeLessThan(75_000);
		expect(viewer.supervisor.connects - before, "asked politely").toBeLessThan(24);
	},
});

defineScenario({
	id: "S39",
	quirks: [19],
	title: "a camera for one viewer is left and entered again without being full, because it was told",
	camera: { tracks: [endless], maxSessions: 1 },
	expect: { tags: "any" },
	run: async ({ viewer, time }) => {
		for (let times = 0; times < 5; times++) {
			await time.pass(500);
			const stopped = viewer.supervisor.stop();
			viewer.supervisor.start();
			await time.until(() => viewer.status.state === "live", 3_000);
			await stopped;
			expect(viewer.status.state).toBe("live");
		}
		expect(viewer.states).not.toContain("busy");
	},
});
