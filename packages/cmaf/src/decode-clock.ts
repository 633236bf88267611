/** Decode times and durations of pictures as players want them: ISO/IEC 14496-12 sections 8.8.8 and 8.8.12. @module */
import { DecodeTimeline } from "@vigia/rtp";
import { TICKS_PER_SECOND } from "./contract.ts";

/** Where nothing tells: 25 pictures a second. */
const USUAL_PICTURE_TICKS: number = TICKS_PER_SECOND / 25;
/** A thousand pictures a second, and one in ten seconds: what is outside is a clock that stood still or jumped. */
const MIN_PICTURE_TICKS: number = TICKS_PER_SECOND / 1000;
const MAX_PICTURE_TICKS: number = 10 * TICKS_PER_SECOND;
/**
 * Media Source Extensions, "coded frame processing", step 6: a decode time more than twice the last duration after the
 * last one is a discontinuity. Everything up to the next random access point is thrown away, and playback stops at the
 * gap. So it is presentation alone that leaves a gap where the camera does; decode times come after within a few
 * pictures.
 */
const MAX_STEP_IN_DURATIONS = 2;
/** Players count in microseconds and round both sides: a step of exactly twice the duration can come out as more. */
const ROUNDING_TICKS = 2;
/** A decode time does not stay behind further than this: after so long a gap a player may as well start anew. */
const MAX_LAG_TICKS: number = 10 * TICKS_PER_SECOND;
/** What a signed composition time offset can say. */
const MAX_OFFSET_TICKS: number = 2 ** 31 - 1;

/** The results of {@link DecodeClock.advance} are its fields, because it runs for every picture. */
export class DecodeClock {
	/** Rises strictly; whole and not negative. */
	decodeTicks = 0;
	/** Lower than decodeTicks only while a stream shows that it has B-frames. */
	presentationTicks = 0;
	/** The interval to the picture before, at most twice as long and half as short as that of the picture before. */
	durationTicks: number = USUAL_PICTURE_TICKS;
	#timeline = new DecodeTimeline({ reorderDepth: 0, pictureTicks: USUAL_PICTURE_TICKS });
	#highest = Number.NEGATIVE_INFINITY;
	/** Where the last picture stood on the timeline. */
	#due: number | undefined;

	/** Starts on new parameter sets. What they do not say stays as it was learned, and the picture rate as it is. */
	start(reorderDepth: number | undefined, framesPerSecond: number | undefined): void {
		const isFirst = this.#due === undefined;
		if (isFirst && framesPerSecond !== undefined) this.durationTicks = bounded(TICKS_PER_SECOND / framesPerSecond);
		this.#startTimeline(reorderDepth ?? this.#timeline.reorderDepth);
	}

	/** Takes the next picture in decoding order. */
	advance(presentation: number, randomAccess: boolean): void {
		const shown = Math.round(presentation);
		// It is shown after all before it, ITU-T H.265 section 8.1.3, unless the clock was set back.
		if (randomAccess && shown <= this.#highest) this.#startTimeline(this.#timeline.reorderDepth);
		this.#highest = Math.max(this.#highest, shown);
		const due = this.#timeline.push(shown);
		const lastDue = this.#due;
		this.#due = due;
		this.decodeTicks = lastDue === undefined ? Math.max(0, due) : this.#bridged(due, lastDue, randomAccess);
		if (lastDue !== undefined) this.durationTicks = nearTo(this.durationTicks, due - lastDue);
		const offset = Math.min(MAX_OFFSET_TICKS, Math.max(-MAX_OFFSET_TICKS, shown - this.decodeTicks));
		this.presentationTicks = this.decodeTicks + offset;
	}

	/** The decode time of a picture that is due then, with the last one's times still in the fields. */
	#bridged(due: number, lastDue: number, randomAccess: boolean): number {
		const step = MAX_STEP_IN_DURATIONS * this.durationTicks - ROUNDING_TICKS;
		const latest = this.decodeTicks + step;
		const isGap = due - lastDue > step;
		// Where decoding can start and presentation has no gap, decode times may catch up at once: nothing is lost.
		const isFree = randomAccess && !isGap;
		const isBehind = due > latest && due <= latest + MAX_LAG_TICKS;
		return isBehind && !isFree ? latest : Math.max(this.decodeTicks + 1, due);
	}

	#startTimeline(reorderDepth: number): void {
		this.#timeline = new DecodeTimeline({ reorderDepth, pictureTicks: this.durationTicks });
		this.#highest = Number.NEGATIVE_INFINITY;
	}
}

/**
 * A duration that follows a change of the picture rate within a few pictures, and hardly moves for a gap: the duration
 * of the newest picture is where the player takes the live edge to be.
 */
function nearTo(last: number, interval: number): number {
	return bounded(Math.min(2 * last, Math.max(last / 2, interval)));
}

function bounded(ticks: number): number {
	return Math.round(Math.min(MAX_PICTURE_TICKS, Math.max(MIN_PICTURE_TICKS, ticks)));
}
