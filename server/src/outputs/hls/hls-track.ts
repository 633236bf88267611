/**
 * One track of one stream as HLS: takes the chunks of a feed while somebody watches, keeps the last segments for all
 * viewers together, and lets requests wait for what comes next.
 *
 * @module
 */
import {
	type Chunk,
	choosePartTarget,
	type InitSegment,
	judgeReload,
	lastPosition,
	type MediaPart,
	type MediaSegment,
	type PlaylistRequest,
	type RenditionReport,
	Segmenter,
	TICKS_PER_SECOND,
	usualInterval,
	writeMediaPlaylist,
} from "@vigia/cmaf";
import type { ReasonCode } from "@vigia/api";
import type { Clock, Timer } from "../../platform/clock.ts";
import type { CmafAttachment, CmafFeed } from "../cmaf/cmaf-feed.ts";

/** A track without requests goes on this long: players pause, and poll a long target duration. */
export const LINGER_MS = 25_000;
/** Requests of one track that wait at the same time; each holds a socket and some 30 kB. */
const MAX_WAITING = 500;
/** Pictures that tell the frame rate; less when so many do not come within {@link MEASURE_TICKS}. */
const MEASURED_PICTURES = 6;
const MEASURE_TICKS = 1.5 * TICKS_PER_SECOND;
/** Chunks that wait for the frame rate to be known: of a camera whose pictures have no time at all, too. */
const MAX_UNMEASURED = 60;
/**
 * Media that a playlist needs before it is given out, in part targets: a player begins three behind the live edge, and
 * a part may be 85 % long.
 */
const STARTING_PARTS = 3 * 0.85;
/** Arrival is late by this much at most before the wall clock is taken for set. */
const MAX_CLOCK_ERROR_MS = 2_000;
/** A blocking request is answered with an error after this many target durations: the draft, section 6.2.5.2. */
const BLOCKING_TARGETS = 3;

export interface HlsTrackOptions {
	readonly feed: CmafFeed;
	readonly kind: "video" | "audio";
	readonly clock: Clock;
	/**
	 * In seconds: the same for all playlists of a camera, RFC 8216 section 6.2.4. Chosen when the first pictures are
	 * there, given the seconds since their key frame.
	 */
	readonly targetDuration: (cachedSeconds: number) => number;
	readonly firstDiscontinuity: number;
	readonly maxBytes: () => number;
	/** The other playlists of the same multivariant playlist. */
	readonly reports: () => readonly RenditionReport[];
	/** Of sound: the pictures that it goes with. */
	readonly pictures: HlsTrack | undefined;
	/** Nobody watches any more, or the feed is over. */
	readonly onStop: (track: HlsTrack) => void;
}

/** How waiting ended. `gone` is the track that stopped meanwhile. */
export type WaitResult = "ready" | "timeout" | "too-far" | "too-many" | "gone";

/** A segment of the pictures began: the sound is cut there too. */
interface SegmentStart {
	readonly ticks: number;
	readonly programMs: number;
	readonly discontinuity: boolean;
}

/** A playlist as text. Both stay the same until the next part. */
export interface RenderedPlaylist {
	readonly text: string;
	/** Changes with the text: whoever compresses it keeps the result by this. */
	readonly version: number;
}

export class HlsTrack {
	readonly kind: "video" | "audio";
	/** In front of all names: no other life of this playlist uses the same. */
	readonly life: string;
	readonly #options: HlsTrackOptions;
	readonly #startWallMs: number;
	readonly #followers = new Set<(start: SegmentStart) => void>();
	readonly #waiting = new Set<() => void>();
	#attachment: CmafAttachment | undefined;
	#unfollow: (() => void) | undefined;
	#segmenter: Segmenter | undefined;
	#partTargetTicks = 0;
	#targetMs = 0;
	#init: InitSegment | undefined;
	#unmeasured: { readonly chunk: Chunk; readonly programOffsetMs: number }[] = [];
	#lastStart: SegmentStart | undefined;
	/** What makes milliseconds since 1970 of a chunk's time. */
	#programOffsetMs = Number.NaN;
	#refusal: ReasonCode | undefined;
	#lingerTimer: Timer | undefined;
	#lastUsedMs: number;
	#lastPartMs: number;
	#version = 0;
	#full: RenderedPlaylist | undefined;
	#delta: RenderedPlaylist | undefined;
	#stopped = false;

