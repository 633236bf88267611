/** Takes the NAL units out of RTP payloads: RFC 6184 section 5, RFC 7798 section 4.4. @module */
import type { Depacketizer } from "./depacketizer.ts";
import { AccessUnits, MAX_ACCESS_UNIT_BYTES, type OnAccessUnit } from "./h26x-access-units.ts";
import {
	AGGREGATE_SIZE_BYTES,
	FU_END_BIT,
	FU_HEADER_BYTES,
	FU_START_BIT,
	type H26xFormat,
	isVclRole,
	roleOf,
} from "./h26x-format.ts";
import { findStartCode, nalUnitsIn } from "./nal-annex-b.ts";
import type { RtpPacket } from "./rtp-packet.ts";

/** First size of the buffer in which fragments meet; it grows with the largest fragmented NAL unit. */
const FRAGMENT_BUFFER_BYTES = 16_384;

/** What the depacketizers of H.264 and H.265 have in common. */
export class H26xDepacketizer implements Depacketizer {
	/** Packets that the caller reported as missing. */
	lostPackets = 0;
	/** Payloads of a structure that is not supported. */
	unsupportedPayloads = 0;
	malformedPayloads = 0;

	readonly #format: H26xFormat;
	readonly #units: AccessUnits;
	#ssrc: number | undefined;
	/** Where fragmented NAL units are put together; kept from one to the next. */
	#fragments: Uint8Array = new Uint8Array(0);
	/** Bytes of the open fragmentation unit with its NAL header; 0 when none is open. */
	#fragmentBytes = 0;
	#fragmentTimestamp = 0;

	constructor(format: H26xFormat, onAccessUnit: OnAccessUnit) {
		this.#format = format;
		this.#units = new AccessUnits(format, onAccessUnit);
	}

	/** Access units given. */
	get accessUnits(): number {
		return this.#units.given;
	}

	get damagedUnits(): number {
		return this.#units.damaged;
	}

	/**
	 * Intact access units dropped because what they refer to is missing: those between an overflow and the next random
	 * access point, and RASL pictures of a CRA picture at which decoding starts (ITU-T H.265 section 8.1.3).
	 */
	get undecodableUnits(): number {
		return this.#units.undecodable;
	}

	/** Times that an access unit grew beyond `MAX_ACCESS_UNIT_BYTES` or `MAX_ACCESS_UNIT_NAL_UNITS`. */
	get overflows(): number {
		return this.#units.overflows;
	}

	/** False once the sender's marker bits are known to be wrong; its access units then end one packet later. */
	get trustsMarkers(): boolean {
		return this.#units.trustsMarkers;
	}

	push(packet: RtpPacket, lostBefore: number): void {
		if (packet.ssrc !== this.#ssrc) {
			if (this.#ssrc !== undefined) this.#endRun();
			this.#ssrc = packet.ssrc;
		}
		if (lostBefore !== 0) this.#noteLoss(lostBefore);
		if (packet.payload.length === 0) return;
		if (packet.timestamp !== this.#fragmentTimestamp) this.#dropFragments();
		this.#units.enter(packet.timestamp);
		this.#takePayload(packet.payload, packet.timestamp);
		if (packet.marker && this.#fragmentBytes === 0) this.#units.takeMarker();
	}

	/** Gives the access unit that waits for its end, if it can be complete, and forgets the rest. */
	flush(): void {
		this.#endRun();
		this.#ssrc = undefined;
	}

	#endRun(): void {
		this.#dropFragments();
		this.#units.endRun();
	}

	#noteLoss(lostBefore: number): void {
		this.lostPackets += Math.max(0, lostBefore);
		this.#dropFragments();
		this.#units.noteLoss();
	}

	#takePayload(payload: Uint8Array, timestamp: number): void {
		const role = roleOf(this.#format, payload);
		if (role === "fragmentation") {
			this.#takeFragment(payload, timestamp);
			return;
		}
		this.#dropFragments();
		if (role === "aggregation") {
			this.#takeAggregate(payload, timestamp);
		} else if (role === "unsupported") {
			this.unsupportedPayloads++;
			this.#units.damage(timestamp);
		} else {
			// A type 0 can be the first byte of a start code, which some cameras send.
			this.#takeBytes(payload, timestamp, true);
		}
	}

	/**
	 * RFC 6184 section 5.7.1 and RFC 7798 section 4.4.2. Keeps what is whole: cameras pad with zeros and lie about
	 * sizes.
	 */
	#takeAggregate(payload: Uint8Array, timestamp: number): void {
		let at = this.#format.headerBytes;
		while (at + AGGREGATE_SIZE_BYTES <= payload.length) {
			const size = ((payload[at] ?? 0) << 8) | (payload[at + 1] ?? 0);
			at += AGGREGATE_SIZE_BYTES;
			if (at + size > payload.length) {
				this.malformedPayloads++;
				return;
			}
			if (size > 0) this.#takeBytes(payload.subarray(at, at + size), timestamp, true);
			at += size;
		}
	}

