/**
 * Cuts the chunks of one track into Partial Segments and Media Segments, and keeps those that players may still ask for.
 * draft-pantos-hls-rfc8216bis sections 3, 4.4.4.9 (parts) and 6.2.2 (what a live playlist keeps).
 *
 * @module
 */
import { type Chunk, type InitSegment, TICKS_PER_SECOND } from "./contract.ts";
import { ROUNDING_SECONDS } from "./hls-timing.ts";

/** A Partial Segment. */
export interface MediaPart {
	/** One counter over all parts of a playlist's life, so that a hinted name stays right across the end of a segment. */
	readonly number: number;
	/** As announced: 85 % to 100 % of the part target, unless it is the last of its segment. */
	readonly durationTicks: number;
	/** Holds a random access point. */
	readonly independent: boolean;
	/** Its chunks in a row. Nobody writes into them. */
	readonly bytes: Uint8Array;
}

/** A Media Segment, complete or still growing. */
export interface MediaSegment {
	/** Its Media Sequence Number. */
	readonly msn: number;
	/** None in a gap. */
	readonly parts: readonly MediaPart[];
	/** Sum of its parts. */
	readonly durationTicks: number;
	/** Sum of its parts. */
	readonly sizeBytes: number;
	/** When its first picture was taken, in milliseconds since 1970. */
	readonly programMs: number;
	/** Number of its init segment; `undefined` in a gap before there was any. */
	readonly init: number | undefined;
	/** Codec or parameter sets change here, or times do not go on from the segment before. */
	readonly discontinuity: boolean;
	readonly discontinuitySequence: number;
	/** There is no media for this time: EXT-X-GAP. */
	readonly gap: boolean;
}

export interface SegmenterOptions {
	/** Above 0: hls.js takes a playlist that ends at 0 for one that cannot be reloaded blocking. */
	readonly firstMsn: number;
	readonly firstDiscontinuity: number;
	/** In seconds, for the life of the playlist. */
	readonly targetDuration: number;
	/** In ticks, for the life of the playlist. */
	readonly partTargetTicks: number;
	/** How much is kept at most, in bytes; asked whenever a part is complete. */
	readonly maxBytes: () => number;
	/** Pictures cut at key frames and notice jumps; sound follows {@link Segmenter.cutAt}. */
	readonly kind: "video" | "audio";
}

/** Key frames that follow one another faster share a segment: each costs a request of players without parts. */
const MIN_SEGMENT_TICKS = 0.9 * TICKS_PER_SECOND;
/** A picture that comes later than this many part targets does not go on from the one before: the camera was away. */
const MAX_INTERVAL_PARTS = 2;
/** Shortest part that is not the last one of its segment, of the part target: section 4.4.4.9. */
const MIN_PART = 0.85;
/** Playlists list this many target durations: more than six, so that delta updates have something to skip. */
const WINDOW_TARGETS = 8;
/** Of long target durations no more than this, because pictures wait in memory; at least four targets. */
const MAX_WINDOW_SECONDS = 45;
/** Section 6.2.2: a segment that has left the playlist stays available for those who have read of it. */
const RETIRED_TARGETS = 3;
/** The open segment ends when it alone fills this part of the memory. */
const MAX_SEGMENT_SHARE = 1 / 4;
/** A change of the frame rate shows after about so many chunks. */
const SMOOTHING = 8;
/** So many pictures in a row that are further apart than a part may be long: the camera is another one at night. */
const OUTGROWN_PICTURES = 12;
const ONE_MS = TICKS_PER_SECOND / 1000;

interface OpenSegment extends MediaSegment {
	parts: MediaPart[];
	durationTicks: number;
	sizeBytes: number;
	/** Begins with a random access point. */
	readonly independent: boolean;
}

interface PlannedCut {
	readonly ticks: number;
	readonly programMs: number;
	readonly discontinuity: boolean;
}

