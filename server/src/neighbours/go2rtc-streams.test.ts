import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Credentials } from "../config/credentials.ts";
import type { Timer } from "../platform/clock.ts";
import { FakeClock } from "../platform/fake-clock.ts";
import { Go2rtcClient } from "./go2rtc-client.ts";
import { go2rtcNameOf, Go2rtcStreams, POLL_EVERY_MS } from "./go2rtc-streams.ts";
import { go2rtcAnswers, openStandIn, type StandIn } from "./testing/go2rtc-stand-in.ts";

/** Only a fault reaches it. */
const WAIT = { timeout: 15_000, interval: 5 };

/** Counts the looks that are over: each arranges the next one at its end. Of a failed one a request may be under way still. */
class LookClock extends FakeClock {
	looks = 0;

	override after(delayMs: number, callback: () => void): Timer {
		if (delayMs === POLL_EVERY_MS) this.looks += 1;
		return super.after(delayMs, callback);
	}
}

let clock: LookClock;
let standIn: StandIn;
let lines: string[];
let changes: number;
let streams: Go2rtcStreams;
const credentials = new Credentials("viewer", "s3cret-word");

beforeEach(async () => {
	clock = new LookClock();
	standIn = await openStandIn();
	lines = [];
	changes = 0;
	const address = { scheme: "http", host: "127.0.0.1", port: standIn.port, basePath: "", credentials } as const;
	const write = (fields: unknown, message: string): void => void lines.push(`${message} ${JSON.stringify(fields)}`);
	streams = new Go2rtcStreams({
		client: new Go2rtcClient({ address }, clock),
		address,
		clock,
		log: { info: write, warn: write },
		onChange: () => changes++,
	});
});

afterEach(async () => {
	streams[Symbol.dispose]();
	await standIn[Symbol.asyncDispose]();
	expect(lines.join()).not.toContain("s3cret");
});

/** The next time that it asks, to its end. */
async function nextLook(): Promise<void> {
	const before = clock.looks;
	clock.advance(POLL_EVERY_MS);
	await vi.waitUntil(() => clock.looks > before, WAIT);
}

test("its streams are cameras at its RTSP port, two of one camera together, and no id is one of ours", async () => {
	standIn.reply = go2rtcAnswers(["front_sub", "front", "Patio ñ", "cam1", "a/b"], ":18554");
	await streams.start();
	const cameras = streams.cameras(["cam1"]);
	expect(cameras.map(({ id, name }) => [id, name])).toEqual([
		["Patio-n", "Patio ñ"],
		["a-b", "A/b"],
		["cam1-2", "Cam1"],
		["front", "Front"],
	]);
	expect(cameras[3]).toEqual({
		id: "front",
		name: "Front",
		credentials,
		transport: "tcp",
		streams: {
			main: { scheme: "rtsp", host: "127.0.0.1", port: 18_554, path: "/front" },
			sub: { scheme: "rtsp", host: "127.0.0.1", port: 18_554, path: "/front_sub" },
		},
	});
	expect(cameras[0]?.streams).toEqual({
		main: { scheme: "rtsp", host: "127.0.0.1", port: 18_554, path: "/Patio%20%C3%B1" },
	});
	expect(cameras.map((camera) => [go2rtcNameOf(camera, "sub"), go2rtcNameOf(camera, "main")])).toEqual([
		["Patio ñ", "Patio ñ"],
		["a/b", "a/b"],
		["cam1", "cam1"],
		["front_sub", "front"],
	]);
	expect(lines).toEqual([]);
});

test("changes are followed, and what has not changed is not told", async () => {
	standIn.reply = go2rtcAnswers(["front"]);
	await streams.start();
	await nextLook();
	expect(changes).toBe(1);
	standIn.reply = go2rtcAnswers(["front", "yard"]);
	await nextLook();
	expect([changes, streams.cameras([]).map(({ id }) => id)]).toEqual([2, ["front", "yard"]]);
	standIn.reply = go2rtcAnswers(["front", "yard"], ":554");
	await nextLook();
	expect([changes, streams.cameras([])[0]?.streams.main?.port]).toEqual([3, 554]);
});

test("while it is away its last cameras stay, and the log hears of it once", async () => {
	standIn.reply = go2rtcAnswers(["front"]);
	await streams.start();
	expect(streams.isThere).toBe(true);
	standIn.reply = (request) => void request.socket.destroy();
	for (let look = 0; look < 3; look++) await nextLook();
	expect([streams.isThere, streams.cameras([]).length, lines.length]).toEqual([false, 1, 1]);
	expect(lines[0]).toContain("go2rtc does not answer");
	standIn.reply = go2rtcAnswers(["front"]);
	await nextLook();
	expect([streams.isThere, changes, lines.length]).toEqual([true, 1, 2]);
	standIn.reply = go2rtcAnswers(["front"], "");
	await nextLook();
	expect([changes, lines.length]).toEqual([1, 3]);
	expect(lines[2]).toContain("RTSP server is switched off");
});

test("a login that it refuses is told with the remedy", async () => {
	standIn.reply = (_request, response) => void response.writeHead(401).end();
	await streams.start();
	expect(lines[0]).toContain("refuses user name and password");
	expect(streams.cameras([])).toEqual([]);
});

test("after its end it asks no more", async () => {
	standIn.reply = go2rtcAnswers(["front"]);
	await streams.start();
	streams[Symbol.dispose]();
	expect(clock.pending).toBe(0);
	const late = streams.start();
	streams[Symbol.dispose]();
	await late;
	expect(clock.pending).toBe(0);
});

test("what it hears after its end is not told", async () => {
	standIn.reply = (request) => {
		streams[Symbol.dispose]();
		request.socket.destroy();
	};
	await streams.start();
	expect([lines, changes, streams.isThere]).toEqual([[], 0, false]);
});

test("whatever the names are, ids are valid, different, and the same every time", async () => {
	const address = { scheme: "http", host: "nas", port: 1984, basePath: "" } as const;
	await fc.assert(
		fc.asyncProperty(fc.uniqueArray(fc.string({ minLength: 1, unit: "grapheme" }), { maxLength: 8 }), async (names) => {
			const list = async (): Promise<string[]> => {
				using some = new Go2rtcStreams({
					client: { info: async () => ({ rtspPort: 8554 }), streamNames: async () => names },
					address,
					clock: new FakeClock(),
					log: { info: () => {}, warn: () => {} },
					onChange: () => {},
				});
				await some.start();
				return some.cameras(["cam1", "front"]).map(({ id }) => id);
			};
			const ids = await list();
			expect(new Set([...ids, "cam1", "front"]).size).toBe(ids.length + 2);
			for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/);
			expect(await list()).toEqual(ids);
		}),
		{ numRuns: 50 },
	);
});
