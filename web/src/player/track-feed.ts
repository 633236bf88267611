/** A WebRTC track as a feed. The track belongs to the PeerConnection, which also counts for all of them. @module */
import type { Feed, FeedCounters } from "./feed.ts";
import { isAtOrAfter } from "./rtp-timestamp.ts";

/** What the server says of a content's beginning: RTP timestamps, 32 bits of the track's clock. */
export interface ContentStart {
	/** Of its first picture. */
	readonly rtpTimestamp: number;
	/** Of the newest picture there was then. */
	readonly newestRtpTimestamp: number;
}

/** One content of one track: another camera behind the same track is another feed. */
export class TrackFeed implements Feed {
	readonly rung = "webrtc";
	readonly track: MediaStreamTrack;
	onFault: Feed["onFault"];
	#video: HTMLVideoElement | undefined;
	#counters: FeedCounters = { received: 0, decoded: 0, bytes: 0 };
	#start: ContentStart | undefined;

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

	/** The server said where the content begins. */
	startsAt(start: ContentStart): void {
		this.#start = start;
	}

	/** A browser that tells no timestamps is believed: what it paints comes after what was announced. */
	isOwn({ rtpTimestamp }: VideoFrameCallbackMetadata): boolean {
		if (this.#start === undefined) return false;
		return rtpTimestamp === undefined
			? this.#counters.decoded > 0
			: isAtOrAfter(rtpTimestamp, this.#start.rtpTimestamp);
	}

	/** What was cached for the start of a slot comes first. */
	isPast({ rtpTimestamp }: VideoFrameCallbackMetadata): boolean {
		if (this.#start === undefined || rtpTimestamp === undefined) return false;
		return !isAtOrAfter(rtpTimestamp, this.#start.newestRtpTimestamp);
	}

	tick(): void {}

	close(): void {
		if (this.#video) this.#video.srcObject = null;
		this.#video = undefined;
	}
}
