/** When to try a camera again: the one place that decides it. Pure. @module */
import type { CameraState, ReasonCode } from "@vigia/api";

/** The states a supervisor waits in, by who has to act before a new try makes sense. */
export type WaitState = "waiting" | "refused" | "unsupported" | "busy";

/** States in which the camera answers, whatever it answers. */
export const IN_REACH: ReadonlySet<CameraState> = new Set(["buffering", "live", "stalled", "unsupported", "busy"]);

/** Video that went on this long proves the camera healthy: only then is an outage over and the back-off new. */
export const HEALTHY_AFTER_MS = 20_000;
/** Tries are spread by this share either way, so that the cameras of one recorder do not come in step. */
export const JITTER = 0.2;

/** A cable or a reboot: tried often while someone may be standing at the camera, then ever more rarely. */
const NETWORK_STEPS = [
	{ outageUnderMs: 15_000, delayMs: 500 },
	{ outageUnderMs: 90_000, delayMs: 750 },
	{ outageUnderMs: 5 * 60_000, delayMs: 5_000 },
	{ outageUnderMs: 60 * 60_000, delayMs: 15_000 },
] as const;
const NETWORK_LONG_MS = 30_000;
/** Cameras lock an address for minutes after a few wrong passwords (quirk 29), so each try is further from the last. */
export const REFUSED_STEPS_MS = [60_000, 120_000, 300_000, 600_000] as const;
/**
 * A recorder that boots says 503 for some seconds, and a leftover session of ours ends by itself after about 65 s
 * (quirks 73, 133); who still says so then has other viewers.
 */
const BUSY_STEPS = [
	{ outageUnderMs: 20_000, delayMs: 2_000 },
	{ outageUnderMs: 90_000, delayMs: 5_000 },
	{ outageUnderMs: 5 * 60_000, delayMs: 10_000 },
] as const;
const BUSY_LONG_MS = 20_000;
/** Somebody has to change the camera's settings. */
const UNSUPPORTED_MS = 60_000;

export function waitStateOf(code: ReasonCode): WaitState {
	switch (code) {
		case "auth-refused":
		case "address-unconfirmed":
			return "refused";
		case "camera-full":
			return "busy";
		case "codec-unsupported":
		case "no-video":
		case "transport-unsupported":
		case "media-encrypted":
		case "redirect-refused":
		case "certificate-untrusted":
			return "unsupported";
		default:
			return "waiting";
	}
}

/** @param attempt failures since the last healthy video, the first is 1. @param random in [0, 1). */
export function retryDelayMs(code: ReasonCode, attempt: number, outageMs: number, random: number): number {
	return Math.round(baseDelayMs(code, attempt, outageMs) * (1 - JITTER + 2 * JITTER * random));
}

function baseDelayMs(code: ReasonCode, attempt: number, outageMs: number): number {
	switch (waitStateOf(code)) {
		case "refused":
			return REFUSED_STEPS_MS[Math.min(attempt, REFUSED_STEPS_MS.length) - 1] as number;
		case "busy":
			return BUSY_STEPS.find((entry) => outageMs < entry.outageUnderMs)?.delayMs ?? BUSY_LONG_MS;
		case "unsupported":
			return UNSUPPORTED_MS;
		case "waiting":
			return NETWORK_STEPS.find((entry) => outageMs < entry.outageUnderMs)?.delayMs ?? NETWORK_LONG_MS;
	}
}
