import { expect, test } from "vitest";
import { failureOfSocketError } from "./rtsp-failure.ts";

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
