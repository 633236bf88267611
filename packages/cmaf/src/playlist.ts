/** Writes multivariant and media playlists. RFC 8216, draft-pantos-hls-rfc8216bis ("the draft"). @module */
import { TICKS_PER_SECOND } from "./contract.ts";
import type { MediaPart, MediaSegment } from "./segmenter.ts";

/** Content-Type of both kinds: RFC 8216 section 4. */
export const PLAYLIST_TYPE = "application/vnd.apple.mpegurl";

/** Delta updates need 9 (the draft, section 8). */
const VERSION = 9;
/** Part targets behind the live edge: Apple's authoring specification, 14.3. */
const PART_HOLD_BACK_PARTS = 3;
/** Target durations behind the live edge, for players without parts: the draft, section 4.4.3.8. */
const HOLD_BACK_TARGETS = 3;
/** Target durations behind the live edge that a delta update always lists: section 4.4.3.8. */
const SKIP_TARGETS = 6;
/** Parts are removed when they are older than this: section 4.4.4.9. */
const PARTS_TARGETS = 3;
/** Complete segments that still list their parts: a player that holds back three parts needs no more. */
const SEGMENTS_WITH_PARTS = 2;

/** What a media playlist is made of. */
export interface MediaPlaylist {
	/** In seconds. */
	readonly targetDuration: number;
	readonly partTargetTicks: number;
	/** Complete ones, oldest first. With {@link open} at least one. */
	readonly segments: readonly MediaSegment[];
	/** The one that is growing. */
	readonly open: MediaSegment | undefined;
	/** Number of the part that comes next. */
	readonly nextPart: number;
	/** In front of all names, e.g. `k3f9a2/`: another one for every life of the playlist. */
	readonly prefix: string;
	readonly reports: readonly RenditionReport[];
}

/** Where another playlist of the same multivariant playlist is: section 4.4.5.4. */
export interface RenditionReport {
	/** Relative to this playlist. */
	readonly uri: string;
	readonly lastMsn: number;
	/** Index in its segment. */
	readonly lastPart: number;
}

/** Names of what a media playlist refers to; {@link parseMediaName} reads them back. */
export const mediaName = {
	init: (number: number): string => `i${number}.mp4`,
	part: (number: number): string => `p${number}.m4s`,
	segment: (msn: number): string => `s${msn}.m4s`,
};

export interface MediaName {
	readonly kind: "init" | "part" | "segment";
	readonly number: number;
}

/** `undefined` for what is no name of ours. */
export function parseMediaName(name: string): MediaName | undefined {
	const [, letter, digits = "", ending] = /^([ips])([1-9]\d{0,14})\.(mp4|m4s)$/.exec(name) ?? [];
	const number = Number(digits);
	if (letter === "i" && ending === "mp4") return { kind: "init", number };
	if (letter === "p" && ending === "m4s") return { kind: "part", number };
	if (letter === "s" && ending === "m4s") return { kind: "segment", number };
	return undefined;
}

/**
 * A media playlist.
 * @param skip write a delta update (section 6.2.5.1), if there is something to skip.
 */
