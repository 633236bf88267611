import { parseRtcp, parseRtpPacket, type RtcpSenderReport, type RtpPacket, unixMsFromNtp } from "@vigia/rtp";
import { beforeEach, expect, test } from "vitest";
import { FakeClock } from "../../platform/fake-clock.ts";
import type { Attachment, Reader, VideoFormat } from "../../streams/reader.ts";
import { RtspOutputCounters } from "./counters.ts";
import { describeStream } from "./description.ts";
import type { MediaCarrier } from "./media-carrier.ts";
import { REPORT_INTERVAL_MS, SessionMedia } from "./session-media.ts";
import { PICTURE_MS, rtpFormat, TestCamera } from "./testing/test-camera.ts";

class Carrier implements MediaCarrier {
	full = false;
	readonly packets: RtpPacket[] = [];
	readonly reports: RtcpSenderReport[] = [];
	readonly names = new Set<string | undefined>();
	unflushed = 0;
	isFull(): boolean {
		return this.full;
	}
	sendRtp(packet: Uint8Array): void {
		const parsed = parseRtpPacket(packet.slice());
		if (!parsed.ok) throw new Error(parsed.code);
		this.packets.push(parsed.packet);
		this.unflushed++;
	}
	sendRtcp(packet: Uint8Array): void {
		for (const part of parseRtcp(packet).packets) {
			if (part.type === "senderReport") this.reports.push(part);
			if (part.type === "sdes") this.names.add(part.chunks[0]?.cname);
		}
	}
	flush(): void {
		this.unflushed = 0;
	}
}

let clock: FakeClock;
let camera: TestCamera;
let video: Carrier;
let audio: Carrier;
let ends: string[];
let isCurrent: boolean;
let random: number;
/** What the camera has changed of its format. */
let formatChange: Partial<VideoFormat>;

beforeEach(() => {
	clock = new FakeClock();
	camera = new TestCamera(clock);
	video = new Carrier();
	audio = new Carrier();
	ends = [];
	isCurrent = true;
	random = 0xffff_f000;
	formatChange = {};
});

/** Of a camera that has a GOP of three pictures. */
function open(attach = (reader: Reader): Attachment => camera.stream.attach(reader)): SessionMedia {
	camera.announceSound();
	camera.push("key");
	camera.pushSound();
	for (let count = 0; count < 2; count++) {
		clock.advance(PICTURE_MS);
		camera.push("delta");
	}
	const [first] = camera.stream.currentGop();
	if (!first) throw new Error("There is no picture.");
	const { stream } = camera;
	return new SessionMedia({
		source: {
			get format() {
				return stream.format && { ...stream.format, ...formatChange };
			},
			get audioFormat() {
				return stream.audioFormat;
			},
			currentGop: () => stream.currentGop(),
			attach,
		},
		description: describeStream(first, camera.stream.audioFormat),
		clock,
		counters: new RtspOutputCounters(),
		budget: { bytes: 0 },
		random32: () => (random = (random + 77) >>> 0),
		isCurrent: () => isCurrent,
		onEnd: (reason) => ends.push(reason),
	});
}

const timestamps = (carrier: Carrier): number[] => [...new Set(carrier.packets.map(({ timestamp }) => timestamp))];

test("it starts with the cached GOP at its own times, as RTP-Info says, and goes on live", () => {
	const media = open();
	const ssrc = media.add("video", 96, video);
	const [start] = media.play();
	expect(video.packets).toEqual([]);
	media.begin();
	expect(video.packets[0]).toMatchObject({
		ssrc,
		payloadType: 96,
		sequenceNumber: start?.sequenceNumber,
		timestamp: start?.rtpTimestamp,
	});
	clock.advance(PICTURE_MS);
	camera.push("delta");
	const first = start?.rtpTimestamp ?? 0;
	expect(timestamps(video).map((timestamp) => (timestamp - first) >>> 0)).toEqual([0, 3600, 7200, 10_800]);
	const numbers = video.packets.map(({ sequenceNumber }) => sequenceNumber);
	expect(numbers).toEqual(numbers.map((_, index) => ((numbers[0] ?? 0) + index) & 0xffff));
	expect(video.unflushed).toBe(0);
});

test("sound is asked for only where it was set up", () => {
	const readers: Reader[] = [];
	const media = open((reader) => {
		readers.push(reader);
		return camera.stream.attach(reader);
	});
	media.add("video", 96, video);
	media.play();
	media.pause();
	media.add("audio", 8, audio);
	media.play();
	expect(readers.map((reader) => reader.pushAudio !== undefined)).toEqual([false, true]);
});