	/** RFC 6184 section 5.8 and RFC 7798 section 4.4.3. */
	#takeFragment(payload: Uint8Array, timestamp: number): void {
		const { headerBytes, typeMask, typeShift, roles } = this.#format;
		const fuHeader = payload[headerBytes];
		if (fuHeader === undefined) {
			this.malformedPayloads++;
			return;
		}
		const nalType = fuHeader & typeMask;
		if ((fuHeader & FU_START_BIT) !== 0) {
			this.#dropFragments();
			this.#fragmentTimestamp = timestamp;
			// The type counts from the first fragment only: some cameras change it on the way.
			if (!this.#append(payload, 0, headerBytes)) return;
			this.#fragments[0] = ((payload[0] ?? 0) & ~(typeMask << typeShift)) | (nalType << typeShift);
		} else if (this.#fragmentBytes === 0) {
			if (isVclRole(roles[nalType] ?? "ignored")) this.#units.damage(timestamp);
			return;
		}
		if (!this.#append(payload, headerBytes + FU_HEADER_BYTES, payload.length)) return;
		// Both RFCs forbid a start that is also the end, but some cameras send it.
		if ((fuHeader & FU_END_BIT) === 0) return;
		const nal = this.#fragments.slice(0, this.#fragmentBytes);
		this.#fragmentBytes = 0;
		this.#takeBytes(nal, timestamp, false);
	}

	#append(payload: Uint8Array, start: number, end: number): boolean {
		const needed = this.#fragmentBytes + end - start;
		if (!this.#units.makeRoom(needed, this.#fragmentTimestamp)) {
			this.#fragmentBytes = 0;
			return false;
		}
		if (needed > this.#fragments.length) {
			const doubled = Math.min(2 * this.#fragments.length, MAX_ACCESS_UNIT_BYTES);
			const grown = new Uint8Array(Math.max(FRAGMENT_BUFFER_BYTES, doubled, needed));
			grown.set(this.#fragments.subarray(0, this.#fragmentBytes));
			this.#fragments = grown;
		}
		this.#fragments.set(payload.subarray(start, end), this.#fragmentBytes);
		this.#fragmentBytes = needed;
		return true;
	}

	/** Discards the open fragmentation unit: its end is missing. Without an SEI a picture is still whole. */
	#dropFragments(): void {
		if (this.#fragmentBytes === 0) return;
		this.#fragmentBytes = 0;
		if (isVclRole(roleOf(this.#format, this.#fragments))) this.#units.damage(this.#fragmentTimestamp);
	}

	/** Takes one NAL unit, or several with start codes between them, which some cameras send as one. */
	#takeBytes(bytes: Uint8Array, timestamp: number, copy: boolean): void {
		if (findStartCode(bytes, 0) < 0) {
			this.#units.take(bytes, timestamp, copy);
			return;
		}
		for (const nal of nalUnitsIn(bytes)) this.#units.take(nal, timestamp, true);
	}
}
