/** How this page makes feeds, and what its address asks for. @module */
import { type Protocol, protocolSchema, type StreamName } from "@vigia/api";
import type { Clock } from "../clock.ts";
import type { Capabilities } from "../player/capabilities.ts";
import { HlsFeed } from "../player/hls-feed.ts";
import { MseFeed } from "../player/mse-feed.ts";
import { stillAddress, StillPicture } from "../player/still-feed.ts";
import { WhepFeed } from "../player/whep-feed.ts";
import type { FeedMakers } from "./wall-feeds.ts";

/** A browser opens six connections to a server over HTTP/1.1: two for the link and the rest, four to hold. */
const MOST_HELD_HTTP1 = 4;

export interface FeedMakersOptions {
	/** Address of the directory that the page is in, with the slash. */
	readonly base: string;
	readonly clock: Clock;
	readonly capabilities: () => Capabilities;
}

export function createFeedMakers({ base, clock, capabilities }: FeedMakersOptions): FeedMakers {
	const address = (camera: string): string => encodeURIComponent(camera);
	return {
		mse: (audio) => new MseFeed({ audio, nowMs: () => clock.nowMs() }),
		hls: (camera, stream: StreamName, { audio, beside }) => {
			// A browser that plays no H.265 gets H.264: the server converts it.
			const { mse, nativeHls } = capabilities();
			const any = mse.length > 0 ? mse.includes("h265") : nativeHls;
			const view = any ? stream : `${stream}-h264`;
			const url = `${base}hls/${address(camera)}/${view}/${audio ? "stream" : "video"}.m3u8`;
			return new HlsFeed({ url, audio, lowLatency: isMultiplexed() || beside <= MOST_HELD_HTTP1 });
		},
		still: (camera, stream, events) => new StillPicture({ url: stillAddress(base, camera, stream), clock, ...events }),
		whep: (camera, stream, options) =>
			new WhepFeed({ url: `${base}api/cameras/${address(camera)}/whep?stream=${stream}`, ...options }),
	};
}

/** The wanted rung of `?protocol=`; `undefined` if there is none, or none that is known. */
export function readProtocol(query: string): Protocol | undefined {
	const parsed = protocolSchema.safeParse(new URLSearchParams(query).get("protocol"));
	return parsed.success ? parsed.data : undefined;
}

/** The page came over HTTP/2 or HTTP/3, where requests share a connection. */
function isMultiplexed(): boolean {
	const [navigation] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
	return navigation !== undefined && /^h[23]/.test(navigation.nextHopProtocol);
}
