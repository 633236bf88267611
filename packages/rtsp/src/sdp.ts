/** Reads the session descriptions of cameras: RFC 8866 for the words, cameras for the grammar. @module */
import { toByteString } from "./bytes.ts";

/** Media sections that are kept; recorders list up to a dozen. */
const MAX_MEDIA = 64;
/** U+FEFF in UTF-8, as a byte string. */
const BYTE_ORDER_MARK = "\u00ef\u00bb\u00bf";
/** Formats, rtpmap and fmtp lines kept per media section. */
const MAX_FORMATS = 64;

export interface SdpRtpMap {
	/** In capitals: `H264`, `MPEG4-GENERIC`. */
	readonly encoding: string;
	/** Hz; 0 when the line does not say. */
	readonly clockRate: number;
	readonly channels: number | undefined;
}

export type SdpDirection = "sendrecv" | "sendonly" | "recvonly" | "inactive";

export interface SdpMedia {
	/** `video`, `audio`, `application`, or whatever stands there, in lower case. */
	readonly type: string;
	readonly port: number;
	/** `RTP/AVP`, in capitals; empty if the line is cut short. */
	readonly protocol: string;
	/** The formats that are numbers of 0 to 127, in order. */
	readonly payloadTypes: readonly number[];
	readonly rtpMaps: ReadonlyMap<number, SdpRtpMap>;
	/** Format parameters by payload type, names in lower case. */
	readonly formatParameters: ReadonlyMap<number, ReadonlyMap<string, string>>;
	/** `a=control`, byte for byte; `undefined` if there is none, empty if it is. */
	readonly control: string | undefined;
	readonly direction: SdpDirection | undefined;
	/** `a=x-dimensions`, or `a=framesize` (3GPP TS 26.234 section 5.3.3.2), in pixels. */
	readonly dimensions: SdpDimensions | undefined;
}

export interface SdpDimensions {
	readonly width: number;
	readonly height: number;
}

export interface SessionDescription {
	/** The session-level `a=control`. */
	readonly control: string | undefined;
	readonly media: readonly SdpMedia[];
}

interface MutableMedia {
	type: string;
	port: number;
	protocol: string;
	payloadTypes: number[];
	rtpMaps: Map<number, SdpRtpMap>;
	formatParameters: Map<number, Map<string, string>>;
	control: string | undefined;
	direction: SdpDirection | undefined;
	dimensions: SdpDimensions | undefined;
}

/** An rtpmap or fmtp line whose payload type its own section does not list. */
interface Stray {
	readonly payloadType: number;
	readonly home: MutableMedia;
	readonly rtpMap?: SdpRtpMap;
	readonly parameters?: Map<string, string>;
}

/** RFC 3551 section 6, tables 4 and 5: what a payload type means when no rtpmap says otherwise. */
const STATIC_PAYLOAD_TYPES: ReadonlyMap<number, SdpRtpMap> = new Map([
	[0, { encoding: "PCMU", clockRate: 8000, channels: 1 }],
	// G721 in RFC 1890: the same as G.726 at 32 kbit/s.
	[2, { encoding: "G726-32", clockRate: 8000, channels: 1 }],
	[3, { encoding: "GSM", clockRate: 8000, channels: 1 }],
	[4, { encoding: "G723", clockRate: 8000, channels: 1 }],
	[5, { encoding: "DVI4", clockRate: 8000, channels: 1 }],
	[6, { encoding: "DVI4", clockRate: 16_000, channels: 1 }],
	[7, { encoding: "LPC", clockRate: 8000, channels: 1 }],
	[8, { encoding: "PCMA", clockRate: 8000, channels: 1 }],
	[9, { encoding: "G722", clockRate: 8000, channels: 1 }],
	[10, { encoding: "L16", clockRate: 44_100, channels: 2 }],
	[11, { encoding: "L16", clockRate: 44_100, channels: 1 }],
	[12, { encoding: "QCELP", clockRate: 8000, channels: 1 }],
	[13, { encoding: "CN", clockRate: 8000, channels: 1 }],
	[14, { encoding: "MPA", clockRate: 90_000, channels: undefined }],
	[15, { encoding: "G728", clockRate: 8000, channels: 1 }],
	[16, { encoding: "DVI4", clockRate: 11_025, channels: 1 }],
	[17, { encoding: "DVI4", clockRate: 22_050, channels: 1 }],
	[18, { encoding: "G729", clockRate: 8000, channels: 1 }],
	[25, { encoding: "CELB", clockRate: 90_000, channels: undefined }],
	[26, { encoding: "JPEG", clockRate: 90_000, channels: undefined }],
	[28, { encoding: "NV", clockRate: 90_000, channels: undefined }],
	[31, { encoding: "H261", clockRate: 90_000, channels: undefined }],
	[32, { encoding: "MPV", clockRate: 90_000, channels: undefined }],
	[33, { encoding: "MP2T", clockRate: 90_000, channels: undefined }],
	[34, { encoding: "H263", clockRate: 90_000, channels: undefined }],
]);

