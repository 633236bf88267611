/** Finds the access units in the NAL units of a packet stream: RFC 6184 and RFC 7798, section 3.1. @module */
import type { AccessUnit } from "./access-unit.ts";
import type { OnMediaUnit } from "./depacketizer.ts";
import { type H26xFormat, isVclRole, type NalRole, roleOf } from "./h26x-format.ts";

/** Receives each complete, undamaged access unit from within a depacketizer's `push` or `flush`. */
export type OnAccessUnit = OnMediaUnit<AccessUnit>;

/** Most bytes of one access unit: far above any camera's key frame, and what gortsplib allows. */
export const MAX_ACCESS_UNIT_BYTES = 8_388_608;
/** Most NAL units of one access unit: cameras send up to some dozens of slices. */
export const MAX_ACCESS_UNIT_NAL_UNITS = 512;

/** Most parameter sets that dropped access units leave to the next one; cameras use three or four. */
const MAX_KEPT_PARAMETER_SETS = 16;
/** No RTP timestamp is negative. */
const NO_TIMESTAMP = -1;

/**
 * Whether the marker bit ends access units. Some cameras set it on every slice, on SEI or never, so the first picture
 * waits for the packet behind it, which shows whether the marker was right.
 */
type MarkerTrust = "unproven" | "trusted" | "wrong";

/** Collects NAL units, as payloads bring them, into access units; drops and counts those that miss something. */
export class AccessUnits {
	/** Access units given. */
	given = 0;
	/** Access units dropped because a slice of them is missing. */
	damaged = 0;
	/** Intact access units dropped because pictures that they refer to are missing. */
	undecodable = 0;
	/** Times that an access unit grew beyond its limits. */
	overflows = 0;

	readonly #format: H26xFormat;
	readonly #onAccessUnit: OnAccessUnit;
	/** NAL units of the picture being collected, with those before it. */
	#nalUnits: Uint8Array[] = [];
	/** NAL units without picture data since the picture's last slice: they belong to the next picture, if one comes. */
	#prefix: Uint8Array[] = [];
	/** The parameter sets of dropped access units, no two the same. */
	#kept: Uint8Array[] = [];
	#sizeBytes = 0;
	/** A slice of the picture arrived, whole or not. */
	#hasPicture = false;
	#damaged = false;
	/** Of the picture: `idr` and `cra` before `rasl`, and that before `slice`. */
	#role: NalRole = "slice";
	#timestamp = 0;
	/** A marker that is not trusted yet came with the picture's last slice. */
	#markerHeld = false;
	#markerTrust: MarkerTrust = "unproven";
	/** Timestamp of the last access unit if a marker ended it and no packet was lost since, else NO_TIMESTAMP. */
	#markerEndTimestamp = NO_TIMESTAMP;
	#awaitingRandomAccess = false;
	/** Nothing is missing since the last random access point. */
	#unbroken = false;
	/** The pictures that RASL pictures refer to were given: ITU-T H.265 section 8.1.3 (NoRaslOutputFlag). */
	#raslDecodable = false;

	constructor(format: H26xFormat, onAccessUnit: OnAccessUnit) {
		this.#format = format;
		this.#onAccessUnit = onAccessUnit;
	}

	/** False once the sender's marker bits are known to be wrong. */
	get trustsMarkers(): boolean {
		return this.#markerTrust !== "wrong";
	}

