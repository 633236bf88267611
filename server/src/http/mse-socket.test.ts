import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { CLIP_GOP } from "../outputs/cmaf/testing/clip-camera.ts";
import { openWallServer, type WallServer } from "./testing/wall-server.ts";

/** Only a fault reaches it. */
const WAIT = { timeout: 15_000, interval: 5 };

let server: WallServer;

beforeEach(async () => {
	server = await openWallServer();
});

afterEach(async () => {
	const { errors, camera, clock } = server;
	await server[Symbol.asyncDispose]();
	await vi.waitUntil(() => clock.pending === 0, WAIT);
	expect({ errors, readers: camera.readers }).toEqual({ errors: [], readers: 0 });
});

/** A program that plays fragmented MP4. */
function play(path: string) {
	const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`);
	const player = {
		socket,
		boxes: [] as string[],
		bytes: 0,
		texts: 0,
		closed: undefined as [number, string] | undefined,
	};
	socket.on("message", (data: Buffer, isBinary) => {
		if (!isBinary) player.texts++;
		player.boxes.push(data.toString("latin1", 4, 8));
		player.bytes += data.length;
	});
	socket.on("close", (code, reason) => {
		player.closed = [code, reason.toString()];
	});
	socket.on("error", () => {});
	return player;
}

test("a player gets the initialization segment, the pictures since the key frame, and one message a picture", async () => {
	server.camera.play(2);
	const player = play("/api/cameras/cam1/mse?stream=sub");
	await vi.waitUntil(() => player.boxes.length === 3, WAIT);
	server.camera.play(2);
	await vi.waitUntil(() => player.boxes.length === 5, WAIT);
	expect([player.boxes[0], player.texts]).toEqual(["ftyp", 0]);
	expect(new Set(player.boxes.slice(1)).size).toBe(1);
	player.socket.send("whatever a player says changes nothing");
	player.socket.close();
	await vi.waitUntil(() => server.camera.readers === 0, WAIT);
});

test("what cannot be had closes the socket with a code and a reason", async () => {
	const closed = async (path: string): Promise<[number, string]> => {
		const player = play(path);
		await vi.waitUntil(() => player.closed !== undefined, WAIT);
		return player.closed as [number, string];
	};
	expect(await closed("/api/cameras/none/mse")).toEqual([4404, "unknown-camera"]);
	expect(await closed("/api/cameras/cam1/mse?stream=third")).toEqual([4404, "unknown-stream"]);
	expect(await closed("/api/cameras/cam1/mse?stream=main&stream=sub")).toEqual([4404, "unknown-stream"]);
	for (const codecs of ["", "vp8", "aac", "h264,", "h264&codecs=h265"]) {
		expect((await closed(`/api/cameras/cam1/mse?codecs=${codecs}`))[0]).toBe(4400);
	}
	server.camera.setRoute({ kind: "refused", reason: "ffmpeg-missing" });
	expect(await closed("/api/cameras/cam1/mse?codecs=h264,h265,aac,opus")).toEqual([4406, "ffmpeg-missing"]);
});

/** A socket that is not open yet cannot be paused. */
async function isPlaying({ socket }: Pick<ReturnType<typeof play>, "socket">): Promise<void> {
	await vi.waitUntil(() => socket.readyState === socket.OPEN && server.camera.readers === 1, WAIT);
}

test("a player that does not read skips to a key frame and costs a few megabytes at most", async () => {
	const player = play("/api/cameras/cam1/mse");
	await isPlaying(player);
	player.socket.pause();
	let offeredBytes = 0;
	while (offeredBytes < 40_000_000) {
		server.camera.play(CLIP_GOP * 4);
		offeredBytes += 400_000;
		await new Promise((resolve) => setImmediate(resolve));
	}
	player.socket.resume();
	await vi.waitUntil(() => {
		const before = player.boxes.length;
		server.camera.play(CLIP_GOP);
		return before > 0 && player.bytes > 1_000_000 && player.boxes.length >= before;
	}, WAIT);
	expect(player.bytes).toBeLessThan(20_000_000);
	player.socket.close();
	await vi.waitUntil(() => server.camera.readers === 0, WAIT);
});

test("a player that does not answer is let go", async () => {
	const player = play("/api/cameras/cam1/mse");
	await isPlaying(player);
	player.socket.pause();
	await vi.waitUntil(() => {
		server.clock.advance(30_000);
		return server.camera.readers === 0;
	}, WAIT);
	player.socket.terminate();
});

test("a camera that is taken out of the settings closes its sockets", async () => {
	server.camera.play(2);
	const player = play("/api/cameras/cam1/mse");
	await vi.waitUntil(() => player.boxes.length === 3, WAIT);
	server.removeCamera();
	await vi.waitUntil(() => player.closed !== undefined, WAIT);
	expect(player.closed).toEqual([4404, "unknown-camera"]);
});
