import { type AudioCodec, createDepacketizer, type MediaUnit, parseSpropParameterSets } from "@vigia/rtp";
import { formatOf, parseSdp } from "@vigia/rtsp";
import { describe, expect, it } from "vitest";
import { FakeClock } from "../../platform/fake-clock.ts";
import { PPS, SPS } from "../../sources/testing/scripted-camera.ts";
import { audioFormatOf } from "../../streams/audio-format.ts";
import type { AudioFormat, StreamUnit } from "../../streams/reader.ts";
import { describeStream, writeDescription } from "./description.ts";
import { soundPayloads } from "./payloads.ts";
import { rtpFormat, TestCamera } from "./testing/test-camera.ts";

const TIMES = { randomAccess: true, timestamp: 0, presentation: 0, rtpTimestamp: 0, arrivalMs: 0, payloads: [] };

function keyFrame(): StreamUnit {
	const camera = new TestCamera(new FakeClock());
	camera.push("key");
	const [unit] = camera.stream.currentGop();
	if (!unit) throw new Error("There is no picture.");
	return unit;
}

function formatFrom(...args: Parameters<typeof rtpFormat>): AudioFormat {
	const format = audioFormatOf(rtpFormat(...args));
	if (!format) throw new Error("It is no sound.");
	return format;
}

/** What a client reads, by our own parser: of each track what its depacketizer is told. */
function read(unit: StreamUnit, format?: AudioFormat) {
	const origin = { id: 1_767_225_600_123.5, address: "192.0.2.1" };
	const bytes = writeDescription(describeStream(unit, format), { cameraId: "cam1" }, origin);
	const { media } = parseSdp(bytes);
	return media.map((one) => {
		const payloadType = one.payloadTypes[0] ?? -1;
		const { encoding = "", clockRate = 0, channels = 1 } = formatOf(one, payloadType) ?? {};
		const formatParameters = one.formatParameters.get(payloadType) ?? new Map<string, string>();
		return {
			type: one.type,
			payloadType,
			encoding,
			clockRate,
			channels,
			formatParameters,
			control: one.control,
			dimensions: one.dimensions,
		};
	});
}

describe("the description of pictures", () => {
	it("has the parameter sets of H.264 and its profile", () => {
		const [video] = read(keyFrame());
		expect(video).toMatchObject({
			type: "video",
			payloadType: 96,
			encoding: "H264",
			clockRate: 90_000,
			control: "trackID=0",
		});
		expect(video?.formatParameters.get("packetization-mode")).toBe("1");
		expect(video?.formatParameters.get("profile-level-id")).toBe("4D001F");
		const sets = parseSpropParameterSets(video?.formatParameters.get("sprop-parameter-sets") ?? "");
		expect(sets.map((set) => Buffer.from(set))).toEqual([SPS, PPS].map((set) => Buffer.from(set)));
	});

	it("has the parameter sets of H.265, each by its name", () => {
		const nalUnits = [
			Uint8Array.of(0x40, 1, 7),
			Uint8Array.of(0x42, 1, 8),
			Uint8Array.of(0x44, 1, 9),
			Uint8Array.of(0x26, 1),
		];
		const [video] = read({ ...TIMES, codec: "h265", nalUnits, sizeBytes: 11 });
		expect(video).toMatchObject({ encoding: "H265", payloadType: 96 });
		expect([...(video?.formatParameters ?? [])]).toEqual([
			["sprop-vps", "QAEH"],
			["sprop-sps", "QgEI"],
			["sprop-pps", "RAEJ"],
		]);
	});

	it("has the configuration of MPEG-4 Visual", () => {
		const data = Uint8Array.of(0, 0, 1, 0xb0, 3, 0, 0, 1, 0x20, 0x44, 0, 0, 1, 0xb6, 0x10);
		const [video] = read({ ...TIMES, codec: "mpeg4", data, sizeBytes: data.length });
		expect(video).toMatchObject({ encoding: "MP4V-ES", payloadType: 96 });
		expect(video?.formatParameters.get("config")).toBe("000001b00300000120" + "44");
	});

	it("has the size of motion JPEG, which its packets cannot always say", () => {
		// Start of frame: 8 bits, 1440 rows of 2560, one component.
		const data = Uint8Array.of(0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 5, 0xa0, 10, 0, 1, 1, 0x11, 0, 0xff, 0xd9);
		const [video] = read({ ...TIMES, codec: "jpeg", data, sizeBytes: data.length });
		expect(video).toMatchObject({ encoding: "JPEG", payloadType: 26, dimensions: { width: 2560, height: 1440 } });
	});
});