export class Segmenter {
	readonly #options: SegmenterOptions;
	readonly #minPartTicks: number;
	readonly #maxSegmentTicks: number;
	readonly #windowTicks: number;
	/** Complete and listed, oldest first. */
	readonly #listed: MediaSegment[] = [];
	/** Complete and listed no more, oldest first. */
	readonly #retired: MediaSegment[] = [];
	readonly #inits = new Map<number, InitSegment>();
	#open: OpenSegment | undefined;
	#nextMsn: number;
	#nextPart = 1;
	#discontinuitySequence: number;
	#init: number | undefined;
	#breakAhead = false;
	#plannedCut: PlannedCut | undefined;
	/** Chunks of the part that is being collected. */
	#chunks: Uint8Array[] = [];
	/** From the last chunk of the part before to the last one of this: the next chunk's time is not known yet. */
	#pendingTicks = 0;
	#pendingIndependent = false;
	/** What the announced durations have fallen behind the true ones, so that it can be made up for. */
	#owedTicks = 0;
	/** Pictures in a row that last longer than a part may. */
	#tooLong = 0;
	/** Time without media that the next chunk comes behind. */
	#pausedTicks = 0;
	/** The latest presentation time. */
	#lastTicks: number | undefined;
	/** The interval that the next chunk is expected at: a mean, because single ones jitter. */
	#usualTicks = 0;
	#bytes = 0;

	constructor(options: SegmenterOptions) {
		this.#options = options;
		this.#nextMsn = options.firstMsn;
		this.#discontinuitySequence = options.firstDiscontinuity;
		// One more, so that the printed decimals are not below either.
		this.#minPartTicks = Math.ceil(options.partTargetTicks * MIN_PART) + 1;
		this.#maxSegmentTicks = (options.targetDuration + ROUNDING_SECONDS) * TICKS_PER_SECOND;
		const windowSeconds = Math.min(WINDOW_TARGETS * options.targetDuration, MAX_WINDOW_SECONDS);
		this.#windowTicks = windowSeconds * TICKS_PER_SECOND;
	}

	/** Complete segments of the playlist, oldest first. Valid until the next call. */
	get segments(): readonly MediaSegment[] {
		return this.#listed;
	}

	/** The segment that is still growing, once it has a part. */
	get open(): MediaSegment | undefined {
		return this.#open && this.#open.parts.length > 0 ? this.#open : undefined;
	}

	/** Media Sequence Number of the segment that the next part belongs to, if no cut comes first. */
	get openMsn(): number {
		return this.#open?.msn ?? this.#nextMsn;
	}

	/** Media Sequence Number of the newest segment that has begun. */
	get lastMsn(): number {
		return this.#nextMsn - 1;
	}

	/** Name of the next part: what the playlist hints at. */
	get nextPart(): number {
		return this.#nextPart;
	}

