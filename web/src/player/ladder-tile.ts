/** One tile on the ladder: the rung that is shown, and the one that is prepared behind it. Pure. @module */
import type { ReasonCode, Rung } from "@vigia/api";
import type { FeedFacts, LadderPolicy, RungReason, TileFacts, TileWant } from "./ladder.ts";
import { FIRST_PICTURE_MS, hasPainted, RungEvidence, slowestMs } from "./ladder-evidence.ts";
import { RUNGS, type RungOrder, rungOrder } from "./ladder-order.ts";
import { RungRecord } from "./ladder-rung.ts";
import type { SlotFacts } from "./slot-watch.ts";

/** A rung brings all pictures when so large a share of them comes after this long, in milliseconds. */
const STEADY_SHARE = 0.8;
export const STEADY_AFTER_MS = 5000;
/** A tile climbs after so long without a fault, in milliseconds. */
export const QUIET_MS = 5000;
/** A rung that held this long is as good as new, in milliseconds. */
export const GOOD_AFTER_MS = 60_000;

const NOTHING: SlotFacts = { lastPacketMs: undefined, lastFrameMs: undefined, lastPaintMs: undefined, lateMs: 0 };

interface Candidate {
	readonly rung: Rung;
	readonly sinceMs: number;
	/** Why what is shown is to be left; `undefined` of a climb. */
	leaving: RungReason | undefined;
	/** Since when a picture is due. */
	dueSinceMs: number;
}

export interface TileContext {
	readonly nowMs: number;
	/** Why all tiles have to do without a rung. */
	readonly blocked: (rung: Rung) => RungReason | undefined;
	/** This tile tries WebRTC for all. */
	readonly scout: boolean;
	/** Whether a climb may begin. */
	readonly mayClimb: boolean;
	/** The WebRTC connection is being made: no picture is due over it. */
	readonly connecting: boolean;
	/** The link carries media, and less than is asked for. */
	readonly overloaded: boolean;
}

/** Begins with {@link TileLadder.take}, which comes before {@link TileLadder.update} at every tick. */
export class TileLadder {
	readonly #rungs = { webrtc: new RungRecord(), mse: new RungRecord(), hls: new RungRecord(), still: new RungRecord() };
	#order: RungOrder = { order: ["still"], reasons: {} };
	#forced: Rung | undefined;
	#codec: string | undefined;
	#bFrames: boolean | undefined;
	#serverLive = false;
	#watchedSinceMs = -Infinity;
	#shown: Rung | undefined;
	/** Of what is shown. */
	#evidence = new RungEvidence(0, false);
	#everPainted = false;
	/** Why what was shown before was left. */
	#cameFor: RungReason = "best";
	#candidate: Candidate | undefined;
	/** Stills of this stream can be had. */
	#hasStills = true;

	/** A better rung is prepared. */
	get climbing(): boolean {
		return this.#candidate !== undefined && this.#candidate.leaving === undefined;
	}

	/** Shows or prepares this rung. */
	uses(rung: Rung): boolean {
		return this.#shown === rung || this.#candidate?.rung === rung;
	}

