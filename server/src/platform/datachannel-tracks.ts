/**
 * The tracks of a libdatachannel peer: what is sent goes through its SRTP, sender reports and retransmission. Beside
 * `datachannel.ts` the only file that imports node-datachannel. @module
 */
import nodeDataChannel, { type Track as NativeTrack } from "node-datachannel";

/** Packets kept for retransmission at least: 2 s of a sub stream of 460 kbit/s in 1200-byte packets, 0.1 MB a track. */
export const MIN_HISTORY_PACKETS = 96;
/** Bound of the memory that one track may hold for retransmission: 5 MB, 1 s of 39 Mbit/s. */
export const MAX_HISTORY_PACKETS = 4096;

const RTP_CLOCK_HZ = 90_000;
/** RFC 7587 section 4.1. */
const OPUS_CLOCK_HZ = 48_000;
/** RTCP's canonical name: RFC 3550 section 6.5.1. */
export const CNAME = "vigia";

/** One send-only video track: one SSRC, one payload type, H.264. */
export interface VideoTrack {
	readonly mid: string;
	readonly ssrc: number;
	readonly payloadType: number;
	isOpen(): boolean;
	/**
	 * Sends one RTP packet with this track's SSRC; copies the bytes. False when the track is not open. A packet that
	 * the full buffer of the socket refuses counts as sent and lost: it is kept for retransmission like any other.
	 */
	send(packet: Uint8Array): boolean;
	/**
	 * Makes room for at least this many packets of retransmission, up to {@link MAX_HISTORY_PACKETS}. It only grows, by
	 * doubling, because the history so far is lost when it must.
	 */
	reserveHistory(packets: number): void;
}

export interface VideoTrackOptions {
	readonly mid: string;
	readonly payloadType: number;
	/** The value of `a=fmtp`. */
	readonly fmtp: string;
	/** The track may send from now on. */
	readonly onOpen: () => void;
	/** One compound RTCP packet of the receiver. It may speak of other tracks too: check the media SSRC. */
	readonly onRtcp: (packet: Uint8Array) => void;
}

/** One send-only sound track: one SSRC, the payload types of {@link AUDIO_PAYLOAD_TYPES}. */
export interface AudioTrack {
	readonly ssrc: number;
	/** As {@link VideoTrack.send}. */
	send(packet: Uint8Array): boolean;
}

export interface AudioTrackOptions {
	readonly mid: string;
	/** The track may send from now on. */
	readonly onOpen: () => void;
}

/** RFC 3551 section 6: 0 and 8 are static, Opus is dynamic. */
export const AUDIO_PAYLOAD_TYPES = { pcmu: 0, pcma: 8, opus: 111 } as const;

export class NativeVideoTrack implements VideoTrack {
	readonly mid: string;
	readonly ssrc: number;
	readonly payloadType: number;
	readonly #track: NativeTrack;
	#historyPackets = 0;
	#closed = false;

	constructor(track: NativeTrack, options: VideoTrackOptions, ssrc: number) {
		this.#track = track;
		this.mid = options.mid;
		this.ssrc = ssrc;
		this.payloadType = options.payloadType;
		this.reserveHistory(MIN_HISTORY_PACKETS);
	}

	isOpen(): boolean {
		return !this.#closed && this.#track.isOpen();
	}

	send(packet: Uint8Array): boolean {
		return !this.#closed && sendOn(this.#track, packet);
	}

	reserveHistory(packets: number): void {
		let wanted = MIN_HISTORY_PACKETS;
		while (wanted < packets && wanted < MAX_HISTORY_PACKETS) wanted *= 2;
		wanted = Math.min(MAX_HISTORY_PACKETS, wanted);
		if (this.#closed || wanted <= this.#historyPackets) return;
		this.#historyPackets = wanted;
		const config = new nodeDataChannel.RtpPacketizationConfig(this.ssrc, CNAME, this.payloadType, RTP_CLOCK_HZ);
		// The reporter comes first: it counts what is sent, and the responder's retransmissions pass behind it.
		const reporter = new nodeDataChannel.RtcpSrReporter(config);
		reporter.addToChain(new nodeDataChannel.RtcpNackResponder(wanted));
		this.#track.setMediaHandler(reporter);
	}

	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#track.close();
	}
}

export class NativeAudioTrack implements AudioTrack {
	readonly ssrc: number;
	readonly #track: NativeTrack;
	#closed = false;

	constructor(track: NativeTrack, ssrc: number) {
		this.#track = track;
		this.ssrc = ssrc;
		const { opus } = AUDIO_PAYLOAD_TYPES;
		track.setMediaHandler(
			new nodeDataChannel.RtcpSrReporter(new nodeDataChannel.RtpPacketizationConfig(ssrc, CNAME, opus, OPUS_CLOCK_HZ)),
		);
	}

	send(packet: Uint8Array): boolean {
		return !this.#closed && sendOn(this.#track, packet);
	}

	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#track.close();
	}
}

function sendOn(track: NativeTrack, packet: Uint8Array): boolean {
	try {
		// The binding reads any Uint8Array; its type says Buffer.
		return track.sendMessageBinary(packet as Buffer) || track.isOpen();
	} catch {
		// The track is not open (yet, or any more): the library says so by throwing.
		return false;
	}
}
