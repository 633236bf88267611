/** SOAP 1.2 envelopes, their faults, and the user name token of WS-Security. @module */
import { createHash } from "node:crypto";
import type { PlainCredentials } from "@vigia/rtsp";
import type { OnvifErrorCode } from "./onvif-error.ts";
import { elementsNamed, escapeXml, findElement, localName, readXml, textAt, type XmlElement } from "./xml-reader.ts";

const ENVELOPE_NAMESPACE = "http://www.w3.org/2003/05/soap-envelope";
const WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss";
/** Of a device's own words. */
const MAX_REASON_CHARS = 200;
/** Subcodes nest: SOAP 1.2 part 1 section 5.4.6. ONVIF has three levels. */
const MAX_FAULT_CODES = 8;

export interface SoapFault {
	/** Local names, the general one first: `Sender`, `NotAuthorized`. */
	readonly codes: readonly string[];
	/** The device's own words: at most 200 characters on one line. */
	readonly reason: string;
}

/** SOAP 1.2 part 1 section 5. Both arguments are XML. */
export function soapEnvelope(body: string, header = ""): string {
	const head = header === "" ? "" : `<s:Header>${header}</s:Header>`;
	return `<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="${ENVELOPE_NAMESPACE}">${head}<s:Body>${body}</s:Body></s:Envelope>`;
}

export interface UsernameTokenInput {
	readonly credentials: PlainCredentials;
	/** Fresh random bytes: devices refuse a nonce that they have seen. */
	readonly nonce: Uint8Array;
	/** Milliseconds since 1970 on the device's clock: devices refuse what is minutes old. */
	readonly createdMs: number;
}

/** `Base64(SHA-1(nonce + created + password))`: WS-Security UsernameToken Profile 1.0 section 3.1. */
export function passwordDigest(nonce: Uint8Array, created: string, password: string): string {
	return createHash("sha1").update(nonce).update(created).update(password).digest("base64");
}

/** The Security header. */
export function usernameToken({ credentials, nonce, createdMs }: UsernameTokenInput): string {
	const created = new Date(createdMs).toISOString();
	const digest = passwordDigest(nonce, created, credentials.password);
	return (
		`<Security s:mustUnderstand="1" xmlns="${WSS}-wssecurity-secext-1.0.xsd"><UsernameToken>` +
		`<Username>${escapeXml(credentials.username)}</Username>` +
		`<Password Type="${WSS}-username-token-profile-1.0#PasswordDigest">${digest}</Password>` +
		`<Nonce EncodingType="${WSS}-soap-message-security-1.0#Base64Binary">${Buffer.from(nonce).toString("base64")}</Nonce>` +
		`<Created xmlns="${WSS}-wssecurity-utility-1.0.xsd">${created}</Created></UsernameToken></Security>`
	);
}

export type SoapMessage =
	| { readonly type: "content"; readonly content: XmlElement; readonly header: XmlElement | undefined }
	| { readonly type: "fault"; readonly fault: SoapFault };

/** What is in the body of an envelope; `undefined` when the text is none. Never throws. */
export function readSoap(text: string): SoapMessage | undefined {
	const envelope = readXml(text);
	if (envelope?.name !== "Envelope") return undefined;
	const body = findElement(envelope, "Body");
	const fault = findElement(body, "Fault");
	if (fault) return { type: "fault", fault: readFault(fault) };
	const content = body?.children[0];
	return content && { type: "content", content, header: findElement(envelope, "Header") };
}

function readFault(fault: XmlElement): SoapFault {
	const codes: string[] = [];
	let code = findElement(fault, "Code");
	for (; code && codes.length < MAX_FAULT_CODES; code = findElement(code, "Subcode")) {
		codes.push(localName(textAt(code, "Value")));
	}
	// SOAP 1.1, which a few devices answer with.
	const old = textAt(fault, "faultcode");
	if (codes.length === 0 && old !== "") codes.push(...old.split(".", MAX_FAULT_CODES).map(localName));
	const texts = elementsNamed(findElement(fault, "Reason"), "Text");
	const english = texts.find(({ attributes }) => attributes.get("lang")?.startsWith("en")) ?? texts[0];
	return { codes, reason: oneLine(english?.text ?? textAt(fault, "faultstring"), MAX_REASON_CHARS) };
}

/** A device's text as a name or in a log: one line without control characters, cut to a length. */
export function oneLine(text: string, maxChars: number): string {
	return text
		.slice(0, maxChars)
		.replace(/[\p{C}\s]+/gu, " ")
		.trim();
}

/** The device refuses who asks: `refused` is then decided by what it has taken before. */
export type FaultMeaning = OnvifErrorCode | "refused";

/** ONVIF Core Specification section 5.8.2 (faults), WS-Security 1.0 section 12. Devices differ in their words. */
export function meaningOfFault({ codes, reason }: SoapFault): FaultMeaning {
	const has = (pattern: RegExp): boolean => codes.some((code) => pattern.test(code));
	// Dahua: "Wsse authorized time check failed." with the code NotAuthorized.
	if (has(/^MessageExpired$/i) || /time check|timestamp|message (?:has )?expired/i.test(reason)) return "clock-refused";
	if (has(/^(?:NotAuthorized|FailedAuthentication|InvalidSecurity|InvalidSecurityToken|SenderNotAuthorized)$/i)) {
		return "refused";
	}
	if (has(/^(?:OperationProhibited|Forbidden)$/i)) return "not-permitted";
	if (has(/^(?:ActionNotSupported|OptionalActionNotImplemented|NotImplemented|MustUnderstand)$/i))
		return "not-supported";
	if (/not authori[sz]ed|unauthori[sz]ed|wsse:security/i.test(reason)) return "refused";
	if (/not (?:implemented|supported)/i.test(reason)) return "not-supported";
	return "device-fault";
}
