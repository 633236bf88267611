/** The end of the server is an end for its cameras and its pages too. */
import { WALL_PROTOCOL_VERSION } from "@vigia/api";
import { startCameraSim } from "@vigia/camera-sim";
import { expect, test } from "vitest";
import WebSocket from "ws";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { eventually } from "../support/eventually.ts";
import { accepts, freeTcpPort, freeUdpPort, MAIN, startServer } from "../support/server-process.ts";

test("SIGTERM says TEARDOWN on every session, closes pages' sockets and exits with 0", async () => {
	await using sim = await startCameraSim({ count: 4 });
	await using server = await startServer({ CAM_IP: "127.0.0.1", CAM_PORT: String(sim.port), TOTAL_CAMERAS: "4" });
	await eventually("all are live", async () => (await server.cameras()).every(({ state }) => state === "live"));
	const socket = new WebSocket(`${server.url.replace("http", "ws")}/api/wall`);
	const closed = new Promise((resolve) => socket.on("close", resolve));
	await new Promise((resolve) => socket.on("open", resolve));
	socket.send(JSON.stringify({ type: "hello", version: WALL_PROTOCOL_VERSION, webrtc: ["h264"], mse: [] }));
	// A main stream, pulled on demand, is one more session.
	const tiles = [{ slot: 0, camera: "cam1", stream: "main" }];
	socket.send(JSON.stringify({ type: "view", revision: 1, tiles, channels: [] }));
	await eventually("the main stream of cam1 is live", async () => {
		return (await server.cameras())[0]?.streams.main?.state === "live";
	});
	expect(sim.sessions).toBe(5);
	expect(await server.kill("SIGTERM")).toBe(0);
	await closed;
	await eventually("no session is left", () => sim.sessions === 0);
	expect(sim.statuses().map(({ teardowns }) => teardowns)).toEqual([2, 1, 1, 1]);
});

test("closing the terminal ends it like Ctrl-C, TEARDOWN included", async () => {
	await using sim = await startCameraSim({ count: 2 });
	const [port, media] = [await freeTcpPort(), await freeUdpPort()];
	const settings = { CAM_IP: "127.0.0.1", CAM_PORT: String(sim.port), TOTAL_CAMERAS: "2" };
	// A terminal, until it is killed.
	const terminal = spawn("script", ["-qec", `'${process.execPath}' '${MAIN}'`, "/dev/null"], {
		env: { PATH: process.env.PATH, HOST: "127.0.0.1", PORT: String(port), WEBRTC_PORT: String(media), ...settings },
		stdio: ["pipe", "ignore", "inherit"],
	});
	try {
		await eventually("both cameras are pulled", () => sim.sessions === 2);
		await eventually("it serves", () => accepts(port));
	} finally {
		terminal.kill("SIGKILL");
		await once(terminal, "exit");
	}
	await eventually("it serves no longer", async () => !(await accepts(port)));
	await eventually("no session is left", () => sim.sessions === 0);
	expect(sim.statuses().map(({ teardowns }) => teardowns)).toEqual([1, 1]);
});
