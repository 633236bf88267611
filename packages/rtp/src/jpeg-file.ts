/** Baseline JPEG files around the scans that RFC 2435 carries: ITU-T T.81 annex B. @module */
import { QUANTIZATION_ENTRIES, type QuantizationTables, STANDARD_HUFFMAN_TABLES } from "./jpeg-tables.ts";

/** Width and height of a picture in pixels. */
export interface PictureSize {
	readonly width: number;
	readonly height: number;
}

/** What a decoder needs to know besides the scan. */
export interface JpegParameters extends PictureSize {
	/** Chroma at half the width, or at half the width and height. */
	readonly sampling: "4:2:2" | "4:2:0";
	/** MCUs between restart markers; 0 without. */
	readonly restartInterval: number;
	readonly tables: QuantizationTables;
}

/** A file of the kind that RFC 2435 can carry. */
export interface JpegFile extends JpegParameters {
	/** The entropy-coded data without EOI; a view of the file. */
	readonly scan: Uint8Array;
}

const MARKER = 0xff;
const SOI = 0xd8;
export const EOI = 0xd9;
const SOS = 0xda;
const DQT = 0xdb;
const DRI = 0xdd;
const DHT = 0xc4;
const APP0 = 0xe0;
/** Baseline, and extended sequential, which differs in allowing quantizers above 255. */
const SOF0 = 0xc0;
const SOF1 = 0xc1;
const SOF15 = 0xcf;
/** Between SOF0 and SOF15 but no frame headers: JPG and DAC. */
const JPG = 0xc8;
const DAC = 0xcc;
const FIRST_RST = 0xd0;
const LAST_RST = 0xd7;
const SAMPLE_BITS = 8;
const COMPONENTS = 3;
/** Length of the SOF segment of three components, and of its SOS segment, without the marker. */
const SOF_BYTES = 8 + 3 * COMPONENTS;
const SOS_BYTES = 6 + 2 * COMPONENTS;
/** Horizontal and vertical sampling factors of the luma, with chroma at 1 and 1. */
const LUMA_FACTORS_422 = 0x21;
const LUMA_FACTORS_420 = 0x22;
const CHROMA_FACTORS = 0x11;
/** JFIF 1.02, pixels are square, no thumbnail. */
const JFIF = [0x4a, 0x46, 0x49, 0x46, 0, 1, 2, 0, 0, 1, 0, 1, 0, 0];

/** Whether a JPEG file starts here: no entropy-coded data starts so. */
export function isJpegStart(bytes: Uint8Array, at: number): boolean {
	return bytes[at] === MARKER && bytes[at + 1] === SOI && bytes[at + 2] === MARKER;
}

/** Whether the first `length` bytes end with EOI. */
export function endsWithEoi(bytes: Uint8Array, length: number): boolean {
	return length >= 2 && bytes[length - 2] === MARKER && bytes[length - 1] === EOI;
}

/** Everything from SOI to the start of the scan: RFC 2435 appendix B. */
export function writeJpegHeader(parameters: JpegParameters): Uint8Array {
	const luma = narrowed(parameters.tables.luma);
	const chroma = narrowed(parameters.tables.chroma);
	const wide = luma.length > QUANTIZATION_ENTRIES || chroma.length > QUANTIZATION_ENTRIES;
	const { width, height, restartInterval } = parameters;
	const lumaFactors = parameters.sampling === "4:2:2" ? LUMA_FACTORS_422 : LUMA_FACTORS_420;
	const header = [MARKER, SOI];
	writeSegment(header, APP0, JFIF);
	writeSegment(header, DQT, [luma.length > QUANTIZATION_ENTRIES ? 0x10 : 0, ...luma]);
	writeSegment(header, DQT, [chroma.length > QUANTIZATION_ENTRIES ? 0x11 : 1, ...chroma]);
	const frame = [SAMPLE_BITS, height >> 8, height & 0xff, width >> 8, width & 0xff, COMPONENTS];
	frame.push(1, lumaFactors, 0, 2, CHROMA_FACTORS, 1, 3, CHROMA_FACTORS, 1);
	writeSegment(header, wide ? SOF1 : SOF0, frame);
	for (const [destination, table] of STANDARD_HUFFMAN_TABLES) writeSegment(header, DHT, [destination, ...table]);
	if (restartInterval > 0) writeSegment(header, DRI, [restartInterval >> 8, restartInterval & 0xff]);
	writeSegment(header, SOS, [COMPONENTS, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0]);
	return Uint8Array.from(header);
}

function writeSegment(target: number[], marker: number, content: readonly number[]): void {
	const length = content.length + 2;
	target.push(MARKER, marker, length >> 8, length & 0xff, ...content);
}

/** 16-bit entries as 8-bit ones where they fit, which is what baseline decoders take. */
function narrowed(table: Uint8Array): Uint8Array {
	if (table.length === QUANTIZATION_ENTRIES) return table;
	if (table.some((byte, i) => i % 2 === 0 && byte !== 0)) return table;
	return table.filter((_, i) => i % 2 === 1);
}

/** Width and height as a JPEG file's frame header says them; undefined if there is none. Never throws. */
export function parseJpegSize(file: Uint8Array): PictureSize | undefined {
	for (const { marker, content } of segmentsOf(file)) {
		const isFrame = marker >= SOF0 && marker <= SOF15 && marker !== DHT && marker !== JPG && marker !== DAC;
		if (isFrame) return content.length < 5 ? undefined : { width: uint16(content, 3), height: uint16(content, 1) };
	}
	return undefined;
}