	constructor(options: HlsTrackOptions) {
		const { clock } = options;
		this.#options = options;
		this.kind = options.kind;
		this.#startWallMs = clock.wallMs();
		// Pictures and sound begin in the same millisecond, and their names lie side by side.
		this.life = `${options.kind[0]}${Math.floor(this.#startWallMs).toString(36)}`;
		this.#lastUsedMs = clock.nowMs();
		this.#lastPartMs = this.#lastUsedMs;
	}

	/** Attaches to the feed; what the feed has cached is in the playlist when this returns. */
	start(): void {
		const { feed, kind, clock, pictures } = this.#options;
		this.#lingerTimer = clock.after(LINGER_MS, () => this.#stopIfUnused());
		this.#attachment = feed.attach({
			audio: kind === "audio",
			onRoute: (route) => {
				this.#refusal = route.kind === "refused" ? route.reason : undefined;
				if (this.#refusal) this.#wake();
			},
			onInit: (init) => this.#setInit(init),
			onChunk: (track, chunk, receivedAtMs) => {
				if (track === kind) this.#take(chunk, receivedAtMs);
			},
			onEnd: () => this.stop(),
		});
		this.#measure();
		this.#unfollow = pictures?.follow((start) => this.#cutAt(start));
	}

	/** Why no pictures come, as far as the route says it. */
	get refusal(): ReasonCode | undefined {
		return this.#refusal;
	}

	/** Of the newest pictures or sound. */
	get init(): InitSegment | undefined {
		return this.#init;
	}

	/** There is enough for a player to start with. */
	get isReady(): boolean {
		const segmenter = this.#segmenter;
		if (!segmenter) return false;
		const hasSegment = segmenter.segments.some(({ gap }) => !gap);
		return hasSegment && segmenter.mediaTicks >= STARTING_PARTS * this.#partTargetTicks;
	}

	/** What the playlist has is old: it must not be taken for live. */
	get isStale(): boolean {
		const ageMs = this.#options.clock.nowMs() - this.#lastPartMs;
		return this.isReady && ageMs > BLOCKING_TARGETS * this.#targetMs;
	}

	/** Held in memory. */
	get sizeBytes(): number {
		return this.#segmenter?.sizeBytes ?? 0;
	}

	/** Of the newest segment. */
	get discontinuitySequence(): number {
		return this.#segmenter?.discontinuitySequence ?? this.#options.firstDiscontinuity;
	}

	/** For the rendition reports of the other playlists. */
	get position(): { readonly lastMsn: number; readonly lastPart: number } | undefined {
		return this.#segmenter && lastPosition(this.#segmenter);
	}

	/** Bits per second of the segments that are there: the highest and the mean. */
	get bitRates(): { readonly peak: number; readonly mean: number } | undefined {
		let bytes = 0;
		let ticks = 0;
		let peak = 0;
		for (const segment of this.#segmenter?.segments ?? []) {
			if (segment.gap) continue;
			bytes += segment.sizeBytes;
			ticks += segment.durationTicks;
			peak = Math.max(peak, (segment.sizeBytes * 8 * TICKS_PER_SECOND) / segment.durationTicks);
		}
		return ticks > 0 ? { peak, mean: (bytes * 8 * TICKS_PER_SECOND) / ticks } : undefined;
	}

	/** Somebody asked for something of this track. */
	touch(): void {
		this.#lastUsedMs = this.#options.clock.nowMs();
		// The sound follows their cuts.
		this.#options.pictures?.touch();
	}

	/** Resolves when a player can start, or the route refuses. */
	untilReady(timeoutMs: number, signal: AbortSignal): Promise<WaitResult> {
		return this.#until(() => (this.isReady || this.#refusal ? "ready" : undefined), timeoutMs, signal);
	}

	/** Resolves when the playlist has what the request waits for. Only of a track that {@link isReady}. */
	untilListed(request: PlaylistRequest, signal: AbortSignal): Promise<WaitResult> {
		const check = (): WaitResult | undefined => {
			const segmenter = this.#segmenter;
			if (!segmenter) return undefined;
			const { segments, open } = segmenter;
			const playlist = { segments, open, partTargetTicks: this.#partTargetTicks };
			const state = judgeReload(request, playlist, segmenter.openMsn);
			return state === "wait" ? undefined : state;
		};
		return this.#until(check, BLOCKING_TARGETS * this.#targetMs, signal);
	}

	/** The part; one that the playlist hints at is waited for. */
	async part(number: number, signal: AbortSignal): Promise<MediaPart | WaitResult> {
		const segmenter = this.#segmenter;
		if (!segmenter) return "gone";
		if (number !== segmenter.nextPart) return segmenter.part(number) ?? "gone";
		const timeoutMs = BLOCKING_TARGETS * this.#targetMs;
		const result = await this.#until(() => (segmenter.nextPart > number ? "ready" : undefined), timeoutMs, signal);
		return result === "ready" ? (segmenter.part(number) ?? "gone") : result;
	}

	/** A complete segment, if it is still there. */
	segment(msn: number): MediaSegment | undefined {
		return this.#segmenter?.segment(msn);
	}

	initSegment(number: number): InitSegment | undefined {
		return this.#segmenter?.init(number);
	}

	/** The playlist as it is now; made once for all who ask. */
	playlist(skip: boolean): RenderedPlaylist {
		const known = skip ? this.#delta : this.#full;
		if (known) return known;
		const segmenter = this.#segmenter;
		if (!segmenter) throw new Error("a playlist was asked for before there was one: wait for untilReady first");
		const { segments, open, nextPart } = segmenter;
		const text = writeMediaPlaylist(
			{
				targetDuration: this.#targetMs / 1000,
				partTargetTicks: this.#partTargetTicks,
				segments,
				open,
				nextPart,
				prefix: `${this.life}/`,
				reports: this.#options.reports(),
			},
			skip,
		);
		const rendered = { text, version: ++this.#version };
		if (skip) this.#delta = rendered;
		else this.#full = rendered;
		return rendered;
	}

	/** Tells `listener` of every segment of the pictures that begins, and at once of the newest. */
	follow(listener: (start: SegmentStart) => void): () => void {
		this.#followers.add(listener);
		if (this.#lastStart) listener({ ...this.#lastStart, discontinuity: false });
		return () => this.#followers.delete(listener);
	}

	/** Lets the feed go and sends away whoever waits. */
	stop(): void {
		if (this.#stopped) return;
		this.#stopped = true;
		this.#lingerTimer?.cancel();
		this.#unfollow?.();
		this.#attachment?.detach();
		this.#wake();
		this.#options.onStop(this);
	}

	#setInit(init: InitSegment): void {
		if (init.kind !== this.kind) return;
		this.#init = init;
		if (this.#segmenter) this.#segmenter.setInit(init);
		// Their pictures are of another format: the track begins with the new one.
		else this.#unmeasured = [];
	}

	#take(chunk: Chunk, receivedAtMs: number): void {
		const offsetMs = receivedAtMs - (chunk.presentationTicks * 1000) / TICKS_PER_SECOND;
		// Arrival jitters and the chunk's clock does not: the offset stays until the clocks are set.
		if (!(Math.abs(offsetMs - this.#programOffsetMs) <= MAX_CLOCK_ERROR_MS)) this.#programOffsetMs = offsetMs;
		const programOffsetMs = this.#programOffsetMs;
		if (this.#segmenter) return this.#push(this.#segmenter, chunk, programOffsetMs);
		this.#unmeasured.push({ chunk, programOffsetMs });
		// What the feed has cached comes first, and all of it is looked at.
		if (this.#attachment) this.#measure();
	}

	/** Begins the playlist as soon as the part target can be chosen: it stays for the playlist's life. */
	#measure(): void {
		const chunks = this.#unmeasured.map(({ chunk }) => chunk);
		const first = chunks[0];
		const last = chunks.at(-1);
		if (!first || !last || !this.#init) return;
		const lasts = last.decodeTicks - first.decodeTicks;
		const isEnough = chunks.length > 1 && lasts >= MEASURE_TICKS;
		const isSound = this.kind === "audio";
		if (!isSound && chunks.length < MEASURED_PICTURES && !isEnough) return;
		const intervals = chunks.slice(1).map((chunk, index) => chunk.decodeTicks - (chunks[index]?.decodeTicks ?? 0));
		const interval = isSound ? first.durationTicks : usualInterval(intervals);
		if (interval <= 0 && chunks.length < MAX_UNMEASURED) return;
		this.#partTargetTicks = choosePartTarget(interval > 0 ? interval : first.durationTicks);
		this.#open(this.#init);
	}

	#open(init: InitSegment): void {
		const { firstDiscontinuity, maxBytes, pictures } = this.#options;
		const waiting = this.#unmeasured;
		const lasts = (waiting.at(-1)?.chunk.decodeTicks ?? 0) - (waiting[0]?.chunk.decodeTicks ?? 0);
		const targetDuration = this.#options.targetDuration(lasts / TICKS_PER_SECOND);
		this.#targetMs = targetDuration * 1000;
		const segmenter = new Segmenter({
			// Rises over lives and restarts, so that a player that comes back takes the playlist for a newer one.
			firstMsn: Math.floor(this.#startWallMs / 1000),
			firstDiscontinuity: pictures?.discontinuitySequence ?? firstDiscontinuity,
			targetDuration,
			partTargetTicks: this.#partTargetTicks,
			maxBytes,
			kind: this.kind,
		});
		segmenter.setInit(init);
		this.#segmenter = segmenter;
		for (const { chunk, programOffsetMs } of waiting) this.#push(segmenter, chunk, programOffsetMs);
		this.#unmeasured = [];
		this.#finishStart();
	}

	#push(segmenter: Segmenter, chunk: Chunk, programOffsetMs: number): void {
		const msn = segmenter.lastMsn;
		const discontinuity = segmenter.discontinuitySequence;
		const hasChanged = segmenter.push(chunk, programOffsetMs);
		if (segmenter.lastMsn > msn && this.kind === "video") {
			this.#lastStart = {
				ticks: chunk.presentationTicks,
				programMs: programOffsetMs + (chunk.presentationTicks * 1000) / TICKS_PER_SECOND,
				discontinuity: segmenter.discontinuitySequence > discontinuity,
			};
			for (const follower of this.#followers) follower(this.#lastStart);
		}
		if (hasChanged) this.#changed();
		// A part target stays for a playlist's life: players find the next one, with another.
		if (segmenter.isOutgrown) this.stop();
	}

	#cutAt({ ticks, programMs, discontinuity }: SegmentStart): void {
		if (this.#segmenter?.cutAt(ticks, programMs, discontinuity)) this.#changed();
	}

	#changed(): void {
		this.#lastPartMs = this.#options.clock.nowMs();
		if (this.#unmeasured.length === 0) this.#finishStart();
		this.#full = undefined;
		this.#delta = undefined;
		this.#wake();
	}

	/**
	 * A player begins with a complete segment, so that what has come by now is one, however short. hls.js does not begin
	 * with the parts of the open segment, and shows an error for a gap in place of a complete one.
	 */
	#finishStart(): void {
		const segmenter = this.#segmenter;
		if (!segmenter || segmenter.segments.some(({ gap }) => !gap)) return;
		if (segmenter.mediaTicks < STARTING_PARTS * this.#partTargetTicks) return;
		segmenter.cut();
		this.#full = undefined;
		this.#delta = undefined;
		this.#wake();
	}

	#wake(): void {
		for (const check of [...this.#waiting]) check();
	}

	#stopIfUnused(): void {
		const { clock } = this.#options;
		const leftMs = this.#lastUsedMs + LINGER_MS - clock.nowMs();
		if (leftMs <= 0 && this.#waiting.size === 0) this.stop();
		else this.#lingerTimer = clock.after(Math.max(leftMs, 1000), () => this.#stopIfUnused());
	}

	#until(check: () => WaitResult | undefined, timeoutMs: number, signal: AbortSignal): Promise<WaitResult> {
		const now = this.#stopped ? "gone" : check();
		if (now) return Promise.resolve(now);
		if (this.#waiting.size >= MAX_WAITING) return Promise.resolve("too-many");
		return new Promise((resolve) => {
			const finish = (result: WaitResult): void => {
				this.#waiting.delete(look);
				timer.cancel();
				signal.removeEventListener("abort", onAbort);
				resolve(result);
			};
			const look = (): void => {
				const result = this.#stopped ? "gone" : check();
				if (result) finish(result);
			};
			const onAbort = (): void => finish("gone");
			const timer = this.#options.clock.after(timeoutMs, () => finish("timeout"));
			signal.addEventListener("abort", onAbort, { once: true });
			this.#waiting.add(look);
		});
	}
}
