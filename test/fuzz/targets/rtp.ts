/** `@vigia/rtp`: packets, RTCP, NAL units and depacketizers. @module */
import {
	H264Depacketizer,
	isFirstSliceOfPicture,
	isRtcp,
	MAX_ACCESS_UNIT_BYTES,
	MAX_ACCESS_UNIT_NAL_UNITS,
	ntpFromUnixMs,
	parseRtcp,
	parseRtpPacket,
	parseSliceType,
	parseSps,
	parseSpropParameterSets,
	RTP_DROP,
	RTP_HEADER_BYTES,
	RtpReceiver,
	splitAnnexB,
	writeBye,
	writeCompound,
	writePli,
	writeReceiverReport,
	writeRtpHeader,
	writeSdes,
	writeSenderReport,
} from "@vigia/rtp";
import { bytesOf, type FuzzTarget, InputReader, must, textOf } from "../target.ts";
import { checkAccessUnit, filling, H264_PARAMETER_SETS, H264_SEEDS, readPackets } from "./packets.ts";

const AVC_LIMITS = { bytes: MAX_ACCESS_UNIT_BYTES, nalUnits: MAX_ACCESS_UNIT_NAL_UNITS };

const rtpPacket: FuzzTarget = {
	name: "rtp-packet",
	seeds: [
		Uint8Array.from([0x80, 0xe0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3]),
		Uint8Array.from([0x91, 0x60, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0xbe, 0xde, 0, 1, 0x10, 0xff, 0, 0, 9, 9]),
		Uint8Array.from([0xa0, 0x60, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 9, 0, 0, 3]),
	],
	run(input) {
		isRtcp(input);
		const parsed = parseRtpPacket(input);
		if (!parsed.ok) return;
		const { packet } = parsed;
		must(packet.payload.length <= input.length - RTP_HEADER_BYTES, "the payload lies behind the header");
		must(packet.payload.buffer === input.buffer, "the payload is a view");
		const header = new Uint8Array(RTP_HEADER_BYTES);
		writeRtpHeader(header, packet);
		must(
			header.subarray(1).every((byte, at) => byte === input[at + 1]),
			"the header is written as it was read",
		);
	},
};

const report = { ssrc: 1, ntp: ntpFromUnixMs(1.7e12), rtpTimestamp: 5, packetCount: 6, octetCount: 7 };
const block = {
	ssrc: 1,
	fractionLost: 2,
	cumulativeLost: -3,
	extendedHighestSequenceNumber: 4,
	jitter: 5,
	lastSenderReport: 6,
	delaySinceLastSenderReport: 7,
};

const rtcp: FuzzTarget = {
	name: "rtcp",
	seeds: [
		writeCompound([writeSenderReport({ ...report, reports: [block] }), writeSdes(1, "camera@host")]),
		writeCompound([writeReceiverReport({ ssrc: 9, reports: [block, block] }), writeBye([1, 2]), writePli(1, 2)]),
		Uint8Array.from([0x81, 205, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 5, 0xff, 0xff]),
		Uint8Array.from([0x84, 206, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 7, 0, 0, 0]),
		Uint8Array.from([0x8f, 206, 0, 5, 0, 0, 0, 1, 0, 0, 0, 0, ...bytesOf("REMB"), 1, 0x0b, 0xff, 0xff, 0, 0, 0, 2]),
	],
	run(input) {
		const { packets } = parseRtcp(input);
		must(packets.length * 4 <= input.length, "a packet has four bytes at least");
		for (const packet of packets) {
			if (packet.type === "nack") {
				must(packet.sequenceNumbers.length <= (17 * input.length) / 4, "a NACK names 17 packets per word at most");
			}
			if (packet.type === "senderReport") writeSenderReport(packet);
			if (packet.type === "receiverReport") writeReceiverReport(packet);
		}
	},
};

/** RFC 3550 appendix A.1 and A.3, with whatever numbers come. */
const rtpReceiver: FuzzTarget = {
	name: "rtp-receiver",
	seeds: H264_SEEDS,
	run: (input) => follow(new RtpReceiver({ payloadTypes: [96], clockRateHz: 90_000 }), input),
	open() {
		const receiver = new RtpReceiver({ payloadTypes: [96], clockRateHz: 90_000 });
		return (input) => follow(receiver, input);
	},
};

