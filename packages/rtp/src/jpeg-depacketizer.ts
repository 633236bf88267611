/** Puts JPEG pictures together from RTP packets: RFC 2435. @module */
import type { CodedPicture } from "./access-unit.ts";
import type { Depacketizer, OnMediaUnit } from "./depacketizer.ts";
import { EOI, endsWithEoi, isJpegStart, type JpegParameters, type PictureSize, writeJpegHeader } from "./jpeg-file.ts";
import { QUANTIZATION_ENTRIES, type QuantizationTables, quantizationTablesOf } from "./jpeg-tables.ts";
import { PictureBuffer } from "./picture-buffer.ts";
import type { RtpPacket } from "./rtp-packet.ts";

/** Most bytes of one picture's scan: as for an access unit, and above any camera's picture. */
export const MAX_JPEG_BYTES = 8_388_608;

/** RFC 2435 section 3.1. */
export const JPEG_HEADER_BYTES = 8;
/** RFC 2435 section 3.1.7. */
export const RESTART_HEADER_BYTES = 4;
/** RFC 2435 section 3.1.8. */
export const TABLE_HEADER_BYTES = 4;
/** Types from here to {@link LAST_RESTART_TYPE} have a restart marker header: RFC 2435 section 3.1.3. */
export const FIRST_RESTART_TYPE = 64;
const LAST_RESTART_TYPE = 127;
/** From this Q on the tables come in the packets: RFC 2435 section 3.1.8. */
const FIRST_TABLE_QUALITY = 128;
/** With this Q the tables come with each picture and can change with each: RFC 2435 section 4.2. */
export const DYNAMIC_QUALITY = 255;
/** Width and height travel in blocks of eight pixels, and of the number of blocks eight bits: RFC 2435 section 3.1.5. */
const BLOCK_PIXELS = 8;
const BLOCKS_MODULO = 256;

/**
 * Sizes that cameras send though the header cannot name them (quirk 121). What is left of each is a size that no camera
 * has. A field of 0 alone stands for 2048 pixels.
 */
const KNOWN_LARGE_SIZES: readonly PictureSize[] = [
	[2304, 1296],
	[2304, 1728],
	[2560, 1440],
	[2560, 1600],
	[2560, 1920],
	[2560, 2048],
	[2592, 1520],
	[2592, 1944],
	[2688, 1512],
	[2688, 1520],
	[2880, 1620],
	[3072, 1728],
	[3072, 2048],
	[3200, 1800],
	[3264, 2448],
	[3840, 2160],
	[4000, 3000],
	[4096, 2160],
].map(([width = 0, height = 0]) => ({ width, height }));

/** `dropping`: the rest of a picture that is dropped already. */
type State = "idle" | "collecting" | "dropping";

/**
 * Collects the packets of one JPEG track, in their order, into pictures. Gives whole ones only: fragments must follow
 * each other without a gap and end with the marker bit.
 */
export class JpegDepacketizer implements Depacketizer {
	/** Pictures given. */
	pictures = 0;
	/** Pictures dropped: a fragment, the marker or the quantization tables are missing, or the header is broken. */
	damagedUnits = 0;
	/** Payloads that are cut off or have broken table headers. */
	malformedPayloads = 0;
	/** Pictures of types other than 0, 1, 64 and 65, which no camera is known to send: RFC 2435 section 4.1. */
	unsupportedPictures = 0;
	/** Pictures that grew beyond {@link MAX_JPEG_BYTES}; they count as damaged too. */
	overflows = 0;

	readonly #onPicture: OnMediaUnit<CodedPicture>;
	readonly #dimensions: PictureSize | undefined;
	/**
	 * By Q, 128 to 254. A Q means the same tables for the whole session (RFC 2435 section 4.2), so they outlive a change of
	 * the SSRC: a camera that sends them once need not send them again.
	 */
	readonly #tables = new Map<number, QuantizationTables>();
	#state: State = "idle";
	/** Of the picture being collected; undefined if its packets hold a JPEG file. */
	#parameters: JpegParameters | undefined;
	readonly #scan: PictureBuffer = new PictureBuffer(MAX_JPEG_BYTES);
	#timestamp = 0;
	#ssrc: number | undefined;

	/** @param dimensions what the session description says of the size: used where it agrees with the packets. */
	constructor(onPicture: OnMediaUnit<CodedPicture>, dimensions?: PictureSize) {
		this.#onPicture = onPicture;
		this.#dimensions = dimensions;
	}

