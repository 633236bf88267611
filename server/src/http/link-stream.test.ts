/** What only the streaming response has; what holds for every link is in wall-session.test.ts. */
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { type ClientMessage, MAX_WALL_MESSAGE_BYTES } from "@vigia/api";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { MAX_STREAM_LINKS } from "./link-stream.ts";
import { HELLO, newLinkId, openWallServer, post, StreamPage, type WallServer } from "./testing/wall-server.ts";

/** Only a fault reaches it. */
const WAIT = { timeout: 15_000, interval: 5 };

const VIEW: ClientMessage = {
	type: "view",
	revision: 1,
	tiles: [],
	channels: [{ channel: 0, camera: "cam1", stream: "sub", audio: false }],
};

let server: WallServer;

beforeEach(async () => {
	server = await openWallServer();
});

afterEach(async () => {
	const { errors } = server;
	await server[Symbol.asyncDispose]();
	expect(errors).toEqual([]);
});

async function codeOf(answer: Promise<Response>): Promise<[number, string]> {
	const { status, body } = await answer.then(async (response) => ({
		status: response.status,
		body: (await response.json()) as { error: { code: string } },
	}));
	return [status, body.error.code];
}

test("the response begins at once, and asks proxies neither to hold it back nor to change it", async () => {
	const page = await StreamPage.open(server.url);
	expect(page.headers).toMatchObject({
		"content-type": "application/octet-stream",
		"cache-control": "no-store, no-transform",
		"x-accel-buffering": "no",
	});
	page.leave();
});

test("an id is taken once at a time, and must be one", async () => {
	const page = await StreamPage.open(server.url);
	expect(await codeOf(fetch(page.link))).toEqual([409, "link-exists"]);
	for (const id of ["x", "0".repeat(31), "0".repeat(33), "A".repeat(32)]) {
		expect(await codeOf(fetch(`${server.url}/api/wall/stream/${id}`))).toEqual([400, "bad-link-id"]);
	}
	const head = await fetch(`${server.url}/api/wall/stream/${newLinkId()}`, { method: "HEAD" });
	expect(head.status).toBe(404);
	page.leave();
	await vi.waitUntil(async () => (await post(page.link, "[]")).status === 404, WAIT);
	const again = await StreamPage.open(server.url, page.link.slice(-32));
	again.leave();
});

test("bodies that are no list of messages are refused, and the link goes on", async () => {
	const page = await StreamPage.open(server.url);
	const deep = `[${"[".repeat(10_000)}${"]".repeat(10_000)}]`;
	for (const body of ["", "nonsense", "{}", "null", '"x"', "1", JSON.stringify(HELLO), "[1,", deep]) {
		expect([body.slice(0, 20), ...(await codeOf(post(page.link, body)))]).toEqual([
			body.slice(0, 20),
			400,
			"bad-request",
		]);
	}
	expect(await codeOf(post(page.link, `[${Array(65).fill("1").join()}]`))).toEqual([400, "bad-request"]);
	expect(await codeOf(post(page.link, `[${" ".repeat(MAX_WALL_MESSAGE_BYTES + 2000)}]`))).toEqual([
		413,
		"body-too-large",
	]);
	expect(await codeOf(post(page.link, "[]", "application/xml"))).toEqual([415, "media-type-unsupported"]);
	expect(await codeOf(post(`${server.url}/api/wall/stream/${newLinkId()}`, "[]"))).toEqual([404, "unknown-link"]);
	expect((await post(page.link, JSON.stringify([HELLO, VIEW]))).status).toBe(204);
	await vi.waitUntil(() => page.of("welcome").length === 1 && server.mse.channels === 1, WAIT);
	page.leave();
});

test("there are only so many links, and each that ends makes room", async () => {
	const pages = await Promise.all(Array.from({ length: MAX_STREAM_LINKS }, () => StreamPage.open(server.url)));
	const answer = await fetch(`${server.url}/api/wall/stream/${newLinkId()}`);
	expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "10"]);
	pages[0]?.leave();
	await vi.waitUntil(async () => {
		const page = await StreamPage.open(server.url).catch(() => undefined);
		page?.leave();
		return page !== undefined;
	}, WAIT);
	for (const page of pages) page.leave();
});

test.each(["1", "null", '"hello"', '{"__proto__":{}}', '{"type":"hello"}'])(
	"%s is no message: the link ends",
	async (text) => {
		const page = await StreamPage.open(server.url);
		const status = (await post(page.link, `[${text}]`)).status;
		if (status === 204) await vi.waitUntil(() => page.closed, WAIT);
		else expect(status).toBe(400);
		page.leave();
	},
);

test("the status is the response's sign of life", async () => {
	const page = await StreamPage.open(server.url);
	page.say(HELLO);
	await vi.waitUntil(() => page.of("welcome").length === 1, WAIT);
	server.clock.advance(120_000);
	await vi.waitUntil(() => page.of("status").length >= 100, WAIT);
	expect(page.closed).toBe(false);
	page.leave();
});

test("it plays through a plain proxy, and ends with the page behind it", async () => {
	const proxy = createServer((incoming, outgoing) => {
		const { method, url, headers } = incoming;
		const upstream = request({ port: server.port, host: "127.0.0.1", method, path: url, headers }, (answer) => {
			outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
			answer.pipe(outgoing);
		});
		incoming.pipe(upstream);
		outgoing.on("close", () => upstream.destroy());
		upstream.on("error", () => outgoing.destroy());
	});
	await new Promise<void>((listening) => proxy.listen(0, "127.0.0.1", listening));
	try {
		const page = await StreamPage.open(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
		server.camera.play(2);
		page.say(HELLO);
		page.say(VIEW);
		await vi.waitUntil(() => page.frames.length === 3, WAIT);
		for (let i = 0; i < 10; i++) {
			server.camera.play(1);
			page.say({ type: "received", bytes: page.mediaBytes });
			await vi.waitUntil(() => page.frames.length === 4 + i, WAIT);
		}
		page.leave();
		await vi.waitUntil(() => server.mse.channels === 0, WAIT);
	} finally {
		proxy.closeAllConnections();
		proxy.close();
	}
});
