/** Bad input from the network gets a clear answer and harms nothing. */
import { connect } from "node:net";
import { WALL_PROTOCOL_VERSION } from "@vigia/api";
import { afterAll, beforeAll, expect, test } from "vitest";
import WebSocket from "ws";
import { eventually } from "../support/eventually.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";

let server: ServerProcess;

beforeAll(async () => {
	server = await startServer({});
});

afterAll(async () => {
	await server?.[Symbol.asyncDispose]();
});

async function refusal(path: string, init?: RequestInit): Promise<[status: number, code: string]> {
	const answer = await fetch(server.url + path, init);
	const body = (await answer.json()) as { error: { code: string; message: string } };
	expect(body.error.message.length).toBeGreaterThan(10);
	return [answer.status, body.error.code];
}

const postSdp = (body: string): RequestInit => ({
	method: "POST",
	headers: { "content-type": "application/sdp" },
	body,
});

test("what does not exist is a 404 with a reason", async () => {
	expect(await refusal("/nothing")).toEqual([404, "not-found"]);
	expect(await refusal("/../../etc/passwd")).toEqual([404, "not-found"]);
	expect(await refusal("/..%2f..%2fpackage.json")).toEqual([404, "not-found"]);
	expect(await refusal("/api/cameras/none")).toEqual([404, "unknown-camera"]);
	expect(await refusal("/api/nothing", { method: "POST" })).toEqual([404, "not-found"]);
	expect((await refusal("/api/cameras/none/whep", postSdp("v=0\r\n")))[0]).toBe(404);
});

test("bodies that are too large, of a wrong type or broken are refused with a 4xx", async () => {
	const whep = "/api/cameras/cam1/whep";
	expect((await refusal(whep, postSdp("v=0\r\n".repeat(100_000))))[0]).toBe(413);
	expect((await refusal(whep, { ...postSdp("{}"), headers: { "content-type": "application/json" } }))[0]).toBe(415);
	for (const sdp of ["", "v=0", "nonsense", "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n", "\0".repeat(1000)]) {
		expect((await refusal(whep, postSdp(sdp)))[0]).toBe(400);
	}
});

test("a page of another site is refused", async () => {
	expect(await refusal("/api/cameras", { headers: { origin: "https://evil.example" } })).toEqual([
		403,
		"origin-not-allowed",
	]);
	const socket = new WebSocket(`${server.url.replace("http", "ws")}/api/wall`, { origin: "https://evil.example" });
	const status = await new Promise((resolve) => {
		socket.on("unexpected-response", (_request, response) => resolve(response.statusCode));
		socket.on("error", () => {});
	});
	expect(status).toBe(403);
});

/** Opens the wall's socket, sends this, and says with which code and error the server closed it. */
async function wallRefusal(...messages: (string | Buffer)[]): Promise<{ code: number; error: string | undefined }> {
	const socket = new WebSocket(`${server.url.replace("http", "ws")}/api/wall`);
	let error: string | undefined;
	socket.on("message", (data: Buffer) => {
		const message = JSON.parse(data.toString("utf8")) as { type: string; code?: string };
		if (message.type === "error") error = message.code;
	});
	socket.on("open", () => {
		for (const message of messages) socket.send(message);
	});
	const code = await new Promise<number>((resolve) => socket.on("close", resolve));
	return { code, error };
}

test("a socket that breaks the wall protocol is told how and closed", async () => {
	const hello = JSON.stringify({ type: "hello", version: WALL_PROTOCOL_VERSION, webrtc: ["h264"], mse: [] });
	expect(await wallRefusal("{broken")).toEqual({ code: 1002, error: "bad-message" });
	expect(await wallRefusal(Buffer.of(1, 2, 3))).toEqual({ code: 1002, error: "bad-message" });
	expect(await wallRefusal(hello, JSON.stringify({ type: "view", revision: -1, tiles: [], channels: [] }))).toEqual({
		code: 1002,
		error: "bad-message",
	});
	expect(await wallRefusal(hello, hello)).toEqual({ code: 1002, error: "bad-message" });
	expect(await wallRefusal(JSON.stringify({ type: "refresh", slot: 0 }))).toEqual({
		code: 1002,
		error: "hello-expected",
	});
	expect(await wallRefusal(JSON.stringify({ type: "hello", version: 99, webrtc: ["h264"], mse: [] }))).toEqual({
		code: 1002,
		error: "version-mismatch",
	});
	expect((await wallRefusal("x".repeat(300_000))).code).toBe(1009);
	expect((await wallRefusal(hello, ...Array.from({ length: 500 }, () => '{"type":"refresh","slot":0}'))).code).toBe(
		1008,
	);
});

test("a broken answer to the server's offer does not end the server", async () => {
	const socket = new WebSocket(`${server.url.replace("http", "ws")}/api/wall`);
	let offered: { connection: number; negotiation: number } | undefined;
	socket.on("message", (data: Buffer) => {
		const message = JSON.parse(data.toString("utf8")) as { type: string; connection: number; negotiation: number };
		if (message.type === "offer") offered = message;
	});
	socket.on("open", () => {
		socket.send(JSON.stringify({ type: "hello", version: WALL_PROTOCOL_VERSION, webrtc: ["h264"], mse: [] }));
		socket.send(
			JSON.stringify({ type: "view", revision: 1, tiles: [{ slot: 0, camera: "cam1", stream: "sub" }], channels: [] }),
		);
	});
	const { connection, negotiation } = await eventually("an offer came", () => offered);
	for (const sdp of [
		"broken",
		"v=0\r\n",
		"v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=video 0 UDP/TLS/RTP/SAVPF 96\r\n",
	]) {
		socket.send(JSON.stringify({ type: "answer", connection, negotiation, sdp }));
	}
	socket.send(JSON.stringify({ type: "candidate", connection, mid: "0", candidate: "candidate:broken" }));
	socket.send(
		JSON.stringify({ type: "view", revision: 2, tiles: [{ slot: 0, camera: "none", stream: "sub" }], channels: [] }),
	);
	await eventually("the server still answers", async () => (await server.cameras()).length === 16);
	socket.terminate();
});

test("bytes that are no HTTP at all get a 400", async () => {
	const { port } = new URL(server.url);
	const socket = connect(Number(port), "127.0.0.1");
	socket.write("\0\x01\x02 nonsense\r\n\r\n");
	let answer = "";
	for await (const chunk of socket) answer += String(chunk);
	expect(answer).toMatch(/^HTTP\/1\.1 400 /);
});
