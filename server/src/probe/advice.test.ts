import { REASON_TEXTS, type ReasonCode } from "@vigia/api";
import { describe, expect, test } from "vitest";
import { ADVICE_TEXTS, adviceText, formatNumber } from "./advice-texts.ts";
import {
	diagnose,
	HIGH_LOSS,
	LONG_KEY_FRAME_SECONDS,
	LOW_FPS,
	MAX_GRID_PIXELS,
	SLOW_PICTURE_MS,
	STOPPED_SECONDS,
} from "./advice.ts";
import type { ProbeFacts } from "./facts.ts";
import { failed, GOOD, track } from "./testing/facts.ts";

const codes = (facts: ProbeFacts): string[] => diagnose(facts).map(({ severity, code }) => `${severity} ${code}`);
const video = (more: Partial<NonNullable<ProbeFacts["video"]>>): ProbeFacts => ({
	...GOOD,
	video: { ...(GOOD.video as NonNullable<ProbeFacts["video"]>), ...more },
});
const without = (facts: ProbeFacts, key: "keyFrameSeconds" | "fps"): ProbeFacts => {
	const entries = Object.entries(facts.video ?? {}).filter(([name]) => name !== key);
	return { ...facts, video: Object.fromEntries(entries) as unknown as NonNullable<ProbeFacts["video"]> };
};
const packets = (received: number, lost: number): ProbeFacts["packets"] => ({ ...GOOD.packets, received, lost });

test("a camera as one wishes it gets no advice", () => {
	expect(diagnose(GOOD)).toEqual([]);
});

describe("video", () => {
	test.each([
		["H.265, which not every browser plays", video({ codec: "h265" }), "warning h265"],
		["H.265 with B-frames", video({ codec: "h265", bFrames: true }), "warning h265"],
		["Motion JPEG", video({ codec: "jpeg" }), "warning jpeg"],
		["MPEG-4 Visual", video({ codec: "mpeg4" }), "warning mpeg4"],
		["B-frames (quirk 114)", video({ bFrames: true }), "warning b-frames"],
		["video that stops", { ...GOOD, silentSeconds: STOPPED_SECONDS + 1 }, "warning video-stalled"],
		[
			"a session that the camera ends",
			{ ...GOOD, brokenOff: { code: "connection-lost", detail: "" }, silentSeconds: 60 } satisfies ProbeFacts,
			"warning connection-lost",
		],
		["key frames that are far apart", video({ keyFrameSeconds: 8 }), "warning key-frame-rare"],
		[
			"one key frame in all the time",
			without({ ...GOOD, measuredSeconds: LONG_KEY_FRAME_SECONDS + 1 }, "keyFrameSeconds"),
			"warning key-frame-not-seen",
		],
		["few pictures a second", video({ fps: LOW_FPS - 1 }), "warning low-frame-rate"],
		["one picture only", without(video({ pictures: 1 }), "fps"), "warning no-frame-rate"],
		["timestamps that stand still (quirk 101)", { ...GOOD, mediaSeconds: 0 }, "warning timestamps-still"],
		["a first picture that is long in coming", { ...GOOD, firstPictureMs: SLOW_PICTURE_MS + 1 }, "info slow-picture"],
	])("%s is told", (_name, facts, expected) => {
		expect(codes(facts)).toEqual([expected]);
	});

	test("is told with its numbers, in either language", () => {
		const [advice] = diagnose(video({ keyFrameSeconds: 8.34 }));
		if (!advice) throw new Error("no advice");
		expect(adviceText(advice, "en")).toBe(
			"The camera sends a whole picture (key frame) only every 8.3 s. When you open it, or after a fault, the picture can take that long to come: set its I-frame interval to 1-2 s.",
		);
		expect(adviceText(advice, "es")).toContain("cada 8,3 s");
	});

	test("slow video has not stopped where its next picture is not due", () => {
		expect(codes({ ...video({ fps: 0.1 }), silentSeconds: 15 })).toEqual(["warning low-frame-rate"]);
	});

	test("a key frame interval is not judged where the time was too short", () => {
		const short = without({ ...GOOD, measuredSeconds: LONG_KEY_FRAME_SECONDS }, "keyFrameSeconds");
		expect(codes(short)).toEqual(["info key-frame-unknown"]);
		expect(codes(video({ keyFrameSeconds: LONG_KEY_FRAME_SECONDS }))).toEqual([]);
	});

	test("is too large for the grid only where the grid shows it", () => {
		const large = video({ width: 2560, height: 1440 });
		expect(codes(large)).toEqual(["warning grid-resolution"]);
		expect(codes({ ...large, use: undefined })).toEqual(["info grid-resolution"]);
		expect(codes({ ...large, use: { inGrid: true } })).toEqual(["warning grid-resolution"]);
		expect(codes({ ...large, use: { inGrid: false } })).toEqual([]);
		expect(codes(video({ width: MAX_GRID_PIXELS / 720, height: 720 }))).toEqual([]);
	});
});

