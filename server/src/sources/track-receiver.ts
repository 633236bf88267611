/** The receive path of one track: from packets as they arrive to whole units on the session's time line. @module */
import {
	createDepacketizer,
	type Depacketizer,
	H264Depacketizer,
	H265Depacketizer,
	MediaClock,
	type MediaUnit,
	parseRtcp,
	parseRtpPacket,
	ReorderBuffer,
	RTP_DROP,
	RTP_HEADER_BYTES,
	RtpReceiver,
	type RtcpSenderReport,
	type RtpPacket,
	writeCompound,
	writeReceiverReport,
	writeSdes,
} from "@vigia/rtp";
import type { PresentationTrack } from "@vigia/rtsp";
import type { SourceCounters } from "./source.ts";

export interface TrackReceiverOptions {
	readonly track: PresentationTrack;
	/** Packets can come out of order: they are put back. Their bytes must then be the receiver's own. */
	readonly unordered: boolean;
	/**
	 * Hot path.
	 * @param arrivalMs when the unit's last packet arrived.
	 * @param mediaMs its place on the time line.
	 */
	readonly onUnit: (unit: MediaUnit, arrivalMs: number, mediaMs: number) => void;
	readonly onSenderReport: (report: RtcpSenderReport) => void;
}

export class TrackReceiver {
	readonly track: PresentationTrack;
	readonly clock: MediaClock;
	readonly #options: TrackReceiverOptions;
	readonly #receiver: RtpReceiver;
	readonly #reorder: ReorderBuffer | undefined;
	readonly #depacketizer: Depacketizer | undefined;
	#arrivalMs = 0;
	#bytes = 0;
	#malformed = 0;

	constructor(options: TrackReceiverOptions) {
		const { track, unordered, onUnit } = options;
		const payloadTypes = [track.payloadType];
		this.track = track;
		this.#options = options;
		this.#receiver = new RtpReceiver({ payloadTypes, clockRateHz: track.clockRate });
		this.clock = new MediaClock({ type: track.type === "audio" ? "audio" : "video", clockRateHz: track.clockRate });
		this.#depacketizer = createDepacketizer(track, (unit) =>
			onUnit(unit, this.#arrivalMs, this.clock.mediaMs(unit.rtpTimestamp, this.#arrivalMs)),
		);
		if (unordered) {
			const onPacket = (packet: RtpPacket, arrivalMs: number): void => this.#take(packet, arrivalMs);
			this.#reorder = new ReorderBuffer({ payloadTypes, onPacket });
		}
	}

	/** Packets taken. */
	get packets(): number {
		return this.#receiver.packets;
	}

	/** Hot path. Over an ordered transport the bytes are free again when the call returns. */
	push(bytes: Uint8Array, nowMs: number): void {
		const parsed = parseRtpPacket(bytes);
		if (!parsed.ok) this.#malformed++;
		else if (this.#reorder) this.#reorder.push(parsed.packet, nowMs);
		else this.#take(parsed.packet, nowMs);
	}

	/** @returns whether the source that is followed said BYE (RFC 3550 section 6.6): it may go on all the same. */
	pushRtcp(bytes: Uint8Array, nowMs: number): boolean {
		let bye = false;
		for (const part of parseRtcp(bytes).packets) {
			if (part.type === "senderReport") {
				this.#receiver.noteSenderReport(part, nowMs);
				this.#options.onSenderReport(part);
			} else if (part.type === "bye") bye ||= part.ssrcs.some((ssrc) => ssrc === this.#receiver.ssrc);
		}
		return bye;
	}

	/** When {@link handleTimeout} is due, if it is. */
	nextTimeout(): number | undefined {
		return this.#reorder?.nextTimeout();
	}

	/** Gives up packets that were waited for too long. */
	handleTimeout(nowMs: number): void {
		this.#reorder?.handleTimeout(nowMs);
	}

	/** A receiver report of this track with our canonical name: RFC 3550 sections 6.4.2 and 6.5. */
	makeReport(ssrc: number, cname: string, nowMs: number): Uint8Array {
		const block = this.#receiver.takeReportBlock(nowMs);
		const report = writeReceiverReport({ ssrc, reports: block ? [block] : [] });
		return writeCompound([report, writeSdes(ssrc, cname)]);
	}

	/** Adds what this track counted. */
	addTo(counters: SourceCounters): void {
		counters.rtpPackets += this.#receiver.packets;
		counters.rtpBytes += this.#bytes;
		counters.lostPackets += this.#receiver.lostPackets;
		counters.reorderedPackets += this.#reorder?.reorderedPackets ?? 0;
		counters.malformedPackets += this.#malformed + (this.#depacketizer?.malformedPayloads ?? 0);
		if (this.track.type === "video") counters.damagedAccessUnits += this.#depacketizer?.damagedUnits ?? 0;
	}

	/** What this track does otherwise than RTP says. */
	get quirks(): readonly string[] {
		const quirks: string[] = [];
		if (this.#receiver.ssrcChanges > 0) quirks.push("ssrc-changes");
		if (this.#receiver.resyncs > 0) quirks.push("sequence-jumps");
		if (this.#receiver.foreignPackets > 0) quirks.push("foreign-payload-types");
		if (this.clock.discontinuities > 0) quirks.push("timestamps-jump");
		const depacketizer = this.#depacketizer;
		if (depacketizer instanceof H264Depacketizer || depacketizer instanceof H265Depacketizer) {
			if (!depacketizer.trustsMarkers) quirks.push("markers-wrong");
			if (depacketizer.unsupportedPayloads > 0) quirks.push("interleaved-payloads");
		}
		return quirks;
	}

	#take(packet: RtpPacket, arrivalMs: number): void {
		const missing = this.#receiver.push(packet, arrivalMs);
		if (missing === RTP_DROP) return;
		this.#bytes += RTP_HEADER_BYTES + packet.payload.length;
		this.#arrivalMs = arrivalMs;
		this.#depacketizer?.push(packet, missing);
	}
}
