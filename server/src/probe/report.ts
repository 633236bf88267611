/** Facts and advice as the report that people and programs get. Pure. @module */
import { type ProbeReport, type ProbeTrack, REASON_TEXTS, REASON_TEXTS_ES } from "@vigia/api";
import type { SourceTrack } from "../sources/source.ts";
import { adviceText, inLanguage, type ProbeLanguage, UNUSED_TEXTS, type UnusedCode } from "./advice-texts.ts";
import { type Advice, diagnose, round } from "./advice.ts";
import type { ProbeFacts } from "./facts.ts";
import { quirkText } from "./quirk-texts.ts";

/** A camera's texts in a report are cut to this: nobody reads more, and a hostile one sends more. */
const MAX_CAMERA_TEXT_CHARS = 200;

/** Takes secrets out of what a camera says. */
export type Scrub = (text: string) => string;

/** @param scrub is asked for every text that a camera chose. */
export function reportOf(facts: ProbeFacts, language: ProbeLanguage, scrub: Scrub): ProbeReport {
	const advice = diagnose(facts);
	const { failure, server, transport, certificate, video, audio, firstPictureMs } = facts;
	const reasons = language === "es" ? REASON_TEXTS_ES : REASON_TEXTS;
	return {
		result: resultOf(failure !== undefined, advice),
		...(failure && {
			failure: { code: failure.code, text: reasons[failure.code], detail: cleaned(failure.detail, scrub) },
		}),
		measuredSeconds: round(facts.measuredSeconds, 1),
		...(server !== "" && { server: cleaned(server, scrub) }),
		...(transport && { transport }),
		encrypted: facts.encrypted,
		...(certificate && { certificate }),
		tracks: facts.tracks.map((track) => trackOf(track, facts, language, scrub)),
		...(video && { video }),
		...(audio && { audio }),
		...(firstPictureMs !== undefined && { firstPictureMs }),
		packets: facts.packets,
		quirks: facts.quirks.map((code) => ({ code, text: quirkText(code, language) })),
		advice: advice.map((entry) => ({
			code: entry.code,
			severity: entry.severity,
			text: adviceText({ code: entry.code, values: cleanedValues(entry.values, scrub) }, language),
		})),
	};
}

function resultOf(failed: boolean, advice: readonly Advice[]): ProbeReport["result"] {
	if (failed) return "failed";
	return advice.some(({ severity }) => severity !== "info") ? "works" : "good";
}

function trackOf(track: SourceTrack, facts: ProbeFacts, language: ProbeLanguage, scrub: Scrub): ProbeTrack {
	const unused = track.used ? undefined : unusedCode(track, facts);
	return {
		type: cleaned(track.type, scrub),
		encoding: cleaned(track.encoding, scrub),
		clockRate: track.clockRate,
		channels: track.channels,
		payloadType: track.payloadType,
		used: track.used,
		...(unused && { unused: { code: unused, text: inLanguage(UNUSED_TEXTS[unused], language) } }),
	};
}

function unusedCode(track: SourceTrack, { tracks }: ProbeFacts): UnusedCode {
	if (track.backchannel) return "backchannel";
	if (track.type !== "video" && track.type !== "audio") return "not-media";
	if (tracks.some(({ type, used }) => used && type === track.type)) return "another-chosen";
	return "codec-unsupported";
}

function cleanedValues(values: Advice["values"], scrub: Scrub): Advice["values"] {
	const entries = Object.entries(values);
	return Object.fromEntries(
		entries.map(([name, value]) => [name, typeof value === "string" ? cleaned(value, scrub) : value]),
	);
}

/** Without addresses, which are nobody's business, and without control characters, which a terminal would obey. */
function cleaned(text: string, scrub: Scrub): string {
	return scrub(text)
		.replace(/\brtsps?:\/\/\S+/gi, "rtsp://...")
		.replace(/[\p{Cc}\p{Cf}]/gu, "")
		.slice(0, MAX_CAMERA_TEXT_CHARS);
}
