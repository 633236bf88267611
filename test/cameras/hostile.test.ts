/** What answers at the address is no camera, or one that never comes to an end. */
import { expect } from "vitest";
import { CAMERA_CERTIFICATE } from "../../server/src/sources/testing/test-certificates.ts";
import { h264 } from "./support/h264-track.ts";
import { defineScenario } from "./support/scenario.ts";

/** RTSP-QUIRKS, S36. */
const WITHIN_MS = 12_000;

for (const [what, raw] of [
	["a web server", "HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno\n"],
	["a shell", "SSH-2.0-OpenSSH_9.6\r\nInvalid SSH identification string.\r\n"],
	["a mail server", "220 mail ESMTP\r\n500 5.5.2 unrecognised\r\n"],
	["random bytes", "\x00\xff\x10\x80".repeat(500)],
] as const) {
	defineScenario({
		id: "S19",
		quirks: [48],
		title: `${what} in place of a camera is told within twelve seconds`,
		camera: { answer: () => ({ raw }) },
		expect: { state: "waiting", tags: [], withinMs: WITHIN_MS },
		check: ({ viewer }) => {
			expect(["protocol-error", "no-answer", "session-ended"]).toContain(viewer.status.failure?.code);
		},
	});
}

defineScenario({
	id: "S33",
	quirks: [11, 12],
	title: "a camera that speaks no TLS where TLS is asked for is told, and gets no password",
	camera: {},
	viewer: { scheme: "rtsps", tls: { mode: "insecure", legacy: false } },
	expect: { state: "waiting", tags: [], methods: [], withinMs: WITHIN_MS },
});

defineScenario({
	id: "S33",
	quirks: [11, 12],
	title: "a camera that speaks TLS where none is asked for is told",
	camera: { tls: CAMERA_CERTIFICATE },
	expect: { state: "waiting", tags: [], methods: [], withinMs: WITHIN_MS },
});

defineScenario({
	id: "S14",
	quirks: [41],
	title: "an answer that trickles in, a byte a second, is not waited for longer than any other",
	camera: {
		answer: (request, reply, connection) => {
			if (request.method !== "DESCRIBE") return undefined;
			const bytes = Buffer.from(connection.reply(request, reply), "latin1");
			const drip = (at: number): void => {
				connection.send(bytes.subarray(at, at + 1));
				if (at < bytes.length && connection.line.isOpen) connection.camera.clock.after(1_000, () => drip(at + 1));
			};
			drip(0);
			return "silence";
		},
	},
	expect: { state: "waiting", reason: "no-answer", tags: [], withinMs: WITHIN_MS + 12_000 },
});

defineScenario({
	id: "S14",
	quirks: [45],
	title: "100 Continue for ever is not waited for for ever",
	camera: {
		answer: (request, _reply, connection) => {
			if (request.method !== "DESCRIBE") return undefined;
			const again = (): void => {
				connection.send("RTSP/1.0 100 Continue\r\nCSeq: 2\r\n\r\n");
				if (connection.line.isOpen) connection.camera.clock.after(1_000, again);
			};
			again();
			return "silence";
		},
	},
	expect: { state: "waiting", reason: "no-answer", tags: [], withinMs: WITHIN_MS },
});

defineScenario({
	id: "S21",
	quirks: [50, 83],
	title: "frames that never stop while DESCRIBE is never answered are not waited for for ever",
	camera: {
		answer: (request, _reply, connection) => {
			if (request.method !== "DESCRIBE") return undefined;
			const again = (): void => {
				connection.sendFrame(0, Buffer.from("80600001000000000000123441", "hex"));
				if (connection.line.isOpen) connection.camera.clock.after(100, again);
			};
			again();
			return "silence";
		},
	},
	expect: { state: "waiting", reason: "no-answer", tags: [], withinMs: WITHIN_MS },
});

defineScenario({
	id: "S23",
	quirks: [54, 55],
	title: "a description of two thousand tracks is read to its limit and told as what it then is",
	camera: {
		sdp: [
			"v=0",
			...Array.from({ length: 2_000 }, (_, index) => `m=application 0 RTP/AVP 107\r\na=control:x${index}`),
			"m=video 0 RTP/AVP 96",
			"a=rtpmap:96 H264/90000",
			"a=control:trackID=1",
			"",
		].join("\r\n"),
	},
	expect: { state: "unsupported", reason: "no-video", methods: ["OPTIONS", "DESCRIBE"] },
});

defineScenario({
	id: "S14",
	quirks: [41],
	title: "a head without an end is refused at its limit",
	camera: { answer: () => ({ raw: `RTSP/1.0 200 OK\r\nX: ${"y".repeat(200_000)}` }) },
	expect: { state: "waiting", reason: "protocol-error", tags: [] },
});

defineScenario({
	id: "S16",
	quirks: [44],
	title: "a thousand requests of the camera are answered and the pictures go on",
	camera: { tracks: [h264({ units: Number.POSITIVE_INFINITY })] },
	run: async ({ camera, time }) => {
		for (let count = 0; count < 1_000; count++) camera.connection.sendRequest("OPTIONS");
		await time.pass(2_000);
		expect(camera.responses).toHaveLength(1_000);
	},
	expect: { counters: { lostPackets: 0 } },
});

defineScenario({
	id: "S08",
	quirks: [14, 29],
	title: "a password that the HTTP tunnel's GET refuses is not tried more than twice",
	camera: { tunnel: { plainToo: false, challengesGet: "always" } },
	viewer: { transport: "http" },
	expect: { state: "refused", reason: "auth-refused", tags: [], methods: [], withinMs: 3_000 },
	check: ({ camera }) => expect(camera.httpRequests.length).toBeLessThanOrEqual(3),
});

defineScenario({
	id: "S08",
	quirks: [29],
	title: "a password that is refused in the middle of a session is tried no more than twice again",
	camera: {
		tracks: [h264({ units: Number.POSITIVE_INFINITY })],
		auth: { offers: (nonce) => [{ scheme: "digest", realm: "r", nonce }] },
		answer: (request, reply, connection) =>
			request.method === "GET_PARAMETER"
				? {
						...reply,
						status: 401,
						fields: { "WWW-Authenticate": `Digest realm="r", nonce="new${connection.requests.length}", stale=true` },
					}
				: undefined,
	},
	expect: { tags: "any" },
	run: async ({ camera, time }) => {
		await time.pass(60_000, 100);
		const keepAlives = camera.requests.filter((request) => request.method === "GET_PARAMETER");
		expect(keepAlives.length).toBeLessThanOrEqual(6);
	},
});
