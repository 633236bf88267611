import type { ServerMessage } from "@vigia/api";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FakeClock } from "../testing/fake-clock.ts";
import { BackOff, FIRST_DELAY_MS, LONGEST_DELAY_MS } from "./back-off.ts";
import { HEALTHY_AFTER_MS, type LinkState, SILENCE_MS, type SocketLike, WallSocket } from "./wall-socket.ts";

class FakeSocket implements SocketLike {
	onopen: SocketLike["onopen"] = null;
	onmessage: SocketLike["onmessage"] = null;
	onclose: SocketLike["onclose"] = null;
	onerror: SocketLike["onerror"] = null;
	readonly sent: unknown[] = [];
	closed = false;
	send(text: string): void {
		this.sent.push(JSON.parse(text));
	}
	close(): void {
		this.closed = true;
	}
	says(message: unknown): void {
		this.onmessage?.({ data: typeof message === "string" ? message : JSON.stringify(message) } as MessageEvent);
	}
	welcome(version = 1): void {
		this.onopen?.({} as Event);
		this.says({ type: "welcome", version, serverId: "s", release: "1", demo: false, iceServers: [], cameras: [] });
	}
}

let clock: FakeClock;
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
	socket = new WallSocket({
		url: "ws://host/api/wall",
		webrtcH264: () => true,
		clock,
		random: () => 1 - Number.EPSILON,
		createSocket: () => {
			const made = new FakeSocket();
			sockets.push(made);
			return made;
		},
		onState: (state) => states.push(state),
		onMessage: (message) => messages.push(message),
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
		expect(last().sent).toEqual([{ type: "hello", version: 1, webrtcH264: true }]);
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
	});

	test("a socket that was given up is closed and listened to no more", () => {
		const first = last();
		first.onerror?.({} as Event);
		expect(first.closed).toBe(true);
		expect([first.onopen, first.onmessage, first.onclose, first.onerror]).toEqual([null, null, null, null]);
		expect(states.filter((state) => state.kind === "waiting")).toHaveLength(1);
	});

	test("a page of another version stops trying and says so", () => {
		last().welcome(2);
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

describe("messages that cannot be read", () => {
	beforeEach(() => vi.spyOn(console, "warn").mockImplementation(() => {}));
	afterEach(() => vi.restoreAllMocks());

	test("instead of a welcome mean a server of another version", () => {
		last().says({ type: "welcome", version: 1, cameras: "none" });
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
