/** `@vigia/rtp`: every payload format by way of its depacketizer, and what reads the bytes inside. @module */
import {
	AUDIO_ENCODINGS,
	audioDurationTicks,
	codecOf,
	type CodedPicture,
	createDepacketizer,
	type Depacketizer,
	h265NalTypeOf,
	hasBSlices,
	isFirstH265Slice,
	isRecoveryPoint,
	MAX_ACCESS_UNIT_BYTES,
	MAX_ACCESS_UNIT_NAL_UNITS,
	MAX_AAC_BYTES,
	MAX_JPEG_BYTES,
	MAX_MPEG4_BYTES,
	MAX_MPEG4_CONFIG_BYTES,
	MAX_OPUS_SAMPLES,
	type MediaUnit,
	MIN_JPEG_PAYLOAD_BYTES,
	opusSamples,
	packetizeAac,
	packetizeH265,
	packetizeJpeg,
	packetizePcm,
	parseAudioSpecificConfig,
	parseConfigParameter,
	parseH265Sps,
	parseH265SpropParameterSets,
	parseJpegSize,
	pcmFormatOf,
	type RtpFormat,
	splitAnnexB,
} from "@vigia/rtp";
import { H265_PPS, H265_SPS, h265Slice, PREFIX_SEI, VPS } from "../../../packages/rtp/src/testing/h265-packets.ts";
import { TINY_JPEG } from "../../../packages/rtp/src/testing/jpeg-files.ts";
import { bytesOf, type FuzzTarget, InputReader, InputWriter, must, textOf } from "../target.ts";
import { checkAccessUnit, checkTimestamp, filling, packetsOf, readPackets } from "./packets.ts";

const AVC_LIMITS = { bytes: MAX_ACCESS_UNIT_BYTES, nalUnits: MAX_ACCESS_UNIT_NAL_UNITS };
/** Tables and markers around the scan. */
const JPEG_HEADERS_BYTES = 2048;
const MAX_PAYLOAD = 65_535;

interface FormatOptions {
	readonly name: string;
	readonly encodings: readonly string[];
	/** Format parameters, and packets that fit them. */
	readonly seeds: readonly (readonly [parameters: string, packets: Uint8Array])[];
	readonly words: readonly string[];
}

/** Its input: which encoding, the clock and the channels, the format parameters as a text, then packets. */
function formatTarget({ name, encodings, seeds, words }: FormatOptions): FuzzTarget {
	const open = (reader: InputReader): Depacketizer | undefined => {
		const encoding = encodings[reader.u8() % encodings.length] ?? "";
		const format: RtpFormat = {
			encoding,
			clockRate: 8000 * (1 + (reader.u8() % 12)),
			channels: reader.u8() % 9,
			formatParameters: parametersOf(textOf(reader.chunk())),
			dimensions: { width: reader.u16(), height: reader.u16() },
		};
		return createDepacketizer(format, (unit) => checkUnit(unit, format));
	};
	const feed = (depacketizer: Depacketizer, packets: Uint8Array): void => {
		for (const { packet, lostBefore } of readPackets(packets)) depacketizer.push(packet, lostBefore);
	};
	return {
		name,
		seeds: encodings.flatMap((_encoding, index) =>
			seeds.map(([parameters, packets]) =>
				new InputWriter().u8(index).u8(0).u8(1).chunk(parameters).u16(640).u16(480).raw(packets).done(),
			),
		),
		words,
		run(input) {
			const reader = new InputReader(input);
			const depacketizer = open(reader);
			if (!depacketizer) return;
			feed(depacketizer, reader.rest());
			depacketizer.flush();
			must(depacketizer.damagedUnits >= 0 && depacketizer.malformedPayloads >= 0, "counters do not fall");
		},
		open() {
			const [parameters = ""] = seeds[0] ?? [];
			const head = new InputWriter().u8(0).u8(0).u8(1).chunk(parameters).u16(640).u16(480).done();
			const depacketizer = open(new InputReader(head));
			must(depacketizer !== undefined, "the first seed is a format that is supported");
			return (input) => feed(depacketizer, input);
		},
	};
}

function parametersOf(text: string): Map<string, string> {
	const pairs = text.split(";").map((pair) => pair.split("=", 2));
	return new Map(pairs.map(([name = "", value = ""]) => [name.trim().toLowerCase(), value]));
}

