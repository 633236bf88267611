import { describe, expect, test } from "vitest";
import type { OnvifCodec, OnvifProfile } from "./onvif-messages.ts";
import { chooseProfiles, MAX_CHANNELS } from "./stream-choice.ts";

function profile(token: string, width: number, codec: OnvifCodec | undefined = "h264", source = "S"): OnvifProfile {
	return { token, name: token, source, ...(codec && { codec }), width, height: (width * 9) / 16, fps: 25 };
}

const chosen = (...profiles: OnvifProfile[]): unknown[] =>
	chooseProfiles(profiles).map(({ source, main, sub }) => [source, main.token, sub?.token]);

describe("of the profiles of a video source", () => {
	test("the largest is the main stream, the one nearest to a tile the sub stream, in whatever order they come", () => {
		expect(chosen(profile("third", 1280), profile("sub", 704), profile("main", 3840), profile("tiny", 160))).toEqual([
			["S", "main", "sub"],
		]);
	});

	test("H.264 fills the grid before H.265 and JPEG", () => {
		expect(
			chosen(profile("main", 1920, "h265"), profile("a", 640, "h265"), profile("b", 640, "jpeg"), profile("c", 352)),
		).toEqual([["S", "main", "c"]]);
	});

	test("large JPEG is no main stream where there is video", () => {
		expect(chosen(profile("jpeg", 1920, "jpeg"), profile("video", 1280))).toEqual([["S", "video", undefined]]);
		expect(chosen(profile("jpeg", 1920, "jpeg"))).toEqual([["S", "jpeg", undefined]]);
	});

	test("two of one size, or of none, are one stream: the first", () => {
		expect(chosen(profile("a", 640), profile("b", 640))).toEqual([["S", "a", undefined]]);
		expect(chosen(profile("a", 0), profile("b", 0))).toEqual([["S", "a", undefined]]);
	});
});

test("a recorder's sources are channels, in its order", () => {
	const profiles = [2, 1, 3].flatMap((n) => [
		profile(`${n}m`, 1920, "h264", `S${n}`),
		profile(`${n}s`, 640, "h264", `S${n}`),
	]);
	expect(chosen(...profiles)).toEqual([
		["S2", "2m", "2s"],
		["S1", "1m", "1s"],
		["S3", "3m", "3s"],
	]);
	const many = Array.from({ length: MAX_CHANNELS + 1 }, (_, n) => profile("m", 640, "h264", `S${n}`));
	expect(chosen(...many)).toHaveLength(MAX_CHANNELS);
});
