/** What the settings say: failures with what to do about them, and what a test found out. Pure. @module */
import type { ProbeReport, SettingsTestAnswer } from "@vigia/api";
import type { Language, MessageKey, Translate } from "../i18n/index.ts";
import type { CameraFields } from "./draft.ts";
import { readAddress } from "./rtsp-address.ts";
import type { ApiProblem } from "./settings-api.ts";

const CODECS: Readonly<Record<string, string>> = {
	h264: "H.264",
	h265: "H.265",
	jpeg: "Motion JPEG",
	mpeg4: "MPEG-4",
};

const PROBLEMS: Readonly<Record<string, MessageKey>> = {
	unreachable: "settings.problem.unreachable",
	"bad-answer": "settings.problem.badAnswer",
	"settings-locked": "settings.problem.locked",
	"token-wrong": "settings.problem.token",
	"changed-meanwhile": "settings.problem.changed",
	"settings-invalid": "settings.problem.invalid",
	"too-many-probes": "settings.problem.busy",
	"not-writable": "settings.problem.notWritable",
	"not-readable": "settings.problem.notReadable",
	"too-many-searches": "settings.problem.busy",
	"too-many-changes": "settings.problem.busy",
	"too-many-tries": "settings.problem.tries",
	"not-applied": "settings.problem.notApplied",
};

/** A failure of the server's: in the reader's language where it is known, with the server's own words. */
export function problemWords(t: Translate, { code, text }: Pick<ApiProblem, "code" | "text">): string {
	const known = PROBLEMS[code];
	if (known === undefined) return text === "" ? t("settings.problem.other", { code }) : text;
	// Which file, and why: only the server knows.
	return (code === "not-writable" || code === "not-applied") && text !== "" ? `${t(known)} ${text}` : t(known);
}

/** Of the button that adds so many cameras. */
export function addAndTest(t: Translate, count: number): string {
	if (count === 0) return t("settings.addAndTest.none");
	return t(count === 1 ? "settings.addAndTest.one" : "settings.addAndTest", { count });
}

/** Codec, size, rate and key frames of a stream, for people. */
export function factWords(t: Translate, language: Language, report: ProbeReport): readonly string[] {
	const { video } = report;
	if (!video) return [];
	const number = (value: number, digits: number) => value.toLocaleString(language, { maximumFractionDigits: digits });
	return [
		CODECS[video.codec] ?? video.codec,
		video.width !== undefined && video.height !== undefined ? `${video.width}×${video.height}` : undefined,
		video.fps === undefined ? undefined : t("settings.fact.fps", { count: number(video.fps, 1) }),
		video.keyFrameSeconds === undefined
			? undefined
			: t("settings.fact.keyFrame", { count: number(video.keyFrameSeconds, 1) }),
		video.bitrateBps === undefined
			? undefined
			: t("settings.fact.bitrate", { count: number(video.bitrateBps / 1000, 0) }),
	].filter((fact) => fact !== undefined);
}

export interface AdviceLine {
	readonly severity: "error" | "warning" | "info";
	readonly text: string;
}

/** Why there is no picture, then the advice: the most serious first, each once. */
export function adviceLines(t: Translate, report: ProbeReport): readonly AdviceLine[] {
	const { failure, advice } = report;
	// Elsewhere that one says to go to the settings.
	const reason =
		failure?.code === "auth-refused" ? "settings.refused.here" : failure && (`reason.${failure.code}` as const);
	const lines: AdviceLine[] = reason ? [{ severity: "error", text: t(reason) }] : [];
	const order = { error: 0, warning: 1, info: 2 };
	const others = advice.filter(({ code }) => code !== failure?.code);
	return [...lines, ...others.toSorted((a, b) => order[a.severity] - order[b.severity])].filter(
		(line, index, all) => all.findIndex(({ text }) => text === line.text) === index,
	);
}

/** The advice of all streams of a camera; what is not true of each of them names its stream. */
export function answerAdvice(t: Translate, streams: SettingsTestAnswer["streams"]): readonly AdviceLine[] {
	const lines = streams.map(({ report }) => adviceLines(t, report));
	const isOfAll = (text: string) => lines.every((own) => own.some((line) => line.text === text));
	return streams.flatMap(({ stream }, index) =>
		(lines[index] ?? []).flatMap((line) => {
			if (!isOfAll(line.text)) return [{ ...line, text: `${t(`stream.${stream}`)}: ${line.text}` }];
			return index === 0 ? [line] : [];
		}),
	);
}

/** Where a camera is, as one line, without a password, also while one is typed in the address. */
export function addressWords(t: Translate, fields: CameraFields, nameOfTemplate: (template: string) => string): string {
	if (fields.host === undefined) {
		const text = fields.url ?? fields.main ?? "";
		const read = readAddress(text);
		return read.ok ? read.address.url : text;
	}
	const { host, port, template, channel } = fields;
	return [
		port === undefined ? host : `${host}:${port}`,
		template === undefined ? undefined : nameOfTemplate(template),
		channel === undefined ? undefined : t("settings.channel", { count: channel }),
	]
		.filter((part) => part !== undefined)
		.join(" · ");
}
