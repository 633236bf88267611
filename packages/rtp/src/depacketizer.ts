/** What all depacketizers have in common. @module */
import type { MediaUnit } from "./access-unit.ts";
import type { RtpPacket } from "./rtp-packet.ts";

/** What a session description says of a track's payload format. */
export interface RtpFormat {
	/** The encoding name in capitals: `H264`, `MPEG4-GENERIC`, `PCMA`. */
	readonly encoding: string;
	/** Units of the RTP timestamp per second. */
	readonly clockRate: number;
	/** Audio channels; 1 where the description does not say. */
	readonly channels: number;
	/** Format parameters, names in lower case. */
	readonly formatParameters: ReadonlyMap<string, string>;
	/** `a=x-dimensions` or `a=framesize`, in pixels: JPEG's own header cannot name sizes above 2040. */
	readonly dimensions: { readonly width: number; readonly height: number } | undefined;
}

/** Receives each complete, undamaged unit from within `push` or `flush`. */
export type OnMediaUnit<Unit extends MediaUnit = MediaUnit> = (unit: Unit) => void;

/** Puts the packets of one track, given in their order, together. Never throws: what is wrong is counted. */
export interface Depacketizer {
	/** Units dropped because something of them is missing or broken. */
	readonly damagedUnits: number;
	/** Payloads that are cut off, lie about lengths or belong to another format. */
	readonly malformedPayloads: number;
	/**
	 * Takes the next packet; its payload may be overwritten afterwards.
	 * @param lostBefore how many packets are missing directly before this one; anything but 0 means that something may
	 * be missing.
	 */
	push(packet: RtpPacket, lostBefore: number): void;
	/** No further packet follows: gives what is complete and forgets the rest. */
	flush(): void;
}
