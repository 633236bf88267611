/** Media on the RTSP connection itself: RFC 2326 section 10.12. @module */
import type { AgreedTransport } from "./client-contract.ts";
import { RtspError } from "./errors.ts";
import type { MediaTransport, TransportContext } from "./media-transport.ts";
import { writeInterleavedHeader } from "./message-parser.ts";
import type { PresentationTrack } from "./presentation.ts";
import { type TransportSpec, writeTransport } from "./transport-header.ts";

/** A channel is one byte. */
const CHANNELS = 256;
const FRAME_HEADER_BYTES = 4;

export class InterleavedTransport implements MediaTransport {
	readonly #context: TransportContext;
	readonly #tracks: (PresentationTrack | undefined)[] = Array.from({ length: CHANNELS });
	readonly #rtcpChannels = new Map<PresentationTrack, number>();

	constructor(context: TransportContext) {
		this.#context = context;
	}

	/** Asks for the next free pair of channels. */
	offer(): string {
		return writeTransport({ protocol: "RTP/AVP/TCP", interleaved: this.#nextPair() });
	}

	/** The answer wins over what was asked; without channels in it those asked for hold. */
	accept(track: PresentationTrack, answer: TransportSpec | undefined): AgreedTransport {
		const asked = this.#nextPair();
		const [rtp, rtcp] = answer?.interleaved ?? asked;
		if (this.#tracks[rtp] || this.#tracks[rtcp]) {
			throw new RtspError("unsupported-transport", "RTSP_CHANNELS", "the camera gave two tracks the same channels");
		}
		if (rtp !== asked[0] || rtcp !== asked[1]) this.#context.onQuirk("channels-renumbered");
		this.#tracks[rtp] = track;
		this.#tracks[rtcp] = track;
		this.#rtcpChannels.set(track, rtcp);
		return { type: "interleaved" };
	}

	sendRtcp(track: PresentationTrack, packet: Uint8Array): boolean {
		const channel = this.#rtcpChannels.get(track);
		if (channel === undefined) return false;
		const frame = new Uint8Array(FRAME_HEADER_BYTES + packet.length);
		frame.set(writeInterleavedHeader(channel, packet.length));
		frame.set(packet, FRAME_HEADER_BYTES);
		this.#context.sink.transmit(frame);
		return true;
	}

	/** The track of a channel; `undefined` for a channel that was never set up. */
	trackOf(channel: number): PresentationTrack | undefined {
		return this.#tracks[channel];
	}

	/** The channel is the one that the camera named for a track's RTCP. */
	isRtcpChannel(track: PresentationTrack, channel: number): boolean {
		return this.#rtcpChannels.get(track) === channel;
	}

	#nextPair(): readonly [number, number] {
		let first = 0;
		while (first < CHANNELS - 2 && (this.#tracks[first] || this.#tracks[first + 1])) first += 2;
		return [first, first + 1];
	}
}
