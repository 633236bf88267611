import { expect, test } from "vitest";
import { withoutLowLatency } from "./hls-playlist.ts";

const PLAYLIST = `#EXTM3U
#EXT-X-VERSION:10
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.6,CAN-SKIP-UNTIL=12
#EXT-X-PART-INF:PART-TARGET=0.2
#EXT-X-MEDIA-SEQUENCE:10
#EXT-X-MAP:URI="init.mp4"
#EXTINF:1.00000,
s10.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z
#EXT-X-PART:DURATION=0.2,URI="p1.m4s",INDEPENDENT=YES
#EXTINF:1.00000,
s11.m4s
#EXT-X-PART:DURATION=0.2,URI="p2.m4s"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p3.m4s"
#EXT-X-RENDITION-REPORT:URI="main.m3u8",LAST-MSN=12
`;

test("what only low-latency players use goes, the segments stay", () => {
	expect(withoutLowLatency(PLAYLIST).split("\n")).toEqual([
		"#EXTM3U",
		"#EXT-X-VERSION:10",
		"#EXT-X-TARGETDURATION:2",
		"#EXT-X-MEDIA-SEQUENCE:10",
		'#EXT-X-MAP:URI="init.mp4"',
		"#EXTINF:1.00000,",
		"s10.m4s",
		"#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z",
		"#EXTINF:1.00000,",
		"s11.m4s",
		"",
	]);
});

test("with carriage returns too", () => {
	expect(withoutLowLatency("#EXTM3U\r\n#EXT-X-PART-INF:PART-TARGET=1\r\n#EXTINF:1,\r\ns\r\n")).toBe(
		"#EXTM3U\r\n#EXTINF:1,\r\ns\r\n",
	);
});
