import { parseServerMessage, WALL_PROTOCOL_VERSION } from "@vigia/api";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FakeClock } from "../testing/fake-clock.ts";
import { POLL_WITHIN_MS, PollSocket } from "./poll-socket.ts";

const CAMERA = { id: "cam1", name: "Door", state: "live", since: "2026-01-01T00:00:00Z", streams: {} };

const WELCOME = {
	type: "welcome",
	version: WALL_PROTOCOL_VERSION,
	serverId: "s1",
	release: "1.2.3",
	demo: true,
	iceServers: [],
	protocol: "hls",
	ffmpeg: false,
	cameras: [CAMERA],
};

let clock: FakeClock;
let answers: Record<string, () => Promise<Response>>;
let asked: string[];
let events: string[];
let messages: string[];
let socket: PollSocket;

beforeEach(() => {
	clock = new FakeClock();
	asked = [];
	events = [];
	messages = [];
	answers = {
		"http://host/wall/api/cameras": async () => Response.json([CAMERA]),
		"http://host/wall/api/wall/welcome": async () => Response.json(WELCOME),
	};
	socket = new PollSocket({
		base: "http://host/wall/",
		clock,
		fetch: async (input, init) => {
			const url = typeof input === "string" ? input : "";
			asked.push(url);
			const signal = init?.signal;
			return Promise.race([
				answers[url]?.() ?? Promise.reject(new Error("no route")),
				new Promise<Response>((_, reject) => signal?.addEventListener("abort", () => reject(new Error("aborted")))),
			]);
		},
	});
	socket.onopen = () => events.push("open");
	socket.onclose = () => events.push("close");
	socket.onmessage = ({ data }: MessageEvent<string>) => messages.push(data);
});
afterEach(() => socket.close());

const types = () =>
	messages.map((text) => {
		const parsed = parseServerMessage(text);
		return parsed.ok ? parsed.message.type : parsed.problem;
	});
const eventually = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 1 });

describe("the link of short requests", () => {
	test("welcomes the page with what the server tells everybody, and repeats the states each second", async () => {
		await eventually(() => expect(types()).toEqual(["welcome"]));
		const welcome = parseServerMessage(messages[0] ?? "");
		expect(welcome).toMatchObject({ ok: true, message: WELCOME });
		for (let count = 2; count < 5; count++) {
			await eventually(() => expect(clock.pending).toBe(1));
			clock.advance(1000);
			await eventually(() => expect(messages).toHaveLength(count));
		}
		expect(types()).toEqual(["welcome", "status", "status", "status"]);
		expect(events).toEqual(["open"]);
	});

	test("an answer that does not come is given up, and asked for again", async () => {
		await eventually(() => expect(types()).toEqual(["welcome"]));
		await eventually(() => expect(clock.pending).toBe(1));
		const cameras = answers["http://host/wall/api/cameras"];
		answers["http://host/wall/api/cameras"] = () => new Promise(() => {});
		clock.advance(1000);
		await eventually(() => expect(asked).toHaveLength(2));
		if (cameras) answers["http://host/wall/api/cameras"] = cameras;
		clock.advance(POLL_WITHIN_MS);
		await eventually(() => {
			clock.advance(0);
			expect(types()).toEqual(["welcome", "status"]);
		});
	});

	test("sends nothing", async () => {
		await eventually(() => expect(types()).toEqual(["welcome"]));
		socket.send();
		expect(asked).toHaveLength(1);
	});

	test("closing leaves nothing behind", async () => {
		await eventually(() => expect(types()).toEqual(["welcome"]));
		socket.close();
		expect(clock.pending).toBe(0);
		clock.advance(60_000);
		expect(asked).toHaveLength(1);
	});
});

describe("a link that cannot be", () => {
	test("closes where there is no server, or something else answers", async () => {
		for (const answer of [
			() => Promise.reject(new Error("refused")),
			async () => new Response("<html>Log in</html>"),
		]) {
			const closed: string[] = [];
			const failing = new PollSocket({ base: "http://host/", clock, fetch: answer });
			failing.onopen = () => closed.push("open");
			failing.onclose = () => closed.push("close");
			await eventually(() => expect(closed).toEqual(["close"]));
		}
	});
});
