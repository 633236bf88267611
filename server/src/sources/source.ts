/** The contract between a supervisor and whatever brings pictures in. @module */
import type { AccessUnit } from "@vigia/rtp";
import type { ReasonCode } from "@vigia/api";

/** Why a session with a camera ended. `code` decides what the supervisor does next. */
export interface SourceFailure {
	readonly code: ReasonCode;
	/** For the log: where and what, never a credential. */
	readonly detail: string;
}

export interface SourceHandlers {
	/** The camera answered DESCRIBE and PLAY: pictures may come. */
	onPlaying(): void;
	/** Parameter sets that the session description promised, for pictures that come without. */
	onParameterSets(nalUnits: readonly Uint8Array[]): void;
	/** One whole, undamaged access unit; `arrivalMs` by the monotonic clock. */
	onAccessUnit(unit: AccessUnit, arrivalMs: number): void;
	/** Exactly once, whoever ended it; `undefined` after {@link SourceSession.close}. Nothing is called after it. */
	onEnd(failure: SourceFailure | undefined): void;
}

/** One running session. It is never restarted: a supervisor replaces it. */
export interface SourceSession {
	/** Says TEARDOWN, waits for the answer for half a second at most, closes. Safe to call twice. */
	close(): Promise<void>;
	/** Counters for metrics, plain fields copied when asked. */
	readonly counters: SourceCounters;
}

export interface SourceCounters {
	rtpPackets: number;
	rtpBytes: number;
	lostPackets: number;
	malformedPackets: number;
	damagedAccessUnits: number;
}

/** Starts a session; returns at once and never throws: what goes wrong comes by `onEnd`. */
export type OpenSource = (handlers: SourceHandlers) => SourceSession;
