/** Opens a source on a camera and keeps what it says. @module */
import type { LookupFunction } from "node:net";
import type { AccessUnit, AudioFrame, VideoUnit } from "@vigia/rtp";
import { expect } from "vitest";
import { Credentials } from "../../config/credentials.ts";
import type { RtspTransport, TlsPolicy } from "../../config/settings.ts";
import { type Clock, systemClock } from "../../platform/clock.ts";
import type { FakeClock } from "../../platform/fake-clock.ts";
import type { WantedMedia } from "../rtsp-attempt.ts";
import { openRtspSource, WALL_MEDIA } from "../rtsp-source.ts";
import type { OpenSource, SourceDescription, SourceFailure, SourceSession } from "../source.ts";
import { PICTURES, tagOf } from "./scripted-camera.ts";

/** Far more than a loaded machine needs. */
const PATIENCE_MS = 15_000;
/** A fake clock's pace: slower than the machine's work, so that nothing runs out. */
const CLOCK_STEP_MS = 5;

export interface RecordedOptions {
	/** Default 127.0.0.1. */
	readonly host?: string;
	readonly port: number;
	readonly path?: string;
	/** Default: a person entered the address. */
	readonly isFound?: boolean;
	readonly username?: string;
	readonly password?: string;
	readonly clock?: Clock;
	/** Default rtsp. */
	readonly scheme?: "rtsp" | "rtsps";
	/** Default tcp. */
	readonly transport?: RtspTransport;
	/** Default verify. */
	readonly tls?: TlsPolicy;
	/** Default: that of the wall. */
	readonly media?: WantedMedia;
	/** Default: the system's. */
	readonly lookup?: LookupFunction;
	/** Another session of a source that is open already: what it learnt counts. */
	readonly open?: OpenSource;
}

/** A source of a scripted camera, for several sessions. */
export function openRecorded(options: RecordedOptions): OpenSource {
	const { host = "127.0.0.1", port, path = "/stream", username, password, clock = systemClock } = options;
	const { scheme = "rtsp", transport = "tcp", tls = { mode: "verify" }, media = WALL_MEDIA, lookup } = options;
	const credentials = username === undefined ? undefined : new Credentials(username, password ?? "");
	const address = { scheme, host, port, path, isFound: options.isFound ?? false };
	return openRtspSource({ address, credentials, clock, transport, tls, media, lookup });
}

/** What a source gave, with the times that came with it. */
export interface Timed<Unit> {
	readonly unit: Unit;
	readonly arrivalMs: number;
	readonly mediaMs: number;
}

/** Dispose of it to say TEARDOWN. */
export class RecordedSource implements AsyncDisposable {
	readonly session: SourceSession;
	readonly video: Timed<VideoUnit>[] = [];
	readonly audio: Timed<AudioFrame>[] = [];
	readonly descriptions: SourceDescription[] = [];
	readonly parameterSets: (readonly Uint8Array[])[] = [];
	/** `playing` and `ended`, in order, and `late` for anything that came after the end. */
	readonly events: string[] = [];
	failure: SourceFailure | undefined;

	constructor(options: RecordedOptions) {
		const open = options.open ?? openRecorded(options);
		this.session = open({
			onDescribed: (description) => this.descriptions.push(description),
			onPlaying: () => this.#note("playing"),
			onParameterSets: (_codec, sets) => this.parameterSets.push(sets),
			onVideo: (unit, arrivalMs, mediaMs) => {
				if (this.ended) this.#note("late");
				this.video.push({ unit, arrivalMs, mediaMs });
			},
			onAudio: (unit, arrivalMs, mediaMs) => this.audio.push({ unit, arrivalMs, mediaMs }),
			onEnd: (failure) => {
				this.#note("ended");
				this.failure = failure;
			},
		});
	}

	/** The H.264 and H.265 pictures. */
	get units(): AccessUnit[] {
		return this.video.map(({ unit }) => unit).filter((unit) => "nalUnits" in unit);
	}

	get ended(): boolean {
		return this.events.includes("ended");
	}

	[Symbol.asyncDispose](): Promise<void> {
		return this.session.close();
	}

	#note(event: string): void {
		this.events.push(this.ended ? "late" : event);
	}
}

/** Waits for a condition that other code brings about. */
export async function until(condition: () => boolean, what: string): Promise<void> {
	const deadlineMs = performance.now() + PATIENCE_MS;
	while (!condition()) {
		if (performance.now() > deadlineMs) throw new Error(`waited ${PATIENCE_MS} ms in vain for: ${what}`);
		const { promise, resolve } = Promise.withResolvers<void>();
		setTimeout(resolve, 2);
		await promise;
	}
}

/** Waits for the usual pictures of a scripted camera, and closes. A clock that stands still is moved on meanwhile. */
export async function seePictures(source: RecordedSource, clock?: FakeClock): Promise<void> {
	await until(() => {
		// Over UDP the first packets are held for a while.
		clock?.advance(CLOCK_STEP_MS);
		return source.units.length >= PICTURES.length || source.ended;
	}, "the pictures");
	expect(source.failure).toBeUndefined();
	expect(tagsOf(source)).toEqual([1, 2, 3, 4]);
	await source.session.close();
	expect(source.events.filter((event) => event === "ended")).toHaveLength(1);
	expect(source.events).not.toContain("late");
}

/** Waits for the end; the code of its reason. */
export async function failureOf(source: RecordedSource): Promise<string | undefined> {
	await until(() => source.ended, "the end");
	await source.session.close();
	expect(JSON.stringify(source.failure)).not.toContain("p@ss");
	return source.failure?.code;
}

/** Which pictures came. */
export function tagsOf(source: RecordedSource): (number | undefined)[] {
	return source.units.map((unit) => tagOf(unit.nalUnits));
}

/** The transports that the camera was described over, one after the other. */
export function transportsOf(source: RecordedSource): string[] {
	return source.descriptions.map(({ transport }) => transport);
}
