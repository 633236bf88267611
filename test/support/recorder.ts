/** Reads a camera with the server's own source, as the wall and the probe do, and keeps what comes. @module */
import { type AudioFrame, AUDIO_ENCODINGS, VIDEO_ENCODINGS, type VideoUnit } from "@vigia/rtp";
import { parseRtspUrl } from "@vigia/rtsp";
import { Credentials } from "../../server/src/config/credentials.ts";
import type { RtspTransport, TlsPolicy } from "../../server/src/config/settings.ts";
import { systemClock } from "../../server/src/platform/clock.ts";
import { openRtspSource } from "../../server/src/sources/rtsp-source.ts";
import type { SourceDescription, SourceFailure, SourceSession } from "../../server/src/sources/source.ts";

export interface RecordingOptions {
	readonly url: string;
	readonly user?: string;
	readonly password?: string;
	readonly transport?: RtspTransport;
	readonly tls?: TlsPolicy;
}

export interface Timed<Unit> {
	readonly unit: Unit;
	readonly arrivalMs: number;
	readonly mediaMs: number;
}

/** Dispose of it to say TEARDOWN. */
export class Recording implements AsyncDisposable {
	readonly video: Timed<VideoUnit>[] = [];
	readonly audio: Timed<AudioFrame>[] = [];
	readonly parameterSets: Uint8Array[] = [];
	readonly session: SourceSession;
	description: SourceDescription | undefined;
	playing = false;
	ended = false;
	failure: SourceFailure | undefined;

	constructor({ url, user, password, transport = "tcp", tls = { mode: "verify" } }: RecordingOptions) {
		const { scheme, host, port, path } = parseRtspUrl(url);
		const open = openRtspSource({
			address: { scheme, host, port, path },
			credentials: user === undefined ? undefined : new Credentials(user, password ?? ""),
			clock: systemClock,
			transport,
			tls,
			media: { video: VIDEO_ENCODINGS, audio: AUDIO_ENCODINGS },
		});
		this.session = open({
			onDescribed: (description) => {
				this.description = description;
			},
			onPlaying: () => {
				this.playing = true;
			},
			onParameterSets: (nalUnits) => this.parameterSets.push(...nalUnits),
			onVideo: (unit, arrivalMs, mediaMs) => this.video.push({ unit, arrivalMs, mediaMs }),
			onAudio: (unit, arrivalMs, mediaMs) => this.audio.push({ unit, arrivalMs, mediaMs }),
			onEnd: (failure) => {
				this.ended = true;
				this.failure = failure;
			},
		});
	}

	[Symbol.asyncDispose](): Promise<void> {
		return this.session.close();
	}
}
