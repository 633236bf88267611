/** What a client asks of a media playlist: draft-pantos-hls-rfc8216bis section 6.2.5. @module */
import { TICKS_PER_SECOND } from "./contract.ts";
import type { MediaPlaylist } from "./playlist.ts";

/** Delivery Directives. */
export interface PlaylistRequest {
	/** Wait until this segment, or this part of it, is in the playlist. */
	readonly msn: number | undefined;
	/** Index in the segment. */
	readonly part: number | undefined;
	readonly skip: boolean;
}

/** How a request stands to a playlist as it is now. */
export type ReloadState = "ready" | "wait" | "too-far";

/** Parts that a client may be ahead: section 6.2.5.2, the Advance Part Limit. */
const ADVANCE_SECONDS = 3;
/** Media Sequence Numbers are decimal integers of 64 bits; these here stay exact. */
const DECIMAL = /^\d{1,15}$/;

/**
 * Reads the query parameters; others are none of ours.
 * @returns `undefined` when they break the rules: the answer is 400.
 */
export function parsePlaylistRequest(query: Readonly<Record<string, unknown>>): PlaylistRequest | undefined {
	const { _HLS_msn: msn, _HLS_part: part, _HLS_skip: skip } = query;
	for (const value of [msn, part]) {
		if (value !== undefined && (typeof value !== "string" || !DECIMAL.test(value))) return undefined;
	}
	if (part !== undefined && msn === undefined) return undefined;
	return {
		msn: msn === undefined ? undefined : Number(msn),
		part: part === undefined ? undefined : Number(part),
		skip: skip === "YES" || skip === "v2",
	};
}

/** @param openMsn Media Sequence Number of the segment that is growing, or grows next. */
export function judgeReload(
	{ msn, part }: PlaylistRequest,
	playlist: Pick<MediaPlaylist, "segments" | "open" | "partTargetTicks">,
	openMsn: number,
): ReloadState {
	if (msn === undefined) return "ready";
	const openParts = playlist.open?.parts.length ?? 0;
	const partSeconds = playlist.partTargetTicks / TICKS_PER_SECOND;
	const limit = partSeconds < 1 ? Math.ceil(ADVANCE_SECONDS / partSeconds) : ADVANCE_SECONDS;
	// The last Media Segment is the one before the growing one.
	if (msn > openMsn + 1) return "too-far";
	if (part === undefined) return msn < openMsn ? "ready" : "wait";
	if (msn < openMsn - 1) return "ready";
	if (msn === openMsn - 1) {
		// A part past the end of a segment is the first one of the next.
		const parts = playlist.segments.at(-1)?.parts.length ?? 0;
		return part < parts || openParts > 0 ? "ready" : "wait";
	}
	if (msn === openMsn && part < openParts) return "ready";
	const ahead = msn === openMsn ? part - openParts : part;
	return ahead > limit ? "too-far" : "wait";
}
