/**
 * Keeps one stream of one camera alive. Video access units are its only sign of life: neither RTCP nor audio nor a
 * keep-alive's answer counts. A session that failed is replaced, never reset; this is the only layer that retries.
 *
 * ```
 * idle ─start─► connecting ─PLAY─► buffering ─picture─► live ⇄ stalled
 *   ▲               │                  │                  │        │
 *   └──stop── (any) └──────────────────┴──────failure─────┴────────┘
 *                                         ▼
 *               waiting | refused | unsupported | busy ──retry──► connecting
 * ```
 *
 * @module
 */
import type { CameraState } from "@vigia/api";
import type { Clock, Timer } from "../platform/clock.ts";
import type { Stream } from "../streams/stream.ts";
import type { AuthTicket } from "./auth-guard.ts";
import { addCounters, emptyCounters } from "./counters.ts";
import type { HostGate, Pass } from "./host-gate.ts";
import { HEALTHY_AFTER_MS, retryDelayMs, type WaitState, waitStateOf } from "./retry-policy.ts";
import type { OpenSource, SourceCounters, SourceFailure, SourceSession } from "./source.ts";

/** No picture for this long is a stall, at any usual frame rate. */
export const STALL_AFTER_MS = 2_000;
/** A slow stream (one picture in two seconds) stalls after this many of its own intervals. */
const STALL_AFTER_INTERVALS = 3;
/** The slowest stream that is still told apart from a dead one. */
const MAX_STALL_AFTER_MS = 8_000;
/** A stalled session that does not recover is replaced: cameras that hang rarely come back in the same session. */
export const REPLACE_AFTER_MS = 2_000;
/** From PLAY to the first picture: an encoder that starts on demand takes a few seconds. */
export const FIRST_PICTURE_MS = 10_000;
/** From PLAY to the first picture that can be decoded: the longest GOPs of "smart codecs" that anybody can wait for. */
export const FIRST_KEY_FRAME_MS = 60_000;

export interface SupervisorStatus {
	readonly state: CameraState;
	/** {@link Clock.wallMs} of the change to this state. */
	readonly sinceWallMs: number;
	/** Why it is not live: kept through the next try until video is back. */
	readonly failure: SourceFailure | undefined;
	/** {@link Clock.nowMs} of the next try. */
	readonly retryAtMs: number | undefined;
}

/** Where the stream is fetched from. */
export interface SupervisorTarget {
	/** For the gate: cameras behind one address share it. */
	readonly host: string;
	/** What is known of the credentials; cameras behind one address with the same ones share it. The supervisor's own. */
	readonly auth: AuthTicket;
	readonly openSource: OpenSource;
}

export interface SupervisorOptions extends SupervisorTarget {
	readonly clock: Clock;
	/** In [0, 1). */
	readonly random: () => number;
	readonly hostGate: HostGate;
	readonly stream: Stream;
	/** After every change of {@link Supervisor.status}. */
	readonly onChange: (status: SupervisorStatus) => void;
}

export class Supervisor {
	readonly #options: SupervisorOptions;
	#target: SupervisorTarget;
	/** All sessions of this stream together. */
	readonly #endedCounters: SourceCounters = emptyCounters();
	#status: SupervisorStatus;
	#session: SourceSession | undefined;
	/** Grows with every session: what an old one still says is not heard. */
	#generation = 0;
	#pass: Pass | undefined;
	#timer: Timer | undefined;
	#closing: Promise<void> = Promise.resolve();
	#wanted = false;
	/** Failures of the same kind in a row. */
	#attempt = 0;
	#lastWaitState: WaitState | undefined;
	#outageSinceMs: number | undefined;
	#playingSinceMs = 0;
	#liveSinceMs = 0;
	#lastPictureMs = 0;
	#pictureIntervalMs: number | undefined;
	/** After a refusal: not before this, even if the stream is wanted anew, because cameras lock after a few tries. */
	#refusal: { readonly failure: SourceFailure; readonly untilMs: number } | undefined;
	/** Sessions that were opened. */
	connects = 0;

	constructor(options: SupervisorOptions) {
		this.#options = options;
		this.#target = options;
		this.#status = { state: "idle", sinceWallMs: options.clock.wallMs(), failure: undefined, retryAtMs: undefined };
	}

