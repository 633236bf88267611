/** What a viewer's decoders take, and the streams chosen for them. @module */
import type { AudioCodec, VideoCodec } from "@vigia/rtp";
import type { StreamDirectory } from "./reader.ts";

export interface Decoders {
	readonly video: ReadonlySet<VideoCodec>;
	/** Pictures that are not shown in the order in which they come. */
	readonly bFrames: boolean;
	/** Sound in other codecs is made {@link audioTarget}. */
	readonly audio: ReadonlySet<AudioCodec>;
	readonly audioTarget: "opus" | "aac";
}

/** WebRTC in every browser that knows H.264. */
export const WEBRTC_DECODERS: Decoders = {
	video: new Set(["h264"]),
	bFrames: false,
	audio: new Set(["opus", "pcmu", "pcma"]),
	audioTarget: "opus",
};

/** Hands out the streams of all cameras as one kind of viewer can play them. */
export interface PlayableStreams {
	/**
	 * Streams that give only what these decoders take: passed on, or the camera's other profile, or transcoded, or
	 * refused; {@link Reader.onRoute} is told which. The choice follows the camera when its codec changes, and a stream
	 * of another route always starts at a random access point. The same directory for equal decoders.
	 */
	for(decoders: Decoders): StreamDirectory;
}
