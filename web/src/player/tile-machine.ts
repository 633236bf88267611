/**
 * What a tile says about its picture: connecting, live, frozen (and whose fault it is) or offline.
 * Pure: the page's own counters, the server's facts and the time come in, a state goes out. A picture that is not
 * `live` always carries its age, so that no old picture is ever shown unmarked.
 * @module
 */
import type { CameraState, ReasonCode } from "@vigia/api";
import type { SlotFacts } from "./slot-watch.ts";

/** A picture older than this is marked, in milliseconds; the promise is three seconds, and a tick is half of one. */
const FROZEN_AFTER_MS = 2000;
/** Of a camera that is slower than that, a picture is marked after this many of its intervals, as the server does. */
const FROZEN_AFTER_INTERVALS = 3;
/** However slow the camera is: the slowest that is still told apart from a dead one, in milliseconds. */
const LONGEST_FROZEN_AFTER_MS = 8000;
/**
 * The server's age of its last picture grows between two reports, up to about 1.1 s when all is well. The camera is
 * silent this much before a picture is marked, in milliseconds, so that the fault is named from the first moment.
 */
const CAMERA_SILENT_BEFORE_MS = 300;
/** Packets are missing this much before a picture is marked, in milliseconds. */
const PACKETS_MISSING_BEFORE_MS = 500;
/** A report of the server that is older than this says nothing about now, in milliseconds; one comes each second. */
export const FACTS_STALE_MS = 1800;
/** Waiting for a first picture longer than this is worth a word about whose fault it is, in milliseconds. */
export const SLOW_START_MS = 3000;
/** Another fault is named only once it has lasted this long, in milliseconds: reports and counters are not in step. */
export const FAULT_HOLD_MS = 1000;

/** Where the pictures stop: before the server, between the server and this page, or in this page. */
export type Fault = "camera" | "network" | "device";

/** What the server says of the stream that the tile shows, brought forward to now. */
export interface ServerFacts {
	/** How old the report is, in milliseconds; `undefined` while there is no socket to the server. */
	readonly reportAgeMs: number | undefined;
	readonly state: CameraState;
	/** Pictures per second when they last came; `undefined` before they were counted. */
	readonly fps: number | undefined;
	/** Age of the last picture that reached the server, in milliseconds. */
	readonly videoAgeMs: number | undefined;
	readonly reason: ReasonCode | undefined;
	/** Milliseconds until the server tries the camera again. */
	readonly retryInMs: number | undefined;
}

export interface TileInput {
	readonly nowMs: number;
	readonly slot: SlotFacts;
	readonly server: ServerFacts;
	/** Whether this browser can play the stream at all. */
	readonly playable: boolean;
	/** Since when the picture has been in sight, in milliseconds of the clock; a hidden one is not painted. */
	readonly visibleSinceMs: number | undefined;
}

export type TileState =
	| { readonly kind: "connecting"; readonly ageMs: number | undefined; readonly fault: Fault | undefined }
	| { readonly kind: "live" }
	| {
			readonly kind: "frozen";
			readonly ageMs: number;
			readonly fault: Fault;
			/** The pictures move and show the past. */
			readonly moves: boolean;
	  }
	/** No moving picture can be had, and stills stand in. Not of this machine: the ladder says so. */
	| { readonly kind: "still"; readonly ageMs: number | undefined }
	| {
			readonly kind: "offline";
			/** Age of the old picture, if there is one. */
			readonly ageMs: number | undefined;
			readonly reason: ReasonCode | undefined;
			readonly retryInMs: number | undefined;
			/** The server is trying the camera right now. */
			readonly trying: boolean;
	  };

/** One tile's machine: {@link expect} when new pictures were asked for, {@link update} at every tick. */
export class TileMachine {
	#state: TileState = { kind: "connecting", ageMs: undefined, fault: undefined };
	/** Pictures count only when decoded after this time; `undefined` once one was. */
	#awaitingSinceMs: number | undefined = 0;
	#fault: Fault | undefined;
	#otherFaultSinceMs: number | undefined;

	get state(): TileState {
		return this.#state;
	}

	/** From now on only newly decoded and painted pictures are live: the tile was asked for anew. */
	expect(nowMs: number): void {
		this.#awaitingSinceMs = nowMs;
	}

