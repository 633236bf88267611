/** The sound of a connection: one track behind which cameras are switched without renegotiation. @module */
import { AUDIO_PAYLOAD_TYPES } from "../../platform/datachannel-tracks.ts";
import type { Attachment, AudioFormat, AudioUnit, ReadableStreamSource, Reader } from "../../streams/reader.ts";
import { MAX_RTP_PAYLOAD_BYTES } from "../../streams/reader.ts";
import { TICKS_PER_MS } from "../../streams/timeline.ts";
import { AudioTimeline } from "../rtp/audio-timeline.ts";
import { RtpWriter } from "../rtp/rtp-writer.ts";

/** The media section of the sound. */
export const AUDIO_MID = "sound";

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
	readonly #timeline: AudioTimeline;

	constructor({ track, sequenceNumber, timestamp }: AudioSenderOptions) {
		const { ssrc } = track;
		const sink = { ssrc, payloadType: AUDIO_PAYLOAD_TYPES.opus, send: (packet: Uint8Array) => track.send(packet) };
		this.#writer = new RtpWriter(sink, sequenceNumber);
		this.#timeline = new AudioTimeline(timestamp);
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
		if (format !== this.#format) {
			this.#format = format;
			this.#writer.payloadType = payloadType;
			this.#timeline.align(unit.timestamp, format.clockRate);
		}
		this.#timeline.begin(unit.timestamp);
		if (format.codec === "opus") {
			this.#send(data, Math.round((unit.durationTicks * format.clockRate) / (TICKS_PER_MS * 1000)));
			return;
		}
		// A sample of G.711 is a byte, and may be cut from the next one anywhere.
		for (let at = 0; at < data.length; at += MAX_RTP_PAYLOAD_BYTES) {
			const part = data.length <= MAX_RTP_PAYLOAD_BYTES ? data : data.subarray(at, at + MAX_RTP_PAYLOAD_BYTES);
			this.#send(part, part.length);
		}
	}

	#send(payload: Uint8Array, samples: number): void {
		const { next, isSpurt } = this.#timeline;
		if (payload.length <= MAX_RTP_PAYLOAD_BYTES) this.#writer.send(payload, next, isSpurt);
		this.#timeline.advance(samples);
	}
}

/** RFC 3551 section 6: the static payload types of G.711 are one channel of 8 kHz. */
function payloadTypeOf({ codec, clockRate, channels }: AudioFormat): number | undefined {
	if (codec === "opus") return AUDIO_PAYLOAD_TYPES.opus;
	if (codec !== "pcmu" && codec !== "pcma") return undefined;
	return clockRate === 8000 && channels === 1 ? AUDIO_PAYLOAD_TYPES[codec] : undefined;
}
