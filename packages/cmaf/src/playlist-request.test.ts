import fc from "fast-check";
import { parse, setOptions, types } from "hls-parser";
import { expect, test } from "vitest";
import { parseMediaName } from "./playlist.ts";
import { writeMultivariantPlaylist } from "./playlist-multivariant.ts";
import { judgeReload, parsePlaylistRequest } from "./playlist-request.ts";
import type { MediaPart, MediaSegment } from "./segmenter.ts";

setOptions({ strictMode: true, silent: true });

function parsedMultivariant(text: string): types.MasterPlaylist {
	const playlist = parse(text);
	if (!(playlist instanceof types.MasterPlaylist)) throw new Error("not a multivariant playlist");
	return playlist;
}

const PART: MediaPart = { number: 1, durationTicks: 18_000, independent: false, bytes: new Uint8Array() };

function segment(msn: number, parts: number): MediaSegment {
	return {
		msn,
		parts: Array.from({ length: parts }, () => PART),
		durationTicks: parts * 18_000,
		sizeBytes: 0,
		programMs: 0,
		init: 1,
		discontinuity: false,
		discontinuitySequence: 0,
		gap: false,
	};
}

/** Segments 10 to 12 of ten parts each, and three parts of segment 13. */
const PLAYLIST = {
	segments: [10, 11, 12].map((msn) => segment(msn, 10)),
	open: segment(13, 3),
	partTargetTicks: 18_900,
};

function judge(
	msn: number,
	part?: number,
	playlist: typeof PLAYLIST | (Omit<typeof PLAYLIST, "open"> & { open: undefined }) = PLAYLIST,
) {
	return judgeReload({ msn, part, skip: false }, playlist, 13);
}

test("a request for a segment waits until it is complete, one for a part until that is there", () => {
	expect(judge(12)).toBe("ready");
	expect(judge(13)).toBe("wait");
	expect(judge(13, 2)).toBe("ready");
	expect(judge(13, 3)).toBe("wait");
	expect(judge(14, 0)).toBe("wait");
	expect(judge(3, 400)).toBe("ready");
});

test("a part past the end of a segment is the first one of the next", () => {
	expect(judge(12, 10)).toBe("ready");
	expect(judge(12, 10, { ...PLAYLIST, open: undefined })).toBe("wait");
	expect(judge(12, 9, { ...PLAYLIST, open: undefined })).toBe("ready");
});

test("what is further ahead than the rules allow is refused", () => {
	expect(judge(14)).toBe("wait");
	expect(judge(15)).toBe("too-far");
	expect(judge(13, 3 + 15)).toBe("wait");
	expect(judge(13, 3 + 16)).toBe("too-far");
});

test("directives are decimal numbers, and a part needs its segment", () => {
	expect(parsePlaylistRequest({})).toEqual({ msn: undefined, part: undefined, skip: false });
	expect(parsePlaylistRequest({ _HLS_msn: "12", _HLS_part: "0", _HLS_skip: "YES" })).toEqual({
		msn: 12,
		part: 0,
		skip: true,
	});
	for (const query of [
		{ _HLS_part: "1" },
		{ _HLS_msn: "-1" },
		{ _HLS_msn: "1e9" },
		{ _HLS_msn: ["1", "2"] },
		{ _HLS_msn: "" },
	]) {
		expect(parsePlaylistRequest(query)).toBeUndefined();
	}
});

test("any directives are read or refused, and judged", () => {
	const value = fc.oneof(fc.string(), fc.integer().map(String), fc.constant(undefined));
	fc.assert(
		fc.property(value, value, value, (msn, part, skip) => {
			const request = parsePlaylistRequest({ _HLS_msn: msn, _HLS_part: part, _HLS_skip: skip });
			if (request) expect(["ready", "wait", "too-far"]).toContain(judgeReload(request, PLAYLIST, 13));
		}),
	);
});

test("names of media are read back, and nothing else", () => {
	expect(parseMediaName("p12.m4s")).toEqual({ kind: "part", number: 12 });
	expect(parseMediaName("s1795387701.m4s")).toEqual({ kind: "segment", number: 1_795_387_701 });
	expect(parseMediaName("i1.mp4")).toEqual({ kind: "init", number: 1 });
	for (const name of ["p0.m4s", "p1.mp4", "i1.m4s", "p-1.m4s", "p01.m4s", "../p1.m4s", "p1e3.m4s", ""]) {
		expect(parseMediaName(name)).toBeUndefined();
	}
});

test("a multivariant playlist says codecs, sizes and rates, and which sound goes with which pictures", () => {
	const text = writeMultivariantPlaylist([
		{
			uri: "sub/video.m3u8",
			codecs: ["avc1.42c01e", "mp4a.40.2"],
			bandwidth: 700_000.4,
			averageBandwidth: 500_000,
			width: 640,
			height: 360,
			framesPerSecond: 15,
			sound: { group: "sub", uri: "sub/audio.m3u8", channels: undefined },
		},
		{
			uri: "main/video.m3u8",
			codecs: ["hvc1.1.6.L120.B0"],
			bandwidth: 6_000_000,
			averageBandwidth: 4_000_000,
			width: 0,
			height: 0,
			framesPerSecond: undefined,
			sound: undefined,
		},
	]);
	const [sub, main] = parsedMultivariant(text).variants;
	expect(sub).toMatchObject({
		uri: "sub/video.m3u8",
		bandwidth: 700_001,
		averageBandwidth: 500_000,
		codecs: "avc1.42c01e,mp4a.40.2",
		resolution: { width: 640, height: 360 },
		frameRate: 15,
	});
	expect(sub?.audio.map(({ uri }) => uri)).toEqual(["sub/audio.m3u8"]);
	expect(main?.resolution).toBeUndefined();
	expect(main?.audio).toEqual([]);
});