function checkUnit(unit: MediaUnit, format: RtpFormat): void {
	must(unit.codec === codecOf(format.encoding), "the codec is that of the encoding");
	checkTimestamp(unit.rtpTimestamp);
	if ("nalUnits" in unit) return checkAccessUnit(unit, AVC_LIMITS);
	if ("sizeBytes" in unit) return checkPicture(unit);
	must(unit.data.length > 0, "an audio frame holds something");
	must(unit.data.length <= Math.max(MAX_AAC_BYTES, MAX_PAYLOAD * 2), "an audio frame stays below its cap");
	const config = parseConfigParameter(format.formatParameters.get("config") ?? "");
	const ticks = audioDurationTicks(unit, format, config);
	must(ticks === undefined || (Number.isFinite(ticks) && ticks >= 0), "an audio frame has a duration");
}

function checkPicture({ codec, data, sizeBytes }: CodedPicture): void {
	const maxBytes = codec === "jpeg" ? MAX_JPEG_BYTES + JPEG_HEADERS_BYTES : MAX_MPEG4_BYTES + MAX_MPEG4_CONFIG_BYTES;
	must(data.length === sizeBytes && sizeBytes <= maxBytes, "a picture stays below its cap");
	if (codec === "mpeg4") {
		must(data[0] === 0 && data[1] === 0 && data[2] === 1, "a picture begins with a start code");
		return;
	}
	must(data[0] === 0xff && data[1] === 0xd8, "a picture begins with SOI");
	must(data[sizeBytes - 2] === 0xff && data[sizeBytes - 1] === 0xd9, "a picture ends with EOI");
	const size = parseJpegSize(data);
	// A camera that sends whole files may send one without a frame header.
	must(size === undefined || size.width * size.height < 2 ** 32, "a picture's size makes sense");
}

const hevcSets = [VPS, H265_SPS, H265_PPS];
const hevcIdr = h265Slice(1, { type: 19, size: 2500 });
const hevc = formatTarget({
	name: "h265-depacketizer",
	encodings: ["H265"],
	seeds: [
		[
			"sprop-max-don-diff=0",
			packetsOf([
				packetizeH265([...hevcSets, PREFIX_SEI, hevcIdr], 1200),
				packetizeH265([h265Slice(2, { size: 300 })], 100),
				[h265Slice(3), h265Slice(4, { first: false })],
			]),
		],
		["sprop-max-don-diff=1", packetsOf([[...hevcSets, h265Slice(1, { type: 21 })], [h265Slice(2)]])],
	],
	words: [
		"\x00\x00\x01",
		"\x60\x01",
		"\x62\x01\x93",
		"\x62\x01\x53",
		"\x62\x01\x13",
		"\x64\x01",
		"sprop-max-don-diff=1",
	],
});

const jpegPackets = packetizeJpeg(TINY_JPEG, MIN_JPEG_PAYLOAD_BYTES) ?? [];
const jpegStatic = filling([0, 0, 0, 0, 1, 60, 6, 4], 200);
const jpeg = formatTarget({
	name: "jpeg-depacketizer",
	encodings: ["JPEG"],
	seeds: [
		["", packetsOf([jpegPackets, jpegPackets])],
		["", packetsOf([[jpegStatic], [filling([0, 0, 0, 0, 65, 200, 6, 4, 0, 4, 0xff, 0xff, 0, 0, 0, 128], 300)]])],
	],
	words: ["\xff\xd9", "\xff\xd8", "\x00\x00\x00\x80", "\x41\xff", "\x00\x00\x00\x00"],
});

const mpeg4Config = "000001b001000001b50900000100000001200086c400670c1c10b0514303";
const mpeg4Sets = Buffer.from(mpeg4Config, "hex");
const mpeg4Intra = filling([0, 0, 1, 0xb6, 0x10], 900);
const mpeg4 = formatTarget({
	name: "mpeg4-depacketizer",
	encodings: ["MP4V-ES"],
	seeds: [
		[
			`profile-level-id=1;config=${mpeg4Config}`,
			packetsOf([[mpeg4Intra.subarray(0, 500), mpeg4Intra.subarray(500)], [filling([0, 0, 1, 0xb6, 0x50], 90)]]),
		],
		["", packetsOf([[mpeg4Sets], [Buffer.concat([mpeg4Sets, Uint8Array.of(0, 0, 1, 0xb3, 0, 16, 7), mpeg4Intra])]])],
	],
	words: ["\x00\x00\x01", "\x00\x00\x01\xb6\x10", "\x00\x00\x01\xb3", "\x00\x00\x01\x20", "config=000001"],
});

