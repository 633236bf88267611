/** A client's RTSP connection as the way to it: answers, and packets between them. RFC 2326 section 10.12. @module */
import type { Socket } from "node:net";
import { writeInterleavedHeaderAt } from "@vigia/rtsp";
import type { Clock, Timer } from "../../platform/clock.ts";
import type { MediaCarrier } from "./media-carrier.ts";

/** No packets are added while so much waits in this process: what comes waits as pictures, which can be skipped. */
export const MAX_UNSENT_BYTES: number = 128 * 1024;
/** Answers and reports are added all the same. A client that asks and asks and never reads is cut off here. */
export const MAX_UNSENT_WITH_ANSWERS_BYTES: number = 512 * 1024;
/** A client that does not take what waits within so long, in ms, is gone or will never keep up. */
export const STALLED_AFTER_MS = 10_000;
/** Packets that go to the system in one call. */
const CHUNK_BYTES = 16 * 1024;
const HEADER_BYTES = 4;

export interface InterleavedPipeOptions {
	readonly socket: Socket;
	readonly clock: Clock;
	/** Packets are taken again. */
	readonly onRoom: () => void;
	/** The client does not read: it is to be cut off. */
	readonly onStalled: () => void;
}

export class InterleavedPipe {
	readonly #options: InterleavedPipeOptions;
	#chunk: Buffer | undefined;
	#used = 0;
	#stallTimer: Timer | undefined;
	/** {@link Clock.nowMs} when the client last took packets; `undefined` before. */
	takenAtMs: number | undefined;

	constructor(options: InterleavedPipeOptions) {
		this.#options = options;
		options.socket.on("drain", () => {
			this.#stallTimer?.cancel();
			this.#stallTimer = undefined;
			this.takenAtMs = options.clock.nowMs();
			options.onRoom();
		});
	}

	/** Sends an answer; the buffer is the pipe's. */
	write(bytes: Uint8Array): void {
		this.#write(bytes);
		if (this.#options.socket.writableLength > MAX_UNSENT_WITH_ANSWERS_BYTES) this.#options.onStalled();
	}

	/** A track's way on these channels: RTP, RTCP. */
	carrier([rtp, rtcp]: readonly [number, number]): MediaCarrier {
		return {
			isFull: () => this.#isFull(),
			sendRtp: (packet) => this.#add(rtp, packet),
			sendRtcp: (packet) => this.#add(rtcp, packet),
			flush: () => this.#flush(),
		};
	}

	/** Stops the timer. */
	close(): void {
		this.#stallTimer?.cancel();
		this.#stallTimer = undefined;
	}

	#isFull(): boolean {
		return this.#options.socket.writableLength + this.#used >= MAX_UNSENT_BYTES;
	}

	#add(channel: number, packet: Uint8Array): void {
		const sizeBytes = HEADER_BYTES + packet.length;
		if (this.#used + sizeBytes > CHUNK_BYTES) this.#send();
		const chunk = (this.#chunk ??= Buffer.allocUnsafe(CHUNK_BYTES));
		writeInterleavedHeaderAt(chunk, this.#used, channel, packet.length);
		chunk.set(packet, this.#used + HEADER_BYTES);
		this.#used += sizeBytes;
	}

	#send(): void {
		if (!this.#chunk || this.#used === 0) return;
		// The system may take the bytes later, and the chunk is written into again.
		const bytes = Buffer.from(this.#chunk.subarray(0, this.#used));
		this.#used = 0;
		this.#write(bytes);
	}

	#flush(): void {
		this.#send();
		const { clock, onStalled } = this.#options;
		if (!this.#isFull()) this.takenAtMs = clock.nowMs();
		else this.#stallTimer ??= clock.after(STALLED_AFTER_MS, onStalled);
	}

	#write(bytes: Uint8Array): void {
		const { socket } = this.#options;
		if (!socket.destroyed && !socket.writableEnded) socket.write(bytes);
	}
}