	get status(): SupervisorStatus {
		return this.#status;
	}

	/** Counted over all sessions so far. */
	get counters(): SourceCounters {
		const total = { ...this.#endedCounters };
		if (this.#session) addCounters(total, this.#session.counters);
		return total;
	}

	/** Wants the stream: connects, and goes on trying until {@link stop}. */
	start(): void {
		if (this.#wanted) return;
		this.#wanted = true;
		if (this.#refusal && this.#refusal.untilMs > this.#options.clock.nowMs()) {
			this.#waitUntil(this.#refusal.untilMs, this.#refusal.failure);
		} else this.#connect();
	}

	/** Wants it no more: says TEARDOWN. Resolves when the session is closed. */
	async stop(): Promise<void> {
		if (this.#wanted) {
			this.#wanted = false;
			this.#endSession();
			if (!this.#refusal) this.#attempt = 0;
			this.#outageSinceMs = undefined;
			this.#change("idle", undefined);
		}
		await this.#closing;
	}

	/** Fetches the stream from elsewhere, or with other credentials: what was learned of the old ones is forgotten. */
	retarget(target: SupervisorTarget): void {
		this.#target.auth.leave();
		this.#target = target;
		this.#endSession();
		this.#refusal = this.#outageSinceMs = this.#lastWaitState = undefined;
		this.#attempt = 0;
		if (!this.#wanted) return;
		this.#change("connecting", undefined);
		this.#connect();
	}

	/** {@link stop}, for good. */
	async close(): Promise<void> {
		await this.stop();
		this.#target.auth.leave();
	}

	#connect(): void {
		this.#change("connecting", this.#status.failure);
		const generation = ++this.#generation;
		// A camera that allows one session must have forgotten the old one first.
		void this.#closing.then(() => {
			if (generation === this.#generation && this.#wanted) this.#queue(generation);
		});
	}

	#queue(generation: number): void {
		const { hostGate } = this.#options;
		const { host, auth } = this.#target;
		this.#pass = hostGate.enter(host, {
			limit: () => auth.limit(),
			run: (pass) => {
				const refusal = auth.refusal();
				if (!refusal) {
					this.#open(generation);
					return;
				}
				pass.leave();
				this.#waitUntil(refusal.untilMs, refusal.failure);
			},
		});
	}

