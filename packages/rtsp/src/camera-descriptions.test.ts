import { parseH265SpropParameterSets, parseSpropParameterSets, type RtpFormat } from "@vigia/rtp";
import { describe, expect, test } from "vitest";
import type { PresentationTrack } from "./presentation.ts";
import { CAMERA_DESCRIPTIONS } from "./testing/camera-descriptions.ts";
import { SessionHarness } from "./testing/session-harness.ts";

const ORIGIN = "rtsp://10.0.0.9";

function parameterSetsOf({ formatParameters }: PresentationTrack): number {
	const h264 = parseSpropParameterSets(formatParameters.get("sprop-parameter-sets") ?? "");
	return h264.length + parseH265SpropParameterSets(formatParameters).length;
}

describe("S23: the session description of", () => {
	test.each(Object.entries(CAMERA_DESCRIPTIONS))(
		"%s leads to the right tracks and URLs (quirks 54-68)",
		(_name, one) => {
			const path = one.path ?? "/live";
			const camera = new SessionHarness({
				path,
				videoEncodings: ["H264", "H265", "JPEG"],
				audioEncodings: ["MPEG4-GENERIC", "OPUS", "PCMU", "PCMA", "PCM"],
			});
			camera.toDescribe();
			const eol = one.lineEnd ?? "\r\n";
			const body = one.lines.join(eol) + (one.end ?? eol);
			camera.reply(200, one.headers, body, undefined, one.contentType);
			if (typeof one.expected === "string") {
				expect(camera.error?.kind).toBe(one.expected);
				return;
			}
			expect(camera.error).toBeUndefined();
			const setups: string[] = [];
			while (camera.request.method === "SETUP") {
				const track = camera.tracks[setups.length];
				const format = `${track?.encoding}/${track?.clockRate}/${track?.channels}`;
				setups.push(`${format} ${camera.request.target.slice(ORIGIN.length)}`);
				camera.reply(200, ["Session: 7"]);
			}
			expect(setups).toEqual(one.expected);
			expect(camera.request).toMatchObject({ method: "PLAY", target: ORIGIN + (one.aggregate ?? path) });
			const video: RtpFormat | undefined = camera.tracks[0];
			expect(camera.tracks[0] && parameterSetsOf(camera.tracks[0])).toBe(one.parameterSets ?? 2);
			const { dimensions } = video ?? {};
			expect(dimensions && `${dimensions.width}x${dimensions.height}`).toBe(one.dimensions);
		},
	);
});