describe("the connection", () => {
	test("with Basic authentication and without TLS shows the password (quirk 26)", () => {
		const facts = { ...GOOD, quirks: ["basic-authentication"] };
		expect(codes(facts)).toEqual(["warning basic-unencrypted"]);
		expect(codes({ ...facts, encrypted: true })).toEqual([]);
	});

	test("that came about over another transport than TCP is told, unless it was asked for (quirk 74)", () => {
		expect(codes({ ...GOOD, transport: "udp" })).toEqual(["info udp-only"]);
		expect(codes({ ...GOOD, transport: "http" })).toEqual(["info http-tunnel"]);
		expect(codes({ ...GOOD, transport: "udp", transportAsked: "udp" })).toEqual([]);
	});

	test("over TLS does not protect what comes over UDP", () => {
		const facts = { ...GOOD, encrypted: true, transportAsked: "udp", transport: "udp" } as const;
		expect(codes(facts)).toEqual(["warning media-unencrypted"]);
	});

	test("that loses packets is told by its transport (quirk 90)", () => {
		const lost = packets(1000, 20);
		expect(codes({ ...GOOD, packets: lost })).toEqual(["warning loss-tcp"]);
		expect(codes({ ...GOOD, packets: lost, transport: "udp", transportAsked: "udp" })).toEqual(["warning loss-udp"]);
		expect(codes({ ...GOOD, packets: packets(1000, 1000 * HIGH_LOSS) })).toEqual([]);
		expect(diagnose({ ...GOOD, packets: lost })[0]?.values).toEqual({ percent: 2 });
	});
});

describe("sound", () => {
	test.each([
		["absent", [track("video", "H264", 90_000)], "info audio-absent"],
		["only the way to the loudspeaker", [track("audio", "PCMU", 8000, { backchannel: true })], "info audio-absent"],
		["announced and not sent", GOOD.tracks, "info audio-silent"],
		[
			"in an encoding that is not supported",
			[track("audio", "MP4A-LATM", 8000, { used: false })],
			"info audio-unsupported",
		],
	])("that is %s is told, and is no fault", (_name, tracks, expected) => {
		expect(codes({ ...GOOD, audio: undefined, tracks })).toEqual([expected]);
	});
});

describe("a failure", () => {
	test.each(Object.keys(REASON_TEXTS) as ReasonCode[])("by %s says its reason first", (code) => {
		expect(codes(failed(code))[0]).toBe(`error ${code}`);
	});

	test("by a password says that cameras lock", () => {
		expect(codes(failed("auth-refused"))).toEqual(["error auth-refused", "info lockout"]);
	});

	test("by a password that was never set says so, and nothing of a wrong one", () => {
		expect(codes(failed("auth-refused", { hasCredentials: false }))).toEqual(["error credentials-missing"]);
	});

	test("by a camera that is full says that the wall may be the cause", () => {
		expect(codes(failed("camera-full"))).toEqual(["error camera-full", "info probe-session"]);
	});

	test("says nothing of sound and frame rates", () => {
		expect(codes(failed("no-answer"))).toEqual(["error no-answer"]);
	});
});

describe("a certificate", () => {
	const SHA256 = "4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865";
	const certificate = {
		sha256: SHA256,
		selfSigned: true,
		trusted: false,
		validTo: "2030-01-01T00:00:00.000Z",
		legacy: false,
	};
	const tls = { encrypted: true, certificate };

	test("that cannot be verified is shown so that it can be pinned (quirk 11)", () => {
		const facts = failed("certificate-untrusted", tls);
		expect(codes(facts)).toEqual(["error certificate-untrusted", "warning certificate-pin"]);
		for (const language of ["en", "es"] as const) {
			expect(adviceText(diagnose(facts)[1] as never, language)).toContain(`sha256:${SHA256}`);
		}
	});

	test("that is not the pinned one is told as a change", () => {
		const pin = { mode: "pin", sha256: "0".repeat(64) } as const;
		expect(codes(failed("certificate-untrusted", { ...tls, tls: pin }))).toEqual([
			"error certificate-untrusted",
			"warning certificate-changed",
		]);
	});

	test("of an old kind of TLS names the policy for it (quirk 12)", () => {
		const facts = failed("connection-lost", { encrypted: true, certificate: { ...certificate, legacy: true } });
		expect(codes(facts)).toEqual(["error connection-lost", "warning certificate-legacy"]);
	});

	test("that nobody looks at is shown too, as something to do at leisure", () => {
		const insecure = { mode: "insecure", legacy: false } as const;
		expect(codes({ ...GOOD, ...tls, tls: insecure })).toEqual(["info certificate-unproven"]);
		expect(codes({ ...GOOD, ...tls, tls: insecure, certificate: { ...certificate, trusted: true } })).toEqual([]);
	});
});

test("the most serious comes first", () => {
	const facts = { ...video({ bFrames: true }), firstPictureMs: 9000, audio: undefined };
	expect(codes(facts)).toEqual(["warning b-frames", "info slow-picture", "info audio-silent"]);
});

test("every sentence is there in both languages, with the same values in it", () => {
	const placeholders = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();
	for (const [code, [en, es]] of Object.entries(ADVICE_TEXTS)) {
		expect(en.trim(), code).not.toBe("");
		expect(es, code).not.toBe(en);
		expect(placeholders(es), code).toEqual(placeholders(en));
	}
});

test("what a picture needs is said in words, not in those of the trade", () => {
	for (const [code, sentence] of Object.entries(ADVICE_TEXTS)) {
		const [en, es] = sentence;
		expect(en, code).not.toMatch(/zapping|computing time|Media Source|detour|packets|vigia probe/);
		if (en.includes("key frame")) expect(en, code).toContain("whole picture (key frame)");
		if (es.includes("fotograma clave")) expect(es, code).toContain("imagen completa (fotograma clave)");
	}
});

test("numbers are written as the language writes them", () => {
	expect([formatNumber(1.5, "en"), formatNumber(1.5, "es"), formatNumber(1000, "es")]).toEqual(["1.5", "1,5", "1000"]);
});
