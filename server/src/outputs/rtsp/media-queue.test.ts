import fc from "fast-check";
import { beforeEach, expect, test } from "vitest";
import { FakeClock } from "../../platform/fake-clock.ts";
import { tagOf } from "../../sources/testing/scripted-camera.ts";
import type { StreamUnit } from "../../streams/reader.ts";
import { fakeUnit } from "../webrtc/testing/fake-stream.ts";
import { RtspOutputCounters } from "./counters.ts";
import { MAX_QUEUED_BYTES, MAX_TOTAL_QUEUED_BYTES, MAX_WAIT_MS, MediaQueue, type QueueBudget } from "./media-queue.ts";
import { TestCamera } from "./testing/test-camera.ts";

const MEBIBYTE = 1024 * 1024;

let clock: FakeClock;
let camera: TestCamera;
let counters: RtspOutputCounters;
let budget: QueueBudget;
/** Packets that are taken before the client is full. */
let room: number;
let sent: { kind: string; timestamp: number; marker: boolean }[];
let queue: MediaQueue;

function open(): MediaQueue {
	return new MediaQueue({
		clock,
		counters,
		budget,
		isFull: () => room <= 0,
		send: (kind, _payload, timestamp, marker) => {
			room--;
			sent.push({ kind, timestamp, marker });
		},
	});
}

beforeEach(() => {
	clock = new FakeClock();
	camera = new TestCamera(clock);
	counters = new RtspOutputCounters();
	budget = { bytes: 0 };
	room = 0;
	sent = [];
	queue = open();
});

/** A picture as the hub hands it on. */
function picture(kind: "key" | "delta", sizeBytes = 40): StreamUnit {
	let unit: StreamUnit | undefined;
	const attachment = camera.stream.attach({ push: (one) => (unit = one) });
	camera.push(kind, sizeBytes);
	attachment.detach();
	if (!unit) throw new Error("The hub gave no picture.");
	return unit;
}

const tag = (unit: StreamUnit): number => ("nalUnits" in unit && tagOf(unit.nalUnits)) || 0;
const push = (kind: "key" | "delta", sizeBytes?: number): boolean => {
	const unit = picture(kind, sizeBytes);
	return queue.pushPicture(unit, tag(unit));
};

test("nothing is taken before the first key frame, then everything, in order", () => {
	room = 100;
	expect(push("key")).toBe(true);
	queue.clear();
	expect(push("delta")).toBe(false);
	expect(push("key", 3000)).toBe(true);
	queue.pushSound(new Uint8Array(160), 77, false);
	expect(push("delta")).toBe(true);
	queue.pump();
	expect(sent.map(({ kind, timestamp }) => `${kind} ${timestamp}`)).toEqual([
		// The parameter sets in one packet, and a slice of three.
		...Array.from({ length: 4 }, () => "video 3"),
		"audio 77",
		"video 4",
	]);
	expect(sent.map(({ marker }) => marker)).toEqual([false, false, false, true, false, true]);
	expect([queue.sizeBytes, budget.bytes]).toEqual([0, 0]);
});

test("what the client does not take waits, and goes when it does", () => {
	push("key");
	push("delta");
	queue.pump();
	expect(sent).toEqual([]);
	room = 100;
	queue.pump();
	expect(new Set(sent.map(({ timestamp }) => timestamp))).toEqual(new Set([1, 2]));
	expect(counters.keyFrameSkips).toBe(0);
});

test("too many bytes: all is given up but the picture that is under way, and the next key frame goes on", () => {
	push("key", MEBIBYTE);
	room = 1;
	queue.pump();
	let pictures = 1;
	while (push("delta", MEBIBYTE)) pictures++;
	expect(pictures * MEBIBYTE).toBeLessThanOrEqual(MAX_QUEUED_BYTES);
	expect(counters).toMatchObject({ keyFrameSkips: 1, droppedPictures: pictures });
	expect(push("delta")).toBe(false);
	const key = picture("key");
	expect(queue.pushPicture(key, tag(key))).toBe(true);
	room = 10_000;
	queue.pump();
	expect([...new Set(sent.map(({ timestamp }) => timestamp))]).toEqual([1, tag(key)]);
	expect(sent.filter(({ marker }) => marker)).toHaveLength(2);
	expect([queue.sizeBytes, budget.bytes]).toEqual([0, 0]);
});

