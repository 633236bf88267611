/** Mends what hls.js forgets of a segment that it loads part by part. @module */
import type { BufferFlushingData, ElementaryStreams } from "hls.js";
import type * as HlsLight from "hls.js/light";

type HlsModule = typeof HlsLight;
/** As much of hls.js as is needed here. */
export type PartsPlayer = Pick<InstanceType<HlsModule["default"]>, "on" | "latestLevelDetails">;

/**
 * Whenever hls.js (1.7.4, `FragmentTracker.removeFragment`) flushes what lies behind playback, it also forgets which
 * parts of the segment in the making it has. Where the buffer ends a microsecond before the next segment (Chromium cuts
 * a picture's duration to whole ones), it then goes on looking for them in a segment that it takes for complete, and loads
 * nothing until their names have left the playlist: a picture that stands for three seconds. So what it knew of parts
 * that are not flushed is told it again.
 */
export function rememberParts(hls: PartsPlayer, Events: HlsModule["Events"]): void {
	let known: { readonly streams: ElementaryStreams; readonly before: ElementaryStreams }[] = [];
	hls.on(Events.BUFFER_FLUSHING, (_, { endOffset }: BufferFlushingData) => {
		const parts = hls.latestLevelDetails?.partList ?? [];
		known = parts
			.filter((part) => part.loaded && part.start >= endOffset)
			.map(({ elementaryStreams: streams }) => ({ streams, before: { ...streams } }));
	});
	hls.on(Events.BUFFER_FLUSHED, () => {
		for (const { streams, before } of known) Object.assign(streams, before);
		known = [];
	});
}
