import { type ServerMessage, WALL_PROTOCOL_VERSION } from "@vigia/api";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FakeClock } from "../testing/fake-clock.ts";
import { BackOff, FIRST_DELAY_MS, LONGEST_DELAY_MS } from "./back-off.ts";
import {
	ACKNOWLEDGE_AFTER_MS,
	ACKNOWLEDGE_BY_POST_AFTER_MS,
	ACKNOWLEDGE_BYTES,
	ACKNOWLEDGE_EVERY_MS,
	type Carrier,
	HEALTHY_AFTER_MS,
	type LinkState,
	OPEN_WITHIN_MS,
	SILENCE_MS,
	type SocketLike,
	WallSocket,
} from "./wall-socket.ts";

class FakeSocket implements SocketLike {
	onopen: SocketLike["onopen"] = null;
	onmessage: SocketLike["onmessage"] = null;
	onclose: SocketLike["onclose"] = null;
	onerror: SocketLike["onerror"] = null;
	readonly sent: unknown[] = [];
	binaryType = "blob";
	carrier: Carrier = "websocket";
	closed = false;
	woken = 0;
	send(text: string): void {
		this.sent.push(JSON.parse(text));
	}
	close(): void {
		this.closed = true;
	}
	wake(): void {
		this.woken += 1;
	}
	brings(bytes: number): void {
		this.onmessage?.({ data: new ArrayBuffer(bytes) } as MessageEvent);
	}
	says(message: unknown): void {
		this.onmessage?.({ data: typeof message === "string" ? message : JSON.stringify(message) } as MessageEvent);
	}
	welcome(version = WALL_PROTOCOL_VERSION): void {
		this.onopen?.({} as Event);
		this.says(welcome(version));
	}
}

const welcome = (version: number) => ({
	type: "welcome",
	version,
	serverId: "s",
	release: "1",
	demo: false,
	iceServers: [],
	protocol: "auto",
	ffmpeg: true,
	cameras: [],
});

let clock: FakeClock;
let media: number[];
let sockets: FakeSocket[];
let states: LinkState[];
let messages: ServerMessage[];
let socket: WallSocket;
const last = () => sockets[sockets.length - 1] as FakeSocket;

beforeEach(() => {
	clock = new FakeClock();
	sockets = [];
	states = [];
	messages = [];
	media = [];
	socket = new WallSocket({
		capabilities: () => ({ webrtc: ["h264"], mse: ["h264", "aac"] }),
		clock,
		random: () => 1 - Number.EPSILON,
		createSocket: () => {
			const made = new FakeSocket();
			sockets.push(made);
			return made;
		},
		onState: (state) => states.push(state),
		onMessage: (message) => messages.push(message),
		onMedia: (bytes) => media.push(bytes.byteLength),
	});
	socket.start();
});

