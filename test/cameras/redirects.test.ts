/** Cameras and recorders that send their viewers on. */
import { headerOf } from "@vigia/rtsp";
import { expect } from "vitest";
import { CAMERA_CERTIFICATE } from "../../server/src/sources/testing/test-certificates.ts";
import type { CameraScript } from "./support/camera-script.ts";
import { h264 } from "./support/h264-track.ts";
import { defineScenario, PASSWORD, USERNAME } from "./support/scenario.ts";

const endless = h264({ units: Number.POSITIVE_INFINITY });
const digest: CameraScript["auth"] = { offers: (nonce) => [{ scheme: "digest", realm: "r", nonce }] };

/** Sends everybody who asks for a description to the first of the other cameras. */
function sendsOn(
	options: { status?: number; location?: (url: string) => string | readonly string[] | null } = {},
): CameraScript {
	const { status = 302, location = (url) => `${url}/final?a=b` } = options;
	return {
		answer: (request, reply, { camera }) =>
			request.method === "DESCRIBE"
				? { ...reply, status, body: "", fields: { Location: location(camera.others[0]?.url ?? "") } }
				: undefined,
	};
}

for (const status of [301, 302, 303, 305]) {
	defineScenario({
		id: "S11",
		quirks: [8],
		title: `one redirection (${status}) is followed to another port of the same host, with the password`,
		camera: { ...sendsOn({ status }), auth: digest },
		others: [{ tracks: [endless], auth: digest }],
		expect: { tags: "any", withinMs: 2_000 },
		check: ({ camera, viewer }) => {
			const [other] = camera.others;
			expect(other?.methods).toEqual(["OPTIONS", "OPTIONS", "DESCRIBE", "SETUP", "PLAY"]);
			expect(other?.requests.at(-1)?.target).toMatch(/^rtsp:\/\/127\.0\.0\.1:\d+\/final\?a=b$/);
			expect(viewer.states).toEqual(["connecting", "buffering", "live"]);
			expect(camera.sessions).toEqual([]);
		},
	});
}

defineScenario({
	id: "S11",
	quirks: [8],
	title: "a redirection to another host is followed without the password",
	camera: { ...sendsOn(), auth: digest },
	others: [{ host: "127.0.0.11", auth: digest }],
	expect: { state: "refused", reason: "auth-refused", tags: [], withinMs: 2_000 },
	check: ({ camera }) => {
		const [other] = camera.others;
		expect(other?.requests.length).toBeGreaterThan(0);
		expect(other?.requests.map((request) => headerOf(request, "authorization"))).not.toContain(expect.anything());
		for (const request of other?.requests ?? []) expect(headerOf(request, "authorization")).toBeUndefined();
	},
});

defineScenario({
	id: "S11",
	quirks: [8],
	title: "a redirection to another host that asks for no password is played",
	camera: { ...sendsOn(), auth: digest },
	others: [{ host: "127.0.0.11", tracks: [endless] }],
	expect: { tags: "any", withinMs: 2_000 },
});

defineScenario({
	id: "S11",
	quirks: [4, 8],
	title: "a password in a redirection's address is neither used nor said",
	camera: {
		...sendsOn({ location: (url) => url.replace("rtsp://", `rtsp://${USERNAME}:${encodeURIComponent(PASSWORD)}@`) }),
	},
	others: [{ host: "127.0.0.11", auth: digest }],
	expect: { state: "refused", tags: [], withinMs: 2_000 },
});

defineScenario({
	id: "S11",
	quirks: [8],
	title: "a camera that sends on and on is given up after five times",
	camera: {
		answer: (request, reply, { camera }) =>
			request.method === "DESCRIBE"
				? { ...reply, status: 302, body: "", fields: { Location: `${camera.url}/again${camera.connections.length}` } }
				: undefined,
	},
	expect: { state: "unsupported", reason: "redirect-refused", tags: [], withinMs: 2_000 },
	check: ({ camera }) => expect(camera.connections).toHaveLength(6),
});

for (const [what, location] of [
	["names no address", () => null],
	["names two addresses", (url: string) => [`${url}/a`, `${url}/b`]],
	["names an address that is no RTSP", () => "http://127.0.0.1/"],
	["names nonsense", () => "%%%"],
] as const) {
	defineScenario({
		id: "S11",
		quirks: [8],
		title: `a redirection that ${what} is refused`,
		camera: sendsOn({ location }),
		others: [{}],
		expect: { state: "unsupported", reason: "redirect-refused", tags: [] },
		check: ({ camera }) => expect(camera.others[0]?.requests).toEqual([]),
	});
}

defineScenario({
	id: "S11",
	quirks: [8],
	title: "a redirection from TLS to no TLS is refused",
	camera: { ...sendsOn(), tls: CAMERA_CERTIFICATE },
	others: [{}],
	viewer: { scheme: "rtsps", tls: { mode: "insecure", legacy: false } },
	expect: { state: "unsupported", reason: "redirect-refused", tags: [], withinMs: 2_000 },
	check: ({ camera }) => expect(camera.others[0]?.connections).toEqual([]),
});

defineScenario({
	id: "S16",
	quirks: [9],
	title: "a REDIRECT request in the middle is answered and followed, and the old session is ended",
	camera: { tracks: [endless] },
	others: [{ tracks: [endless] }],
	expect: { tags: "any" },
	run: async ({ camera, viewer, time }) => {
		await time.pass(1_000);
		camera.connection.sendRequest("REDIRECT", [`Location: ${camera.others[0]?.url}/moved`]);
		expect(await time.until(() => camera.others[0]?.methods.includes("PLAY") === true, 3_000)).toBe(true);
		await time.pass(500);
		expect(viewer.status.state).toBe("live");
		expect(camera.responses.map((response) => response.status)).toEqual([200]);
		expect(camera.methods.at(-1)).toBe("TEARDOWN");
	},
});
