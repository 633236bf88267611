import type { SettingsTestAnswer } from "@vigia/api";
import { beforeEach, expect, test } from "vitest";
import { FakeClock } from "../testing/fake-clock.ts";
import type { ApiResult } from "./settings-api.ts";
import { BUSY_WAIT_MS, MAX_TRIES, TestQueue } from "./test-queue.ts";

const answer = (code?: "auth-refused" | "not-found"): ApiResult<SettingsTestAnswer> => ({
	ok: true,
	value: {
		streams: [
			{
				stream: "sub",
				report: {
					result: code === undefined ? "good" : "failed",
					...(code !== undefined && { failure: { code, text: "", detail: "" } }),
					measuredSeconds: 4,
					encrypted: false,
					tracks: [],
					packets: { received: 1, lost: 0, reordered: 0, malformed: 0, damagedPictures: 0 },
					quirks: [],
					advice: [],
				},
			},
		],
	},
});
const busy = (retryAfterMs?: number): ApiResult<SettingsTestAnswer> => ({
	ok: false,
	problem: { code: "too-many-probes", text: "", retryAfterMs, problems: [] },
});

let clock: FakeClock;
let queue: TestQueue;
/** Tests that are under way, by key. */
let running: Map<number, (result: ApiResult<SettingsTestAnswer>) => void>;
let aborted: number[];

beforeEach(() => {
	clock = new FakeClock();
	running = new Map();
	aborted = [];
	queue = new TestQueue({
		clock,
		run: (key, signal) => {
			signal.addEventListener("abort", () => aborted.push(key));
			return new Promise((resolve) => running.set(key, resolve));
		},
	});
});

/** The test of this camera answers, and the queue takes note. */
async function finish(key: number, result: ApiResult<SettingsTestAnswer>): Promise<void> {
	const resolve = running.get(key);
	running.delete(key);
	resolve?.(result);
	await Promise.resolve();
	await Promise.resolve();
}

const kinds = () => Object.fromEntries([...queue.states.peek()].map(([key, { kind }]) => [key, kind]));
const ofOne = (...keys: number[]) => keys.map((key) => ({ key, login: "nvr" }));
const ofMany = (...keys: number[]) => keys.map((key) => ({ key, login: `host ${key}` }));

test("two devices are tested at a time, in order", async () => {
	queue.start(ofMany(1, 2, 3));
	expect([...running.keys()]).toEqual([1, 2]);
	await finish(2, answer());
	expect([...running.keys()]).toEqual([1, 3]);
	expect(queue.progress.value).toEqual({ done: 1, total: 3 });
});

test("the first of a recorder's channels goes alone, and the others two at a time after it", async () => {
	queue.start(ofOne(1, 2, 3, 4));
	expect([...running.keys()]).toEqual([1]);
	await finish(1, answer());
	expect([...running.keys()]).toEqual([2, 3]);
});

test("a refused password stops the rest of its device, and no other", async () => {
	queue.start([...ofOne(1, 2, 3), ...ofMany(9)]);
	await finish(1, answer("auth-refused"));
	expect(kinds()).toEqual({ 1: "done", 2: "held", 3: "held", 9: "running" });
	await finish(9, answer());
	expect([running.size, queue.progress.value]).toEqual([0, undefined]);
});

test("after a corrected password they are tested again, the first alone", async () => {
	queue.start(ofOne(1, 2, 3));
	await finish(1, answer("auth-refused"));
	queue.start([1, 2, 3].map((key) => ({ key, login: "nvr, corrected" })));
	expect([...running.keys()]).toEqual([1]);
	await finish(1, answer());
	expect(queue.progress.value).toEqual({ done: 1, total: 3 });
});

test("a channel that does not exist holds nobody back", async () => {
	queue.start(ofOne(1, 2));
	await finish(1, answer("not-found"));
	expect(kinds()).toEqual({ 1: "done", 2: "running" });
});

test("a busy server is asked again when it says, and given up at last", async () => {
	queue.start(ofMany(1));
	await finish(1, busy(5000));
	expect(kinds()).toEqual({ 1: "waiting" });
	clock.advance(4999);
	expect(running.size).toBe(0);
	clock.advance(1);
	expect(running.size).toBe(1);
	for (let tries = 2; tries <= MAX_TRIES; tries++) {
		await finish(1, busy());
		clock.advance(BUSY_WAIT_MS);
	}
	expect(kinds()).toEqual({ 1: "failed" });
	expect(clock.pending).toBe(0);
});

test("a camera that was changed while it was tested has no result", async () => {
	queue.start(ofOne(1, 2));
	queue.forget(1);
	expect([aborted, kinds()]).toEqual([[1], { 2: "running" }]);
	await finish(1, answer());
	expect(kinds()).toEqual({ 2: "running" });
	expect(queue.progress.value).toEqual({ done: 0, total: 1 });
});

test("stopping calls off what is under way and keeps results", async () => {
	queue.start(ofMany(1, 2, 3, 4));
	await finish(1, answer());
	queue.stop();
	expect([kinds(), aborted.toSorted((a, b) => a - b)]).toEqual([{ 1: "done" }, [2, 3]]);
});

test("what is under way is not begun twice", () => {
	queue.start(ofMany(1));
	queue.start(ofMany(1, 2));
	expect([queue.progress.value, running.size]).toEqual([{ done: 0, total: 2 }, 2]);
});
