/** Writes pictures as CMAF chunks: ISO/IEC 23000-19 sections 7.3.2.3 and 9, ISO/IEC 14496-15. @module */
import { CHUNK_HEADER_BYTES, writeChunk } from "./chunk.ts";
import type { VideoSample, Written } from "./contract.ts";
import { DecodeClock } from "./decode-clock.ts";
import { belongsInSample, type VideoSetup, videoSetupOf } from "./video-setup.ts";

/** Of the length in front of each NAL unit: ISO/IEC 14496-15 section 5.3.2. */
const NAL_LENGTH_BYTES = 4;

/**
 * Writes one track. Parameter sets stand in the header only (`avc1`, `hvc1`), so that changed ones give a new header;
 * decode times go on over it.
 */
export class VideoTrackWriter {
	#setup: VideoSetup | undefined;
	readonly #clock = new DecodeClock();
	#sequenceNumber = 0;

	/**
	 * Takes the next picture in decoding order and writes it into bytes of its own. Undefined before the first random
	 * access point with readable parameter sets, also after a change of codec, and for a picture without slices.
	 */
	push(sample: VideoSample): Written | undefined {
		const before = this.#setup;
		if (sample.randomAccess) this.#setup = videoSetupOf(sample, before);
		else if (before?.codec !== sample.codec) this.#setup = undefined;
		const setup = this.#setup;
		const sampleBytes = sampleBytesOf(sample);
		if (!setup || sampleBytes === 0) {
			// The header that no chunk came with is not lost.
			this.#setup = setup && before;
			return undefined;
		}
		if (setup !== before) this.#clock.start(setup.reorderDepth, setup.framesPerSecond);
		const clock = this.#clock;
		clock.advance(sample.presentation, sample.randomAccess);
		this.#sequenceNumber = (this.#sequenceNumber + 1) >>> 0;
		const bytes = writeChunk({
			sequenceNumber: this.#sequenceNumber,
			decodeTime: clock.decodeTicks,
			duration: clock.durationTicks,
			compositionOffset: clock.presentationTicks - clock.decodeTicks,
			isSync: sample.randomAccess,
			sampleBytes,
		});
		writeNalUnits(sample, bytes);
		return {
			init: setup === before ? undefined : setup.init,
			chunk: {
				bytes,
				decodeTicks: clock.decodeTicks,
				presentationTicks: clock.presentationTicks,
				durationTicks: clock.durationTicks,
				randomAccess: sample.randomAccess,
			},
		};
	}
}

function sampleBytesOf({ codec, nalUnits }: VideoSample): number {
	let sum = 0;
	for (const nal of nalUnits) if (belongsInSample(codec, nal)) sum += NAL_LENGTH_BYTES + nal.length;
	return sum;
}

function writeNalUnits({ codec, nalUnits }: VideoSample, bytes: Uint8Array): void {
	const view = new DataView(bytes.buffer);
	let at = CHUNK_HEADER_BYTES;
	for (const nal of nalUnits) {
		if (!belongsInSample(codec, nal)) continue;
		view.setUint32(at, nal.length);
		bytes.set(nal, at + NAL_LENGTH_BYTES);
		at += NAL_LENGTH_BYTES + nal.length;
	}
}
