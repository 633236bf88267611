/** What a client session is given and what it gives. @module */
import type { AuthenticatorOptions } from "./auth.ts";
import type { RtspError } from "./errors.ts";
import type { Presentation, PresentationTrack } from "./presentation.ts";
import type { RtspAddress } from "./url.ts";

export interface RtspClientOptions extends AuthenticatorOptions {
	readonly address: RtspAddress;
	/** Short and constant: some cameras refuse a request without it. */
	readonly userAgent: string;
	/** Encoding names in capitals: the first video track in one of them is set up, e.g. `["H264", "H265"]`. */
	readonly videoEncodings: readonly string[];
	/** The first audio track in one of them is set up too. Empty: no audio. Audio never fails a session. */
	readonly audioEncodings: readonly string[];
	/**
	 * Ports that the caller receives on, a pair (RTP, RTCP) per track that may be set up: video's first, then audio's.
	 * Given, media is asked for over UDP; absent, on the RTSP connection (interleaved).
	 */
	readonly udpPorts?: readonly (readonly [number, number])[];
	/** WWW-Authenticate fields of an earlier connection that closed after its 401: {@link RtspError.challenges}. */
	readonly challenges?: readonly string[];
	/** Asks for a way to the camera's loudspeaker, and goes on without where the camera knows none. */
	readonly backchannel?: boolean;
}

/** How a track's media comes. */
export type AgreedTransport =
	| { readonly type: "interleaved" }
	| {
			readonly type: "udp";
			/** Index into {@link RtspClientOptions.udpPorts}. */
			readonly pair: number;
			/** The camera's ports where it named them: the first packets come from there, or from anywhere at its address. */
			readonly serverPort: readonly [number, number] | undefined;
	  };

/** Where a session's outputs go. Calls come from within its methods; none comes after `failed` or `closed`. */
export interface RtspClientSink {
	/** Bytes for the connection, in order; theirs from now on. */
	transmit(bytes: Uint8Array): void;
	/** A datagram for the camera's port of this pair, if it is known by now; theirs from now on. UDP only. */
	transmitDatagram(pair: number, kind: "rtp" | "rtcp", bytes: Uint8Array): void;
	/** DESCRIBE was answered and these tracks will be set up, the video track first. */
	described(presentation: Presentation, tracks: readonly PresentationTrack[]): void;
	/** SETUP of a track was answered. */
	agreed(track: PresentationTrack, transport: AgreedTransport): void;
	/** PLAY was accepted. Packets may have come before. */
	playing(): void;
	/** Hot path. A view that is valid until the call returns. Unchecked: any bytes. */
	rtp(track: PresentationTrack, packet: Uint8Array, nowMs: number): void;
	/** A view that is valid until the call returns. Unchecked: any bytes. */
	rtcp(track: PresentationTrack, packet: Uint8Array, nowMs: number): void;
	/** The session is over; close the connection once what was transmitted is sent. */
	failed(error: RtspError): void;
	/** TEARDOWN was answered, or not in time: close the connection. */
	closed(): void;
}

/** Facts for metrics. */
export interface RtspClientCounters {
	/** Frames on channels that were never set up. */
	unassignedFrames: number;
	/** Answers that belong to no request. */
	unmatchedResponses: number;
	/** Bytes skipped to find the next frame. */
	garbageBytes: number;
}

/** What a camera did otherwise than the standard says, and was borne with: for diagnosis. */
export type RtspQuirk =
	| "options-refused"
	| "public-missing"
	| "cseq-wrong"
	| "session-id-changes"
	| "content-base-wrong"
	| "content-type-wrong"
	| "content-length-wrong"
	| "control-outside-base"
	| "transport-header-missing"
	| "channels-renumbered"
	| "other-transport-answered"
	| "server-port-missing"
	| "rtcp-on-rtp-channel"
	| "unassigned-channel"
	| "garbage-between-frames"
	| "range-refused"
	| "aggregate-play-refused"
	| "play-unanswered"
	| "media-before-play"
	| "keep-alive-refused"
	| "keep-alive-unanswered"
	| "nonce-renewed"
	| "digest-downgraded"
	| "basic-authentication"
	| "backchannel-refused"
	| "audio-setup-refused"
	| "server-request";
