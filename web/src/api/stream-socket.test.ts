// @ts-expect-error -- The page is compiled without Node's types.
import * as http from "node:http";
import { LINK_BINARY, LINK_ID, LINK_TEXT, linkFrameHeader } from "@vigia/api";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FakeClock } from "../testing/fake-clock.ts";
import { MAX_POST_MESSAGES, POST_WITHIN_MS, StreamSocket } from "./stream-socket.ts";

interface IncomingMessage extends AsyncIterable<Uint8Array> {
	readonly method?: string;
	readonly url?: string;
}

/** What is used here of Node's. */
interface ServerResponse {
	readonly destroyed: boolean;
	writeHead(status: number): ServerResponse;
	flushHeaders(): void;
	write(piece: Uint8Array | string): void;
	end(): void;
}

interface Server {
	listen(port: number, host: string, done: () => void): void;
	address(): { readonly port: number };
	closeAllConnections(): void;
	close(done: () => void): void;
}

type Listener = (request: IncomingMessage, response: ServerResponse) => void;
const { createServer } = http as { readonly createServer: (listener: Listener) => Server };

/** A server of the stream link as `link-frame.ts` describes it, which only remembers. */
class LinkServer {
	readonly posts: unknown[][] = [];
	readonly ids: string[] = [];
	/** POSTs that are under way, and the most that ever were at once. */
	posting = 0;
	mostPosting = 0;
	answer = 204;
	/** A POST is answered only after this. */
	gate: Promise<void> = Promise.resolve();
	response: ServerResponse | undefined;
	readonly #http: Server;

	constructor() {
		this.#http = createServer((request, response) => void this.#serve(request, response));
	}

	async listen(): Promise<string> {
		await new Promise<void>((resolve) => this.#http.listen(0, "127.0.0.1", resolve));
		return `http://127.0.0.1:${this.#http.address().port}/api/wall/stream/`;
	}

	async close(): Promise<void> {
		this.#http.closeAllConnections();
		await new Promise<void>((resolve) => this.#http.close(resolve));
	}

	says(type: typeof LINK_TEXT | typeof LINK_BINARY, bytes: Uint8Array): void {
		this.response?.write(linkFrameHeader(type, bytes.length));
		this.response?.write(bytes);
	}

	async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const id = request.url?.split("/").at(-1) ?? "";
		if (request.method === "GET") {
			this.ids.push(id);
			this.response = response;
			response.writeHead(this.answer === 204 ? 200 : this.answer).flushHeaders();
			if (this.answer !== 204) response.end();
			return;
		}
		this.posting += 1;
		this.mostPosting = Math.max(this.mostPosting, this.posting);
		let body = "";
		for await (const piece of request) body += new TextDecoder().decode(piece);
		await this.gate;
		this.posting -= 1;
		if (id === this.ids.at(-1)) this.posts.push(JSON.parse(body) as unknown[]);
		response.writeHead(this.answer).end();
	}
}

let server: LinkServer;
let url: string;
let clock: FakeClock;
let socket: StreamSocket;
let events: string[];
let received: unknown[];

beforeEach(async () => {
	server = new LinkServer();
	url = await server.listen();
	clock = new FakeClock();
	events = [];
	received = [];
});
afterEach(async () => {
	socket.close();
	await server.close();
});

function open(): StreamSocket {
	socket = new StreamSocket({ url, clock, fetch, fillRandom: (bytes) => crypto.getRandomValues(bytes) });
	socket.onopen = () => events.push("open");
	socket.onclose = () => events.push("close");
	socket.onmessage = ({ data }: MessageEvent<unknown>) => received.push(data);
	return socket;
}
const eventually = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 5 });
const isOpen = () => eventually(() => expect(events).toEqual(["open"]));

describe("the link over fetch", () => {
	test("opens with the response, under an id that nobody can guess", async () => {
		open();
		await isOpen();
		socket.close();
		open();
		await eventually(() => expect(server.ids).toHaveLength(2));
		expect(server.ids.every((id) => LINK_ID.test(id))).toBe(true);
		expect(server.ids[0]).not.toBe(server.ids[1]);
	});

	test("brings text and media of any size, in order", async () => {
		open();
		await isOpen();
		const media = Uint8Array.from({ length: 300_000 }, (_, i) => i % 251);
		server.says(LINK_TEXT, new TextEncoder().encode('{"type":"año"}'));
		server.says(LINK_BINARY, media);
		server.says(LINK_TEXT, new TextEncoder().encode("last"));
		await eventually(() => expect(received).toHaveLength(3));
		expect(received[0]).toBe('{"type":"año"}');
		expect(received[1]).toBeInstanceOf(ArrayBuffer);
		expect(new Uint8Array(received[1] as ArrayBuffer)).toEqual(media);
		expect(received[2]).toBe("last");
	});

	test("sends what waits in one POST after the other, in order", async () => {
		open();
		await isOpen();
		let release = (): void => {};
		server.gate = new Promise((resolve) => (release = resolve));
		for (let i = 0; i < MAX_POST_MESSAGES * 2 + 2; i++) socket.send(JSON.stringify({ i }));
		await eventually(() => expect(server.posting).toBe(1));
		release();
		await eventually(() => expect(server.posts.flat()).toHaveLength(MAX_POST_MESSAGES * 2 + 2));
		expect(server.posts.flat()).toEqual(Array.from({ length: MAX_POST_MESSAGES * 2 + 2 }, (_, i) => ({ i })));
		expect(server.posts.map((post) => post.length)).toEqual([1, MAX_POST_MESSAGES, MAX_POST_MESSAGES, 1]);
		expect(server.mostPosting).toBe(1);
		// The answer to the last one is on its way.
		await eventually(() => expect(clock.pending).toBe(0));
	});

	test("large messages do not share a POST", async () => {
		open();
		await isOpen();
		for (let i = 0; i < 5; i++) socket.send(JSON.stringify("x".repeat(50_000)));
		await eventually(() => expect(server.posts.flat()).toHaveLength(5));
		expect(server.posts.length).toBe(5);
	});

	test("closes when the response ends", async () => {
		open();
		await isOpen();
		server.response?.end();
		await eventually(() => expect(events).toEqual(["open", "close"]));
	});

	test("closes when the server refuses the link", async () => {
		server.answer = 503;
		open();
		await eventually(() => expect(events).toEqual(["close"]));
	});

	test("closes when there is no server", async () => {
		await server.close();
		open();
		await eventually(() => expect(events).toEqual(["close"]));
		await server.listen();
	});

	test("closes when a POST is refused, or takes too long", async () => {
		open();
		await isOpen();
		server.answer = 404;
		socket.send("1");
		await eventually(() => expect(events).toEqual(["open", "close"]));
		server.answer = 204;
		events.length = 0;
		open();
		await isOpen();
		server.gate = new Promise(() => {});
		socket.send("1");
		clock.advance(POST_WITHIN_MS);
		expect(events).toEqual(["open", "close"]);
	});

	test("closes where the response is something else", async () => {
		open();
		await isOpen();
		server.response?.write("<!DOCTYPE html><title>Log in</title>");
		await eventually(() => expect(events).toEqual(["open", "close"]));
	});

	test("says nothing any more once it is closed", async () => {
		open();
		await isOpen();
		const { response } = server;
		socket.close();
		socket.send("1");
		await eventually(() => expect(response?.destroyed).toBe(true));
		expect(events).toEqual(["open"]);
		expect(server.posts).toEqual([]);
	});
});
