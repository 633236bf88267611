/**
 * Media on the RTSP connection itself: RFC 2326 section 10.12. It is the one strategy of {@link RtspClientSession} so
 * far; another (UDP) has the same methods.
 * @module
 */
import { RtspError } from "./errors.ts";
import type { PresentationTrack } from "./presentation.ts";
import { parseTransport, writeTransport } from "./transport-header.ts";

/** A channel is one byte. */
const CHANNELS = 256;

export class InterleavedTransport {
	readonly #tracks: (PresentationTrack | undefined)[] = Array.from({ length: CHANNELS });
	readonly #rtcpChannels = new Map<PresentationTrack, number>();

	/** The Transport field that asks for the next free pair of channels. */
	offer(): string {
		return writeTransport({ protocol: "RTP/AVP/TCP", interleaved: this.#nextPair() });
	}

	/**
	 * Takes the Transport field of the answer to {@link offer}. The answer wins over what was asked; without channels
	 * in it those asked for hold.
	 * @throws {RtspError} kind `unsupported-transport` if the camera means another transport, or channels in use.
	 */
	accept(track: PresentationTrack, value: string | undefined): void {
		const answer = value === undefined ? undefined : parseTransport(value)[0];
		// Interleaved counts even without /TCP (Escam Q6).
		if (answer && !answer.interleaved && !answer.protocol.includes("TCP") && answer.serverPort) {
			throw unsupported("the camera answered a request for TCP with UDP");
		}
		const [rtp, rtcp] = answer?.interleaved ?? this.#nextPair();
		if (this.#tracks[rtp] || this.#tracks[rtcp]) throw unsupported("the camera gave two tracks the same channels");
		this.#tracks[rtp] = track;
		this.#tracks[rtcp] = track;
		this.#rtcpChannels.set(track, rtcp);
	}

	/** The track of a channel; `undefined` for a channel that was never set up. */
	trackOf(channel: number): PresentationTrack | undefined {
		return this.#tracks[channel];
	}

	/** Where RTCP for a track goes. */
	rtcpChannel(track: PresentationTrack): number | undefined {
		return this.#rtcpChannels.get(track);
	}

	#nextPair(): readonly [number, number] {
		let first = 0;
		while (first < CHANNELS - 2 && (this.#tracks[first] || this.#tracks[first + 1])) first += 2;
		return [first, first + 1];
	}
}

function unsupported(message: string): RtspError {
	return new RtspError("unsupported-transport", "RTSP_TRANSPORT", message);
}
