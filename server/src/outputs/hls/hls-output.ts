/** All HLS tracks that somebody watches, within limits for the whole process. @module */
import { chooseTargetDuration, type RenditionReport } from "@vigia/cmaf";
import type { StreamName, StreamStatus } from "@vigia/api";
import type { Clock } from "../../platform/clock.ts";
import type { Decoders } from "../../streams/playable.ts";
import type { CmafDirectory, CmafFeed, CmafFeeds } from "../cmaf/cmaf-feed.ts";
import { HlsTrack } from "./hls-track.ts";

/** Tracks at the same time: a wall of 64 cameras in two sizes, and as many with sound. */
const MAX_TRACKS = 256;
/** Media that all tracks together keep, in bytes. */
const MAX_TOTAL_BYTES = 256 * 1024 * 1024;
/** Of one track: 45 s of 3 Mbit/s. */
const MAX_TRACK_BYTES = 16 * 1024 * 1024;

/** hls.js keeps arrays that are as long as the number of a discontinuity: it hangs at numbers as large as the time. */
const MAX_FIRST_DISCONTINUITY = 256;

/** What a player decodes: everything that the cameras send, or H.264 only. */
export type HlsDecoding = "any" | "h264";

/** One playlist of a camera. */
export interface TrackName {
	readonly cameraId: string;
	readonly stream: StreamName;
	readonly decoding: HlsDecoding;
	readonly kind: "video" | "audio";
}

const SOUND: Pick<Decoders, "audio" | "audioTarget"> = { audio: new Set(["aac"]), audioTarget: "aac" };
/** B-frames play everywhere in fragmented MP4. Sound is AAC, because Apple's players take no Opus there. */
const DECODERS: Readonly<Record<HlsDecoding, Decoders>> = {
	any: { video: new Set(["h264", "h265"]), bFrames: true, ...SOUND },
	h264: { video: new Set(["h264"]), bFrames: true, ...SOUND },
};

export interface HlsOutputOptions {
	readonly feeds: Pick<CmafFeeds, "for">;
	readonly clock: Clock;
	/** What is known of a configured stream without pulling it; `undefined` if the camera has no such stream. */
	readonly status: (cameraId: string, stream: StreamName) => StreamStatus | undefined;
}

/** What the playlists of one camera have in common while there are any. */
interface CameraLife {
	/** In seconds; undefined until the first track has its first pictures. */
	targetDuration: number | undefined;
	readonly firstDiscontinuity: number;
	readonly tracks: Map<string, HlsTrack>;
}

export class HlsOutput {
	readonly #options: HlsOutputOptions;
	readonly #directories: Readonly<Record<HlsDecoding, CmafDirectory>>;
	readonly #cameras = new Map<string, CameraLife>();
	#count = 0;

	constructor(options: HlsOutputOptions) {
		this.#options = options;
		this.#directories = { any: options.feeds.for(DECODERS.any), h264: options.feeds.for(DECODERS.h264) };
	}

	/** Tracks that are being made now. */
	get tracks(): number {
		return this.#count;
	}

