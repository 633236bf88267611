import { writeCompound, writePli, writeReceiverReport } from "@vigia/rtp";
import fc from "fast-check";
import { expect, test } from "vitest";
import { FakeClock } from "../../platform/fake-clock.ts";
import type { Route } from "../../streams/reader.ts";
import { HEAD_START_MS, MAX_PENDING_BYTES, Pacer } from "./pacer.ts";
import {
	DeliveryCounters,
	MAX_REPLAY_INTERVAL_MS,
	REPLAY_INTERVAL_MS,
	REPLAY_RESET_MS,
	type SlotListener,
	SlotSender,
	START_STEP_TICKS,
} from "./slot-sender.ts";
import { FakeStream, FakeTrack, fakeUnit } from "./testing/fake-stream.ts";

/** 15 pictures a second. */
const FRAME_TICKS = 6000;
const FRAME_MS = FRAME_TICKS / 90;

function setUp(sequenceNumber = 100, timestamp = 1_000_000) {
	const clock = new FakeClock();
	const track = new FakeTrack();
	const counters = new DeliveryCounters();
	const pacer = new Pacer(clock);
	const sender = new SlotSender({ track, pacer, clock, counters, sequenceNumber, timestamp });
	return { clock, track, counters, pacer, sender };
}

/** Keeps the timestamps of first pictures, and of the newest there were then. */
function hearing(firstPictures: number[], routes: Route[] = [], newest: number[] = []): SlotListener {
	return {
		onFirstPicture: (rtpTimestamp, newestRtpTimestamp) => {
			firstPictures.push(rtpTimestamp);
			newest.push(newestRtpTimestamp);
		},
		onRoute: (route) => routes.push(route),
	};
}

/** A stream that has sent a key frame and `more` pictures; its timestamps begin at `from`. */
function playing(more: number, from = 0, mark = 0): FakeStream {
	const stream = new FakeStream();
	stream.push(fakeUnit({ timestamp: from, randomAccess: true, packets: 3, mark }));
	for (let i = 1; i <= more; i++) stream.push(fakeUnit({ timestamp: from + i * FRAME_TICKS, mark }));
	return stream;
}

const timestampsOf = (track: FakeTrack): number[] => [...new Set(track.sent.map(({ timestamp }) => timestamp))];

function expectContinuous(track: FakeTrack): void {
	for (const [i, packet] of track.sent.entries()) {
		const before = track.sent[i - 1];
		if (!before) continue;
		expect(packet.sequenceNumber).toBe((before.sequenceNumber + 1) & 0xffff);
		const risen = (packet.timestamp - before.timestamp) >>> 0;
		expect(risen).toBeLessThan(2 ** 31);
		expect(risen > 0).toBe(before.marker);
	}
}

test("a new slot gets the cached GOP at once, its pictures 1 ms apart and the newest now", () => {
	const { clock, track, sender } = setUp();
	const stream = playing(9);
	sender.setSource(stream);
	expect(track.sent).toEqual([]);
	clock.advance(500);
	sender.open();
	clock.advance(HEAD_START_MS + 5);
	const now = 1_000_000 + 500 * 90;
	expect(timestampsOf(track)).toEqual(Array.from({ length: 10 }, (_, i) => now - (9 - i) * START_STEP_TICKS));
	expect(track.sent[0]).toMatchObject({ sequenceNumber: 100, payloadType: 96, ssrc: 0xdecafbad, marker: false });
	expect(track.sent[2]?.marker).toBe(true);
	expectContinuous(track);
});

test("live pictures go straight through and keep the stream's own distances", () => {
	const { clock, track, sender, pacer } = setUp();
	const stream = playing(3);
	sender.setSource(stream);
	sender.open();
	clock.advance(FRAME_MS);
	const newest = timestampsOf(track).at(-1) ?? 0;
	stream.push(fakeUnit({ timestamp: 4 * FRAME_TICKS }));
	stream.push(fakeUnit({ timestamp: 6 * FRAME_TICKS }));
	expect(timestampsOf(track).slice(-2)).toEqual([newest + FRAME_TICKS, newest + 3 * FRAME_TICKS]);
	expect(pacer.pendingBytes).toBe(0);
	expect(clock.pending).toBe(0);
	expectContinuous(track);
});

test("without a cached key frame the slot waits for one", () => {
	const { clock, track, sender, counters } = setUp();
	const stream = new FakeStream();
	sender.setSource(stream);
	sender.open();
	stream.push(fakeUnit({ timestamp: 0 }));
	expect(track.sent).toEqual([]);
	stream.push(fakeUnit({ timestamp: FRAME_TICKS, randomAccess: true, packets: 2 }));
	clock.advance(1);
	expect(track.sent).toHaveLength(2);
	expect(counters).toMatchObject({ starts: 0, packets: 2, bytes: 2 * 112 });
});

