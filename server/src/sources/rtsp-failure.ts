/** What an RTSP or socket error means for a camera's state. @module */
import type { ReasonCode } from "@vigia/api";
import type { RtspError, RtspErrorKind } from "@vigia/rtsp";
import type { SourceFailure } from "./source.ts";

const BY_KIND: Readonly<Record<RtspErrorKind, ReasonCode>> = {
	auth: "auth-refused",
	"auth-basic": "address-unconfirmed",
	busy: "camera-full",
	"not-found": "not-found",
	"no-video": "no-video",
	"unsupported-codec": "codec-unsupported",
	"unsupported-transport": "transport-unsupported",
	encrypted: "media-encrypted",
	"unauthorized-closed": "auth-refused",
	redirect: "redirect-refused",
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
/** OpenSSL's other complaints, e.g. ERR_SSL_WRONG_VERSION_NUMBER of a port that does not speak TLS. */
const TLS_CODE = /^(?:ERR_SSL_|ERR_TLS_|EPROTO$)/;
const CERTIFICATE_HINT = "set the camera's TLS policy to its fingerprint (pin) or to insecure";
const TLS_HINT = "the port may not speak TLS, or the camera only an old version of it: try the legacy TLS policy";

/** A session that the machine gave up. */
export function failureOfRtspError(error: RtspError): SourceFailure {
	return { code: BY_KIND[error.kind], detail: `${error.code}: ${error.message}` };
}

/** A socket's error: before the connection is up it is about reaching the camera, after that about losing it. */
export function failureOfSocketError(error: Error, connected: boolean): SourceFailure {
	const systemCode = systemCodeOf(error);
	if (CERTIFICATE_CODE.test(systemCode)) {
		return { code: "certificate-untrusted", detail: `${systemCode}: ${CERTIFICATE_HINT}` };
	}
	if (connected) return { code: "connection-lost", detail: `the connection broke: ${systemCode}` };
	if (TLS_CODE.test(systemCode)) {
		return { code: "protocol-error", detail: `no TLS connection: ${systemCode}: ${TLS_HINT}` };
	}
	return { code: BY_SYSTEM_CODE.get(systemCode) ?? "connection-lost", detail: `no connection: ${systemCode}` };
}

/** A mistake of ours. The message of a foreign error may hold what it was given; its name and place say enough. */
export function internalFailure(error: unknown): SourceFailure {
	const [, place = ""] = error instanceof Error ? (error.stack?.split("\n    at ") ?? []) : [];
	return { code: "internal-error", detail: `${error instanceof Error ? error.name : "unknown"} ${place}`.trim() };
}

function systemCodeOf(error: Error): string {
	// Several addresses of a name were tried (RFC 8305): the last one's error stands for all.
	const last: unknown = error instanceof AggregateError ? error.errors.at(-1) : undefined;
	const told = last instanceof Error ? last : error;
	return "code" in told && typeof told.code === "string" ? told.code : told.name;
}