describe("the description of sound", () => {
	it("is left out where there is none", () => {
		expect(read(keyFrame())).toHaveLength(1);
	});

	it.each([
		["PCMU", 8000, 1, "", 0],
		["PCMA", 8000, 1, "", 8],
		["PCMA", 16_000, 1, "", 97],
		["G726-32", 8000, 1, "", 97],
		["AAL2-G726-32", 8000, 1, "", 97],
		["L16", 44_100, 2, "", 97],
		["OPUS", 48_000, 2, "", 97],
		["MPEG4-GENERIC", 16_000, 1, "mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config=1408", 97],
	] as const)(
		"tells a depacketizer all about %s at %i Hz in %i channels",
		(encoding, clockRate, channels, parameters, payloadType) => {
			const format = formatFrom(encoding, clockRate, channels, parameters);
			const [, audio] = read(keyFrame(), format);
			expect(audio).toMatchObject({ type: "audio", encoding, clockRate, channels, payloadType, control: "trackID=1" });
			// 48 bytes are whole samples of all of them, and begin like an Opus packet.
			const data = Uint8Array.from({ length: 48 }, (_, index) => index + 8);
			const payloads = soundPayloads({ format, data, timestamp: 0, arrivalMs: 0, durationTicks: 1800 });
			const came: MediaUnit[] = [];
			const depacketizer = createDepacketizer(audio ?? format.rtp, (unit) => came.push(unit));
			for (const [sequenceNumber, { payload, marker = true }] of payloads.entries()) {
				depacketizer?.push({ payload, marker, sequenceNumber, payloadType, timestamp: 7, ssrc: 1 }, 0);
			}
			expect(came).toEqual([{ codec: format.codec satisfies AudioCodec, data, rtpTimestamp: 7 }]);
		},
	);

	it("gives little-endian samples the name and the order of L16", () => {
		const format = formatFrom("PCM", 8000);
		const [, audio] = read(keyFrame(), format);
		expect(audio).toMatchObject({ encoding: "L16", payloadType: 97 });
		const data = Uint8Array.of(1, 2, 3, 4);
		const [packet] = soundPayloads({ format, data, timestamp: 0, arrivalMs: 0, durationTicks: 23 });
		expect(packet).toMatchObject({ payload: data, samples: 2 });
	});
});

describe("the packets of sound", () => {
	it("are cut at whole samples, each with its own length", () => {
		const format = formatFrom("L16", 44_100, 2);
		const data = new Uint8Array(4 * 700);
		const packets = soundPayloads({ format, data, timestamp: 0, arrivalMs: 0, durationTicks: 1429 });
		expect(packets.map(({ payload, samples }) => [payload.length, samples])).toEqual([
			[1200, 300],
			[1200, 300],
			[400, 100],
		]);
	});

	it("of a large AAC access unit have one timestamp and one marker", () => {
		const format = formatFrom("MPEG4-GENERIC", 48_000, 2, "mode=AAC-hbr;config=1190");
		const data = new Uint8Array(3000).fill(1);
		const packets = soundPayloads({ format, data, timestamp: 0, arrivalMs: 0, durationTicks: 1920 });
		expect(packets.map(({ samples, marker }) => [samples, marker])).toEqual([
			[0, false],
			[0, false],
			[1024, true],
		]);
	});

	it("never hold a part of an Opus packet", () => {
		const format = formatFrom("OPUS", 48_000, 2);
		const data = new Uint8Array(1201);
		expect(soundPayloads({ format, data, timestamp: 0, arrivalMs: 0, durationTicks: 1800 })).toEqual([]);
	});
});
