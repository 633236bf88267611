/** What to do about what a probe found out: the rules, without the words. Pure. @module */
import type { AdviceSeverity, ReasonCode } from "@vigia/api";
import type { ProbeFacts } from "./facts.ts";

/** Somebody who leafs through cameras waits for a key frame; twice the usual 2 s goes unnoticed. */
export const LONG_KEY_FRAME_SECONDS = 4;
/** Below it a person who walks by is not seen in motion. */
export const LOW_FPS = 5;
/** Below this share of packets a picture breaks now and then; above it people see it. */
export const HIGH_LOSS = 0.005;
/** A tile of a wall is smaller than this; 16 larger ones are more than many devices decode. */
export const MAX_GRID_PIXELS = 1280 * 720;
/** A picture that takes longer to come lets somebody believe that there is none. */
export const SLOW_PICTURE_MS = 5000;

/** Video that stays away so long has stopped, unless its pictures are further apart. */
export const STOPPED_SECONDS = 3;

export type AdviceCode =
	| ReasonCode
	| "credentials-missing"
	| "lockout"
	| "probe-session"
	| "certificate-pin"
	| "certificate-changed"
	| "certificate-legacy"
	| "certificate-unproven"
	| "tls-expected"
	| "tls-missing"
	| "h265"
	| "jpeg"
	| "mpeg4"
	| "b-frames"
	| "key-frame-rare"
	| "key-frame-not-seen"
	| "key-frame-unknown"
	| "low-frame-rate"
	| "no-frame-rate"
	| "timestamps-still"
	| "grid-resolution"
	| "no-small-stream"
	| "basic-unencrypted"
	| "media-unencrypted"
	| "loss-tcp"
	| "loss-udp"
	| "udp-only"
	| "http-tunnel"
	| "slow-picture"
	| "audio-absent"
	| "audio-unsupported"
	| "audio-silent";

export interface Advice {
	/** Stable. Of a failure it is the reason's. */
	readonly code: AdviceCode;
	readonly severity: AdviceSeverity;
	/** What the sentence is filled in with; numbers are rounded. */
	readonly values: Readonly<Record<string, string | number>>;
}

const RANK: Readonly<Record<AdviceSeverity, number>> = { error: 0, warning: 1, info: 2 };

/** What to do, the most serious first. Nothing: the camera is as one wishes it. */
export function diagnose(facts: ProbeFacts): Advice[] {
	const advice: Advice[] = [];
	const add: AddAdvice = (severity, code, values = {}) => advice.push({ code, severity, values });
	if (facts.failure) adviseFailure(facts, facts.failure.code, add);
	adviseCertificate(facts, add);
	adviseConnection(facts, add);
	if (!facts.failure) {
		adviseStop(facts, add);
		adviseVideo(facts, add);
		adviseAudio(facts, add);
	}
	return advice.toSorted((a, b) => RANK[a.severity] - RANK[b.severity]);
}

type AddAdvice = (severity: AdviceSeverity, code: AdviceCode, values?: Advice["values"]) => void;

function adviseFailure(facts: ProbeFacts, code: ReasonCode, add: AddAdvice): void {
	if (code === "auth-refused" && !facts.hasCredentials) {
		add("error", "credentials-missing");
		return;
	}
	add("error", code);
	if (code === "auth-refused") add("info", "lockout");
	if (code === "camera-full") add("info", "probe-session");
	adviseScheme(facts, code, add);
}

/** What a port that expects TLS does to a client without, and the other way round. */
const WITHOUT_TLS_CODES: ReadonlySet<ReasonCode> = new Set(["connection-lost", "session-ended", "protocol-error"]);
const WITH_TLS_CODES: ReadonlySet<ReasonCode> = new Set(["connection-lost", "protocol-error"]);

function adviseScheme({ encrypted, tracks, certificate }: ProbeFacts, code: ReasonCode, add: AddAdvice): void {
	if (tracks.length > 0) return;
	if (!encrypted && WITHOUT_TLS_CODES.has(code)) add("info", "tls-expected");
	if (encrypted && !certificate && WITH_TLS_CODES.has(code)) add("warning", "tls-missing");
}

