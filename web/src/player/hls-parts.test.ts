import * as HlsLight from "hls.js/light";
import { expect, test } from "vitest";
import { type PartsPlayer, rememberParts } from "./hls-parts.ts";

const { Events } = HlsLight;
const INFO = { startPTS: 0, endPTS: 1, startDTS: 0, endDTS: 1 };

/** As hls.js has it: what was loaded is what has elementary streams. */
class Part {
	readonly start: number;
	elementaryStreams: { audio: null; video: typeof INFO | null; audiovideo: null };
	constructor(start: number, loaded: boolean) {
		this.start = start;
		this.elementaryStreams = { audio: null, video: loaded ? INFO : null, audiovideo: null };
	}
	get loaded(): boolean {
		return this.elementaryStreams.video !== null;
	}
}

function open(parts: Part[] | null) {
	const listeners = new Map<string, (event: string, data: unknown) => void>();
	const hls = {
		on: (event: string, listener: (event: string, data: unknown) => void) => void listeners.set(event, listener),
		latestLevelDetails: parts && { partList: parts },
	};
	rememberParts(hls as unknown as PartsPlayer, Events);
	return (event: string, data: unknown = {}): void => listeners.get(event)?.(event, data);
}

test("parts that are not flushed stay loaded, in whatever playlist they stand by then", () => {
	const parts = [new Part(8, true), new Part(20, true), new Part(20.2, true), new Part(20.4, false)];
	const say = open(parts);
	say(Events.BUFFER_FLUSHING, { startOffset: 0, endOffset: 10 });
	// What hls.js does meanwhile; the playlist that comes next shares the object.
	for (const part of parts) part.elementaryStreams.video = null;
	const next = new Part(20.2, false);
	next.elementaryStreams = (parts[2] as Part).elementaryStreams;
	say(Events.BUFFER_FLUSHED);
	expect([...parts, next].map(({ loaded }) => loaded)).toEqual([false, true, true, false, true]);
});

test("what was flushed long ago is not told again, and without parts there is nothing to tell", () => {
	const parts = [new Part(20, true)];
	const say = open(parts);
	say(Events.BUFFER_FLUSHING, { startOffset: 0, endOffset: 10 });
	say(Events.BUFFER_FLUSHED);
	(parts[0] as Part).elementaryStreams.video = null;
	say(Events.BUFFER_FLUSHED);
	expect(parts[0]?.loaded).toBe(false);
	open(null)(Events.BUFFER_FLUSHING, { startOffset: 0, endOffset: 10 });
});
