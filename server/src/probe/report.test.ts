import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { probeReportSchema } from "@vigia/api";
import { describe, expect, test } from "vitest";
import { quirkText, QUIRK_TEXTS } from "./quirk-texts.ts";
import { formatReport } from "./format-report.ts";
import { reportOf } from "./report.ts";
import { failed, GOOD, track } from "./testing/facts.ts";

const same = (text: string): string => text;

describe("a report", () => {
	test("follows the contract, whatever happened", () => {
		for (const facts of [GOOD, failed("auth-refused"), { ...GOOD, use: undefined }]) {
			const report = reportOf(facts, "en", same);
			expect(probeReportSchema.parse(report)).toEqual(report);
		}
	});

	test("is good, works or failed", () => {
		expect(reportOf(GOOD, "en", same).result).toBe("good");
		expect(reportOf({ ...GOOD, audio: undefined }, "en", same).result).toBe("good");
		expect(reportOf({ ...GOOD, quirks: ["basic-authentication"] }, "en", same).result).toBe("works");
		expect(reportOf(failed("no-route"), "en", same).result).toBe("failed");
	});

	test("says of each track why it is not used", () => {
		const tracks = [
			track("video", "H264", 90_000),
			track("video", "H265", 90_000, { used: false }),
			track("audio", "MP4A-LATM", 16_000, { used: false }),
			track("audio", "PCMU", 8000, { used: false, backchannel: true }),
			track("application", "VND.ONVIF.METADATA", 90_000, { used: false }),
		];
		expect(reportOf({ ...GOOD, tracks }, "en", same).tracks.map(({ unused }) => unused?.code)).toEqual([
			undefined,
			"another-chosen",
			"codec-unsupported",
			"backchannel",
			"not-media",
		]);
	});

	test("never holds an address, a secret or what a terminal would obey", () => {
		const report = reportOf(
			{
				...failed("redirect-refused"),
				failure: { code: "redirect-refused", detail: "sent to rtsp://10.0.0.1/secret?x=1 again" },
				server: `evil\u001b[2J S3cret ${"x".repeat(1000)}`,
				tracks: [track("video", "S3cret", 1)],
			},
			"en",
			(text) => text.replaceAll("S3cret", "***"),
		);
		const text = JSON.stringify(report) + formatReport(report, "en");
		for (const bad of ["10.0.0.1", "secret", "S3cret", "\u001b"]) expect(text).not.toContain(bad);
		expect(report.failure?.detail).toBe("sent to rtsp://... again");
		expect(report.server?.length).toBeLessThanOrEqual(200);
		expect(report.tracks[0]?.encoding).toBe("***");
		const sound = [track("audio", "S3cret\u001b[2J", 8000, { used: false })];
		const [advice] = reportOf({ ...GOOD, tracks: sound, audio: undefined }, "en", (said) =>
			said.replaceAll("S3cret", "***"),
		).advice;
		expect(advice?.text).toContain("The sound (***[2J) is not supported");
	});

	test("says every quirk in a sentence, and one that it does not know as it is", () => {
		for (const [code, [en, es]] of Object.entries(QUIRK_TEXTS)) {
			expect(en, code).toMatch(/\.$/);
			expect(es, code).toMatch(/\.$/);
			expect(es, code).not.toBe(en);
			expect(quirkText(code, "es")).toBe(es);
		}
		expect(quirkText("constructor", "en")).toBe("constructor");
	});
});

test("every quirk that a source reports has its sentence", () => {
	const folder = fileURLToPath(new URL("../sources/", import.meta.url));
	const texts = globSync("*.ts", { cwd: folder }).map((file) => readFileSync(`${folder}${file}`, "utf8"));
	const codes = texts.flatMap((text) => [...text.matchAll(/quirks\.push\("([^"]+)"\)/g)].map(([, code = ""]) => code));
	expect(codes.length).toBeGreaterThan(0);
	for (const code of codes) expect(QUIRK_TEXTS).toHaveProperty([code]);
});

describe("a report for a terminal", () => {
	test("is one fact a line, with the advice at its end", () => {
		const facts = {
			...GOOD,
			tracks: [track("video", "H264", 90_000), track("audio", "MP4A-LATM", 16_000, { channels: 2, used: false })],
			audio: undefined,
			quirks: ["play-unanswered"],
		};
		expect(formatReport(reportOf(facts, "en", same), "en")).toBe(
			[
				"Result          good: no fault was found",
				"Camera          Camera/1.0",
				"Transport       on the RTSP connection (TCP)",
				"Track           video, H264/90000, payload type 96, used",
				"Track           audio, MP4A-LATM/16000/2, payload type 96, not used: this encoding is not supported",
				"Video           H.264 avc1.42c016, 640x360, 15 pictures/s, 365 kbit/s, a key frame every 2 s, measured for 4 s",
				"First picture   after 0.4 s",
				"Packets         500 received, 0 lost, 0 out of order, 0 broken; 0 pictures damaged",
				"Quirk           It sends without answering PLAY.",
				"Advice          - The sound (MP4A-LATM) is not supported: choose AAC or G.711 in the camera.",
			].join("\n"),
		);
	});

	test("speaks of no key frames where every picture is one", () => {
		const jpeg = {
			...GOOD,
			video: { codec: "jpeg", pictures: 2, keyFrames: 2, keyFrameSeconds: 0.1, bFrames: false },
		} as const;
		expect(formatReport(reportOf(jpeg, "en", same), "en")).toContain("Video           Motion JPEG, measured for 4 s");
	});

	test("is in Spanish where that is asked for", () => {
		const text = formatReport(reportOf(failed("auth-refused"), "es", same), "es");
		expect(text).toContain("Resultado       sin imagen en el mural (auth-refused)\nDetalle         what happened");
		expect(text).toContain("Consejo         x La cámara rechazó el usuario o la contraseña");
	});
});
