/** The contract between a stream and whoever takes pictures out of it. @module */
import type { AccessUnit } from "@vigia/rtp";

/** The only pictures that the hub can hand on so far. */
export type H264AccessUnit = AccessUnit & { readonly codec: "h264" };

/**
 * An access unit as the hub hands it on: whole, in order, with the parameter sets in front of every IDR picture.
 * Shared by all readers and by the GOP cache: nobody writes into it.
 */
export interface StreamUnit extends H264AccessUnit {
	/** 90 kHz ticks on the stream's own clock: always rises, also over a restart of the camera. Not wrapped. */
	readonly timestamp: number;
	/** When its last packet arrived: {@link Clock.nowMs}. */
	readonly arrivalMs: number;
	/**
	 * RTP payloads of at most {@link MAX_RTP_PAYLOAD_BYTES}, RFC 6184 packetization-mode 1; the marker belongs on the
	 * last one. Made when the first reader asks, then shared.
	 */
	readonly payloads: readonly Uint8Array[];
}

/** Leaves room for RTP, SRTP, UDP and a tunnel or two in an MTU of 1280-1500 bytes. */
export const MAX_RTP_PAYLOAD_BYTES = 1200;

export interface Reader {
	/**
	 * Takes one access unit. Must return at once: a reader that cannot keep up drops to the next random access unit by
	 * itself and counts it. A reader that throws is detached.
	 */
	push(unit: StreamUnit): void;
}

/** A reader's hold on a stream. */
export interface Attachment {
	/** The access units since the last random access point, oldest first: empty before the first one. */
	readonly gop: readonly StreamUnit[];
	/** Lets go; safe to call twice. */
	detach(): void;
}

/** What an output needs of a stream. Attaching wakes a stream that is pulled on demand. */
export interface ReadableStreamSource {
	attach(reader: Reader): Attachment;
	/** The current GOP for a reader that lost its start (PLI, FIR, refresh). */
	currentGop(): readonly StreamUnit[];
}

/** What an output needs of the cameras: the stream of a camera, or `undefined` if there is none. */
export interface StreamDirectory {
	stream(cameraId: string, name: "main" | "sub"): ReadableStreamSource | undefined;
	hasCamera(cameraId: string): boolean;
}
