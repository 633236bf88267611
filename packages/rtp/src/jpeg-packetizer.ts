/** Cuts JPEG files into RTP payloads: RFC 2435. @module */
import { MAX_PAYLOAD_BYTES } from "./h26x-packetizer.ts";
import {
	DYNAMIC_QUALITY,
	FIRST_RESTART_TYPE,
	JPEG_HEADER_BYTES,
	MAX_JPEG_BYTES,
	RESTART_HEADER_BYTES,
	TABLE_HEADER_BYTES,
} from "./jpeg-depacketizer.ts";
import { type JpegFile, parseJpegFile } from "./jpeg-file.ts";
import { QUANTIZATION_ENTRIES } from "./jpeg-tables.ts";

/** The smallest payload limit: all headers with two tables of 16-bit entries, and one byte of the scan. */
export const MIN_JPEG_PAYLOAD_BYTES = 273;
/** First and last packet of a restart interval at once, all intervals counted as one: RFC 2435 section 3.1.7. */
const WHOLE_PICTURE_RESTARTS = 0xffff;

/**
 * Packetizes a JPEG file with its quantization tables (Q 255): RFC 2435 section 3.1. The caller sets the marker bit on
 * the last payload. Of pictures above 2040 pixels the size wraps, as cameras send it: the session description then has
 * to name it (`a=x-dimensions`). A size that is no multiple of eight is rounded up.
 * @returns Undefined when RFC 2435 cannot carry the file: it must be sequential, 4:2:0 or 4:2:2, with the standard
 * Huffman tables and a scan of {@link MAX_JPEG_BYTES} at most.
 * @throws RangeError when `maxPayloadBytes` is below {@link MIN_JPEG_PAYLOAD_BYTES} or above 65,535.
 */
export function packetizeJpeg(file: Uint8Array, maxPayloadBytes: number): Uint8Array[] | undefined {
	if (maxPayloadBytes < MIN_JPEG_PAYLOAD_BYTES || maxPayloadBytes > MAX_PAYLOAD_BYTES) {
		throw new RangeError(
			`maxPayloadBytes must be ${MIN_JPEG_PAYLOAD_BYTES} to ${MAX_PAYLOAD_BYTES}, not ${maxPayloadBytes}`,
		);
	}
	const jpeg = parseJpegFile(file);
	if (jpeg === undefined || jpeg.scan.length > MAX_JPEG_BYTES) return undefined;
	const header = commonHeader(jpeg);
	const tables = tableHeader(jpeg);
	const payloads: Uint8Array[] = [];
	let at = 0;
	while (at < jpeg.scan.length) {
		const extra = at === 0 ? tables : new Uint8Array(0);
		const scanAt = header.length + extra.length;
		const end = Math.min(jpeg.scan.length, at + maxPayloadBytes - scanAt);
		const payload = new Uint8Array(scanAt + end - at);
		payload.set(header);
		payload[1] = at >>> 16;
		payload[2] = at >>> 8;
		payload[3] = at;
		payload.set(extra, header.length);
		payload.set(jpeg.scan.subarray(at, end), scanAt);
		payloads.push(payload);
		at = end;
	}
	return payloads;
}

/** The headers that every packet of the picture has, with a fragment offset of 0: RFC 2435 sections 3.1 and 3.1.7. */
function commonHeader(jpeg: JpegFile): Uint8Array {
	const hasRestarts = jpeg.restartInterval > 0;
	const header = new Uint8Array(JPEG_HEADER_BYTES + (hasRestarts ? RESTART_HEADER_BYTES : 0));
	header[4] = (jpeg.sampling === "4:2:2" ? 0 : 1) + (hasRestarts ? FIRST_RESTART_TYPE : 0);
	header[5] = DYNAMIC_QUALITY;
	header[6] = Math.ceil(jpeg.width / 8);
	header[7] = Math.ceil(jpeg.height / 8);
	if (!hasRestarts) return header;
	header[8] = jpeg.restartInterval >> 8;
	header[9] = jpeg.restartInterval;
	header[10] = WHOLE_PICTURE_RESTARTS >> 8;
	header[11] = WHOLE_PICTURE_RESTARTS & 0xff;
	return header;
}

/** RFC 2435 section 3.1.8. */
function tableHeader(jpeg: JpegFile): Uint8Array {
	const { luma, chroma } = jpeg.tables;
	const header = new Uint8Array(TABLE_HEADER_BYTES + luma.length + chroma.length);
	header[1] = (luma.length > QUANTIZATION_ENTRIES ? 1 : 0) | (chroma.length > QUANTIZATION_ENTRIES ? 2 : 0);
	header[2] = (luma.length + chroma.length) >> 8;
	header[3] = luma.length + chroma.length;
	header.set(luma, TABLE_HEADER_BYTES);
	header.set(chroma, TABLE_HEADER_BYTES + luma.length);
	return header;
}