	/** Media in the playlist, without gaps. */
	get mediaTicks(): number {
		let ticks = this.#open?.durationTicks ?? 0;
		for (const segment of this.#listed) if (!segment.gap) ticks += segment.durationTicks;
		return ticks;
	}

	/** Held in memory. */
	get sizeBytes(): number {
		return this.#bytes;
	}

	/** Pictures come so seldom by now that no part can be as long as one: only another part target would do. */
	get isOutgrown(): boolean {
		return this.#tooLong >= OUTGROWN_PICTURES;
	}

	/** Of the newest segment: a track that starts later begins with the same. */
	get discontinuitySequence(): number {
		return this.#discontinuitySequence;
	}

	/** The chunks from here on need this init segment. */
	setInit(init: InitSegment): void {
		if (this.#options.kind === "video" && this.#init !== undefined) this.#breakAhead = true;
		this.#finishSegment();
		this.#init = (this.#init ?? 0) + 1;
		this.#inits.set(this.#init, init);
	}

	/**
	 * Takes the next chunk. Its bytes are kept, not copied, where a part holds only one.
	 * @param programOffsetMs what makes milliseconds since 1970 of the chunk's time.
	 * @returns whether the playlist has changed.
	 */
	push(chunk: Chunk, programOffsetMs: number): boolean {
		if (this.#init === undefined) return false;
		const before = this.#nextPart;
		const intervalTicks = this.#intervalOf(chunk);
		this.#tooLong = chunk.durationTicks > this.#options.partTargetTicks ? this.#tooLong + 1 : 0;
		this.#usualTicks += (intervalTicks - this.#usualTicks) / (this.#usualTicks > 0 ? SMOOTHING : 1);
		const programMs = programOffsetMs + chunk.presentationTicks / ONE_MS;
		this.#addPause(programMs);
		if (this.#mustCutBefore(chunk)) this.#finishSegment();
		if (this.#isPartFull(intervalTicks)) this.#finishPart(false);
		this.#open ??= this.#openSegment(programMs, chunk.randomAccess);
		this.#chunks.push(chunk.bytes);
		this.#pendingTicks += intervalTicks;
		this.#pendingIndependent ||= chunk.randomAccess && this.#options.kind === "video";
		// Whether another one of the kind fits is known now: nobody waits for it to come.
		if (this.#owedTicks + this.#pendingTicks + this.#usualTicks > this.#options.partTargetTicks) {
			this.#finishPart(false);
		}
		return this.#nextPart !== before;
	}

	/** Ends the open segment here, so that it can be listed as a complete one. */
	cut(): void {
		this.#finishSegment();
	}

	/**
	 * A new segment begins at this time, as it does in another track. If nothing has come since the cut before, that time
	 * becomes a gap.
	 */
	cutAt(ticks: number, programMs: number, discontinuity: boolean): boolean {
		const planned = this.#plannedCut;
		this.#plannedCut = { ticks, programMs, discontinuity };
		if (!planned || planned.ticks >= ticks) return false;
		this.#finishSegment();
		this.#breakAhead ||= planned.discontinuity;
		const target = this.#options.targetDuration * TICKS_PER_SECOND;
		this.#addGap(Math.min(ticks - planned.ticks, target), planned.programMs);
		// What comes next follows on from the gap.
		this.#lastTicks = ticks;
		return true;
	}

	/** `undefined` if it is not there yet or not any more. */
	part(number: number): MediaPart | undefined {
		const holder =
			this.#open && holds(this.#open, number)
				? this.#open
				: (this.#listed.findLast((segment) => holds(segment, number)) ??
					this.#retired.findLast((segment) => holds(segment, number)));
		return holder?.parts[number - (holder.parts[0]?.number ?? 0)];
	}

	/** A complete segment; `undefined` if it is not there yet or not any more, and in gaps. */
	segment(msn: number): MediaSegment | undefined {
		const isIt = (segment: MediaSegment): boolean => segment.msn === msn && !segment.gap;
		return this.#listed.findLast(isIt) ?? this.#retired.findLast(isIt);
	}

	init(number: number): InitSegment | undefined {
		return this.#inits.get(number);
	}

	/** By how much the chunk takes the track further; notes where it does not go on from what was before. */
	#intervalOf({ presentationTicks, durationTicks }: Chunk): number {
		const last = this.#lastTicks;
		// Of pictures that are reordered the latest counts: decode times can lag behind after a pause.
		const interval = presentationTicks - (last ?? Number.NEGATIVE_INFINITY);
		const most = MAX_INTERVAL_PARTS * this.#options.partTargetTicks;
		if (Math.abs(interval) <= most) {
			this.#lastTicks = Math.max(last ?? 0, presentationTicks);
			return Math.max(0, interval);
		}
		this.#lastTicks = presentationTicks;
		if (last !== undefined) {
			this.#finishSegment();
			this.#pausedTicks = Math.max(0, interval - durationTicks);
		}
		return Math.min(durationTicks, this.#options.partTargetTicks);
	}

	#mustCutBefore(chunk: Chunk): boolean {
		const open = this.#open;
		const planned = this.#plannedCut;
		if (planned && chunk.presentationTicks >= planned.ticks) {
			this.#plannedCut = undefined;
			this.#breakAhead ||= planned.discontinuity;
			return true;
		}
		if (!open || this.#options.kind === "audio" || !chunk.randomAccess) return false;
		return !open.independent || open.durationTicks + this.#pendingTicks >= MIN_SEGMENT_TICKS;
	}

	/** One more chunk after this interval would make the part too long, and without it it is long enough. */
	#isPartFull(intervalTicks: number): boolean {
		const ticks = this.#owedTicks + this.#pendingTicks;
		return ticks >= this.#minPartTicks && ticks + intervalTicks > this.#options.partTargetTicks;
	}

	#openSegment(programMs: number, independent: boolean): OpenSegment {
		const discontinuity = this.#breakAhead && this.#listed.length > 0;
		this.#breakAhead = false;
		if (discontinuity) this.#discontinuitySequence++;
		return {
			msn: this.#nextMsn++,
			parts: [],
			durationTicks: 0,
			sizeBytes: 0,
			programMs,
			init: this.#init,
			discontinuity,
			discontinuitySequence: this.#discontinuitySequence,
			gap: false,
			independent,
		};
	}

	#finishPart(isLast: boolean): void {
		const open = this.#open;
		if (!open || this.#chunks.length === 0) return;
		const exactTicks = this.#owedTicks + this.#pendingTicks;
		const shortest = isLast ? ONE_MS : this.#minPartTicks;
		const durationTicks = Math.min(Math.max(exactTicks, shortest), this.#options.partTargetTicks);
		// What cannot be made up for within a part is let go: later parts must not be announced longer than they are.
		const most = this.#options.partTargetTicks;
		this.#owedTicks = Math.min(Math.max(exactTicks - durationTicks, -most), most);
		const bytes = concat(this.#chunks);
		open.parts.push({ number: this.#nextPart++, durationTicks, independent: this.#pendingIndependent, bytes });
		open.durationTicks += durationTicks;
		open.sizeBytes += bytes.length;
		this.#bytes += bytes.length;
		this.#chunks = [];
		this.#pendingTicks = 0;
		this.#pendingIndependent = false;
		const isTooLong = open.durationTicks + this.#options.partTargetTicks > this.#maxSegmentTicks;
		if (isTooLong || open.sizeBytes > this.#options.maxBytes() * MAX_SEGMENT_SHARE) this.#finishSegment();
		this.#forgetOld();
	}

	#finishSegment(): void {
		this.#finishPart(true);
		if (!this.#open) return;
		this.#listed.push(this.#open);
		this.#open = undefined;
	}

	/** The time without media in front of the next segment. A longer one than the window is a discontinuity. */
	#addPause(programMs: number): void {
		let left = this.#pausedTicks;
		this.#pausedTicks = 0;
		if (left > this.#windowTicks) {
			this.#breakAhead = true;
			return;
		}
		const target = this.#options.targetDuration * TICKS_PER_SECOND;
		while (left > 0) {
			const ticks = Math.min(left, target);
			this.#addGap(ticks, programMs - left / ONE_MS);
			left -= ticks;
		}
	}

	#addGap(durationTicks: number, programMs: number): void {
		const segment = { ...this.#openSegment(programMs, false), durationTicks, gap: true };
		this.#listed.push(segment);
		this.#forgetOld();
	}

	#forgetOld(): void {
		let ticks = 0;
		for (const { durationTicks } of this.#listed) ticks += durationTicks;
		while (ticks > this.#windowTicks) {
			const oldest = this.#listed[0];
			if (!oldest || ticks - oldest.durationTicks < this.#windowTicks) break;
			this.#retired.push(oldest);
			this.#listed.shift();
			ticks -= oldest.durationTicks;
		}
		let retiredTicks = 0;
		for (const { durationTicks } of this.#retired) retiredTicks += durationTicks;
		const maxRetired = RETIRED_TARGETS * this.#options.targetDuration * TICKS_PER_SECOND;
		const maxBytes = this.#options.maxBytes();
		while (retiredTicks > maxRetired || this.#bytes > maxBytes) {
			const oldest = this.#retired.shift() ?? (this.#listed.length > 1 ? this.#listed.shift() : undefined);
			if (!oldest) break;
			retiredTicks -= oldest.durationTicks;
			this.#bytes -= oldest.sizeBytes;
		}
		this.#forgetInits();
	}

	#forgetInits(): void {
		const first = this.#retired[0] ?? this.#listed[0] ?? this.#open;
		for (const number of this.#inits.keys()) {
			if (number >= (first?.init ?? 0)) break;
			this.#inits.delete(number);
		}
	}
}

function holds({ parts }: MediaSegment, number: number): boolean {
	const first = parts[0]?.number;
	return first !== undefined && number >= first && number < first + parts.length;
}

function concat(chunks: readonly Uint8Array[]): Uint8Array {
	if (chunks.length === 1) return chunks[0] as Uint8Array;
	let length = 0;
	for (const chunk of chunks) length += chunk.length;
	const bytes = new Uint8Array(length);
	let offset = 0;
	for (const chunk of chunks) {
		bytes.set(chunk, offset);
		offset += chunk.length;
	}
	return bytes;
}