describe("back-off", () => {
	test("doubles from half a second to ten seconds and begins anew after a reset", () => {
		const backOff = new BackOff(() => 1);
		const delays = Array.from({ length: 7 }, () => backOff.nextDelayMs());
		expect(delays).toEqual([500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
		backOff.reset();
		expect(backOff.nextDelayMs()).toBe(FIRST_DELAY_MS);
	});

	test("jitter takes away at most half", () => {
		const backOff = new BackOff(() => 0);
		expect(backOff.nextDelayMs()).toBe(250);
		for (let i = 0; i < 10; i++) expect(backOff.nextDelayMs()).toBeLessThanOrEqual(LONGEST_DELAY_MS / 2);
	});
});

describe("the wall's socket", () => {
	test("says hello when it opens and is open when the server welcomes it", () => {
		expect(socket.state.kind).toBe("connecting");
		last().welcome();
		expect(last().sent).toEqual([
			{ type: "hello", version: WALL_PROTOCOL_VERSION, webrtc: ["h264"], mse: ["h264", "aac"] },
		]);
		expect(socket.state.kind).toBe("open");
		expect(messages.map((message) => message.type)).toEqual(["welcome"]);
	});

	test("sends nothing before the welcome", () => {
		last().onopen?.({} as Event);
		socket.send({ type: "refresh", slot: 1 });
		expect(last().sent).toHaveLength(1);
	});

	test("five seconds of silence end it, and a new one follows", () => {
		last().welcome();
		clock.advance(SILENCE_MS - 1);
		last().says({ type: "status", cameras: [] });
		clock.advance(SILENCE_MS - 1);
		expect(socket.state.kind).toBe("open");
		clock.advance(1);
		expect(socket.state.kind).toBe("waiting");
		expect(sockets[0]?.closed).toBe(true);
		clock.advance(FIRST_DELAY_MS);
		expect(sockets).toHaveLength(2);
	});

	test("a server that accepts and never speaks is given up too", () => {
		last().onopen?.({} as Event);
		clock.advance(SILENCE_MS);
		expect(socket.state.kind).toBe("waiting");
	});

	test("one that never opens is given up", () => {
		clock.advance(OPEN_WITHIN_MS - 1);
		expect(socket.state.kind).toBe("connecting");
		clock.advance(1);
		expect(socket.state.kind).toBe("waiting");
	});

	test("the waits grow while the server is away", () => {
		const waits: number[] = [];
		for (let i = 0; i < 6; i++) {
			last().onclose?.({} as CloseEvent);
			const state = socket.state;
			if (state.kind !== "waiting") throw new Error(state.kind);
			const waitMs = Math.round(state.retryAtMs - clock.nowMs());
			waits.push(waitMs);
			clock.advance(waitMs);
			expect(sockets).toHaveLength(i + 2);
		}
		expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 10_000]);
	});

	test("only sustained health makes the waits short again", () => {
		const dropAfter = (healthyMs: number): number => {
			last().welcome();
			for (let ms = 0; ms < healthyMs; ms += 1000) {
				clock.advance(1000);
				last().says({ type: "status", cameras: [] });
			}
			last().onclose?.({} as CloseEvent);
			const state = socket.state;
			if (state.kind !== "waiting") throw new Error(state.kind);
			const waitMs = Math.round(state.retryAtMs - clock.nowMs());
			clock.advance(waitMs);
			return waitMs;
		};
		expect([dropAfter(0), dropAfter(1000), dropAfter(HEALTHY_AFTER_MS - 1000)]).toEqual([500, 1000, 2000]);
		expect(dropAfter(HEALTHY_AFTER_MS)).toBe(500);
	});

	test("waking ends a wait at once and does nothing to an open socket", () => {
		last().onclose?.({} as CloseEvent);
		socket.wake();
		expect(sockets).toHaveLength(2);
		last().welcome();
		socket.wake();
		expect(sockets).toHaveLength(2);
		expect(last().woken).toBe(1);
	});

	test("a socket that was given up is closed and listened to no more", () => {
		const first = last();
		first.onerror?.({} as Event);
		expect(first.closed).toBe(true);
		expect([first.onopen, first.onmessage, first.onclose, first.onerror]).toEqual([null, null, null, null]);
		expect(states.filter((state) => state.kind === "waiting")).toHaveLength(1);
	});

	test("a page of another version stops trying and says so", () => {
		last().welcome(WALL_PROTOCOL_VERSION + 1);
		expect(socket.state.kind).toBe("outdated");
		clock.advance(60_000);
		expect(sockets).toHaveLength(1);
		expect(messages).toEqual([]);
	});

	test("a refusal of the version is the same", () => {
		last().says({ type: "error", code: "version-mismatch", message: "..." });
		expect(socket.state.kind).toBe("outdated");
	});

	test("closing leaves no timer behind, and start begins again", () => {
		last().welcome();
		socket.close();
		expect(clock.pending).toBe(0);
		expect(last().closed).toBe(true);
		socket.start();
		expect(sockets).toHaveLength(2);
		expect(socket.state.kind).toBe("connecting");
	});
});

