/** `@vigia/rtp` and the receive path of the server: order and time. @module */
import { AvClock, DecodeTimeline, MAX_REORDER_DEPTH, MediaClock, ReorderBuffer, type RtpPacket } from "@vigia/rtp";
import { REORDER_MAX_MS, REORDER_MAX_PACKETS } from "../../../packages/rtp/src/reorder-buffer.ts";
import { TrackReceiver } from "../../../server/src/sources/track-receiver.ts";
import { type FuzzTarget, InputReader, InputWriter, must } from "../target.ts";
import { H264_SEEDS, readPackets } from "./packets.ts";

/** Most that a media time may be off the arrival: a wrong timestamp that is not believed yet, and a shift for lips. */
const MAX_OFF_MS = 10_000;
const EMPTY = new Uint8Array(0);

/** A byte of flags, a sequence number; the time goes on by the rest of the flags. */
const reorderBuffer: FuzzTarget = {
	name: "reorder-buffer",
	seeds: [
		[1, 2, 3, 5, 4, 6, 9, 7, 8, 8, 10],
		[65_534, 65_535, 1, 0, 2, 3, 200, 201, 100, 101, 40_000, 40_001, 40_003, 40_002],
		[1, 130, 129, 128, 2, 3, 300, 5],
	].map((numbers) => numbers.reduce((writer, number) => writer.u8(4).u16(number), new InputWriter()).done()),
	run(input) {
		const given = new Set<RtpPacket>();
		const buffer = new ReorderBuffer({
			payloadTypes: [96],
			onPacket(packet, arrivalMs) {
				must(!given.has(packet), "a packet is given once");
				must(arrivalMs <= nowMs && nowMs - arrivalMs <= REORDER_MAX_MS + 1000, "a packet is not held for long");
				given.add(packet);
			},
		});
		let nowMs = 0;
		let pushed = 0;
		const reader = new InputReader(input);
		while (!reader.done) {
			const flags = reader.u8();
			nowMs += flags >> 2;
			const packet = { payloadType: flags & 1 ? 97 : 96, marker: false, timestamp: 0, ssrc: flags & 2, payload: EMPTY };
			pushed++;
			buffer.push({ ...packet, sequenceNumber: reader.u16() }, nowMs);
			must(pushed - given.size - buffer.oldPackets <= REORDER_MAX_PACKETS, "no more are held than there is room for");
			for (let rings = 0; (buffer.nextTimeout() ?? Number.POSITIVE_INFINITY) <= nowMs; rings++) {
				must(rings < REORDER_MAX_PACKETS, "a timeout moves on");
				buffer.handleTimeout(nowMs);
			}
		}
		buffer.flush();
		must(given.size + buffer.oldPackets === pushed, "every packet is given or counted");
		must(buffer.nextTimeout() === undefined, "nothing is held after a flush");
	},
};

/** Timestamps and arrivals of two tracks with sender reports now and then. */
const mediaClock: FuzzTarget = {
	name: "media-clock",
	seeds: [
		Array.from({ length: 60 }, (_, at) => [0, 40, at * 3600] as const),
		Array.from({ length: 60 }, (_, at) => [at % 2, 20, at % 2 ? at * 160 : at * 1800] as const),
		Array.from({ length: 40 }, (_, at) => [at % 5 === 0 ? 2 : 0, 40, at === 20 ? 5 : at * 3600] as const),
	].map((steps) =>
		steps.reduce((writer, [what, ms, ticks]) => writer.u8(what).u8(ms).u32(ticks), new InputWriter()).done(),
	),
	run(input) {
		const video = new MediaClock({ type: "video", clockRateHz: 90_000 });
		const audio = new MediaClock({ type: "audio", clockRateHz: 8000 });
		const pair = new AvClock(video, audio);
		const last = new Map<MediaClock, number>();
		const reader = new InputReader(input);
		let arrivalMs = 1000;
		while (!reader.done) {
			const what = reader.u8();
			// A whole minute now and then.
			arrivalMs += reader.u8() * (what & 0x80 ? 250 : 1);
			const rtpTimestamp = reader.u32();
			if (what & 2) {
				const ntp = {
					seconds: (3_900_000_000 + Math.floor(arrivalMs / 1000)) >>> 0,
					fraction: what & 4 ? rtpTimestamp : 0,
				};
				const report = {
					type: "senderReport",
					ssrc: 1,
					ntp,
					rtpTimestamp,
					packetCount: 0,
					octetCount: 0,
					reports: [],
				} as const;
				pair.noteSenderReport(what & 1 ? "audio" : "video", report);
				continue;
			}
			const clock = what & 1 ? audio : video;
			const mediaMs = clock.mediaMs(rtpTimestamp, arrivalMs);
			must(Number.isFinite(mediaMs), "a media time is a number");
			must(mediaMs >= (last.get(clock) ?? Number.NEGATIVE_INFINITY), "media times do not fall");
			must(Math.abs(mediaMs - arrivalMs) <= MAX_OFF_MS, "a media time is near its arrival");
			last.set(clock, mediaMs);
		}
	},
};

