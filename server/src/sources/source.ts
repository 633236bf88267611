/** The contract between a supervisor and whatever brings pictures in. @module */
import type { AudioFrame, RtpFormat, VideoUnit } from "@vigia/rtp";
import type { ReasonCode } from "@vigia/api";

/** Why a session with a camera ended. `code` decides what the supervisor does next. */
export interface SourceFailure {
	readonly code: ReasonCode;
	/** For the log: where and what, never a credential. */
	readonly detail: string;
}

/** How media comes from a camera: on the RTSP connection, over UDP, or on an RTSP connection tunnelled through HTTP. */
export type SourceTransport = "tcp" | "udp" | "http";

/** A track as the camera described it. */
export interface SourceTrack extends RtpFormat {
	/** `video`, `audio`, `application` or whatever stands there. */
	readonly type: string;
	readonly payloadType: number;
	/** It is (or will be) set up. */
	readonly used: boolean;
	readonly backchannel: boolean;
}

/** What a session found out when it was described. */
export interface SourceDescription {
	readonly tracks: readonly SourceTrack[];
	readonly transport: SourceTransport;
	/** The Server field, cut to printable ASCII; empty if the camera sent none. */
	readonly server: string;
}

export interface SourceHandlers {
	/** The camera answered DESCRIBE. */
	onDescribed?(description: SourceDescription): void;
	/** The camera answered PLAY, or sends without: pictures may come. */
	onPlaying(): void;
	/** Parameter sets that the session description promised, for pictures that come without. */
	onParameterSets(codec: "h264" | "h265", nalUnits: readonly Uint8Array[]): void;
	/**
	 * One whole, undamaged picture.
	 * @param arrivalMs when its last packet arrived, by the monotonic clock.
	 * @param mediaMs its place on the session's time line: on the same clock, smooth, within the network's delay of its
	 * arrival, and in step with the other tracks. It can stand still or step at a discontinuity; the hub keeps it rising.
	 */
	onVideo(unit: VideoUnit, arrivalMs: number, mediaMs: number): void;
	/** One audio frame; only for a source that was asked for audio. Times as of `onVideo`. */
	onAudio?(frame: AudioFrame, arrivalMs: number, mediaMs: number): void;
	/** Exactly once, whoever ended it; `undefined` after {@link SourceSession.close}. Nothing is called after it. */
	onEnd(failure: SourceFailure | undefined): void;
}

/** One running session. It is never restarted: a supervisor replaces it. */
export interface SourceSession {
	/** Says TEARDOWN, waits for the answer for half a second at most, closes. Safe to call twice. */
	close(): Promise<void>;
	/** Counters for metrics, plain fields copied when asked. */
	readonly counters: SourceCounters;
	/** What the camera did otherwise than the standards say, as stable words for diagnosis. */
	readonly quirks: readonly string[];
}

export interface SourceCounters {
	rtpPackets: number;
	rtpBytes: number;
	lostPackets: number;
	/** Packets that came out of order and were put back. */
	reorderedPackets: number;
	malformedPackets: number;
	damagedAccessUnits: number;
}

/** Starts a session; returns at once and never throws: what goes wrong comes by `onEnd`. */
export type OpenSource = (handlers: SourceHandlers) => SourceSession;