const aacParameters = "streamtype=5;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config=1408";
const aacFrames = [filling([0x21], 180), filling([0x22], 300), filling([0x23], 2500)];
const aac = formatTarget({
	name: "aac-depacketizer",
	encodings: ["MPEG4-GENERIC"],
	seeds: [
		[aacParameters, packetsOf(packetizeAac(aacFrames, 1200).map(({ payload }) => [payload]))],
		[
			"mode=AAC-lbr;sizelength=6;indexlength=2;indexdeltalength=2;constantduration=1024",
			packetsOf([[filling([0, 8, 0x20], 12)]]),
		],
		[
			"sizelength=0;constantsize=64;config=1190",
			packetsOf([[filling([1], 128)], [filling([0xff, 0xf1, 0x50, 0x80, 2], 90)]]),
		],
	],
	words: [
		"sizelength=",
		"indexlength=",
		"indexdeltalength=",
		"ctsdeltalength=16",
		"dtsdeltalength=",
		"auxiliarydatasizelength=8",
		"constantsize=",
		"randomaccessindication=1",
		"config=",
		"\xff\xf1",
		"\x00\x10",
	],
});

const pcmFormat = pcmFormatOf({ encoding: "L16", channels: 2 });
const pcm = formatTarget({
	name: "audio-depacketizer",
	encodings: AUDIO_ENCODINGS.filter((encoding) => encoding !== "MPEG4-GENERIC"),
	seeds: [
		["", packetsOf([[filling([0], 160)], [filling([0xfc, 1], 121)]])],
		["", packetsOf(pcmFormat ? packetizePcm(filling([1], 3000), pcmFormat, 1200).map(({ payload }) => [payload]) : [])],
	],
	words: ["\xff\xfe", "\xfc", "\xff\xff\xff"],
});

const h265NalUnits: FuzzTarget = {
	name: "h265-nal-units",
	seeds: [...hevcSets, hevcIdr, bytesOf("sprop-vps=QAEMAf//AWAAAAM=;sprop-sps=QgEBAWAAAAM=;sprop-pps=RAHBcrRiQA==")],
	words: ["\x00\x00\x03", "sprop-vps=", "sprop-sps=", "sprop-pps=", ";", ",", "\x42\x01", "\x44\x01"],
	run(input) {
		const info = parseH265Sps(input);
		if (info) must(info.width > 0 && info.height > 0, "a picture has a size");
		h265NalTypeOf(input);
		isFirstH265Slice(input);
		const parts = splitAnnexB(input);
		hasBSlices(parts);
		isRecoveryPoint(parts);
		for (const set of parseH265SpropParameterSets(parametersOf(textOf(input))))
			must(set.length > 2, "a set has a body");
	},
};

const jpegFile: FuzzTarget = {
	name: "jpeg-file",
	seeds: [TINY_JPEG],
	words: ["\xff\xd8", "\xff\xd9", "\xff\xda", "\xff\xdb", "\xff\xc4", "\xff\xc0", "\xff\xdd\x00\x04"],
	run(input) {
		parseJpegSize(input);
		for (const maxBytes of [MIN_JPEG_PAYLOAD_BYTES, 1200]) {
			for (const payload of packetizeJpeg(input, maxBytes) ?? []) {
				must(payload.length <= maxBytes, "a payload keeps to its limit");
			}
		}
	},
};

const audioConfig: FuzzTarget = {
	name: "audio-config",
	seeds: [bytesOf("1408"), bytesOf("f8e85000"), Uint8Array.from([0x12, 0x10]), Uint8Array.from([0xff, 3, 1, 2])],
	words: ["1408", "ffff", "\x2b\x92\x08\x00"],
	run(input) {
		for (const config of [parseAudioSpecificConfig(input), parseConfigParameter(textOf(input))]) {
			if (config)
				must(
					Object.values(config).every((value) => value === undefined || value === value),
					"no value is NaN",
				);
		}
		const samples = opusSamples(input);
		must(samples === undefined || (samples > 0 && samples <= MAX_OPUS_SAMPLES), "an Opus packet is 120 ms at most");
	},
};

export const TARGETS: readonly FuzzTarget[] = [hevc, jpeg, mpeg4, aac, pcm, h265NalUnits, jpegFile, audioConfig];
