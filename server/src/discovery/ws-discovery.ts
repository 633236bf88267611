/**
 * WS-Discovery as ONVIF devices speak it: the Probe and what its ProbeMatches say. WS-Discovery (April 2005) section 5,
 * ONVIF Core Specification section 7.3. Pure.
 * @module
 */
import { type OnvifAddress, parseServiceUrl } from "./onvif-address.ts";
import { shownText } from "./onvif-messages.ts";
import { readSoap, soapEnvelope } from "./soap.ts";
import { elementsNamed, localName, textAt, type XmlElement } from "./xml-reader.ts";

/** WS-Discovery section 2.4. */
export const DISCOVERY_GROUP = "239.255.255.250";
export const DISCOVERY_PORT = 3702;

const DISCOVERY = "http://schemas.xmlsoap.org/ws/2005/04/discovery";
const ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing";

/**
 * What is asked for, each in a Probe of its own: a device has to match all the types of one. Older devices only match
 * the first, newer ones may only match the second, and some do not answer to a Probe without types.
 */
export const PROBE_TYPES = ["NetworkVideoTransmitter", "Device"] as const;
export type ProbeType = (typeof PROBE_TYPES)[number];

const TYPE_NAMESPACES: Readonly<Record<ProbeType, string>> = {
	NetworkVideoTransmitter: "http://www.onvif.org/ver10/network/wsdl",
	Device: "http://www.onvif.org/ver10/device/wsdl",
};

/** Devices of one answer: a proxy may speak for several. */
const MAX_MATCHES = 16;
/** Interfaces of one device, with IPv6. */
const MAX_XADDRS = 16;
const MAX_SCOPES = 64;
const MAX_ENDPOINT_CHARS = 256;

/** One Probe. `messageId` is a UUID in its usual form; answers relate to it. */
export function probeMessage(type: ProbeType, messageId: string): string {
	const header =
		`<a:Action xmlns:a="${ADDRESSING}" s:mustUnderstand="1">${DISCOVERY}/Probe</a:Action>` +
		`<a:MessageID xmlns:a="${ADDRESSING}">urn:uuid:${messageId}</a:MessageID>` +
		`<a:ReplyTo xmlns:a="${ADDRESSING}"><a:Address>${ADDRESSING}/role/anonymous</a:Address></a:ReplyTo>` +
		`<a:To xmlns:a="${ADDRESSING}" s:mustUnderstand="1">urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To>`;
	// Some devices look for these prefixes, declared right here.
	const types = `<d:Types xmlns:d="${DISCOVERY}" xmlns:dp0="${TYPE_NAMESPACES[type]}">dp0:${type}</d:Types>`;
	return soapEnvelope(`<Probe xmlns="${DISCOVERY}">${types}</Probe>`, header);
}

/** What one device says of itself. Texts are bounded and on one line. */
export interface ProbeMatch {
	/** The endpoint reference in lower case, the same for all answers of a device, mostly for its whole life; may be empty. */
	readonly endpoint: string;
	/** Where its device service is, on the host that answered. */
	readonly address: OnvifAddress;
	readonly name?: string;
	readonly hardware?: string;
	readonly location?: string;
	/** Few devices tell it to everybody: the others tell it to who has a password. */
	readonly serial?: string;
}

/**
 * The ONVIF devices of one datagram; none when it is no answer to these Probes. `from` is the IP address that it came
 * from: nothing else that a device names is ever contacted. Never throws.
 */
export function readProbeMatches(text: string, messageIds: readonly string[], from: string): ProbeMatch[] {
	const message = readSoap(text);
	if (message?.type !== "content" || message.content.name !== "ProbeMatches") return [];
	const relatesTo = textAt(message.header, "RelatesTo").toLowerCase();
	if (!messageIds.some((id) => relatesTo.endsWith(id.toLowerCase()))) return [];
	return elementsNamed(message.content, "ProbeMatch")
		.slice(0, MAX_MATCHES)
		.flatMap((match) => readMatch(match, from));
}

function readMatch(match: XmlElement, from: string): ProbeMatch[] {
	const announced = words(textAt(match, "XAddrs"), MAX_XADDRS).flatMap((text) => parseServiceUrl(text) ?? []);
	const first = announced.find(({ host }) => host === from) ?? announced[0];
	const types = words(textAt(match, "Types"), MAX_SCOPES).map(localName);
	const scopes = words(textAt(match, "Scopes"), MAX_SCOPES);
	const isOnvif =
		types.includes("NetworkVideoTransmitter") ||
		scopes.some((scope) => scope.startsWith("onvif://")) ||
		first?.path.startsWith("/onvif/");
	if (!first || isOnvif !== true) return [];
	const [name, hardware, location, serial] = ["name", "hardware", "location", "serial"].map((key) =>
		scopeOf(scopes, key),
	);
	return [
		{
			endpoint: textAt(match, "EndpointReference", "Address").toLowerCase().slice(0, MAX_ENDPOINT_CHARS),
			// Behind NAT the port of the inside is the only one that is known.
			address: { ...first, host: from },
			...(name !== undefined && { name }),
			...(hardware !== undefined && { hardware }),
			...(location !== undefined && { location }),
			...(serial !== undefined && { serial }),
		},
	];
}

/** ONVIF Core Specification section 7.3.2.2: `onvif://www.onvif.org/name/Front%20door`. */
function scopeOf(scopes: readonly string[], key: string): string | undefined {
	const start = `onvif://www.onvif.org/${key}/`;
	const scope = scopes.find((text) => text.toLowerCase().startsWith(start));
	if (scope === undefined) return undefined;
	const value = scope.slice(start.length);
	try {
		return shownText(decodeURIComponent(value));
	} catch {
		return shownText(value);
	}
}

function words(text: string, max: number): string[] {
	return text.split(/\s+/, max).filter((word) => word !== "");
}
