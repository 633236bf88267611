/** The sound of a connection: one track behind which cameras are switched without renegotiation. @module */
import { AUDIO_PAYLOAD_TYPES } from "../../platform/datachannel-tracks.ts";
import type { Attachment, AudioFormat, AudioUnit, ReadableStreamSource, Reader } from "../../streams/reader.ts";
import { MAX_RTP_PAYLOAD_BYTES } from "../../streams/reader.ts";
import { TICKS_PER_MS } from "../../streams/timeline.ts";
import { RtpWriter } from "./rtp-writer.ts";

/** The media section of the sound. */
export const AUDIO_MID = "sound";
/** Sound that is this much off its count of samples, in ms, had a gap: below it, only the clock's jitter. */
export const RESYNC_MS = 100;

/** What takes the packets; it copies them before it returns. */
export interface AudioSink {
	readonly ssrc: number;
	send(packet: Uint8Array): boolean;
}

export interface AudioSenderOptions {
	readonly track: AudioSink;
	/** First sequence number, 16 bits, and timestamp, 32 bits: random, RFC 3550 section 5.1. */
	readonly sequenceNumber: number;
	readonly timestamp: number;
}

export class AudioSender implements Reader {
	readonly #writer: RtpWriter;
	#attachment: Attachment | undefined;
	#source: ReadableStreamSource | undefined;
	#open = false;
	#format: AudioFormat | undefined;
	/** The RTP timestamp of the next frame if none is missing, in ticks of the codec's clock, not cut to 32 bits. */
	#nextRtp: number;
	/** From the hub's ticks to this track's. */
	#offset = 0;
	/** The next packet begins a talk spurt: RFC 3551 section 4.1. */
	#marker = true;

	constructor({ track, sequenceNumber, timestamp }: AudioSenderOptions) {
		const { ssrc } = track;
		const sink = { ssrc, payloadType: AUDIO_PAYLOAD_TYPES.opus, send: (packet: Uint8Array) => track.send(packet) };
		this.#writer = new RtpWriter(sink, sequenceNumber);
		this.#nextRtp = timestamp;
	}

	/** Lets another stream be heard, or none. */
	setSource(source: ReadableStreamSource | undefined): void {
		if (source === this.#source) return;
		this.#attachment?.detach();
		this.#source = source;
		this.#format = undefined;
		this.#attachment = source?.attach(this);
	}

	/** The track may send from now on. */
	open(): void {
		this.#open = true;
	}

	close(): void {
		this.#open = false;
		this.setSource(undefined);
	}

	/** Pictures go their own way. */
	push(): void {}

	pushAudio(unit: AudioUnit): void {
		const { format, data } = unit;
		const payloadType = payloadTypeOf(format);
		if (!this.#open || payloadType === undefined || data.length === 0) return;
		const ticksPerSample = (TICKS_PER_MS * 1000) / format.clockRate;
		if (format !== this.#format) {
			this.#format = format;
			this.#writer.payloadType = payloadType;
			this.#marker = true;
			this.#offset = this.#nextRtp - unit.timestamp / ticksPerSample;
		}
		const expected = unit.timestamp / ticksPerSample + this.#offset;
		if (Math.abs(expected - this.#nextRtp) > (RESYNC_MS * format.clockRate) / 1000) {
			this.#nextRtp = Math.max(this.#nextRtp, Math.round(expected));
			this.#offset = this.#nextRtp - unit.timestamp / ticksPerSample;
			this.#marker = true;
		}
		if (format.codec === "opus") this.#send(data, Math.round(unit.durationTicks / ticksPerSample));
		// A sample of G.711 is a byte, and may be cut from the next one anywhere.
		else
			for (let at = 0; at < data.length; at += MAX_RTP_PAYLOAD_BYTES) {
				const part = data.length <= MAX_RTP_PAYLOAD_BYTES ? data : data.subarray(at, at + MAX_RTP_PAYLOAD_BYTES);
				this.#send(part, part.length);
			}
	}

	#send(payload: Uint8Array, samples: number): void {
		if (payload.length <= MAX_RTP_PAYLOAD_BYTES) this.#writer.send(payload, this.#nextRtp, this.#marker);
		this.#marker = false;
		this.#nextRtp += samples;
	}
}

/** RFC 3551 section 6: the static payload types of G.711 are one channel of 8 kHz. */
function payloadTypeOf({ codec, clockRate, channels }: AudioFormat): number | undefined {
	if (codec === "opus") return AUDIO_PAYLOAD_TYPES.opus;
	if (codec !== "pcmu" && codec !== "pcma") return undefined;
	return clockRate === 8000 && channels === 1 ? AUDIO_PAYLOAD_TYPES[codec] : undefined;
}