/**
 * Takes a JPEG file apart for RFC 2435: sequential, three components, 4:2:0 or 4:2:2 with chroma sampling factors of 1,
 * the standard Huffman tables, one scan. Undefined for any other file and for what is no JPEG file. Never throws.
 */
export function parseJpegFile(file: Uint8Array): JpegFile | undefined {
	const quantizers = new Map<number, Uint8Array>();
	let restartInterval = 0;
	let frame: Uint8Array | undefined;
	for (const { marker, content, end } of segmentsOf(file)) {
		if (marker === SOF0 || marker === SOF1) frame = content;
		else if (marker === DRI && content.length >= 2) restartInterval = uint16(content, 0);
		else if (marker === DQT && !readQuantizers(content, quantizers)) return undefined;
		else if (marker === DHT && !areStandardHuffmanTables(content)) return undefined;
		else if (marker === SOS) {
			const parameters = frame && isStandardScan(content, frame) ? readFrame(frame, quantizers) : undefined;
			const scan = parameters && scanFrom(file, end);
			return parameters && scan && { ...parameters, restartInterval, scan };
		}
	}
	return undefined;
}

interface Segment {
	readonly marker: number;
	/** Without marker and length. */
	readonly content: Uint8Array;
	/** Index of the byte behind it. */
	readonly end: number;
}

/** The marker segments up to and with the first SOS; stops where the file does not follow ITU-T T.81 section B.1. */
function* segmentsOf(file: Uint8Array): Generator<Segment> {
	if (!isJpegStart(file, 0)) return;
	let at = 2;
	while (at + 4 <= file.length && file[at] === MARKER) {
		const marker = file[at + 1] ?? 0;
		if (marker === MARKER) {
			at++;
			continue;
		}
		const end = at + 2 + uint16(file, at + 2);
		if (end < at + 4 || end > file.length) return;
		yield { marker, content: file.subarray(at + 4, end), end };
		if (marker === SOS) return;
		at = end;
	}
}

/** DQT: ITU-T T.81 section B.2.4.1. */
function readQuantizers(content: Uint8Array, quantizers: Map<number, Uint8Array>): boolean {
	let at = 0;
	while (at < content.length) {
		const precisionAndId = content[at] ?? 0;
		const end = at + 1 + (precisionAndId >> 4 === 0 ? QUANTIZATION_ENTRIES : 2 * QUANTIZATION_ENTRIES);
		if (end > content.length) return false;
		quantizers.set(precisionAndId & 0x0f, new Uint8Array(content.subarray(at + 1, end)));
		at = end;
	}
	return true;
}

/** DHT: ITU-T T.81 section B.2.4.2. */
function areStandardHuffmanTables(content: Uint8Array): boolean {
	let at = 0;
	while (at < content.length) {
		const standard = STANDARD_HUFFMAN_TABLES.get(content[at] ?? 0);
		if (standard?.every((byte, i) => byte === content[at + 1 + i]) !== true) return false;
		at += 1 + standard.length;
	}
	return true;
}

/** SOF: ITU-T T.81 section B.2.2. */
function readFrame(
	frame: Uint8Array,
	quantizers: ReadonlyMap<number, Uint8Array>,
): Omit<JpegFile, "scan" | "restartInterval"> | undefined {
	const [bits, , , , , , , lumaFactors, lumaTable, , cbFactors, cbTable, , crFactors, crTable] = frame;
	if (bits !== SAMPLE_BITS || cbFactors !== CHROMA_FACTORS || crFactors !== CHROMA_FACTORS) return undefined;
	if (lumaFactors !== LUMA_FACTORS_422 && lumaFactors !== LUMA_FACTORS_420) return undefined;
	const width = uint16(frame, 3);
	const height = uint16(frame, 1);
	const luma = quantizers.get(lumaTable ?? -1);
	const chroma = quantizers.get(cbTable ?? -1);
	if (luma === undefined || chroma === undefined || cbTable !== crTable || width === 0 || height === 0)
		return undefined;
	const sampling = lumaFactors === LUMA_FACTORS_422 ? "4:2:2" : "4:2:0";
	return { width, height, sampling, tables: { luma, chroma } };
}

/** SOS: ITU-T T.81 section B.2.3. All components in the frame's order, luma with the tables 0, chroma with the tables 1. */
function isStandardScan(scan: Uint8Array, frame: Uint8Array): boolean {
	if (scan.length !== SOS_BYTES - 2 || frame.length !== SOF_BYTES - 2) return false;
	if (scan[0] !== COMPONENTS || frame[5] !== COMPONENTS) return false;
	for (let i = 0; i < COMPONENTS; i++) {
		if (scan[1 + 2 * i] !== frame[6 + 3 * i] || scan[2 + 2 * i] !== (i === 0 ? 0x00 : 0x11)) return false;
	}
	return true;
}

/** Entropy-coded data up to EOI or the end of the file; undefined if there is none or another scan follows. */
function scanFrom(file: Uint8Array, start: number): Uint8Array | undefined {
	let at = start;
	for (; at < file.length; at++) {
		if (file[at] !== MARKER) continue;
		const next = file[at + 1] ?? EOI;
		if (next === EOI) break;
		const isData = next === 0 || next === MARKER || (next >= FIRST_RST && next <= LAST_RST);
		if (!isData) return undefined;
	}
	return at === start ? undefined : file.subarray(start, at);
}

function uint16(bytes: Uint8Array, at: number): number {
	return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