test("pictures that waited too long make room for the present", () => {
	push("key");
	clock.advance(MAX_WAIT_MS);
	expect(push("delta")).toBe(true);
	clock.advance(1);
	queue.pushSound(new Uint8Array(160), 1, false);
	expect(push("delta")).toBe(false);
	expect(counters).toMatchObject({ keyFrameSkips: 1, droppedPictures: 3 });
	expect(queue.sizeBytes).toBe(0);
	push("key");
	clock.advance(MAX_WAIT_MS + 1);
	// A key frame needs nothing before it.
	expect(push("key")).toBe(true);
	expect(counters.keyFrameSkips).toBe(2);
});

test("all clients together have an end too", () => {
	const [key, delta] = [picture("key", 4 * MEBIBYTE), picture("delta", 4 * MEBIBYTE)];
	const queues = Array.from({ length: 20 }, open);
	for (const one of queues) expect(one.pushPicture(key, 1)).toBe(true);
	const taken = queues.filter((one) => one.pushPicture(delta, 2));
	expect(taken.length).toBeGreaterThan(0);
	expect(taken.length).toBeLessThan(queues.length);
	expect(budget.bytes).toBeLessThanOrEqual(MAX_TOTAL_QUEUED_BYTES);
	for (const one of queues) one.clear();
	expect(budget.bytes).toBe(0);
});

test("who keeps up loses nothing by all the others who do not", () => {
	const good = open();
	const [key, delta] = [picture("key", 8 * MEBIBYTE), picture("delta")];
	for (const one of Array.from({ length: 20 }, open)) {
		one.pushPicture(key, 1);
		one.pushPicture(delta, 2);
	}
	expect(budget.bytes).toBeGreaterThan(MAX_TOTAL_QUEUED_BYTES - key.sizeBytes);
	for (const unit of [key, delta, delta]) {
		expect(good.pushPicture(unit, 3)).toBe(true);
		room = 10_000;
		good.pump();
		room = 0;
	}
	expect(good.sizeBytes).toBe(0);
});

test("whatever comes and goes: bytes are counted right, and pictures never go without their key frame", () => {
	const step = fc.record({
		what: fc.constantFrom("key", "delta", "sound", "clear", "pump"),
		sizeBytes: fc.constantFrom(40, 5000, 4 * MEBIBYTE),
		room: fc.integer({ min: 0, max: 5000 }),
		waitMs: fc.constantFrom(0, 40, MAX_WAIT_MS + 1),
	});
	fc.assert(
		fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
			budget = { bytes: 0 };
			sent = [];
			room = 0;
			queue = open();
			const isKey = new Map<number, boolean>();
			for (const [index, { what, sizeBytes, ...more }] of steps.entries()) {
				clock.advance(more.waitMs);
				room = more.room;
				if (what === "pump") queue.pump();
				else if (what === "clear") queue.clear();
				else if (what === "sound") queue.pushSound(new Uint8Array(160), index, false);
				else {
					isKey.set(index, what === "key");
					// The size counts, the payloads stay small.
					const unit = fakeUnit({ timestamp: index, randomAccess: what === "key", packets: 3 });
					queue.pushPicture({ ...unit, sizeBytes }, index);
				}
				expect(queue.sizeBytes).toBe(budget.bytes);
				expect(queue.sizeBytes).toBeLessThanOrEqual(MAX_QUEUED_BYTES);
			}
			room = 10_000;
			queue.pump();
			expect(budget.bytes).toBe(0);
			const order = [...new Set(sent.filter(({ kind }) => kind === "video").map(({ timestamp }) => timestamp))];
			expect(order).toEqual(order.toSorted((a, b) => a - b));
			if (order[0] !== undefined) expect(isKey.get(order[0])).toBe(true);
		}),
		{ numRuns: 50 },
	);
});
