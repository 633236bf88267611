/** Puts H.264 access units together from RTP packets: RFC 6184. @module */
import type { AccessUnit } from "./access-unit.ts";
import { findStartCode, isFirstSliceOfPicture, isVclNalType, NAL_TYPE, nalTypeOf, splitAnnexB } from "./h264-nal.ts";
import type { RtpPacket } from "./rtp-packet.ts";

/** Receives each complete, undamaged access unit during {@link H264Depacketizer.push} or `flush`. */
export type OnAccessUnit = (unit: AccessUnit) => void;

/** Most bytes of one access unit: far above any camera's key frame, and what gortsplib allows. */
export const MAX_ACCESS_UNIT_BYTES = 8_388_608;
/** Most NAL units of one access unit: cameras send up to some dozens of slices. */
export const MAX_ACCESS_UNIT_NAL_UNITS = 512;

const FU_HEADER_BYTES = 2;
const FU_START_BIT = 0x80;
const FU_END_BIT = 0x40;
const NAL_TYPE_MASK = 0x1f;
const STAP_SIZE_BYTES = 2;
/** Subset SPS, the last type that can matter to decoders of the base layer: ITU-T H.264 table 7-1. */
const LAST_KEPT_NAL_TYPE = 15;
/** No RTP timestamp is negative. */
const NO_TIMESTAMP = -1;
/** First size of the buffer in which fragments meet; it grows with the largest fragmented NAL unit. */
const FRAGMENT_BUFFER_BYTES = 16_384;

/**
 * Whether the marker bit ends access units. Some cameras set it on every slice, on SEI or never, so the first picture
 * waits for the packet behind it, which shows whether the marker was right.
 */
type MarkerTrust = "unproven" | "trusted" | "wrong";

/**
 * Collects the packets of one H.264 track, in their order, into access units. Gives complete ones only: a unit of which
 * a slice is missing is dropped whole and counted. Where whole units are lost, or NAL units before the first slice,
 * nothing tells but `lostPackets`.
 *
 * The very first access unit is given when the packet behind it arrives or at {@link flush}; later ones at once, as long
 * as the sender's marker bits are right.
 */
export class H264Depacketizer {
	/** Access units given. */
	accessUnits = 0;
	/** Access units dropped because a slice of them is missing. */
	damagedAccessUnits = 0;
	/** Intact access units dropped while waiting for an IDR after an overflow. */
	skippedAccessUnits = 0;
	/** Packets that the caller reported as missing. */
	lostPackets = 0;
	/** STAP-B, MTAP and FU-B payloads, which packetization mode 1 forbids: RFC 6184 section 6.3. */
	unsupportedPayloads = 0;
	/** Aggregation and fragmentation units that are cut off. */
	malformedPayloads = 0;
	/** Times that an access unit grew beyond {@link MAX_ACCESS_UNIT_BYTES} or {@link MAX_ACCESS_UNIT_NAL_UNITS}. */
	overflows = 0;

	readonly #onAccessUnit: OnAccessUnit;
	/** NAL units of the picture being collected, with those before it. */
	#nalUnits: Uint8Array[] = [];
	/** NAL units without picture data since the picture's last slice: they belong to the next picture, if one comes. */
	#prefix: Uint8Array[] = [];
	#sizeBytes = 0;
	/** A slice of the picture arrived, whole or not. */
	#hasPicture = false;
	#damaged = false;
	/** A marker that is not trusted yet came with the picture's last slice. */
	#markerHeld = false;
	#markerTrust: MarkerTrust = "unproven";
	/** Timestamp of the last access unit if a marker ended it and no packet was lost since, else NO_TIMESTAMP. */
	#markerEndTimestamp = NO_TIMESTAMP;
	/** Of the picture, or of the open fragmentation unit. */
	#timestamp = 0;
	#ssrc: number | undefined;
	#awaitingIdr = false;
	/** Where fragmented NAL units are put together; kept from one to the next. */
	#fragments: Uint8Array = new Uint8Array(0);
	/** Bytes of the open fragmentation unit with its NAL header; 0 when none is open. */
	#fragmentBytes = 0;

