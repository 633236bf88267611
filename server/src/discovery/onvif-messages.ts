/**
 * The few requests of ONVIF's device and media services that lead to streams, and what their answers say. ONVIF Core
 * Specification (ver10/device), Media (ver10/media), Media2 (ver20/media). Readers never throw, whatever a device sends.
 * @module
 */
import { type OnvifAddress, parseServiceUrl } from "./onvif-address.ts";
import { oneLine } from "./soap.ts";
import { elementsNamed, escapeXml, findElement, textAt, type XmlElement } from "./xml-reader.ts";

const DEVICE = "http://www.onvif.org/ver10/device/wsdl";
export const MEDIA = "http://www.onvif.org/ver10/media/wsdl";
export const MEDIA2 = "http://www.onvif.org/ver20/media/wsdl";
const SCHEMA = "http://www.onvif.org/ver10/schema";

/** Both versions of the media service. */
export type MediaVersion = typeof MEDIA | typeof MEDIA2;

/** Main, sub and a third for each of 128 channels. */
export const MAX_PROFILES = 512;
/** A device has about fifteen services. */
const MAX_SERVICES = 64;
/** A name or a number that is shown. */
const MAX_TEXT_CHARS = 128;
/** ONVIF: 64. It goes back as it came. */
const MAX_TOKEN_CHARS = 256;
const MAX_URI_CHARS = 2048;
/** Wider or higher than any sensor. */
const MAX_PIXELS = 65_535;
const MAX_FPS = 1000;

/** A request without its envelope. */
export interface OnvifRequest {
	/** The answer's element is this with `Response` behind it. */
	readonly name: string;
	/** For the Content-Type: RFC 3902. */
	readonly action: string;
	readonly body: string;
}

function request(namespace: string, name: string, content = ""): OnvifRequest {
	return { name, action: `${namespace}/${name}`, body: `<${name} xmlns="${namespace}">${content}</${name}>` };
}

/** Needs no password (PRE_AUTH), by the specification. */
export const GET_SYSTEM_DATE_AND_TIME = request(DEVICE, "GetSystemDateAndTime");
export const GET_DEVICE_INFORMATION = request(DEVICE, "GetDeviceInformation");
export const GET_SERVICES = request(DEVICE, "GetServices", "<IncludeCapability>false</IncludeCapability>");
/** What devices have that do not know GetServices (before ONVIF 2.1). */
export const GET_CAPABILITIES = request(DEVICE, "GetCapabilities", "<Category>All</Category>");

export function getProfiles(version: MediaVersion): OnvifRequest {
	const wanted = "<Type>VideoSource</Type><Type>VideoEncoder</Type>";
	return request(version, "GetProfiles", version === MEDIA2 ? wanted : "");
}

export function getStreamUri(version: MediaVersion, profileToken: string): OnvifRequest {
	const token = `<ProfileToken>${escapeXml(profileToken)}</ProfileToken>`;
	if (version === MEDIA2) return request(version, "GetStreamUri", `<Protocol>RTSP</Protocol>${token}`);
	const setup =
		`<StreamSetup><Stream xmlns="${SCHEMA}">RTP-Unicast</Stream>` +
		`<Transport xmlns="${SCHEMA}"><Protocol>RTSP</Protocol></Transport></StreamSetup>`;
	return request(version, "GetStreamUri", setup + token);
}

/** The device's clock in milliseconds since 1970, as of its answer; `undefined` where it does not say. */
export function readSystemTime(answer: XmlElement): number | undefined {
	const time = findElement(answer, "SystemDateAndTime", "UTCDateTime");
	const fields = [
		...["Year", "Month", "Day"].map((name) => textAt(time, "Date", name)),
		...["Hour", "Minute", "Second"].map((name) => textAt(time, "Time", name)),
	];
	if (!fields.every((field) => /^\d{1,4}$/.test(field))) return undefined;
	const [year = 0, month = 0, day = 0, hour, minute, second] = fields.map(Number);
	return year < 1970 ? undefined : Date.UTC(year, month - 1, day, hour, minute, second);
}

/** As the device has it; absent where it says nothing. Texts are at most 128 characters on one line. */
export interface DeviceInformation {
	readonly manufacturer?: string;
	readonly model?: string;
	readonly firmware?: string;
	readonly serial?: string;
}