function follow(receiver: RtpReceiver, input: Uint8Array): void {
	let nowMs = 0;
	for (const { packet, afterMs } of readPackets(input)) {
		nowMs += afterMs;
		const missing = receiver.push(packet, nowMs);
		must(Number.isInteger(missing) && missing >= -2 && missing < 65_536, "the count of missing packets makes sense");
		if (missing === RTP_DROP || (packet.sequenceNumber & 15) !== 0) continue;
		const given = receiver.takeReportBlock(nowMs);
		if (given) writeReceiverReport({ ssrc: 1, reports: [given] });
	}
	must(Number.isFinite(receiver.jitter), "jitter is a number");
}

const h264Depacketizer: FuzzTarget = {
	name: "h264-depacketizer",
	seeds: H264_SEEDS,
	words: [
		"\x00\x00\x01",
		"\x00\x00\x00\x01",
		"\x1c\x85",
		"\x1c\x45",
		"\x1c\x05",
		"\x18\x00\x02",
		"\x7c\xc5",
		"\x67\x42",
	],
	run(input) {
		const depacketizer = new H264Depacketizer((unit) => checkAccessUnit(unit, AVC_LIMITS));
		for (const { packet, lostBefore } of readPackets(input)) depacketizer.push(packet, lostBefore);
		depacketizer.flush();
	},
	open() {
		const depacketizer = new H264Depacketizer((unit) => checkAccessUnit(unit, AVC_LIMITS));
		return (input) => {
			for (const { packet, lostBefore } of readPackets(input)) depacketizer.push(packet, lostBefore);
		};
	},
};

const h264NalUnits: FuzzTarget = {
	name: "h264-nal-units",
	seeds: [...H264_PARAMETER_SETS, bytesOf("Z0LAHtkAoC/5cBEAAAMAAQAAAwAeDxYuSA==,aMuDyyA="), filling([0x65, 0x88], 64)],
	words: ["\x00\x00\x01", "\x00\x00\x03", "\x67\x64\x00\x28", "\x68"],
	run(input) {
		const info = parseSps(input);
		if (info) must(info.width > 0 && info.height > 0, "a picture has a size");
		parseSliceType(input);
		isFirstSliceOfPicture(input);
		const parts = splitAnnexB(input);
		must(parts.reduce((sum, part) => sum + part.length, 0) <= input.length, "NAL units do not overlap");
		must(
			parts.every((part) => part.length > 0),
			"no NAL unit is empty",
		);
		for (const set of parseSpropParameterSets(textOf(input))) must(set.length > 1, "a parameter set has a body");
	},
};

/** The whole way of a packet, raw: header, sequence, depacketizer. */
const rtpTrack: FuzzTarget = {
	name: "rtp-track",
	seeds: [trackSeed()],
	run(input) {
		const receiver = new RtpReceiver({ payloadTypes: [96], clockRateHz: 90_000 });
		const depacketizer = new H264Depacketizer((unit) => checkAccessUnit(unit, AVC_LIMITS));
		const reader = new InputReader(input);
		for (let nowMs = 0; !reader.done; nowMs += 5) {
			const bytes = reader.chunk();
			if (isRtcp(bytes)) {
				for (const packet of parseRtcp(bytes).packets) {
					if (packet.type === "senderReport") receiver.noteSenderReport(packet, nowMs);
				}
				continue;
			}
			const parsed = parseRtpPacket(bytes);
			if (!parsed.ok) continue;
			const lostBefore = receiver.push(parsed.packet, nowMs);
			if (lostBefore !== RTP_DROP) depacketizer.push(parsed.packet, lostBefore);
		}
		depacketizer.flush();
	},
};

function trackSeed(): Uint8Array {
	const bytes: number[] = [];
	const add = (packet: readonly number[]): number => bytes.push(packet.length >> 8, packet.length & 0xff, ...packet);
	for (const { packet } of readPackets(H264_SEEDS[0] ?? new Uint8Array(0))) {
		const header = new Uint8Array(RTP_HEADER_BYTES);
		writeRtpHeader(header, packet);
		add([...header, ...packet.payload]);
	}
	add([...writeSenderReport({ ...report, reports: [] })]);
	return Uint8Array.from(bytes);
}

export const TARGETS: readonly FuzzTarget[] = [rtpPacket, rtcp, rtpReceiver, h264Depacketizer, h264NalUnits, rtpTrack];