	update(input: TileInput): TileState {
		this.#state = this.#next(input);
		if (this.#state.kind === "live" || this.#state.kind === "offline") this.#fault = undefined;
		return this.#state;
	}

	#next(input: TileInput): TileState {
		const { nowMs, server, slot } = input;
		const known = isKnown(server);
		const ageMs = pictureAgeMs(input);
		const before = this.#state;
		if (known && isDown(server.state)) return this.#offline(input, ageMs, server.reason);
		if (known && server.state === "stalled" && slot.lastFrameMs === undefined) {
			return this.#offline(input, ageMs, server.reason ?? "video-stalled");
		}
		if (before.kind === "offline" && !(known && server.state === "live")) {
			const arrived = slot.lastFrameMs !== undefined && nowMs - slot.lastFrameMs < frozenAfterMs(server.fps);
			if (known || !arrived) return this.#offline(input, ageMs, before.reason);
		}
		if (before.kind === "offline") this.expect(nowMs);
		if (ageMs === undefined || !this.#hasArrived(input)) {
			const waitedMs = nowMs - (this.#awaitingSinceMs ?? nowMs);
			const named = waitedMs >= SLOW_START_MS || !input.playable;
			return { kind: "connecting", ageMs, fault: named ? this.#hold(faultOf(input), nowMs) : undefined };
		}
		const frozenMs = frozenAfterMs(server.fps);
		if (ageMs > frozenMs || (known && server.state === "stalled")) {
			const moves = slot.lateMs >= ageMs && nowMs - (slot.lastPaintMs ?? 0) <= frozenMs;
			return { kind: "frozen", ageMs, fault: this.#hold(faultOf(input), nowMs), moves };
		}
		this.#awaitingSinceMs = undefined;
		return { kind: "live" };
	}

	/** What was asked for was decoded, and painted where it can be seen. */
	#hasArrived({ slot, visibleSinceMs }: TileInput): boolean {
		const sinceMs = this.#awaitingSinceMs;
		if (sinceMs === undefined) return true;
		return (slot.lastFrameMs ?? -1) > sinceMs && (visibleSinceMs === undefined || (slot.lastPaintMs ?? -1) > sinceMs);
	}

	#offline(input: TileInput, ageMs: number | undefined, reason: ReasonCode | undefined): TileState {
		const { server } = input;
		const known = isKnown(server);
		const trying = known && !isDown(server.state) && server.state !== "stalled";
		return { kind: "offline", ageMs, reason, retryInMs: known && !trying ? server.retryInMs : undefined, trying };
	}

	#hold(fault: Fault, nowMs: number): Fault {
		if (this.#fault === undefined || fault === this.#fault) {
			this.#fault = fault;
			this.#otherFaultSinceMs = undefined;
			return fault;
		}
		this.#otherFaultSinceMs ??= nowMs;
		if (nowMs - this.#otherFaultSinceMs >= FAULT_HOLD_MS) {
			this.#fault = fault;
			this.#otherFaultSinceMs = undefined;
		}
		return this.#fault;
	}
}

/** A picture older than this is marked, in milliseconds, for a camera of this many pictures per second. */
export function frozenAfterMs(fps: number | undefined): number {
	if (fps === undefined) return FROZEN_AFTER_MS;
	return Math.min(LONGEST_FROZEN_AFTER_MS, Math.max(FROZEN_AFTER_MS, (1000 * FROZEN_AFTER_INTERVALS) / fps));
}

/** Whether the server lacks pictures of the camera: the last one is too old, or there is none. */
export function isSilent({ videoAgeMs, fps }: ServerFacts): boolean {
	return videoAgeMs === undefined || videoAgeMs >= frozenAfterMs(fps) - CAMERA_SILENT_BEFORE_MS;
}

/** Whether the server's report is recent enough to judge by. */
export function isKnown(server: ServerFacts): boolean {
	return server.reportAgeMs !== undefined && server.reportAgeMs <= FACTS_STALE_MS;
}

/** The server has given the stream up for now: `waiting` for a retry, or for somebody to act. */
export function isDown(state: CameraState): boolean {
	return state === "waiting" || state === "refused" || state === "unsupported" || state === "busy";
}

/**
 * How old the picture on the tile is, in milliseconds; `undefined` without one. A picture is as old as the last
 * decoded one, or as the last painted one, or as the last that the server had from the camera: the cached pictures
 * that a server sends again decode well and are old all the same. So are those that a player still has in its buffer
 * while nothing comes: it says how late it is.
 */
function pictureAgeMs({ nowMs, slot, server, visibleSinceMs }: TileInput): number | undefined {
	if (slot.lastFrameMs === undefined) return undefined;
	let ageMs = Math.max(nowMs - slot.lastFrameMs, slot.lateMs);
	if (visibleSinceMs !== undefined) ageMs = Math.max(ageMs, nowMs - Math.max(slot.lastPaintMs ?? 0, visibleSinceMs));
	if (isKnown(server)) ageMs = Math.max(ageMs, server.videoAgeMs ?? 0);
	return ageMs;
}

/** Compares what the server has, what arrives here and what is decoded here. */
function faultOf({ nowMs, slot, server, playable }: TileInput): Fault {
	if (!playable) return "device";
	if (!isKnown(server)) return "network";
	if (server.state !== "live" || isSilent(server)) return "camera";
	const missingMs = frozenAfterMs(server.fps) - PACKETS_MISSING_BEFORE_MS;
	return slot.lastPacketMs === undefined || nowMs - slot.lastPacketMs >= missingMs ? "network" : "device";
}