test("a switch to another camera continues the numbers, starts on its key frame and reports its first timestamp", () => {
	const { clock, track, sender } = setUp(0xfffe, 2 ** 32 - 5000);
	const first = playing(2);
	const second = playing(20, 77_777_777, 2);
	const firstPictures: number[] = [];
	const newest: number[] = [];
	sender.setSource(first, hearing(firstPictures, [], newest));
	sender.open();
	clock.advance(FRAME_MS);
	expect(newest).toEqual([track.sent.at(-1)?.timestamp]);
	first.push(fakeUnit({ timestamp: 3 * FRAME_TICKS }));
	clock.advance(10);
	sender.setSource(second, hearing(firstPictures, [], newest));
	clock.advance(5);
	const start = track.sent.findIndex(({ payload }) => payload[0] === 2);
	expect(firstPictures).toEqual([track.sent[0]?.timestamp, track.sent[start]?.timestamp]);
	clock.advance(FRAME_MS);
	expect(newest[1]).toBe(track.sent.at(-1)?.timestamp);
	expect(first.readers.size).toBe(0);
	first.push(fakeUnit({ timestamp: 4 * FRAME_TICKS, mark: 1 }));
	second.push(fakeUnit({ timestamp: 77_777_777 + 21 * FRAME_TICKS, mark: 2 }));
	expect(track.sent.slice(start).every(({ payload }) => payload[0] === 2)).toBe(true);
	expectContinuous(track);
});

test("a picture loss indication is answered with the GOP in 0.1 ms steps, and live goes on from there", () => {
	const { clock, track, sender, counters } = setUp();
	const stream = playing(5);
	sender.setSource(stream);
	sender.open();
	clock.advance(HEAD_START_MS + REPLAY_INTERVAL_MS);
	const before = track.sent.length;
	const last = track.sent.at(-1)?.timestamp ?? 0;
	sender.handleRtcp(writePli(1, track.ssrc));
	clock.advance(HEAD_START_MS + 5);
	const replayed = [...new Set(track.sent.slice(before).map(({ timestamp }) => timestamp))];
	expect(replayed).toEqual([1, 2, 3, 4, 5, 6].map((step) => last + step * 9));
	stream.push(fakeUnit({ timestamp: 6 * FRAME_TICKS }));
	expect(track.sent.at(-1)?.timestamp).toBe(last + FRAME_TICKS);
	expect(counters).toMatchObject({ replays: 1, keyFrameRequests: 1 });
	expectContinuous(track);
});

test("a slot that starts with a live key frame spreads it like a cached one, and motion follows in order", () => {
	const { clock, track, sender, pacer } = setUp();
	const stream = new FakeStream();
	sender.setSource(stream);
	sender.open();
	stream.push(fakeUnit({ timestamp: 0, randomAccess: true, packets: 200, payloadBytes: 1200 }));
	expect(sender.nextIsUrgent()).toBe(true);
	clock.advance(1);
	expect(track.sent.length).toBeLessThan(50);
	stream.push(fakeUnit({ timestamp: FRAME_TICKS }));
	clock.advance(50);
	expect(track.sent).toHaveLength(201);
	expect(pacer.pendingBytes).toBe(0);
	stream.push(fakeUnit({ timestamp: 2 * FRAME_TICKS }));
	expect(track.sent).toHaveLength(202);
	expectContinuous(track);
});

test("the waits between replays are counted from their end and double up to 5 s until the viewer was content for 10 s", () => {
	const { clock, sender, counters } = setUp();
	const stream = playing(0);
	stream.push(fakeUnit({ timestamp: FRAME_TICKS, packets: 500, payloadBytes: 1200 }));
	sender.setSource(stream);
	sender.open();
	while (sender.hasPending()) clock.advance(1);
	/** Asks every ms until the GOP comes again; the time that took. */
	const waitForReplay = (): number => {
		const before = counters.replays;
		for (let ms = 0; ; ms++) {
			sender.refresh();
			if (counters.replays > before) {
				while (sender.hasPending()) clock.advance(1);
				return ms;
			}
			clock.advance(1);
		}
	};
	const waits = Array.from({ length: 6 }, waitForReplay);
	expect(waits).toEqual([300, 600, 1200, 2400, 4800, MAX_REPLAY_INTERVAL_MS]);
	clock.advance(REPLAY_RESET_MS);
	expect(waitForReplay()).toBe(0);
	expect(waitForReplay()).toBe(2 * REPLAY_INTERVAL_MS);
});

