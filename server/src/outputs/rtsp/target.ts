/** What the addresses of our RTSP server mean: `/{id}` and `/{id}/sub` for the grid's stream, `/{id}/main`. @module */
import type { StreamName } from "@vigia/api";

export type TrackKind = "video" | "audio";

export interface OutputTarget {
	readonly cameraId: string;
	readonly stream: StreamName;
	/** As the client wrote it, without user information, query, track and the slash at the end. */
	readonly presentationUrl: string;
	/** A control URL names one. */
	readonly track: TrackKind | undefined;
}

/** What stands behind the presentation's URL in the control URL of a track: RFC 2326 appendix C.1.1. */
export const TRACK_CONTROLS: Readonly<Record<TrackKind, string>> = { video: "trackID=0", audio: "trackID=1" };

/** Ours are short, and a pattern takes its time over a long one: longer ones are none. */
const MAX_TARGET_CHARS = 1024;
/** Identifiers as `cameraIdSchema` has them. Queries that clients add of their own mean nothing. */
const TARGET =
	/^rtsp:\/\/(?:[^/?#\s]*@)?([^/?#@\s]+)(\/([A-Za-z0-9][A-Za-z0-9_-]{0,63})(?:\/(main|sub))?)(?:\?[^/\s]*)?(?:\/(?:trackID=([01]))?)?(?:\?\S*)?$/i;

/** `undefined` for what is no address of a stream; whether there is such a camera is for the caller. Never throws. */
export function parseTarget(target: string): OutputTarget | undefined {
	const match = target.length <= MAX_TARGET_CHARS ? TARGET.exec(target) : undefined;
	const [, authority = "", path = "", cameraId, stream, track] = match ?? [];
	if (cameraId === undefined) return undefined;
	return {
		cameraId,
		stream: stream?.toLowerCase() === "main" ? "main" : "sub",
		presentationUrl: `rtsp://${authority}${path}`,
		track: track === undefined ? undefined : track === "0" ? "video" : "audio",
	};
}

/** The control URL of a track. */
export function trackUrl({ presentationUrl }: Pick<OutputTarget, "presentationUrl">, track: TrackKind): string {
	return `${presentationUrl}/${TRACK_CONTROLS[track]}`;
}
