/** The server's side of a scenario: its real source, supervisor and stream, with one reader that keeps what comes. @module */
import type { AudioFrame, VideoUnit } from "@vigia/rtp";
import { Credentials } from "../../../server/src/config/credentials.ts";
import type { RtspTransport, TlsPolicy } from "../../../server/src/config/settings.ts";
import type { Clock } from "../../../server/src/platform/clock.ts";
import { AuthGuard } from "../../../server/src/sources/auth-guard.ts";
import { HostGate } from "../../../server/src/sources/host-gate.ts";
import type { WantedMedia } from "../../../server/src/sources/rtsp-attempt.ts";
import { openRtspSource, WALL_MEDIA } from "../../../server/src/sources/rtsp-source.ts";
import type { SourceDescription, SourceFailure, SourceSession } from "../../../server/src/sources/source.ts";
import { Supervisor, type SupervisorStatus } from "../../../server/src/sources/supervisor.ts";
import type { AudioUnit, NalStreamUnit, StreamUnit } from "../../../server/src/streams/reader.ts";
import { Stream } from "../../../server/src/streams/stream.ts";
import { tagOfSlice } from "./h264-track.ts";

export interface ViewerOptions {
	readonly clock: Clock;
	readonly host: string;
	readonly port: number;
	readonly username: string;
	readonly password: string;
	/** Default `rtsp`. */
	readonly scheme?: "rtsp" | "rtsps";
	/** Default `/stream`. */
	readonly path?: string;
	/** Default `auto`. */
	readonly transport?: RtspTransport;
	/** Default `verify`. */
	readonly tls?: TlsPolicy;
	/** Default: what the wall shows. */
	readonly media?: WantedMedia;
}

/** What a source hands on, before the hub. */
export interface Received<Unit> {
	readonly unit: Unit;
	readonly arrivalMs: number;
	readonly mediaMs: number;
}

export class Viewer {
	readonly stream: Stream;
	readonly supervisor: Supervisor;
	/** Pictures as the hub hands them on. */
	readonly pictures: StreamUnit[] = [];
	/** Sound as the hub hands it on. */
	readonly heard: AudioUnit[] = [];
	/** Pictures as the source hands them on. */
	readonly video: Received<VideoUnit>[] = [];
	readonly audio: Received<AudioFrame>[] = [];
	readonly statuses: SupervisorStatus[] = [];
	/** Why sessions ended, in order; `undefined` for one that was closed. */
	readonly failures: (SourceFailure | undefined)[] = [];
	readonly descriptions: SourceDescription[] = [];
	readonly sessions: SourceSession[] = [];
	readonly parameterSets: (readonly Uint8Array[])[] = [];
	/** Errors of readers. */
	readonly readerErrors: unknown[] = [];
	activity = 0;

	constructor(options: ViewerOptions) {
		const { clock, host, port, scheme = "rtsp", path = "/stream" } = options;
		this.stream = new Stream({ readersChanged: () => {}, readerFailed: (error) => this.readerErrors.push(error) });
		const credentials = new Credentials(options.username, options.password);
		const open = openRtspSource({
			address: { scheme, host, port, path },
			credentials,
			transport: options.transport ?? "auto",
			tls: options.tls ?? { mode: "verify" },
			media: options.media ?? WALL_MEDIA,
			clock,
		});
		this.supervisor = new Supervisor({
			clock,
			random: () => 0.5,
			host: `${host}:${port}`,
			hostGate: new HostGate(clock),
			auth: new AuthGuard(clock).ticket(`${host}:${port}`, credentials),
			stream: this.stream,
			openSource: (handlers) => {
				const session = open({
					...handlers,
					onDescribed: (description) => {
						this.descriptions.push(description);
						handlers.onDescribed?.(description);
					},
					onParameterSets: (codec, sets) => {
						this.parameterSets.push(sets);
						handlers.onParameterSets(codec, sets);
					},
					onVideo: (unit, arrivalMs, mediaMs) => {
						this.video.push({ unit, arrivalMs, mediaMs });
						handlers.onVideo(unit, arrivalMs, mediaMs);
					},
					onAudio: (unit, arrivalMs, mediaMs) => {
						this.activity++;
						this.audio.push({ unit, arrivalMs, mediaMs });
						handlers.onAudio?.(unit, arrivalMs, mediaMs);
					},
					onEnd: (failure) => {
						this.activity++;
						this.failures.push(failure);
						handlers.onEnd(failure);
					},
				});
				this.sessions.push(session);
				return session;
			},
			onChange: (status) => {
				this.activity++;
				this.statuses.push(status);
			},
		});
		this.stream.attach({
			push: (unit) => {
				this.activity++;
				this.pictures.push(unit);
			},
			pushAudio: (unit) => this.heard.push(unit),
		});
	}

	get status(): SupervisorStatus {
		return this.supervisor.status;
	}

	/** States in the order they were entered. */
	get states(): string[] {
		return this.statuses.map((status) => status.state).filter((state, index, all) => state !== all[index - 1]);
	}

	/** The H.264 and H.265 pictures. */
	get units(): NalStreamUnit[] {
		return this.pictures.filter((unit) => "nalUnits" in unit);
	}

	/** The numbers of the pictures that came. */
	get tags(): number[] {
		return this.units.map(tagOfUnit);
	}

	get quirks(): string[] {
		return [...new Set(this.sessions.flatMap((session) => session.quirks))];
	}
}

function tagOfUnit(unit: NalStreamUnit): number {
	return tagOfSlice(unit.nalUnits.at(-1));
}
