import fastifyWebsocket from "@fastify/websocket";
import fastify, { type FastifyInstance } from "fastify";
import { afterEach, beforeEach, expect, test } from "vitest";
import WebSocket from "ws";
import { redirectToBasePath, withoutBasePath } from "./base-path.ts";

let app: FastifyInstance;
let url: string;

beforeEach(async () => {
	app = fastify({ rewriteUrl: withoutBasePath("/home/cams") });
	await app.register(fastifyWebsocket);
	redirectToBasePath(app, "/home/cams");
	app.get("/api/wall", { websocket: true }, (socket) => socket.send("welcome"));
	app.get("/*", (request) => request.url);
	url = await app.listen({ host: "127.0.0.1", port: 0 });
});

afterEach(() => app.close());

test.each([
	["/home/cams/", "/"],
	["/home/cams/?protocol=hls", "/?protocol=hls"],
	["/home/cams/hls/cam1/stream.m3u8?a=/home/cams/", "/hls/cam1/stream.m3u8?a=/home/cams/"],
	// For this machine's health check, and proxies that take the path away.
	["/health", "/health"],
	["/home/camsera", "/home/camsera"],
	["/home/cams/home/cams/x", "/home/cams/x"],
])("%s is taken for %s", async (asked, path) => {
	expect(await (await fetch(url + asked)).text()).toBe(path);
});

test("WebSockets open below the path and without it", async () => {
	for (const path of ["/home/cams/api/wall", "/api/wall"]) {
		const socket = new WebSocket(url.replace("http", "ws") + path);
		expect(await new Promise((resolve) => socket.on("message", (data: Buffer) => resolve(data.toString())))).toBe(
			"welcome",
		);
		socket.terminate();
	}
});

test("without its last slash the path leads to the page, whatever stands before it outside", async () => {
	for (const [asked, location] of [
		["/home/cams", "cams/"],
		["/home/cams?protocol=mse&x=?", "cams/?protocol=mse&x=?"],
	] as const) {
		const answer = await fetch(url + asked, { redirect: "manual" });
		expect([answer.status, answer.headers.get("location")]).toEqual([308, location]);
		expect(new URL(location, url + asked).pathname).toBe("/home/cams/");
	}
});
