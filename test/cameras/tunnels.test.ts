/** RTSP inside of HTTP and of TLS. */
import { expect } from "vitest";
import { CAMERA_CERTIFICATE } from "../../server/src/sources/testing/test-certificates.ts";
import { h264 } from "./support/h264-track.ts";
import type { QuirkCamera } from "./support/quirk-camera.ts";
import { defineScenario, USUAL } from "./support/scenario.ts";

const endless = h264({ units: Number.POSITIVE_INFINITY });

// S32.

for (const [what, close] of [
	["the POST's connection", (camera: QuirkCamera) => camera.sockets.at(-1)?.destroy()],
	["both connections", (camera: QuirkCamera) => camera.connection.close("reset")],
] as const) {
	defineScenario({
		id: "S32",
		quirks: [14],
		title: `RTSP through HTTP: a camera that closes ${what} after a while is spoken to on`,
		camera: { tunnel: { plainToo: false }, tracks: [endless], expiresAfterS: 20 },
		viewer: { transport: "http" },
		expect: { tags: "any" },
		run: async ({ camera, viewer, time }) => {
			await time.pass(1_000);
			close(camera);
			await time.pass(45_000, 100);
			expect(viewer.status.state).toBe("live");
			expect(viewer.sessions.length).toBeLessThanOrEqual(2);
			expect(camera.expired).toBe(0);
		},
	});
}

defineScenario({
	id: "S32",
	quirks: [14],
	title: "RTSP through HTTP inside of TLS",
	camera: { tunnel: { plainToo: false }, tls: CAMERA_CERTIFICATE },
	viewer: { scheme: "rtsps", transport: "http", tls: { mode: "pin", sha256: CAMERA_CERTIFICATE.sha256 } },
	expect: { methods: USUAL, withinMs: 3_000 },
});

defineScenario({
	id: "S32",
	quirks: [14],
	title: "RTSP through HTTP: the pictures come through the tunnel",
	camera: { tunnel: { plainToo: false }, tracks: [endless] },
	viewer: { transport: "http" },
	run: async ({ time }) => await time.pass(40_000, 100),
	expect: { wire: [/^GET_PARAMETER/], counters: { lostPackets: 0 } },
	check: ({ camera, viewer }) => {
		const [get = "", post = ""] = camera.httpRequests;
		expect(camera.httpRequests).toHaveLength(2);
		expect(get).toMatch(/^GET \/stream HTTP\/1\.[01]\r\n/);
		expect(get).toMatch(/\r\nAccept: application\/x-rtsp-tunnelled/i);
		expect(post).toMatch(/^POST \/stream HTTP\/1\.[01]\r\n/);
		expect(post).toMatch(/\r\nContent-Type: application\/x-rtsp-tunnelled/i);
		const cookie = /x-sessioncookie: *(\S+)/i;
		expect(cookie.exec(get)?.[1]).toBe(cookie.exec(post)?.[1]);
		expect(viewer.sessions).toHaveLength(1);
	},
});

defineScenario({
	id: "S32",
	quirks: [14, 20],
	title: "RTSP through HTTP: the challenge comes inside the tunnel",
	camera: {
		tunnel: { plainToo: false },
		auth: { offers: (nonce) => [{ scheme: "digest", realm: "r", nonce }] },
	},
	viewer: { transport: "http" },
	expect: { methods: ["OPTIONS", "OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"] },
});

defineScenario({
	id: "S32",
	quirks: [14],
	title: "RTSP through HTTP: a 401 to the GET, with the end of the connection, is answered on a new one",
	camera: { tunnel: { plainToo: false, challengesGet: true } },
	viewer: { transport: "http" },
	expect: { withinMs: 3_000 },
	check: ({ camera }) => expect(camera.httpRequests.some((head) => /\r\nAuthorization: /i.test(head))).toBe(true),
});

defineScenario({
	id: "S32",
	quirks: [74],
	title: "a camera that refuses TCP and UDP is reached through HTTP",
	camera: {
		tunnel: { plainToo: true },
		tracks: [endless],
		udp: {},
		answer: (request, reply, connection) =>
			request.method === "SETUP" && !connection.isTunnelled ? { ...reply, status: 461 } : undefined,
	},
	expect: { withinMs: 5_000, tags: "any" },
	check: ({ viewer }) => {
		expect(viewer.descriptions.map(({ transport }) => transport)).toEqual(["tcp", "udp", "http"]);
		expect(viewer.states).toEqual(["connecting", "buffering", "live"]);
	},
});

// S33.

for (const [policy, tls, state, reason] of [
	["verify", { mode: "verify" }, "unsupported", "certificate-untrusted"],
	["the right pin", { mode: "pin", sha256: CAMERA_CERTIFICATE.sha256 }, "live", undefined],
	["a wrong pin", { mode: "pin", sha256: "0".repeat(64) }, "unsupported", "certificate-untrusted"],
	["insecure", { mode: "insecure", legacy: false }, "live", undefined],
	["insecure and legacy", { mode: "insecure", legacy: true }, "live", undefined],
] as const) {
	defineScenario({
		id: "S33",
		quirks: [11],
		title: `TLS with a self-signed certificate and ${policy} is ${state === "live" ? "taken" : "refused before anything is said"}`,
		camera: {
			tls: CAMERA_CERTIFICATE,
			auth: { offers: (nonce) => [{ scheme: "digest", realm: "r", nonce }] },
		},
		viewer: { scheme: "rtsps", tls },
		expect: {
			state,
			...(reason ? { reason } : {}),
			withinMs: 3_000,
			methods: state === "live" ? ["OPTIONS", "OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"] : [],
		},
	});
}

defineScenario({
	id: "S33",
	quirks: [11],
	title: "without a policy a self-signed certificate is refused",
	camera: { tls: CAMERA_CERTIFICATE },
	viewer: { scheme: "rtsps" },
	expect: { state: "unsupported", reason: "certificate-untrusted", methods: [] },
});