	/** A packet with this timestamp comes next: ends the access unit of another timestamp. */
	enter(timestamp: number): void {
		if (this.#hasPicture && timestamp !== this.#timestamp) this.#end(false);
	}

	/** Takes one NAL unit: keeps a copy, or with `copy` false the bytes as they are. */
	take(nal: Uint8Array, timestamp: number, copy: boolean): void {
		const role = roleOf(this.#format, nal);
		// Splitting at start codes can leave headers without a body over.
		if (nal.length < this.#format.headerBytes + (role === "end" ? 0 : 1)) return;
		if (isVclRole(role)) this.#takeSlice(nal, role, timestamp, copy);
		else this.#takeOther(nal, role, timestamp, copy);
	}

	#takeSlice(nal: Uint8Array, role: NalRole, timestamp: number, copy: boolean): void {
		this.#openPicture(this.#isFirstSlice(nal, role), timestamp);
		if (!this.makeRoom(nal.length, timestamp)) return;
		this.#sizeBytes += nal.length;
		if (role !== "slice") this.#noteRole(role);
		if (this.#prefix.length > 0) {
			for (const part of this.#prefix) this.#nalUnits.push(part);
			this.#prefix = [];
		}
		this.#nalUnits.push(copy ? new Uint8Array(nal) : nal);
	}

	#takeOther(nal: Uint8Array, role: NalRole, timestamp: number, copy: boolean): void {
		const isKept = role === "parameter-set" || role === "prefix" || role === "end";
		const isSuffix = role === "suffix" && this.#hasPicture;
		if ((!isKept && !isSuffix) || !this.makeRoom(nal.length, timestamp)) return;
		this.#sizeBytes += nal.length;
		(isSuffix ? this.#nalUnits : this.#prefix).push(copy ? new Uint8Array(nal) : nal);
		// Behind the end of a sequence decoding starts afresh: ITU-T H.265 section 8.1.3.
		if (role === "end") this.#unbroken = false;
	}

	#noteRole(role: NalRole): void {
		if (role === "idr" || role === "cra" || (role === "rasl" && this.#role === "slice")) this.#role = role;
	}

	/** The last packet had the marker bit. */
	takeMarker(): void {
		if (!this.#hasPicture) return;
		if (this.#markerTrust === "trusted") this.#end(true);
		else this.#markerHeld = true;
	}

	/** Packets are missing before the next one. */
	noteLoss(): void {
		this.#markerEndTimestamp = NO_TIMESTAMP;
		if (this.#hasPicture) this.#damaged = true;
		this.#breakReferences();
	}

	/** Something of a picture was there and is lost. */
	damage(timestamp: number): void {
		this.#hasPicture = true;
		this.#damaged = true;
		this.#timestamp = timestamp;
	}

	/** No further packet of this source follows: what waits is complete or will never be. */
	endRun(): void {
		// A sender with true markers has not finished a picture whose marker is missing.
		if (this.#hasPicture && this.#markerTrust === "trusted") this.#damaged = true;
		// The end of the packets proves nothing about a marker before it.
		this.#markerHeld = false;
		if (this.#hasPicture) this.#end(false);
		this.#clear();
		this.#breakReferences();
		this.#markerEndTimestamp = NO_TIMESTAMP;
	}

	/** False, and everything is dropped until the next random access point, when so many bytes more are too much. */
	makeRoom(bytes: number, timestamp: number): boolean {
		const nalUnitCount = this.#kept.length + this.#nalUnits.length + this.#prefix.length;
		if (this.#sizeBytes + bytes <= MAX_ACCESS_UNIT_BYTES && nalUnitCount < MAX_ACCESS_UNIT_NAL_UNITS) return true;
		this.overflows++;
		this.#clear();
		this.#awaitingRandomAccess = true;
		this.damage(timestamp);
		return false;
	}

	/** first_mb_in_slice is 0, which as ue(v) is a one bit, or first_slice_segment_in_pic_flag is set. */
	#isFirstSlice(nal: Uint8Array, role: NalRole): boolean {
		return role !== "partition" && ((nal[this.#format.headerBytes] ?? 0) & 0x80) !== 0;
	}

	/** Finds out whether a slice belongs to the picture being collected, and ends that one if not. */
	#openPicture(isFirstSlice: boolean, timestamp: number): void {
		if (this.#hasPicture && isFirstSlice) this.#end(false);
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

	#end(byMarker: boolean): void {
		let nalUnits = this.#nalUnits;
		const damaged = this.#damaged;
		const role = this.#role;
		if (this.#markerHeld && !damaged) this.#markerTrust = this.#markerTrust === "unproven" ? "trusted" : "wrong";
		this.#nalUnits = [];
		this.#closePicture();
		this.#markerEndTimestamp = byMarker ? this.#timestamp : NO_TIMESTAMP;
		if (damaged || !this.#isDecodable(role)) {
			if (damaged) this.damaged++;
			else this.undecodable++;
			if (damaged) this.#breakReferences();
			this.#keepParameterSets(nalUnits);
			this.#countBytes();
			return;
		}
		if (this.#kept.length > 0) {
			nalUnits = [...this.#kept, ...nalUnits];
			this.#kept = [];
		}
		this.#countBytes();
		this.given++;
		const sizeBytes = nalUnits.reduce((sum, nal) => sum + nal.length, 0);
		const randomAccess = role === "idr" || role === "cra";
		const codec = this.#format.codec;
		this.#onAccessUnit({ codec, nalUnits, rtpTimestamp: this.#timestamp, randomAccess, sizeBytes });
	}

	/** Whether what an intact picture refers to is there. */
	#isDecodable(role: NalRole): boolean {
		if (role === "idr" || role === "cra") {
			this.#awaitingRandomAccess = false;
			this.#raslDecodable = role === "cra" && this.#unbroken;
			// An end of the sequence can stand behind this very picture.
			this.#unbroken = !this.#prefix.some((nal) => roleOf(this.#format, nal) === "end");
			return true;
		}
		return !this.#awaitingRandomAccess && (role !== "rasl" || this.#raslDecodable);
	}

	#breakReferences(): void {
		this.#unbroken = false;
		this.#raslDecodable = false;
	}

	/**
	 * The parameter sets of a dropped access unit are whole and may be the only ones for long: the next one takes them.
	 * What else stood before its picture goes with it.
	 */
	#keepParameterSets(nalUnits: readonly Uint8Array[]): void {
		const kept = this.#kept;
		// Each one is compared once, when it comes: comparing what is kept anew would cost the same with every packet.
		for (const nal of [...nalUnits, ...this.#prefix]) {
			if (roleOf(this.#format, nal) !== "parameter-set") continue;
			const same = kept.findIndex((other) => sameBytes(other, nal));
			if (same >= 0) kept.splice(same, 1);
			else if (kept.length === MAX_KEPT_PARAMETER_SETS) kept.shift();
			kept.push(nal);
		}
		// Without a whole slice the prefix is that of the dropped picture, otherwise of the one behind it.
		const others = nalUnits.length === 0 ? [] : this.#prefix;
		this.#prefix = others.filter((nal) => roleOf(this.#format, nal) !== "parameter-set");
	}

	/** Without a picture only what waits for the next one takes up room. */
	#countBytes(): void {
		this.#sizeBytes = 0;
		for (const nal of this.#kept) this.#sizeBytes += nal.length;
		for (const nal of this.#prefix) this.#sizeBytes += nal.length;
	}

	#closePicture(): void {
		this.#hasPicture = false;
		this.#damaged = false;
		this.#role = "slice";
		this.#markerHeld = false;
	}

	#clear(): void {
		this.#nalUnits = [];
		this.#prefix = [];
		this.#kept = [];
		this.#sizeBytes = 0;
		this.#closePicture();
	}
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
	if (a.length !== b.length) return false;
	for (let i = 0; i < a.length; i++) {
		if (a[i] !== b[i]) return false;
	}
	return true;
}