export function readDeviceInformation(answer: XmlElement): DeviceInformation {
	const [manufacturer, model, firmware, serial] = ["Manufacturer", "Model", "FirmwareVersion", "SerialNumber"].map(
		(name) => shownText(textAt(answer, name)),
	);
	return {
		...(manufacturer !== undefined && { manufacturer }),
		...(model !== undefined && { model }),
		...(firmware !== undefined && { firmware }),
		...(serial !== undefined && { serial }),
	};
}

/** Where the media services are, as the device says. */
export type MediaServices = ReadonlyMap<MediaVersion, OnvifAddress>;

export function readServices(answer: XmlElement): MediaServices {
	const services = new Map<MediaVersion, OnvifAddress>();
	for (const service of elementsNamed(answer, "Service").slice(0, MAX_SERVICES)) {
		const namespace = textAt(service, "Namespace").replace(/\/$/, "");
		const address = parseServiceUrl(textAt(service, "XAddr"));
		if (address && (namespace === MEDIA || namespace === MEDIA2)) services.set(namespace, address);
	}
	return services;
}

export function readCapabilities(answer: XmlElement): MediaServices {
	const capabilities = findElement(answer, "Capabilities");
	const media = parseServiceUrl(textAt(capabilities, "Media", "XAddr"));
	const media2 = parseServiceUrl(textAt(capabilities, "Extension", "Media2", "XAddr"));
	const services = new Map<MediaVersion, OnvifAddress>();
	if (media) services.set(MEDIA, media);
	if (media2) services.set(MEDIA2, media2);
	return services;
}

export type OnvifCodec = "h264" | "h265" | "jpeg" | "mpeg4";

/** A media profile that has video. */
export interface OnvifProfile {
	readonly token: string;
	readonly name: string;
	/** The video source that it shows: a channel of a recorder, a sensor of a camera. */
	readonly source: string;
	/** Absent: one that we do not know. */
	readonly codec?: OnvifCodec;
	/** Pixels; 0 where the device does not say. */
	readonly width: number;
	readonly height: number;
	/** Pictures a second; 0 where the device does not say. */
	readonly fps: number;
}

/** Codecs by the names of both versions: `H264` and, from the registry of media subtypes, `JPEG`, `MPV4-ES`. */
const CODECS: ReadonlyMap<string, OnvifCodec> = new Map([
	["H264", "h264"],
	["H265", "h265"],
	["HEVC", "h265"],
	["JPEG", "jpeg"],
	["MPEG4", "mpeg4"],
	["MPV4-ES", "mpeg4"],
]);

/** The profiles with video, in the device's order; of either version's answer. */
export function readProfiles(answer: XmlElement): OnvifProfile[] {
	return elementsNamed(answer, "Profiles").slice(0, MAX_PROFILES).flatMap(readProfile);
}

function readProfile(profile: XmlElement): OnvifProfile[] {
	const token = profile.attributes.get("token") ?? "";
	const media2 = findElement(profile, "Configurations");
	const source = media2 ? findElement(media2, "VideoSource") : findElement(profile, "VideoSourceConfiguration");
	const encoder = media2 ? findElement(media2, "VideoEncoder") : findElement(profile, "VideoEncoderConfiguration");
	if (token === "" || token.length > MAX_TOKEN_CHARS || !encoder) return [];
	const codec = CODECS.get(textAt(encoder, "Encoding").toUpperCase());
	return [
		{
			token,
			name: shownText(textAt(profile, "Name")) ?? "",
			source: textAt(source, "SourceToken").slice(0, MAX_TOKEN_CHARS),
			...(codec && { codec }),
			width: numberAt(encoder, MAX_PIXELS, "Resolution", "Width"),
			height: numberAt(encoder, MAX_PIXELS, "Resolution", "Height"),
			fps: numberAt(encoder, MAX_FPS, "RateControl", "FrameRateLimit"),
		},
	];
}

/** The URI of GetStreamUri, as the device wrote it: it may hold another host, and credentials. */
export function readStreamUri(answer: XmlElement): string | undefined {
	const uri = textAt(answer, "MediaUri", "Uri") || textAt(answer, "Uri");
	return uri === "" || uri.length > MAX_URI_CHARS || /[\s\p{Cc}]/u.test(uri) ? undefined : uri;
}

function numberAt(element: XmlElement, max: number, ...path: readonly string[]): number {
	const text = textAt(element, ...path);
	const value = /^\d{1,6}(?:\.\d{1,6})?$/.test(text) ? Number(text) : 0;
	return value <= max ? value : 0;
}

/** A text that people are shown; `undefined` where nothing is left of it. */
export function shownText(text: string): string | undefined {
	return oneLine(text, MAX_TEXT_CHARS) || undefined;
}