test("new content goes on where the last picture was, however far its camera's clock has run from ours", () => {
	const { clock, track, sender } = setUp();
	const fast = playing(0);
	sender.setSource(fast);
	sender.open();
	clock.advance(1);
	// 7 s ahead, as after an hour of a clock that is 0.2 % fast.
	fast.push(fakeUnit({ timestamp: 7000 * 90 }));
	const last = track.sent.at(-1)?.timestamp ?? 0;
	clock.advance(500);
	const next = playing(0, 0, 2);
	sender.setSource(next);
	clock.advance(1);
	expect(track.sent.at(-1)?.timestamp).toBe(last + 500 * 90);
	next.push(fakeUnit({ timestamp: FRAME_TICKS }));
	next.push(fakeUnit({ timestamp: 2 * FRAME_TICKS }));
	expect(timestampsOf(track).slice(-2)).toEqual([last + 500 * 90 + FRAME_TICKS, last + 500 * 90 + 2 * FRAME_TICKS]);
	expectContinuous(track);
});

test("a packet that the track does not take is not counted and leaves no gap", () => {
	const { clock, track, sender, counters } = setUp();
	const stream = playing(0);
	sender.setSource(stream);
	sender.open();
	clock.advance(1);
	track.open = false;
	stream.push(fakeUnit({ timestamp: FRAME_TICKS }));
	track.open = true;
	stream.push(fakeUnit({ timestamp: 2 * FRAME_TICKS }));
	expect(counters).toMatchObject({ packets: 4, bytes: 4 * 112 });
	expectContinuous(track);
});

test("key frame requests are answered once per 300 ms at first, not during a burst, and not for other tracks", () => {
	const { clock, track, sender, counters } = setUp();
	sender.setSource(playing(5));
	sender.open();
	const pli = writePli(1, track.ssrc);
	sender.handleRtcp(pli);
	// The interval counts from the end of the burst.
	clock.advance(HEAD_START_MS);
	clock.advance(REPLAY_INTERVAL_MS - 1);
	sender.handleRtcp(pli);
	expect(counters.replays).toBe(0);
	clock.advance(1);
	sender.handleRtcp(writePli(1, track.ssrc + 1));
	expect(counters.replays).toBe(0);
	sender.handleRtcp(writeCompound([writeReceiverReport({ ssrc: 1, reports: [] }), pli, pli]));
	expect(counters.replays).toBe(1);
	clock.advance(HEAD_START_MS + 2 * REPLAY_INTERVAL_MS);
	sender.refresh();
	expect(counters).toMatchObject({ replays: 2, keyFrameRequests: 4 });
});

test("a replay longer than a frame interval still leaves the live timestamps rising and comes back to the live edge", () => {
	const { clock, track, sender } = setUp();
	const stream = playing(1000);
	sender.setSource(stream);
	sender.open();
	clock.advance(REPLAY_INTERVAL_MS + 100);
	sender.refresh();
	clock.advance(100);
	const offset = 1_000_000 - 1000 * FRAME_TICKS;
	for (let i = 1001; i <= 1010; i++) stream.push(fakeUnit({ timestamp: i * FRAME_TICKS }));
	expect(track.sent.at(-1)?.timestamp).toBe(offset + 1010 * FRAME_TICKS);
	expectContinuous(track);
});

test("live pictures queue behind a burst of their own slot only", () => {
	const { clock, track, sender, pacer } = setUp();
	const stream = playing(0);
	stream.push(fakeUnit({ timestamp: FRAME_TICKS, packets: 200, payloadBytes: 1200 }));
	sender.setSource(stream);
	sender.open();
	clock.advance(1);
	stream.push(fakeUnit({ timestamp: 2 * FRAME_TICKS, mark: 9 }));
	expect(track.sent.some(({ payload }) => payload[0] === 9)).toBe(false);
	expect(pacer.pendingBytes).toBeGreaterThan(100_000);
	clock.advance(100);
	expect(track.sent.at(-1)?.payload[0]).toBe(9);
	expect(pacer.pendingBytes).toBe(0);
	expectContinuous(track);
});

test("a viewer for which too much waits goes on at the next key frame, and that is counted", () => {
	const { clock, track, sender, counters, pacer } = setUp();
	const stream = playing(1);
	pacer.changePending(MAX_PENDING_BYTES - 350);
	sender.setSource(stream);
	sender.open();
	expect(counters).toMatchObject({ keyFrameSkips: 1, droppedUnits: 2 });
	stream.push(fakeUnit({ timestamp: 2 * FRAME_TICKS }));
	clock.advance(10);
	expect(track.sent).toEqual([]);
	expect(pacer.pendingBytes).toBe(MAX_PENDING_BYTES - 350);
	stream.push(fakeUnit({ timestamp: 3 * FRAME_TICKS, randomAccess: true }));
	clock.advance(1);
	expect(track.sent).toHaveLength(1);
});

