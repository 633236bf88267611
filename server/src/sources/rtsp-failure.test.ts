import { RtspError } from "@vigia/rtsp";
import { expect, test } from "vitest";
import { failureOfRtspError, failureOfSocketError } from "./rtsp-failure.ts";

function systemError(code: string): Error {
	return Object.assign(new Error(`connect ${code} 192.0.2.1:554`), { code });
}

test.each([
	["ECONNREFUSED", "connection-refused"],
	["EHOSTUNREACH", "no-route"],
	["ENETUNREACH", "no-route"],
	["ETIMEDOUT", "no-route"],
	["ENOTFOUND", "address-unknown"],
	["EAI_AGAIN", "address-unknown"],
	["ECONNRESET", "connection-lost"],
	["EACCES", "no-route"],
])("%s before the connection is up is %s", (systemCode, code) => {
	expect(failureOfSocketError(systemError(systemCode), false)).toEqual({
		code,
		detail: `no connection: ${systemCode}`,
	});
});

test.each([["DEPTH_ZERO_SELF_SIGNED_CERT"], ["ERR_TLS_CERT_ALTNAME_INVALID"], ["UNABLE_TO_VERIFY_LEAF_SIGNATURE"]])(
	"%s is a certificate that nobody vouches for",
	(systemCode) => {
		expect(failureOfSocketError(systemError(systemCode), false).code).toBe("certificate-untrusted");
	},
);

test.each([["ECONNRESET"], ["EPIPE"], ["ETIMEDOUT"], ["EHOSTUNREACH"]])(
	"%s afterwards is a lost connection",
	(systemCode) => {
		expect(failureOfSocketError(systemError(systemCode), true).code).toBe("connection-lost");
	},
);

test.each([["ERR_SSL_WRONG_VERSION_NUMBER"], ["ERR_SSL_UNSUPPORTED_PROTOCOL"], ["EPROTO"]])(
	"%s is a TLS handshake that came to nothing, with a hint",
	(systemCode) => {
		expect(failureOfSocketError(systemError(systemCode), false)).toMatchObject({
			code: "protocol-error",
			detail: expect.stringContaining("legacy"),
		});
	},
);

test("of several addresses that were tried the last one's error counts", () => {
	const error = new AggregateError([systemError("ENETUNREACH"), systemError("ECONNREFUSED")]);
	expect(failureOfSocketError(error, false).code).toBe("connection-refused");
});

test.each([
	["unsupported-transport", "transport-unsupported"],
	["encrypted", "media-encrypted"],
	["redirect", "redirect-refused"],
	["auth-basic", "address-unconfirmed"],
	["unauthorized-closed", "auth-refused"],
] as const)("the session's %s is %s", (kind, code) => {
	expect(failureOfRtspError(new RtspError(kind, "RTSP_X", "why"))).toEqual({ code, detail: "RTSP_X: why" });
});
