/** For tests: a stream whose access units the test makes, and a track that keeps what is sent. @module */
import { parseRtpPacket, type RtpPacket } from "@vigia/rtp";
import type { Attachment, ReadableStreamSource, Reader, StreamUnit, VideoFormat } from "../../../streams/reader.ts";
import type { SlotTrack } from "../slot-sender.ts";

/** An access unit of `packets` payloads of `payloadBytes` each, filled with `mark`. */
export function fakeUnit(options: {
	readonly timestamp: number;
	readonly randomAccess?: boolean;
	readonly packets?: number;
	readonly payloadBytes?: number;
	readonly mark?: number;
}): StreamUnit {
	const { timestamp, randomAccess = false, packets = 1, payloadBytes = 100, mark = 0 } = options;
	const payloads = Array.from({ length: packets }, () => new Uint8Array(payloadBytes).fill(mark));
	const sizeBytes = packets * payloadBytes;
	return {
		codec: "h264",
		nalUnits: [],
		payloads,
		randomAccess,
		sizeBytes,
		timestamp,
		presentation: timestamp,
		rtpTimestamp: timestamp % 2 ** 32,
		arrivalMs: 0,
	};
}

/** Keeps the current GOP as the hub does. */
export class FakeStream implements ReadableStreamSource {
	readonly readers = new Set<Reader>();
	format: VideoFormat | undefined;
	audioFormat: undefined;
	gop: StreamUnit[] = [];

	attach(reader: Reader): Attachment {
		this.readers.add(reader);
		return { gop: this.currentGop(), detach: () => this.readers.delete(reader) };
	}

	currentGop(): readonly StreamUnit[] {
		return this.gop.slice();
	}

	push(unit: StreamUnit): void {
		if (unit.randomAccess) this.gop = [];
		if (unit.randomAccess || this.gop.length > 0) this.gop.push(unit);
		for (const reader of this.readers) reader.push(unit);
	}
}

export class FakeTrack implements SlotTrack {
	readonly ssrc: number;
	readonly payloadType = 96;
	readonly sent: RtpPacket[] = [];
	/** Takes packets. */
	open = true;
	historyPackets = 0;

	constructor(ssrc = 0xdecafbad) {
		this.ssrc = ssrc;
	}

	send(packet: Uint8Array): boolean {
		if (!this.open) return false;
		const parsed = parseRtpPacket(packet.slice());
		if (!parsed.ok) throw new Error(parsed.code);
		this.sent.push(parsed.packet);
		return true;
	}

	reserveHistory(packets: number): void {
		this.historyPackets = Math.max(this.historyPackets, packets);
	}
}
