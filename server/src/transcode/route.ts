/** Which pictures a viewer gets: the camera's, those of its other profile, transcoded ones, or none. @module */
import type { StreamName } from "@vigia/api";
import type { Decoders } from "../streams/playable.ts";
import type { AudioFormat, ReadableStreamSource, Route, StreamUnit, VideoFormat } from "../streams/reader.ts";
import type { Transcoder } from "./transcoder.ts";

/** What a viewer asks for. */
export interface Wish {
	readonly name: StreamName;
	/** The stream of that name as the camera sends it. */
	readonly raw: ReadableStreamSource;
	/** The camera's other profile. */
	readonly other: ReadableStreamSource | undefined;
	readonly decoders: Decoders;
	readonly transcoder: Transcoder;
}

export interface Choice {
	/** `undefined`: it is not known yet what the camera sends, or FFmpeg is being tried. */
	readonly route: Route | undefined;
	/** Where the pictures come from, or what is watched until there is something to show. */
	readonly source: ReadableStreamSource;
	/** Where the sound comes from, before any transcoding. */
	readonly sound: ReadableStreamSource;
	/** A stream whose format has to be seen for the choice to be certain. */
	readonly peek: ReadableStreamSource | undefined;
}

/** RTP clock and channels of PCMU and PCMA as browsers know them: RFC 3551 table 4. */
const G711_RATE = 8000;

interface Decision {
	/** `undefined`: it is not known yet what the camera sends. */
	readonly route: Route | undefined;
	/** `undefined` while there is nothing: refused, or not transcoded yet. */
	readonly source: ReadableStreamSource | undefined;
}

/** What a viewer who comes now would get. Begins nothing. */
function decide({ raw, other, name, decoders, transcoder }: Wish): Decision {
	if (!raw.format) return { route: undefined, source: raw };
	if (isPlayable(raw.format, decoders)) return { route: { kind: "pass" }, source: raw };
	const byOther: Decision | undefined =
		other?.format && isPlayable(other.format, decoders)
			? { route: { kind: "other-profile" }, source: other }
			: undefined;
	// The sub stream costs nothing; the main stream in place of the sub one costs the camera's bandwidth.
	if (byOther && name === "main") return byOther;
	const refusal = decoders.video.has("h264") ? transcoder.outlook(raw) : "codec-unsupported";
	if (refusal === undefined) return { route: { kind: "transcode" }, source: transcoder.current(raw)?.stream };
	return byOther ?? { route: { kind: "refused", reason: refusal }, source: undefined };
}

/**
 * Chooses, and begins the transcode that it chooses.
 * @param seen streams whose `format` is that of pictures that came since the viewer did.
 */
export function chooseRoute(wish: Wish, seen: ReadonlySet<ReadableStreamSource>): Choice {
	const { raw, other, transcoder } = wish;
	const { route, source = raw } = decide(wish);
	const choice: Choice = { route, source, sound: raw, peek: undefined };
	switch (route?.kind) {
		case "other-profile":
			return { ...choice, sound: source, peek: seen.has(raw) ? undefined : raw };
		case "transcode": {
			const transcode = transcoder.video(raw);
			return transcode ? { ...choice, source: transcode.stream } : { ...choice, source: raw, route: undefined };
		}
		case "refused":
			return { ...choice, peek: other && !other.format && !seen.has(other) ? other : undefined };
		default:
			return choice;
	}
}

/** Where a viewer who comes now would be led to, without beginning anything; `undefined` if there is nothing yet. */
export function foreseeSource(wish: Wish): ReadableStreamSource | undefined {
	return decide(wish).source;
}

/** The pictures that a newcomer begins with. */
export function startOf(source: ReadableStreamSource, { raw, other }: Wish): readonly StreamUnit[] {
	// A camera whose session is over has none, and what was made of the session is as old.
	if (source !== raw && source !== other && raw.currentGop().length === 0) return [];
	return source.currentGop();
}

export function isPlayable({ codec, hasBFrames }: VideoFormat, { video, bFrames }: Decoders): boolean {
	return video.has(codec) && (bFrames || !hasBFrames);
}

export function isSoundPlayable({ codec, clockRate, channels }: AudioFormat, { audio }: Decoders): boolean {
	if (!audio.has(codec)) return false;
	return (codec !== "pcmu" && codec !== "pcma") || (clockRate === G711_RATE && channels === 1);
}
