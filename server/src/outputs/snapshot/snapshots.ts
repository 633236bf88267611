/** Stills: the latest key frame of a stream as a JPEG file, made by FFmpeg when somebody asks. @module */
import type { StreamName } from "@vigia/api";
import type { Clock } from "../../platform/clock.ts";
import type { Ffmpeg } from "../../platform/ffmpeg.ts";
import type { ReadableStreamSource, StreamDirectory, StreamUnit } from "../../streams/reader.ts";
import { pictureParts, writeMatroskaBlock, writeMatroskaHeader } from "../../transcode/matroska.ts";

/** A stream that is pulled on demand connects and sends its first key frame within this, or there is no picture. */
export const FIRST_PICTURE_MS = 8_000;
/** A still of one size is made no more often, however often the stream has key frames. */
export const RENDER_EVERY_MS = 1_000;
/** Children at the same time: the wall's own work goes before. */
const MAX_RENDERS = 2;
/** Stills that wait for a child; a wall of 16 tiles in two sizes. */
export const MAX_WAITING_RENDERS = 32;
const RENDER_LIMIT_MS = 10_000;
/** 3840x2160 in good quality takes 3 MB. */
const MAX_JPEG_BYTES = 16 * 1024 * 1024;
const MAX_CACHED_STILLS = 128;
const MAX_CACHED_BYTES = 32 * 1024 * 1024;
/** FFmpeg's scale for JPEG, 2 (best) to 31. */
const JPEG_QUALITY = 4;

export interface SnapshotRequest {
	readonly cameraId: string;
	readonly stream: StreamName;
	/** In pixels; smaller pictures stay as they are. `undefined`: the camera's own size. */
	readonly width: number | undefined;
}

export interface Still {
	/** A JPEG file; shared, nobody writes into it. */
	readonly jpeg: Uint8Array;
	/** When its picture arrived: milliseconds since 1970. */
	readonly capturedWallMs: number;
}

export type SnapshotProblem =
	| "unknown-camera"
	/** The camera gave no key frame in time. */
	| "no-picture"
	| "ffmpeg-missing"
	/** Too many stills are being made. */
	| "too-many-snapshots"
	/** FFmpeg could not decode this picture. */
	| "snapshot-failed";

export interface SnapshotsOptions {
	/** The streams as the cameras send them. */
	readonly directory: StreamDirectory;
	readonly ffmpeg: Ffmpeg;
	readonly clock: Clock;
}

interface CachedStill extends Still {
	/** {@link StreamUnit.timestamp} of its picture: those of a stream only rise. */
	readonly timestamp: number;
	readonly renderedAtMs: number;
}

type Answer = Still | SnapshotProblem;

export class Snapshots {
	/** Stills that FFmpeg was asked for. */
	renders = 0;
	readonly #options: SnapshotsOptions;
	/** By stream and width, the one that was used last at the end. */
	readonly #cache = new Map<string, CachedStill>();
	#cachedBytes = 0;
	readonly #rendering = new Map<string, Promise<Answer>>();
	readonly #waiting: (() => void)[] = [];
	#running = 0;
	/** By stream: all who wait for its first picture wait with one reader. */
	readonly #firstPictures = new Map<ReadableStreamSource, Promise<StreamUnit | undefined>>();

	constructor(options: SnapshotsOptions) {
		this.#options = options;
	}

