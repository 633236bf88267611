import { probeReportSchema, type ProbeReport } from "@vigia/api";
import { type CameraSim, startCameraSim } from "@vigia/camera-sim";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Credentials } from "../config/credentials.ts";
import { FakeClock } from "../platform/fake-clock.ts";
import { systemClock } from "../platform/clock.ts";
import { emptyCounters } from "../sources/counters.ts";
import { SILENT_AFTER_MS } from "../sources/rtsp-source.ts";
import type { SourceHandlers } from "../sources/source.ts";
import { answerTo, type CameraScript, PICTURES, ScriptedCamera, sdpOf } from "../sources/testing/scripted-camera.ts";
import { CAMERA_CERTIFICATE, OLD_CAMERA_CERTIFICATE } from "../sources/testing/test-certificates.ts";
import type { ProbeContext } from "./facts.ts";
import { gatherFacts, type ProbeOptions, runProbe } from "./run-probe.ts";
import { GOOD } from "./testing/facts.ts";

const PASSWORD = "p@ss:w#rd%/ñ";
const LOGIN = { username: "admin", password: PASSWORD };
const codes = ({ advice }: ProbeReport): string[] => advice.map(({ code }) => code);

/** Probes what listens there, and checks what holds for every report. */
async function probe(port: number, more: Partial<ProbeOptions> = {}): Promise<ProbeReport> {
	const findings = await runProbe({
		address: { scheme: "rtsp", host: "127.0.0.1", port, path: "/stream" },
		credentials: new Credentials("admin", PASSWORD),
		transport: "auto",
		tls: { mode: "verify" },
		clock: systemClock,
		seconds: 1,
		...more,
	});
	const report = findings("en");
	expect(probeReportSchema.parse(report)).toEqual(report);
	expect(JSON.stringify(report)).not.toMatch(/p@ss|w#rd|127\.0\.0\.1/);
	return report;
}

describe("a simulated camera", () => {
	let sim: CameraSim;
	const at = (channel: number, subtype: 0 | 1): Pick<ProbeOptions, "address"> => ({
		address: {
			scheme: "rtsp",
			host: "127.0.0.1",
			port: sim.port,
			path: `/cam/realmonitor?channel=${channel}&subtype=${subtype}`,
		},
	});

	beforeAll(async () => {
		sim = await startCameraSim({ count: 2, credentials: LOGIN });
	});
	afterAll(() => sim.close());

	test("that is well is good, with all that was measured", async () => {
		const report = await probe(sim.port, { ...at(1, 1), seconds: 8 });
		expect(report).toMatchObject({
			result: "good",
			server: "Vigia camera simulator",
			transport: "tcp",
			encrypted: false,
			tracks: [{ type: "video", encoding: "H264", clockRate: 90_000, payloadType: 96, used: true }],
			video: { codec: "h264", codecString: "avc1.42c016", width: 640, height: 360, keyFrameSeconds: 2, bFrames: false },
		});
		expect(report.video?.fps).toBeCloseTo(15, 0);
		expect(report.video?.bitrateBps).toBeGreaterThan(50_000);
		expect(report.firstPictureMs).toBeLessThan(5000);
		expect(report.measuredSeconds).toBeLessThan(8);
		expect(codes(report)).toEqual(["audio-absent"]);
		expect(sim.statuses()[0]?.teardowns).toBeGreaterThan(0);
	});

	test("is probed over UDP where that is asked for", async () => {
		const report = await probe(sim.port, { ...at(1, 1), transport: "udp", seconds: 2 });
		expect(report).toMatchObject({ transport: "udp", video: { width: 640 } });
	});

	test("gets a wrong password once, and the report says that cameras lock (quirk 29)", async () => {
		const before = sim.statuses()[1]?.requests.DESCRIBE ?? 0;
		const report = await probe(sim.port, { ...at(2, 1), credentials: new Credentials("admin", `${PASSWORD}x`) });
		expect(report).toMatchObject({ result: "failed", failure: { code: "auth-refused" } });
		expect(codes(report)).toEqual(["auth-refused", "lockout"]);
		// One without a password, which asks for the challenge, and one with it.
		expect((sim.statuses()[1]?.requests.DESCRIBE ?? 0) - before).toBeLessThanOrEqual(2);
	});

	test("that asks for a password where none is set says so", async () => {
		expect(codes(await probe(sim.port, { ...at(1, 1), credentials: undefined }))).toEqual(["credentials-missing"]);
	});

	test("without such a channel says so", async () => {
		expect(await probe(sim.port, at(9, 1))).toMatchObject({ failure: { code: "not-found" } });
	});

	test("with no session free says that the wall may have it (quirk 19)", async () => {
		sim.control.limitSessions(2, 0);
		try {
			expect(codes(await probe(sim.port, at(2, 1)))).toEqual(["camera-full", "probe-session"]);
		} finally {
			await sim.control.start(2);
		}
	});
});

describe("a camera", () => {
	const probeScript = async (script: CameraScript, more: Partial<ProbeOptions> = {}): Promise<ProbeReport> => {
		await using camera = await ScriptedCamera.open(script);
		return await probe(camera.port, more);
	};

	test("that repeats the password in its own words does not get it into the report", async () => {
		const base64 = Buffer.from(`admin:${PASSWORD}`).toString("base64");
		const report = await probeScript({
			describeLines: [`Server: ${PASSWORD} ${base64}`],
		});
		expect(JSON.stringify(report)).not.toContain(base64);
		expect(report.server).toBe("*** ***");
	});

	test("that takes Basic without TLS is warned of (quirk 26)", async () => {
		const report = await probeScript({ auth: { offers: [{ scheme: "basic", realm: "r" }], credentials: LOGIN } });
		expect(report.result).toBe("works");
		expect(codes(report)).toContain("basic-unencrypted");
		expect(report.quirks).toContainEqual({ code: "basic-authentication", text: "It takes Basic authentication." });
	});

	test("without video, with SRTP, or with nothing but an unknown codec is said to be so (quirks 13 and 55)", async () => {
		const media = (lines: readonly string[]) => ({ sdp: sdpOf(lines.join("\r\n")) });
		const failures = [
			[media(["m=audio 0 RTP/AVP 0", "a=control:a"]), "no-video"],
			[media(["m=video 0 RTP/SAVP 96", "a=rtpmap:96 H264/90000", "a=control:v"]), "media-encrypted"],
			[media(["m=video 0 RTP/AVP 96", "a=rtpmap:96 VP8/90000", "a=control:v"]), "codec-unsupported"],
		] as const;
		for (const [script, code] of failures) {
			const report = await probeScript(script);
			expect(report).toMatchObject({ result: "failed", failure: { code } });
			expect(codes(report)).toEqual([code]);
		}
	});

	test("is measured for as long as it was asked for where no second key frame comes", async () => {
		const report = await probeScript({ pictures: PICTURES });
		expect(report).toMatchObject({ result: "good", video: { pictures: 4, keyFrames: 1, width: 1280, height: 720 } });
		expect(report.video).not.toHaveProperty("keyFrameSeconds");
	});

	test("that hangs up after its pictures works, with a warning", async () => {
		const report = await probeScript({
			answer: (request, connection) => {
				if (request.method !== "PLAY") return undefined;
				connection.send(answerTo(request, "200 OK", ["Session: 12345678"]));
				for (const picture of PICTURES) connection.sendPicture(picture);
				connection.socket.end();
				return "";
			},
		});
		expect(report).toMatchObject({ result: "works", video: { pictures: 4 } });
		expect(codes(report)[0]).toMatch(/^(session-ended|connection-lost)$/);
	});

	test("that answers with an error of its own is quoted", async () => {
		const report = await probeScript({
			answer: (request) => (request.method === "DESCRIBE" ? answerTo(request, "500 Firmware Error", []) : undefined),
		});
		expect(report.failure).toMatchObject({ code: "protocol-error" });
		expect(report.failure?.detail).toContain("500");
	});

	test("that is not there fails at once", async () => {
		const camera = await ScriptedCamera.open();
		const { port } = camera;
		await camera[Symbol.asyncDispose]();
		expect(await probe(port)).toMatchObject({ result: "failed", failure: { code: "connection-refused" } });
	});
});

describe("a camera over TLS (S33, quirks 11 and 12)", () => {
	const { sha256, ...identity } = CAMERA_CERTIFICATE;

	async function probeTls(more: Partial<ProbeOptions>, tls: CameraScript["tls"] = identity): Promise<ProbeReport> {
		await using camera = await ScriptedCamera.open({ ...(tls && { tls }) });
		return await probe(camera.port, {
			address: { scheme: "rtsps", host: "127.0.0.1", port: camera.port, path: "/stream" },
			...more,
		});
	}

	test("with a certificate of its own is shown with the fingerprint to pin, which then lets it in", async () => {
		const refused = await probeTls({});
		expect(codes(refused)).toEqual(["certificate-untrusted", "certificate-pin"]);
		expect(refused.certificate).toMatchObject({ sha256, selfSigned: true, trusted: false, legacy: false });
		expect(refused.advice[1]?.text).toContain(`sha256:${sha256}`);
		const pinned = await probeTls({ tls: { mode: "pin", sha256 } });
		expect(pinned).toMatchObject({ result: "good", encrypted: true });
		expect(pinned).not.toHaveProperty("certificate");
	});

	test("with another certificate than the pinned one is told", async () => {
		const report = await probeTls({ tls: { mode: "pin", sha256: "0".repeat(64) } });
		expect(codes(report)).toEqual(["certificate-untrusted", "certificate-changed"]);
		expect(report.certificate?.sha256).toBe(sha256);
	});

	test("whose certificate ends on no day that there is is shown without it", async () => {
		const [, base64 = ""] = /-----BEGIN CERTIFICATE-----([^-]+)/.exec(identity.cert) ?? [];
		const der = Buffer.from(base64, "base64");
		// RFC 5280 section 4.1.2.5.2: GeneralizedTime, tag 24, 15 characters, is how a certificate ends after 2049.
		const end = der.indexOf(Buffer.from([0x18, 15]));
		der.write("13", end + "..YYYY".length, "ascii");
		const cert = `-----BEGIN CERTIFICATE-----\n${der.toString("base64")}\n-----END CERTIFICATE-----\n`;
		const report = await probeTls({}, { ...identity, cert });
		expect(report.certificate?.sha256).toMatch(/^[0-9a-f]{64}$/);
		expect(report.certificate).not.toHaveProperty("validTo");
	});

	test("whose port is taken for one without TLS, and the other way round, is told apart", async () => {
		await using secure = await ScriptedCamera.open({ tls: identity });
		const plain = await probe(secure.port, { transport: "tcp" });
		expect(codes(plain)).toContain("tls-expected");
		await using open = await ScriptedCamera.open();
		const encrypted = await probe(open.port, {
			address: { scheme: "rtsps", host: "127.0.0.1", port: open.port, path: "/stream" },
		});
		expect(encrypted).not.toHaveProperty("certificate");
		expect(codes(encrypted)).toContain("tls-missing");
	});

	test("that is taken with any certificate is shown with its own", async () => {
		const report = await probeTls({ tls: { mode: "insecure", legacy: false } });
		expect(report.result).toBe("good");
		expect(codes(report)).toContain("certificate-unproven");
		expect(report.certificate?.sha256).toBe(sha256);
	});

	test("of an old kind is told to be one", async () => {
		const old: CameraScript["tls"] = {
			...OLD_CAMERA_CERTIFICATE,
			minVersion: "TLSv1",
			maxVersion: "TLSv1",
			ciphers: "DEFAULT@SECLEVEL=0",
		};
		const report = await probeTls({ tls: { mode: "insecure", legacy: false } }, old);
		expect(report.result).toBe("failed");
		expect(codes(report)).toContain("certificate-legacy");
		expect(await probeTls({ tls: { mode: "insecure", legacy: true } }, old)).toMatchObject({ result: "good" });
	});
});

describe("sessions", () => {
	const CONTEXT: ProbeContext = {
		encrypted: false,
		tls: { mode: "verify" },
		transportAsked: "auto",
		hasCredentials: false,
		use: undefined,
	};
	const DESCRIPTION = { tracks: GOOD.tracks, transport: "tcp", server: "" } as const;
	const SLICE = { codec: "h264", nalUnits: [Uint8Array.of(0x41, 0x9a, 0)], rtpTimestamp: 0, sizeBytes: 3 } as const;
	const IDR = { ...SLICE, nalUnits: [Uint8Array.of(0x65, 0x88, 0)], randomAccess: true };

	/** A source whose sessions the test plays by hand. */
	function gather(more: { context?: Partial<ProbeContext>; signal?: AbortSignal; seconds?: number } = {}) {
		const clock = new FakeClock();
		const sessions: { handlers: SourceHandlers; counters: ReturnType<typeof emptyCounters>; closed: boolean }[] = [];
		const { context, ...options } = more;
		const facts = gatherFacts(
			(handlers) => {
				const session = { handlers, counters: emptyCounters(), quirks: [], closed: false };
				sessions.push(session);
				return {
					...session,
					close: async () => {
						session.closed = true;
					},
				};
			},
			{ ...CONTEXT, ...context },
			{ clock, ...options },
		);
		return { clock, sessions, facts, settle: async () => await new Promise(setImmediate) };
	}

	test("that are accepted and stay silent are followed by two more, over other transports (quirk 78)", async () => {
		const { clock, sessions, facts, settle } = gather();
		for (let count = 1; count <= 3; count++) {
			expect(sessions).toHaveLength(count);
			sessions.at(-1)?.handlers.onDescribed?.(DESCRIPTION);
			sessions.at(-1)?.handlers.onPlaying();
			clock.advance(SILENT_AFTER_MS + 1000);
			await settle();
		}
		expect(await facts).toMatchObject({ failure: { code: "video-stalled" } });
		expect(sessions.map(({ closed }) => closed)).toEqual([true, true, true]);
		expect(clock.pending).toBe(0);
	});

	test("over a transport that was asked for are not followed by others", async () => {
		const { clock, sessions, facts } = gather({ context: { transportAsked: "tcp" } });
		sessions[0]?.handlers.onDescribed?.(DESCRIPTION);
		sessions[0]?.handlers.onPlaying();
		clock.advance(60_000);
		expect(await facts).toMatchObject({ failure: { code: "video-stalled" } });
		expect(sessions).toHaveLength(1);
	});

	test("that failed are not tried again: a wrong password locks cameras", async () => {
		const { clock, sessions, facts } = gather();
		sessions[0]?.handlers.onEnd({ code: "auth-refused", detail: "401" });
		expect(await facts).toMatchObject({ failure: { code: "auth-refused", detail: "401" } });
		expect(sessions).toHaveLength(1);
		expect(clock.pending).toBe(0);
	});

	test("that never answer end all the same", async () => {
		const { clock, sessions, facts } = gather();
		clock.advance(60_000);
		expect(await facts).toMatchObject({ failure: { code: "no-answer" } });
		expect(sessions).toMatchObject([{ closed: true }]);
	});

	test("without a key frame say so, and those that break off after pictures are no failure", async () => {
		const blind = gather();
		blind.sessions[0]?.handlers.onVideo({ ...SLICE, randomAccess: false }, blind.clock.nowMs(), 0);
		blind.clock.advance(60_000);
		expect(await blind.facts).toMatchObject({ failure: { code: "no-key-frame" } });
		const broken = gather();
		broken.sessions[0]?.handlers.onVideo(IDR, broken.clock.nowMs(), 0);
		broken.sessions[0]?.handlers.onEnd({ code: "connection-lost", detail: "" });
		expect(await broken.facts).toMatchObject({ failure: undefined, video: { keyFrames: 1 } });
	});

	test("are watched for the seconds that were asked for, from the first picture on", async () => {
		const { clock, sessions, facts, settle } = gather({ seconds: 5 });
		clock.advance(10_000);
		sessions[0]?.handlers.onVideo(IDR, clock.nowMs(), 0);
		clock.advance(4999);
		await settle();
		expect(sessions[0]?.closed).toBe(false);
		clock.advance(1);
		await settle();
		expect(sessions[0]?.closed).toBe(true);
		expect(await facts).toMatchObject({ firstPictureMs: 10_000 });
	});

	test("of video that stops are measured to the end", async () => {
		const { clock, sessions, facts } = gather({ seconds: 12 });
		for (let picture = 0; picture < 3; picture++) {
			sessions[0]?.handlers.onVideo({ ...IDR, randomAccess: picture === 0 }, clock.nowMs(), 0);
			clock.advance(1000);
		}
		clock.advance(9000);
		expect(await facts).toMatchObject({ measuredSeconds: 12, silentSeconds: 10 });
	});

	test("end at once when the probe is called off, with what is known", async () => {
		const stop = new AbortController();
		const { sessions, facts, clock } = gather({ signal: stop.signal });
		sessions[0]?.handlers.onDescribed?.({ ...DESCRIPTION, server: "Camera/1.0" });
		stop.abort();
		expect(await facts).toMatchObject({ server: "Camera/1.0", failure: { code: "video-stalled" } });
		expect(sessions).toHaveLength(1);
		expect(clock.pending).toBe(0);
	});
});
