/** Whole transcripts of cameras' bytes, cut everywhere: what is understood does not depend on the cuts. */
import { type RtspMessage, RtspParser, toByteString, writeInterleavedHeader } from "@vigia/rtsp";
import { expect, test } from "vitest";

const SDP = "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:trackID=1\r\n";
const frame = (channel: number, payload: Uint8Array): Uint8Array =>
	Buffer.concat([writeInterleavedHeader(channel, payload.length), payload]);
const rtp = (sequenceNumber: number, sizeBytes: number): Uint8Array => {
	const bytes = new Uint8Array(sizeBytes).fill(sequenceNumber);
	bytes.set([0x80, 0x60, 0, sequenceNumber]);
	return bytes;
};
const text = (value: string): Uint8Array => Buffer.from(value, "latin1");
const handshake = [
	text("RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: OPTIONS, DESCRIBE\r\n\r\n"),
	text(`RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Type: application/sdp\r\nContent-Length: ${SDP.length}\r\n\r\n${SDP}`),
	text("RTSP/1.0 200 OK\r\nCSeq: 3\r\nSession: 1;timeout=60\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\n\r\n"),
];

const TRANSCRIPTS: readonly (readonly [string, readonly Uint8Array[]])[] = [
	[
		"a plain session",
		[...handshake, text("RTSP/1.0 200 OK\r\nCSeq: 4\r\n\r\n"), frame(0, rtp(1, 40)), frame(0, rtp(2, 700))],
	],
	[
		"frames around and between the answers",
		[
			...handshake,
			frame(0, rtp(1, 20)),
			text("RTSP/1.0 200 OK\r\nCSeq: 4\r\n\r\n"),
			frame(1, rtp(2, 28)),
			text("GET_PARAMETER rtsp://h/ RTSP/1.0\r\nCSeq: 9\r\nContent-Length: 3\r\n\r\n$$$"),
			frame(0, new Uint8Array(0)),
			frame(0, rtp(3, 300)),
		],
	],
	[
		"line ends of all kinds, folds and blank lines in front",
		[
			text("\r\n\nRTSP/1.0 200\nCSeq: 1\nX: a\n b\n\n"),
			text("\r\nRTSP/1.0 200 OK\r\r\nCSeq:2\r\r\n\r\r\n"),
			text("RTSP/1.0 200 OK\r\n \r\nCSeq: 3\r\n\r\n"),
			frame(0, rtp(1, 30)),
		],
	],
	[
		"garbage between the frames",
		[
			...handshake,
			frame(0, rtp(1, 40)),
			text("\x01\x02\x03 rubbish"),
			frame(0, rtp(2, 40)),
			text("$$$"),
			frame(0, rtp(3, 40)),
			frame(0, rtp(4, 40)),
			Uint8Array.of(0x24, 0, 0),
			frame(0, rtp(5, 40)),
			frame(0, rtp(6, 40)),
			frame(0, rtp(7, 40)),
		],
	],
	[
		"bodies that look like frames and answers",
		[text("RTSP/1.0 200 OK\r\nContent-Length: 24\r\n\r\n$\0\0\x10RTSP/1.0 200 OK\r\n\r\n!"), frame(0, rtp(1, 40))],
	],
];

function understood(bytes: Uint8Array, cut: () => number): readonly string[] {
	const events: string[] = [];
	const describe = (message: RtspMessage): string =>
		message.type === "request" ? message.method : `${message.status} ${message.headers.get("cseq")?.join() ?? ""}`;
	const parser = new RtspParser({
		onMessage: (message) => events.push(`${describe(message)} [${toByteString(message.body)}]`),
		onInterleaved: (channel, payload) => events.push(`${channel}: ${Buffer.from(payload).toString("hex")}`),
		isKnownChannel: (channel) => channel < 2,
	});
	for (let at = 0; at < bytes.length; ) {
		const end = at + cut();
		parser.push(bytes.slice(at, end));
		at = end;
	}
	return events;
}

function randomOf(seed: number): () => number {
	let state = seed;
	return () => {
		state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
		return state / 0x8000_0000;
	};
}

test.each(TRANSCRIPTS)("S17: %s is understood alike however its bytes are cut (quirks 46, 47)", (_name, parts) => {
	const bytes = Buffer.concat(parts);
	const whole = understood(bytes, () => bytes.length);
	expect(whole.length).toBeGreaterThan(1);
	expect(understood(bytes, () => 1)).toEqual(whole);
	expect(understood(bytes, () => 2)).toEqual(whole);
	for (let seed = 1; seed <= 200; seed++) {
		const random = randomOf(seed);
		expect(
			understood(bytes, () => 1 + Math.floor(random() * (seed % 3 === 0 ? 8 : 120))),
			`seed ${seed}`,
		).toEqual(whole);
	}
});
