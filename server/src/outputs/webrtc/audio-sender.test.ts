import { parseRtpPacket, type RtpPacket } from "@vigia/rtp";
import { beforeEach, expect, test } from "vitest";
import type { Attachment, AudioFormat, AudioUnit, ReadableStreamSource, Reader } from "../../streams/reader.ts";
import { AudioSender } from "./audio-sender.ts";

const rtp = {
	encoding: "",
	clockRate: 8000,
	channels: 1,
	formatParameters: new Map<string, string>(),
	dimensions: undefined,
};
const PCMA: AudioFormat = { codec: "pcma", clockRate: 8000, channels: 1, config: undefined, rtp };
const OPUS: AudioFormat = { codec: "opus", clockRate: 48_000, channels: 2, config: undefined, rtp };
const AAC: AudioFormat = { codec: "aac", clockRate: 16_000, channels: 1, config: undefined, rtp };
const START = 1_000_000;

class Source implements ReadableStreamSource {
	readonly format = undefined;
	readonly audioFormat = undefined;
	readonly readers = new Set<Reader>();
	attach(reader: Reader): Attachment {
		this.readers.add(reader);
		return { gop: [], detach: () => this.readers.delete(reader) };
	}
	currentGop(): [] {
		return [];
	}
	/** A frame of 20 ms that begins at `ms`. */
	push(format: AudioFormat, ms: number, bytes = 160): void {
		const unit: AudioUnit = {
			format,
			data: new Uint8Array(bytes).fill(ms),
			timestamp: ms * 90,
			arrivalMs: ms,
			durationTicks: 1800,
		};
		for (const reader of this.readers) reader.pushAudio?.(unit);
	}
}

let sent: RtpPacket[];
let sender: AudioSender;
let source: Source;

beforeEach(() => {
	sent = [];
	source = new Source();
	const send = (packet: Uint8Array): boolean => {
		const parsed = parseRtpPacket(packet.slice());
		if (parsed.ok) sent.push(parsed.packet);
		return parsed.ok;
	};
	sender = new AudioSender({ track: { ssrc: 7, send }, sequenceNumber: 65_535, timestamp: START });
	sender.setSource(source);
	sender.open();
});

test("G.711 and Opus are passed on with their own payload types and clocks", () => {
	source.push(PCMA, 1000);
	source.push(PCMA, 1020);
	source.push(OPUS, 1040, 50);
	source.push(OPUS, 1060, 50);
	expect(sent.map(({ payloadType }) => payloadType)).toEqual([8, 8, 111, 111]);
	expect(sent.map(({ sequenceNumber }) => sequenceNumber)).toEqual([65_535, 0, 1, 2]);
	expect(sent.map(({ timestamp }) => timestamp - START)).toEqual([0, 160, 320, 320 + 960]);
	expect(sent.map(({ marker }) => marker)).toEqual([true, false, true, false]);
});

test("the clock's jitter does not move samples, and a gap does", () => {
	for (const ms of [1000, 1035, 1030, 1070]) source.push(PCMA, ms);
	expect(sent.map(({ timestamp }) => timestamp - START)).toEqual([0, 160, 320, 480]);
	source.push(PCMA, 2000);
	expect(sent[4]).toMatchObject({ timestamp: START + 8000, marker: true });
	source.push(PCMA, 2020);
	expect(sent[5]).toMatchObject({ timestamp: START + 8160, marker: false });
});

test("a stream whose clock went back goes on where it was", () => {
	source.push(PCMA, 5000);
	source.push(PCMA, 1000);
	expect((sent[1]?.timestamp ?? 0) - START).toBe(160);
});

test("a frame that no packet holds is cut where the codec allows it", () => {
	source.push(PCMA, 1000, 2000);
	expect(sent.map(({ payload }) => payload.length)).toEqual([1200, 800]);
	expect(sent.map(({ timestamp }) => timestamp - START)).toEqual([0, 1200]);
	source.push(OPUS, 1250, 2000);
	expect(sent).toHaveLength(2);
});

test("what browsers do not take over WebRTC is not sent", () => {
	source.push(AAC, 1000);
	source.push({ ...PCMA, clockRate: 16_000 }, 1020);
	source.push({ ...PCMA, channels: 2 }, 1040);
	expect(sent).toEqual([]);
});

test("nothing is sent before the track is open or after it was closed, and the stream is let go", () => {
	sender.close();
	expect(source.readers.size).toBe(0);
	sender.setSource(source);
	source.push(PCMA, 1000);
	expect(sent).toEqual([]);
});

test("another camera's sound goes on in the same track", () => {
	source.push(PCMA, 1000);
	const other = new Source();
	sender.setSource(other);
	expect([source.readers.size, other.readers.size]).toEqual([0, 1]);
	other.push(PCMA, 77_000);
	expect(sent[1]).toMatchObject({ sequenceNumber: 0, timestamp: START + 160, marker: true });
});
