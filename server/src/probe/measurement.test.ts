import type { VideoUnit } from "@vigia/rtp";
import { describe, expect, test } from "vitest";
import { Measurement, MIN_MEASURE_MS } from "./measurement.ts";

/** 1280x720, Main. */
const SPS = Buffer.from("Z00AH5WoFAFuQA==", "base64");
const IDR = Uint8Array.of(0x65, 0x88, 0x80);
const P_SLICE = Uint8Array.of(0x41, 0x9a, 0x00);
/** first_mb_in_slice 0, slice_type 6: B. */
const B_SLICE = Uint8Array.of(0x01, 0x9e, 0x00);

function unit(timestamp: number, nalUnits: readonly Uint8Array[], sizeBytes = 1000): VideoUnit {
	const randomAccess = nalUnits.includes(IDR);
	return { codec: "h264", nalUnits, rtpTimestamp: timestamp >>> 0, randomAccess, sizeBytes };
}

function measure(startMs = 0) {
	let enough = 0;
	const measurement = new Measurement({
		startMs,
		onEnough: () => enough++,
		onPlaying() {},
		onFirstPicture() {},
		onEnd() {},
	});
	return { measurement, enough: () => enough };
}

/** Pictures of a camera: `gop` of them from one key frame to the next. */
function play(
	measurement: Measurement,
	{
		pictures,
		fps,
		gop,
		from = 0,
		arrival = (index: number) => (index * 1000) / fps,
	}: {
		pictures: number;
		fps: number;
		gop: number;
		from?: number;
		arrival?: (index: number) => number;
	},
): void {
	for (let index = 0; index < pictures; index++) {
		const nals = index % gop === 0 ? [SPS, IDR] : [P_SLICE];
		measurement.onVideo(unit(from + (index * 90_000) / fps, nals), arrival(index));
	}
}

describe("what is measured of pictures", () => {
	test("is rate, bitrate, key frame interval and format", () => {
		const { measurement } = measure();
		play(measurement, { pictures: 61, fps: 15, gop: 30 });
		expect(measurement.video).toMatchObject({
			codec: "h264",
			fps: 15,
			bitrateBps: 15 * 8000,
			pictures: 61,
			keyFrames: 3,
			keyFrameSeconds: 2,
			bFrames: false,
			width: 1280,
			height: 720,
			codecString: "avc1.4d001f",
		});
		expect(measurement.mediaSeconds).toBe(4);
		expect(measurement.measuredMs).toBeCloseTo(4000);
	});

	test("is by the camera's timestamps, through their wrap, whatever the arrival (quirks 102 and 106)", () => {
		const { measurement } = measure();
		// The first two seconds come at once.
		play(measurement, {
			pictures: 61,
			fps: 15,
			gop: 30,
			from: 2 ** 32 - 90_000,
			arrival: (index) => (index < 30 ? index : (index * 1000) / 15),
		});
		expect(measurement.video).toMatchObject({ fps: 15, keyFrameSeconds: 2 });
	});

	test("leaves out what a jump of the timestamps would add (quirk 102)", () => {
		const { measurement } = measure();
		play(measurement, { pictures: 31, fps: 15, gop: 15 });
		play(measurement, { pictures: 31, fps: 15, gop: 15, from: 90_000 * 10_000 });
		expect(measurement.mediaSeconds).toBe(4);
		expect(measurement.video?.keyFrameSeconds).toBe(1);
	});

	test("is by the arrival where the timestamps stand still (quirk 101)", () => {
		const { measurement } = measure();
		for (let index = 0; index <= 20; index++) {
			measurement.onVideo(unit(1000, index % 10 === 0 ? [IDR] : [P_SLICE]), index * 100);
		}
		expect(measurement.mediaSeconds).toBe(0);
		expect(measurement.video).toMatchObject({ fps: 10, keyFrameSeconds: 1 });
	});

	test("is no rate and no interval with a single picture", () => {
		const { measurement } = measure();
		measurement.onVideo(unit(0, [SPS, IDR]), 5);
		expect(measurement.video).toMatchObject({ pictures: 1, keyFrames: 1 });
		expect(measurement.video).not.toHaveProperty("fps");
		expect(measurement.video).not.toHaveProperty("keyFrameSeconds");
	});

	test("is the longest of the key frame intervals", () => {
		const { measurement } = measure();
		for (const [index, seconds] of [0, 1, 5, 6].entries()) {
			measurement.onVideo(unit(seconds * 90_000, [IDR]), index);
		}
		expect(measurement.video?.keyFrameSeconds).toBe(4);
	});
});