test("RTP-Info and the sender reports lay sound and picture on one clock", () => {
	const media = open();
	media.add("video", 96, video);
	media.add("audio", 8, audio);
	const starts = new Map(media.play().map(({ kind, ...start }) => [kind, start]));
	media.begin();
	clock.advance(35);
	camera.pushSound();
	clock.advance(20);
	camera.pushSound();
	// 2 pictures of 40 ms and 35 ms after the GOP's first picture.
	const heard = (audio.packets[0]?.timestamp ?? 0) - (starts.get("audio")?.rtpTimestamp ?? 0);
	expect(heard >>> 0).toBe((2 * PICTURE_MS + 35) * 8);
	expect(audio.packets.map(({ marker, payloadType }) => [marker, payloadType])).toEqual([
		[true, 8],
		[false, 8],
	]);
	clock.advance(REPORT_INTERVAL_MS);
	const wallMs = clock.wallMs();
	for (const [carrier, ticksPerMs] of [
		[video, 90],
		[audio, 8],
	] as const) {
		const start = starts.get(carrier === video ? "video" : "audio")?.rtpTimestamp ?? 0;
		for (const report of carrier.reports) {
			// The GOP began 80 ms before PLAY.
			const sinceStartMs = ((report.rtpTimestamp - start) >>> 0) / ticksPerMs;
			expect((unixMsFromNtp(report.ntp) ?? 0) - sinceStartMs).toBeCloseTo(wallMs - REPORT_INTERVAL_MS - 55 - 80, 0);
		}
		expect(carrier.reports.map(({ packetCount }) => packetCount)).toEqual([0, carrier.packets.length]);
		expect(carrier.reports.at(-1)?.octetCount).toBe(
			carrier.packets.reduce((sum, { payload }) => sum + payload.length, 0),
		);
	}
	// One canonical name ties them: RFC 3550 section 6.5.1.
	expect(new Set([...video.names, ...audio.names]).size).toBe(1);
});

test("PAUSE lets the stream go, and PLAY begins with its GOP anew, where the numbers stopped", () => {
	const media = open();
	media.add("video", 96, video);
	media.play();
	media.begin();
	media.pause();
	expect([camera.readers, clock.pending]).toEqual([0, 0]);
	const sentBefore = video.packets.length;
	clock.advance(PICTURE_MS);
	camera.push("key");
	const [start] = media.play();
	expect(video.packets).toHaveLength(sentBefore);
	media.begin();
	expect(video.packets[sentBefore]).toMatchObject({
		sequenceNumber: start?.sequenceNumber,
		timestamp: start?.rtpTimestamp,
	});
	expect(start?.sequenceNumber).toBe(((video.packets[sentBefore - 1]?.sequenceNumber ?? 0) + 1) & 0xffff);
});

test("PLAY again while it plays changes nothing, and says where it stands", () => {
	const media = open();
	media.add("video", 96, video);
	media.play();
	media.begin();
	const sentBefore = video.packets.length;
	clock.advance(PICTURE_MS);
	const [now] = media.play();
	media.begin();
	expect([video.packets.length, camera.readers]).toEqual([sentBefore, 1]);
	// RTP-Info is of the next packet, not of the first one.
	camera.push("delta");
	expect(video.packets[sentBefore]).toMatchObject({
		sequenceNumber: now?.sequenceNumber,
		timestamp: now?.rtpTimestamp,
	});
});

test("played while a picture is handed on, as when a picture answers DESCRIBE, it sends that one once", () => {
	const media = open();
	media.add("video", 96, video);
	let isPlaying = false;
	camera.stream.attach({
		push: () => {
			if (isPlaying) return;
			isPlaying = true;
			media.play();
		},
	});
	camera.push("key");
	media.begin();
	expect(video.packets.filter(({ marker }) => marker)).toHaveLength(1);
});

test("without a cached GOP it waits for a key frame", () => {
	const media = open();
	media.add("video", 96, video);
	camera.stream.restart();
	media.play();
	media.begin();
	camera.push("delta");
	expect(video.packets).toEqual([]);
	camera.push("key");
	expect(video.packets.length).toBeGreaterThan(0);
});

test("a client that takes nothing holds up nobody, and gets all of it later", () => {
	const media = open();
	media.add("video", 96, video);
	video.full = true;
	media.play();
	media.begin();
	camera.push("delta");
	expect([video.packets, video.reports]).toEqual([[], []]);
	video.full = false;
	media.pump();
	expect(timestamps(video)).toHaveLength(4);
});

test("a camera that changes its codec ends the session", () => {
	const media = open();
	media.add("video", 96, video);
	media.play();
	media.begin();
	const data = Uint8Array.of(0xff, 0xd8, 0xff, 0xd9);
	camera.stream.push(
		{ codec: "jpeg", data, randomAccess: true, rtpTimestamp: 0, sizeBytes: 4 },
		clock.nowMs(),
		clock.nowMs(),
	);
	expect([ends, camera.readers, camera.errors]).toEqual([["format-changed"], 0, []]);
});

test.each([
	[{ width: 1920 }, ["format-changed"]],
	[{ height: 1080 }, ["format-changed"]],
	[{ codecString: "avc1.640028" }, ["format-changed"]],
	[{ hasBFrames: true }, []],
])("a camera that changes its pictures to %o: %o at the next key frame", (change, expected) => {
	const media = open();
	media.add("video", 96, video);
	media.play();
	media.begin();
	formatChange = change;
	camera.push("delta");
	expect(ends).toEqual([]);
	camera.push("key");
	expect(ends).toEqual(expected);
	expect(camera.errors).toEqual([]);
});

test("a camera that changes its sound ends the session, and the same again does not", () => {
	const media = open();
	media.add("video", 96, video);
	media.add("audio", 8, audio);
	media.play();
	media.begin();
	camera.stream.setAudioFormat(undefined);
	camera.announceSound();
	camera.pushSound();
	expect([ends, audio.packets.length]).toEqual([[], 1]);
	camera.stream.setAudioFormat(rtpFormat("PCMA", 16_000));
	camera.pushSound();
	expect(ends).toEqual(["format-changed"]);
});

test("a stream that is another one now, because settings changed, ends the session", () => {
	const media = open();
	media.add("video", 96, video);
	media.play();
	media.begin();
	isCurrent = false;
	clock.advance(REPORT_INTERVAL_MS);
	expect([ends, camera.readers, clock.pending]).toEqual([["stream-gone"], 0, 0]);
});
