/** What a simulated ONVIF device says, in the manner of devices built with gSOAP. @module */
import type { StreamName } from "../clip-index.ts";

const NAMESPACES = [
	'xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope"',
	'xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing"',
	'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"',
	'xmlns:dn="http://www.onvif.org/ver10/network/wsdl"',
	'xmlns:tds="http://www.onvif.org/ver10/device/wsdl"',
	'xmlns:trt="http://www.onvif.org/ver10/media/wsdl"',
	'xmlns:tr2="http://www.onvif.org/ver20/media/wsdl"',
	'xmlns:tt="http://www.onvif.org/ver10/schema"',
	'xmlns:ter="http://www.onvif.org/ver10/error"',
].join(" ");

export const MEDIA_NAMESPACE = "http://www.onvif.org/ver10/media/wsdl";
export const MEDIA2_NAMESPACE = "http://www.onvif.org/ver20/media/wsdl";

/** Both arguments are XML. */
export function envelope(body: string, header = ""): string {
	return `<?xml version="1.0" encoding="UTF-8"?>\n<SOAP-ENV:Envelope ${NAMESPACES}><SOAP-ENV:Header>${header}</SOAP-ENV:Header><SOAP-ENV:Body>${body}</SOAP-ENV:Body></SOAP-ENV:Envelope>`;
}

