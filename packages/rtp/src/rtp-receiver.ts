/**
 * Sequence accounting and reception statistics of one RTP track: RFC 3550 appendices A.1 (sequence numbers), A.3
 * (loss) and A.8 (jitter). @module
 */
import { compactNtp, type ReportBlock, type RtcpSenderReport } from "./rtcp.ts";
import type { RtpPacket } from "./rtp-packet.ts";

/** {@link RtpReceiver.push}: do not use this packet. */
export const RTP_DROP = -1;
/** {@link RtpReceiver.push}: use this packet; the numbering starts afresh and packets before it may be missing. */
export const RTP_RESYNC = -2;

/** A gap below this many packets is loss, a larger one is a jump: RFC 3550 appendix A.1. */
export const MAX_DROPOUT = 3000;
/** A packet at most this far behind is late or doubled, one further behind is a jump: RFC 3550 appendix A.1. */
export const MAX_MISORDER = 100;
/** A source that sent nothing for this long has stopped. Stale sessions send on without such a pause. */
export const SOURCE_SILENCE_MS = 1000;
/** Stale sessions that are told apart from a camera that changes its SSRC: no camera allows more sessions than this. */
const MAX_OLD_SOURCES = 8;
const SEQUENCE_MODULUS = 65_536;
const MAX_CUMULATIVE_LOST = 0x7fffff;
const MIN_CUMULATIVE_LOST = -0x800000;

/** What an {@link RtpReceiver} needs to know about its track. */
export interface RtpReceiverOptions {
	/** The payload types of the track's `m=` line; packets with others are dropped uncounted. */
	readonly payloadTypes: readonly number[];
	/** Units of the RTP timestamp per second, from the rtpmap; 90,000 for video. */
	readonly clockRateHz: number;
}

/** Follows the sequence numbers of one track and keeps the figures for its receiver reports. */
export class RtpReceiver {
	/** The source being followed; undefined before the first packet. */
	ssrc: number | undefined;
	/** The last taken sequence number with its wrap-arounds counted in. */
	extendedSequenceNumber = 0;
	/** Packets taken. */
	packets = 0;
	/** Packets that never came, or came too late. */
	lostPackets = 0;
	/** Packets dropped because they are doubled or older than one already taken. */
	oldPackets = 0;
	/** Packets dropped because their payload type is not the track's. */
	foreignPackets = 0;
	/** How often the sequence number jumped. */
	resyncs = 0;
	/** How often the source changed. */
	ssrcChanges = 0;
	/** Packets dropped because they are from an earlier source that goes on beside the present one. */
	staleSourcePackets = 0;
	/** Interarrival jitter in RTP timestamp units: RFC 3550 section 6.4.1. */
	jitter = 0;

	readonly #payloadTypes: ReadonlySet<number>;
	readonly #clockRateHz: number;
	#baseSequenceNumber = 0;
	/** Packets received from this source, late and doubled ones too, as RFC 3550 appendix A.3 counts them. */
	#received = 0;
	#expectedPrior = 0;
	#receivedPrior = 0;
	/** The number that proves a jump when it comes next; -1 when none is suspected. */
	#expectedAfterJump = -1;
	#lastTimestamp = 0;
	#lastArrivalMs = 0;
	#lastSenderReport = 0;
	#lastSenderReportMs = 0;
	/** The sources followed before this one and when each was last heard, the oldest first. */
	readonly #oldSources = new Map<number, number>();

	constructor(options: RtpReceiverOptions) {
		this.#payloadTypes = new Set(options.payloadTypes);
		this.#clockRateHz = options.clockRateHz;
	}

	/**
	 * Takes note of a packet that arrived at `nowMs`, a monotonic time.
	 * @returns how many packets are missing directly before it, {@link RTP_DROP} or {@link RTP_RESYNC}. A change of the
	 * SSRC is followed at once and returns 0: some cameras change it with every GOP and lose nothing. Only when an
	 * earlier source goes on beside the new one, as a stale session does, its packets are dropped.
	 */
	push(packet: RtpPacket, nowMs: number): number {
		// Some cameras number private packets like the video's, so they go before they are accounted for.
		if (!this.#payloadTypes.has(packet.payloadType)) {
			this.foreignPackets++;
			return RTP_DROP;
		}
		if (packet.ssrc !== this.ssrc) return this.#changeSource(packet, nowMs);
		// RFC 3550 appendix A.1, update_seq().
		const ahead = (packet.sequenceNumber - this.extendedSequenceNumber) & 0xffff;
		if (ahead === 0 || ahead > SEQUENCE_MODULUS - MAX_MISORDER) {
			this.#received++;
			this.oldPackets++;
			return RTP_DROP;
		}
		if (ahead >= MAX_DROPOUT) return this.#suspectJump(packet, nowMs);
		this.extendedSequenceNumber += ahead;
		this.lostPackets += ahead - 1;
		this.#expectedAfterJump = -1;
		this.#take(packet, nowMs);
		return ahead - 1;
	}

