/** Opens a source on a scripted camera and keeps what it says. @module */
import type { AccessUnit } from "@vigia/rtp";
import { Credentials } from "../../config/credentials.ts";
import { type Clock, systemClock } from "../../platform/clock.ts";
import { openRtspSource } from "../rtsp-source.ts";
import type { SourceFailure, SourceSession } from "../source.ts";

/** Far more than a loaded machine needs. */
const PATIENCE_MS = 15_000;

export interface RecordedOptions {
	/** Default 127.0.0.1. */
	readonly host?: string;
	readonly port: number;
	readonly path?: string;
	readonly username?: string;
	readonly password?: string;
	readonly clock?: Clock;
}

export class RecordedSource {
	readonly session: SourceSession;
	readonly units: AccessUnit[] = [];
	readonly parameterSets: (readonly Uint8Array[])[] = [];
	/** `playing` and `ended`, in order, and `late` for anything that came after the end. */
	readonly events: string[] = [];
	failure: SourceFailure | undefined;

	constructor(options: RecordedOptions) {
		const { host = "127.0.0.1", port, path = "/stream", username, password, clock = systemClock } = options;
		const credentials = username === undefined ? undefined : new Credentials(username, password ?? "");
		const open = openRtspSource({ address: { scheme: "rtsp", host, port, path }, credentials, clock });
		this.session = open({
			onPlaying: () => this.#note("playing"),
			onParameterSets: (sets) => this.parameterSets.push(sets),
			onAccessUnit: (unit) => {
				if (this.ended) this.#note("late");
				this.units.push(unit);
			},
			onEnd: (failure) => {
				this.#note("ended");
				this.failure = failure;
			},
		});
	}

	get ended(): boolean {
		return this.events.includes("ended");
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