	#open(generation: number): void {
		const { stream } = this.#options;
		const { openSource } = this.#target;
		const current = (): boolean => generation === this.#generation;
		this.connects++;
		this.#session = openSource({
			onPlaying: () => current() && this.#onPlaying(),
			onDescribed: ({ tracks }) => {
				if (current()) stream.setAudioFormat(tracks.find(({ used, type }) => used && type === "audio"));
			},
			onParameterSets: (codec, nalUnits) => current() && stream.setParameterSets(codec, nalUnits),
			onVideo: (unit, arrivalMs, mediaMs) => {
				if (current()) this.#onPicture(stream.push(unit, arrivalMs, mediaMs), arrivalMs);
			},
			onAudio: (frame, arrivalMs, mediaMs) => current() && stream.pushAudio(frame, arrivalMs, mediaMs),
			onEnd: (failure) => {
				if (current()) this.#fail(failure ?? { code: "session-ended", detail: "closed" });
			},
		});
	}

	#onPlaying(): void {
		this.#target.auth.accepted();
		this.#pass?.leave();
		this.#playingSinceMs = this.#lastPictureMs = this.#options.clock.nowMs();
		this.#pictureIntervalMs = undefined;
		this.#change("buffering", this.#status.failure);
		this.#watch(FIRST_PICTURE_MS);
	}

	#onPicture(decodable: boolean, arrivalMs: number): void {
		const intervalMs = arrivalMs - this.#lastPictureMs;
		this.#lastPictureMs = arrivalMs;
		// Two at once tell no rate: the first one of a session can be known to be whole only when the second one comes.
		if (this.#status.state !== "buffering" && intervalMs > 0) {
			// A slow mean: one late picture must not hide a stall.
			const meanMs = this.#pictureIntervalMs ?? intervalMs;
			this.#pictureIntervalMs = meanMs + (Math.min(intervalMs, MAX_STALL_AFTER_MS) - meanMs) / 16;
		}
		if (this.#status.state === "live") {
			if (this.#outageSinceMs !== undefined && arrivalMs - this.#liveSinceMs >= HEALTHY_AFTER_MS) {
				this.#outageSinceMs = undefined;
				this.#refusal = undefined;
				this.#attempt = 0;
			}
			return;
		}
		if (!decodable) return;
		this.#liveSinceMs = arrivalMs;
		this.#change("live", undefined);
		this.#watch(this.#stallAfterMs());
	}

	/** One timer a session, set anew only when it fires: nothing is done per picture. */
	#watch(afterMs: number): void {
		this.#timer?.cancel();
		this.#timer = this.#options.clock.after(afterMs, () => this.#onSilenceCheck());
	}

	#onSilenceCheck(): void {
		const silentMs = this.#options.clock.nowMs() - this.#lastPictureMs;
		const failure: SourceFailure = { code: "video-stalled", detail: `no video for ${Math.round(silentMs)} ms` };
		switch (this.#status.state) {
			case "buffering":
				if (silentMs >= FIRST_PICTURE_MS) this.#fail(failure);
				else if (this.#options.clock.nowMs() - this.#playingSinceMs >= FIRST_KEY_FRAME_MS) {
					this.#fail({ code: "no-key-frame", detail: `none within ${FIRST_KEY_FRAME_MS / 1000} s of video` });
				} else this.#watch(FIRST_PICTURE_MS - silentMs);
				return;
			case "live": {
				const allowedMs = this.#stallAfterMs();
				if (silentMs < allowedMs) return this.#watch(allowedMs - silentMs);
				this.#change("stalled", failure);
				return this.#watch(REPLACE_AFTER_MS);
			}
			case "stalled":
				// One picture tells no rate: the next one of a slow stream may be on its way (quirk 117).
				if (this.#pictureIntervalMs === undefined && silentMs < MAX_STALL_AFTER_MS) {
					return this.#watch(MAX_STALL_AFTER_MS - silentMs);
				}
				return this.#fail(failure);
			default:
				return;
		}
	}

	#stallAfterMs(): number {
		return Math.min(
			MAX_STALL_AFTER_MS,
			Math.max(STALL_AFTER_MS, STALL_AFTER_INTERVALS * (this.#pictureIntervalMs ?? 0)),
		);
	}

	#fail(failure: SourceFailure): void {
		const { clock, random } = this.#options;
		if (failure.code === "auth-refused") this.#target.auth.refused(failure);
		this.#endSession();
		const state = waitStateOf(failure.code);
		// A rebooting camera refuses connections many times before it refuses anything else: causes count apart.
		if (this.#lastWaitState !== state) this.#attempt = 0;
		this.#lastWaitState = state;
		this.#attempt++;
		const nowMs = clock.nowMs();
		this.#outageSinceMs ??= nowMs;
		const untilMs = nowMs + retryDelayMs(failure.code, this.#attempt, nowMs - this.#outageSinceMs, random());
		this.#refusal = state === "refused" ? { failure, untilMs } : undefined;
		this.#waitUntil(untilMs, failure);
	}

	#waitUntil(untilMs: number, failure: SourceFailure): void {
		const { clock } = this.#options;
		this.#change(waitStateOf(failure.code), failure, untilMs);
		this.#timer = clock.after(untilMs - clock.nowMs(), () => this.#connect());
	}

	#endSession(): void {
		this.#generation++;
		this.#timer?.cancel();
		this.#pass?.leave();
		// Whoever comes now must not be shown pictures of a session that is over.
		this.#options.stream.restart();
		const session = this.#session;
		this.#session = undefined;
		if (!session) return;
		this.#closing = session.close();
		addCounters(this.#endedCounters, session.counters);
	}

	#change(state: CameraState, failure: SourceFailure | undefined, retryAtMs?: number): void {
		const sinceWallMs = state === this.#status.state ? this.#status.sinceWallMs : this.#options.clock.wallMs();
		this.#status = { state, sinceWallMs, failure, retryAtMs };
		this.#options.onChange(this.#status);
	}
}