export function escapeText(text: string): string {
	return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

/** `code` is ONVIF's, `ter:...`. */
export function fault(code: string, reason: string): string {
	return envelope(
		`<SOAP-ENV:Fault><SOAP-ENV:Code><SOAP-ENV:Value>SOAP-ENV:Sender</SOAP-ENV:Value><SOAP-ENV:Subcode><SOAP-ENV:Value>${code}</SOAP-ENV:Value></SOAP-ENV:Subcode></SOAP-ENV:Code><SOAP-ENV:Reason><SOAP-ENV:Text xml:lang="en">${escapeText(reason)}</SOAP-ENV:Text></SOAP-ENV:Reason></SOAP-ENV:Fault>`,
	);
}

/** An element with text, or with the XML that is given. */
function element(name: string, ...content: readonly (string | number)[]): string {
	return `<${name}>${content.join("")}</${name}>`;
}

export function systemTime(atMs: number): string {
	const at = new Date(atMs);
	const time = element(
		"tt:Time",
		element("tt:Hour", at.getUTCHours()),
		element("tt:Minute", at.getUTCMinutes()),
		element("tt:Second", at.getUTCSeconds()),
	);
	const date = element(
		"tt:Date",
		element("tt:Year", at.getUTCFullYear()),
		element("tt:Month", at.getUTCMonth() + 1),
		element("tt:Day", at.getUTCDate()),
	);
	const zone = element("tt:TimeZone", element("tt:TZ", "CST-8"));
	const all = `<tt:DateTimeType>Manual</tt:DateTimeType>${zone}${element("tt:UTCDateTime", time, date)}`;
	return element("tds:GetSystemDateAndTimeResponse", element("tds:SystemDateAndTime", all));
}

export interface DeviceIdentity {
	readonly manufacturer: string;
	readonly model: string;
	readonly firmware: string;
	readonly serial: string;
}

export function deviceInformation({ manufacturer, model, firmware, serial }: DeviceIdentity): string {
	return element(
		"tds:GetDeviceInformationResponse",
		element("tds:Manufacturer", escapeText(manufacturer)),
		element("tds:Model", escapeText(model)),
		element("tds:FirmwareVersion", escapeText(firmware)),
		element("tds:SerialNumber", escapeText(serial)),
		element("tds:HardwareId", "1.0"),
	);
}

/** Addresses by namespace. */
export function services(addresses: ReadonlyMap<string, string>): string {
	const list = [...addresses].map(([namespace, address]) =>
		element(
			"tds:Service",
			element("tds:Namespace", namespace),
			element("tds:XAddr", address),
			element("tds:Version", element("tt:Major", 2), element("tt:Minor", 60)),
		),
	);
	return element("tds:GetServicesResponse", ...list);
}

export function capabilities(mediaAddress: string | undefined): string {
	const media = mediaAddress === undefined ? "" : element("tt:Media", element("tt:XAddr", mediaAddress));
	return element("tds:GetCapabilitiesResponse", element("tds:Capabilities", media));
}

const SIZES: Readonly<Record<StreamName, readonly [width: number, height: number, fps: number]>> = {
	main: [1280, 720, 25],
	sub: [640, 360, 15],
};

export function profileToken(channel: number, stream: StreamName): string {
	return `Profile_${channel}_${stream}`;
}

export function profiles(channels: number): string {
	const list = eachProfile(channels, (channel, stream) => {
		const [width, height, fps] = SIZES[stream];
		const size = element("tt:Resolution", element("tt:Width", width), element("tt:Height", height));
		const rate = element("tt:RateControl", element("tt:FrameRateLimit", fps), element("tt:BitrateLimit", 512));
		return `<trt:Profiles token="${profileToken(channel, stream)}" fixed="true"><tt:Name>Channel ${channel} ${stream}</tt:Name><tt:VideoSourceConfiguration token="VSC_${channel}"><tt:Name>VSC</tt:Name><tt:UseCount>2</tt:UseCount><tt:SourceToken>VideoSource_${channel}</tt:SourceToken><tt:Bounds x="0" y="0" width="1280" height="720"/></tt:VideoSourceConfiguration><tt:VideoEncoderConfiguration token="VEC_${channel}_${stream}"><tt:Name>VEC</tt:Name><tt:Encoding>H264</tt:Encoding>${size}<tt:Quality>4</tt:Quality>${rate}</tt:VideoEncoderConfiguration></trt:Profiles>`;
	});
	return element("trt:GetProfilesResponse", ...list);
}

export function profiles2(channels: number): string {
	const list = eachProfile(channels, (channel, stream) => {
		const [width, height, fps] = SIZES[stream];
		const size = element("tt:Resolution", element("tt:Width", width), element("tt:Height", height));
		const rate = `<tt:RateControl ConstantBitRate="false">${element("tt:FrameRateLimit", fps)}</tt:RateControl>`;
		return `<tr2:Profiles token="${profileToken(channel, stream)}" fixed="true"><tr2:Name>Channel ${channel} ${stream}</tr2:Name><tr2:Configurations><tr2:VideoSource token="VSC_${channel}"><tt:SourceToken>VideoSource_${channel}</tt:SourceToken></tr2:VideoSource><tr2:VideoEncoder token="VEC_${channel}_${stream}" GovLength="50"><tt:Encoding>H265</tt:Encoding>${size}${rate}</tr2:VideoEncoder></tr2:Configurations></tr2:Profiles>`;
	});
	return element("tr2:GetProfilesResponse", ...list);
}

function eachProfile(channels: number, write: (channel: number, stream: StreamName) => string): string[] {
	return Array.from({ length: channels }, (_, index) =>
		(["main", "sub"] as const).map((stream) => write(index + 1, stream)).join(""),
	);
}

export function streamUri(uri: string): string {
	const rest = `<tt:InvalidAfterConnect>false</tt:InvalidAfterConnect><tt:Timeout>PT60S</tt:Timeout>`;
	return element("trt:GetStreamUriResponse", element("trt:MediaUri", element("tt:Uri", escapeText(uri)), rest));
}

export function streamUri2(uri: string): string {
	return element("tr2:GetStreamUriResponse", element("tr2:Uri", escapeText(uri)));
}

export interface ProbeMatchInput {
	/** As received. */
	readonly relatesTo: string;
	readonly endpoint: string;
	readonly types: readonly string[];
	readonly scopes: readonly string[];
	readonly serviceAddress: string;
}

/** WS-Discovery (April 2005) section 5.3. */
export function probeMatches({ relatesTo, endpoint, types, scopes, serviceAddress }: ProbeMatchInput): string {
	const header =
		element("wsa:MessageID", `urn:uuid:${endpoint}`) +
		element("wsa:RelatesTo", escapeText(relatesTo)) +
		element("wsa:To", "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous") +
		element("wsa:Action", "http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches");
	const match = element(
		"d:ProbeMatch",
		element("wsa:EndpointReference", element("wsa:Address", `urn:uuid:${endpoint}`)),
		element("d:Types", types.map((type) => `${type === "Device" ? "tds" : "dn"}:${type}`).join(" ")),
		element("d:Scopes", scopes.join(" ")),
		element("d:XAddrs", `${serviceAddress} http://[fe80::1]/onvif/device_service`),
		element("d:MetadataVersion", 1),
	);
	return envelope(element("d:ProbeMatches", match), header);
}
