/** What the page needs of WebRTC's statistics (W3C webrtc-stats). @module */

/** How long a base for rates is kept, in milliseconds: rates are over one to two of these. */
const RATE_BASE_MS = 2000;

/** The parts of one report. */
export interface PeerStats {
	/** By slot. */
	readonly inbound: ReadonlyMap<number, RTCInboundRtpStreamStats>;
	/** Of the connection's one sound. */
	readonly sound: RTCInboundRtpStreamStats | undefined;
	readonly codecs: ReadonlyMap<string, string>;
	/** The chosen candidate pair's round-trip time, in milliseconds. It is no latency of a picture. */
	readonly roundTripMs: number | undefined;
	/** For example `udp host/prflx`: protocol, local and remote candidate types. */
	readonly transport: string | undefined;
}

interface CandidateStats {
	readonly candidateType?: string;
	readonly protocol?: string;
}

/** The slot of a received track, by `mid`, or by `trackIdentifier` where the browser does not tell the `mid`. */
export type SlotOfStats = (stats: Pick<RTCInboundRtpStreamStats, "mid" | "trackIdentifier">) => number | undefined;

/** Reads everything that diagnostics show. */
export function readPeerStats(report: RTCStatsReport, slotOf: SlotOfStats): PeerStats {
	const inbound = new Map<number, RTCInboundRtpStreamStats>();
	const codecs = new Map<string, string>();
	let sound: RTCInboundRtpStreamStats | undefined;
	let pair: RTCIceCandidatePairStats | undefined;
	report.forEach((entry: RTCStats) => {
		if (entry.type === "inbound-rtp") {
			const stats = entry as RTCInboundRtpStreamStats;
			const slot = stats.kind === "video" ? slotOf(stats) : undefined;
			if (slot !== undefined) inbound.set(slot, stats);
			if (stats.kind === "audio") sound = stats;
		} else if (entry.type === "codec") {
			const codec = entry as RTCStats & { mimeType?: string; sdpFmtpLine?: string };
			codecs.set(codec.id, [codec.mimeType, codec.sdpFmtpLine].filter(Boolean).join(" "));
		} else if (entry.type === "candidate-pair") {
			const candidate = entry as RTCIceCandidatePairStats;
			if (candidate.nominated && candidate.state === "succeeded") pair = candidate;
		}
	});
	const local = pair && (report.get(pair.localCandidateId) as CandidateStats | undefined);
	const remote = pair && (report.get(pair.remoteCandidateId) as CandidateStats | undefined);
	return {
		inbound,
		sound,
		codecs,
		roundTripMs: pair?.currentRoundTripTime === undefined ? undefined : pair.currentRoundTripTime * 1000,
		transport: pair && `${local?.protocol ?? "?"} ${local?.candidateType ?? "?"}/${remote?.candidateType ?? "?"}`,
	};
}

/** Rates over the last seconds, from one slot's growing counters. */
export interface Rates {
	readonly decodedFps: number;
	readonly paintedFps: number;
	readonly bitrateBps: number;
}

interface Counters {
	readonly atMs: number;
	readonly decoded: number;
	readonly painted: number;
	readonly bytes: number;
}

/** Keeps three counters of one slot: now, and two earlier ones to measure from. */
export class RateMeter {
	#base: Counters | undefined;
	#middle: Counters | undefined;
	#last: Counters | undefined;

	add(counters: Counters): void {
		// A new connection begins its counters at zero.
		if (this.#last && counters.bytes < this.#last.bytes) this.#base = this.#middle = undefined;
		this.#last = counters;
		if (!this.#middle || counters.atMs - this.#middle.atMs >= RATE_BASE_MS) {
			this.#base = this.#middle ?? counters;
			this.#middle = counters;
		}
	}

	/** `undefined` until two reports are there. */
	get rates(): Rates | undefined {
		const base = this.#base;
		const last = this.#last;
		if (!base || !last || last.atMs <= base.atMs) return undefined;
		const seconds = (last.atMs - base.atMs) / 1000;
		return {
			decodedFps: (last.decoded - base.decoded) / seconds,
			paintedFps: Math.max(0, last.painted - base.painted) / seconds,
			bitrateBps: ((last.bytes - base.bytes) * 8) / seconds,
		};
	}
}
