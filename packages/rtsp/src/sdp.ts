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
}

/** An rtpmap or fmtp line whose payload type its own section does not list. */
interface Stray {
	readonly payloadType: number;
	readonly home: MutableMedia;
	readonly rtpMap?: SdpRtpMap;
	readonly parameters?: Map<string, string>;
}

/** RFC 3551 section 6: what a payload type means when no rtpmap says otherwise. */
const STATIC_PAYLOAD_TYPES: ReadonlyMap<number, SdpRtpMap> = new Map([
	[0, { encoding: "PCMU", clockRate: 8000, channels: 1 }],
	[8, { encoding: "PCMA", clockRate: 8000, channels: 1 }],
	[9, { encoding: "G722", clockRate: 8000, channels: 1 }],
	[10, { encoding: "L16", clockRate: 44_100, channels: 2 }],
	[11, { encoding: "L16", clockRate: 44_100, channels: 1 }],
	[14, { encoding: "MPA", clockRate: 90_000, channels: undefined }],
	[26, { encoding: "JPEG", clockRate: 90_000, channels: undefined }],
	[33, { encoding: "MP2T", clockRate: 90_000, channels: undefined }],
]);

/**
 * Reads a description of any quality: lines that are not used (`v=`, `o=`, `s=`, `t=`, `c=`, ...) may be wrong or
 * missing, line ends may be CR, LF or both. Never throws; without media sections `media` is empty.
 */
export function parseSdp(input: Uint8Array | string): SessionDescription {
	const text = typeof input === "string" ? input : toByteString(input);
	const media: MutableMedia[] = [];
	const strays: Stray[] = [];
	let sessionControl: string | undefined;
	let current: MutableMedia | undefined;
	for (const raw of text.split(/[\r\n\0]+/)) {
		const line = (raw.startsWith(BYTE_ORDER_MARK) ? raw.slice(BYTE_ORDER_MARK.length) : raw).trim();
		if (line.startsWith("m=")) {
			if (media.length === MAX_MEDIA) break;
			current = parseMediaLine(line.slice(2));
			media.push(current);
			continue;
		}
		if (!line.startsWith("a=")) continue;
		const colon = line.indexOf(":");
		const name = (colon < 0 ? line.slice(2) : line.slice(2, colon)).trim().toLowerCase();
		const value = colon < 0 ? "" : line.slice(colon + 1).trim();
		if (name === "control") {
			if (current) current.control = betterControl(current.control, value);
			else sessionControl ??= value;
		} else if (name === "rtpmap") {
			const parsed = parseRtpMap(value);
			if (!parsed || !current) continue;
			if (!current.payloadTypes.includes(parsed.payloadType)) strays.push({ ...parsed, home: current });
			else if (!current.rtpMaps.has(parsed.payloadType)) current.rtpMaps.set(parsed.payloadType, parsed.rtpMap);
		} else if (name === "fmtp") {
			const parsed = parseFormatParameters(value);
			if (!parsed || !current) continue;
			if (!current.payloadTypes.includes(parsed.payloadType)) strays.push({ ...parsed, home: current });
			else if (!current.formatParameters.has(parsed.payloadType)) {
				current.formatParameters.set(parsed.payloadType, parsed.parameters);
			}
		} else if (current && isDirection(name)) current.direction ??= name;
		if (strays.length > MAX_FORMATS) strays.pop();
	}
	for (const stray of strays) adopt(media, stray);
	return { control: sessionControl, media };
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
		parameters.set(name, /^".*"$/.test(text) ? text.slice(1, -1) : text);
	}
	return { payloadType: Number(match[1]), parameters };
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
