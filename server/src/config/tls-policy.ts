/** How a TLS policy is written in settings, flags and requests. @module */
import type { TlsPolicy } from "./settings.ts";

export const TLS_RULE = "verify, insecure, legacy or sha256: with the certificate's 64 hexadecimal digits";

/** SHA-256 as OpenSSL, browsers and `vigia probe` print it: 64 digits, or 32 pairs with colons between them. */
const FINGERPRINT = /^sha256:([0-9a-f]{64}|[0-9a-f]{2}(:[0-9a-f]{2}){31})$/i;

/** `undefined` where the text is none: {@link TLS_RULE}. */
export function parseTlsPolicy(text: string): TlsPolicy | undefined {
	switch (text) {
		case "verify":
			return { mode: "verify" };
		case "insecure":
			return { mode: "insecure", legacy: false };
		case "legacy":
			return { mode: "insecure", legacy: true };
		default: {
			const digits = FINGERPRINT.exec(text)?.[1];
			return digits === undefined ? undefined : { mode: "pin", sha256: digits.replaceAll(":", "").toLowerCase() };
		}
	}
}
