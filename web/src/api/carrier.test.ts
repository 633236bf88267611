import { WALL_PROTOCOL_VERSION } from "@vigia/api";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FakeClock } from "../testing/fake-clock.ts";
import { CARRIER_WITHIN_MS, Carriers, FIRST_BETTER_MS, LOYAL_ATTEMPTS } from "./carrier.ts";
import type { SocketLike } from "./wall-socket.ts";

const WELCOME = JSON.stringify({ type: "welcome", version: WALL_PROTOCOL_VERSION });

/** The browser's WebSocket, which the test opens, answers for and fails. */
class FakeWebSocket implements SocketLike {
	readonly url: string;
	binaryType = "blob";
	onopen: SocketLike["onopen"] = null;
	onmessage: SocketLike["onmessage"] = null;
	onclose: SocketLike["onclose"] = null;
	onerror: SocketLike["onerror"] = null;
	readonly sent: string[] = [];
	closed = false;
	constructor(url: string) {
		this.url = url;
	}
	send(text: string): void {
		this.sent.push(text);
	}
	close(): void {
		this.closed = true;
	}
	opens(): void {
		this.onopen?.({} as Event);
	}
	says(data: string): void {
		this.onmessage?.({ data } as MessageEvent);
	}
	fails(): void {
		this.onerror?.({} as Event);
	}
}

/** The response of a stream link: the test writes into it. */
class FakeStream {
	readonly posts: string[] = [];
	aborted = false;
	controller: ReadableStreamDefaultController<Uint8Array> | undefined;
	readonly response = new Response(
		new ReadableStream<Uint8Array>({ start: (controller) => void (this.controller = controller) }),
	);
	says(text: string): void {
		const bytes = new TextEncoder().encode(text);
		const frame = new Uint8Array(5 + bytes.length);
		new DataView(frame.buffer).setUint32(0, bytes.length);
		frame.set(bytes, 5);
		this.controller?.enqueue(frame);
	}
}

let clock: FakeClock;
let carriers: Carriers;
let webSockets: FakeWebSocket[];
let streams: FakeStream[];
let polls: number;
let streamWorks: boolean;
let pollWorks: boolean;
let socket: SocketLike;
let said: unknown[];
let closed: number;

const fakeFetch: typeof fetch = async (input, init) => {
	const url = typeof input === "string" ? input : "";
	if (url.startsWith("https://host/wall/api/wall/stream/")) {
		if (!streamWorks) throw new Error("refused");
		if (init?.method === "POST") {
			streams.at(-1)?.posts.push(typeof init.body === "string" ? init.body : "");
			return new Response(null, { status: 204 });
		}
		const stream = new FakeStream();
		streams.push(stream);
		init?.signal?.addEventListener("abort", () => (stream.aborted = true));
		return stream.response;
	}
	polls += 1;
	if (!pollWorks) throw new Error("refused");
	return Response.json(url.endsWith("health") ? { version: "1" } : []);
};

beforeEach(() => {
	clock = new FakeClock();
	webSockets = [];
	streams = [];
	polls = 0;
	streamWorks = pollWorks = true;
	carriers = new Carriers({
		base: "https://host/wall/",
		clock,
		createWebSocket: (url) => {
			const made = new FakeWebSocket(url);
			webSockets.push(made);
			return made;
		},
		fetch: fakeFetch,
		fillRandom: (bytes) => crypto.getRandomValues(bytes),
	});
	connect();
});
afterEach(() => socket.close());

/** As the wall's socket does it. */
function connect(): void {
	said = [];
	closed = 0;
	socket = carriers.connect();
	socket.onopen = () => socket.send("hello");
	socket.onmessage = ({ data }: MessageEvent<unknown>) => said.push(data);
	socket.onclose = () => void (closed += 1);
}
const eventually = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 1 });
const webSocket = async (index: number): Promise<FakeWebSocket> => {
	await eventually(() => expect(webSockets.length).toBeGreaterThan(index));
	return webSockets[index] as FakeWebSocket;
};
const stream = async (index: number): Promise<FakeStream> => {
	await eventually(() => expect(streams[index]?.posts).toEqual(["[hello]"]));
	return streams[index] as FakeStream;
};
async function onWebSocket(index = 0): Promise<FakeWebSocket> {
	const made = await webSocket(index);
	made.opens();
	made.says(WELCOME);
	return made;
}
async function onStream(): Promise<FakeStream> {
	(await webSocket(0)).fails();
	const made = await stream(0);
	made.says(WELCOME);
	await eventually(() => expect(said).toEqual([WELCOME]));
	return made;
}
async function onPoll(): Promise<void> {
	streamWorks = false;
	(await webSocket(0)).fails();
	await eventually(() => expect(said).toHaveLength(1));
}

