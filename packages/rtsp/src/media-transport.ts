/** One way in which media comes: what {@link InterleavedTransport} and {@link UdpTransport} have in common. @module */
import type { AgreedTransport, RtspClientSink, RtspQuirk } from "./client-contract.ts";
import type { PresentationTrack } from "./presentation.ts";
import type { TransportSpec } from "./transport-header.ts";

/** What a transport needs of its session. */
export interface TransportContext {
	readonly sink: RtspClientSink;
	readonly onQuirk: (quirk: RtspQuirk) => void;
}

export interface MediaTransport {
	/** The Transport field that asks for the next track: RFC 2326 section 12.39. */
	offer(): string;
	/**
	 * Takes the answer to SETUP of a track; `undefined` if it has no Transport field.
	 * @throws {RtspError} kind `unsupported-transport` if the answer cannot be used.
	 */
	accept(track: PresentationTrack, answer: TransportSpec | undefined, nowMs: number): AgreedTransport;
	/** Sends RTCP for a track; `false` if the track does not come this way. The bytes stay the caller's. */
	sendRtcp(track: PresentationTrack, packet: Uint8Array): boolean;
}