/** The camera sent pictures and then no more. */
function adviseStop({ brokenOff, silentSeconds, video }: ProbeFacts, add: AddAdvice): void {
	if (brokenOff) add("warning", brokenOff.code);
	else if (video?.fps !== undefined && silentSeconds > Math.max(STOPPED_SECONDS, 2 / video.fps)) {
		add("warning", "video-stalled");
	}
}

function adviseCertificate({ certificate, failure, tls }: ProbeFacts, add: AddAdvice): void {
	if (!certificate) return;
	const { sha256, legacy } = certificate;
	if (tls.mode === "pin" && tls.sha256 !== sha256) add("warning", "certificate-changed", { sha256 });
	else if (failure && legacy) add("warning", "certificate-legacy");
	else if (failure?.code === "certificate-untrusted") add("warning", "certificate-pin", { sha256 });
	else if (tls.mode === "insecure" && !certificate.trusted) add("info", "certificate-unproven", { sha256 });
}

function adviseConnection(facts: ProbeFacts, add: AddAdvice): void {
	if (facts.quirks.includes("basic-authentication") && !facts.encrypted) add("warning", "basic-unencrypted");
	if (facts.encrypted && facts.transport === "udp") add("warning", "media-unencrypted");
	if (facts.transportAsked === "auto" && !facts.failure) {
		if (facts.transport === "udp") add("info", "udp-only");
		if (facts.transport === "http") add("info", "http-tunnel");
	}
	const { received, lost } = facts.packets;
	const share = lost / Math.max(1, received + lost);
	if (share > HIGH_LOSS) {
		add("warning", facts.transport === "udp" ? "loss-udp" : "loss-tcp", { percent: round(share * 100, 1) });
	}
	if (!facts.failure && (facts.firstPictureMs ?? 0) > SLOW_PICTURE_MS) {
		add("info", "slow-picture", { seconds: round((facts.firstPictureMs ?? 0) / 1000, 1) });
	}
}

function adviseVideo(facts: ProbeFacts, add: AddAdvice): void {
	const { video, use } = facts;
	if (!video) return;
	if (video.codec !== "h264") add("warning", video.codec);
	// The remedy is one for H.264; other codecs have their own.
	else if (video.bFrames) add("warning", "b-frames");
	adviseKeyFrames(facts, add);
	if (video.pictures < 2) add("warning", "no-frame-rate", { seconds: Math.round(facts.measuredSeconds) });
	else if (facts.mediaSeconds === 0) add("warning", "timestamps-still");
	else if ((video.fps ?? 0) < LOW_FPS) add("warning", "low-frame-rate", { fps: round(video.fps ?? 0, 1) });
	const { width = 0, height = 0 } = video;
	if (use?.inGrid !== false && width * height > MAX_GRID_PIXELS) {
		const code = use?.isOnly === true ? "no-small-stream" : "grid-resolution";
		add(use === undefined ? "info" : "warning", code, { size: `${width}x${height}` });
	}
}

function adviseKeyFrames({ video, measuredSeconds, brokenOff }: ProbeFacts, add: AddAdvice): void {
	if (video?.keyFrameSeconds !== undefined) {
		if (video.keyFrameSeconds > LONG_KEY_FRAME_SECONDS) {
			add("warning", "key-frame-rare", { seconds: round(video.keyFrameSeconds, 1) });
		}
	} else if (measuredSeconds > LONG_KEY_FRAME_SECONDS) {
		add("warning", "key-frame-not-seen", { seconds: Math.round(measuredSeconds) });
	} else if (!brokenOff) add("info", "key-frame-unknown", { seconds: round(measuredSeconds, 1) });
}

function adviseAudio({ tracks, audio }: ProbeFacts, add: AddAdvice): void {
	const offered = tracks.filter(({ type, backchannel }) => type === "audio" && !backchannel);
	if (audio) return;
	if (offered.length === 0) add("info", "audio-absent");
	else if (offered.some(({ used }) => used)) add("info", "audio-silent");
	else add("info", "audio-unsupported", { encoding: offered.map(({ encoding }) => encoding).join(", ") });
}

/** @returns the number with at most so many decimals. */
export function round(value: number, decimals: number): number {
	return Number(value.toFixed(decimals));
}
