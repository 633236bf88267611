/** What an RTSP or socket error means for a camera's state. @module */
import type { ReasonCode } from "@vigia/api";
import type { RtspError, RtspErrorKind } from "@vigia/rtsp";
import type { SourceFailure } from "./source.ts";

const BY_KIND: Readonly<Record<RtspErrorKind, ReasonCode>> = {
	auth: "auth-refused",
	busy: "camera-full",
	"not-found": "not-found",
	"no-video": "no-video",
	"unsupported-codec": "codec-unsupported",
	"unsupported-transport": "protocol-error",
	redirect: "protocol-error",
	"no-answer": "no-answer",
	"session-ended": "session-ended",
	protocol: "protocol-error",
	usage: "internal-error",
};

/** Errors of `connect` and of the name lookup before it. */
const BY_SYSTEM_CODE: ReadonlyMap<string, ReasonCode> = new Map([
	["ECONNREFUSED", "connection-refused"],
	["EHOSTUNREACH", "no-route"],
	["EHOSTDOWN", "no-route"],
	["ENETUNREACH", "no-route"],
	["ENETDOWN", "no-route"],
	["ETIMEDOUT", "no-route"],
	["EADDRNOTAVAIL", "no-route"],
	["EACCES", "no-route"],
	["EPERM", "no-route"],
	["ENOTFOUND", "address-unknown"],
	["EAI_AGAIN", "address-unknown"],
]);

/** What OpenSSL and Node call a certificate that does not hold: nodejs.org/api/tls.html, X509 certificate error codes. */
const CERTIFICATE_CODE = /CERT|UNABLE_TO_VERIFY|SELF_SIGNED|ALTNAME/;

/** A session that the machine gave up. */
export function failureOfRtspError(error: RtspError): SourceFailure {
	return { code: BY_KIND[error.kind], detail: `${error.code}: ${error.message}` };
}

/** A socket's error: before the connection is up it is about reaching the camera, after that about losing it. */
export function failureOfSocketError(error: Error, connected: boolean): SourceFailure {
	const systemCode = "code" in error && typeof error.code === "string" ? error.code : error.name;
	if (CERTIFICATE_CODE.test(systemCode)) return { code: "certificate-untrusted", detail: systemCode };
	if (connected) return { code: "connection-lost", detail: `the connection broke: ${systemCode}` };
	return { code: BY_SYSTEM_CODE.get(systemCode) ?? "connection-lost", detail: `no connection: ${systemCode}` };
}
