import { makeAudioSpecificConfig, parseAudioSpecificConfig } from "@vigia/rtp";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AudioTrackWriter } from "./audio-track-writer.ts";
import type { AudioSampleFormat } from "./contract.ts";
import { readFragments } from "./testing/encoded.ts";

/** More than 32 bits, and a whole second. */
const START = 9_000_000_000;
const data = Uint8Array.of(1, 2, 3);
/** Rate index 3 is 48 kHz, 8 is 16 kHz. */
function aac(rateIndex: number): AudioSampleFormat {
	const config = makeAudioSpecificConfig(2, rateIndex, 1);
	if (!config) throw new Error("no such configuration");
	return { codec: "aac", config };
}
/** A CELT packet of 20 ms. */
const opusPacket = Uint8Array.of(0xf8, 1, 2);

describe("an audio track", () => {
	it("has the configuration of AAC in its header, and the sampling rate as timescale", () => {
		const format = aac(8);
		const { init } = new AudioTrackWriter(format);
		expect(init).toMatchObject({ kind: "audio", codecs: "mp4a.40.2", width: 0, height: 0 });
		expect(readFragments(init.bytes).tracks).toEqual([{ id: 1, timescale: 16_000, ...format }]);
	});

	it("carries rates and configurations that do not fit the sample entry", () => {
		// HE-AAC with explicit signalling: 24 kHz, of which SBR makes 48 kHz.
		for (const config of [
			parseAudioSpecificConfig(Uint8Array.of(0x2b, 0x11, 0x88, 0)),
			makeAudioSpecificConfig(2, 0, 2),
		]) {
			if (!config) throw new Error("no such configuration");
			const { init } = new AudioTrackWriter({ codec: "aac", config });
			expect(init.codecs).toBe(config.codecString);
			expect(readFragments(init.bytes).tracks).toMatchObject([{ timescale: config.sampleRate, config }]);
		}
	});

	it("carries Opus at 48 kHz", () => {
		const writer = new AudioTrackWriter({ codec: "opus", channels: 2 });
		expect(writer.init.codecs).toBe("opus");
		expect(readFragments(writer.init.bytes).tracks).toEqual([{ id: 1, timescale: 48_000, codec: "opus", channels: 2 }]);
		const chunk = writer.push({ data: opusPacket, timestamp: START, durationTicks: 1 });
		expect(chunk.durationTicks).toBe(1800);
		// Without a table of contents the stream's word counts.
		expect(writer.push({ data: new Uint8Array(0), timestamp: START, durationTicks: 900 }).durationTicks).toBe(900);
	});

	it("counts samples on, however timestamps jitter by 20 ms", () => {
		fc.assert(
			fc.property(fc.array(fc.integer({ min: -1800, max: 1800 }), { maxLength: 200 }), (jitter) => {
				const writer = new AudioTrackWriter(aac(8));
				const chunks = jitter.map((error, i) =>
					writer.push({ data, timestamp: START + i * 5760 + (i ? error : 0), durationTicks: 5760 }),
				);
				expect(chunks.map(({ decodeTicks }) => decodeTicks)).toEqual(jitter.map((_, i) => START + i * 5760));
			}),
		);
	});

	it.each([100, -100, 500, -500])(
		"follows timestamps that run away by %i ppm without a hole, however they jitter",
		(ppm) => {
			const writer = new AudioTrackWriter(aac(8));
			let nextTicks: number | undefined;
			let largestErrorTicks = 0;
			let largestChange = 0;
			let holes = 0;
			for (let i = 0; i < 30_000; i++) {
				const due = START + i * 5760 * (1 + ppm / 1e6);
				const jitter = ((i * 7919) % 2000) - 1000;
				const { decodeTicks, durationTicks } = writer.push({ data, timestamp: due + jitter, durationTicks: 5760 });
				if (decodeTicks !== (nextTicks ?? decodeTicks)) holes++;
				nextTicks = decodeTicks + durationTicks;
				largestErrorTicks = Math.max(largestErrorTicks, Math.abs(decodeTicks - due));
				largestChange = Math.max(largestChange, Math.abs(durationTicks - 5760));
			}
			expect(holes).toBe(0);
			// 45 ms, of 80 that lips may be late, and a sample or two at a time.
			expect(largestErrorTicks).toBeLessThan(45 * 90);
			expect(largestChange).toBeLessThan(4 * 5.625);
		},
	);

	it("makes up for a lost access unit within seconds", () => {
		const writer = new AudioTrackWriter(aac(8));
		let last = { decodeTicks: 0, timestamp: 0 };
		for (let i = 0; i < 200; i++) {
			const timestamp = START + (i < 50 ? i : i + 1) * 5760;
			last = { timestamp, decodeTicks: writer.push({ data, timestamp, durationTicks: 5760 }).decodeTicks };
			expect(Math.abs(last.decodeTicks - timestamp)).toBeLessThanOrEqual(5760);
		}
		expect(last.timestamp - last.decodeTicks).toBeLessThan(30 * 90);
	});

	it("jumps over a gap of more than 100 ms", () => {
		const writer = new AudioTrackWriter(aac(3));
		writer.push({ data, timestamp: START, durationTicks: 1920 });
		expect(writer.push({ data, timestamp: START + 10_000, durationTicks: 1920 }).decodeTicks).toBe(START + 1920);
		expect(writer.push({ data, timestamp: START + 90_000, durationTicks: 1920 }).decodeTicks).toBe(START + 90_000);
	});

	it("waits for timestamps that are more than 100 ms behind the count, as those of a slow clock", () => {
		const writer = new AudioTrackWriter(aac(3));
		let last = -1;
		// 0.5 % slow: 100 ms behind after 20 s.
		for (let i = 0; i < 4000; i++) {
			const timestamp = START + i * 1910;
			const { decodeTicks } = writer.push({ data, timestamp, durationTicks: 1920 });
			expect(decodeTicks).toBeGreaterThan(last);
			expect(decodeTicks - timestamp).toBeLessThan(9000 + 2 * 1920);
			last = decodeTicks;
		}
	});

	it("rises for any timestamps, and a reader finds the same samples", () => {
		const timestamps = fc.array(fc.oneof(fc.nat(2 ** 48), fc.double({ min: 0, max: 1e6, noNaN: true })), {
			maxLength: 30,
		});
		fc.assert(
			fc.property(timestamps, fc.constantFrom(aac(3), aac(8), aac(4)), (times, format) => {
				const writer = new AudioTrackWriter(format);
				const chunks = times.map((timestamp) => writer.push({ data, timestamp, durationTicks: 1920 }));
				const { samples, error } = readFragments(
					Buffer.concat([writer.init.bytes, ...chunks.map(({ bytes }) => bytes)]),
					61,
				);
				expect(error).toBeUndefined();
				expect(samples.map((sample) => sample.decodeTicks)).toEqual(chunks.map(({ decodeTicks }) => decodeTicks));
				expect(samples.every((sample) => Buffer.compare(sample.data, data) === 0)).toBe(true);
				for (const [i, { decodeTicks }] of chunks.entries()) {
					expect(decodeTicks).toBeGreaterThanOrEqual(chunks[i - 1]?.decodeTicks ?? 0);
				}
			}),
		);
	});
});
