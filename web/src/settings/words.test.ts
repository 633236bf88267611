import type { ProbeReport } from "@vigia/api";
import { expect, test } from "vitest";
import { createTranslate } from "../i18n/index.ts";
import { addressWords, adviceLines, answerAdvice, factWords, problemWords } from "./words.ts";

const en = createTranslate("en");
const es = createTranslate("es");
const REPORT: ProbeReport = {
	result: "works",
	measuredSeconds: 8,
	encrypted: false,
	tracks: [],
	video: {
		codec: "h264",
		width: 1280,
		height: 720,
		fps: 12.5,
		bitrateBps: 2_014_033,
		pictures: 100,
		keyFrames: 2,
		keyFrameSeconds: 8,
		bFrames: false,
	},
	packets: { received: 1, lost: 0, reordered: 0, malformed: 0, damagedPictures: 0 },
	quirks: [],
	advice: [],
};

test("a stream's facts are in the reader's language", () => {
	expect(factWords(en, "en", REPORT)).toEqual(["H.264", "1280×720", "12.5 fps", "key frame every 8 s", "2,014 kb/s"]);
	expect(factWords(es, "es", REPORT)[2]).toBe("12,5 fps");
	expect(
		factWords(en, "en", { ...REPORT, video: { codec: "jpeg", pictures: 0, keyFrames: 0, bFrames: false } }),
	).toEqual(["Motion JPEG"]);
});

test("a failure comes first, then errors, warnings and the rest, each once", () => {
	const lines = adviceLines(es, {
		...REPORT,
		failure: { code: "auth-refused", text: "in English", detail: "401" },
		advice: [
			{ code: "audio-absent", severity: "info", text: "c" },
			{ code: "auth-refused", severity: "error", text: "the same in other words" },
			{ code: "lockout", severity: "warning", text: "b" },
			{ code: "lockout-2", severity: "warning", text: "b" },
		],
	});
	expect(lines.map(({ severity }) => severity)).toEqual(["error", "warning", "info"]);
	expect(lines[0]?.text).toMatch(/^La cámara rechazó/);
});

test("what is true of all streams is said once, else the stream is named", () => {
	const silent = { code: "audio-absent", severity: "info", text: "No sound." } as const;
	const slow = { code: "long-gop", severity: "warning", text: "Every 8 s." } as const;
	const streams = [
		{ stream: "sub" as const, report: { ...REPORT, advice: [silent] } },
		{ stream: "main" as const, report: { ...REPORT, advice: [slow, silent] } },
	];
	expect(answerAdvice(en, streams).map(({ text }) => text)).toEqual(["No sound.", "Main stream: Every 8 s."]);
	expect(answerAdvice(en, streams.slice(1)).map(({ text }) => text)).toEqual(["Every 8 s.", "No sound."]);
});

test("a failure that is known is in the reader's language; what only the server knows is added", () => {
	expect(problemWords(es, { code: "unreachable", text: "" })).toMatch(/^El servidor no responde/);
	expect(problemWords(en, { code: "not-writable", text: "Mount it read-write." })).toBe(
		"The file could not be written. Mount it read-write.",
	);
	expect(problemWords(en, { code: "onvif-refused", text: "The device says no." })).toBe("The device says no.");
	expect(problemWords(en, { code: "teapot", text: "" })).toContain("(teapot)");
});

test("an address is one line, of either kind", () => {
	const name = (template: string) => template.toUpperCase();
	expect(addressWords(en, { host: "10.0.0.1", port: "88", template: "foscam", channel: "2" }, name)).toBe(
		"10.0.0.1:88 · FOSCAM · channel 2",
	);
	expect(addressWords(en, { url: "rtsp://me:secret@10.0.0.1/a" }, name)).toBe("rtsp://10.0.0.1/a");
});