/**
 * Reads a description of any quality: lines that are not used (`v=`, `o=`, `s=`, `t=`, `c=`, ...) may be wrong or
 * missing, line ends may be CR, LF or both. Never throws; without media sections `media` is empty.
 */
export function parseSdp(input: Uint8Array | string): SessionDescription {
	const text = typeof input === "string" ? input : toByteString(input);
	const reader = new SdpReader();
	for (const raw of text.split(/[\r\n\0]+/)) {
		const line = (raw.startsWith(BYTE_ORDER_MARK) ? raw.slice(BYTE_ORDER_MARK.length) : raw).trim();
		if (line.startsWith("m=")) {
			if (!reader.startMedia(line.slice(2))) break;
		} else if (line.startsWith("a=")) reader.readAttribute(line.slice(2));
	}
	return reader.finish();
}

class SdpReader {
	readonly #media: MutableMedia[] = [];
	readonly #strays: Stray[] = [];
	#control: string | undefined;
	#dimensions: SdpDimensions | undefined;
	#current: MutableMedia | undefined;

	/** `false` when there are enough. */
	startMedia(value: string): boolean {
		if (this.#media.length === MAX_MEDIA) return false;
		this.#current = parseMediaLine(value);
		this.#media.push(this.#current);
		return true;
	}

	readAttribute(text: string): void {
		const colon = text.indexOf(":");
		const name = (colon < 0 ? text : text.slice(0, colon)).trim().toLowerCase();
		const value = colon < 0 ? "" : text.slice(colon + 1).trim();
		const current = this.#current;
		if (name === "control") {
			if (current) current.control = betterControl(current.control, value);
			else this.#control ??= value;
		} else if (name === "x-dimensions" || name === "framesize") {
			const dimensions = parseDimensions(value);
			if (current) current.dimensions ??= dimensions;
			else this.#dimensions ??= dimensions;
		} else if (current) this.#readFormat(current, name, value);
	}

	#readFormat(current: MutableMedia, name: string, value: string): void {
		if (name === "rtpmap") {
			const parsed = parseRtpMap(value);
			if (!parsed) return;
			if (!current.payloadTypes.includes(parsed.payloadType)) this.#addStray({ ...parsed, home: current });
			else if (!current.rtpMaps.has(parsed.payloadType)) current.rtpMaps.set(parsed.payloadType, parsed.rtpMap);
		} else if (name === "fmtp") {
			const parsed = parseFormatParameters(value);
			if (!parsed) return;
			if (!current.payloadTypes.includes(parsed.payloadType)) this.#addStray({ ...parsed, home: current });
			else if (!current.formatParameters.has(parsed.payloadType)) {
				current.formatParameters.set(parsed.payloadType, parsed.parameters);
			}
		} else if (isDirection(name)) current.direction ??= name;
	}

	#addStray(stray: Stray): void {
		if (this.#strays.length < MAX_FORMATS) this.#strays.push(stray);
	}

