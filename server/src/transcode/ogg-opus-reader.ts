/** Reads what FFmpeg writes: Ogg (RFC 3533) with Opus (RFC 7845), packets with their times. @module */
import { opusSamples } from "@vigia/rtp";
import { ByteQueue } from "./byte-queue.ts";

export interface OpusPacket {
	/** Its bytes are the receiver's. */
	readonly data: Uint8Array;
	/** Of its first sample, in samples at 48 kHz on the time line that went into FFmpeg. */
	readonly startSamples: number;
	/** How long it sounds. */
	readonly samples: number;
}

const PAGE_HEADER_BYTES = 27;
const SEGMENT_BYTES = 255;
/** The identification and the comment header: RFC 7845 section 3. */
const HEADER_PACKETS = 2;
const PRE_SKIP_OFFSET = 10;

export class OggOpusReader {
	readonly #queue = new ByteQueue();
	#headersLeft = HEADER_PACKETS;
	#preSkip = 0;
	/** Parts of a packet that goes on in the next page. */
	#open: Uint8Array[] = [];

	/** Takes the bytes over; gives the packets that are complete. A page has at most 64 KiB. */
	push(bytes: Uint8Array): OpusPacket[] {
		this.#queue.push(bytes);
		const found: OpusPacket[] = [];
		for (;;) {
			const head = this.#queue.peek();
			if (head.length < PAGE_HEADER_BYTES) return found;
			const segments = head[26] ?? 0;
			let bodyBytes = 0;
			for (let i = 0; i < segments; i++) bodyBytes += head[PAGE_HEADER_BYTES + i] ?? 0;
			const pageBytes = PAGE_HEADER_BYTES + segments + bodyBytes;
			if (head.length < PAGE_HEADER_BYTES + segments || head.length < pageBytes) return found;
			this.#readPage(this.#queue.take(pageBytes), segments, found);
		}
	}

	#readPage(page: Uint8Array, segments: number, found: OpusPacket[]): void {
		const packets: Uint8Array[] = [];
		let start = PAGE_HEADER_BYTES + segments;
		let at = start;
		for (let i = 0; i < segments; i++) {
			const length = page[PAGE_HEADER_BYTES + i] ?? 0;
			at += length;
			if (length === SEGMENT_BYTES) continue;
			packets.push(this.#closePacket(page.subarray(start, at)));
			start = at;
		}
		if (at > start) this.#open.push(page.subarray(start, at));
		// RFC 7845 section 4: the granule position is the end of the page's last packet, with the pre-skip in front.
		let endSamples = granuleOf(page) - this.#preSkip;
		const timed: OpusPacket[] = [];
		for (const data of packets.toReversed()) {
			if (this.#headersLeft > 0) break;
			const samples = opusSamples(data);
			if (samples === undefined) continue;
			endSamples -= samples;
			timed.push({ data, startSamples: endSamples, samples });
		}
		found.push(...timed.toReversed());
		if (this.#headersLeft > 0) for (const data of packets) this.#readHeader(data);
	}

	#closePacket(last: Uint8Array): Uint8Array {
		if (this.#open.length === 0) return last;
		const packet = Buffer.concat([...this.#open, last]);
		this.#open = [];
		return packet;
	}

	#readHeader(packet: Uint8Array): void {
		if (this.#headersLeft === HEADER_PACKETS) {
			this.#preSkip = (packet[PRE_SKIP_OFFSET] ?? 0) | ((packet[PRE_SKIP_OFFSET + 1] ?? 0) << 8);
		}
		this.#headersLeft--;
	}
}

/** A signed number of 64 bits, little-endian, far below 2^53 here. */
function granuleOf(page: Uint8Array): number {
	return Number(new DataView(page.buffer, page.byteOffset).getBigInt64(6, true));
}
