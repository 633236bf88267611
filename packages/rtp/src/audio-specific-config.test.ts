import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeAudioSpecificConfig, parseAudioSpecificConfig, parseConfigParameter } from "./audio-specific-config.ts";
import { bytes } from "./testing/payload-feed.ts";

/** A configuration from bits in groups: `00010 0011 0010`. */
function fromBits(text: string): Uint8Array {
	const bits = text.replaceAll(" ", "");
	return bytes(
		...(bits.padEnd(Math.ceil(bits.length / 8) * 8, "0").match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)),
	);
}

describe("parseAudioSpecificConfig", () => {
	it.each([
		["1408", 16_000, 1],
		["1188", 48_000, 1],
		["1190", 48_000, 2],
		["1210", 44_100, 2],
		["1588", 8000, 1],
		["1490", 12_000, 2],
	])("S54: %s is AAC LC of %i Hz with %i channels, as cameras describe it (quirk 124)", (hex, sampleRate, channels) => {
		expect(parseConfigParameter(hex)).toMatchObject({
			objectType: 2,
			sampleRate,
			channels,
			samplesPerFrame: 1024,
			sbrSampleRate: undefined,
			parametricStereo: false,
			codecString: "mp4a.40.2",
		});
	});

	it("S54: understands explicit SBR and parametric stereo (quirk 124)", () => {
		expect(parseAudioSpecificConfig(fromBits("00101 0110 0001 0011 00010 000"))).toMatchObject({
			objectType: 2,
			sampleRate: 24_000,
			sbrSampleRate: 48_000,
			parametricStereo: false,
			codecString: "mp4a.40.5",
		});
		expect(parseAudioSpecificConfig(fromBits("11101 0110 0001 0011 00010 000"))).toMatchObject({
			sbrSampleRate: 48_000,
			channels: 1,
			parametricStereo: true,
			codecString: "mp4a.40.29",
		});
	});

	it("S54: understands the backward compatible signalling of both (quirk 124)", () => {
		const core = "00010 0110 0001 000";
		expect(parseAudioSpecificConfig(fromBits(`${core} 01010110111 00101 1 0011`))).toMatchObject({
			sampleRate: 24_000,
			sbrSampleRate: 48_000,
			parametricStereo: false,
			codecString: "mp4a.40.2",
		});
		expect(parseAudioSpecificConfig(fromBits(`${core} 01010110111 00101 1 0011 10101001000 1`))).toMatchObject({
			sbrSampleRate: 48_000,
			parametricStereo: true,
		});
		expect(parseConfigParameter("119056E500")).toMatchObject({ sampleRate: 48_000, sbrSampleRate: undefined });
	});

	it("understands escaped object types, explicit rates, short frames and low delay", () => {
		const explicit = fromBits("00010 1111 000000001011101110000000 0010 100");
		expect(parseAudioSpecificConfig(explicit)).toMatchObject({ sampleRate: 48_000, channels: 2, samplesPerFrame: 960 });
		expect(parseAudioSpecificConfig(fromBits("11111 000111 0011 0001 0"))).toMatchObject({
			objectType: 39,
			samplesPerFrame: 512,
			codecString: "mp4a.40.39",
		});
		expect(parseAudioSpecificConfig(fromBits("10111 0011 0001 000"))).toMatchObject({
			objectType: 23,
			samplesPerFrame: 512,
		});
	});

	it("counts the channels of a program configuration", () => {
		// A pair and a single one in front, one with low frequencies.
		const program = "0000 01 0011 0010 0000 0000 01 000 0000 0 0 0 1 0000 0 0000 0000";
		const before = `00010 0011 0000 000 ${program}`;
		const padding = "0".repeat((8 - (before.replaceAll(" ", "").length % 8)) % 8);
		expect(parseAudioSpecificConfig(fromBits(`${before}${padding} 00000000`))).toMatchObject({ channels: 4 });
	});

	it("S54: refuses what is no configuration (quirk 124)", () => {
		for (const hex of ["", "14", "140", "xyz1", "0000", "1700", "1400000z", "00".repeat(600)]) {
			expect(parseConfigParameter(hex)).toBeUndefined();
		}
	});

	it("never throws, whatever the bytes", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 40 }), (any) => {
				const config = parseAudioSpecificConfig(any);
				if (config === undefined) return;
				expect(config.bytes).toEqual(any);
				expect(config.sampleRate).toBeGreaterThan(0);
				expect(config.samplesPerFrame).toBeGreaterThan(0);
			}),
			{ numRuns: 1000 },
		);
	});
});

describe("makeAudioSpecificConfig", () => {
	it("S54: makes the configuration that an ADTS header stands for (quirk 124)", () => {
		expect(makeAudioSpecificConfig(2, 8, 1)?.bytes).toEqual(bytes(0x14, 0x08));
		expect(makeAudioSpecificConfig(2, 3, 2)?.bytes).toEqual(bytes(0x11, 0x90));
		expect(makeAudioSpecificConfig(2, 13, 2)).toBeUndefined();
	});
});
