import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { MediaUnit } from "./access-unit.ts";
import type { RtpFormat } from "./depacketizer.ts";
import { AUDIO_ENCODINGS, codecOf, createDepacketizer, VIDEO_ENCODINGS } from "./payload-formats.ts";
import { bytes, feed, feedUnit, rtp } from "./testing/payload-feed.ts";

const ALL = [...VIDEO_ENCODINGS, ...AUDIO_ENCODINGS];

function format(encoding: string, changes: Partial<RtpFormat> = {}): RtpFormat {
	const usual = { encoding, clockRate: 90_000, channels: 1, formatParameters: new Map(), dimensions: undefined };
	return { ...usual, ...changes };
}

/** The codecs of the units that the payloads become. */
function codecsOf(described: RtpFormat, ...payloads: readonly Uint8Array[]): string[] {
	const units: MediaUnit[] = [];
	const depacketizer = createDepacketizer(described, (unit) => units.push(unit));
	if (depacketizer === undefined) return ["none"];
	for (const [i, payload] of payloads.entries()) feedUnit(depacketizer, [payload], i * 3000);
	depacketizer.flush();
	return units.map((unit) => unit.codec);
}

describe("createDepacketizer", () => {
	it("puts the units of every supported encoding together", () => {
		expect(codecsOf(format("H264"), bytes(0x65, 0x88, 1, 2))).toEqual(["h264"]);
		expect(codecsOf(format("H265"), bytes(0x26, 0x01, 0xaf, 1))).toEqual(["h265"]);
		expect(codecsOf(format("JPEG"), bytes(0, 0, 0, 0, 1, 50, 8, 8, 1, 2))).toEqual(["jpeg"]);
		expect(codecsOf(format("MP4V-ES"), bytes(0, 0, 1, 0xb6, 0x10, 2))).toEqual(["mpeg4"]);
		expect(codecsOf(format("MPEG4-GENERIC"), bytes(0, 16, 0, 8, 0x21))).toEqual(["aac"]);
		expect(codecsOf(format("PCMU"), bytes(1))).toEqual(["pcmu"]);
		expect(codecsOf(format("PCMA"), bytes(1))).toEqual(["pcma"]);
		expect(codecsOf(format("L16"), bytes(1, 2))).toEqual(["l16"]);
		expect(codecsOf(format("PCM"), bytes(1, 2))).toEqual(["l16"]);
		expect(codecsOf(format("AAL2-G726-40"), bytes(1, 2, 3, 4, 5))).toEqual(["g726"]);
	});

	it("S55: Opus described with one channel is Opus (quirk 129)", () => {
		expect(codecsOf(format("OPUS", { clockRate: 48_000, channels: 1 }), bytes(0xfc, 1))).toEqual(["opus"]);
		expect(codecsOf(format("OPUS", { clockRate: 48_000, channels: 2 }), bytes(0xfc, 1))).toEqual(["opus"]);
	});

	it("hands the described size on to JPEG", () => {
		const images: Uint8Array[] = [];
		const described = format("JPEG", { dimensions: { width: 2304, height: 1296 } });
		const depacketizer = createDepacketizer(described, (unit) => {
			if (unit.codec === "jpeg") images.push(unit.data);
		});
		expect(depacketizer).toBeDefined();
		if (depacketizer !== undefined) feedUnit(depacketizer, [bytes(0, 0, 0, 0, 1, 50, 32, 162, 1, 2)], 0);
		const image = images[0] ?? bytes();
		const frame = image.findIndex((byte, i) => byte === 0xff && image[i + 1] === 0xc0);
		expect(image.subarray(frame + 5, frame + 9)).toEqual(bytes(1296 >> 8, 1296 & 0xff, 2304 >> 8, 0));
	});

	it("S54: makes none for LATM, CELP and other formats that are known or not (quirk 125)", () => {
		for (const encoding of ["MP4A-LATM", "MP2T", "G722", "G723", "AV1", "", "VND.ONVIF.METADATA", "H264 "]) {
			expect(createDepacketizer(format(encoding), () => {})).toBeUndefined();
			expect(codecOf(encoding)).toBeUndefined();
		}
		const celp = format("MPEG4-GENERIC", { formatParameters: new Map([["mode", "CELP-vbr"]]) });
		expect(createDepacketizer(celp, () => {})).toBeUndefined();
		const video = format("MPEG4-GENERIC", { formatParameters: new Map([["streamtype", "4"]]) });
		expect(createDepacketizer(video, () => {})).toBeUndefined();
		expect(createDepacketizer(format("L16", { channels: 64 }), () => {})).toBeUndefined();
	});

	it("gives units of the codec that codecOf names, for every listed encoding", () => {
		for (const encoding of ALL) {
			expect(createDepacketizer(format(encoding), () => {})).toBeDefined();
			expect(codecOf(encoding)).toBeDefined();
		}
		expect(codecOf("PCM")).toBe("l16");
		expect(codecOf("AAL2-G726-16")).toBe("g726");
		expect(codecOf("toString")).toBeUndefined();
	});

	it("never throws and never gives more than comes, whatever the encoding and the packets", () => {
		const packets = fc.array(
			fc.record({
				payload: fc.uint8Array({ maxLength: 50 }),
				timestamp: fc.nat(3),
				marker: fc.boolean(),
				lost: fc.constantFrom(0, 0, 1, -1),
			}),
			{ maxLength: 20 },
		);
		fc.assert(
			fc.property(fc.constantFrom(...ALL), packets, (encoding, all) => {
				let given = 0;
				const depacketizer = createDepacketizer(format(encoding), (unit) => {
					expect(unit.codec).toBe(codecOf(encoding));
					given++;
				});
				for (const one of all) {
					if (depacketizer !== undefined) feed(depacketizer, rtp(one.payload, one.timestamp, one.marker), one.lost);
				}
				depacketizer?.flush();
				expect(given).toBeLessThanOrEqual(all.length * 25);
			}),
			{ numRuns: 500 },
		);
	});
});
