/** Which rungs a tile may stand on, best first. Pure. @module */
import type { Codec, Rung } from "@vigia/api";
import type { Capabilities } from "./capabilities.ts";
import type { LadderPolicy, RungReason } from "./ladder.ts";

/** All rungs, from the top. */
export const RUNGS: readonly Rung[] = ["webrtc", "mse", "hls", "still"];
/** What FFmpeg makes of a stream that the browser does not play. */
const TRANSCODED: Codec = "h264";

export interface RungOrder {
	/** Never empty: a still is always possible. */
	readonly order: readonly Rung[];
	/** Why a rung is missing, or stands behind one that is lower on the ladder. */
	readonly reasons: Readonly<Partial<Record<Rung, RungReason>>>;
}

/**
 * What a stream that passes through as it is costs nobody anything: a lower rung that passes it through is better than
 * a higher one for which FFmpeg makes it anew. A codec that is not known yet is taken for the usual one.
 */
export function rungOrder(
	{ codec, bFrames }: { readonly codec: string | undefined; readonly bFrames: boolean | undefined },
	{ protocol, capabilities }: LadderPolicy,
): RungOrder {
	const passing: Rung[] = [];
	const made: Rung[] = [];
	const reasons: Partial<Record<Rung, RungReason>> = {};
	const reordered = bFrames === true;
	for (const rung of ["webrtc", "mse", "hls"] as const) {
		const decoded = decodersOf(rung, capabilities);
		const known = (decoded as readonly string[]).includes(codec ?? TRANSCODED);
		if (protocol !== "auto" && protocol !== rung) reasons[rung] = "forced";
		else if (known && !(rung === "webrtc" && reordered)) passing.push(rung);
		else {
			reasons[rung] = known ? "b-frames" : "codec";
			if (decoded.includes(TRANSCODED)) made.push(rung);
		}
	}
	return { order: [...passing, ...made, "still"], reasons };
}

function decodersOf(rung: Exclude<Rung, "still">, { webrtc, mse, nativeHls }: Capabilities): readonly Codec[] {
	if (rung === "webrtc") return webrtc;
	// A browser with HLS and without Media Source Extensions is an iPhone's, which plays both.
	if (rung === "hls" && nativeHls && mse.length === 0) return ["h264", "h265"];
	return mse;
}