describe("media on the link", () => {
	const acknowledged = () => last().sent.filter((message) => (message as { type: string }).type === "received");

	test("comes as bytes, and is acknowledged with the total, once for all that came meanwhile", () => {
		last().welcome();
		expect(last().binaryType).toBe("arraybuffer");
		last().brings(1000);
		last().brings(500);
		expect(media).toEqual([1000, 500]);
		clock.advance(ACKNOWLEDGE_AFTER_MS - 1);
		expect(acknowledged()).toEqual([]);
		clock.advance(1);
		last().brings(1);
		clock.advance(ACKNOWLEDGE_AFTER_MS);
		expect(acknowledged()).toEqual([
			{ type: "received", bytes: 1500 },
			{ type: "received", bytes: 1501 },
		]);
		clock.advance(1000);
		expect(acknowledged()).toHaveLength(2);
	});

	test("is acknowledged at once when it is much, though not too often: the server's window grows by that", () => {
		last().welcome();
		last().brings(ACKNOWLEDGE_BYTES);
		expect(acknowledged()).toEqual([{ type: "received", bytes: ACKNOWLEDGE_BYTES }]);
		clock.advance(ACKNOWLEDGE_EVERY_MS - 1);
		last().brings(ACKNOWLEDGE_BYTES);
		expect(acknowledged()).toHaveLength(1);
		clock.advance(1);
		last().brings(1);
		expect(acknowledged().at(-1)).toEqual({ type: "received", bytes: 2 * ACKNOWLEDGE_BYTES + 1 });
		clock.advance(1000);
		expect(acknowledged()).toHaveLength(2);
	});

	test("is acknowledged less often where each message is a request", () => {
		last().carrier = "stream";
		last().welcome();
		expect(socket.carrier).toBe("stream");
		last().brings(1000);
		clock.advance(ACKNOWLEDGE_BY_POST_AFTER_MS - 1);
		expect(acknowledged()).toEqual([]);
		clock.advance(1);
		expect(acknowledged()).toEqual([{ type: "received", bytes: 1000 }]);
	});

	test("is counted from zero on every link, also one that takes the place of another in the middle", () => {
		last().welcome();
		last().brings(1000);
		last().says(welcome(WALL_PROTOCOL_VERSION));
		last().brings(10);
		clock.advance(ACKNOWLEDGE_AFTER_MS);
		expect(acknowledged()).toEqual([{ type: "received", bytes: 10 }]);
		expect(messages.map(({ type }) => type)).toEqual(["welcome", "welcome"]);
		last().brings(1);
		last().onclose?.({} as CloseEvent);
		clock.advance(FIRST_DELAY_MS);
		last().welcome();
		last().brings(7);
		clock.advance(ACKNOWLEDGE_AFTER_MS);
		expect(acknowledged()).toEqual([{ type: "received", bytes: 7 }]);
	});

	test("is a sign of life, and nothing before the welcome", () => {
		last().onopen?.({} as Event);
		last().brings(1000);
		expect(media).toEqual([]);
		last().welcome();
		for (let second = 0; second < 20; second++) {
			clock.advance(1000);
			last().brings(1);
		}
		expect(socket.state.kind).toBe("open");
	});
});

describe("messages that cannot be read", () => {
	beforeEach(() => vi.spyOn(console, "warn").mockImplementation(() => {}));
	afterEach(() => vi.restoreAllMocks());

	test("instead of a welcome mean a server of another version", () => {
		last().says({ type: "welcome", version: WALL_PROTOCOL_VERSION, cameras: "none" });
		expect(socket.state.kind).toBe("outdated");
		expect(last().closed).toBe(true);
		clock.advance(60_000);
		expect(sockets).toHaveLength(1);
	});

	test("are left out once the server has welcomed the page", () => {
		last().welcome();
		last().says("{");
		last().says({ type: "status", cameras: [] });
		expect(socket.state.kind).toBe("open");
		expect(messages.map(({ type }) => type)).toEqual(["welcome", "status"]);
	});

	test("are no sign of life", () => {
		last().welcome();
		for (let second = 0; second < SILENCE_MS / 1000 + 1; second++) {
			sockets[0]?.says("garbage");
			clock.advance(1000);
		}
		expect(sockets[0]?.closed).toBe(true);
	});
});