	/** Takes note of a sender report of this track, whatever its SSRC: some cameras' RTCP names another one. */
	noteSenderReport(report: RtcpSenderReport, nowMs: number): void {
		this.#lastSenderReport = compactNtp(report.ntp);
		this.#lastSenderReportMs = nowMs;
	}

	/**
	 * The report block for a receiver report: RFC 3550 section 6.4.1. Undefined before the first packet. Each call
	 * starts the interval of the next fraction lost, so call it once for each report that is sent.
	 */
	takeReportBlock(nowMs: number): ReportBlock | undefined {
		if (this.ssrc === undefined) return undefined;
		// RFC 3550 appendix A.3.
		const expected = this.extendedSequenceNumber - this.#baseSequenceNumber + 1;
		const lost = expected - this.#received;
		const expectedInterval = expected - this.#expectedPrior;
		const lostInterval = expectedInterval - (this.#received - this.#receivedPrior);
		this.#expectedPrior = expected;
		this.#receivedPrior = this.#received;
		const delayMs = this.#lastSenderReport === 0 ? 0 : nowMs - this.#lastSenderReportMs;
		return {
			ssrc: this.ssrc,
			fractionLost: lostInterval <= 0 ? 0 : Math.min(255, Math.floor((lostInterval * 256) / expectedInterval)),
			cumulativeLost: Math.max(MIN_CUMULATIVE_LOST, Math.min(MAX_CUMULATIVE_LOST, lost)),
			extendedHighestSequenceNumber: this.extendedSequenceNumber % 2 ** 32,
			jitter: Math.floor(this.jitter),
			lastSenderReport: this.#lastSenderReport,
			delaySinceLastSenderReport: Math.round((Math.max(0, delayMs) * 65_536) / 1000) % 2 ** 32,
		};
	}

	/**
	 * Of two sources at once the one that came later is the present session's: a stale one was sending before. So the
	 * later one is followed from its first packet, and the earlier one again only when one of them has been silent, or
	 * when its number continues the present one's, because then both are one sender.
	 */
	#changeSource(packet: RtpPacket, nowMs: number): number {
		const lastHeardMs = this.#oldSources.get(packet.ssrc);
		const continues = ((packet.sequenceNumber - this.extendedSequenceNumber) & 0xffff) === 1;
		if (
			lastHeardMs !== undefined &&
			!continues &&
			nowMs - lastHeardMs < SOURCE_SILENCE_MS &&
			nowMs - this.#lastArrivalMs < SOURCE_SILENCE_MS
		) {
			this.#oldSources.set(packet.ssrc, nowMs);
			this.staleSourcePackets++;
			return RTP_DROP;
		}
		if (this.ssrc !== undefined) {
			this.#rememberSource(this.ssrc);
			this.ssrcChanges++;
			this.#lastSenderReport = 0;
		}
		this.#oldSources.delete(packet.ssrc);
		this.ssrc = packet.ssrc;
		this.#restart(packet, nowMs);
		return 0;
	}

	#rememberSource(ssrc: number): void {
		this.#oldSources.delete(ssrc);
		this.#oldSources.set(ssrc, this.#lastArrivalMs);
		if (this.#oldSources.size <= MAX_OLD_SOURCES) return;
		for (const oldest of this.#oldSources.keys()) {
			this.#oldSources.delete(oldest);
			break;
		}
	}

	/** A jump is believed when two consecutive numbers show it: RFC 3550 appendix A.1. */
	#suspectJump(packet: RtpPacket, nowMs: number): number {
		if (packet.sequenceNumber !== this.#expectedAfterJump) {
			this.#expectedAfterJump = (packet.sequenceNumber + 1) & 0xffff;
			return RTP_DROP;
		}
		this.resyncs++;
		this.#restart(packet, nowMs);
		return RTP_RESYNC;
	}

	#restart(packet: RtpPacket, nowMs: number): void {
		this.extendedSequenceNumber = packet.sequenceNumber;
		this.#baseSequenceNumber = packet.sequenceNumber;
		this.#received = 0;
		this.#expectedPrior = 0;
		this.#receivedPrior = 0;
		this.#expectedAfterJump = -1;
		this.jitter = 0;
		// With these the first jitter sample after a restart is zero.
		this.#lastTimestamp = packet.timestamp;
		this.#lastArrivalMs = nowMs;
		this.#take(packet, nowMs);
	}

	#take(packet: RtpPacket, nowMs: number): void {
		this.packets++;
		this.#received++;
		// RFC 3550 appendix A.8; the timestamps' difference is signed so that a wrap-around does no harm.
		const arrivalDelta = ((nowMs - this.#lastArrivalMs) * this.#clockRateHz) / 1000;
		const difference = Math.abs(arrivalDelta - ((packet.timestamp - this.#lastTimestamp) | 0));
		this.jitter += (difference - this.jitter) / 16;
		this.#lastTimestamp = packet.timestamp;
		this.#lastArrivalMs = nowMs;
	}
}
