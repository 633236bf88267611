/** nginx and the proxy of short GETs do to a small server of the test's own what their options say. */
import { createServer, request } from "node:http";
import { connect } from "node:http2";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import WebSocket, { WebSocketServer } from "ws";
import { eventually } from "./eventually.ts";
import { NGINX_IS_THERE, startNginx } from "./nginx.ts";
import { ShortGetProxy } from "./short-get-proxy.ts";

/** `/stream` begins an answer that ends with the server only; `/headers` tells what it was asked with. */
const server = createServer((incoming, outgoing) => {
	if (incoming.url === "/stream") outgoing.writeHead(200, { "content-type": "text/plain" }).write("first chunk");
	else if (incoming.url === "/film") outgoing.writeHead(200, { "content-type": "video/mp4" }).end("film");
	else if (incoming.url === "/huge") outgoing.end(Buffer.alloc(3 << 20));
	else outgoing.end(JSON.stringify(incoming.headers));
});
let upstream: string;

beforeAll(async () => {
	new WebSocketServer({ server, path: "/socket" }).on("connection", (socket) => socket.send("hello"));
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	upstream = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
	server.close();
	server.closeAllConnections();
});

/** What a WebSocket says first; rejects where it is refused. */
async function firstMessage(url: string): Promise<string> {
	const socket = new WebSocket(`${url.replace("http", "ws")}/socket`, { rejectUnauthorized: false });
	return await new Promise<string>((resolve, reject) => {
		socket.on("message", (data: Buffer) => resolve(data.toString()));
		socket.on("error", reject);
	}).finally(() => socket.terminate());
}

/** The first chunk of an answer that does not end. */
async function firstChunk(url: string): Promise<string> {
	return await new Promise<string>((resolve, reject) => {
		const asked = request(`${url}/stream`, (answer) => {
			answer.once("data", (chunk: Buffer) => {
				resolve(chunk.toString());
				asked.destroy();
			});
		});
		asked.on("error", reject);
		asked.end();
	});
}

test.skipIf(!NGINX_IS_THERE)("nginx without Upgrade refuses WebSockets, and passes a stream as it comes", async () => {
	await using nginx = await startNginx({ upstream });
	await expect(firstMessage(nginx.url)).rejects.toThrow("Unexpected server response");
	expect(await firstChunk(nginx.url)).toBe("first chunk");
	const headers = (await (await fetch(`${nginx.url}/headers`)).json()) as Record<string, string>;
	expect(headers.host).toBe(new URL(nginx.url).host);
	expect(headers["x-forwarded-host"]).toBe(headers.host);
	expect(headers["x-forwarded-proto"]).toBe("http");
});

test.skipIf(!NGINX_IS_THERE)("nginx that buffers holds a small beginning of a stream back", async () => {
	await using nginx = await startNginx({ upstream, buffering: true });
	let came = false;
	const chunk = firstChunk(nginx.url).then(
		() => {
			came = true;
		},
		() => undefined,
	);
	await eventually("nginx answers others meanwhile", async () => (await fetch(`${nginx.url}/headers`)).ok);
	expect(came).toBe(false);
	await nginx[Symbol.asyncDispose]();
	await chunk;
});

test.skipIf(!NGINX_IS_THERE)("nginx with TLS speaks HTTP/2, and passes WebSockets where it is told to", async () => {
	await using nginx = await startNginx({ upstream, tls: true, upgrade: true });
	const session = connect(nginx.url, { rejectUnauthorized: false });
	const status = await new Promise((resolve, reject) => {
		session.on("error", reject);
		session.request({ ":path": "/headers" }).on("response", (headers) => resolve(headers[":status"]));
	});
	expect({ status, protocol: session.alpnProtocol }).toEqual({ status: 200, protocol: "h2" });
	session.destroy();
	expect(await firstMessage(nginx.url)).toBe("hello");
});

test("nothing but short GETs gets through the proxy of short GETs", async () => {
	await using proxy = await ShortGetProxy.start({ upstream, longestMs: 300 });
	const status = async (path: string, method = "GET"): Promise<number> =>
		(await fetch(proxy.url + path, { method })).status;
	expect(await status("/headers")).toBe(200);
	expect(await status("/headers", "POST")).toBe(405);
	expect(await status("/stream")).toBe(504);
	expect(await status("/film")).toBe(403);
	expect(await status("/huge")).toBe(502);
	await expect(firstMessage(proxy.url)).rejects.toThrow("405");
	expect(Object.fromEntries(proxy.refused)).toEqual({ 403: 1, 405: 2, 502: 1, 504: 1 });

	await using passing = await ShortGetProxy.start({ upstream, media: "passed" });
	expect(await (await fetch(`${passing.url}/film`)).text()).toBe("film");
});