test("the first picture is the first that decoding can begin with", () => {
	const { measurement } = measure(100);
	measurement.onVideo(unit(0, [P_SLICE]), 300);
	expect(measurement.firstPictureMs).toBeUndefined();
	measurement.onVideo(unit(6000, [IDR]), 700);
	measurement.onVideo(unit(12_000, [IDR]), 900);
	expect(measurement.firstPictureMs).toBe(600);
});

test("two key frames are enough once the rates can be told", () => {
	const { measurement, enough } = measure();
	play(measurement, { pictures: 10, fps: 10, gop: 5 });
	expect(enough()).toBe(0);
	measurement.onVideo(unit(90_000, [P_SLICE]), MIN_MEASURE_MS);
	expect(enough()).toBe(1);
});

describe("B-frames (quirk 114)", () => {
	test("of H.264 are seen by their slices", () => {
		const { measurement } = measure();
		measurement.onVideo(unit(0, [IDR]), 0);
		measurement.onVideo(unit(9000, [P_SLICE]), 1);
		expect(measurement.video?.bFrames).toBe(false);
		measurement.onVideo(unit(3000, [B_SLICE]), 2);
		expect(measurement.video?.bFrames).toBe(true);
	});

	test("of H.265 are seen by timestamps that go back again and again", () => {
		const { measurement } = measure();
		const timestamps = [0, 9000, 3000, 6000, 18_000, 12_000, 15_000, 27_000, 21_000];
		for (const [index, rtpTimestamp] of timestamps.entries()) {
			const h265 = { codec: "h265" as const, nalUnits: [Uint8Array.of(2, 1, 0)], randomAccess: index === 0 };
			measurement.onVideo({ ...h265, rtpTimestamp, sizeBytes: 10 }, index);
			expect(measurement.video?.bFrames).toBe(index >= 8);
		}
		expect(measurement.mediaSeconds).toBe(0.3);
	});
});

test("the picture size of H.265 is that of its parameter sets, in the pictures or in the description", () => {
	const sets = ["QAEMAf//AWAAAAMAAAMAAAMAAAMAlqwJ", "QgEBAWAAAAMAAAMAAAMAAAMAlqADwIAQ5Y2uSTJrgA==", "RAHAcvBTJA=="];
	const nalUnits = sets.map((text) => Buffer.from(text, "base64"));
	const slice = { codec: "h265", randomAccess: true, rtpTimestamp: 0, sizeBytes: 10 } as const;
	const described = measure().measurement;
	described.onParameterSets("h265", nalUnits);
	described.onVideo({ ...slice, nalUnits: [Uint8Array.of(38, 1, 0x80)] }, 0);
	const inBand = measure().measurement;
	inBand.onVideo({ ...slice, nalUnits: [...nalUnits, Uint8Array.of(38, 1, 0x80)] }, 0);
	for (const { video } of [described, inBand]) {
		expect(video).toMatchObject({
			codec: "h265",
			width: 1920,
			height: 1080,
			codecString: expect.stringMatching(/^hvc1\.1\.6/),
		});
	}
});

test("the picture size of Motion JPEG is that of its header", () => {
	const { measurement } = measure();
	const header = [0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0x01, 0x68, 0x02, 0x80, 1, 1, 0x11, 0, 0xff, 0xd9];
	const image = Uint8Array.from(header);
	measurement.onVideo({ codec: "jpeg", data: image, rtpTimestamp: 0, randomAccess: true, sizeBytes: image.length }, 0);
	expect(measurement.video).toMatchObject({ codec: "jpeg", width: 640, height: 360 });
});

test("sound is counted over the time in which pictures came", () => {
	const { measurement } = measure();
	expect(measurement.audio).toBeUndefined();
	measurement.onVideo(unit(0, [IDR]), 0);
	for (let index = 0; index < 50; index++) {
		measurement.onAudio({ codec: "pcmu", data: new Uint8Array(160), rtpTimestamp: index * 160 });
	}
	measurement.onVideo(unit(90_000, [IDR]), 1000);
	expect(measurement.audio).toEqual({ codec: "pcmu", frames: 50, bitrateBps: 64_000 });
});