	/** Takes the next packet. Its payload is copied where needed, so the caller may overwrite it afterwards. */
	push(packet: RtpPacket, lostBefore: number): void {
		if (packet.ssrc !== this.#ssrc) {
			this.flush();
			this.#ssrc = packet.ssrc;
		}
		if (lostBefore !== 0 && this.#state === "collecting") this.#drop();
		if (packet.payload.length === 0) return;
		if (packet.timestamp !== this.#timestamp) this.#end();
		this.#timestamp = packet.timestamp;
		this.#take(packet.payload);
		if (!packet.marker) return;
		if (this.#state === "collecting") this.#give();
		this.#state = "idle";
	}

	/** Drops the picture that waits for its marker. */
	flush(): void {
		this.#end();
		this.#ssrc = undefined;
	}

	/** Nothing of the picture follows any more. */
	#end(): void {
		if (this.#state === "collecting") this.#drop();
		this.#state = "idle";
	}

	#drop(): void {
		this.damagedUnits++;
		this.#state = "dropping";
	}

	#dropMalformed(): void {
		this.malformedPayloads++;
		if (this.#state !== "dropping") this.#drop();
	}

	#take(payload: Uint8Array): void {
		const type = payload[4] ?? 0;
		let at = JPEG_HEADER_BYTES;
		if (type >= FIRST_RESTART_TYPE && type <= LAST_RESTART_TYPE) at += RESTART_HEADER_BYTES;
		if (payload.length < at) {
			this.#dropMalformed();
			return;
		}
		const offset = ((payload[1] ?? 0) << 16) | uint16(payload, 2);
		if (offset === 0) {
			// A first fragment starts a picture, whatever its timestamp.
			if (this.#state === "collecting" && this.#scan.length > 0) this.#drop();
			at = this.#start(payload, at);
		}
		if (this.#state === "dropping") return;
		if (this.#state === "idle" || offset !== this.#scan.length) this.#drop();
		else if (!this.#scan.append(payload.subarray(at))) {
			this.overflows++;
			this.#drop();
		}
	}

	/**
	 * Reads a first fragment's headers and changes the state as they allow.
	 * @param at index of the byte behind the restart marker header.
	 * @returns index of the first byte of the scan.
	 */
	#start(payload: Uint8Array, at: number): number {
		this.#state = "collecting";
		this.#scan.clear();
		this.#parameters = undefined;
		// Some cameras send their encoder's file as it is, where the scan belongs (quirk 123).
		if (isJpegStart(payload, at)) return at;
		const type = payload[4] ?? 0;
		const quality = payload[5] ?? 0;
		const hasRestarts = at > JPEG_HEADER_BYTES;
		let scanAt = at;
		let tables: QuantizationTables | undefined;
		if (quality < FIRST_TABLE_QUALITY) {
			tables = quantizationTablesOf(quality);
		} else {
			scanAt += TABLE_HEADER_BYTES + uint16(payload, at + 2);
			if (scanAt > payload.length) {
				this.#dropMalformed();
				return at;
			}
			if (isJpegStart(payload, scanAt)) return scanAt;
			tables = this.#takeTables(quality, payload[at + 1] ?? 0, payload.subarray(at + TABLE_HEADER_BYTES, scanAt));
		}
		const sampling = samplingOf(type);
		if (sampling === undefined) {
			this.unsupportedPictures++;
			this.#state = "dropping";
		} else if (tables === undefined) {
			this.#drop();
		} else {
			const restartInterval = hasRestarts ? uint16(payload, JPEG_HEADER_BYTES) : 0;
			const size = pictureSize(payload[6] ?? 0, payload[7] ?? 0, this.#dimensions);
			this.#parameters = { ...size, sampling, restartInterval, tables };
		}
		return scanAt;
	}

	/** RFC 2435 section 3.1.8. Undefined when there are none, or when a Q means tables that never came. */
	#takeTables(quality: number, precision: number, bytes: Uint8Array): QuantizationTables | undefined {
		if (bytes.length === 0) return this.#tables.get(quality);
		const lumaBytes = (precision & 1) === 0 ? QUANTIZATION_ENTRIES : 2 * QUANTIZATION_ENTRIES;
		const chromaBytes = (precision & 2) === 0 ? QUANTIZATION_ENTRIES : 2 * QUANTIZATION_ENTRIES;
		if (bytes.length < lumaBytes) {
			this.malformedPayloads++;
			return undefined;
		}
		const luma = new Uint8Array(bytes.subarray(0, lumaBytes));
		// Some encoders use one table for all components, and send one.
		const hasChroma = bytes.length >= lumaBytes + chromaBytes;
		const tables = {
			luma,
			chroma: hasChroma ? new Uint8Array(bytes.subarray(lumaBytes, lumaBytes + chromaBytes)) : luma,
		};
		if (quality !== DYNAMIC_QUALITY) this.#tables.set(quality, tables);
		return tables;
	}

	#give(): void {
		const scan = this.#scan.bytes;
		if (scan.length === 0) {
			this.#dropMalformed();
			return;
		}
		const header = this.#parameters === undefined ? new Uint8Array(0) : writeJpegHeader(this.#parameters);
		const end = header.length + scan.length;
		// RFC 2435 section 3.1.9: EOI can be left out.
		const hasEnd = endsWithEoi(scan, scan.length);
		const image = new Uint8Array(hasEnd ? end : end + 2);
		image.set(header);
		image.set(scan, header.length);
		if (!hasEnd) image.set([0xff, EOI], end);
		this.pictures++;
		this.#onPicture({
			codec: "jpeg",
			data: image,
			rtpTimestamp: this.#timestamp,
			randomAccess: true,
			sizeBytes: image.length,
		});
	}
}

/** RFC 2435 section 4.1. */
function samplingOf(type: number): JpegParameters["sampling"] | undefined {
	if (type === 0 || type === FIRST_RESTART_TYPE) return "4:2:2";
	if (type === 1 || type === FIRST_RESTART_TYPE + 1) return "4:2:0";
	return undefined;
}

function pictureSize(widthBlocks: number, heightBlocks: number, described: PictureSize | undefined): PictureSize {
	const fits = (size: PictureSize): boolean => canBe(widthBlocks, size.width) && canBe(heightBlocks, size.height);
	if (described !== undefined && fits(described)) return described;
	const known = KNOWN_LARGE_SIZES.find(fits);
	if (known !== undefined) return known;
	return {
		width: BLOCK_PIXELS * (widthBlocks || BLOCKS_MODULO),
		height: BLOCK_PIXELS * (heightBlocks || BLOCKS_MODULO),
	};
}

/** Whether so many pixels become this field. Cameras round a broken block up or down. */
function canBe(blocks: number, pixels: number): boolean {
	if (pixels < 1 || pixels > 0xffff) return false;
	return [Math.floor(pixels / BLOCK_PIXELS), Math.ceil(pixels / BLOCK_PIXELS)].some(
		(whole) => whole % BLOCKS_MODULO === blocks,
	);
}

function uint16(bytes: Uint8Array, at: number): number {
	return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
