/** How sessions are named and kept alive. */
import { headerOf } from "@vigia/rtsp";
import { expect } from "vitest";
import type { CameraConnection } from "./support/camera-connection.ts";
import { h264 } from "./support/h264-track.ts";
import { defineScenario, USUAL } from "./support/scenario.ts";

const endless = h264({ units: Number.POSITIVE_INFINITY });

// S28.

for (const [what, session] of [
	["blanks before it", "       708345999;timeout=60"],
	["a blank before timeout", "9a90de54; timeout=120"],
	["timeout=0", "1;timeout=0"],
	["no timeout", "abc$+-_."],
] as const) {
	defineScenario({
		id: "S28",
		quirks: [72],
		title: `a Session field with ${what} is answered with the id alone`,
		camera: { session: () => session },
		expect: { methods: USUAL },
		check: ({ camera }) => {
			const play = camera.requests.find((request) => request.method === "PLAY");
			expect(play && headerOf(play, "session")).toBe(session.trim().split(";")[0]);
		},
	});
}

defineScenario({
	id: "S28",
	quirks: [72],
	title: "an answer to SETUP without a Session field is played without one, and TEARDOWN is said all the same",
	camera: { session: () => null, fields: { PLAY: { Session: null } } },
	expect: { methods: ["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"] },
});

for (const [seconds, passMs] of [
	[1, 5_000],
	[5, 20_000],
	[10, 40_000],
	[60, 200_000],
] as const) {
	defineScenario({
		id: "S28",
		quirks: [72, 86],
		title: `a session of ${seconds} s is kept alive in time`,
		camera: { tracks: [endless], expiresAfterS: seconds },
		run: async ({ time }) => await time.pass(passMs, seconds > 10 ? 100 : 20),
		expect: { wire: [/^GET_PARAMETER/] },
		check: ({ camera }) => {
			expect(camera.expired).toBe(0);
			const keepAlives = camera.requests.filter((request) => request.method === "GET_PARAMETER").length;
			expect(keepAlives, "no more often than needed").toBeLessThanOrEqual(
				Math.max(passMs / 1000, passMs / seconds / 400) + 1,
			);
		},
	});
}

defineScenario({
	id: "S28",
	quirks: [72, 86],
	title: "the timeout that PLAY names counts, not the one of SETUP",
	camera: {
		tracks: [endless],
		expiresAfterS: 8,
		session: () => "4711;timeout=60",
		fields: { PLAY: { Session: "4711;timeout=8" } },
	},
	run: async ({ time }) => await time.pass(30_000),
	check: ({ camera }) => expect(camera.expired).toBe(0),
});

defineScenario({
	id: "S28",
	quirks: [72, 86],
	title: "a session without a timeout is kept alive as for 60 s",
	camera: {
		tracks: [endless],
		expiresAfterS: 60,
		session: () => "4711",
		fields: { PLAY: { Session: "4711" } },
	},
	run: async ({ time }) => await time.pass(130_000, 100),
	check: ({ camera }) => expect(camera.expired).toBe(0),
});

// S35.

for (const [what, quirk, status] of [
	["nothing", "keep-alive-unanswered", undefined],
	["400", "keep-alive-refused", 400],
	["501", "keep-alive-refused", 501],
	["551", "keep-alive-refused", 551],
] as const) {
	defineScenario({
		id: "S35",
		quirks: [84, 85],
		title: `a keep-alive that is answered with ${what} does not disturb the stream`,
		camera: {
			tracks: [endless],
			expiresAfterS: 30,
			answer: (request, reply) => {
				if (request.method !== "GET_PARAMETER") return undefined;
				return status === undefined ? "silence" : { ...reply, status };
			},
		},
		run: async ({ time }) => await time.pass(120_000, 100),
		expect: { quirks: [quirk], notWire: [/^SET_PARAMETER/, /^\w+ \* /] },
		check: ({ camera, viewer }) => {
			expect(viewer.sessions).toHaveLength(1);
			expect(camera.expired).toBe(0);
			if (status !== undefined) {
				// The other method from then on.
				expect(camera.methods.filter((method) => method === "GET_PARAMETER")).toHaveLength(1);
				expect(camera.methods.filter((method) => method === "OPTIONS").length).toBeGreaterThan(3);
			}
		},
	});
}

defineScenario({
	id: "S35",
	quirks: [84],
	title: "a camera that does not list GET_PARAMETER is kept alive with OPTIONS on its base URL",
	camera: {
		tracks: [endless],
		expiresAfterS: 10,
		fields: {
			OPTIONS: { Public: "OPTIONS, DESCRIBE, SETUP,PLAY ,TEARDOWN" },
			DESCRIBE: { "Content-Base": "rtsp://192.0.2.3/base/" },
		},
	},
	run: async ({ time }) => await time.pass(25_000),
	expect: { notWire: [/^GET_PARAMETER/], wire: [/^OPTIONS rtsp:\/\/127\.0\.0\.1:\d+\/base\//] },
	check: ({ camera }) => expect(camera.expired).toBe(0),
});

defineScenario({
	id: "S35",
	quirks: [84],
	title: "454 to GET_PARAMETER alone (Thingino) means the method, not the session",
	camera: {
		tracks: [endless],
		expiresAfterS: 20,
		answer: (request, reply) => (request.method === "GET_PARAMETER" ? { ...reply, status: 454 } : undefined),
	},
	run: async ({ time }) => await time.pass(60_000, 100),
	expect: { quirks: ["keep-alive-refused"] },
	check: ({ camera, viewer }) => {
		expect(viewer.sessions).toHaveLength(1);
		expect(camera.expired).toBe(0);
	},
});

for (const [what, isSpoilt, reaction] of [
	["454 whatever its method", (method: string, count: number) => method !== "TEARDOWN" && count > 4, { status: 454 }],
	["454 after good ones", (method: string, count: number) => method === "GET_PARAMETER" && count > 5, { status: 454 }],
	["the end of the connection", (method: string) => method === "GET_PARAMETER", { close: true }],
] as const) {
	let spoiltConnection: CameraConnection | undefined;
	defineScenario({
		id: "S35",
		quirks: [75, 84],
		title: `a keep-alive that is answered with ${what} brings a new session`,
		camera: {
			tracks: [endless],
			expiresAfterS: 20,
			answer: (request, reply, connection) => {
				spoiltConnection ??= connection;
				const isFirst = connection === spoiltConnection;
				return isFirst && isSpoilt(request.method, connection.requests.length) ? { ...reply, ...reaction } : undefined;
			},
		},
		expect: { tags: "any" },
		run: async ({ viewer, time }) => {
			await time.pass(25_000);
			expect(viewer.status.state).toBe("live");
			expect(viewer.sessions).toHaveLength(2);
			expect(viewer.failures[0]?.code).toBe("session-ended");
		},
	});
}

defineScenario({
	id: "S35",
	quirks: [87],
	title: "receiver reports are the sign of life that a camera asks for",
	camera: { tracks: [endless], expiresAfterS: 12, needsReports: true },
	run: async ({ time }) => await time.pass(60_000, 50),
	check: ({ camera }) => {
		expect(camera.expired).toBe(0);
		expect(camera.connection.frames.every((frame) => frame.channel === 1)).toBe(true);
		expect(camera.connection.frames.length).toBeGreaterThanOrEqual(10);
	},
});