describe("the way to the server", () => {
	test("is a WebSocket where one opens, for good", async () => {
		const made = await onWebSocket();
		expect(made.url).toBe("wss://host/wall/api/wall");
		expect(made.binaryType).toBe("arraybuffer");
		expect(made.sent).toEqual(["hello"]);
		expect([socket.carrier, said]).toEqual(["websocket", [WELCOME]]);
		socket.send("view");
		made.says("status");
		clock.advance(3_600_000);
		expect(made.sent).toEqual(["hello", "view"]);
		expect(said).toEqual([WELCOME, "status"]);
		expect([streams.length, polls, clock.pending]).toEqual([0, 0, 0]);
	});

	test("is a stream where a WebSocket is refused", async () => {
		await onStream();
		expect(socket.carrier).toBe("stream");
		socket.send("view");
		await eventually(() => expect(streams[0]?.posts).toEqual(["[hello]", "[view]"]));
	});

	test("is a stream where a WebSocket does not open in time, or opens and says nothing", async () => {
		await webSocket(0);
		clock.advance(CARRIER_WITHIN_MS);
		expect(webSockets[0]?.closed).toBe(true);
		(await stream(0)).says(WELCOME);
		await eventually(() => expect(said).toEqual([WELCOME]));
		socket.close();
		carriers = new Carriers({
			base: "https://host/wall/",
			clock,
			createWebSocket: (url) => {
				const made = new FakeWebSocket(url);
				webSockets.push(made);
				return made;
			},
			fetch: fakeFetch,
			fillRandom: () => {},
		});
		connect();
		(await webSocket(1)).opens();
		clock.advance(CARRIER_WITHIN_MS);
		await stream(1);
	});

	test("is short requests where a proxy holds the stream back", async () => {
		(await webSocket(0)).fails();
		const held = await stream(0);
		clock.advance(CARRIER_WITHIN_MS);
		expect(held.aborted).toBe(true);
		await eventually(() => expect(said).toHaveLength(1));
		expect(socket.carrier).toBe("poll");
	});

	test("is none where all are refused, and that is said once", async () => {
		streamWorks = pollWorks = false;
		(await webSocket(0)).fails();
		await eventually(() => expect(closed).toBe(1));
		expect(clock.pending).toBe(0);
	});

	test("ends when what works ends", async () => {
		const made = await onWebSocket();
		made.onclose?.({} as CloseEvent);
		expect(closed).toBe(1);
	});

	test("leaves nothing behind when it is closed, whatever it was doing", async () => {
		const first = await webSocket(0);
		socket.close();
		expect([first.closed, clock.pending]).toEqual([true, 0]);
		connect();
		(await webSocket(1)).fails();
		(await stream(0)).says(WELCOME);
		await eventually(() => expect(said).toEqual([WELCOME]));
		clock.advance(FIRST_BETTER_MS);
		const better = await webSocket(2);
		socket.close();
		expect([better.closed, streams[0]?.aborted, clock.pending]).toEqual([true, true, 0]);
	});
});

describe("what worked", () => {
	test("is tried first by the page's next link", async () => {
		await onStream();
		socket.close();
		connect();
		(await stream(1)).says(WELCOME);
		await eventually(() => expect(said).toEqual([WELCOME]));
		expect(webSockets).toHaveLength(1);
	});

	test("is not given up for a server that is away for a moment", async () => {
		await onWebSocket();
		socket.close();
		for (let attempt = 1; attempt <= LOYAL_ATTEMPTS; attempt++) {
			connect();
			(await webSocket(attempt)).fails();
			expect(closed).toBe(1);
		}
		expect(streams).toHaveLength(0);
		connect();
		(await webSocket(LOYAL_ATTEMPTS + 1)).fails();
		(await stream(0)).says(WELCOME);
		await eventually(() => expect(said).toEqual([WELCOME]));
	});
});

describe("something better", () => {
	test("takes over once it has welcomed the page, and not before", async () => {
		const worse = await onStream();
		clock.advance(FIRST_BETTER_MS);
		const better = await webSocket(1);
		better.opens();
		expect(better.sent).toEqual(["hello"]);
		expect([worse.aborted, socket.carrier]).toEqual([false, "stream"]);
		better.says(WELCOME);
		expect([worse.aborted, socket.carrier]).toEqual([true, "websocket"]);
		expect(said).toEqual([WELCOME, WELCOME]);
		expect(closed).toBe(0);
		socket.send("view");
		expect(better.sent).toEqual(["hello", "view"]);
		expect(clock.pending).toBe(0);
	});

	test("is tried at growing intervals", async () => {
		await onStream();
		const waits: number[] = [];
		for (let i = 1; i <= 9; i++) {
			let waitMs = 0;
			while (webSockets.length === i) {
				clock.advance(1000);
				waitMs += 1000;
			}
			waits.push(waitMs / 1000);
			(await webSocket(i)).fails();
		}
		expect(waits).toEqual([5, 10, 20, 40, 80, 160, 300, 300, 300]);
		expect(socket.carrier).toBe("stream");
	});

	test("is tried at once when the page wakes", async () => {
		await onStream();
		socket.wake?.();
		await onWebSocket(1);
		expect(socket.carrier).toBe("websocket");
	});

	test("is not what opens and refuses the page", async () => {
		await onStream();
		clock.advance(FIRST_BETTER_MS);
		const full = await onRefusal(1);
		expect([full.closed, socket.carrier]).toEqual([true, "stream"]);
		expect(said).toEqual([WELCOME]);
	});

	test("than short requests is a WebSocket, or else a stream", async () => {
		await onPoll();
		expect(socket.carrier).toBe("poll");
		streamWorks = true;
		clock.advance(FIRST_BETTER_MS);
		(await webSocket(1)).fails();
		(await stream(0)).says(WELCOME);
		await eventually(() => expect(socket.carrier).toBe("stream"));
		const asked = polls;
		clock.advance(4000);
		expect(polls).toBe(asked);
	});
});

async function onRefusal(index: number): Promise<FakeWebSocket> {
	const made = await webSocket(index);
	made.opens();
	made.says(JSON.stringify({ type: "error", code: "too-many-viewers", message: "full" }));
	return made;
}
