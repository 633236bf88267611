/** Reads fragmented MP4 as it is written, such as FFmpeg's on a pipe: ISO/IEC 14496-12 sections 4.2 and 8.8. @module */
import { MAX_ACCESS_UNIT_NAL_UNITS } from "@vigia/rtp";
import { BoxCursor, fourCharacters } from "./box-reader.ts";
import { BOX_HEADER_BYTES } from "../boxes.ts";
import { TICKS_PER_SECOND } from "../contract.ts";
import type { FragmentError, FragmentSample, FragmentTrack } from "./fragment-contract.ts";
import { type AnnouncedSample, readRuns, type TrackState } from "./fragment-runs.ts";
import { readTracks } from "./fragment-tracks.ts";
import { rescale } from "../rescale.ts";

/** Takes one sample, in the order of the file. */
export type OnFragmentSample = (sample: FragmentSample) => void;

/** `moov` and `moof` of a frame or a second of sound are a few kilobytes. */
const MAX_METADATA_BYTES = 1024 * 1024;
/** Of one `mdat` box: more than the largest picture that a camera sends. */
const MAX_MDAT_BYTES = 16 * 1024 * 1024;
/** Size, type and a size of 64 bits. */
const LARGE_HEADER_BYTES = 16;
/** In place of a size: 64 bits follow. */
const LARGE_SIZE = 1;

/** A box of which the header is read. */
interface OpenBox {
	readonly type: string;
	/** Of the box in the file. */
	readonly position: number;
	readonly headerBytes: number;
	readonly bodyBytes: number;
	/** Filled as bytes come; undefined for a box that is skipped. */
	readonly body: Uint8Array | undefined;
}

/**
 * Takes a file in any pieces. It keeps what is unfinished of one box: 16 MiB at most. Edit lists are overlooked, so
 * that times are those of the media: FFmpeg writes none with `empty_moov`.
 */
export class FragmentReader {
	readonly #onSample: OnFragmentSample;
	readonly #tracks = new Map<number, TrackState>();
	#error: FragmentError | undefined;
	#hasMoov = false;
	#position = 0;
	readonly #header = new Uint8Array(LARGE_HEADER_BYTES);
	#headerFilled = 0;
	#box: OpenBox | undefined;
	#bodyFilled = 0;
	/** Of the last `moof` box, until its `mdat` box has come. */
	#announced: readonly AnnouncedSample[] = [];
	#moofPosition = 0;

	/** @param onSample is called by {@link push}. */
	constructor(onSample: OnFragmentSample) {
		this.#onSample = onSample;
	}

