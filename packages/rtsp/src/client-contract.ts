/** What a client session is given and what it gives. @module */
import type { AuthenticatorOptions } from "./auth.ts";
import type { RtspError } from "./errors.ts";
import type { Presentation, PresentationTrack } from "./presentation.ts";
import type { RtspAddress } from "./url.ts";

export interface RtspClientOptions extends AuthenticatorOptions {
	readonly address: RtspAddress;
	/** Short and constant: some cameras refuse a request without it. */
	readonly userAgent: string;
	/** Encoding names in capitals that may be set up, e.g. `["H264"]`. */
	readonly encodings: readonly string[];
}

/** Where a session's outputs go. Calls come from within its methods; none comes after `failed` or `closed`. */
export interface RtspClientSink {
	/** Bytes for the connection, in order; theirs from now on. */
	transmit(bytes: Uint8Array): void;
	/** DESCRIBE was answered and this track will be set up. */
	described(presentation: Presentation, track: PresentationTrack): void;
	/** PLAY was accepted. Packets may have come before. */
	playing(track: PresentationTrack): void;
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
