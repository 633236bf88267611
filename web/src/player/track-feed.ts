/** A WebRTC track as a feed. The track belongs to the PeerConnection, which also counts for all of them. @module */
import type { Feed, FeedCounters } from "./feed.ts";
import { isAtOrAfter } from "./rtp-timestamp.ts";

/** One content of one track: another camera behind the same track is another feed. */
export class TrackFeed implements Feed {
	readonly rung = "webrtc";
	readonly track: MediaStreamTrack;
	onFault: Feed["onFault"];
	#video: HTMLVideoElement | undefined;
	#counters: FeedCounters = { received: 0, decoded: 0, bytes: 0 };
	#start: number | undefined;

	constructor(track: MediaStreamTrack) {
		this.track = track;
	}

	attach(video: HTMLVideoElement): void {
		this.#video = video;
		video.srcObject = new MediaStream([this.track]);
	}

	counters(): FeedCounters {
		return this.#counters;
	}

	/** Takes the track's statistics. */
	take(stats: RTCInboundRtpStreamStats): void {
		this.#counters = {
			received: stats.packetsReceived ?? 0,
			decoded: stats.framesDecoded ?? 0,
			bytes: stats.bytesReceived ?? 0,
		};
	}

	/** The server said with which RTP timestamp the content begins. */
	startsAt(rtpTimestamp: number): void {
		this.#start = rtpTimestamp;
	}

	/** A browser that tells no timestamps is believed: what it paints comes after what was announced. */
	isOwn({ rtpTimestamp }: VideoFrameCallbackMetadata): boolean {
		if (this.#start === undefined) return false;
		return rtpTimestamp === undefined ? this.#counters.decoded > 0 : isAtOrAfter(rtpTimestamp, this.#start);
	}

	tick(): void {}

	close(): void {
		if (this.#video) this.#video.srcObject = null;
		this.#video = undefined;
	}
}