	finish(): SessionDescription {
		for (const stray of this.#strays) adopt(this.#media, stray);
		// Some cameras put the picture's size before the first media section.
		const video = this.#media.find((media) => media.type === "video");
		if (video) video.dimensions ??= this.#dimensions;
		return { control: this.#control, media: this.#media };
	}
}

/** What a payload type of a media section carries: its rtpmap, else the static table. */
export function formatOf(media: SdpMedia, payloadType: number): SdpRtpMap | undefined {
	return media.rtpMaps.get(payloadType) ?? STATIC_PAYLOAD_TYPES.get(payloadType);
}

function parseMediaLine(value: string): MutableMedia {
	const [type = "", port = "", protocol = "", ...formats] = value.trim().split(/\s+/);
	const payloadTypes: number[] = [];
	for (const format of formats) {
		const number = /^\d{1,3}$/.test(format) ? Number(format) : -1;
		if (number >= 0 && number <= 127 && payloadTypes.length < MAX_FORMATS && !payloadTypes.includes(number)) {
			payloadTypes.push(number);
		}
	}
	return {
		type: type.toLowerCase(),
		port: Number.parseInt(port, 10) || 0,
		protocol: protocol.toUpperCase(),
		payloadTypes,
		rtpMaps: new Map(),
		formatParameters: new Map(),
		control: undefined,
		direction: undefined,
		dimensions: undefined,
	};
}

/** Of several control lines the first absolute one wins, else the first: cameras repeat the session's `*`. */
function betterControl(known: string | undefined, value: string): string {
	if (known === undefined || known === "*" || known === "") return value;
	const absolute = (text: string): boolean => /^rtspu?s?:\/\//i.test(text);
	return absolute(value) && !absolute(known) ? value : known;
}

function parseRtpMap(value: string): { payloadType: number; rtpMap: SdpRtpMap } | undefined {
	const match = /^(\d{1,3})\s+([^\s/]+)(?:\/(\d{1,9}))?(?:\/(\d{1,3}))?/.exec(value);
	if (!match) return undefined;
	const channels = match[4] === undefined ? undefined : Number(match[4]);
	const rtpMap = { encoding: (match[2] ?? "").toUpperCase(), clockRate: Number(match[3] ?? 0), channels };
	return { payloadType: Number(match[1]), rtpMap };
}

function parseFormatParameters(value: string): { payloadType: number; parameters: Map<string, string> } | undefined {
	const match = /^(\d{1,3})(?:\s+([^]*))?$/.exec(value);
	if (!match) return undefined;
	const parameters = new Map<string, string>();
	for (const part of (match[2] ?? "").split(";")) {
		const equals = part.indexOf("=");
		const name = (equals < 0 ? part : part.slice(0, equals)).trim().toLowerCase();
		if (name === "" || parameters.size >= MAX_FORMATS || parameters.has(name)) continue;
		const text = equals < 0 ? "" : part.slice(equals + 1).trim();
		// Some quote a value, some each of its parts.
		parameters.set(name, text.replaceAll('"', ""));
	}
	return { payloadType: Number(match[1]), parameters };
}

/** `1920,1080`, `1280, 720`, or with a payload type before it `97 240-160`. */
function parseDimensions(value: string): SdpDimensions | undefined {
	const match = /^(?:\d{1,3}\s+)?(\d{1,5})\s*[,x*-]\s*(\d{1,5})$/i.exec(value);
	const [width, height] = [Number(match?.[1] ?? 0), Number(match?.[2] ?? 0)];
	return width > 0 && height > 0 ? { width, height } : undefined;
}

function isDirection(name: string): name is SdpDirection {
	return name === "sendrecv" || name === "sendonly" || name === "recvonly" || name === "inactive";
}

/** An attribute of a payload type that its section does not list goes to the section that does, or stays as the only one. */
function adopt(media: readonly MutableMedia[], stray: Stray): void {
	const { rtpMap, parameters } = stray;
	let payloadType: number | undefined = stray.payloadType;
	let owner = media.find((one) => one.payloadTypes.includes(stray.payloadType));
	if (!owner && stray.home.payloadTypes.length === 1) {
		owner = stray.home;
		payloadType = owner.payloadTypes[0];
	}
	if (!owner || payloadType === undefined) return;
	if (rtpMap && !owner.rtpMaps.has(payloadType)) owner.rtpMaps.set(payloadType, rtpMap);
	if (parameters && !owner.formatParameters.has(payloadType)) owner.formatParameters.set(payloadType, parameters);
}
