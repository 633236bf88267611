/** Writes the RTP packets of one track: RFC 3550 section 5.1. @module */
import { RTP_HEADER_BYTES, writeRtpHeader } from "@vigia/rtp";
import { MAX_RTP_PAYLOAD_BYTES } from "../../streams/reader.ts";

/** What takes the packets; it copies them before it returns. */
export interface PacketSink {
	readonly ssrc: number;
	readonly payloadType: number;
	/** False when it did not take the packet. One that is lost after it was taken is the receiver's to ask for. */
	send(packet: Uint8Array): boolean;
}

/** Every packet of the process is written here: the sink has copied it before the next one is written. */
const scratch = new Uint8Array(RTP_HEADER_BYTES + MAX_RTP_PAYLOAD_BYTES);
/** A view of the scratch bytes for each packet size, made once, so that a packet allocates nothing. */
const views: (Uint8Array | undefined)[] = [];

/** Puts a sink's own header in front of shared payloads: its sequence numbers go on whatever the content. */
export class RtpWriter {
	readonly #sink: PacketSink;
	readonly #fields: {
		payloadType: number;
		readonly ssrc: number;
		marker: boolean;
		sequenceNumber: number;
		timestamp: number;
	};

	/** `sequenceNumber` is the first one to be used: RFC 3550 section 5.1 wants it random. */
	constructor(sink: PacketSink, sequenceNumber: number) {
		this.#sink = sink;
		this.#fields = {
			payloadType: sink.payloadType,
			ssrc: sink.ssrc,
			marker: false,
			sequenceNumber: sequenceNumber & 0xffff,
			timestamp: 0,
		};
	}

	/** Of the next packet. */
	get sequenceNumber(): number {
		return this.#fields.sequenceNumber;
	}

	/** The next packets are of this payload type: sound changes its codec with the camera. */
	set payloadType(payloadType: number) {
		this.#fields.payloadType = payloadType;
	}

	/**
	 * Sends one packet and returns its size in bytes, 0 when the sink did not take it: its sequence number is then the
	 * next one's. `timestamp` is in ticks of the payload's clock and is cut to 32 bits.
	 */
	send(payload: Uint8Array, timestamp: number, marker: boolean): number {
		const fields = this.#fields;
		fields.marker = marker;
		fields.timestamp = timestamp;
		writeRtpHeader(scratch, fields);
		scratch.set(payload, RTP_HEADER_BYTES);
		const sizeBytes = RTP_HEADER_BYTES + payload.length;
		let view = views[sizeBytes];
		if (!view) {
			view = scratch.subarray(0, sizeBytes);
			views[sizeBytes] = view;
		}
		if (!this.#sink.send(view)) return 0;
		fields.sequenceNumber = (fields.sequenceNumber + 1) & 0xffff;
		return sizeBytes;
	}
}