test("closing in the middle of a burst leaves no timer, no reader and nothing pending", () => {
	const { clock, track, sender, pacer } = setUp();
	const stream = playing(0);
	stream.push(fakeUnit({ timestamp: FRAME_TICKS, packets: 500, payloadBytes: 1200 }));
	sender.setSource(stream);
	sender.open();
	clock.advance(2);
	sender.close();
	expect(track.sent.at(-1)?.marker).toBe(true);
	expect({ timers: clock.pending, pending: pacer.pendingBytes, readers: stream.readers.size }).toEqual({
		timers: 0,
		pending: 0,
		readers: 0,
	});
	expectContinuous(track);
});

test("the retransmission history is sized for a second of the stream", () => {
	const { track, sender } = setUp();
	const stream = new FakeStream();
	for (let i = 0; i < 30; i++) {
		stream.push(fakeUnit({ timestamp: i * FRAME_TICKS, randomAccess: i === 0, packets: 100, payloadBytes: 1200 }));
	}
	sender.setSource(stream);
	sender.open();
	expect(track.historyPackets).toBeGreaterThan(1400);
	expect(track.historyPackets).toBeLessThan(1700);
});

test("a stream that starts with a live key frame has room for it at once, and for a second when its GOP is complete", () => {
	const { track, sender } = setUp();
	const stream = new FakeStream();
	sender.setSource(stream);
	sender.open();
	const second = 90_000;
	stream.push(fakeUnit({ timestamp: 0, randomAccess: true, packets: 150, payloadBytes: 1200 }));
	expect(track.historyPackets).toBe(150);
	for (let i = 1; i < 30; i++) {
		stream.push(fakeUnit({ timestamp: (i * second) / 15, packets: 50, payloadBytes: 1200 }));
	}
	stream.push(fakeUnit({ timestamp: 2 * second, randomAccess: true, packets: 150, payloadBytes: 1200 }));
	expect(track.historyPackets).toBe((150 + 29 * 50) / 2);
});

test("whatever is switched, replayed and lost in between, sequence numbers and timestamps go on", () => {
	const step = fc.oneof(
		fc.constant("frame" as const),
		fc.constant("frame" as const),
		fc.constant("key" as const),
		fc.constant("switch" as const),
		fc.constant("refresh" as const),
		fc.constant("wait" as const),
	);
	fc.assert(
		fc.property(fc.array(step, { maxLength: 200 }), fc.nat(0xffff), fc.nat(2 ** 32 - 1), (steps, seq, timestamp) => {
			const { clock, track, sender } = setUp(seq, timestamp);
			const streams = [playing(3), playing(30, 5_000_000_000)];
			const counts = [4, 31];
			let current = 0;
			sender.setSource(streams[0]);
			sender.open();
			for (const kind of steps) {
				if (kind === "switch") sender.setSource(streams[(current = 1 - current)]);
				else if (kind === "refresh") sender.refresh();
				else if (kind === "wait") clock.advance(400);
				else {
					clock.advance(FRAME_MS);
					for (const [index, stream] of streams.entries()) {
						const count = counts[index] as number;
						counts[index] = count + 1;
						const from = index * 5_000_000_000;
						stream.push(fakeUnit({ timestamp: from + count * FRAME_TICKS, randomAccess: kind === "key", packets: 2 }));
					}
				}
			}
			clock.advance(1000);
			expectContinuous(track);
		}),
		{ numRuns: 100 },
	);
});

test("another route of the same stream begins with a key frame, and its first timestamp is reported again", () => {
	const { clock, track, sender } = setUp();
	const stream = playing(2);
	const firstPictures: number[] = [];
	const routes: Route[] = [];
	sender.setSource(stream, hearing(firstPictures, routes));
	sender.open();
	clock.advance(FRAME_MS);
	for (const reader of stream.readers) reader.onRoute?.({ kind: "transcode" });
	stream.push(fakeUnit({ timestamp: 10 * FRAME_TICKS, mark: 5 }));
	expect(track.sent.some(({ payload }) => payload[0] === 5)).toBe(false);
	stream.push(fakeUnit({ timestamp: FRAME_TICKS, randomAccess: true, mark: 6 }));
	clock.advance(5);
	stream.push(fakeUnit({ timestamp: 2 * FRAME_TICKS, mark: 6 }));
	expect(track.sent.filter(({ payload }) => payload[0] === 6)).toHaveLength(2);
	expect(firstPictures).toHaveLength(2);
	expect(routes).toEqual([{ kind: "transcode" }]);
	expectContinuous(track);
});

test("pictures of another codec are not sent", () => {
	const { clock, track, sender } = setUp();
	const stream = new FakeStream();
	stream.push({ ...fakeUnit({ timestamp: 0, randomAccess: true }), codec: "h265", nalUnits: [] });
	sender.setSource(stream);
	sender.open();
	stream.push({ ...fakeUnit({ timestamp: 10, randomAccess: true }), codec: "h265", nalUnits: [] });
	clock.advance(50);
	expect(track.sent).toEqual([]);
});