	/** Empty before the `moov` box. Tracks in other codecs than {@link FragmentTrack} names are left out. */
	get tracks(): readonly FragmentTrack[] {
		return [...this.#tracks.values()].map(({ track }) => track);
	}

	/** Set once something could not be read; nothing is read after it. */
	get error(): FragmentError | undefined {
		return this.#error;
	}

	/** Takes the next bytes of the file and copies what it needs. False once there is an {@link error}. Never throws. */
	push(bytes: Uint8Array): boolean {
		let at = 0;
		while (at < bytes.length && this.#error === undefined) {
			at += this.#box ? this.#fillBody(this.#box, bytes, at) : this.#fillHeader(bytes, at);
		}
		return this.#error === undefined;
	}

	/** How many bytes it took. */
	#fillHeader(bytes: Uint8Array, at: number): number {
		const needed = this.#headerBytes();
		const taken = Math.min(needed - this.#headerFilled, bytes.length - at);
		this.#header.set(bytes.subarray(at, at + taken), this.#headerFilled);
		this.#headerFilled += taken;
		if (this.#headerFilled === this.#headerBytes()) this.#openBox();
		return taken;
	}

	#headerBytes(): number {
		if (this.#headerFilled < BOX_HEADER_BYTES) return BOX_HEADER_BYTES;
		return new BoxCursor(this.#header).u32() === LARGE_SIZE ? LARGE_HEADER_BYTES : BOX_HEADER_BYTES;
	}

	#openBox(): void {
		const headerBytes = this.#headerFilled;
		const cursor = new BoxCursor(this.#header);
		const shortSize = cursor.u32();
		const type = fourCharacters(cursor);
		const sizeBytes = headerBytes === LARGE_HEADER_BYTES ? cursor.u64() : shortSize;
		const bodyBytes = sizeBytes - headerBytes;
		const limit = limitOf(type);
		// A size of 0 means "to the end of the file", which a stream does not have.
		if (bodyBytes < 0) return this.#fail("broken-box");
		if (bodyBytes > limit) return this.#fail("too-large");
		const isKept = type === "moov" || type === "moof" || (type === "mdat" && this.#announced.length > 0);
		const body = isKept ? new Uint8Array(bodyBytes) : undefined;
		this.#box = { type, position: this.#position, headerBytes, bodyBytes, body };
		this.#bodyFilled = 0;
		if (bodyBytes === 0) this.#closeBox(this.#box);
	}

	/** How many bytes it took. */
	#fillBody(box: OpenBox, bytes: Uint8Array, at: number): number {
		const taken = Math.min(box.bodyBytes - this.#bodyFilled, bytes.length - at);
		box.body?.set(bytes.subarray(at, at + taken), this.#bodyFilled);
		this.#bodyFilled += taken;
		if (this.#bodyFilled === box.bodyBytes) this.#closeBox(box);
		return taken;
	}

	#closeBox(box: OpenBox): void {
		this.#box = undefined;
		this.#headerFilled = 0;
		this.#position += box.headerBytes + box.bodyBytes;
		if (!box.body) return;
		if (box.type === "moov") this.#takeMoov(box.body);
		else if (box.type === "moof") this.#takeMoof(box, box.body);
		else this.#takeMdat(box, box.body);
	}

	#takeMoov(moov: Uint8Array): void {
		const result = readTracks(moov);
		if (!result.ok) return this.#fail(result.error);
		this.#hasMoov = true;
		this.#tracks.clear();
		for (const readable of result.tracks) this.#tracks.set(readable.track.id, { ...readable, nextDecodeTime: 0 });
	}

	#takeMoof(box: OpenBox, moof: Uint8Array): void {
		if (!this.#hasMoov) return this.#fail("no-tracks");
		const result = readRuns(moof, box.position, this.#tracks);
		if (!result.ok) return this.#fail(result.error);
		this.#announced = result.samples;
		this.#moofPosition = box.position;
	}

	#takeMdat(box: OpenBox, mdat: Uint8Array): void {
		const announced = this.#announced;
		this.#announced = [];
		for (const sample of announced) {
			const start = this.#moofPosition + sample.offset - box.position - box.headerBytes;
			const end = start + sample.sizeBytes;
			if (start < 0 || end > mdat.length) return this.#fail("sample-outside");
			this.#onSample(inTicks(sample, mdat.subarray(start, end)));
		}
	}

	#fail(error: FragmentError): void {
		this.#error = error;
		this.#box = undefined;
		this.#announced = [];
	}
}

/** The NAL units of a video sample, without their lengths: views of its data. What is broken at the end is left out. */
export function nalUnitsOf(sample: FragmentSample): Uint8Array[] {
	const nalUnits: Uint8Array[] = [];
	const lengthBytes = "nalLengthBytes" in sample.track ? sample.track.nalLengthBytes : 0;
	const cursor = new BoxCursor(sample.data);
	while (lengthBytes > 0 && cursor.left > lengthBytes && nalUnits.length < MAX_ACCESS_UNIT_NAL_UNITS) {
		let length = 0;
		for (let i = 0; i < lengthBytes; i++) length = length * 0x100 + cursor.u8();
		const nal = cursor.bytes(length);
		if (nal.length > 0) nalUnits.push(nal);
	}
	return nalUnits;
}

function limitOf(type: string): number {
	if (type === "mdat") return MAX_MDAT_BYTES;
	return type === "moov" || type === "moof" ? MAX_METADATA_BYTES : Number.MAX_SAFE_INTEGER;
}

function inTicks(sample: AnnouncedSample, data: Uint8Array): FragmentSample {
	const { track, decodeTime } = sample;
	const ticks = (time: number) => rescale(time, track.timescale, TICKS_PER_SECOND);
	return {
		track,
		data,
		decodeTicks: ticks(decodeTime),
		presentationTicks: ticks(decodeTime + sample.compositionOffset),
		durationTicks: ticks(sample.duration),
		randomAccess: sample.isSync,
	};
}