const decodeTimeline: FuzzTarget = {
	name: "decode-timeline",
	seeds: [
		[0, 2, 1, 4, 3, 6, 5],
		[0, 4, 2, 1, 3, 8, 6, 5, 7],
	].map((times) => times.reduce((writer, time) => writer.u16(time), new InputWriter().u8(2)).done()),
	run(input) {
		const reader = new InputReader(input);
		const timeline = new DecodeTimeline({ reorderDepth: reader.u8(), pictureTicks: 3000 });
		let last = Number.NEGATIVE_INFINITY;
		while (!reader.done) {
			const decodeTicks = timeline.push(reader.u16() * 3000);
			must(decodeTicks > last, "decoding times rise");
			must(timeline.reorderDepth <= MAX_REORDER_DEPTH, "the depth is capped");
			last = decodeTicks;
		}
	},
};

const TRACK = {
	index: 0,
	type: "video",
	protocol: "RTP/AVP",
	payloadType: 96,
	encoding: "H264",
	clockRate: 90_000,
	channels: 1,
	formatParameters: new Map<string, string>(),
	dimensions: undefined,
	setupUrl: "",
	fallbackSetupUrl: "",
	backchannel: false,
};

/** The whole way of a datagram: header, order, sequence, depacketizer, clock, and the report at the end. */
const trackReceiver: FuzzTarget = {
	name: "track-receiver",
	slow: true,
	seeds: [trackSeed()],
	words: ["\x80\x60", "\x80\xe0", "\x80\xc8", "\x81\xcb\x00\x01", "\xb0\x60"],
	run: (input) => openReceiver()(input),
	open: openReceiver,
};

function openReceiver(): (input: Uint8Array) => void {
	let lastMediaMs = Number.NEGATIVE_INFINITY;
	let nowMs = 0;
	const receiver = new TrackReceiver({
		track: TRACK,
		unordered: true,
		onUnit(_unit, _arrivalMs, mediaMs) {
			must(mediaMs >= lastMediaMs, "media times do not fall");
			lastMediaMs = mediaMs;
		},
		onSenderReport() {},
	});
	return (input) => {
		const reader = new InputReader(input);
		while (!reader.done) {
			const what = reader.u8();
			const datagram = reader.chunk().slice();
			nowMs += what >> 1;
			if (what & 1) receiver.pushRtcp(datagram, nowMs);
			else receiver.push(datagram, nowMs);
			if ((receiver.nextTimeout() ?? Number.POSITIVE_INFINITY) <= nowMs) receiver.handleTimeout(nowMs);
		}
		receiver.makeReport(1, "vigia", nowMs);
	};
}

function trackSeed(): Uint8Array {
	const writer = new InputWriter();
	for (const { packet } of readPackets(H264_SEEDS[0] ?? EMPTY)) {
		const { sequenceNumber, timestamp, marker, payload } = packet;
		const header = new InputWriter()
			.u8(0x80)
			.u8(marker ? 0xe0 : 0x60)
			.u16(sequenceNumber)
			.u32(timestamp)
			.u32(1);
		writer.u8(80).chunk(header.raw(payload).done());
	}
	return writer.u8(1).chunk("\x80\xc8\0\x06\0\0\0\x01\xe8\0\0\0\0\0\0\0\0\0\0\x05\0\0\0\x01\0\0\0\x01").done();
}

export const TARGETS: readonly FuzzTarget[] = [reorderBuffer, mediaClock, decodeTimeline, trackReceiver];