	/** Whether this rung would be better than what is shown, and may be tried, or is. */
	wouldClimbTo(rung: Rung, nowMs: number): boolean {
		if (this.#candidate?.rung === rung) return true;
		return this.#candidate?.leaving === undefined && this.#isBetter(rung) && this.#mayTry(rung, nowMs);
	}

	/**
	 * Whether anything came over a rung since it was asked for, and whether nothing has for so long, although it is due;
	 * `undefined` where nothing is due.
	 */
	packets(
		rung: Rung,
		facts: TileFacts,
		{ nowMs, deadAfterMs }: { readonly nowMs: number; readonly deadAfterMs: number },
	) {
		const candidate = this.#candidate?.rung === rung ? this.#candidate : undefined;
		const feed = feedOf(rung, candidate ? facts.preparing : facts.shown);
		const lastMs = feed?.watch.lastPacketMs ?? -Infinity;
		const silentMs = nowMs - Math.max(lastMs, candidate?.dueSinceMs ?? this.#evidence.dueSinceMs);
		const due = facts.watched && facts.serverLive;
		return {
			arrived: lastMs >= (candidate?.sinceMs ?? this.#evidence.sinceMs),
			silent: due ? silentMs >= Math.max(deadAfterMs, slowestMs(facts.fps)) : undefined,
		};
	}

	/**
	 * Whether packets come over the rung that is shown and have made no picture for so long, whatever the server says, of
	 * whom nothing may come through either; `undefined` where no packets come.
	 */
	comesToNothing(
		rung: Rung,
		facts: TileFacts,
		{ nowMs, afterMs }: { readonly nowMs: number; readonly afterMs: number },
	): boolean | undefined {
		const { lastPacketMs, lastFrameMs } = (this.#shown === rung && feedOf(rung, facts.shown)?.watch) || NOTHING;
		if (!facts.watched || lastPacketMs === undefined || nowMs - lastPacketMs >= afterMs) return undefined;
		const sinceMs = Math.max(this.#evidence.sinceMs, this.#watchedSinceMs, lastFrameMs ?? -Infinity);
		return nowMs - sinceMs >= Math.max(afterMs, slowestMs(facts.fps));
	}

	/** Whether the rung that is prepared has shown for long enough that it brings all of the server's pictures. */
	isSteady(rung: Rung, { preparing, fps }: TileFacts, nowMs: number): boolean {
		const feed = feedOf(rung, preparing);
		if (!this.#candidate || this.#candidate.rung !== rung || !feed || fps === undefined) return false;
		if (!hasPainted(feed.watch, this.#candidate.sinceMs)) return false;
		return nowMs - this.#candidate.sinceMs >= STEADY_AFTER_MS && (feed.decodedFps ?? 0) >= fps * STEADY_SHARE;
	}

	/** Takes what the server says, before anything is judged. */
	take(facts: TileFacts, policy: LadderPolicy, nowMs: number): void {
		const codec = facts.codec ?? this.#codec;
		const bFrames = facts.bFrames ?? this.#bFrames;
		if (codec !== this.#codec || bFrames !== this.#bFrames) {
			for (const record of Object.values(this.#rungs)) record.codecChanged();
		}
		this.#codec = codec;
		this.#bFrames = bFrames;
		this.#order = rungOrder({ codec, bFrames }, policy);
		this.#hasStills = policy.stills || codec === "jpeg";
		this.#forced = policy.protocol === "auto" ? undefined : policy.protocol;
		this.#serverLive = facts.serverLive;
		if (!facts.watched) this.#watchedSinceMs = nowMs;
		if (!facts.watched || !facts.serverLive) this.#evidence.nothingDue(facts.watched, nowMs);
	}

	refused(rung: Rung, refusal: ReasonCode, nowMs: number): void {
		this.#rungs[rung].refuse(refusal, nowMs);
	}

	granted(rung: Rung): void {
		this.#rungs[rung].grant();
	}

	networkChanged(): void {
		for (const record of Object.values(this.#rungs)) record.networkChanged();
	}

	update(facts: TileFacts, context: TileContext): void {
		const { nowMs } = context;
		const shown = this.#choose(context);
		if (!facts.watched) {
			this.#unwatched(shown, context);
			return;
		}
		const feed = feedOf(shown, facts.shown);
		this.#observe(shown, feed, facts, context);
		if (this.#candidate) this.#judgeCandidate(this.#candidate, feed, facts, context);
		if (this.#shown !== shown) return;
		const fault = shown === "still" ? undefined : this.#faultOf(shown, feed, facts, context);
		if (fault !== undefined) this.#leave(shown, fault, context);
		else if (!this.#candidate) this.#climb(facts, context);
		if (fault !== undefined) this.#evidence.quietSinceMs = nowMs;
	}

	/** What is wanted, and why. */
	want(blocked: TileContext["blocked"]): TileWant {
		const shown = this.#shown ?? "still";
		const reason = this.#reason(shown, blocked);
		const refusal = reason === "refused" ? this.#refusalAbove(shown) : undefined;
		return { shown, preparing: this.#candidate?.rung, reason, refusal };
	}

	/** The first choice; and another one at once where nothing was painted that could be held on to. */
	#choose(context: TileContext): Rung {
		const blocked = (rung: Rung): boolean => context.blocked(rung) !== undefined || this.#isOut(rung, context.nowMs);
		const { order } = this.#order;
		const best = order.find((rung) => !blocked(rung) && this.#mayTry(rung, context.nowMs)) ?? "still";
		const shown = this.#shown;
		if (shown === undefined) return this.#show(best, context.nowMs);
		if (this.#evidence.painted || shown === "still") return shown;
		if (blocked(shown)) this.#cameFor = context.blocked(shown) ?? this.#rungs[shown].reason ?? "codec";
		else if (this.#isBetter(best)) this.#cameFor = "best";
		else return shown;
		return this.#show(best, context.nowMs);
	}

	/** What nobody sees needs no way down that is without a gap, and climbs when somebody looks. */
	#unwatched(shown: Rung, { nowMs, blocked }: TileContext): void {
		this.#candidate = undefined;
		const blockedBy = blocked(shown);
		if (blockedBy === undefined) return;
		this.#cameFor = blockedBy;
		const best = this.#order.order.find((rung) => blocked(rung) === undefined && this.#mayTry(rung, nowMs));
		this.#show(best ?? "still", nowMs);
	}

	#observe(shown: Rung, feed: FeedFacts | undefined, facts: TileFacts, { nowMs, connecting }: TileContext): void {
		const evidence = this.#evidence;
		if (shown === "webrtc" && connecting) evidence.dueSinceMs = nowMs;
		evidence.observe(feed, facts, nowMs);
		this.#everPainted ||= evidence.painted;
		if (evidence.painted && nowMs - evidence.quietSinceMs >= GOOD_AFTER_MS) this.#rungs[shown].held();
	}

	/** Why what is shown is to be left. What all tiles lack counts as much as what this one does. */
	#faultOf(shown: Rung, feed: FeedFacts | undefined, facts: TileFacts, context: TileContext): RungReason | undefined {
		const { nowMs } = context;
		const blockedBy = context.blocked(shown);
		if (blockedBy !== undefined) return blockedBy;
		if (this.#isOut(shown, nowMs)) return this.#rungs[shown].reason ?? this.#order.reasons[shown] ?? "codec";
		if (feed?.fault) return feed.fault;
		const shortfall = this.#evidence.shortfall(shown, feed, facts, context);
		if (shortfall === undefined) return undefined;
		this.#evidence.quietSinceMs = nowMs;
		// Little is better than nothing.
		const isAll = !this.#hasStills && this.#nextBest(shown, shortfall, context) === "still";
		return isAll ? undefined : shortfall;
	}

	/** Prepares the best that may be tried; the rung is blamed for its own faults, and once for each. */
	#leave(shown: Rung, fault: RungReason, context: TileContext): void {
		const { nowMs, blocked } = context;
		const next = this.#nextBest(shown, fault, context);
		if (blocked(shown) === undefined && this.#mayTry(shown, nowMs)) this.#rungs[shown].fail(fault, nowMs);
		if (fault === "slow-link" && (shown !== "webrtc" || blocked(shown) !== undefined)) {
			if (shown === "mse" && this.#mayTry("hls", nowMs)) this.#rungs.hls.fail(fault, nowMs);
			// What fills the link goes first: beside it nothing else would come through.
			this.#cameFor = fault;
			this.#show(next, nowMs);
			return;
		}
		if (this.#candidate && !(context.scout && this.#candidate.rung === "webrtc")) {
			// What is being prepared anyway comes to the rescue.
			this.#candidate.leaving = fault;
			return;
		}
		this.#prepare(next, fault, nowMs);
	}

	/** What comes after a rung that is left. */
	#nextBest(shown: Rung, fault: RungReason, { nowMs, blocked }: TileContext): Rung {
		const mayTry = (rung: Rung): boolean => {
			// HLS needs more than MSE of the same link.
			if (rung === shown || (rung === "hls" && shown === "mse" && fault === "slow-link")) return false;
			return blocked(rung) === undefined && this.#mayTry(rung, nowMs);
		};
		return this.#order.order.find(mayTry) ?? "still";
	}

	#climb({ serverLive }: TileFacts, { nowMs, blocked, scout, mayClimb }: TileContext): void {
		if (!serverLive) return;
		if (scout && this.wouldClimbTo("webrtc", nowMs)) {
			this.#prepare("webrtc", undefined, nowMs);
			return;
		}
		const quiet =
			(this.#evidence.painted || this.#shown === "still") && nowMs - this.#evidence.quietSinceMs >= QUIET_MS;
		if (!quiet || !mayClimb) return;
		const better = this.#order.order.find((rung) => {
			return this.#isBetter(rung) && blocked(rung) === undefined && this.#mayTry(rung, nowMs);
		});
		if (better !== undefined) this.#prepare(better, undefined, nowMs);
	}

	#judgeCandidate(
		candidate: Candidate,
		shownFeed: FeedFacts | undefined,
		{ preparing, serverLive }: TileFacts,
		{ nowMs, blocked, scout, connecting }: TileContext,
	): void {
		const { rung } = candidate;
		const probes = rung === "webrtc" && scout;
		const feed = feedOf(rung, preparing);
		const recovered =
			candidate.leaving === "no-frames" &&
			this.#evidence.painted &&
			(shownFeed?.watch.lastFrameMs ?? -Infinity) > candidate.sinceMs;
		if (recovered) {
			// It was only late.
			if (this.#shown !== undefined) this.#rungs[this.#shown].works();
			this.#candidate = undefined;
		} else if ((blocked(rung) !== undefined && !probes) || this.#isOut(rung, nowMs)) {
			this.#candidate = undefined;
		} else if (candidate.leaving === undefined && !serverLive && !probes) {
			// Others may climb meanwhile.
			this.#candidate = undefined;
		} else if (feed?.fault) {
			this.#rungs[rung].fail(feed.fault, nowMs);
			this.#candidate = undefined;
		} else if (feed && hasPainted(feed.watch, candidate.sinceMs) && !(probes && blocked(rung) === "slow-link")) {
			this.#swap(candidate, true, nowMs);
		} else if ((rung !== "still" && !serverLive) || probes || (rung === "webrtc" && connecting)) {
			candidate.dueSinceMs = nowMs;
		} else if (nowMs - candidate.dueSinceMs >= FIRST_PICTURE_MS[rung]) {
			if (rung === "still") {
				// There is nothing below.
				this.#swap(candidate, false, nowMs);
				return;
			}
			this.#rungs[rung].fail("no-frames", nowMs);
			this.#candidate = undefined;
		}
	}

	#swap({ rung, leaving }: Candidate, painted: boolean, nowMs: number): void {
		this.#cameFor = leaving ?? "best";
		this.#show(rung, nowMs, painted);
		this.#everPainted ||= painted;
		this.#rungs[rung].works();
	}

	#show(rung: Rung, nowMs: number, painted = false): Rung {
		this.#shown = rung;
		this.#evidence = new RungEvidence(nowMs, painted);
		this.#candidate = undefined;
		return rung;
	}

	#prepare(rung: Rung, leaving: RungReason | undefined, nowMs: number): void {
		this.#candidate = { rung, sinceMs: nowMs, leaving, dueSinceMs: nowMs };
	}

	#mayTry(rung: Rung, nowMs: number): boolean {
		return rung === "still" || (this.#order.order.includes(rung) && this.#rungs[rung].mayTry(nowMs));
	}

	/** Brings nothing for certain. */
	#isOut(rung: Rung, nowMs: number): boolean {
		return rung !== "still" && (!this.#order.order.includes(rung) || this.#rungs[rung].isOut(nowMs));
	}

	#isBetter(rung: Rung): boolean {
		const { order } = this.#order;
		const at = order.indexOf(rung);
		const shownAt = this.#shown === undefined ? -1 : order.indexOf(this.#shown);
		return at !== -1 && (shownAt === -1 || at < shownAt);
	}

	#reason(shown: Rung, blocked: TileContext["blocked"]): RungReason {
		if (!this.#everPainted && !this.#serverLive) return "no-stream";
		if (shown === this.#forced) return "forced";
		const above = RUNGS.slice(0, RUNGS.indexOf(shown)).toReversed();
		let forced = false;
		for (const rung of above) {
			const reason = this.#whyNot(rung, shown, blocked);
			forced ||= reason === "forced";
			if (reason !== undefined && reason !== "forced") return reason;
		}
		return forced ? "forced" : this.#cameFor;
	}

	#whyNot(rung: Rung, shown: Rung, blocked: TileContext["blocked"]): RungReason | undefined {
		const { order, reasons } = this.#order;
		const { reason } = this.#rungs[rung];
		if (!order.includes(rung) || order.indexOf(rung) > order.indexOf(shown)) return reasons[rung];
		return reason === "codec" || reason === "refused" ? reason : (blocked(rung) ?? reason);
	}

	#refusalAbove(shown: Rung): ReasonCode | undefined {
		return RUNGS.slice(0, RUNGS.indexOf(shown))
			.toReversed()
			.map((rung) => this.#rungs[rung].refusal)
			.find((refusal) => refusal !== undefined);
	}
}

/** A report about another rung's feed is late, and says nothing. */
function feedOf(rung: Rung, feed: FeedFacts | undefined): FeedFacts | undefined {
	return feed?.rung === rung ? feed : undefined;
}