	constructor(onAccessUnit: OnAccessUnit) {
		this.#onAccessUnit = onAccessUnit;
	}

	/** False once the sender's marker bits are known to be wrong; its access units then end one packet later. */
	get trustsMarkers(): boolean {
		return this.#markerTrust !== "wrong";
	}

	/**
	 * Takes the next packet. Its payload is copied where needed, so the caller may overwrite it afterwards.
	 * @param lostBefore how many packets are missing directly before this one. Anything but 0 means that something may be
	 * missing, so the result of `RtpReceiver.push` fits unless it is `RTP_DROP`.
	 */
	push(packet: RtpPacket, lostBefore: number): void {
		if (packet.ssrc !== this.#ssrc) {
			if (this.#ssrc !== undefined) this.#endRun();
			this.#ssrc = packet.ssrc;
		}
		if (lostBefore !== 0) this.#noteLoss(lostBefore);
		if (packet.payload.length === 0) return;
		if (packet.timestamp !== this.#timestamp && (this.#hasPicture || this.#fragmentBytes > 0)) {
			this.#dropFragments();
			if (this.#hasPicture) this.#endAccessUnit(false);
		}
		this.#takePayload(packet.payload, packet.timestamp);
		if (packet.marker && this.#hasPicture && this.#fragmentBytes === 0) {
			if (this.#markerTrust === "trusted") this.#endAccessUnit(true);
			else this.#markerHeld = true;
		}
	}

	/** Gives the access unit that waits for its end, if it can be complete, and forgets the rest. */
	flush(): void {
		this.#endRun();
		this.#ssrc = undefined;
	}

	/** No further packet of this source follows: what waits is complete or will never be. */
	#endRun(): void {
		this.#dropFragments();
		// A sender with true markers has not finished a picture whose marker is missing.
		if (this.#hasPicture && this.#markerTrust === "trusted") this.#damaged = true;
		// The end of the packets proves nothing about a marker before it.
		this.#markerHeld = false;
		if (this.#hasPicture) this.#endAccessUnit(false);
		this.#clear();
		this.#markerEndTimestamp = NO_TIMESTAMP;
	}

	#noteLoss(lostBefore: number): void {
		this.lostPackets += Math.max(0, lostBefore);
		this.#markerEndTimestamp = NO_TIMESTAMP;
		this.#dropFragments();
		if (this.#hasPicture) this.#damaged = true;
	}

	#takePayload(payload: Uint8Array, timestamp: number): void {
		const payloadType = nalTypeOf(payload);
		if (payloadType !== NAL_TYPE.fuA) this.#dropFragments();
		switch (payloadType) {
			case NAL_TYPE.fuA:
				this.#takeFragment(payload, timestamp);
				return;
			case NAL_TYPE.stapA:
				this.#takeAggregate(payload, timestamp);
				return;
			case NAL_TYPE.stapB:
			case NAL_TYPE.mtap16:
			case NAL_TYPE.mtap24:
			case NAL_TYPE.fuB:
				this.unsupportedPayloads++;
				this.#damagePicture(timestamp);
				return;
			default:
				// RFC 6184 section 5.6. A type 0 can be the first byte of a start code, which some cameras send.
				this.#takeBytes(payload, timestamp, true);
		}
	}

	/** STAP-A: RFC 6184 section 5.7.1. Keeps what is whole: cameras pad with zeros and lie about sizes. */
	#takeAggregate(payload: Uint8Array, timestamp: number): void {
		let at = 1;
		while (at + STAP_SIZE_BYTES <= payload.length) {
			const size = ((payload[at] ?? 0) << 8) | (payload[at + 1] ?? 0);
			at += STAP_SIZE_BYTES;
			if (at + size > payload.length) {
				this.malformedPayloads++;
				return;
			}
			if (size > 0) this.#takeBytes(payload.subarray(at, at + size), timestamp, true);
			at += size;
		}
	}

	/** FU-A: RFC 6184 section 5.8. */
	#takeFragment(payload: Uint8Array, timestamp: number): void {
		if (payload.length < FU_HEADER_BYTES) {
			this.malformedPayloads++;
			return;
		}
		const indicator = payload[0] ?? 0;
		const fuHeader = payload[1] ?? 0;
		if ((fuHeader & FU_START_BIT) !== 0) {
			this.#dropFragments();
			this.#timestamp = timestamp;
			// The type counts from the first fragment only: some cameras change it on the way.
			if (!this.#append(payload.subarray(0, 1))) return;
			this.#fragments[0] = (indicator & ~NAL_TYPE_MASK) | (fuHeader & NAL_TYPE_MASK);
		} else if (this.#fragmentBytes === 0) {
			if (isVclNalType(fuHeader & NAL_TYPE_MASK)) this.#damagePicture(timestamp);
			return;
		}
		if (!this.#append(payload.subarray(FU_HEADER_BYTES))) return;
		// RFC 6184 section 5.8 forbids a start that is also the end, but some cameras send it.
		if ((fuHeader & FU_END_BIT) === 0) return;
		const nal = this.#fragments.slice(0, this.#fragmentBytes);
		this.#sizeBytes -= this.#fragmentBytes;
		this.#fragmentBytes = 0;
		this.#takeBytes(nal, timestamp, false);
	}

	#append(bytes: Uint8Array): boolean {
		if (!this.#makeRoom(bytes.length)) return false;
		const needed = this.#fragmentBytes + bytes.length;
		if (needed > this.#fragments.length) {
			const doubled = Math.min(2 * this.#fragments.length, MAX_ACCESS_UNIT_BYTES);
			const grown = new Uint8Array(Math.max(FRAGMENT_BUFFER_BYTES, doubled, needed));
			grown.set(this.#fragments.subarray(0, this.#fragmentBytes));
			this.#fragments = grown;
		}
		this.#fragments.set(bytes, this.#fragmentBytes);
		this.#fragmentBytes = needed;
		this.#sizeBytes += bytes.length;
		return true;
	}

	/** Discards the open fragmentation unit: its end is missing. Without an SEI a picture is still whole. */
	#dropFragments(): void {
		if (this.#fragmentBytes === 0) return;
		const nalType = nalTypeOf(this.#fragments);
		this.#sizeBytes -= this.#fragmentBytes;
		this.#fragmentBytes = 0;
		if (isVclNalType(nalType)) this.#damagePicture(this.#timestamp);
	}

	/** Takes one NAL unit, or several with start codes between them, which some cameras send as one. */
	#takeBytes(bytes: Uint8Array, timestamp: number, copy: boolean): void {
		if (findStartCode(bytes, 0) < 0) {
			this.#takeNalUnit(bytes, timestamp, copy);
			return;
		}
		for (const nal of splitAnnexB(bytes)) this.#takeNalUnit(nal, timestamp, true);
	}

	#takeNalUnit(nal: Uint8Array, timestamp: number, copy: boolean): void {
		const nalType = nalTypeOf(nal);
		if (!isKept(nal, nalType)) return;
		const isVcl = isVclNalType(nalType);
		if (isVcl) this.#openPicture(isFirstSliceOfPicture(nal), timestamp);
		if (!this.#makeRoom(nal.length)) return;
		this.#sizeBytes += nal.length;
		this.#prefix.push(copy ? nal.slice() : nal);
		if (!isVcl) return;
		for (const part of this.#prefix) this.#nalUnits.push(part);
		this.#prefix = [];
	}

	/** Finds out whether a slice belongs to the picture being collected, and ends that one if not. */
	#openPicture(isFirstSlice: boolean, timestamp: number): void {
		if (this.#hasPicture && isFirstSlice) this.#endAccessUnit(false);
		if (this.#hasPicture) {
			// The picture goes on after a marker, so the sender's markers do not end pictures.
			if (this.#markerHeld) this.#markerTrust = "wrong";
			return;
		}
		if (!isFirstSlice) {
			this.#damaged = true;
			if (timestamp === this.#markerEndTimestamp) this.#markerTrust = "wrong";
		}
		this.#hasPicture = true;
		this.#timestamp = timestamp;
	}

	/** Something of a picture was there and is lost. */
	#damagePicture(timestamp: number): void {
		this.#hasPicture = true;
		this.#damaged = true;
		this.#timestamp = timestamp;
	}

	#endAccessUnit(byMarker: boolean): void {
		const nalUnits = this.#nalUnits;
		const damaged = this.#damaged;
		if (this.#markerHeld && !damaged) this.#markerTrust = this.#markerTrust === "unproven" ? "trusted" : "wrong";
		this.#nalUnits = [];
		this.#hasPicture = false;
		this.#damaged = false;
		this.#markerHeld = false;
		this.#markerEndTimestamp = byMarker ? this.#timestamp : NO_TIMESTAMP;
		const randomAccess = nalUnits.some((nal) => nalTypeOf(nal) === NAL_TYPE.idr);
		if (damaged || (this.#awaitingIdr && !randomAccess)) {
			if (damaged) this.damagedAccessUnits++;
			else this.skippedAccessUnits++;
			this.#keepParameterSets(nalUnits);
			this.#countBytes();
			return;
		}
		this.#awaitingIdr = false;
		this.#countBytes();
		this.accessUnits++;
		const sizeBytes = nalUnits.reduce((sum, nal) => sum + nal.length, 0);
		this.#onAccessUnit({ codec: "h264", nalUnits, rtpTimestamp: this.#timestamp, randomAccess, sizeBytes });
	}

	/** The parameter sets of a dropped access unit are whole and may be the only ones for long: the next one takes them. */
	#keepParameterSets(nalUnits: readonly Uint8Array[]): void {
		const kept: Uint8Array[] = [];
		for (const nal of nalUnits) {
			const nalType = nalTypeOf(nal);
			if (nalType !== NAL_TYPE.sps && nalType !== NAL_TYPE.pps) continue;
			if (!kept.some((other) => sameBytes(other, nal))) kept.push(nal);
		}
		this.#prefix = [...kept, ...this.#prefix];
	}

	/** Without a picture only the prefix and the open fragmentation unit take up room. */
	#countBytes(): void {
		this.#sizeBytes = this.#fragmentBytes + this.#prefix.reduce((sum, nal) => sum + nal.length, 0);
	}

	/** False, and everything is dropped until the next IDR, when so many bytes more would be too much. */
	#makeRoom(bytes: number): boolean {
		const nalUnitCount = this.#nalUnits.length + this.#prefix.length;
		if (this.#sizeBytes + bytes <= MAX_ACCESS_UNIT_BYTES && nalUnitCount < MAX_ACCESS_UNIT_NAL_UNITS) return true;
		const timestamp = this.#timestamp;
		this.overflows++;
		this.#clear();
		this.#awaitingIdr = true;
		this.#damagePicture(timestamp);
		return false;
	}

	#clear(): void {
		this.#nalUnits = [];
		this.#prefix = [];
		this.#sizeBytes = 0;
		this.#fragmentBytes = 0;
		this.#hasPicture = false;
		this.#damaged = false;
		this.#markerHeld = false;
	}
}

/**
 * Everything but delimiters, filler, types that mean nothing to a plain H.264 decoder (ITU-T H.264 table 7-1) and
 * headers without a body, which splitting at start codes can leave over.
 */
function isKept(nal: Uint8Array, nalType: number): boolean {
	if (nalType === NAL_TYPE.endOfSequence || nalType === NAL_TYPE.endOfStream) return true;
	if (nalType === NAL_TYPE.accessUnitDelimiter || nalType === NAL_TYPE.filler) return false;
	return nalType >= NAL_TYPE.slice && nalType <= LAST_KEPT_NAL_TYPE && nal.length > 1;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
	return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