	/** Never rejects. */
	async take({ cameraId, stream, width }: SnapshotRequest): Promise<Answer> {
		const source = this.#options.directory.stream(cameraId, stream);
		if (!source) return "unknown-camera";
		const picture = source.currentGop()[0] ?? (await this.#firstPicture(source));
		if (!picture) return "no-picture";
		// Without FFmpeg it is as wide as it came.
		if (
			"data" in picture &&
			picture.codec === "jpeg" &&
			(width === undefined || !(await this.#options.ffmpeg.look()))
		) {
			return { jpeg: picture.data, capturedWallMs: this.#wallMsOf(picture) };
		}
		const key = `${stream} ${width ?? ""} ${cameraId}`;
		const cached = this.#cache.get(key);
		if (cached && this.#isFresh(cached, picture)) {
			this.#cache.delete(key);
			this.#cache.set(key, cached);
			return cached;
		}
		const running = this.#rendering.get(key);
		if (running) return running;
		const made = this.#make(key, source, picture, width).finally(() => this.#rendering.delete(key));
		this.#rendering.set(key, made);
		return made;
	}

	#isFresh({ timestamp, renderedAtMs }: CachedStill, newest: StreamUnit): boolean {
		return timestamp === newest.timestamp || this.#options.clock.nowMs() - renderedAtMs < RENDER_EVERY_MS;
	}

	#wallMsOf({ arrivalMs }: StreamUnit): number {
		const { clock } = this.#options;
		return clock.wallMs() - (clock.nowMs() - arrivalMs);
	}

	#firstPicture(source: ReadableStreamSource): Promise<StreamUnit | undefined> {
		const waiting = this.#firstPictures.get(source);
		if (waiting) return waiting;
		const { promise, resolve } = Promise.withResolvers<StreamUnit | undefined>();
		this.#firstPictures.set(source, promise);
		const attachment = source.attach({
			push(unit) {
				if (unit.randomAccess) resolve(unit);
			},
		});
		const timer = this.#options.clock.after(FIRST_PICTURE_MS, () => resolve(undefined));
		void promise.then(() => {
			timer.cancel();
			attachment.detach();
			this.#firstPictures.delete(source);
		});
		return promise;
	}

	async #make(
		key: string,
		source: ReadableStreamSource,
		picture: StreamUnit,
		width: number | undefined,
	): Promise<Answer> {
		const { ffmpeg, clock } = this.#options;
		if (!(await ffmpeg.look())) return "ffmpeg-missing";
		if (!(await this.#enter())) return "too-many-snapshots";
		try {
			this.renders++;
			const capturedWallMs = this.#wallMsOf(picture);
			const jpeg = await render(ffmpeg, source, picture, width);
			if (!jpeg) return "snapshot-failed";
			const still = { jpeg, capturedWallMs, timestamp: picture.timestamp, renderedAtMs: clock.nowMs() };
			this.#remember(key, still);
			return still;
		} finally {
			this.#leave();
		}
	}

	/** Takes one of the places for children, after those who came before. @returns false when too many wait already. */
	async #enter(): Promise<boolean> {
		if (this.#running < MAX_RENDERS) {
			this.#running++;
			return true;
		}
		if (this.#waiting.length >= MAX_WAITING_RENDERS) return false;
		await new Promise<void>((resolve) => this.#waiting.push(resolve));
		return true;
	}

	/** Gives the place to who waits longest, or back. */
	#leave(): void {
		const next = this.#waiting.shift();
		if (next) next();
		else this.#running--;
	}

	#remember(key: string, still: CachedStill): void {
		this.#forget(key);
		this.#cache.set(key, still);
		this.#cachedBytes += still.jpeg.length;
		for (const oldest of this.#cache.keys()) {
			if (this.#cache.size <= MAX_CACHED_STILLS && this.#cachedBytes <= MAX_CACHED_BYTES) return;
			this.#forget(oldest);
		}
	}

	#forget(key: string): void {
		this.#cachedBytes -= this.#cache.get(key)?.jpeg.length ?? 0;
		this.#cache.delete(key);
	}
}

async function render(
	ffmpeg: Ffmpeg,
	{ format }: ReadableStreamSource,
	picture: StreamUnit,
	width: number | undefined,
): Promise<Uint8Array | undefined> {
	const scale = width === undefined ? "scale=out_range=pc" : `scale=w='min(iw,${width})':h=-2:out_range=pc`;
	const args = [
		...["-hide_banner", "-loglevel", "error", "-nostdin"],
		...["-probesize", "32", "-analyzeduration", "0", "-flags", "+output_corrupt", "-threads", "1"],
		...["-f", "matroska", "-i", "pipe:0", "-map", "0:v:0", "-frames:v", "1"],
		...["-vf", `${scale},format=yuvj420p`, "-c:v", "mjpeg", "-q:v", `${JPEG_QUALITY}`, "-f", "mjpeg", "pipe:1"],
	];
	const track = {
		kind: "video",
		codec: picture.codec,
		width: format?.width ?? 0,
		height: format?.height ?? 0,
	} as const;
	const input = [
		// One picture has no interval; the container wants one.
		writeMatroskaHeader({ ...track, intervalMs: 1000 }),
		writeMatroskaBlock(0, true, pictureParts(picture)),
	];
	const limits = { timeoutMs: RENDER_LIMIT_MS, maxOutputBytes: MAX_JPEG_BYTES };
	const { output, code } = await ffmpeg.run(args, input, limits);
	return code === 0 && output.length > 0 ? output : undefined;
}