export function writeMediaPlaylist(playlist: MediaPlaylist, skip = false): string {
	const { targetDuration, segments, open, prefix } = playlist;
	const first = segments[0] ?? open;
	const partTarget = playlist.partTargetTicks / TICKS_PER_SECOND;
	const partHoldBack = Math.ceil((holdBackTicks(playlist) * 1000) / TICKS_PER_SECOND) / 1000;
	const holdBack = targetDuration * HOLD_BACK_TARGETS;
	const skipUntil = targetDuration * SKIP_TARGETS;
	const lines = [
		"#EXTM3U",
		`#EXT-X-VERSION:${VERSION}`,
		`#EXT-X-TARGETDURATION:${targetDuration}`,
		`#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=${partHoldBack},HOLD-BACK=${holdBack},CAN-SKIP-UNTIL=${skipUntil}`,
		`#EXT-X-PART-INF:PART-TARGET=${partTarget}`,
		`#EXT-X-MEDIA-SEQUENCE:${first?.msn ?? 0}`,
	];
	if (first) {
		// The number of the segment in front of the first one, which may begin with the tag itself: section 4.4.3.3.
		lines.push(`#EXT-X-DISCONTINUITY-SEQUENCE:${first.discontinuitySequence - (first.discontinuity ? 1 : 0)}`);
	}
	const skipped = skip ? countSkippable(playlist, skipUntil) : 0;
	if (skipped > 0) lines.push(`#EXT-X-SKIP:SKIPPED-SEGMENTS=${skipped}`);

	let init: number | undefined;
	const firstWithParts = countWithoutParts(playlist);
	for (const [index, segment] of segments.entries()) {
		if (index < skipped) continue;
		writeSegmentTags(lines, segment, prefix, init);
		init = segment.init ?? init;
		if (index >= firstWithParts) writeParts(lines, segment.parts, prefix);
		lines.push(`#EXTINF:${seconds(segment.durationTicks)},`, prefix + mediaName.segment(segment.msn));
	}
	if (open) {
		writeSegmentTags(lines, open, prefix, init);
		writeParts(lines, open.parts, prefix);
	}
	lines.push(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${prefix}${mediaName.part(playlist.nextPart)}"`);
	for (const { uri, lastMsn, lastPart } of playlist.reports) {
		lines.push(`#EXT-X-RENDITION-REPORT:URI="${uri}",LAST-MSN=${lastMsn},LAST-PART=${lastPart}`);
	}
	lines.push("");
	return lines.join("\n");
}

/**
 * PART-HOLD-BACK: the distance from the live edge at which players begin. It is larger while a segment that begins
 * without a key frame lies there (the first one of a track, and those of a GOP longer than the target duration): hls.js
 * would load that one, decode nothing, and wait for ever.
 */
function holdBackTicks({ segments, open, partTargetTicks }: MediaPlaylist): number {
	const usual = partTargetTicks * PART_HOLD_BACK_PARTS;
	let endBehind = 0;
	for (const segment of open ? [open, ...segments.toReversed()] : segments.toReversed()) {
		const startBehind = endBehind + segment.durationTicks;
		if (startBehind >= usual && segment.parts[0]?.independent) return Math.max(usual, endBehind + partTargetTicks);
		endBehind = startBehind;
	}
	return usual;
}

/** Where a playlist is, for the reports of the others; `undefined` before its first part. */
export function lastPosition({
	segments,
	open,
}: Pick<MediaPlaylist, "segments" | "open">): { readonly lastMsn: number; readonly lastPart: number } | undefined {
	const last = open ?? segments.at(-1);
	if (!last || last.gap) return undefined;
	return { lastMsn: last.msn, lastPart: last.parts.length - 1 };
}

/** The tags that apply to a segment stand in front of its first part: section 4.4.4.9. */
function writeSegmentTags(lines: string[], segment: MediaSegment, prefix: string, init: number | undefined): void {
	if (segment.discontinuity) lines.push("#EXT-X-DISCONTINUITY");
	if (segment.init !== undefined && segment.init !== init) {
		lines.push(`#EXT-X-MAP:URI="${prefix}${mediaName.init(segment.init)}"`);
	}
	lines.push(`#EXT-X-PROGRAM-DATE-TIME:${isoTime(segment.programMs)}`);
	if (segment.gap) lines.push("#EXT-X-GAP");
}

function writeParts(lines: string[], parts: readonly MediaPart[], prefix: string): void {
	for (const { number, durationTicks, independent } of parts) {
		const mark = independent ? ",INDEPENDENT=YES" : "";
		lines.push(`#EXT-X-PART:DURATION=${seconds(durationTicks)},URI="${prefix}${mediaName.part(number)}"${mark}`);
	}
}

/** Segments at the beginning that list no parts any more. */
function countWithoutParts({ segments, open, targetDuration }: MediaPlaylist): number {
	let index = segments.length;
	let behindTicks = open?.durationTicks ?? 0;
	while (index > Math.max(0, segments.length - SEGMENTS_WITH_PARTS)) {
		if (behindTicks > PARTS_TARGETS * targetDuration * TICKS_PER_SECOND) break;
		index--;
		behindTicks += segments[index]?.durationTicks ?? 0;
	}
	return index;
}

/** Segments at the beginning that end further behind the live edge than the skip boundary. */
function countSkippable({ segments, open }: MediaPlaylist, skipUntil: number): number {
	let index = segments.length;
	let behindTicks = open?.durationTicks ?? 0;
	while (index > 0 && behindTicks < skipUntil * TICKS_PER_SECOND) {
		index--;
		behindTicks += segments[index]?.durationTicks ?? 0;
	}
	return index;
}

/** Five decimals hold a tick; what is printed adds up. */
function seconds(ticks: number): string {
	return (ticks / TICKS_PER_SECOND).toFixed(5);
}

const MS_PER_DAY = 86_400_000;

/** ISO 8601 in UTC with milliseconds, without `Date`: the packages have no clock. */
function isoTime(milliseconds: number): string {
	const days = Math.floor(milliseconds / MS_PER_DAY);
	const inDay = Math.floor(milliseconds - days * MS_PER_DAY);
	// Howard Hinnant, "chrono-compatible low-level date algorithms": civil_from_days, with years that begin in March.
	const shifted = days + 719_468;
	const era = Math.floor(shifted / 146_097);
	const dayOfEra = shifted - era * 146_097;
	const yearOfEra = Math.floor(
		(dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
	);
	const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
	const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
	const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
	const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
	const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
	const time = [Math.floor(inDay / 3_600_000), Math.floor(inDay / 60_000) % 60, Math.floor(inDay / 1000) % 60];
	const date = `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
	return `${date}T${time.map((part) => pad(part, 2)).join(":")}.${pad(inDay % 1000, 3)}Z`;
}

function pad(value: number, width: number): string {
	return String(value).padStart(width, "0");
}
