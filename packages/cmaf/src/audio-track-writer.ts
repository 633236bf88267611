/** Writes sound as CMAF chunks: ISO/IEC 23000-19 section 10, ISO/IEC 14496-14, and Opus in ISO BMFF. @module */
import { opusSamples } from "@vigia/rtp";
import { CHUNK_HEADER_BYTES, writeChunk } from "./chunk.ts";
import {
	type AudioSample,
	type AudioSampleFormat,
	type Chunk,
	type InitSegment,
	TICKS_PER_SECOND,
} from "./contract.ts";
import { writeHeader } from "./header.ts";
import { rescale } from "./rescale.ts";
import { writeMp4a, writeOpus } from "./sample-entry.ts";

/** The timescale of Opus: "Encapsulation of Opus in ISO Base Media File Format" section 4.4. */
const OPUS_RATE = 48_000;
/** Channel mapping family 0 knows mono and stereo only, and so does RTP: RFC 7587 section 4.2. */
const MAX_OPUS_CHANNELS = 2;
/** A count that has fallen behind the timestamps by more jumps to them: sound was lost. */
const MAX_DRIFT_SECONDS = 0.1;
/** A smaller error is let be: no timestamps are truer. */
const SLEW_ABOVE_SECONDS = 0.02;
/** Of a clock that runs off the error is the mean over about so many access units: single timestamps jitter. */
const SMOOTHING = 16;
/** A duration is off by at most this part of it. A hole of 100 ms would stop a player, and one of 1 ms is not heard. */
const MAX_SLEW: number = 1 / 64;

/** Writes one track. Another format needs another writer. */
export class AudioTrackWriter {
	readonly init: InitSegment;
	readonly #format: AudioSampleFormat;
	/** The timescale: samples a second. */
	readonly #rate: number;
	/** Where the next sample begins, in the timescale; undefined before the first. */
	#next: number | undefined;
	/** How far the count is ahead of the timestamps, in the timescale, smoothed. */
	#ahead = 0;
	#sequenceNumber = 0;

	constructor(format: AudioSampleFormat) {
		this.#format = format;
		this.#rate = format.codec === "aac" ? format.config.sampleRate : OPUS_RATE;
		const sampleEntry =
			format.codec === "aac"
				? writeMp4a(format.config)
				: writeOpus(Math.min(MAX_OPUS_CHANNELS, Math.max(1, format.channels)));
		this.init = {
			bytes: writeHeader({ kind: "audio", timescale: this.#rate, width: 0, height: 0, sampleEntry }),
			kind: "audio",
			codecs: format.codec === "aac" ? format.config.codecString : "opus",
			width: 0,
			height: 0,
		};
	}

	/**
	 * Takes the next access unit and writes it into bytes of its own. Samples are counted on without gaps, whatever
	 * their timestamps jitter. Where the two run apart, because the camera's clocks do, durations are a few samples longer
	 * or shorter, so that lips stay in time. A count that has fallen behind by more than 100 ms jumps to the timestamp.
	 * One that is ahead cannot go back: access units get the shortest duration until the timestamps have come up.
	 */
	push(sample: AudioSample): Chunk {
		const wanted = Math.max(0, rescale(Math.round(sample.timestamp), TICKS_PER_SECOND, this.#rate));
		const counted = this.#next ?? wanted;
		const drift = counted - wanted;
		const maxDrift = MAX_DRIFT_SECONDS * this.#rate;
		const jumps = drift < -maxDrift;
		if (jumps) this.#ahead = 0;
		const decodeTime = jumps ? wanted : counted;
		const duration = drift > maxDrift ? 1 : this.#durationOf(sample, jumps ? 0 : drift);
		this.#next = decodeTime + duration;
		this.#sequenceNumber = (this.#sequenceNumber + 1) >>> 0;
		const bytes = writeChunk({
			sequenceNumber: this.#sequenceNumber,
			decodeTime,
			duration,
			compositionOffset: 0,
			isSync: true,
			sampleBytes: sample.data.length,
		});
		bytes.set(sample.data, CHUNK_HEADER_BYTES);
		const decodeTicks = this.#ticks(decodeTime);
		return {
			bytes,
			decodeTicks,
			presentationTicks: decodeTicks,
			durationTicks: this.#ticks(this.#next) - decodeTicks,
			randomAccess: true,
		};
	}

	/** Of its samples, corrected towards the timestamps: slowly enough for the mean that it goes by. */
	#durationOf(sample: AudioSample, drift: number): number {
		const samples = this.#samplesIn(sample);
		this.#ahead += (drift - this.#ahead) / SMOOTHING;
		const excess = Math.max(0, Math.abs(this.#ahead) - SLEW_ABOVE_SECONDS * this.#rate);
		const slew = Math.trunc(Math.min(samples * MAX_SLEW, excess / (2 * SMOOTHING)));
		return samples - Math.sign(this.#ahead) * slew;
	}

	#samplesIn(sample: AudioSample): number {
		if (this.#format.codec === "aac") return this.#format.config.samplesPerFrame;
		const told = Math.round((sample.durationTicks * OPUS_RATE) / TICKS_PER_SECOND);
		return opusSamples(sample.data) ?? Math.max(1, told);
	}

	#ticks(time: number): number {
		return rescale(time, this.#rate, TICKS_PER_SECOND);
	}
}
