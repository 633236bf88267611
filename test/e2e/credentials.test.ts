/** Nothing that the process emits holds a camera's credentials, whatever happens to the password. */
import { WALL_PROTOCOL_VERSION } from "@vigia/api";
import { startCameraSim } from "@vigia/camera-sim";
import { expect, test } from "vitest";
import WebSocket from "ws";
import { eventually } from "../support/eventually.ts";
import { secretForms } from "../support/secret-forms.ts";
import { startServer } from "../support/server-process.ts";

const USER = "vigilante-7";
const RIGHT = "p@ss:w#rd%/ñ";
const WRONG = "wr0ng:%41#pass/é";
const ROTATED = "n3w@rotated/%20#";

const SECRETS = [USER, ...[RIGHT, WRONG, ROTATED].flatMap((password) => secretForms(USER, password))];

/** Everything that a visitor can get to see. */
async function everythingOf(url: string): Promise<string> {
	const paths = [
		"/",
		"/health",
		"/metrics",
		"/api/cameras",
		"/api/cameras/cam1",
		"/api/cameras/cam2",
		"/api/cameras/none",
		"/nothing",
		"/api/cameras/cam1/whep/none",
	];
	const answers = await Promise.all(
		paths.map(async (path) => {
			const answer = await fetch(url + path);
			return `${JSON.stringify([...answer.headers])}\n${await answer.text()}`;
		}),
	);
	const broken = await fetch(`${url}/api/cameras/cam1/whep`, {
		method: "POST",
		headers: { "content-type": "application/sdp" },
		body: "v=broken",
	});
	return [...answers, await broken.text(), await wallMessages(url)].join("\n");
}

/** What the wall's socket says in its first two seconds. */
async function wallMessages(url: string): Promise<string> {
	const socket = new WebSocket(`${url.replace("http", "ws")}/api/wall`);
	let text = "";
	socket.on("message", (data: Buffer) => {
		text += data.toString("utf8");
	});
	socket.on("open", () =>
		socket.send(JSON.stringify({ type: "hello", version: WALL_PROTOCOL_VERSION, webrtc: ["h264"], mse: [] })),
	);
	await eventually("welcome and two statuses came", () => text.split('"status"').length > 2);
	socket.terminate();
	return text;
}

test("no output, answer, metric or message holds a credential while passwords are wrong, right and rotated", async () => {
	await using sim = await startCameraSim({ count: 2, credentials: { username: USER, password: RIGHT } });
	const url = (path: string) => `rtsp://127.0.0.1:${sim.port}${path}`;
	const path = (channel: number) => `/cam/realmonitor?channel=${channel}&subtype=1`;
	await using server = await startServer({
		LOG_LEVEL: "trace",
		CAMERA_1_URL: url(path(1)),
		CAMERA_1_USER: USER,
		CAMERA_1_PASS: RIGHT,
		// The second one's credentials stand in its URL, and are wrong.
		CAMERA_2_URL: `rtsp://${USER}:${encodeURIComponent(WRONG)}@127.0.0.1:${sim.port}${path(2)}`,
	});
	let emitted = "";
	const collect = async (): Promise<void> => {
		emitted += await everythingOf(server.url);
	};
	const stateOf = async (id: string) => (await server.cameras()).find((camera) => camera.id === id)?.state;

	await eventually("the right password brings video", async () => (await stateOf("cam1")) === "live");
	await eventually("the wrong one is refused", async () => (await stateOf("cam2")) === "refused");
	await collect();
	sim.control.changePassword(1, ROTATED);
	await sim.control.restart(1, 0);
	await eventually("the password that was rotated away is refused", async () => (await stateOf("cam1")) === "refused");
	await collect();
	await server.kill("SIGTERM");
	emitted += server.output();

	expect(emitted).toContain("auth-refused");
	expect(SECRETS.filter((secret) => emitted.includes(secret))).toEqual([]);
});

test("a setting that is wrong stops the start without repeating a secret", async () => {
	const problem = await startServer({
		CAMERA_1_URL: `rtsp://${USER}:${RIGHT}@127.0.0.1:99999/x`,
		CAMERA_2_URL: `http://${USER}:${WRONG}@127.0.0.1/x`,
		PORT: "eighty",
	}).then(
		async (server) => {
			await server[Symbol.asyncDispose]();
			throw new Error("the server started");
		},
		(error: Error) => `${error.message} ${String(error.cause)}`,
	);
	for (const name of ["CAMERA_1_URL", "CAMERA_2_URL", "PORT"]) expect(problem).toContain(name);
	expect(SECRETS.filter((secret) => problem.includes(secret))).toEqual([]);
});
