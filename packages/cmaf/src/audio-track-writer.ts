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
/** Counted samples and timestamps may differ by this; it is also about where lips are seen to be late. */
const MAX_DRIFT_SECONDS = 0.1;

/** Writes one track. Another format needs another writer. */
export class AudioTrackWriter {
	readonly init: InitSegment;
	readonly #format: AudioSampleFormat;
	/** The timescale: samples a second. */
	readonly #rate: number;
	/** Where the next sample begins, in the timescale; undefined before the first. */
	#next: number | undefined;
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
	 * their timestamps jitter. A count that has fallen behind them by more than 100 ms jumps to the timestamp. One that
	 * is ahead cannot go back: access units get the shortest duration until the timestamps have come up.
	 */
	push(sample: AudioSample): Chunk {
		const wanted = Math.max(0, rescale(Math.round(sample.timestamp), TICKS_PER_SECOND, this.#rate));
		const counted = this.#next ?? wanted;
		const drift = counted - wanted;
		const maxDrift = MAX_DRIFT_SECONDS * this.#rate;
		const decodeTime = drift < -maxDrift ? wanted : counted;
		const duration = drift > maxDrift ? 1 : this.#samplesIn(sample);
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

	#samplesIn(sample: AudioSample): number {
		if (this.#format.codec === "aac") return this.#format.config.samplesPerFrame;
		const told = Math.round((sample.durationTicks * OPUS_RATE) / TICKS_PER_SECOND);
		return opusSamples(sample.data) ?? Math.max(1, told);
	}

	#ticks(time: number): number {
		return rescale(time, this.#rate, TICKS_PER_SECOND);
	}
}