	/** Media in memory. */
	get sizeBytes(): number {
		let sum = 0;
		for (const { tracks } of this.#cameras.values()) for (const track of tracks.values()) sum += track.sizeBytes;
		return sum;
	}

	hasCamera(cameraId: string): boolean {
		return this.#directories.any.hasCamera(cameraId);
	}

	/** The streams that the camera has, the one for the grid first. */
	streams(cameraId: string): readonly StreamName[] {
		return (["sub", "main"] as const).filter((stream) => this.#options.status(cameraId, stream));
	}

	status(cameraId: string, stream: StreamName): StreamStatus | undefined {
		return this.#options.status(cameraId, stream);
	}

	/** What the playlists of a stream are made from; `undefined` for an unknown camera. */
	feed({ cameraId, stream, decoding }: Omit<TrackName, "kind">): CmafFeed | undefined {
		return this.#directories[decoding].feed(cameraId, this.#streamOf(cameraId, stream));
	}

	/** A track that is being made; nothing is started. */
	running(name: TrackName): HlsTrack | undefined {
		const stream = this.#streamOf(name.cameraId, name.stream);
		return this.#cameras.get(name.cameraId)?.tracks.get(keyOf({ ...name, stream }));
	}

	/**
	 * The track, started if nobody watched it before.
	 * @returns `undefined` if there is no such stream, `"full"` while there are as many as this server takes.
	 */
	open(asked: TrackName): HlsTrack | "full" | undefined {
		const name = { ...asked, stream: this.#streamOf(asked.cameraId, asked.stream) };
		const running = this.running(name);
		if (running) return running;
		const feed = this.feed(name);
		if (!feed) return undefined;
		if (this.#count >= MAX_TRACKS) return "full";
		const pictures = name.kind === "audio" ? this.open({ ...name, kind: "video" }) : undefined;
		if (pictures === "full") return "full";
		const life = this.#lifeOf(name.cameraId);
		const key = keyOf(name);
		const track = new HlsTrack({
			feed,
			kind: name.kind,
			clock: this.#options.clock,
			targetDuration: (cachedSeconds) => (life.targetDuration ??= this.#chooseTarget(name.cameraId, cachedSeconds)),
			firstDiscontinuity: life.firstDiscontinuity,
			maxBytes: () => Math.min(MAX_TRACK_BYTES, MAX_TOTAL_BYTES / this.#count),
			reports: () => this.#reports(name),
			pictures,
			onStop: () => {
				this.#count--;
				life.tracks.delete(key);
				// Sound is cut where its pictures are.
				if (name.kind === "video") life.tracks.get(keyOf({ ...name, kind: "audio" }))?.stop();
				if (life.tracks.size === 0) this.#cameras.delete(name.cameraId);
			},
		});
		life.tracks.set(key, track);
		this.#count++;
		track.start();
		return track;
	}

	/** Lets all feeds go. */
	close(): void {
		for (const { tracks } of [...this.#cameras.values()]) for (const track of [...tracks.values()]) track.stop();
	}

	/** A camera with one stream shows that one under either name. */
	#streamOf(cameraId: string, stream: StreamName): StreamName {
		const streams = this.streams(cameraId);
		return streams.includes(stream) ? stream : (streams[0] ?? stream);
	}

	#lifeOf(cameraId: string): CameraLife {
		const known = this.#cameras.get(cameraId);
		if (known) return known;
		const life: CameraLife = {
			targetDuration: undefined,
			// Another life has other numbers, so that a player does not lay its times upon those of the one before.
			firstDiscontinuity: Math.floor(this.#options.clock.wallMs() / 1000) % MAX_FIRST_DISCONTINUITY,
			tracks: new Map(),
		};
		this.#cameras.set(cameraId, life);
		return life;
	}

	#chooseTarget(cameraId: string, cachedSeconds: number): number {
		const gops = this.streams(cameraId).map((stream) => this.#options.status(cameraId, stream)?.gopSeconds);
		return chooseTargetDuration(gops, cachedSeconds);
	}

	/** The other playlists of the same multivariant playlist that are being made, as seen from this one. */
	#reports(name: TrackName): RenditionReport[] {
		const reports: RenditionReport[] = [];
		for (const stream of this.streams(name.cameraId)) {
			for (const kind of ["video", "audio"] as const) {
				if (stream === name.stream && kind === name.kind) continue;
				const position = this.running({ ...name, stream, kind })?.position;
				if (position) reports.push({ uri: `../${viewName(stream, name.decoding)}/${kind}.m3u8`, ...position });
			}
		}
		return reports;
	}
}

/** The path element of a stream: `sub`, `main`, `sub-h264`, `main-h264`. */
export function viewName(stream: StreamName, decoding: HlsDecoding): string {
	return decoding === "any" ? stream : `${stream}-${decoding}`;
}

/** `undefined` for what is no such path element. */
export function parseViewName(view: string): Pick<TrackName, "stream" | "decoding"> | undefined {
	const [, stream, decoding] = /^(sub|main)(-h264)?$/.exec(view) ?? [];
	if (stream !== "sub" && stream !== "main") return undefined;
	return { stream, decoding: decoding === undefined ? "any" : "h264" };
}

function keyOf({ stream, decoding, kind }: TrackName): string {
	return `${viewName(stream, decoding)}/${kind}`;
}
